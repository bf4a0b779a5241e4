"""The index on disk: for each category the features of its photos, rotated so that a short scan decides most of them.

A generation is a folder:

    index.json          IndexRecord: which model made it, dimensions, categories
    rotation.npy        float32 (d, d), orthogonal; its columns are principal axes, largest first
    category-ID/
        head.npy        float32 (n, 32): the first coordinates of the rotated features (or all: see `head_dim`)
        tail.npy        float32 (n, d - 32): the others
        residual.npy    float32 (n,): the L2 norm of each tail
        photo.npy, product.npy, rank.npy    int64 (n,): photo ids, product ids, sales ranks
        sha256.npy      bytes (n,): content of each photo, so that a later build computes only what is new

Rotation changes no inner product, so similarities are those of the features themselves.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from imgrec.generations import write_atomically
from imgrec.vision.model_folder import Precision
from imgrec.vision.vectors import Floats

HEAD_DIM = 32
_MOST_OF_THE_ENERGY = 0.8
NO_RANK = sys.maxsize
RECORD = "index.json"

Ints = NDArray[np.int64]


class IndexRecord(BaseModel):
    """What an index was made from; stored as index.json."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = 1
    model_sha256: str
    precision: Precision
    """Which of the model's files made the features: those of int8 and fp16 differ too much to be compared."""
    feature_dim: int
    built_utc: str
    photos: int
    categories: dict[str, int]
    """Category name -> id, which is in the folders' names."""


@dataclass(frozen=True)
class CategoryFeatures:
    """One category's photos: rotated features in two parts, and what they belong to. Arrays may be memory-mapped."""

    head: Floats
    tail: Floats
    residual: Floats
    photo: Ints
    product: Ints
    rank: Ints
    sha256: NDArray[np.bytes_]

    def __len__(self) -> int:
        return len(self.photo)


def head_dim(rotated: Floats) -> int:
    """How many leading coordinates are worth a scan of their own, for rotated features (n, d) like these.

    32 where those hold most of the energy. Where it is spread evenly, as whitening spreads it, the bound on the others
    would rule out nothing: then all d are the head, and one matrix product decides.
    """
    total, leading = float(np.square(rotated).sum()), float(np.square(rotated[:, :HEAD_DIM]).sum())
    return HEAD_DIM if leading >= _MOST_OF_THE_ENERGY * total and rotated.shape[1] > HEAD_DIM else rotated.shape[1]


def split_features(rotated: Floats, head: int) -> tuple[Floats, Floats, Floats]:
    """rotated: float32 (n, d). Returns the first coordinates (n, head), the others (n, d - head), and their norms (n,).

    The norms are rounded up a little, so that a bound made of them holds in floating point too.
    """
    tail = np.ascontiguousarray(rotated[:, head:])
    residual = np.linalg.norm(tail, axis=1).astype(np.float32) * np.float32(1 + 1e-6)
    return np.ascontiguousarray(rotated[:, :head]), tail, residual


def principal_axes(features: Floats) -> Floats:
    """features: (n, d). Returns float32 (d, d), orthogonal: the axes of largest second moment first."""
    moment = features.astype(np.float64).T @ features.astype(np.float64)
    _, vectors = np.linalg.eigh(moment)
    return np.ascontiguousarray(vectors[:, ::-1], np.float32)


def write_category(folder: Path, category_id: int, features: CategoryFeatures) -> None:
    """Write one category's files into a generation that is being built."""
    own = _category_folder(folder, category_id)
    own.mkdir()
    for name, array in vars(features).items():
        np.save(own / f"{name}.npy", array, allow_pickle=False)


def read_category(folder: Path, category_id: int) -> CategoryFeatures:
    """Map one category's files. Raises OSError, ValueError or EOFError when one is missing or damaged."""
    own = _category_folder(folder, category_id)
    arrays: dict[str, Any] = {
        # Mapped all the same, but without memmap's own indexing, which is slow for single rows.
        name: np.asarray(np.load(own / f"{name}.npy", mmap_mode="r", allow_pickle=False))
        for name in CategoryFeatures.__dataclass_fields__
    }
    return CategoryFeatures(**arrays)


def write_record(folder: Path, record: IndexRecord) -> None:
    """Write index.json, the last file of a generation."""
    write_atomically(folder / RECORD, record.model_dump_json(indent=2).encode())


def read_record(folder: Path) -> IndexRecord:
    """Read index.json. Raises OSError or ValueError when it is missing or damaged."""
    return IndexRecord.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))


def _category_folder(folder: Path, category_id: int) -> Path:
    return folder / f"category-{category_id}"
