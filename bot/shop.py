"""What the handlers, texts and keyboards need to know of one serving."""

from dataclasses import dataclass
from typing import NamedTuple, Self

from imgrec.catalogue.store import Product
from imgrec.search.answer import Answer, Match, ServingId
from imgrec.search.likeness import Likeness
from imgrec.search.serving import Serving

_LEAST_PROBABILITY = 0.01


@dataclass(frozen=True)
class Shop:
    """The shop as one serving knows it.

    `tells_categories`: it predicts one for each photo; `currency`: of prices where nobody names another.
    """

    serving: ServingId
    category_ids: dict[str, int]
    tells_categories: bool
    likeness: Likeness
    auto_threshold: float
    threshold_is_configured: bool
    results: int
    currency: str | None = None

    @classmethod
    def of(cls, serving: Serving) -> Self:
        """The shop of an opened serving."""
        return cls(
            serving.id,
            serving.categories,
            bool(serving.knowledge.labels),
            serving.knowledge.likeness,
            serving.threshold,
            serving.settings.threshold != "auto",
            serving.settings.results,
            next(iter(serving.catalogue.vocabulary().currencies), None),
        )

    @property
    def auto_likeness(self) -> float:
        """How alike products have to be where a chat chooses nothing."""
        return self.likeness.of(self.auto_threshold)

    def category_named(self, category_id: int | None) -> str | None:
        """The name of a category by its id; None where it is not to be found in this serving."""
        return next((name for name, number in self.category_ids.items() if number == category_id), None)

    def plausible(self, answer: Answer) -> list[str]:
        """The categories that the photo may show and that can be searched, the likeliest first."""
        return [
            candidate.name
            for candidate in answer.candidates
            if candidate.name in self.category_ids and candidate.probability >= _LEAST_PROBABILITY * answer.sold
        ]


class Kept(NamedTuple):
    """A product on a list of saved ones at its place, the first being 1, as the catalogue has it now, if it does."""

    place: int
    product_id: int
    product: Product | None

    @property
    def match(self) -> Match | None:
        """As it is shown; None where it is no longer sold."""
        return None if self.product is None or self.product.retired else by_itself(self.product)


def by_itself(product: Product) -> Match:
    """A product that is shown by itself: none is as alike."""
    return Match(product, 1.0, 1.0, "the very one", is_marked_gone=product.in_stock is False)
