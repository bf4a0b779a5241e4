"""Which words an answer was narrowed by, and which were of no use."""

from bot.language import Language, msgid
from bot.request import Request
from bot.shop import Shop
from bot.texts.writing import as_html
from imgrec.catalogue.filters import Filters

_COLOURS = (
    msgid("black"), msgid("white"), msgid("grey"), msgid("silver"), msgid("brown"), msgid("beige"), msgid("red"),
    msgid("orange"), msgid("yellow"), msgid("gold"), msgid("green"), msgid("turquoise"), msgid("blue"), msgid("navy"),
    msgid("purple"), msgid("pink"),
)  # fmt: skip
"""What imgrec.features.colour_names calls them."""
_QUOTED = msgid("“{text}”")
_MOST_NAMED = 6
NO_PRICE_TO_GO_BY = msgid("I can’t tell what would be cheaper, as I know no price to go by.")


def narrowed(say: Language, request: Request, shop: Shop) -> str:
    """What products had to be besides alike, and what of the shopper's words was of no use; blank where all is said."""
    said = [only(say, request.ask.filters, shop)]
    if request.narrowing and request.narrowing.unused:
        said.append(unused(say, request.narrowing.unused))
    return " ".join(filter(None, said))


def only(say: Language, filters: Filters, shop: Shop) -> str:
    """Such as: Only red, up to $20, by Acme. Blank where nothing narrows."""
    named = conditions(say, filters, shop)
    return say("Only: {wishes}.", wishes=", ".join(named[:_MOST_NAMED])) if named else ""


def unused(say: Language, words: tuple[str, ...]) -> str:
    """The shopper's words that were of no use; of many only the first."""
    named = [say(_QUOTED, text=as_html(one)) for one in dict.fromkeys(words)]
    more = [say("others")] if len(named) > _MOST_NAMED else []
    return say("I could not use: {words}.", words=", ".join([*named[:_MOST_NAMED], *more]))


def nothing_understood(say: Language, words: tuple[str, ...]) -> str:
    """When a reply narrows nothing, which words would."""
    understood = say(
        "I understand a colour, a price, a brand or a word of the title, such as: {example}",
        example=f"<i>{say('red, under 20')}</i>",
    )
    return f"{unused(say, words)} {understood}" if words else understood


def conditions(say: Language, filters: Filters, shop: Shop) -> list[str]:
    """What products have to be besides alike, each in a few words."""
    currency = filters.currency or shop.currency
    named = [say(colour) for colour in filters.colours]
    named += [say("not {colour}", colour=say(colour)) for colour in filters.without_colours]
    if filters.least_price is not None:
        named.append(say("from {price} on", price=say.round_money(filters.least_price, currency)))
    if filters.most_price is not None:
        named.append(say("up to {price}", price=say.round_money(filters.most_price, currency)))
    if filters.brand is not None:
        named.append(say("by {brand}", brand=as_html(filters.brand)))
    named += [say("size {size}", size=as_html(size.upper())) for size in filters.sizes]
    named += [say(_QUOTED, text=as_html(word)) for word in filters.words]
    return named + [say("without “{word}”", word=as_html(word)) for word in filters.without_words]
