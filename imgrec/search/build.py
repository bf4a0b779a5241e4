"""Building the index: features of every product photo on sale, computed once for each picture and model."""

import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.database import utc_now
from imgrec.errors import CatalogueError, PhotoError, SearchIndexError
from imgrec.generations import current, next_name, point_to, remove_old
from imgrec.progress import Advance, Reporter
from imgrec.search.files import (
    NO_RANK,
    CategoryFeatures,
    IndexRecord,
    head_dim,
    principal_axes,
    split_features,
    write_category,
    write_record,
)
from imgrec.search.index import SearchIndex
from imgrec.vision.decode import decode_photo
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.recogniser import Recogniser
from imgrec.vision.vectors import Floats, unit_rows

_BATCH = 16
_BATCHES_A_FILE = 32
_AXES_SAMPLE = 50_000
_KEPT_GENERATIONS = 2

Lookup = dict[bytes, tuple[Floats, int]]
"""Content of a photo -> an array of unrotated features and the row in it."""


@dataclass(frozen=True)
class IndexReport:
    """What a build did. `unreadable` are stored photos that no longer decode; they are left out."""

    generation: str
    photos: int
    computed: int
    reused: int
    unreadable: int
    changed: bool

    def in_words(self) -> str:
        """One line for a person."""
        left_out = f", {self.unreadable:,} unreadable and left out" if self.unreadable else ""
        if not self.changed:
            return f"The index {self.generation} is up to date: {self.photos:,} photos{left_out}."
        return (
            f"The index {self.generation} holds {self.photos:,} photos: "
            f"{self.computed:,} computed, {self.reused:,} taken over{left_out}."
        )


def build_index(
    catalogue: Catalogue, recogniser: Recogniser, path: Path, rebuild: bool, report: Reporter
) -> IndexReport:
    """Bring the index below `path` up to date with catalogue and model, and point CURRENT at it.

    Features of photos that the present index holds by the same model are taken over; an interrupted build goes on where
    it stopped. Raises CatalogueError when there is nothing to index, or catalogue and model disagree on categories.
    """
    photos = list(catalogue.on_sale())
    if not photos:
        raise CatalogueError("The catalogue has no product with a photo. Import some with: imgrec import FEED.csv")
    check_categories({photo.category for photo in photos}, recogniser.labels)
    category_ids = catalogue.categories()
    previous = None if rebuild else _previous(path, recogniser)
    held = _held(previous) if previous else set[bytes]()
    parts = path / f"parts-{recogniser.model.sha256[:16]}-{recogniser.precision}"
    if rebuild:
        shutil.rmtree(parts, ignore_errors=True)
    wanted = {photo.sha256.encode() for photo in photos}
    missing = sorted(wanted - held - _read_parts(parts).keys())
    with report.stage("Computing features", len(missing)) as advance:
        unreadable = _compute(missing, catalogue, recogniser, parts, advance)
    computed = _read_parts(parts)

    held |= computed.keys()
    usable = [photo for photo in photos if photo.sha256.encode() in held]
    if not usable:
        raise CatalogueError(
            f"None of the {len(photos)} stored photos can be read. Delete their folder and import the feed again."
        )
    if previous and _up_to_date(previous, usable):
        return IndexReport(previous.generation, len(usable), 0, len(usable), unreadable, changed=False)
    known = (_features_of(previous) if previous else {}) | computed
    generation = path / next_name(path)
    _write_generation(generation, usable, known, category_ids, recogniser)
    point_to(path, generation.name)
    for done in path.glob("parts-*"):
        shutil.rmtree(done, ignore_errors=True)
    remove_old(path, _KEPT_GENERATIONS)
    new = len(missing) - unreadable
    return IndexReport(generation.name, len(usable), new, len(usable) - new, unreadable, changed=True)


def check_categories(in_catalogue: set[str], labels: Sequence[str]) -> None:
    """See that the model knows every category. Raises CatalogueError that names those it does not."""
    unknown = sorted(in_catalogue - set(labels))
    if unknown:
        raise CatalogueError(
            f"The model was not trained on {len(unknown)} of the catalogue's categories ({', '.join(unknown[:5])}"
            f"{', ...' if len(unknown) > 5 else ''}); it knows {len(labels)}: {', '.join(labels)}. "
            "Train one on this catalogue with: imgrec train --name NAME"
        )


def _previous(path: Path, recogniser: Recogniser) -> SearchIndex | None:
    folder = current(path)
    if folder is None:
        return None
    try:
        index = SearchIndex(folder)
    except SearchIndexError:
        return None
    made_by = (index.record.model_sha256, index.record.precision)
    return index if made_by == (recogniser.model.sha256, recogniser.precision) else None


def _up_to_date(index: SearchIndex, photos: list[CataloguePhoto]) -> bool:
    """Whether the index holds exactly these photos, in these categories, at these ranks."""
    held = {
        (name, int(photo), int(product), bytes(sha256), int(rank))
        for name, category in index.categories.items()
        for photo, product, sha256, rank in zip(
            category.photo, category.product, category.sha256, category.rank, strict=True
        )
    }
    return held == {
        (photo.category, photo.photo_id, photo.product_id, photo.sha256.encode(), _rank(photo)) for photo in photos
    }


def _held(index: SearchIndex) -> set[bytes]:
    """The photos in an index, by their content."""
    return {bytes(sha256) for category in index.categories.values() for sha256 in category.sha256}


def _features_of(index: SearchIndex) -> Lookup:
    """Unrotated features by the photos' content, their norms restored: rounding would add up from build to build."""
    lookup: Lookup = {}
    for category in index.categories.values():
        features = unit_rows(np.concatenate([category.head, category.tail], axis=1) @ index.rotation.T)
        lookup |= {bytes(sha256): (features, row) for row, sha256 in enumerate(category.sha256)}
    return lookup


def _compute(wanted: list[bytes], catalogue: Catalogue, recogniser: Recogniser, parts: Path, advance: Advance) -> int:
    """Compute features and keep them in files of a few hundred each. Returns how many photos could not be read."""
    unreadable = 0
    names: list[bytes] = []
    features: list[Floats] = []
    for batch, pixels in decoded(wanted, catalogue, recogniser):
        readable = [square for square in pixels if square is not None]
        if readable:
            names += [name for name, square in zip(batch, pixels, strict=True) if square is not None]
            features.append(recogniser.recognise_pixels(np.stack(readable)).features)
        unreadable += len(batch) - len(readable)
        if len(names) >= _BATCH * _BATCHES_A_FILE:
            _write_part(parts, names, features)
            names, features = [], []
        advance(len(batch), "")
    if names:
        _write_part(parts, names, features)
    return unreadable


def decoded(
    wanted: list[bytes], catalogue: Catalogue, recogniser: Recogniser
) -> Iterator[tuple[list[bytes], list[Pixels | None]]]:
    """Stored photos in batches, by content, the next decoded while the caller works on this one. None: unreadable."""
    preprocessing = recogniser.model.settings.preprocessing

    def decode(name: bytes) -> Pixels | None:
        try:
            return preprocessing.square(decode_photo(catalogue.photos.path(name.decode()), preprocessing.side_px))
        except PhotoError:
            return None

    batches = [wanted[start : start + _BATCH] for start in range(0, len(wanted), _BATCH)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        ahead = [pool.submit(decode, name) for name in batches[0]] if batches else []
        for number, batch in enumerate(batches):
            now = ahead
            following = batches[number + 1] if number + 1 < len(batches) else []
            ahead = [pool.submit(decode, name) for name in following]
            yield batch, [future.result() for future in now]


def _write_part(parts: Path, names: list[bytes], features: list[Floats]) -> None:
    parts.mkdir(parents=True, exist_ok=True)
    number = len(list(parts.glob("*.features.npy")))
    for name, array in (("sha256", np.array(names, "S64")), ("features", np.concatenate(features))):
        draft = parts / f"draft-{name}.npy"
        np.save(draft, array, allow_pickle=False)
        draft.replace(parts / f"{number:06d}.{name}.npy")


def _read_parts(parts: Path) -> Lookup:
    lookup: Lookup = {}
    for file in sorted(parts.glob("*.features.npy")):
        try:
            features = np.load(file, mmap_mode="r", allow_pickle=False)
            names = np.load(file.with_name(file.name.replace("features", "sha256")), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            continue  # cut short by a crash: computed again
        lookup |= {bytes(name): (features, row) for row, name in enumerate(names)}
    return lookup


def _write_generation(
    folder: Path, photos: list[CataloguePhoto], known: Lookup, category_ids: dict[str, int], recogniser: Recogniser
) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    every = -(-len(photos) // _AXES_SAMPLE)
    sample = _gather(photos[::every], known)
    rotation = principal_axes(sample)
    leading = head_dim(sample @ rotation)
    np.save(folder / "rotation.npy", rotation, allow_pickle=False)
    by_category: dict[str, list[CataloguePhoto]] = {}
    for photo in photos:
        by_category.setdefault(photo.category, []).append(photo)
    for category, members in by_category.items():
        head, tail, residual = split_features(_gather(members, known) @ rotation, leading)
        features = CategoryFeatures(
            head, tail, residual,
            np.array([photo.photo_id for photo in members], np.int64),
            np.array([photo.product_id for photo in members], np.int64),
            np.array([_rank(photo) for photo in members], np.int64),
            np.array([photo.sha256.encode() for photo in members], "S64"),
        )  # fmt: skip
        write_category(folder, category_ids[category], features)
    write_record(
        folder,
        IndexRecord(
            model_sha256=recogniser.model.sha256, precision=recogniser.precision,
            feature_dim=rotation.shape[0], built_utc=utc_now(),
            photos=len(photos), categories={name: category_ids[name] for name in sorted(by_category)},
        ),
    )  # fmt: skip


def _gather(photos: list[CataloguePhoto], known: Lookup) -> Floats:
    places = [known[photo.sha256.encode()] for photo in photos]
    return np.stack([features[row] for features, row in places])


def _rank(photo: CataloguePhoto) -> int:
    return NO_RANK if photo.sales_rank is None else photo.sales_rank
