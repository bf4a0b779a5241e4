"""What the validation photos decide: temperature, threshold, and how widely to search."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from imgrec.search.scoping import Scoping, scope
from imgrec.vision.vectors import softmax

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

WANTED_PRECISION = 0.8
RANDOM_PAIRS_SHARE = 0.01
FIRST = 10
_LEAST_SHOWN = 30
_RANDOM_PAIRS = 200_000


@dataclass(frozen=True)
class Gallery:
    """Photos with features float32 (n, d) of L2 norm 1, category int64 (n,), kind and group in the same order."""

    features: Floats
    label: Ints
    kind: Sequence[str | None]
    group: Sequence[str]


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


def expected_calibration_error(probabilities: Floats, label: Ints, bins: int = 15) -> float:
    """How far confidence is from accuracy, weighted over equal-width bins of confidence (Guo et al., section 2)."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == label
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[bin_of == b].mean() - right[bin_of == b].mean()) * (bin_of == b).mean() for b in set(bin_of)]
    return float(sum(gaps))


def fit_threshold(shown: Shown, gallery: Gallery, seed: int) -> tuple[float, str]:
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
    value = float(np.quantile(_random_pairs(gallery, seed), 1 - RANDOM_PAIRS_SHARE))
    return _downwards(value), f"{RANDOM_PAIRS_SHARE:.0%} of random pairs of one category exceed it{reachable}"


def shown_matches(
    queries: Gallery, probabilities: Floats, gallery: Gallery, scoping: Scoping, mass: float
) -> tuple[Shown, float | None]:
    """Search the gallery with each query as the bot would, its own group left out.

    Returns the first ten matches of each where both kinds are known, and the share of queries that have one of their
    own kind among the ten (of those queries whose kind the gallery holds), or None where no kinds are known.
    """
    kinds, groups = np.array(gallery.kind, object), np.array(gallery.group, object)
    similarities: list[float] = []
    same: list[bool] = []
    found: list[bool] = []
    for row, kind in enumerate(queries.kind):
        others = groups != queries.group[row]
        if kind is None or not np.any(others & (kinds == kind) & (gallery.label == queries.label[row])):
            continue
        in_scope = np.flatnonzero(others & np.isin(gallery.label, scope(probabilities[row], scoping, mass)))
        similarity = gallery.features[in_scope] @ queries.features[row]
        first = np.argsort(-similarity, kind="stable")[:FIRST]
        rows = in_scope[first]
        right = (kinds[rows] == kind) & (gallery.label[rows] == queries.label[row])
        # A match without a kind is judged only where its category already says it is wrong.
        judged = np.array([k is not None for k in kinds[rows]], bool) | (gallery.label[rows] != queries.label[row])
        similarities += similarity[first][judged].tolist()
        same += right[judged].tolist()
        found.append(bool(right.any()))
    shown = Shown(np.array(similarities, np.float32), np.array(same, bool))
    return shown, (float(np.mean(found)) if found else None)


def share_in_own_category(
    queries: Gallery, probabilities: Floats, scoping: Scoping, mass: float
) -> tuple[float, float]:
    """Share of queries whose own category is searched, and the mean number of categories searched."""
    scopes = [scope(row, scoping, mass) for row in probabilities]
    hit = float(np.mean([label in searched for label, searched in zip(queries.label, scopes, strict=True)]))
    return hit, float(np.mean([len(searched) for searched in scopes]))


def _random_pairs(gallery: Gallery, seed: int) -> Floats:
    """Similarities of random pairs of one category and different groups."""
    rng = np.random.default_rng(seed)
    groups = np.array(gallery.group, object)
    pairs: list[Floats] = []
    for category in np.unique(gallery.label):
        rows = np.flatnonzero(gallery.label == category)
        share = max(1, round(_RANDOM_PAIRS * len(rows) / len(gallery.label)))
        left, right = rng.choice(rows, share), rng.choice(rows, share)
        apart = groups[left] != groups[right]
        pairs.append(np.einsum("ij,ij->i", gallery.features[left[apart]], gallery.features[right[apart]]))
    return np.concatenate(pairs)


def _downwards(similarity: float) -> float:
    """To five decimals, never upwards, so that the match it was taken from still passes."""
    return float(np.clip(np.floor(similarity * 1e5) / 1e5, -1, 1))
