"""What a shopper asks, and what was found."""

from dataclasses import dataclass, replace

from bot.receiving.updates import File
from bot.shop import Shop
from bot.store.chats import ChatSettings
from imgrec.log.schema import KindOfQuery
from imgrec.search.serving import Answer, Seen


@dataclass(frozen=True)
class Request:
    """A photo, or what was seen in it before, and what is wished of the answer.

    A category that is no longer there counts as None: as the model predicts. `likeness` None: as the shop has it;
    `less_similar` asks for the nearest products whatever their likeness. The answer replies to message `reply_to`.
    """

    kind: KindOfQuery
    chat: int
    user: int
    reply_to: int
    file: File | None
    seen: Seen | None = None
    category_id: int | None = None
    category_by_tap: bool = False
    likeness: float | None = None
    less_similar: bool = False
    parent: int | None = None

    def with_settings(self, settings: ChatSettings) -> "Request":
        """The same, wishing what the chat has chosen; a category that was tapped comes before the chat's."""
        category_id = self.category_id if self.category_by_tap else settings.category_id
        return replace(self, category_id=category_id, likeness=settings.likeness)


@dataclass(frozen=True)
class Times:
    """In milliseconds."""

    see_ms: float
    search_ms: float


@dataclass(frozen=True)
class Result:
    """An answer to a request, and the shop it is of.

    `category` is the one that was searched alone, as wished; `likeness` is that of the threshold, 0 to 1.
    """

    request: Request
    answer: Answer
    seen: Seen
    shop: Shop
    category: str | None
    likeness: float
    times: Times

    @property
    def category_source(self) -> str | None:
        """Who chose the category: predicted, chat or tap; None where nobody did, as the shop tells none apart."""
        if self.category is None:
            return "predicted" if self.answer.category else None
        return "tap" if self.request.category_by_tap else "chat"

    @property
    def threshold_source(self) -> str:
        """Who chose how alike products have to be."""
        if self.request.less_similar:
            return "tap"
        if self.request.likeness is not None:
            return "chat"
        return "config" if self.shop.threshold_is_configured else "auto"
