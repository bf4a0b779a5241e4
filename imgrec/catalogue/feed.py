"""What a product feed's row comes to, whatever the format: a FeedRow, or a Rejection with a named reason."""

import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SPLITS = ("train", "validation", "test")
MOST_PHOTOS = 10  # of one product: an album's worth
_JOINERS = "\u200c\u200d"  # invisible, and part of how Persian words and joined emoji are written
_SHOWN = 200
_TIMES_ESCAPED = 3  # entities within entities within entities, as exporters of exporters write them
_ENCODER = json.JSONEncoder(sort_keys=True)
_ADDED_LATER = ("further_images", "related", "in_stock", "sizes", "colours")  # which older fingerprints know nothing of
_NOT_KEPT = ("unreadable_price", "path")
_ENCODED_TWICE = re.compile("[ÂÃâÄÅ][\x80-\xbfŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]")
_HIDDEN_MARKUP = re.compile(r"<!--.*?-->|<!\[CDATA\[|\]\]>|<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_WITHIN_A_WORD = "a|abbr|b|big|code|del|em|font|i|ins|mark|q|s|small|span|strong|sub|sup|tt|u|wbr"
_APART = "br|p|div|hr|li|ul|ol|h[1-6]|table|tbody|thead|tr|td|th|img|center|section|article|dl|dt|dd|pre|blockquote"
_APART += "|iframe|svg|video|audio|object|embed|form|input|button|label|main|nav|header|footer|figure|figcaption|o:p"
_TAG = re.compile(rf"</?(?:({_WITHIN_A_WORD})|{_APART})(?:[\s/][^<>]*)?/?>", re.IGNORECASE)


class Reason(StrEnum):
    """Why a row of a feed did not become a product of its own."""

    BAD_ROW = "bad_row"
    BAD_ENCODING = "bad_encoding"
    MISSING_ID = "missing_id"
    DUPLICATE_ID = "duplicate_id"
    MISSING_CATEGORY = "missing_category"
    UNKNOWN_DEPARTMENT = "unknown_department"
    MISSING_IMAGE = "missing_image"
    BAD_SALES_RANK = "bad_sales_rank"
    BAD_SPLIT = "bad_split"
    PHOTO_OUTSIDE_FEED = "photo_outside_feed"
    PHOTO_NOT_FOUND = "photo_not_found"
    PHOTO_UNREADABLE = "photo_unreadable"
    PHOTO_TOO_LARGE = "photo_too_large"
    NOT_PUBLISHED = "not_published"
    PART_OF_PRODUCT = "part_of_product"
    NOT_SAMPLED = "not_sampled"

    @property
    def is_a_fault(self) -> bool:
        """Whether somebody may want to mend the row; what is left out on purpose is counted and not listed."""
        return self not in (Reason.NOT_PUBLISHED, Reason.PART_OF_PRODUCT, Reason.NOT_SAMPLED)


class Relation(StrEnum):
    """How a feed relates one product to another."""

    ALSO_BOUGHT = "also_bought"
    ALSO_VIEWED = "also_viewed"
    BOUGHT_TOGETHER = "bought_together"
    BUY_AFTER_VIEWING = "buy_after_viewing"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that is not imported: where it stands in the feed, why, and what was found there."""

    line: int
    id: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A usable row. Text is stripped; what the feed leaves blank is None.

    `image` and `further_images` are paths relative to the feed, or URLs. `price` is a decimal as text, `currency` an
    ISO 4217 code; `unreadable_price` is the text of a price that could not be understood, so that it can be counted.
    `in_stock` is None where the feed does not say; `sizes` and `colours` are those that can be had, in its words.
    `path` is the product's place in the feed's own tree of categories, broad to fine, of which `category` is the head.
    """

    id: str
    title: str | None
    category: str | None
    image: str
    price: str | None = None
    currency: str | None = None
    brand: str | None = None
    url: str | None = None
    sales_rank: int | None = None
    split: str | None = None
    group: str | None = None
    kind: str | None = None
    further_images: tuple[str, ...] = ()
    related: Mapping[Relation, tuple[str, ...]] = field(default_factory=dict)
    unreadable_price: str | None = None
    in_stock: bool | None = None
    sizes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    path: tuple[str, ...] = field(default=(), compare=False)

    @property
    def images(self) -> tuple[str, ...]:
        """Every photo the feed names, at most ten; the first is the one that is shown."""
        return (self.image, *self.further_images)[:MOST_PHOTOS]

    def fingerprint(self) -> str:
        """A digest that changes when any field does."""
        fields = {name: getattr(self, name) for name in self.__slots__ if name not in _NOT_KEPT}
        for name in _ADDED_LATER:
            if fields[name] in ((), {}, None):
                del fields[name]
        return hashlib.sha256(_ENCODER.encode(fields).encode()).hexdigest()


Outcome = FeedRow | Rejection
Numbered = Iterator[tuple[int, Outcome]]
"""What every reader yields: the line a row stands on, and what became of it, in the feed's order."""


class Unusable(Exception):  # noqa: N818 - carries a reason from a parser to its row, nothing more
    """A row cannot be used; its reader turns this into a Rejection."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail

    def rejection(self, line: int, external_id: object) -> Rejection:
        """This, as the fate of the row on `line`; its id need not be clean."""
        known = " ".join(external_id.split()) if isinstance(external_id, str) else ""
        shown = known.encode("utf-8", "backslashreplace").decode()
        return Rejection(line, shown, self.reason, self.detail)


def is_url(image: str) -> bool:
    """Whether a photo has to be fetched rather than read from disk."""
    return image[:8].lower().startswith(("http://", "https://"))


def cleaned(value: str) -> str | None:
    """Feed text as it may be shown: no control characters, single spaces, None when blank.

    Raises Unusable when it came from bytes that are not UTF-8.
    """
    if not value.isascii() and _ENCODED_TWICE.search(value):
        value = _decoded_once_more(value)
    if not value.isprintable():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise Unusable(Reason.BAD_ENCODING, "the row is not UTF-8") from None
        # Feed text is untrusted: control characters have no business in a title or an id.
        value = "".join(c if c.isprintable() or c in _JOINERS else " " for c in value)
    return " ".join(value.split()) or None


def _decoded_once_more(value: str) -> str:
    """UTF-8 that was taken for Windows-1252 and written as UTF-8 (`KÃ¤se`) as it was; other text as it is."""
    try:
        return b"".join(
            bytes([ord(letter)]) if ord(letter) < 256 else letter.encode("cp1252") for letter in value
        ).decode("utf-8")
    except UnicodeError:
        return value


def cleaned_html(value: object) -> str | None:
    """Text of a web page's field: entities resolved (`Home &amp; Kitchen`), markup taken out; None for what is no text.

    Raises Unusable as `cleaned` does.
    """
    if not isinstance(value, str):
        return None
    for _ in range(_TIMES_ESCAPED):
        text = html.unescape(value) if "&" in value else value
        if "<" in text:
            text = _TAG.sub(lambda tag: "" if tag[1] else " ", _HIDDEN_MARKUP.sub(" ", text))
        if text == value:
            break
        value = text
    return cleaned(value)


def needed(value: str | None, reason: Reason, field_name: str) -> str:
    """A field without which a row cannot be used. Raises Unusable when it is blank."""
    if value is None:
        raise Unusable(reason, f"{field_name} is blank")
    return value


def shown(text: object) -> str:
    """A feed's text within a message: quoted, on one line, not too long."""
    return repr(text)[:_SHOWN]
