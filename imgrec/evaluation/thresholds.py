"""What each threshold would do: how many queries it answers, how right the matches it shows are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.bootstrap import Resampling
from imgrec.figures import Estimate
from imgrec.search.joint import Joint
from imgrec.search.judging import Judged
from imgrec.search.measures import SHOWN, average_precision_at, recall_at
from imgrec.search.ranking import UNKNOWN, Gallery, Photos
from imgrec.vision.vectors import Ints

_POINTS = 41
_FINE_BINS = 4000
_PAIR_POINTS = 81
_NEGLIGIBLE = 0.001


@dataclass(frozen=True)
class ThresholdPoint:
    """Figures when only matches of at least `threshold` are shown, at most ten.

    `answered`: queries with a match. `precision`: of all matches shown whose kind can be judged, those that are right.
    `success`, `recall`, `average_precision`: as in ranked lists, what is not shown being lost.
    """

    threshold: float
    fitted: bool
    answered: Estimate
    precision: Estimate
    success: Estimate
    recall: Estimate
    average_precision: Estimate


@dataclass(frozen=True)
class PairShares:
    """Of pairs of query and product in one category, the share at least as similar as each threshold.

    The two of a pair are of different groups, and both have a kind.
    """

    threshold: Sequence[float]
    same_kind: Sequence[float]
    other_kind: Sequence[float]
    same_kind_pairs: int
    other_kind_pairs: int


def threshold_curve(judged: Judged, fitted: float, resampling: Resampling) -> list[ThresholdPoint]:
    """Figures at thresholds that lie evenly among the similarities of the matches, and at the one in use."""
    found = judged.similarity[np.isfinite(judged.similarity)]
    spread = np.quantile(found, np.linspace(0, 1, _POINTS)) if len(found) else np.empty(0)
    thresholds = sorted({*(float(np.floor(value * 1e5) / 1e5) for value in spread), fitted})
    return [threshold_point(judged.above(t), t, t == fitted, resampling) for t in thresholds]


def threshold_point(shown: Judged, threshold: float, fitted: bool, resampling: Resampling) -> ThresholdPoint:
    """Figures of what is shown at one threshold."""
    return ThresholdPoint(
        threshold, fitted,
        resampling.share(np.isfinite(shown.similarity).any(axis=1)),
        resampling.ratio(shown.right.sum(axis=1), shown.known.sum(axis=1)),
        resampling.share(shown.right.any(axis=1)),
        resampling.mean(recall_at(shown.right, shown.relevant, SHOWN)),
        resampling.mean(average_precision_at(shown.right, shown.relevant, SHOWN)),
    )  # fmt: skip


def pair_shares(queries: Photos, gallery: Gallery, joint: Joint | None) -> PairShares:
    """Compare every query with every product of its category, and count how similar they are."""
    edges = np.linspace(-1, 1, _FINE_BINS + 1)
    same, other = np.zeros(_FINE_BINS, np.int64), np.zeros(_FINE_BINS, np.int64)
    products = gallery.products
    for _, part, similarity in gallery.in_parts(queries, joint):
        both_known = (part.kind[:, None] != UNKNOWN) & (products.kind[None, :] != UNKNOWN)
        pairs = both_known & (part.label[:, None] == products.label[None, :]) & ~gallery.is_own(part)
        of_kind = part.kind[:, None] == products.kind[None, :]
        within = np.clip(similarity, -1, 1)
        same += np.histogram(within[pairs & of_kind], edges)[0]
        other += np.histogram(within[pairs & ~of_kind], edges)[0]
    same_above, other_above = _share_from(same), _share_from(other)
    telling = np.flatnonzero((other_above < 1 - _NEGLIGIBLE) | (same_above < 1 - _NEGLIGIBLE))
    first = int(telling[0]) if len(telling) else 0
    chosen = np.unique(np.linspace(first, _FINE_BINS, _PAIR_POINTS).astype(int))
    return PairShares(
        [round(float(edges[at]), 5) for at in chosen],
        [round(float(same_above[at]), 6) for at in chosen],
        [round(float(other_above[at]), 6) for at in chosen],
        int(same.sum()), int(other.sum()),
    )  # fmt: skip


def _share_from(counts: Ints) -> NDArray[np.float64]:
    """The share at or above each edge: one longer than counts."""
    above = np.append(np.cumsum(counts[::-1])[::-1], 0)
    return np.asarray(above / max(1, int(counts.sum())), np.float64)
