"""What a shopper asks, and what was found."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from bot.language import Language
from bot.receiving.files import File
from bot.shop import Shop
from bot.store.chats import ChatSettings
from imgrec.catalogue.filters import Filters
from imgrec.catalogue.price_steps import PriceSteps
from imgrec.catalogue.store import Product
from imgrec.log.schema import KindOfQuery
from imgrec.log.writer import LoggedTimes
from imgrec.search.answer import Answer, Match, Seen
from imgrec.search.narrowing import Narrowing
from imgrec.vision.boxes import Box

_MOST_POINTED_AT = 20


class Ask(BaseModel):
    """What is asked of the shop, kept with the answer so that its buttons can ask it again, changed a little.

    The answer replies to message `reply_to`. `product_id`: a product whose like is wanted, in place of photos. `link`:
    what it leads to is looked at beside the photos.
    `category_id`: the one that was tapped; None leaves it to the chat. `liked` and `disliked`: products that the answer
    is to be more and less like, the last one last; `refines`: the query in whose answer they were pointed at.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    reply_to: int
    photos: tuple[File, ...] = ()
    product_id: int | None = None
    link: str | None = None
    category_id: int | None = None
    filters: Filters = Filters()
    liked: tuple[int, ...] = ()
    disliked: tuple[int, ...] = ()
    refines: int | None = None

    @property
    def left_out(self) -> tuple[int, ...]:
        """Products that are not to be in the answer: what it is about, what was seen, what is not wanted."""
        return (*([] if self.product_id is None else [self.product_id]), *self.liked, *self.disliked)

    @property
    def shows_whole_photo(self) -> bool:
        """Whether it is about one photo and all of it, so that a part of it may be meant."""
        return len(self.photos) == 1 and self.link is None and self.photos[0].part is None

    def liking(self, product_id: int) -> "Ask":
        """More like this product, whatever was said of it before."""
        return self.model_copy(
            update={"liked": _last(self.liked, product_id), "disliked": _without(self.disliked, product_id)}
        )

    def disliking(self, product_id: int) -> "Ask":
        """Not like this product, whatever was said of it before."""
        return self.model_copy(
            update={"disliked": _last(self.disliked, product_id), "liked": _without(self.liked, product_id)}
        )

    def of_part(self, part: Box) -> "Ask":
        """The same of a part of the photo. What was found for all of it has no say there."""
        [photo] = self.photos
        return self.model_copy(
            update={
                "photos": (photo.model_copy(update={"part": part}),), "category_id": None, "liked": (), "disliked": (),
                "refines": None,
            }
        )  # fmt: skip


@dataclass(frozen=True)
class Request:
    """Somebody asks something, in a chat that has chosen this and that, and is answered in this language.

    `seen`: what was seen of it before, if that is still known; `parent`: the query whose button asked, or that it is a
    reply to; `among`: only these products are of interest, by id; `narrowing`: how its words were read.
    """

    kind: KindOfQuery
    chat: int
    user: int
    ask: Ask
    say: Language
    settings: ChatSettings = field(default_factory=ChatSettings)
    parent: int | None = None
    seen: Seen | None = None
    among: NDArray[np.int64] | None = None
    narrowing: Narrowing | None = None

    def narrowed(self, narrowing: Narrowing | None) -> "Request":
        """The same with these words, beside what was said before."""
        if narrowing is None:
            return self
        ask = self.ask.model_copy(update={"filters": self.ask.filters.then(narrowing.filters)})
        return replace(self, ask=ask, narrowing=narrowing)

    @property
    def category_id(self) -> int | None:
        """The category to search, a tapped one before the chat's; one that is no longer there counts as None."""
        return self.settings.category_id if self.ask.category_id is None else self.ask.category_id

    @property
    def photo(self) -> File | None:
        """What identifies it: its first photo."""
        return self.ask.photos[0] if self.ask.photos else None


@dataclass(frozen=True)
class Result:
    """An answer to a request, and the shop it is of.

    `category` is the one that was searched alone, as wished; `likeness` is that of the threshold, 0 to 1. `product`:
    what it is about, where that is one of the shop's own. `price_steps`: the limits that are worth offering. `seen` is
    what was shown, as it was before `liked` and `disliked` moved it.
    """

    request: Request
    answer: Answer
    seen: Seen
    shop: Shop
    category: str | None
    likeness: float
    times: LoggedTimes
    product: Match | None = None
    price_steps: PriceSteps = field(default_factory=lambda: PriceSteps((), None))
    liked: tuple[Product, ...] = ()
    disliked: tuple[Product, ...] = ()

    @property
    def category_source(self) -> str | None:
        """Who chose the category: predicted, chat or tap; None where nobody did, as the shop tells none apart."""
        if self.category is None:
            return "predicted" if self.answer.category else None
        return "chat" if self.request.ask.category_id is None else "tap"

    @property
    def threshold_source(self) -> str:
        """Who chose how alike products have to be."""
        if self.request.settings.likeness is not None:
            return "chat"
        return "config" if self.shop.threshold_is_configured else "auto"


def _last(products: tuple[int, ...], product_id: int) -> tuple[int, ...]:
    return (*_without(products, product_id), product_id)[-_MOST_POINTED_AT:]


def _without(products: tuple[int, ...], product_id: int) -> tuple[int, ...]:
    return tuple(one for one in products if one != product_id)
