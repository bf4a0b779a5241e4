"""Every word a shopper reads, as HTML for Telegram. What comes from a feed is escaped."""

from collections.abc import Sequence
from html import escape

from imgrec.catalogue.store import Product
from imgrec.search.searcher import Answer, Match

CAPTION_LENGTH = 1024
_TITLE_LENGTH = 700
_NAME_LENGTH = 60
_MOST_NAMED = 4
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
TOO_LARGE = (
    "That image is too large for me: files may have 20 MB, and about 30 million pixels. "
    "Please send it as a photo instead."
)
BUSY = "Very many photos are waiting right now. Please send yours again in a minute."
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
TOO_MANY = "That is a lot at once. I answer those I have; please send the others again after that."


def how_to_use(auto_threshold: float) -> str:
    """How to use the bot; the example of a threshold goes by the model's own."""
    example = f"<code>/threshold {percent(stricter(auto_threshold))}</code>"
    return (
        "Send a photo, or an image as a file, and I answer with similar products.\n\n"
        "/category – search one category only, or <code>/category auto</code> to let me see for myself\n"
        f"/threshold – how similar products have to be, such as {example}, or <code>auto</code>\n"
        "/forget – delete your searches, votes and settings\n\n"
        "👍 and 👎 below an answer make the next ones better. Photos are not kept."
    )


def caption(match: Match) -> str:
    """What stands below a product's photo: title, brand (where the title does not begin with it), price, similarity.

    At most 1,024 characters.
    """
    product = match.product
    title = shortened(product.title or product.category, _TITLE_LENGTH)
    brand = product.brand or ""
    facts = [] if title.casefold().startswith(brand.casefold()) else [escape(shortened(brand, 80))]
    facts += [f"<b>{escape(shortened(price(product), 40))}</b>"] if product.price else []
    facts += [f"{percent(match.similarity)} similar"]
    heading = escape(title)
    if product.url and product.url.startswith(("http://", "https://")):
        heading = f'<a href="{escape(product.url)}">{heading}</a>'
    return f"{heading}\n{' · '.join(facts)}"


def price(product: Product) -> str:
    """A price as the feed has it, with the currency's symbol where everyone knows it: $12.99, 129 SEK."""
    if product.currency in _SYMBOLS:
        return f"{_SYMBOLS[product.currency]}{product.price}"
    return " ".join(filter(None, [product.price, product.currency]))


def percent(similarity: float, decimals: int = 0) -> str:
    """A cosine as a percentage. It is rounded down, so that what passes a threshold also looks as if it did."""
    factor = 10**decimals
    return f"{int(similarity * 100 * factor + (1e-6 if similarity >= 0 else -1e-6)) / factor:.{decimals}f}%"


def answered(answer: Answer, source: str) -> str:
    """The message below an album: what the photo shows, and where was looked."""
    return f"{_where(answer, source)}\nWas this helpful?"


def nothing_similar(answer: Answer, source: str) -> str:
    """When no product passes the threshold: how close the best one was."""
    least = percent(answer.threshold, 1)
    if answer.best_similarity is None:
        return f"{_where(answer, source)}\nThere are no products to compare with there."
    best = percent(answer.best_similarity, 1)
    return f"{_where(answer, source)}\nNothing there is at least {least} similar; the closest product has {best}."


def threshold_lowered(threshold: float) -> str:
    """The short notice when a tap lowered the chat's threshold; plain text."""
    return f"From now on I show products from {percent(threshold, 1)} similar. /threshold auto undoes that."


def category_now(category: str | None) -> str:
    """After, or in place of, a choice of category."""
    if category is None:
        return "I look in the category that I see in your photo."
    return f"I look in <b>{escape(category)}</b>, whatever the photo shows. <code>/category auto</code> undoes that."


def choose_category(category: str | None) -> str:
    """Above the keyboard of categories."""
    return f"{category_now(category)}\nChoose another:"


def threshold_now(threshold: float | None, auto: float) -> str:
    """After, or in place of, a choice of threshold."""
    if threshold is None:
        return f"I show products that are at least {percent(auto, 1)} similar (auto)."
    return (
        f"I show products that are at least {percent(threshold, 1)} similar. "
        f"<code>/threshold auto</code> goes back to {percent(auto, 1)}."
    )


def choose_threshold(threshold: float | None, auto: float) -> str:
    """Above the keyboard of thresholds."""
    example = f"<code>/threshold {percent(stricter(auto))}</code>"
    return f"{threshold_now(threshold, auto)}\nChoose another, or send a value such as {example}:"


def category_unknown(name: str, *, is_near: bool) -> str:
    """When /category names none we know; the keyboard offers those near it, or else all there are."""
    offer = "Did you mean one of these?" if is_near else "These are there:"
    return f"I don't know the category “{escape(shortened(name, 60))}”. {offer}"


def threshold_unknown(text: str, auto: float) -> str:
    """When /threshold has no value we can read."""
    value = stricter(auto)
    return (
        f"“{escape(shortened(text, 60))}” is not a threshold. "
        f"Use a value such as <code>{percent(value)}</code> or <code>{value}</code>, or <code>auto</code>."
    )


def stricter(auto: float) -> float:
    """A threshold above the model's own, as an example: a quarter of the way to equality."""
    return round(auto + (1 - auto) / 4, 2)


def _where(answer: Answer, source: str) -> str:
    seen = f"<b>{_name(answer.category.name)}</b> ({percent(answer.category.probability)})"
    searched = _list(answer.scope)
    if source == "predicted":
        others = [name for name in answer.scope if name != answer.category.name]
        return f"This looks like {seen}." + (f" I also looked in {_list(others)}." if others else "")
    if source == "chat":
        return f"I looked in {searched}, as you chose with /category. To me this looks like {seen}."
    return f"I looked in {searched}."


def _name(category: str) -> str:
    return escape(shortened(category, _NAME_LENGTH))


def _list(names: Sequence[str]) -> str:
    bold = [f"<b>{_name(name)}</b>" for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        bold.append("others")
    return bold[0] if len(bold) == 1 else f"{', '.join(bold[:-1])} and {bold[-1]}"


def shortened(text: str, length: int) -> str:
    """A text cut to so many characters, the last of them an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
