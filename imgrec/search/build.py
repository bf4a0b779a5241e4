"""Building a generation: what the shop's photos look like, and what they teach."""

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.catalogue.splits import families
from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.config import Config
from imgrec.database import utc_now
from imgrec.errors import CatalogueError, SearchIndexError
from imgrec.features.fill import fill
from imgrec.features.store import ABSENT, FeatureStore, PhotoFeatures, View
from imgrec.generations import current, next_name, point_to, remove_old
from imgrec.lock import writing
from imgrec.progress import Reporter
from imgrec.search.columns import as_columns
from imgrec.search.generation import (
    HEAD,
    NO_RANK,
    WHITENING,
    IndexRecord,
    Shelves,
    read_record,
    write_record,
    write_shelves,
)
from imgrec.search.learning import Learned, ShopPhotos, learn
from imgrec.vision.eye import Eye, Outputs
from imgrec.vision.learned import read_learned
from imgrec.vision.vectors import Floats

_KEPT_GENERATIONS = 2
_MOST_BY_TELEPHONE = 1500
_LEAST_BY_TELEPHONE = 8  # of a category
_MOST_LEARNED_FROM = 20_000
_MOST_OF_A_CATEGORY = 500
_ROWS_AT_ONCE = 65_536
_LEARNING = 1
"""To be raised when learning changes, so that what was learned before is not taken for up to date."""


@dataclass(frozen=True)
class IndexReport:
    """What a build did. `unreadable` are stored photos that no longer decode; they are left out."""

    generation: str
    photos: int
    computed: int
    reused: int
    unreadable: int
    changed: bool
    record: IndexRecord

    def as_json(self) -> dict[str, object]:
        """The same as plain objects."""
        return {**vars(self), "record": self.record.model_dump(mode="json")}


def build_index(config: Config, eye: Eye, rebuild: bool, report: Reporter) -> IndexReport:
    """Bring the index up to date with catalogue and model, and point CURRENT at it.

    The catalogue is only read, and only at the beginning: it may change meanwhile. Photos are looked at once; an
    interrupted build goes on where it stopped. Raises CatalogueError when there is nothing to index.
    """
    path = config.index.path
    with Catalogue.read(config.catalogue) as catalogue:
        photos, category_ids = list(catalogue.on_sale()), catalogue.categories()
        path_of = catalogue.photos.path
    if not photos:
        raise CatalogueError("The catalogue has no product with a photo. Import some with: imgrec import FEED.csv")
    with writing(path, "imgrec index"):
        store = FeatureStore(config.features_path, eye)
        if rebuild:
            store.clear()
        wanted = list(dict.fromkeys(photo.sha256 for photo in photos))
        by_telephone = _drawn(photos, _MOST_BY_TELEPHONE, _LEAST_BY_TELEPHONE)
        computed = 0
        views: tuple[tuple[View, str, Sequence[str]], ...] = (
            ("shop", "Looking at photos", wanted),
            ("telephone", "Looking as telephones do", [photo.sha256 for photo in by_telephone]),
        )
        for view, title, contents in views:
            held = store.held(view)
            lacking = [content for content in contents if content not in held]
            with report.stage(title, len(lacking)) as advance:
                unreadable = fill(store, eye, view, lacking, path_of, advance)
            if view == "shop":
                computed, unreadable_in_all = len(lacking) - unreadable, unreadable
        seen = store.read("shop", set(wanted))
        rows = seen.rows_of([photo.sha256 for photo in photos])
        usable = [photo for photo, row in zip(photos, rows, strict=True) if row != ABSENT]
        if not usable:
            raise CatalogueError(
                f"None of the {len(photos)} stored photos can be read. Delete their folder and import the feed again."
            )
        made_of = _digest(usable, eye, config)
        if not rebuild and (known := _present(path)) and known[1].made_of == made_of:
            return IndexReport(known[0], len(usable), 0, len(usable), unreadable_in_all, False, known[1])
        with report.stage("Learning what the shop knows", None):
            learned = _learn(usable, seen, store, eye, config)
        generation = path / next_name(path)
        record = _write(generation, usable, seen, category_ids, learned, eye, store, made_of)
        point_to(path, generation.name)
        remove_old(path, _KEPT_GENERATIONS)
    return IndexReport(
        generation.name, len(usable), computed, len(usable) - computed, unreadable_in_all, True, record
    )  # fmt: skip


def _present(path: Path) -> tuple[str, IndexRecord] | None:
    folder = current(path)
    try:
        return (folder.name, read_record(folder)) if folder else None
    except SearchIndexError:
        return None


def _digest(photos: Sequence[CataloguePhoto], eye: Eye, config: Config) -> str:
    """Of all that a generation is made of."""
    parts = [_LEARNING, eye.model.sha256, eye.arithmetic, config.search.scope_mass, config.search.results]
    digest = hashlib.sha256(json.dumps(parts).encode())
    for p in photos:
        row = [p.photo_id, p.product_id, p.category, p.sha256, p.sales_rank, p.kind, p.group]
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def _drawn(photos: Sequence[CataloguePhoto], most: int, least_of_a_category: int) -> list[CataloguePhoto]:
    """At most about so many photos, evenly of all categories; the same ones as long as they are there.

    A photo's content decides by lot, so that a catalogue that grows keeps most of what was drawn.
    """
    by_category: defaultdict[str | None, dict[str, CataloguePhoto]] = defaultdict(dict)
    for photo in photos:
        by_category[photo.category].setdefault(photo.sha256, photo)
    each = max(least_of_a_category, most // max(1, len(by_category)))
    return [
        members[content]
        for members in by_category.values()
        for content in sorted(members, key=lambda content: hashlib.sha256(content.encode()).digest())[:each]
    ]


def _learn(
    photos: Sequence[CataloguePhoto], seen: PhotoFeatures, store: FeatureStore, eye: Eye, config: Config
) -> Learned:
    """Learn from the photos, or from a sample of each category where there are many."""
    drawn = _drawn(photos, _MOST_LEARNED_FROM, 1) if len(photos) > _MOST_LEARNED_FROM else photos
    at_most: defaultdict[str | None, int] = defaultdict(int)
    chosen = []
    for photo in sorted(drawn, key=lambda photo: hashlib.sha256(photo.sha256.encode()).digest()):
        at_most[photo.category] += 1
        if photo.category is None or at_most[photo.category] <= _MOST_OF_A_CATEGORY:
            chosen.append(photo)
    labels = tuple(sorted({photo.category for photo in chosen if photo.category}))
    by_telephone = store.read("telephone", {photo.sha256 for photo in chosen})
    first_of = {photo.sha256: row for row, photo in reversed(list(enumerate(chosen)))}
    family = families(chosen)
    columns = as_columns(chosen, labels, np.zeros((len(chosen), 1), np.float32), family)
    shop = ShopPhotos(
        labels=labels,
        photos=columns,
        seen=seen.take(seen.rows_of([photo.sha256 for photo in chosen])).outputs,
        telephone=np.array([first_of[bytes(content).decode()] for content in by_telephone.content], np.int64),
        by_telephone=by_telephone.outputs,
        learned=_learned_by(eye, chosen, family),
    )
    return learn(shop, eye.model.settings.labels, config.search.scope_mass, config.search.results)


def _learned_by(eye: Eye, photos: Sequence[CataloguePhoto], family: np.ndarray) -> np.ndarray:
    """Which photos the model was trained or chosen on, or has seen a near-identical one of: bool (n,)."""
    learned = read_learned(eye.model.path)
    if learned is None:
        return np.zeros(len(photos), bool)
    known = learned.knows([photo.sha256 for photo in photos], [photo.group for photo in photos])
    return np.isin(family, family[known])


def _write(
    folder: Path, photos: Sequence[CataloguePhoto], seen: PhotoFeatures, category_ids: dict[str, int],
    learned: Learned, eye: Eye, store: FeatureStore, made_of: str,
) -> IndexRecord:  # fmt: skip
    """Write a generation whose arrays stand category by category, those without one last."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ordered = sorted(photos, key=lambda photo: (photo.category is None, photo.category or "", photo.photo_id))
    at = seen.rows_of([photo.sha256 for photo in ordered])
    write_shelves(
        folder,
        Shelves(
            np.concatenate(list(_vectors(learned, seen.outputs, at))),
            np.array([photo.photo_id for photo in ordered], np.int64),
            np.array([photo.product_id for photo in ordered], np.int64),
            np.array([NO_RANK if photo.sales_rank is None else photo.sales_rank for photo in ordered], np.int64),
            seen.colours[at].astype(np.float16),
        ),
    )
    learned.whitening.save(folder / WHITENING)
    if learned.head is not None:
        learned.head.save(folder / HEAD)
    rows: dict[str, tuple[int, int]] = {}
    for row, photo in enumerate(ordered):
        if photo.category is not None:
            rows[photo.category] = (rows.get(photo.category, (row, row))[0], row + 1)
    record = IndexRecord(
        model_sha256=eye.model.sha256, model_name=eye.model.settings.name,
        arithmetic=tuple(sorted(store.arithmetics("shop"))), built_utc=utc_now(), made_of=made_of,
        photos=len(ordered), categories={name: category_ids[name] for name in rows}, rows=rows,
        knowledge=learned.knowledge,
    )  # fmt: skip
    write_record(folder, record)
    return record


def _vectors(learned: Learned, seen: Outputs, at: np.ndarray) -> Iterator[Floats]:
    for start in range(0, len(at), _ROWS_AT_ONCE):
        yield learned.whitening(seen.features[at[start : start + _ROWS_AT_ONCE]])
