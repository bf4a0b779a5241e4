"""What a similarity means to a person: likeness, the share of matches at that similarity that are right.

A cosine means another thing with every model and shop. Likeness is fitted with each generation, on photos as customers
take them, and is what people read and set.
"""

from bisect import bisect_left
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

Truth = Literal["kind", "category", "product"]
"""What makes a match right: being of the query's kind, of its category, or the very product."""

Degree = Literal["the very one", "very similar", "similar", "somewhat similar", "hardly similar"]
SOMEWHAT = 0.35
DEGREES: tuple[tuple[float, Degree], ...] = (
    (0.85, "very similar"), (0.65, "similar"), (SOMEWHAT, "somewhat similar"), (0.0, "hardly similar"),
)  # fmt: skip
"""Words by the least likeness they stand for; "the very one" has a curve of its own."""


def degree_of(likeness: float) -> Degree:
    """The word for a likeness, 0 to 1."""
    return next(word for least, word in DEGREES if likeness >= least)


class Likeness(BaseModel):
    """A monotone curve from similarity to likeness, linear between its points.

    low, high: its 95 % interval at each point, over resampled groups of queries. very_one_from: the similarity from
    which a first match is the very product in at least nine of ten cases, where pairs of one product could tell.
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
        above = bisect_left(self.likeness, likeness)
        left, right = self.likeness[above - 1], self.likeness[above]
        start, end = self.similarity[above - 1], self.similarity[above]
        return float(start + (end - start) * (likeness - left) / (right - left))

    def degree(self, similarity: float) -> Degree:
        """The word for it."""
        if self.very_one_from is not None and similarity >= self.very_one_from:
            return "the very one"
        return degree_of(self.of(similarity))

    @classmethod
    def unknown(cls) -> Self:
        """Where nothing can be told: likeness is the similarity, from 0 on."""
        return cls(truth="product", fitted_on="nothing: too few photos", similarity=(0.0, 1.0), likeness=(0.0, 1.0))
