"""How sure answers are of a category: of what the shop sells, and of what it does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from imgrec.figures import Share
from imgrec.search.answer import Answer

CONFIDENT = 0.8
"""From this probability on an answer counts as sure of its category."""


@dataclass(frozen=True)
class Confidence:
    """Of photos that can be read: confident, those whose likeliest category reaches 80 %; undoubted, those where it
    would if everything that is sent were sold; sold, those taken to show something the shop sells.
    """

    confident: Share
    undoubted: Share
    sold: Share

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> "Confidence":
        """Of answers that tell categories apart."""
        said = [(one.category.probability, one.sold) for one in answers if one.category]
        return cls(
            Share.of([probability >= CONFIDENT for probability, _ in said]),
            Share.of([probability >= CONFIDENT * sold for probability, sold in said]),
            Share.of([one.is_sold for one in answers if one.category]),
        )

    def as_json(self) -> dict[str, object]:
        """Shares by name."""
        return {name: share.as_json() for name, share in vars(self).items()}
