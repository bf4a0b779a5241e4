"""A Shopify product export: several rows a product, for its variants and further photos.

The rows of a handle, wherever they stand, are one product, shown by its photos and at the price of its cheapest
variant. A variant with a picture of its own, which is what a colour has and a size has not, becomes a product of its
own in the same group.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

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
from imgrec.catalogue.formats.gathering import Gathering
from imgrec.catalogue.formats.google import path_of
from imgrec.catalogue.formats.published import is_off
from imgrec.catalogue.formats.stock import COLOURS, SIZES, is_called, is_in_stock, options_in, together
from imgrec.catalogue.formats.tables import Table, TableRow
from imgrec.catalogue.pictures import pictures_in
from imgrec.catalogue.prices import Price, cheapest, read_price
from imgrec.errors import FeedError

NAMES = {
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
    "tracker": ("variant inventory tracker", "inventory tracker"),
    "quantity": ("variant inventory qty", "inventory quantity"),
    "when gone": ("variant inventory policy", "continue selling when out of stock"),
    "option1 name": ("option1 name",),
    "option2 name": ("option2 name",),
    "option3 name": ("option3 name",),
    "option1": ("option1 value",),
    "option2": ("option2 value",),
    "option3": ("option3 value",),
}
"""What we read -> the column's name in exports until 2024, and since."""


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection): what cannot be used first, then the products in the feed's order."""
    site = feed.reading.site
    if not site:
        feed.warn(
            "does not say where the shop is, so its products have no links. Name it with --site https://SHOP, and they "
            "lead to https://SHOP/products/HANDLE"
        )
    for line, row in _read(feed):
        if site and isinstance(row, FeedRow):
            row = replace(row, url=f"{site}/products/{quote(row.group or row.id)}")
        yield line, row


def _read(feed: FeedFile) -> Numbered:
    table = Table(feed, NAMES, ["handle", "title"])
    decimal_comma = table.decimal_comma("price")
    with Gathering(list(NAMES)) as gathering:
        try:
            yield from _ungathered(table, gathering)
        except FeedError:
            yield from _products(gathering, decimal_comma)  # that stand before the damage
            raise
        yield from _products(gathering, decimal_comma)


def _ungathered(table: Table, gathering: Gathering) -> Numbered:
    for row in table:
        if isinstance(row, Rejection):
            yield row.line, row
            continue
        try:
            handle = needed(" ".join(row.fields["handle"].split()) or None, Reason.MISSING_ID, "the column handle")
            gathering.add(handle.casefold(), row)
        except Unusable as unusable:
            yield row.line, unusable.rejection(row.line, row.fields["handle"])


def _products(gathering: Gathering, decimal_comma: bool) -> Numbered:
    for rows, beyond in gathering.families():
        yield from _outcomes([_Row(row, decimal_comma) for row in rows])
        for row in beyond:
            yield row.line, _part(_Row(row, decimal_comma), f"beyond the {len(rows):,}th row of its handle")


class _Row:
    """A row's fields, and what they come to."""

    def __init__(self, row: TableRow, decimal_comma: bool) -> None:
        self.line = row.line
        self.handle = " ".join(row.fields["handle"].split())
        self._fields = row.fields
        self._decimal_comma = decimal_comma

    def __getitem__(self, field: str) -> str:
        return self._fields[field]

    def picture(self, field: str) -> str:
        """The address in a field; blank where there is none."""
        return next(iter(pictures_in(self[field])), "")

    @property
    def price(self) -> Price:
        """What this variant costs."""
        return read_price(self["price"], None, self._decimal_comma)

    @property
    def in_stock(self) -> bool | None:
        """Whether this variant can be had; None where nobody counts, or says."""
        if not self["quantity"] or not (self["tracker"] or "when gone" not in self._fields):
            return None
        return is_in_stock(self["quantity"]) or self["when gone"].lower() in ("continue", "true")

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
    images = list(dict.fromkeys(image for row in in_order for image in pictures_in(row["image"])))
    variants: dict[str, list[_Row]] = {}
    for row in rows:
        if row.is_variant and (picture := row.picture("variant image")):
            variants.setdefault(picture, []).append(row)
    images = images or list(variants)[:1]
    shown_by_main = {*images[:1], main.picture("variant image")}
    others = {picture: variant for picture, variant in variants.items() if picture not in shown_by_main}
    elsewhere = {row.line for variant in others.values() for row in variant}
    own = [row for row in rows if row.is_variant and row.line not in elsewhere and row is not main]
    yield _Look([image for image in images if image not in others], [main, *own])
    for picture, variant in others.items():
        yield _Look([picture], variant)


def _to_row(row: _Row, main: _Row, look: _Look) -> FeedRow:
    if is_off(main["status"]) or is_off(main["published"]):
        raise Unusable(
            Reason.NOT_PUBLISHED, f"status {main['status'] or 'blank'}, published {main['published'] or 'blank'}"
        )
    tree = path_of(cleaned_html(main["category"]) or "")
    own = cleaned_html(main["type"])
    handle = needed(cleaned(main.handle), Reason.MISSING_ID, "the handle")
    price = cheapest(variant.price for variant in look.rows)
    if not look.images:
        raise Unusable(Reason.MISSING_IMAGE, "no row of the handle has a photo")
    category = own or (tree[0] if tree else None)
    return FeedRow(
        handle if row is main else f"{handle}:{_variant_name(row)}",
        cleaned_html(main["title"]),
        category,
        look.images[0],
        price.amount,
        price.currency,
        cleaned_html(main["vendor"]),
        group=handle,
        kind=tree[-1] if tree and tree[-1] != category else None,
        further_images=tuple(look.images[1:MOST_PHOTOS]),
        unreadable_price=price.unreadable,
        in_stock=together(variant.in_stock for variant in look.rows if variant.is_variant),
        sizes=_options(SIZES, main, look.rows),
        colours=_options(COLOURS, main, look.rows),
        path=() if own else tuple(tree),
    )


def _options(names: tuple[str, ...], main: _Row, variants: Sequence[_Row]) -> tuple[str, ...]:
    """Those that can be had, where one of the product's options has one of these names."""
    option = next((f"option{n}" for n in "123" if is_called(main[f"option{n} name"], names)), None)
    return options_in(variant[option] for variant in variants if variant.in_stock is not False) if option else ()


def _variant_name(row: _Row) -> str:
    options = " / ".join(option for number in "123" if (option := row[f"option{number}"]))
    return cleaned(row["sku"]) or cleaned(options) or str(row.line)


def _position(row: _Row) -> int:
    position = row["position"].removesuffix(".0")
    return int(position) if position.isascii() and position.isdigit() and len(position) < 10 else 10**9


def _part(row: _Row, detail: str) -> Rejection:
    return Unusable(Reason.PART_OF_PRODUCT, detail).rejection(row.line, row.handle)
