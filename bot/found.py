"""What an answer found, kept for as long as its buttons live: more of it, and each product of it, come from here."""

import json
from collections.abc import Sequence
from dataclasses import astuple

from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.request import Ask, Result
from imgrec.catalogue.filters import Filters
from imgrec.log.writer import LoggedAnswer, LoggedMatch
from imgrec.search.answer import Rank

_FILTERS: TypeAdapter[Filters] = TypeAdapter(Filters)


class Found(BaseModel):
    """The products of a result by rank, up to a hundred; `answer` is what the log has of it, without the products.

    `shown`: how many of them have been shown, on this page and those before it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    ask: Ask
    answer: LoggedAnswer
    ranks: tuple[Rank, ...]
    shown: int = 0

    @property
    def similar(self) -> int:
        """How many of them are as alike as they had to be."""
        return sum(rank.similarity >= self.answer.threshold for rank in self.ranks)

    def page(self, first: int, most: int) -> tuple[Rank, ...]:
        """The products from this rank on, the first being 1; similar ones and others are not on one page."""
        end = min(first - 1 + most, self.similar if first <= self.similar else len(self.ranks))
        return self.ranks[first - 1 : end]

    def logged(self, page: Sequence[Rank], first: int) -> LoggedAnswer:
        """What the log has of a page."""
        matches = tuple(
            LoggedMatch(product_id=rank.product_id, similarity=rank.similarity, likeness=rank.likeness) for rank in page
        )
        update: dict[str, object] = {"matches": matches, "first_rank": first}
        if first > self.similar and page:  # the shopper's wish, at a tap
            least = page[-1]
            update |= {"threshold": least.similarity, "likeness": least.likeness, "threshold_source": "tap"}
        return self.answer.model_copy(update=update)


def found(result: Result) -> Found:
    """What is kept of a result."""
    answer = result.answer
    logged = LoggedAnswer(
        predicted_category=answer.category.name if answer.category else None,
        probability=answer.category.probability if answer.category else None,
        category=answer.scope[0] if len(answer.scope) == 1 else None,
        category_source=result.category_source,
        scope=answer.scope,
        threshold=answer.threshold,
        likeness=round(result.likeness, 4),
        threshold_source=result.threshold_source,
        model=answer.serving.model_sha256,
        index_generation=answer.serving.generation,
        best_similarity=answer.nearest.similarity if answer.nearest else None,
        filters=_filters_as_json(result.request.ask.filters),
        refinement=_refinement_as_json(result.request.ask),
    )
    return Found(ask=result.request.ask, answer=logged, ranks=answer.ranked, shown=len(answer.matches))


def _filters_as_json(filters: Filters) -> str | None:
    """Only what they say; None where they say nothing."""
    return None if filters.is_empty else _FILTERS.dump_json(filters, exclude_defaults=True).decode()


def _refinement_as_json(ask: Ask) -> str | None:
    """How many photos it is about, if several, which part of one, and the products it is to be more and less like."""
    photos, part = len(ask.photos) + (ask.link is not None), ask.photos[0].part if ask.photos else None
    said = {
        "photos": photos if photos > 1 else None, "part": astuple(part) if part else None, "liked": ask.liked,
        "disliked": ask.disliked,
    }  # fmt: skip
    refinement = {name: value for name, value in said.items() if value}
    return json.dumps(refinement) if refinement else None
