"""The eye's output made a vector to search with: centred, what does not tell products apart scaled down, unit length.

Pooled activations are all positive, so that any two of them point much the same way, and what most photos share drowns
what tells two apart. What differs between two photos of one thing (its light, its ground, the camera) says nothing of
the thing, and things of one kind are to be found by each other: those directions are scaled to equal spread first. Then
come the principal axes of all photos. K. Mikolajczyk and J. Matas, Improving Descriptors for Fast Tree Matching by
Optimal Linear Projection, 2007, section 2; F. Radenovic et al., Fine-tuning CNN Image Retrieval with No Human
Annotation, 2018, section 4.3; H. Jegou and O. Chum, Negative Evidences and Co-occurrences in Image Retrieval: the
Benefit of PCA and Whitening, 2012, section 3.
"""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from imgrec.vision.vectors import Doubles, Floats, Halves, unit_rows

DIM = 256
"""Numbers in a vector that is searched; fewer where there are fewer photos."""

_WITHIN_FLOOR = 0.15
"""Of the mean spread, what is added to each direction before it is scaled: few pairs know little of the small ones."""

_AXES_FLOOR = 3.0
"""The same for the principal axes. Full whitening (0) finds less, above all in small shops (docs/experiments.md)."""

_LEAST_PAIRS = 20


class Whitening:
    """An affine map of network outputs (n, d) to vectors (n, k), scaled to L2 norm 1."""

    def __init__(self, affine: Floats) -> None:
        """affine: float32 (d + 1, k): the matrix, and below it the shift."""
        self.affine = affine

    @classmethod
    def fit(cls, outputs: Floats, dim: int, differences: Floats | None = None) -> Self:
        """Learn it from network outputs (n, d), and from differences (m, d) that are to be overlooked (within.py).

        It has at most `dim` axes, and no more than n - 1. Fewer than twenty differences are left aside.
        """
        scaling = np.eye(outputs.shape[1])
        if differences is not None and len(differences) >= _LEAST_PAIRS:
            spread, axes = _spread(differences)
            floor = _WITHIN_FLOOR * spread.sum() / outputs.shape[1]
            unseen = 1 / np.sqrt(floor)  # what directions without any spread are scaled by
            scale = 1 / np.sqrt(np.maximum(spread, 0) + floor)
            scaling = scaling * unseen + (axes * (scale - unseen)) @ axes.T
        mean = outputs.mean(axis=0, dtype=np.float64)
        spread, axes = _spread((outputs - mean) @ scaling)
        kept = max(1, min(dim, len(outputs) - 1, int((spread > spread[0] * 1e-8).sum())))
        spread, axes = spread[:kept], axes[:, :kept]
        matrix = scaling @ axes / np.sqrt(spread + _AXES_FLOOR * spread.mean() + 1e-12)
        return cls(np.vstack([matrix, -mean @ matrix]).astype(np.float32))

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self.affine.shape[1])

    def __call__(self, outputs: Floats | Halves) -> Floats:
        """outputs: (n, d). Returns float32 (n, k), rows of L2 norm 1."""
        return unit_rows(outputs.astype(np.float32) @ self.affine[:-1] + self.affine[-1])

    def save(self, file: Path) -> None:
        """Write it as .npy."""
        np.save(file, self.affine, allow_pickle=False)


def _spread(rows: NDArray[np.floating]) -> tuple[Doubles, Doubles]:
    """The variance along each principal axis of centred rows (n, d), largest first, and the axes as columns.

    Of few rows only the n axes that they span: along any other there is none. It takes a fiftieth of the time.
    """
    exact = rows.astype(np.float64)
    if 2 * len(exact) < exact.shape[1]:
        _, lengths, across = np.linalg.svd(exact, full_matrices=False)
        return lengths**2 / len(exact), across.T
    variance, axes = np.linalg.eigh(exact.T @ exact / len(exact))
    return variance[::-1], axes[:, ::-1]
