"""The head: from what the eye puts out to the shop's categories."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from imgrec.vision.eye import Outputs
from imgrec.vision.vectors import Floats, Halves


class Head:
    """A linear map from the eye's features to logits, one a category."""

    def __init__(self, affine: Floats) -> None:
        """affine: float32 (d + 1, categories): the matrix, and below it the shift."""
        self.affine = affine

    def __call__(self, features: Floats | Halves) -> Floats:
        """features: (n, d). Returns logits, float32 (n, categories)."""
        return np.asarray(features.astype(np.float32) @ self.affine[:-1] + self.affine[-1], np.float32)

    def save(self, file: Path) -> None:
        """Write it as .npy."""
        np.save(file, self.affine, allow_pickle=False)


def own_logits(outputs: Outputs, own: Sequence[str], labels: Sequence[str]) -> Floats:
    """Those of the model's own softmax, float32 (n, labels): `own` are its labels, which hold those of the shop."""
    return outputs.logits[:, [list(own).index(name) for name in labels]]
