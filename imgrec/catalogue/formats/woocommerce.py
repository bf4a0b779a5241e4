"""A WooCommerce product export: a row a product, and below a variable one a row for each of its variations.

A variable product is shown by its photos and at the price of its cheapest variation. A variation with a picture of its
own becomes a product of its own in the same group; it takes category and brand from its product.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from imgrec.catalogue.feed import (
    MOST_PHOTOS,
    FeedRow,
    Numbered,
    Outcome,
    Reason,
    Rejection,
    Unusable,
    cleaned_html,
    needed,
)
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.google import path_of
from imgrec.catalogue.formats.tables import TableRow, read_table
from imgrec.catalogue.prices import NO_PRICE, Price, cheapest, current_price, read_price

REQUIRED = ("id", "type", "name", "categories", "images")
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")
_MOST_PRODUCTS_KNOWN = 50_000  # variable ones, whose variations may yet come
_MOST_VARIATIONS = 5_000  # held back with their product


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection)."""
    export = _Export(datetime.now(UTC))
    for row in read_table(feed, REQUIRED):
        if isinstance(row, Rejection):
            yield row.line, row
        else:
            yield from export.take(row)
    yield from export.release()


@dataclass
class _Family:
    """A variable product, and what is known of its variations so far."""

    line: int
    outcome: Outcome
    keys: tuple[str, ...]
    pictures: set[str] = field(default_factory=set)
    price: Price = NO_PRICE  # the lowest so far
    variations: list[tuple[int, FeedRow]] = field(default_factory=list)  # those with a picture of their own


class _Export:
    """Keeps a variable product back until its variations, which follow it, have been seen."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._held: _Family | None = None
        self._known: OrderedDict[str, _Family] = OrderedDict()

    def take(self, row: TableRow) -> Iterator[tuple[int, Outcome]]:
        """What the row, together with what was held back, comes to."""
        types = {kind.strip().lower() for kind in row.fields["type"].split(",")}
        if "variation" in types:
            yield from self._variation(row)
            return
        yield from self.release()
        try:
            outcome: Outcome = _product(row, _price(row, self._now))
        except Unusable as unusable:
            outcome = unusable.rejection(row.line, row.fields["id"] or row.fields.get("sku"))
        if "variable" not in types:
            yield row.line, outcome
            return
        keys = tuple(key for key in (f"id:{row.fields['id'].strip()}", row.fields.get("sku", "").strip()) if key)
        if isinstance(outcome, FeedRow):
            outcome = replace(outcome, group=outcome.id)
        self._held = _Family(row.line, outcome, keys)
        if isinstance(outcome, FeedRow):
            self._held.pictures.update(outcome.images)
            self._held.price = Price(outcome.price, outcome.currency, outcome.unreadable_price)
        for key in keys:
            self._known[key] = self._held
        while len(self._known) > 2 * _MOST_PRODUCTS_KNOWN:
            self._known.popitem(last=False)

    def release(self) -> Iterator[tuple[int, Outcome]]:
        """The product held back and its variations, now that no more of them follow."""
        family, self._held = self._held, None
        if family is None:
            return
        outcome = family.outcome
        if isinstance(outcome, FeedRow):
            price = family.price
            outcome = replace(outcome, price=price.amount, currency=price.currency, unreadable_price=price.unreadable)
        yield family.line, outcome
        yield from family.variations
        family.variations = []

    def _variation(self, row: TableRow) -> Iterator[tuple[int, Outcome]]:
        family = self._known.get(row.fields.get("parent", "").strip())
        if family is None or family is not self._held:
            yield from self.release()
        try:
            yield from self._placed(row, family)
        except Unusable as unusable:
            yield row.line, unusable.rejection(row.line, row.fields["id"] or row.fields.get("sku"))

    def _placed(self, row: TableRow, family: _Family | None) -> Iterator[tuple[int, Outcome]]:
        price = _price(row, self._now)
        if family is None:
            yield row.line, replace(_product(row, price), group=cleaned_html(row.fields.get("parent", "")))
            return
        parent = family.outcome
        if isinstance(parent, Rejection):
            raise Unusable(parent.reason, f"a variation of a product that was not imported: {parent.detail}")
        _check_published(row)
        if family is self._held:
            family.price = cheapest([family.price, price])
        images = _images(row)
        if not images or images[0] in family.pictures:
            raise Unusable(Reason.PART_OF_PRODUCT, "a variation without a picture of its own")
        if len(family.pictures) < _MOST_VARIATIONS:
            family.pictures.add(images[0])
        product = replace(
            parent, id=_key(row), title=cleaned_html(row.fields["name"]) or parent.title, image=images[0],
            further_images=(), price=price.amount, currency=price.currency, unreadable_price=price.unreadable,
        )  # fmt: skip
        if family is self._held and len(family.variations) < _MOST_VARIATIONS:
            family.variations.append((row.line, product))
        else:
            yield row.line, product


def _product(row: TableRow, price: Price) -> FeedRow:
    external_id = needed(_key(row) or None, Reason.MISSING_ID, "ID and SKU")
    _check_published(row)
    category, kind = _category(row)
    images = _images(row)
    if not images:
        raise Unusable(Reason.MISSING_IMAGE, "the column images is blank")
    return FeedRow(
        external_id, cleaned_html(row.fields["name"]), category, images[0], price.amount, price.currency,
        cleaned_html(row.fields.get("brands", "")), cleaned_html(row.fields.get("external url", "")), kind=kind,
        further_images=tuple(images[1:MOST_PHOTOS]), unreadable_price=price.unreadable,
    )  # fmt: skip


def _key(row: TableRow) -> str:
    return cleaned_html(row.fields["id"]) or cleaned_html(row.fields.get("sku", "")) or ""


def _check_published(row: TableRow) -> None:
    published, visibility = row.fields.get("published", "").strip(), row.fields.get("visibility in catalog", "").strip()
    if published in ("0", "-1"):
        raise Unusable(Reason.NOT_PUBLISHED, "private" if published == "0" else "a draft")
    if visibility == "hidden":
        raise Unusable(Reason.NOT_PUBLISHED, "hidden from the shop's catalogue")


def _category(row: TableRow) -> tuple[str, str | None]:
    """(category, kind): the head of the first path, and the end of the longest one below that head."""
    paths = [path for text in _listed(cleaned_html(row.fields["categories"]) or "") if (path := path_of(text))]
    if not paths:
        raise Unusable(Reason.MISSING_CATEGORY, "the column categories is blank")
    category = paths[0][0]
    finest = max((path for path in paths if path[0] == category), key=len)
    return category, finest[-1] if len(finest) > 1 else None


def _images(row: TableRow) -> list[str]:
    return list(dict.fromkeys(_listed(row.fields["images"])))


def _price(row: TableRow, now: datetime) -> Price:
    regular = read_price(row.fields.get("regular price"))
    sale = read_price(row.fields.get("sale price"))
    begins, ends = (row.fields.get(f"date sale price {when}", "") for when in ("starts", "ends"))
    return current_price(regular, sale, begins, ends, now)


def _listed(text: str) -> list[str]:
    """What commas separate; a comma within is written with a backslash."""
    return [item for part in _UNESCAPED_COMMA.split(text) if (item := part.replace("\\,", ",").strip())]
