"""How things are written that come up in many texts: likeness, names of categories, prices, what is too long."""

from collections.abc import Sequence
from html import escape
from typing import Literal

from bot.language import Language, msgid
from imgrec.catalogue.store import Product
from imgrec.search.answer import Match
from imgrec.search.likeness import DEGREES

LISTED_TITLE_LENGTH = 72
_LONGEST_WORDS = 60
_MOST_NAMED = 4
_BESIDE = "\N{NO-BREAK SPACE}·\N{NO-BREAK SPACE}"

_DEGREES_IN_WORDS = (
    msgid("the very one"), msgid("very similar"), msgid("similar"), msgid("somewhat similar"),
    msgid("hardly similar"),
)  # fmt: skip
"""What imgrec.search.likeness calls them."""


def word(say: Language, likeness: float) -> str:
    """The word for a likeness."""
    return say(next(degree for least, degree in DEGREES if likeness >= least))


def price(say: Language, match: Match) -> str:
    """$12.99, or from $12.99 where variants cost more; blank where it is not known."""
    amount, currency = match.from_price or match.product.price, match.product.currency
    if not amount:
        return ""
    written = shortened(say.money(amount, currency), 40)
    return say("from {price}", price=written) if match.from_price else written


def name_of(product: Product, length: int = LISTED_TITLE_LENGTH) -> str:
    """A product's title, or what else names it, as HTML."""
    return escape(shortened(product.name, length))


def title_of(match: Match, length: int) -> str:
    """The same, linked where the feed has an address."""
    product, title = match.product, name_of(match.product, length)
    if product.url and product.url.startswith(("http://", "https://")):
        return f'<a href="{escape(product.url)}">{title}</a>'
    return title


def brand_of(match: Match) -> str:
    """The brand as HTML; blank where there is none, or the title begins with it."""
    brand, title = match.product.brand or "", match.product.title or ""
    return "" if title.casefold().startswith(brand.casefold()) else escape(shortened(brand, 80))


def facts(say: Language, match: Match) -> list[str]:
    """Price, brand and stock of a product as HTML, as far as they are known."""
    written = price(say, match)
    known = [f"<b>{written}</b>" if written else "", brand_of(match)]
    return [fact for fact in known if fact] + ([say("out of stock")] if match.is_marked_gone else [])


def line_of(say: Language, match: Match) -> str:
    """A product in a line of a list, as HTML; where that is broken, the price goes with the title's last word."""
    title, known = title_of(match, LISTED_TITLE_LENGTH), " · ".join(facts(say, match))
    return f"{title}{_BESIDE}{known}" if known else title


def as_html(words: str) -> str:
    """What a feed or a shopper wrote, such as the name of a category: escaped, and cut where it is long."""
    return escape(shortened(words, _LONGEST_WORDS))


def categories(say: Language, names: Sequence[str], style: Literal["standard", "or"] = "standard") -> str:
    """Names of categories in bold, in a list; of many only the first."""
    bold = [f"<b>{as_html(name)}</b>" for name in names[:_MOST_NAMED]]
    return say.list([*bold, say("others")] if len(names) > _MOST_NAMED else bold, style)


def capitalised(text: str) -> str:
    """The text beginning with a capital."""
    return text[:1].upper() + text[1:]


def shortened(text: str, length: int) -> str:
    """A text cut to so many characters as Telegram counts them (an emoji is two), the last of them an ellipsis."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * length:
        return text
    return f"{units[: 2 * (length - 1)].decode('utf-16-le', 'ignore').rstrip()}…"
