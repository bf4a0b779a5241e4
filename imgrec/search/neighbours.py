"""What the photos nearest to one say of its category, beside the softmax.

A softmax knows what is common to a category; some photos are like a few of it and not like the rest. So each photo that
the shop learned from speaks for its category, by an exponential of its cosine; and the logarithm of the sum is added to
the category's logit. That is the product of a linear model and a kernel density (on the sphere von Mises and Fisher's),
both of the same photos. R. Zhang et al., Tip-Adapter: Training-Free Adaption of CLIP for Few-Shot Classification, 2022,
section 3.1, where it is the sum itself that is added.
"""

from pathlib import Path
from typing import Self

import numpy as np

from imgrec.sums import SealedFolder
from imgrec.vision.vectors import Floats, Halves, Ints

VECTORS, LABELS = "neighbours.npy", "neighbours_label.npy"

_SHARPNESS = 20.0  # docs/experiments.md
_NOBODY = -30.0  # of a category without photos, as the head's logit is
_CELLS_AT_ONCE = 8_000_000


class Neighbours:
    """Photos whose category is known."""

    def __init__(self, vectors: Floats | Halves, label: Ints, categories: int) -> None:
        """vectors: (n, k), rows of L2 norm 1; label: int64 (n,), 0 to categories - 1. In any order."""
        order = np.argsort(label, kind="stable")
        self.vectors: Halves = vectors[order].astype(np.float16)
        self.label = label[order]
        self._exact = self.vectors.astype(np.float32)
        self._categories = categories
        self._present, self._starts = np.unique(self.label, return_index=True)

    def __len__(self) -> int:
        return len(self.label)

    def __call__(self, vectors: Floats) -> Floats:
        """vectors: float32 (q, k), rows of L2 norm 1. Returns what is added to the logits, float32 (q, categories)."""
        said = np.full((len(vectors), self._categories), _NOBODY, np.float32)
        step = max(1, _CELLS_AT_ONCE // max(1, len(self)))
        for start in range(0, len(vectors) if len(self) else 0, step):
            rows = slice(start, start + step)
            each = np.exp(_SHARPNESS * (vectors[rows] @ self._exact.T - 1))
            said[rows, self._present] = np.log(np.add.reduceat(each, self._starts, axis=1))
        return said

    def save(self, folder: Path) -> None:
        """Write them as .npy: float16 (n, k) and int64 (n,)."""
        np.save(folder / VECTORS, self.vectors, allow_pickle=False)
        np.save(folder / LABELS, self.label, allow_pickle=False)

    @classmethod
    def read(cls, sealed: SealedFolder, categories: int) -> Self:
        """Raises OSError or ValueError when they are missing or damaged."""
        return cls(sealed.array(VECTORS), sealed.array(LABELS), categories)
