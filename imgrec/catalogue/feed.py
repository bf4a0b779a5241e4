"""A CSV product feed, row by row: each becomes a FeedRow, or a Rejection with a named reason."""

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from imgrec.errors import FeedError

REQUIRED_COLUMNS = ("id", "title", "category", "image")
OPTIONAL_COLUMNS = ("price", "currency", "brand", "url", "sales_rank", "split", "group", "kind")
SPLITS = ("train", "validation", "test")
_LONGEST_FIELD = 1_000_000
_SHOWN = 200
_JOINERS = "\u200c\u200d"  # invisible, and part of how Persian words and joined emoji are written
_PRICE = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")
_LONGEST_RANK = 18  # digits that SQLite's integers hold


class Reason(StrEnum):
    """Why a row of a feed was not imported."""

    BAD_ROW = "bad_row"
    BAD_ENCODING = "bad_encoding"
    MISSING_ID = "missing_id"
    DUPLICATE_ID = "duplicate_id"
    MISSING_CATEGORY = "missing_category"
    MISSING_IMAGE = "missing_image"
    BAD_PRICE = "bad_price"
    BAD_SALES_RANK = "bad_sales_rank"
    BAD_SPLIT = "bad_split"
    PHOTO_OUTSIDE_FEED = "photo_outside_feed"
    PHOTO_NOT_FOUND = "photo_not_found"
    PHOTO_UNREADABLE = "photo_unreadable"
    PHOTO_TOO_LARGE = "photo_too_large"


@dataclass(frozen=True)
class Rejection:
    """A row that cannot be used: where it stands in the feed, why, and what was found there."""

    line: int
    id: str
    reason: Reason
    detail: str


@dataclass(frozen=True)
class FeedRow:
    """A usable row. Text is stripped; what the feed leaves blank is None."""

    id: str
    title: str | None
    category: str
    image: str
    price: str | None = None
    currency: str | None = None
    brand: str | None = None
    url: str | None = None
    sales_rank: int | None = None
    split: str | None = None
    group: str | None = None
    kind: str | None = None

    @property
    def image_is_url(self) -> bool:
        """Whether the photo has to be fetched rather than read from disk."""
        return self.image.lower().startswith(("http://", "https://"))

    def fingerprint(self) -> str:
        """A digest that changes when any field does."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def read_csv_feed(file: Path) -> Iterator[tuple[int, FeedRow | Rejection]]:
    """Yield (line number, row or rejection) in the feed's order, without holding the feed in memory.

    Raises FeedError when the file cannot be read, or its header lacks a required column.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        # Undecodable bytes become lone surrogates, so that one bad row is rejected and the others are not.
        stream = file.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise FeedError(f"The feed {file} cannot be read: {error.strerror}.") from None
    with stream:
        reader = csv.DictReader(stream, strict=True)
        try:
            header = reader.fieldnames
        except csv.Error as error:
            raise FeedError(f"{file}, line 1: not valid CSV ({error}). Mend it and import again.") from None
        _check_header(file, header)
        yield from _rows(reader, file)


def _check_header(file: Path, header: object) -> None:
    columns = list(header) if isinstance(header, list) else []
    missing = [column for column in REQUIRED_COLUMNS if column not in columns]
    if missing:
        found = "".join(character if character.isprintable() else "?" for character in ",".join(columns)[:_SHOWN])
        raise FeedError(
            f"The feed {file} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; its first line must "
            f"name at least {','.join(REQUIRED_COLUMNS)} (found: {found or 'nothing'})."
        )


def _rows(reader: "csv.DictReader[str]", file: Path) -> Iterator[tuple[int, FeedRow | Rejection]]:
    while True:
        begins = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end of data" in str(
                error
            ):  # a quote still open: the file was cut off, or the quote is wrong
                raise FeedError(
                    f"{file} ends within the quotes of a field that begins at line {begins}. "
                    "Fetch the feed again or mend that line; nothing was retired."
                ) from None
            yield begins, Rejection(begins, "", Reason.BAD_ROW, f"not valid CSV: {error}")
            continue
        external_id = " ".join((fields.get("id") or "").split())
        try:
            yield reader.line_num, _parse(fields)
        except _Unusable as unusable:
            shown = external_id.encode("utf-8", "backslashreplace").decode()
            yield reader.line_num, Rejection(reader.line_num, shown, unusable.reason, unusable.detail)


class _Unusable(Exception):  # noqa: N818 - carries a reason from the parser to the row, nothing more
    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail


def _parse(fields: dict[str, str]) -> FeedRow:
    if None in fields or None in fields.values():  # how DictReader reports too many or too few fields
        raise _Unusable(Reason.BAD_ROW, "the row has another number of fields than the header")
    text = {column: _clean(fields.get(column, "")) for column in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)}
    text["image"] = fields["image"].strip() or None  # a file's name may hold any spaces
    for column, reason in (
        ("id", Reason.MISSING_ID),
        ("category", Reason.MISSING_CATEGORY),
        ("image", Reason.MISSING_IMAGE),
    ):
        if text[column] is None:
            raise _Unusable(reason, f"the column {column} is blank")
    split = text["split"]
    if split is not None and split not in SPLITS:
        raise _Unusable(Reason.BAD_SPLIT, f"split is {split!r}; it may be {', '.join(SPLITS)} or blank")
    return FeedRow(
        **{**text, "price": _price(text["price"]), "sales_rank": _sales_rank(text["sales_rank"])}  # type: ignore[arg-type]
    )


def _clean(value: str) -> str | None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise _Unusable(Reason.BAD_ENCODING, "the row is not UTF-8") from None
    # Feed text is untrusted: control characters have no business in a title or an id.
    printable = "".join(c if c.isprintable() or c in _JOINERS else " " for c in value)
    return " ".join(printable.split()) or None


def _price(text: str | None) -> str | None:
    if text is None:
        return None
    if not _PRICE.fullmatch(text):  # exponents neither: 1e999999999 would be a billion digits
        raise _Unusable(Reason.BAD_PRICE, f"price is {text!r}; it must be a decimal such as 12.99, or blank")
    return format(Decimal(text), "f")


def _sales_rank(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_RANK:
        raise _Unusable(Reason.BAD_SALES_RANK, f"sales_rank is {text!r}; it must be a whole number, or blank")
    return int(text)
