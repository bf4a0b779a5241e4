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
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from imgrec.features.colours import MOST
from imgrec.folders import Folder, Place, folder_at
from imgrec.vision.eye import Eye, Halves, Outputs
from imgrec.vision.model_folder import Arithmetic
from imgrec.vision.vectors import Floats

View = Literal["shop", "telephone", "stranger"]
ABSENT = -1
_MODEL_DIGITS = 24


@dataclass(frozen=True)
class PhotoFeatures:
    """n photos as the eye saw them.

    content: bytes (n,), the SHA-256 of each in hex. features: float16 (n, d), L2 norm 1. logits: float32 (n, labels).
    colours: float32 (n, 3, 4), as `dominant_colours`.
    """

    content: NDArray[np.bytes_]
    features: Halves
    logits: Floats
    colours: Floats

    def __len__(self) -> int:
        return len(self.content)

    @property
    def outputs(self) -> Outputs:
        """What the network put out of them."""
        return Outputs(self.features, self.logits)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "PhotoFeatures":
        """Some of the photos."""
        return PhotoFeatures(*(getattr(self, field.name)[rows] for field in fields(self)))

    def rows_of(self, contents: Sequence[str]) -> NDArray[np.int64]:
        """Where these photos stand; ABSENT for those that are not here. int64, one for each."""
        place = {bytes(content): row for row, content in enumerate(self.content)}
        return np.array([place.get(content.encode(), ABSENT) for content in contents], np.int64)

    @classmethod
    def joined(cls, parts: Sequence["PhotoFeatures"]) -> "PhotoFeatures":
        """Several as one; at least one."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


class FeatureStore:
    """The features that one eye can use: those of its model, of any arithmetic that finds the same."""

    def __init__(self, place: Place, eye: Eye) -> None:
        self._folder = folder_at(place)
        self._eye = eye
        self._own = eye.model.sha256[:_MODEL_DIGITS]

    def read(self, view: View, wanted: Collection[str] | None = None) -> PhotoFeatures:
        """All photos kept, or those of the wanted that are, each once. Damaged shards count as absent."""
        contents = None if wanted is None else {content.encode() for content in wanted}
        seen: set[bytes] = set()
        parts = [self._none()]
        for shard in self._shards(view):
            rows = []
            for row, content in enumerate(shard.content):
                name = bytes(content)
                if name not in seen and (contents is None or name in contents):
                    seen.add(name)
                    rows.append(row)
            if rows:
                parts.append(shard.take(np.array(rows)))
        return PhotoFeatures.joined(parts)

    def held(self, view: View) -> set[str]:
        """The contents of the photos kept."""
        return {bytes(content).decode() for shard in self._shards(view) for content in shard.content}

    def add(self, view: View, photos: PhotoFeatures, arithmetic: Arithmetic | None = None) -> None:
        """Write a shard, whole or not at all. arithmetic: what another machine computed in; else this eye's own."""
        _write(self._folder, f"{self._own}/{view}", arithmetic or self._eye.arithmetic, photos)

    def arithmetics(self, view: View) -> set[Arithmetic]:
        """What the photos kept were computed in."""
        return {arithmetic for _, arithmetic in self._files(view)}

    def clear(self) -> None:
        """Forget all that this model saw."""
        self._folder.remove(self._own)

    def _shards(self, view: View) -> Iterator[PhotoFeatures]:
        for file, _ in self._files(view):
            shard = _read(self._folder, file)
            if shard is not None and shard.features.shape[1] == self._eye.model.settings.feature.dim:
                yield shard

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


def prune(place: Place, models: Iterable[str], contents: Collection[str]) -> Pruned:
    """Remove what no one of these models (by identity) saw, and photos that are not among the contents.

    A shard of which some photos stay is written anew without the others.
    """
    folder = folder_at(place)
    kept_models = {sha256[:_MODEL_DIGITS] for sha256 in models}
    wanted = {content.encode() for content in contents}
    before = _shards(folder)
    gone_models = set(folder.folders()) - kept_models
    for model in sorted(gone_models):
        folder.remove(model)
    gone_photos = 0
    for file in map(PurePosixPath, before):
        if file.parts[0] in gone_models:
            continue
        shard = _read(folder, str(file))
        stays = np.array([bytes(name) in wanted for name in shard.content], bool) if shard else np.zeros(0, bool)
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
