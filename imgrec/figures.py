"""Figures with their uncertainty: shares with Wilson intervals, estimates with others, counts in words, percentiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Share:
    """`hits` of `count`, with the 95 % interval of Wilson's score (E. B. Wilson, 1927); None of nothing."""

    hits: int
    count: int

    @classmethod
    def of(cls, hits: Sequence[bool] | NDArray[np.bool_]) -> Self:
        """Of n cases, each of which hits or does not."""
        return cls(int(np.count_nonzero(hits)), len(hits))

    @property
    def value(self) -> float | None:
        """The share, 0 to 1."""
        return self.hits / self.count if self.count else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true share lies, in 95 of 100 such samples."""
        if not self.count:
            return None
        from scipy.stats import binomtest  # late: what serves shows no intervals

        interval = binomtest(self.hits, self.count).proportion_ci(0.95, method="wilson")
        return float(interval.low), float(interval.high)

    def as_json(self) -> dict[str, object]:
        """Counts, share and interval."""
        low, high = self.interval or (None, None)
        return {"hits": self.hits, "count": self.count, "share": self.value, "low": low, "high": high}

    def __str__(self) -> str:
        if self.value is None or self.interval is None:
            return "none yet"
        low, high = self.interval
        return f"{self.value:.1%} ({self.hits} of {self.count}; 95 % interval {low:.1%} to {high:.1%})"


@dataclass(frozen=True)
class Estimate:
    """A figure of `count` queries or photos with its 95 % interval; None of nothing."""

    value: float | None
    low: float | None
    high: float | None
    count: int

    @property
    def differs(self) -> bool:
        """Whether the interval leaves out zero; said of differences."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)

    def as_json(self) -> dict[str, object]:
        """Value, interval and count."""
        rounded = (None if figure is None else round(figure, 6) for figure in (self.value, self.low, self.high))
        return {**dict(zip(("value", "low", "high"), rounded, strict=True)), "count": self.count}

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "unknown"
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%})"


def counted(count: int, one: str, many: str = "") -> str:
    """A count with what is counted: 1 vote, 2,000 votes. `many`: where that is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def percentiles(values: Sequence[float], points: Sequence[int] = (50, 90, 95, 99)) -> dict[str, float | None]:
    """The percentiles asked for, as p50, p90, ...; None when there are no values."""
    if not values:
        return {f"p{point}": None for point in points}
    return {
        f"p{point}": round(float(value), 1) for point, value in zip(points, np.percentile(values, points), strict=True)
    }
