"""What the validation photos decide: the temperature of the probabilities, and the threshold of similarity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from imgrec.search.judging import Judged
from imgrec.search.ranking import Photos
from imgrec.vision.vectors import Floats, softmax

Ints = NDArray[np.int64]

WANTED_PRECISION = 0.8
RANDOM_PAIRS_SHARE = 0.01
_LEAST_SHOWN = 30
_RANDOM_PAIRS = 200_000


@dataclass(frozen=True)
class Shown:
    """Matches shown to validation photos: similarity float32 (m,) and whether it is of the query's kind, bool (m,)."""

    similarity: Floats
    same_kind: NDArray[np.bool_]


def fit_temperature(logits: Floats, label: Ints) -> float:
    """The temperature that makes the softmax's probabilities match how often they are right.

    logits: (n, k) of photos not trained on. Minimises their cross-entropy, as C. Guo et al., On Calibration of Modern
    Neural Networks, 2017, section 4.2.
    """

    def cross_entropy(log_temperature: float) -> float:
        probabilities = softmax(logits / np.float32(np.exp(log_temperature)))
        return float(-np.log(np.maximum(probabilities[np.arange(len(label)), label], 1e-12)).mean())

    return float(np.exp(minimize_scalar(cross_entropy, bounds=(-3, 3), method="bounded").x))


def shown_matches(judged: Judged) -> Shown:
    """The matches by which a threshold is judged: of queries that have something to find, those that can be told."""
    told = judged.known & (judged.relevant > 0)[:, None]
    return Shown(judged.similarity[told].astype(np.float32), judged.right[told])


def fit_threshold(shown: Shown, photos: Photos, seed: int) -> tuple[float, str]:
    """The least similarity of a match, and in words how it was found.

    Where kinds are known: the lowest similarity above which at least 80 % of the matches shown are of the query's kind.
    Where they are not, or no similarity gets there: the one that 1 % of random pairs of one category exceed.
    """
    reachable = ""
    if len(shown.similarity) >= _LEAST_SHOWN:
        order = np.argsort(-shown.similarity, kind="stable")
        count = np.arange(1, len(order) + 1)
        precision = np.cumsum(shown.same_kind[order]) / count
        # A threshold shows every match of equal similarity or none of them.
        last_of_ties = np.append(np.diff(shown.similarity[order]) != 0, True)
        enough = np.flatnonzero((precision >= WANTED_PRECISION) & (count >= _LEAST_SHOWN) & last_of_ties)
        if len(enough):
            at = enough[-1]
            rule = f"{precision[at]:.0%} of {count[at]:,} matches above it share the query's kind, on validation photos"
            return _downwards(float(shown.similarity[order][at])), rule
        best = float(precision[_LEAST_SHOWN - 1 :].max())
        reachable = f" ({WANTED_PRECISION:.0%} of the same kind is out of reach: at best {best:.0%})"
    value = float(np.quantile(_random_pairs(photos, seed), 1 - RANDOM_PAIRS_SHARE))
    return _downwards(value), f"{RANDOM_PAIRS_SHARE:.0%} of random pairs of one category exceed it{reachable}"


def _random_pairs(photos: Photos, seed: int) -> Floats:
    """Similarities of random pairs of one category and different groups."""
    rng = np.random.default_rng(seed)
    pairs: list[Floats] = []
    for category in np.unique(photos.label):
        rows = np.flatnonzero(photos.label == category)
        share = max(1, round(_RANDOM_PAIRS * len(rows) / len(photos.label)))
        left, right = rng.choice(rows, share), rng.choice(rows, share)
        apart = photos.group[left] != photos.group[right]
        pairs.append(np.einsum("ij,ij->i", photos.features[left[apart]], photos.features[right[apart]]))
    return np.concatenate(pairs)


def _downwards(similarity: float) -> float:
    """To five decimals, never upwards, so that the match it was taken from still passes."""
    return float(np.clip(np.floor(similarity * 1e5) / 1e5, -1, 1))
