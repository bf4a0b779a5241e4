"""Vectors like those of real photos, as many as are wanted: what several benchmarks search in."""

import numpy as np

from imgrec.search.whitening import Whitening
from imgrec.vision.vectors import Floats, unit_rows

_ROWS_AT_ONCE = 50_000


def made_up(rng: np.random.Generator, photos: int, dim: int, whitened: int) -> Floats:
    """Like pooled activations of a network (positive, clustered, a spectrum that decays), whitened as in an index."""
    axes = np.linalg.qr(rng.standard_normal((dim, dim)))[0].astype(np.float32)
    spectrum = (np.arange(1, dim + 1, dtype=np.float32) ** -0.7)[:, None] * axes
    kinds = rng.standard_normal((300, dim), np.float32)
    products = kinds[rng.integers(0, len(kinds), photos // 3)] + rng.standard_normal((photos // 3, dim), np.float32)
    mixed = products[rng.integers(0, len(products), photos)] + rng.standard_normal((photos, dim), np.float32)
    features = unit_rows(np.maximum(mixed @ spectrum + 0.1, 0))
    return Whitening.fit(features, whitened)(features)


def grown(rng: np.random.Generator, vectors: Floats, count: int) -> Floats:
    """Many photos like these few: see Growth."""
    growth = Growth(vectors)
    photos = np.empty((count, vectors.shape[1]), np.float32)
    for start in range(0, count, _ROWS_AT_ONCE):
        rows = photos[start : start + _ROWS_AT_ONCE]
        rows[:] = growth(rng, len(rows))[0]
    return photos


class Growth:
    """Photos like some few: each is one of these, moved by a random vector that is spread as they all are.

    How far is drawn, too, up to where they have half in common. A sample of as many as there were comes out a little
    less alike than these (`of_a_sample`, `of_the_originals` of search.py), so that bounds have it no easier.
    """

    def __init__(self, vectors: Floats) -> None:
        """vectors: float32 (m, k), rows of L2 norm 1."""
        self.vectors = vectors
        spread, axes = np.linalg.eigh(vectors.T @ vectors / len(vectors))
        self._root = ((axes * np.sqrt(np.maximum(spread, 0))) @ axes.T).astype(np.float32)

    def __call__(self, rng: np.random.Generator, count: int) -> tuple[Floats, np.ndarray]:
        """Some photos, float32 (count, k), and which of the few each is made of, int64 (count,)."""
        kept = rng.uniform(0.5, 1, (count, 1)).astype(np.float32)
        moved = self._moved(rng, count)
        of = rng.integers(0, len(self.vectors), count)
        return unit_rows(np.sqrt(kept) * self.vectors[of] + np.sqrt(np.float32(1) - kept) * moved), of

    def beside(self, rng: np.random.Generator, photos: Floats, in_common: float) -> Floats:
        """The same photos, each moved so that it has so much in common with what it was."""
        moved = self._moved(rng, len(photos))
        return unit_rows(np.float32(in_common**0.5) * photos + np.float32((1 - in_common) ** 0.5) * moved)

    def _moved(self, rng: np.random.Generator, count: int) -> Floats:
        return unit_rows(rng.standard_normal((count, self.vectors.shape[1]), np.float32) @ self._root)
