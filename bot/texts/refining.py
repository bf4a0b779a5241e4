"""What an answer was refined by; the parts of a photo; and why two photos are alike."""

from collections.abc import Sequence

from bot.language import Language
from bot.request import Ask, Result
from bot.texts.writing import name_of
from imgrec.catalogue.store import Product
from imgrec.search.answer import Rank

_MOST_NAMED = 3


def refined(say: Language, result: Result) -> str:
    """Which part of the photo was looked at, and which products pointed the way; blank where neither."""
    photo = result.request.photo
    part = say("I looked at that part of the photo.") if photo and photo.part else ""
    return " ".join(filter(None, [part, _pointed(say, result.liked, result.disliked)]))


def parts(say: Language, count: int) -> str:
    """The caption of a photo whose parts can be chosen, so many of them by number."""
    if count:
        return say("Which part do you mean? Tap its number, the middle or a quarter.")
    return say("Which part do you mean? Tap the middle or a quarter.")


def why(say: Language, ask: Ask, product: Rank) -> str:
    """The caption of a picture of where a photo and a product agree; how alike they are, where that is of these two."""
    if len(ask.photos) > 1 or ask.link or ask.liked or ask.disliked:
        return say("Where it is lit, these two agree most. The answer also goes by what else you showed or pointed at.")
    return say(
        "Where it is lit, these two agree most. They are {share} alike to me.", share=say.percent(product.likeness)
    )


def _pointed(say: Language, liked: Sequence[Product], disliked: Sequence[Product]) -> str:
    more, less = _titles(say, liked), _titles(say, disliked)
    if more and less:
        return say("More like {liked}, not like {disliked}.", liked=more, disliked=less)
    if more:
        return say("More like {liked}.", liked=more)
    return say("Not like {disliked}.", disliked=less) if less else ""


def _titles(say: Language, products: Sequence[Product]) -> str:
    """The products pointed at, the last first; of many only some."""
    titles = [f"<b>{name_of(product)}</b>" for product in reversed(products)]
    return say.list([*titles[:_MOST_NAMED], say("others")] if len(titles) > _MOST_NAMED else titles)
