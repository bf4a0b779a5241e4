"""The index on disk: for each category the features of its photos, rotated so that a short scan decides most of them.

A generation is a folder:

    index.json          IndexRecord: which model made it, dimensions, categories
    rotation.npy        float32 (d, d), orthogonal; its columns are principal axes, largest first
    category-ID/
        head.npy        float32 (n, 32): the first coordinates of the rotated features
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


def split_features(rotated: Floats) -> tuple[Floats, Floats, Floats]:
    """rotated: float32 (n, d). Returns head (n, 32), tail (n, d - 32) and the L2 norms of the tail (n,).

    The norms are rounded up a little, so that a bound made of them holds in floating point too.
    """
    head, tail = np.ascontiguousarray(rotated[:, :HEAD_DIM]), np.ascontiguousarray(rotated[:, HEAD_DIM:])
    return head, tail, np.linalg.norm(tail, axis=1).astype(np.float32) * np.float32(1 + 1e-6)


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
