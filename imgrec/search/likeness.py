"""What a similarity means to a person: likeness, the share of matches at that similarity that are right.

A cosine means another thing with every model and shop. Likeness is fitted with each generation, on photos as customers
take them, and is what people read and set.
"""

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from sklearn.isotonic import IsotonicRegression

Truth = Literal["kind", "category", "product"]
"""What makes a match right: being of the query's kind, of its category, or the very product."""

_MOST_POINTS = 41
_BOOTSTRAPS = 200
_VERY_ONE = 0.8
_LEAST_PAIRS = 30

Degree = Literal["the very one", "very similar", "similar", "somewhat similar", "hardly similar"]
SOMEWHAT = 0.35
DEGREES: tuple[tuple[float, Degree], ...] = (
    (0.85, "very similar"), (0.65, "similar"), (SOMEWHAT, "somewhat similar"), (0.0, "hardly similar"),
)  # fmt: skip
"""Words by the least likeness they stand for; "the very one" has a curve of its own."""


class Likeness(BaseModel):
    """A monotone curve from similarity to likeness, linear between its points.

    low, high: its 95 % interval at each point, over resampled groups of queries. very_one_from: the similarity from
    which a first match is the very product in at least four of five cases, where pairs of one product could tell.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    truth: Truth
    fitted_on: str = Field(description="In words: which photos, how many.")
    similarity: tuple[float, ...] = Field(min_length=1)
    likeness: tuple[float, ...] = Field(min_length=1)
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    very_one_from: float | None = None

    def of(self, similarity: float) -> float:
        """The likeness of a similarity, 0 to 1."""
        return float(np.interp(similarity, self.similarity, self.likeness))

    def similarity_of(self, likeness: float) -> float:
        """The least similarity that has at least this likeness; 1 where none has."""
        if likeness > self.likeness[-1]:
            return 1.0
        if likeness <= self.likeness[0]:
            return -1.0
        points = np.flatnonzero(np.array(self.likeness) >= likeness)
        above = int(points[0])
        left, right = self.likeness[above - 1], self.likeness[above]
        start, end = self.similarity[above - 1], self.similarity[above]
        return float(start + (end - start) * (likeness - left) / (right - left))

    def degree(self, similarity: float) -> Degree:
        """The word for it."""
        if self.very_one_from is not None and similarity >= self.very_one_from:
            return "the very one"
        likeness = self.of(similarity)
        return next(word for least, word in DEGREES if likeness >= least)

    @classmethod
    def fit(
        cls,
        similarity: NDArray[np.floating],
        right: NDArray[np.bool_],
        group: NDArray[np.int64],
        truth: Truth,
        fitted_on: str,
        very_one_from: float | None,
    ) -> Self:
        """The curve of matches (n,): isotonic regression, with intervals by drawing groups of queries anew."""
        places = np.unique(np.quantile(similarity, np.linspace(0, 1, _MOST_POINTS)).round(5))
        curve = _isotonic(similarity, right, places)
        rng = np.random.default_rng(0)
        names, member = np.unique(group, return_inverse=True)
        drawn = []
        for _ in range(_BOOTSTRAPS):
            weight = rng.multinomial(len(names), np.full(len(names), 1 / len(names)))[member].astype(float)
            drawn.append(_isotonic(similarity, right, places, weight))
        low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
        return cls(
            truth=truth, fitted_on=fitted_on, similarity=_rounded(places), likeness=_rounded(curve), low=_rounded(low),
            high=_rounded(high), very_one_from=very_one_from,
        )  # fmt: skip

    @classmethod
    def unknown(cls) -> Self:
        """Where nothing can be told: likeness is the similarity, from 0 on."""
        return cls(
            truth="product", fitted_on="nothing: too few photos", similarity=(0.0, 1.0), likeness=(0.0, 1.0)
        )  # fmt: skip


def very_one_from(similarity: NDArray[np.floating], is_it: NDArray[np.bool_]) -> float | None:
    """The least similarity of a first match (n,) from which it is the very product in four of five cases.

    None where no similarity tells, or there are fewer than thirty queries whose product is there.
    """
    if is_it.sum() < _LEAST_PAIRS:
        return None
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(similarity, is_it.astype(float))
    reached = np.flatnonzero(fitted.y_thresholds_ >= _VERY_ONE)
    return round(float(fitted.X_thresholds_[reached[0]]), 5) if len(reached) else None


def _isotonic(
    similarity: NDArray[np.floating], right: NDArray[np.bool_], places: NDArray[np.floating],
    weight: NDArray[np.floating] | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    regression = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    regression.fit(similarity, right.astype(float), sample_weight=weight)
    return np.asarray(regression.predict(places), np.float64)


def _rounded(values: Sequence[float] | NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)
