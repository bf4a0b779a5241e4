"""What a shopper shows and points at, made one vector: several photos of one thing, more like this, not this.

J. J. Rocchio, Relevance Feedback in Information Retrieval, in The SMART Retrieval System, 1971. The weights are
measured (docs/experiments.md).
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from imgrec.vision.vectors import Floats, Ints, unit_rows

_SAMPLE = 1000


def mean_vector(vectors: Sequence[Floats]) -> Floats:
    """The direction between vectors (k,) of L2 norm 1, itself of L2 norm 1."""
    return _unit(_mean(vectors))


def moved(
    vector: Floats, liked: Sequence[Floats], disliked: Sequence[Floats], towards: float = 1.0, away: float = 0.35
) -> Floats:
    """The vector moved towards the mean of what is liked, then away from that of what is disliked.

    All have L2 norm 1, the result too. It is brought to that in between, so that being liked takes nothing from the
    weight of being disliked.
    """
    target = vector
    if liked:
        target = _unit(target + np.float32(towards) * _mean(liked))
    if disliked:
        target = _unit(target - np.float32(away) * _mean(disliked))
    return target


def least_similarity(vectors: Sequence[Floats] | Floats) -> float:
    """The cosine of the two that are least alike, of vectors (k,) of L2 norm 1; 1 of fewer than two."""
    return min((float(one @ other) for one, other in combinations(vectors, 2)), default=1.0)


def sampled(photos: int) -> Ints:
    """Rows of at most a thousand of so many photos, evenly."""
    return np.arange(0, photos, -(-photos // _SAMPLE) or 1)


def alike_by_chance(vectors: Floats, share: float = 0.95) -> float:
    """The cosine that this share of the pairs of a shop's photos (n, k) do not reach; 1 of fewer than two photos."""
    pairs = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    return float(np.quantile(pairs, share)) if len(pairs) else 1.0


def _mean(vectors: Sequence[Floats]) -> Floats:
    return np.asarray(np.stack(vectors).mean(axis=0), np.float32)


def _unit(vector: Floats) -> Floats:
    return np.asarray(unit_rows(vector[None])[0])
