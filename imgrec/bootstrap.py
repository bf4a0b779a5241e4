"""Intervals by resampling: how much a figure would vary with other queries of the same kind.

B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 (percentile intervals) and 8 (what is
resampled). Near-identical photos are right or wrong together, so whole groups are drawn, not single photos
(A. C. Davison and D. V. Hinkley, Bootstrap Methods and Their Application, 1997, section 3.8).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgrec.figures import Estimate, Share

RESAMPLES = 2000
_LOW, _HIGH = 2.5, 97.5

Draws = NDArray[np.float64]
"""A figure of each resample, float64 (resamples,); NaN where a resample has nothing to take it of."""


class Resampling:
    """The same resamples of n queries for every figure, so that differences are paired; deterministic from a seed."""

    def __init__(self, groups: ArrayLike, seed: int | Sequence[int], resamples: int = RESAMPLES) -> None:
        """groups: (n,), equal for queries that are drawn together."""
        self.count = len(np.asarray(groups))
        _, cluster = np.unique(np.asarray(groups), return_inverse=True)
        self._order = np.argsort(cluster, kind="stable")
        self._starts = np.flatnonzero(np.diff(cluster[self._order], prepend=-1))
        self.groups = len(self._starts)
        self._seed, self._resamples = seed, resamples
        self._weight = self._draw()
        self._sizes = self._drawn_sums(np.ones(self.count))

    def mean(self, values: ArrayLike) -> Estimate:
        """The mean of values (n,)."""
        each = np.asarray(values, np.float64)
        return estimate_of(float(each.mean()) if self.count else None, self.draws(each), self.count)

    def ratio(self, top: ArrayLike, bottom: ArrayLike) -> Estimate:
        """The sum of `top` (n,) over the sum of `bottom` (n,); the count is how many queries have a bottom."""
        above, below = np.asarray(top, np.float64), np.asarray(bottom, np.float64)
        total = float(below.sum())
        return estimate_of(
            float(above.sum()) / total if total else None, self.draws(above, below), int(np.count_nonzero(below))
        )

    def share(self, hits: ArrayLike, among: ArrayLike | None = None) -> Estimate:
        """The share of queries that hit, bool (n,), among those that count, bool (n,).

        Where all or none hit, resampling shows no spread; then the interval is Wilson's for as many groups.
        """
        counted = np.ones(self.count, bool) if among is None else np.asarray(among, bool)
        hit = np.asarray(hits, bool) & counted
        estimate = self.ratio(hit, counted)
        if estimate.value not in {0.0, 1.0}:
            return estimate
        independent = int(np.count_nonzero(self._sums(counted.astype(np.float64))))
        low, high = Share(independent if estimate.value else 0, independent).interval or (None, None)
        return Estimate(estimate.value, low, high, estimate.count)

    def difference(self, values: ArrayLike, baseline: ArrayLike) -> Estimate:
        """The mean of `values` less that of `baseline`, query by query: both (n,)."""
        return self.mean(np.asarray(values, np.float64) - np.asarray(baseline, np.float64))

    def draws(self, top: ArrayLike, bottom: ArrayLike | None = None) -> Draws:
        """The ratio of sums in each resample; without `bottom` the mean."""
        above, below = self._drawn_sums(top), self._sizes if bottom is None else self._drawn_sums(bottom)
        return np.asarray(np.divide(above, below, out=np.full(self._resamples, np.nan), where=below > 0))

    def _draw(self) -> NDArray[np.float32]:
        """How often each group is drawn: (resamples, groups)."""
        if not self.groups:
            return np.empty((self._resamples, 0), np.float32)
        rng = np.random.default_rng(self._seed)
        each = np.full(self.groups, 1 / self.groups)
        return rng.multinomial(self.groups, each, size=self._resamples).astype(np.float32)

    def _drawn_sums(self, values: ArrayLike) -> Draws:
        """The sum of values (n,) in each resample."""
        return np.asarray(self._weight @ self._sums(np.asarray(values, np.float64)).astype(np.float32), np.float64)

    def _sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of values (n,) in each group."""
        return np.asarray(np.add.reduceat(values[self._order], self._starts) if self.groups else values, np.float64)


def estimate_of(value: float | None, draws: Draws, count: int) -> Estimate:
    """A figure with the interval that its values in the resamples span."""
    usable = draws[np.isfinite(draws)]
    if value is None or not len(usable):
        return Estimate(None, None, None, count)
    low, high = np.percentile(usable, (_LOW, _HIGH))
    return Estimate(value, float(low), float(high), count)
