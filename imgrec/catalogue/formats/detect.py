"""Which format a feed is in, told from its first lines and never from its name."""

import contextlib
import re
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from imgrec.catalogue.feed import Numbered, Unusable
from imgrec.catalogue.formats import (
    amazon2014,
    amazon2018,
    amazon2023,
    google_tsv,
    google_xml,
    plain_csv,
    shopify,
    woocommerce,
)
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.json_lines import Record, read_object
from imgrec.catalogue.formats.tables import Names, Shape, fields_of, plain, printable, shape_of
from imgrec.errors import FeedError

_LINES_LOOKED_AT = 50
_BEGINNING = 120  # characters
_FAR_ENOUGH = 4_000  # characters of what a server wrote before the feed
_WOOCOMMERCE_SIGNS = ("type", "regular price", "published")
_REVIEW_FIELDS = ("reviewerID", "reviewText", "user_id")
_CONTAINERS = {
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"PAR1": "Parquet",
    b"SQLite format 3": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "a spreadsheet (.xls)",
    b"%PDF": "a PDF document",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
}
_OF_WOOCOMMERCE = re.compile(  # values of its columns, which it writes in English in any language
    r'[,;\t]"?(?:simple|variable|variation|external|grouped)\b[^\n]*[,;\t]"?(?:visible|catalog|search|hidden)"?[,;\t]'
)
_FEED_TAG = re.compile(r"<(?:\w+:)?(rss|feed|RDF|channel)\b")


@dataclass(frozen=True)
class FeedFormat:
    """A format by its name (`--format`), what it is, and how it is read.

    `has_tree`: its products may stand in a tree of categories whose top is the same for all of them.
    """

    name: str
    description: str
    read: Callable[[FeedFile], Numbered]
    has_tree: bool = False


FORMATS = {
    feed_format.name: feed_format
    for feed_format in (
        FeedFormat(
            "csv", "imgrec's own: CSV with the columns id, title, image and perhaps category", plain_csv.read, True
        ),
        FeedFormat("amazon2014", "Amazon product data 2014, a Python literal or JSON a line", amazon2014.read),
        FeedFormat("amazon2018", "Amazon product data 2018, JSON a line", amazon2018.read),
        FeedFormat("amazon2023", "Amazon Reviews 2023, metadata, JSON a line", amazon2023.read),
        FeedFormat("google-tsv", "Google Merchant feed as text between tabs", google_tsv.read, True),
        FeedFormat("google-xml", "Google Merchant feed as RSS 2.0 or Atom", google_xml.read, True),
        FeedFormat("shopify", "Shopify product export", shopify.read),
        FeedFormat("woocommerce", "WooCommerce product export", woocommerce.read),
    )
}


def format_of(feed: FeedFile, name: str | None) -> FeedFormat:
    """The format that is insisted on, or else the one that a feed is found to be in. Raises FeedError."""
    return FORMATS[name] if name else detect_format(feed)


def detect_format(feed: FeedFile) -> FeedFormat:
    """The format of a feed. Raises FeedError saying what the feed looks like when it is none of ours."""
    text = feed.text_head.lstrip("\ufeff \t\r\n\0")
    if text.startswith("<") or "<?xml" in text[:_FAR_ENOUGH]:
        name = "google-xml" if google_xml.NAMESPACE in text or _FEED_TAG.search(text) else None
    elif text.startswith("{"):
        name = _of_objects(feed, text)
    else:
        name = _of_header(feed)
    if name is None:
        raise feed.damage or FeedError(_looks_like_nothing(feed, text))
    return FORMATS[name]


def _of_objects(feed: FeedFile, text: str) -> str | None:
    """By the fields that most records have, none of which the other generations know."""
    votes: Counter[str] = Counter()
    reviews = 0
    for line in text.split("\n")[:_LINES_LOOKED_AT]:
        try:
            record = read_object(line.strip())
        except Unusable:
            continue
        votes.update(_generations(record))
        reviews += any(field in record for field in _REVIEW_FIELDS)
    if reviews > votes.total():
        raise FeedError(
            f"The feed {feed.path} holds reviews, not products. Amazon's products are in the files whose names begin "
            "with meta_; import those."
        )
    return votes.most_common(1)[0][0] if votes else None


def _generations(record: Record) -> list[str]:
    if any(field in record for field in _REVIEW_FIELDS):
        return []
    if "parent_asin" in record:
        return ["amazon2023"]
    fields = {"amazon2014": amazon2014.FIELDS, "amazon2018": amazon2018.FIELDS}
    return [name for name, known in fields.items() if "asin" in record and not known.isdisjoint(record)]


def _of_header(feed: FeedFile) -> str | None:
    shape = shape_of(feed.text_head)
    if _has(feed, shape, shopify.NAMES, "handle", "title", "image"):
        return "shopify"
    if _has(feed, shape, woocommerce.NAMES, *woocommerce.REQUIRED) and any(
        _has(feed, shape, woocommerce.NAMES, key, sign) for key in ("id", "sku") for sign in _WOOCOMMERCE_SIGNS
    ):
        known = _has(feed, shape, woocommerce.NAMES, "published") or not _OF_WOOCOMMERCE.search(feed.text_head)
        return "woocommerce" if known else _in_another_language(feed)
    if _OF_WOOCOMMERCE.search(feed.text_head):
        _in_another_language(feed)
    is_ours = set(plain_csv.REQUIRED_COLUMNS) <= set(shape.columns)
    if is_ours and "category" in shape.columns:
        return "csv"
    if _has(feed, shape, google_tsv.NAMES, "id", "title", "image_link"):
        return "google-tsv"
    return "csv" if is_ours or _has(feed, shape, plain_csv.NAMES, *plain_csv.REQUIRED_COLUMNS) else None


def _in_another_language(feed: FeedFile) -> NoReturn:
    """Reading it all the same might put drafts on sale."""
    raise FeedError(
        f"The feed {feed.path} looks like a WooCommerce export whose columns are in a language that imgrec does not "
        "know. Export it with the site in English, or say what its columns are called: --format woocommerce "
        "--map name=COLUMN --map images=COLUMN --map published=COLUMN, and so for type, regular price, sale price, "
        "categories and parent."
    )


def _has(feed: FeedFile, shape: Shape, names: Names, *fields: str) -> bool:
    return set(fields) <= set(fields_of(feed, shape, names))


def _looks_like_nothing(feed: FeedFile, text: str) -> str:
    for magic, container in _CONTAINERS.items():
        if feed.head.startswith(magic):
            return f"The feed {feed.path} is {container}. Unpack it, or save it as CSV, and import what is inside."
    if not feed.head:
        return f"The feed {feed.path} is empty. Export it again."
    known = f"looks like none of the formats imgrec reads ({', '.join(FORMATS)})"
    if "\0" in text or "\ufffd" in text[:_BEGINNING]:
        return (
            f"The feed {feed.path} {known}: it is not text, or not in UTF-8. Save it as CSV in UTF-8, or name its "
            "encoding with --encoding."
        )
    if text.startswith("["):
        hint = "It begins a list; the formats in JSON have one object a line, without brackets around them. "
    elif record := _first_object(text):
        hint = _as_table(feed, record)
    elif text[:_BEGINNING].lower().startswith(("<!doctype html", "<html")):
        hint = "It is a web page; perhaps the address it was fetched from wants a login. "
    else:
        hint = _nearest_table(feed)
    first = printable(text.partition("\n")[0][:_BEGINNING])
    return (
        f"The feed {feed.path} {known}. It begins: {first!r}. {hint}Name a format with --format to be told what the "
        "feed lacks for it."
    )


def _first_object(text: str) -> Record:
    with contextlib.suppress(Unusable):
        return read_object(text.partition("\n")[0].strip())
    return {}


def _as_table(feed: FeedFile, record: Record) -> str:
    """How to make a table of JSON lines that are not Amazon's, by a command that is safe whatever a feed is called."""
    keys = [key for key in record if key.isascii() and key.isidentifier()]
    fields = {
        name: next((key for key in keys if plain(key) in map(plain, plain_csv.NAMES[name])), name)
        for name in plain_csv.REQUIRED_COLUMNS
    }
    paths = ", ".join(f".{key}[0]" if isinstance(record.get(key), list) else f".{key}" for key in fields.values())
    return (
        f"Of JSON only Amazon's product data is read. Make a table of it, with further columns as you have them: (echo "
        f"{','.join(fields)}; jq -r '[{paths}] | @csv' {shlex.quote(str(feed.path))}) > products.csv. "
    )


def _nearest_table(feed: FeedFile) -> str:
    shape = shape_of(feed.text_head)
    columns = fields_of(feed, shape, plain_csv.NAMES)
    missing = [column for column in plain_csv.REQUIRED_COLUMNS if column not in columns]
    if len(missing) == len(plain_csv.REQUIRED_COLUMNS):
        return ""
    return (
        f"For csv it lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; if one is only called otherwise, "
        f"say which: --map {missing[0]}=COLUMN. "
    )
