"""What a model's eye saw in photos, on disk: written once, in shards that are only ever added.

    FOLDER/MODEL/VIEW/DIGEST.ARITHMETIC.npz     a shard of a few hundred photos

MODEL is the beginning of the model's identity, VIEW how the photos were seen ("shop": as they are; "telephone": as
`telephone_view` makes them; "stranger": as `stranger_view` does), ARITHMETIC what the network was computed in, DIGEST
that of the photos' names, so that any number of processes may add shards at the same time. Photos are named by the
SHA-256 of their content. No shopper's photo ever enters. FOLDER is one of this machine, or in object storage.

A shard holds, each with one row a photo: `content` (S64), `features` (float16), `logits` and `colours` (float32).
"""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import FeaturesError
from imgrec.features.colours import MOST
from imgrec.folders import Folder, Place, folder_at
from imgrec.vision.eye import Eye, Outputs
from imgrec.vision.model_folder import Arithmetic
from imgrec.vision.vectors import Bools, Floats, Halves, Ints, Table

View = Literal["shop", "telephone", "stranger"]
Contents = NDArray[np.bytes_]
"""Photos by the SHA-256 of their content in hex: S64 (n,)."""

ABSENT = -1
_MODEL_DIGITS = 24
_ROWS_AT_ONCE = 16_384


def as_contents(names: Iterable[str]) -> Contents:
    """Photos by the SHA-256 of their content, in hex."""
    return np.fromiter((name.encode() for name in names), "S64")


def as_names(contents: Contents) -> list[str]:
    """The same as text."""
    return [content.decode() for content in contents.tolist()]


def places(contents: Contents, among: Contents, order: Ints | None = None) -> Ints:
    """Where these stand among others; ABSENT for those that do not. order: sorts the others; None: they are sorted."""
    if not len(among):
        return np.full(len(contents), ABSENT, np.int64)
    at = np.minimum(np.searchsorted(among, contents, sorter=order), len(among) - 1)
    at = at if order is None else order[at]
    return np.where(among[at] == contents, at, ABSENT)


@dataclass(frozen=True)
class PhotoFeatures(Table):
    """n photos as the eye saw them.

    features: float16 (n, d), L2 norm 1. logits: float32 (n, labels).
    colours: float32 (n, 3, 4), as `dominant_colours`.
    """

    content: Contents
    features: Halves
    logits: Floats
    colours: Floats

    @property
    def outputs(self) -> Outputs:
        """What the network put out of them."""
        return Outputs(self.features, self.logits)

    def rows_of(self, contents: Sequence[str]) -> Ints:
        """Where these photos stand; ABSENT for those that are not here. int64, one for each."""
        return places(as_contents(contents), self.content, np.argsort(self.content))


@dataclass(frozen=True)
class Found:
    """Where the store has what was seen in n photos, 32 bytes a photo, whatever a feature takes.

    shards: names of files. shard: int32 (n,), which of them has the photo, ABSENT where none does. row: int32 (n,),
    its row there. colours: float16 (n, 3, 4), as `dominant_colours`.
    """

    shards: tuple[str, ...]
    shard: NDArray[np.int32]
    row: NDArray[np.int32]
    colours: Halves

    def __len__(self) -> int:
        return len(self.shard)

    @property
    def is_there(self) -> Bools:
        """Which of them the store has: bool (n,)."""
        return np.asarray(self.shard != ABSENT)

    def pictures(self) -> int:
        """How many of them are different: a picture that several photos show, to the byte, is looked at once."""
        return len(np.unique(self.shard.astype(np.int64) << 32 | self.row))

    def take(self, rows: Ints | Bools) -> "Found":
        """Some of the photos."""
        return Found(self.shards, self.shard[rows], self.row[rows], self.colours[rows])


class FeatureStore:
    """The features that one eye can use: those of its model, of any arithmetic that finds the same."""

    def __init__(self, place: Place, eye: Eye) -> None:
        self._folder = folder_at(place)
        self._eye = eye
        self._own = eye.model.sha256[:_MODEL_DIGITS]

    def find(self, view: View, contents: Contents) -> Found:
        """Where these photos are, in their order; one may be named twice.

        Every shard is read, one at a time and whole, for damaged ones count as absent.
        """
        order = np.argsort(contents, kind="stable")
        known = contents[order]
        shard, row = np.full((2, len(known)), ABSENT, np.int32)
        colours = np.zeros((len(known), MOST, 4), np.float16)
        names: list[str] = []
        for name, photos in self._named_shards(view):
            at = places(photos.content, known)
            rows = np.flatnonzero(at != ABSENT)
            rows = rows[shard[at[rows]] == ABSENT][::-1]  # of equal ones the first counts, and is the last to be put
            shard[at[rows]], row[at[rows]], colours[at[rows]] = len(names), rows, photos.colours[rows]
            names.append(name)
        starts = np.flatnonzero(np.append(np.ones(min(1, len(known)), bool), known[1:] != known[:-1]))
        back = np.empty_like(order)
        back[order] = np.repeat(starts, np.diff(np.append(starts, len(known))))  # of equal ones the first was found
        return Found(tuple(names), shard[back], row[back], colours[back])

    def parts(self, found: Found) -> Iterator[tuple[Ints, PhotoFeatures]]:
        """What was seen in all of these that are there, some thousand at a time: where they stand in `found`, and that.

        Each shard is read once. They come in the order of the first photo of each, so that what was looked at in order
        is met in order. Raises FeaturesError when a shard is gone meanwhile, or damaged.
        """
        there = np.flatnonzero(found.is_there)
        shards, first, of = np.unique(found.shard[there], return_index=True, return_inverse=True)
        in_turn = np.argsort(first)
        turn = np.empty_like(in_turn)
        turn[in_turn] = np.arange(len(in_turn))
        there = there[np.argsort(turn[of], kind="stable")]
        ends = np.cumsum(np.bincount(turn[of], minlength=len(shards)))
        waiting: list[tuple[Ints, PhotoFeatures]] = []
        for shard, at in zip(shards[in_turn].tolist(), np.split(there, ends)[:-1], strict=True):
            photos = _read(self._folder, found.shards[shard])
            if photos is None:
                raise FeaturesError(
                    f"{found.shards[shard]}, of the features kept, was whole before and cannot be read now. Do the "
                    "same again: what is lacking is looked at anew."
                )
            waiting.append((at, photos.take(found.row[at].astype(np.int64))))
            if sum(len(rows) for rows, _ in waiting) >= _ROWS_AT_ONCE or shard == shards[in_turn[-1]]:
                rows, seen = zip(*waiting, strict=True)
                yield np.concatenate(rows), PhotoFeatures.joined(seen)
                waiting = []

    def all_of(self, found: Found) -> PhotoFeatures:
        """What was seen in these photos, all of which are there, in their order: for as many as fit into memory."""
        parts = list(self.parts(found))
        seen = PhotoFeatures.joined([self._none(), *(photos for _, photos in parts)])
        order = np.empty(len(seen), np.int64)
        order[np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in parts)])] = np.arange(len(seen))
        return seen.take(order)

    def held(self, view: View) -> set[str]:
        """The contents of the photos kept."""
        return {bytes(content).decode() for _, shard in self._named_shards(view) for content in shard.content}

    def add(self, view: View, photos: PhotoFeatures, arithmetic: Arithmetic | None = None) -> None:
        """Write a shard, whole or not at all. arithmetic: what another machine computed in; else this eye's own."""
        _write(self._folder, f"{self._own}/{view}", arithmetic or self._eye.arithmetic, photos)

    def arithmetics(self, view: View) -> set[Arithmetic]:
        """What the photos kept were computed in."""
        return {arithmetic for _, arithmetic in self._files(view)}

    def clear(self) -> None:
        """Forget all that this model saw."""
        self._folder.remove(self._own)

    def _named_shards(self, view: View) -> Iterator[tuple[str, PhotoFeatures]]:
        for file, _ in self._files(view):
            shard = _read(self._folder, file)
            if shard is not None and shard.features.shape[1] == self._eye.model.settings.feature.dim:
                yield file, shard

    def _files(self, view: View) -> Iterator[tuple[str, Arithmetic]]:
        files, kinds = self._folder.files(f"{self._own}/{view}"), get_args(Arithmetic)
        for kind in sorted(kinds, key=lambda kind: kind != self._eye.arithmetic):
            if self._eye.can_be_compared_with(kind):
                yield from ((file, kind) for file in files if file.endswith(f".{kind}.npz"))

    def _none(self) -> PhotoFeatures:
        settings = self._eye.model.settings
        return PhotoFeatures(
            np.empty(0, "S64"), np.empty((0, settings.feature.dim), np.float16),
            np.empty((0, len(settings.labels)), np.float32), np.empty((0, MOST, 4), np.float32),
        )  # fmt: skip


@dataclass(frozen=True)
class Pruned:
    """What pruning removed, and what it freed."""

    models: int
    photos: int
    bytes: int


def prune(place: Place, models: Iterable[str], contents: Contents) -> Pruned:
    """Remove what no one of these models (by identity) saw, and photos that are not among the contents (any order).

    A shard of which some photos stay is written anew without the others.
    """
    folder = folder_at(place)
    kept_models = {sha256[:_MODEL_DIGITS] for sha256 in models}
    wanted, before = np.sort(contents), _shards(folder)
    gone_models = set(folder.folders()) - kept_models
    for model in sorted(gone_models):
        folder.remove(model)
    gone_photos = 0
    for file in map(PurePosixPath, before):
        if file.parts[0] in gone_models:
            continue
        shard = _read(folder, str(file))
        stays = places(shard.content, wanted) != ABSENT if shard else np.zeros(0, bool)
        if shard and stays.all():
            continue
        gone_photos += len(shard) - int(stays.sum()) if shard else 0
        if shard and stays.any():
            _write(folder, str(file.parent), file.name.split(".")[1], shard.take(stays))
        folder.remove(str(file))
    return Pruned(len(gone_models), gone_photos, sum(before.values()) - sum(_shards(folder).values()))


def _write(folder: Folder, below: str, arithmetic: str, photos: PhotoFeatures) -> None:
    digest = hashlib.sha256(photos.content.tobytes()).hexdigest()[:16]
    content = io.BytesIO()
    np.savez(content, **{field.name: getattr(photos, field.name) for field in fields(photos)})
    folder.write(f"{below}/{digest}.{arithmetic}.npz", content.getvalue())


def _read(folder: Folder, file: str) -> PhotoFeatures | None:
    try:
        with np.load(io.BytesIO(folder.read(file)), allow_pickle=False) as arrays:
            return PhotoFeatures(*(arrays[field.name] for field in fields(PhotoFeatures)))
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def _shards(folder: Folder) -> dict[str, int]:
    """Their names and sizes."""
    return {name: size for name, size in folder.files().items() if name.endswith(".npz")}
