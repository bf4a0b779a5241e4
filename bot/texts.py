"""Every word a shopper reads, as HTML for Telegram. What comes from a feed is escaped."""

from collections.abc import Sequence
from html import escape

from bot.shop import Shop
from imgrec.search.likeness import DEGREES, Likeness
from imgrec.search.serving import Answer, Candidate, Match

CAPTION_LENGTH = 1024
_TITLE_LENGTH = 700
_NAME_LENGTH = 60
_MOST_NAMED = 4
_SURE = 0.5
_MOST_ASKED = 3
_EXAMPLE = "<code>/threshold 60%</code>"
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}

COMMANDS = (
    ("start", "What this bot does"),
    ("category", "Search one category, or let me see for myself"),
    ("threshold", "How similar products have to be"),
    ("forget", "Delete what is stored about you"),
    ("help", "How to use this bot"),
)

START = (
    "👋 Send me a photo of a product, and I show you similar ones from the shop.\n\n"
    "A clear photo of one product works best. /help tells the rest."
)
SEND_A_PHOTO = "Send me a photo of a product, and I look for similar ones. /help tells more."
UNREADABLE = (
    "I could not open that as an image. Perhaps it is damaged; "
    "please send another one, as a photo or as a JPEG, PNG or WebP file."
)
TOO_LARGE = "That image is too large for me, in bytes (20 MB at most) or in pixels. Please send it as a photo instead."
COSTLY = "That image would take me far too long to open. Please send it as a photo instead, or another one."
EXPIRED = "I could not answer this photo in time, sorry. Please send it again if it still matters."
FAILED = "Something went wrong on my side, sorry. Please send the photo again."
FAILED_TAP = "Something went wrong, sorry."
NO_LONGER_THERE = "I no longer have that photo. Please send it again."
OLD_BUTTON = "This button is too old. Please send the photo again."
THANKS_UP = "Thank you! 👍"
THANKS_DOWN = "Thank you, noted. 👎"
ALREADY_NOTED = "Already noted."
ONE_MOMENT = "One moment…"
FORGOTTEN = "Done. Your searches, votes and settings are deleted."
FORGOTTEN_IN_GROUP = "Done. Your searches and votes are deleted. The group keeps its settings."
AUTO = "Auto"
SHOW_LESS_SIMILAR = "Show less similar ones"
LOOKED_EVERYWHERE = "I looked through the whole shop."
NO_CATEGORIES = "This shop has no categories: I always look through all of it."
PICTURES_MISSING = "Pictures missing?"
PICTURES_AGAIN = "Here they are again."


def waiting(photos: int, minutes: float, left_out: int) -> str:
    """How many photos of a shopper wait, and how long it will take; some may have been too many."""
    while_waiting = (
        f"📥 {photos} of your photos are waiting; the last one is answered in about {_duration(minutes)}."
        if photos > 1
        else f"📥 Your photo is next; it is answered in about {_duration(minutes)}."
    )
    return f"{while_waiting}\n{too_many(left_out)}" if left_out else while_waiting


def too_many(photos: int) -> str:
    """How many photos were turned away because too many waited."""
    those = "One photo was" if photos == 1 else f"{photos} photos were"
    return f"{those} too many at once and will not be answered: please send {'it' if photos == 1 else 'them'} again."


def _duration(minutes: float) -> str:
    if minutes < 1:
        return f"{max(5, round(minutes * 12) * 5)} seconds"
    return "a minute" if minutes < 1.5 else f"{round(minutes)} minutes"


def how_to_use(shop: Shop) -> str:
    """How to use the bot, with what a percentage means in this shop."""
    category = (
        "/category – search one category only, or <code>/category auto</code> to let me see for myself\n"
        if shop.category_ids
        else ""
    )
    return (
        "Send a photo, or an image as a file, and I answer with similar products.\n\n"
        f"{category}"
        f"/threshold – how similar products have to be, such as {_EXAMPLE}, or <code>auto</code>\n"
        "/forget – delete your searches, votes and settings\n\n"
        f"Below each product stands how similar it is. {meaning(shop.likeness)}\n\n"
        "👍 and 👎 below an answer make the next ones better. Photos are not kept."
    )


def meaning(likeness: Likeness) -> str:
    """What a percentage below a product means, by what it was fitted on."""
    if not likeness.low:
        return "The percentage tells how alike the pictures are; this shop has too few photos to say what is right."
    same = {"kind": "of the same kind", "category": "of the same category", "product": "the same product"}
    return f"87% means: of a hundred such matches, about 87 are {same[likeness.truth]}."


def caption(match: Match) -> str:
    """What stands below a product's photo: title, brand (where the title does not begin with it), price, likeness.

    At most 1,024 characters.
    """
    product = match.product
    title = shortened(product.title or product.category or product.id, _TITLE_LENGTH)
    brand = product.brand or ""
    facts = [] if title.casefold().startswith(brand.casefold()) else [escape(shortened(brand, 80))]
    facts += [f"<b>{escape(shortened(price(match), 40))}</b>"] if product.price else []
    facts += ["out of stock"] if match.is_marked_gone else []
    facts += [match.degree] if match.degree == "the very one" else [match.degree, percent(match.likeness)]
    heading = escape(title)
    if product.url and product.url.startswith(("http://", "https://")):
        heading = f'<a href="{escape(product.url)}">{heading}</a>'
    return f"{heading}\n{' · '.join(facts)}"


def price(match: Match) -> str:
    """A price as the feed has it, with the currency's symbol where everyone knows it: $12.99, from 129 SEK."""
    amount, currency = match.from_price or match.product.price, match.product.currency
    written = f"{_SYMBOLS[currency]}{amount}" if currency in _SYMBOLS else " ".join(filter(None, [amount, currency]))
    return f"from {written}" if match.from_price else written


def percent(share: float) -> str:
    """A likeness or probability. It is rounded down, so that what passes a threshold also looks as if it did."""
    return f"{int(share * 100 + 1e-6)}%"


def word(likeness: float) -> str:
    """The word for a likeness."""
    return next(degree for least, degree in DEGREES if likeness >= least)


def answered(answer: Answer, source: str | None, shop: Shop, *, all_shown: bool = False) -> str:
    """The message below an album: what the photo shows, and where was looked.

    `all_shown` says that these are the nearest products, whatever their likeness.
    """
    closest = "These are the closest there are.\n" if all_shown else ""
    return f"{_where(answer, source, shop)}\n{closest}Was this helpful?"


def nothing_similar(answer: Answer, source: str | None, shop: Shop, likeness: float) -> str:
    """When no product is as alike as it has to be, from `likeness` on: how close the best one was."""
    where = _where(answer, source, shop)
    if answer.nearest is None:
        return f"{where}\nThere are no products to compare with there."
    nearest = f"{answer.nearest.degree} ({percent(answer.nearest.likeness)})"
    return f"{where}\nNothing there is similar enough (from {percent(likeness)} on); the closest product is {nearest}."


def threshold_lowered(likeness: float) -> str:
    """The short notice when a tap on an old button lowered the chat's threshold; plain text."""
    return f"From now on I show products from {percent(likeness)} on. /threshold auto undoes that."


def category_now(category: str | None, *, tells_categories: bool = True) -> str:
    """After, or in place of, a choice of category; None is auto, which is everything where they are not told apart."""
    if category is None:
        return "I look in the category that I see in your photo." if tells_categories else "I look everywhere."
    return f"I look in <b>{escape(category)}</b>, whatever the photo shows. <code>/category auto</code> undoes that."


def choose_category(category: str | None, shop: Shop) -> str:
    """Above the keyboard of categories."""
    if not shop.category_ids:
        return NO_CATEGORIES
    return f"{category_now(category, tells_categories=shop.tells_categories)}\nChoose another:"


def threshold_now(chosen: float | None, auto: float) -> str:
    """After, or in place of, a choice of likeness; None is auto."""
    if chosen is None:
        return f"I show products from <b>{percent(auto)}</b> on ({word(auto)}): that is auto, this shop's own choice."
    return (
        f"I show products from <b>{percent(chosen)}</b> on ({word(chosen)}). "
        f"<code>/threshold auto</code> goes back to {percent(auto)} ({word(auto)})."
    )


def choose_threshold(chosen: float | None, shop: Shop) -> str:
    """Above the keyboard of likenesses."""
    return (
        f"{threshold_now(chosen, shop.auto_likeness)}\n{meaning(shop.likeness)}\n"
        f"Choose another, or send a value such as {_EXAMPLE}:"
    )


def category_unknown(name: str, *, is_near: bool) -> str:
    """When /category names none we know; the keyboard offers those near it, or else all there are."""
    offer = "Did you mean one of these?" if is_near else "These are there:"
    return f"I don't know the category “{escape(shortened(name, 60))}”. {offer}"


def threshold_unknown(text: str) -> str:
    """When /threshold has no value we can read."""
    return (
        f"“{escape(shortened(text, 60))}” is not a threshold. "
        "Use a value from 0 to 100%, such as <code>60%</code> or <code>0.6</code>, or <code>auto</code>."
    )


def _where(answer: Answer, source: str | None, shop: Shop) -> str:
    if source == "tap":
        return f"{_looked_in(answer.scope)}."
    if answer.category is None:
        return f"{_looked_in(answer.scope)}, as you chose with /category." if source == "chat" else LOOKED_EVERYWHERE
    if source == "chat":
        return f"{_looked_in(answer.scope)}, as you chose with /category. {_guess(answer.category, 'To me this')}"
    if answer.category.probability < _SURE:
        return _question(answer, shop.plausible(answer)[:_MOST_ASKED])
    others = [name for name in answer.scope if name != answer.category.name]
    return _guess(answer.category, "This") + (f" I also looked in {_list(others)}." if others else "")


def _guess(category: Candidate, this: str) -> str:
    looks = "looks" if category.probability >= _SURE else "may look"
    return f"{this} {looks} like <b>{_name(category.name)}</b> ({percent(category.probability)})."


def _question(answer: Answer, asked: Sequence[str]) -> str:
    """What is asked where the model is less than half sure."""
    question = f"Is this {_list(asked, 'or')}?" if asked else "I am not sure what this is."
    if asked and set(asked) == set(answer.scope):
        return f"{question} I looked {('there', 'in both', 'in all three')[len(asked) - 1]}."
    if asked and set(asked) < set(answer.scope):
        return f"{question} I looked in {'these' if len(asked) > 1 else 'it'} and in others."
    return f"{question} {_looked_in(answer.scope)}."


def _looked_in(scope: Sequence[str]) -> str:
    return f"I looked in {_list(scope)}" if scope else "I looked through the whole shop"


def _name(category: str) -> str:
    return escape(shortened(category, _NAME_LENGTH))


def _list(names: Sequence[str], conjunction: str = "and") -> str:
    bold = [f"<b>{_name(name)}</b>" for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        bold.append("others")
    return bold[0] if len(bold) == 1 else f"{', '.join(bold[:-1])} {conjunction} {bold[-1]}"


def shortened(text: str, length: int) -> str:
    """A text cut to so many characters, the last of them an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
