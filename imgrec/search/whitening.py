"""The network's pooled output made a feature: centred, its principal axes scaled to equal spread, unit length.

Pooled activations are all positive, so that any two of them point much the same way, and what most photos share drowns
what tells two apart. H. Jegou and O. Chum, Negative Evidences and Co-occurrences in Image Retrieval: the Benefit of PCA
and Whitening, 2012, section 3.
"""

from pathlib import Path
from typing import Self

import numpy as np

from imgrec.errors import ModelError
from imgrec.vision.model_folder import WHITENING
from imgrec.vision.vectors import Floats, unit_rows

_LEAST_PHOTOS_A_DIM = 4


class Whitening:
    """An affine map of network outputs (n, d) to features (n, k), scaled to L2 norm 1."""

    def __init__(self, affine: Floats) -> None:
        """affine: float32 (d + 1, k): the matrix, and below it the shift."""
        self.affine = affine

    @classmethod
    def fit(cls, outputs: Floats, dim: int) -> Self:
        """Learn it from network outputs (n, d) of training photos; at most `dim` axes, and no more than n / 4."""
        mean = outputs.mean(axis=0, dtype=np.float64)
        _, spread, axes = np.linalg.svd(outputs - mean, full_matrices=False)
        kept = max(1, min(dim, len(outputs) // _LEAST_PHOTOS_A_DIM, int((spread > spread[0] * 1e-4).sum())))
        matrix = axes[:kept].T / spread[:kept] * np.sqrt(len(outputs))
        return cls(np.vstack([matrix, -mean @ matrix]).astype(np.float32))

    def __call__(self, outputs: Floats) -> Floats:
        """outputs: (n, d). Returns float32 (n, k), rows of L2 norm 1."""
        return unit_rows(outputs @ self.affine[:-1] + self.affine[-1])

    def save(self, folder: Path) -> None:
        """Write whitening.npy."""
        np.save(folder / WHITENING, self.affine, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read whitening.npy. Raises ModelError when it is damaged."""
        try:
            return cls(np.load(folder / WHITENING, allow_pickle=False))
        except (OSError, ValueError, EOFError) as error:
            raise ModelError(f"{folder / WHITENING} cannot be read ({error}). Train the model again.") from None
