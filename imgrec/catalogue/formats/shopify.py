"""A Shopify product export: several rows a product, for its variants and further photos.

The rows of a handle are one product, shown by its photos and at the price of its cheapest variant. A variant with a
picture of its own, which is what a colour has and a size has not, becomes a product of its own in the same group.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imgrec.catalogue.feed import (
    MOST_PHOTOS,
    FeedRow,
    Numbered,
    Outcome,
    Reason,
    Rejection,
    Unusable,
    cleaned,
    cleaned_html,
    needed,
)
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.google import path_of
from imgrec.catalogue.formats.tables import TableRow, header_of, read_table
from imgrec.catalogue.prices import Price, cheapest, read_price

COLUMNS = {
    "handle": ("handle", "url handle"),
    "title": ("title",),
    "vendor": ("vendor",),
    "type": ("type",),
    "category": ("product category",),
    "published": ("published", "published on online store"),
    "status": ("status",),
    "sku": ("variant sku", "sku"),
    "price": ("variant price", "price"),
    "image": ("image src", "product image url"),
    "position": ("image position",),
    "variant image": ("variant image", "variant image url"),
    "option1": ("option1 value",),
    "option2": ("option2 value",),
    "option3": ("option3 value",),
}
"""What we read -> the column's name in exports until 2024, and since."""

_MOST_ROWS = 5_000  # of one handle; Shopify allows 2,048 variants and 250 photos


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection); the rows of a handle stand together."""
    header = header_of(feed.text_head)
    names = {field: next((name for name in known if name in header), known[0]) for field, known in COLUMNS.items()}
    product: list[_Row] = []
    for row in read_table(feed, [names["handle"], names["title"]]):
        if isinstance(row, Rejection):
            yield row.line, row
            continue
        read_row = _Row(row, names)
        if product and read_row.handle != product[0].handle:
            yield from _outcomes(product)
            product = []
        if not read_row.handle:
            yield row.line, Rejection(row.line, "", Reason.MISSING_ID, f"the column {names['handle']} is blank")
        elif len(product) == _MOST_ROWS:
            yield row.line, _part(read_row, f"beyond the {_MOST_ROWS:,}th row of its handle")
        else:
            product.append(read_row)
    if product:
        yield from _outcomes(product)


class _Row:
    """A row's fields under the names we know them by."""

    def __init__(self, row: TableRow, names: dict[str, str]) -> None:
        self.line = row.line
        self.handle = " ".join(row.fields[names["handle"]].split())
        self._fields = row.fields
        self._names = names

    def __getitem__(self, field: str) -> str:
        return self._fields.get(self._names[field], "").strip()

    @property
    def is_variant(self) -> bool:
        """Whether it is something to buy, rather than one more photo."""
        return any(self[field] for field in ("price", "sku", "option1"))


@dataclass(frozen=True)
class _Look:
    """The variants that one picture shows, first the row that stands for them."""

    images: Sequence[str]
    rows: Sequence[_Row]


def _outcomes(rows: list[_Row]) -> Iterator[tuple[int, Outcome]]:
    """What becomes of each row of one product."""
    main = next((row for row in rows if row["title"]), rows[0])
    looks = {look.rows[0].line: look for look in _looks(rows, main)}
    for row in rows:
        if row.line not in looks:
            yield row.line, _part(row, "a variant without a picture of its own, or a further photo")
            continue
        try:
            yield row.line, _to_row(row, main, looks[row.line])
        except Unusable as unusable:
            yield row.line, unusable.rejection(row.line, row.handle)


def _looks(rows: list[_Row], main: _Row) -> Iterator[_Look]:
    """The product as a whole, then the variants it does not show, by picture."""
    in_order = sorted((row for row in rows if row["image"]), key=_position)
    images = list(dict.fromkeys(row["image"] for row in in_order))
    variants: dict[str, list[_Row]] = {}
    for row in rows:
        if row.is_variant and row["variant image"]:
            variants.setdefault(row["variant image"], []).append(row)
    images = images or list(variants)[:1]
    shown_by_main = {*images[:1], main["variant image"]}
    others = {picture: variant for picture, variant in variants.items() if picture not in shown_by_main}
    elsewhere = {row.line for variant in others.values() for row in variant}
    own = [row for row in rows if row.is_variant and row.line not in elsewhere and row is not main]
    yield _Look([image for image in images if image not in others], [main, *own])
    for picture, variant in others.items():
        yield _Look([picture], variant)


def _to_row(row: _Row, main: _Row, look: _Look) -> FeedRow:
    if main["status"].lower() in ("draft", "archived") or main["published"].lower() == "false":
        raise Unusable(
            Reason.NOT_PUBLISHED, f"status {main['status'] or 'blank'}, published {main['published'] or 'blank'}"
        )
    path = path_of(cleaned_html(main["category"]) or "")
    category = cleaned_html(main["type"]) or (path[0] if path else None)
    handle = needed(cleaned(main.handle), Reason.MISSING_ID, "the handle")
    price: Price = cheapest(read_price(variant["price"]) for variant in look.rows)
    if not look.images:
        raise Unusable(Reason.MISSING_IMAGE, "no row of the handle has a photo")
    return FeedRow(
        handle if row is main else f"{handle}:{_variant_name(row)}",
        cleaned_html(main["title"]),
        needed(category, Reason.MISSING_CATEGORY, "type and product category"),
        look.images[0],
        price.amount,
        price.currency,
        cleaned_html(main["vendor"]),
        group=handle,
        kind=path[-1] if path and path[-1] != category else None,
        further_images=tuple(look.images[1:MOST_PHOTOS]),
        unreadable_price=price.unreadable,
    )


def _variant_name(row: _Row) -> str:
    options = " / ".join(option for number in "123" if (option := row[f"option{number}"]))
    return cleaned(row["sku"]) or cleaned(options) or str(row.line)


def _position(row: _Row) -> int:
    position = row["position"]
    return int(position) if position.isascii() and position.isdigit() and len(position) < 10 else 10**9


def _part(row: _Row, detail: str) -> Rejection:
    return Unusable(Reason.PART_OF_PRODUCT, detail).rejection(row.line, row.handle)
