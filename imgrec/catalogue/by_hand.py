"""Single products added, changed, retired and put back on sale by hand, through the same doors as a feed's rows."""

import csv
import tempfile
from collections.abc import Mapping
from pathlib import Path

from imgrec.catalogue.feed import FeedRow, Rejection, is_url
from imgrec.catalogue.finding import called, product_named
from imgrec.catalogue.formats import plain_csv
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.rejects import FIXES
from imgrec.catalogue.source_writer import SourceWriter, category_id, threads
from imgrec.catalogue.sources import BY_HAND, delete_if_empty
from imgrec.catalogue.store import Catalogue, Product
from imgrec.database import utc_now
from imgrec.errors import CatalogueError

CHANGEABLE = ("title", "category", "price", "currency", "brand", "url", "availability")
"""What `change_product` may change, by the columns of imgrec's own CSV."""

_AVAILABILITY = {True: "in stock", False: "out of stock", None: ""}


def add_product(catalogue: Catalogue, fields: Mapping[str, str]) -> Product:
    """Add a product to the source `by-hand`. `fields` are columns of imgrec's own CSV; `id` may be missing.

    `image` is a file's path, wherever it is, or a URL. Raises CatalogueError when a feed's row of these fields would be
    rejected, its price or availability cannot be understood, or the id is taken.
    """
    named = {name: value for name, value in fields.items() if value}
    image = named.get("image", "")
    if image and not is_url(image):
        named["image"] = str(Path(image).absolute())
    named.setdefault("id", _free_id(catalogue))
    row = _row(named)
    if any(product.source == BY_HAND for product in catalogue.products_by_feed_id(row.id)):
        raise CatalogueError(
            f"There is a product {BY_HAND}/{row.id} already. Give another --id, or change that one: imgrec products "
            f"change {BY_HAND}/{row.id}"
        )
    writer = SourceWriter(catalogue, BY_HAND)
    try:
        with threads() as pool:
            [fate] = writer.write([(1, row)], Path("/"), pool)
    finally:
        delete_if_empty(catalogue.connection, writer.source_id)
    if isinstance(fate, Rejection):
        raise _unusable(fate)
    return product_named(catalogue, f"{BY_HAND}/{row.id}")


def change_product(catalogue: Catalogue, name: str, changes: Mapping[str, str]) -> Product:
    """Change some of CHANGEABLE; a blank value takes it away. Returns the product as it is afterwards.

    What its feed says has the last word: the next import of it sets the product back. Raises CatalogueError when there
    is no such product, a feed's row with these fields would be rejected, or price or availability is not understood.
    """
    product = product_named(catalogue, name)
    now = {field: getattr(product, field) or "" for field in CHANGEABLE if field != "availability"}
    row = _row(
        {**now, "availability": _AVAILABILITY[product.in_stock], **changes, "id": product.id, "image": "https://"}
    )
    # One that stays is not read as a path anew: a feed may call it so (Shopify's type "Shoes > Sneakers").
    category = row.category if "category" in changes else product.category
    with catalogue.connection as connection:
        connection.execute("BEGIN IMMEDIATE")
        # Without a fingerprint the next import takes the row for a changed one.
        connection.execute(
            "UPDATE products SET title = ?, category_id = ?, price = ?, currency = ?, brand = ?, url = ?, "
            "in_stock = ?, fingerprint = '', changed_utc = ? WHERE id = ?",
            (
                row.title, category_id(connection, category), row.price, row.currency, row.brand, row.url,
                row.in_stock, utc_now(), product.product_id,
            ),
        )  # fmt: skip
    return product_named(catalogue, called(product))


def set_retired(catalogue: Catalogue, names: list[str], retired: bool) -> list[Product]:
    """Retire products, or put retired ones back on sale; all of them or, where one is unknown, none.

    Returns those that were not so already. Raises CatalogueError.
    """
    wanted = [product_named(catalogue, name) for name in names]
    changed = [product for product in wanted if product.retired is not retired]
    now = utc_now()
    with catalogue.connection as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "UPDATE products SET retired_utc = ?, changed_utc = ? WHERE id = ?",
            [(now if retired else None, now, product.product_id) for product in changed],
        )
    return changed


def _row(fields: Mapping[str, str]) -> FeedRow:
    """These fields as a row of imgrec's own feed, read by its reader."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.csv"
        with file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            writer = csv.DictWriter(stream, (*plain_csv.REQUIRED_COLUMNS, *plain_csv.OPTIONAL_COLUMNS))
            writer.writeheader()
            writer.writerow(dict(fields))
        with FeedFile(file) as feed:
            [(_, row)] = plain_csv.read(feed)
    if isinstance(row, Rejection):
        raise _unusable(row)
    if row.unreadable_price:
        raise CatalogueError(f"{row.unreadable_price!r} is no price. Write it like 19.99.")
    if fields.get("currency") and not row.currency:
        raise CatalogueError(f"{fields['currency']!r} is no currency. Use an ISO 4217 code such as USD or EUR.")
    if fields.get("availability", "").strip() and row.in_stock is None:
        raise CatalogueError(
            f"{fields['availability']!r} does not say whether it can be had. Write in stock, out of stock, or how many "
            "there are."
        )
    return row


def _unusable(rejection: Rejection) -> CatalogueError:
    return CatalogueError(
        f"{rejection.detail.rstrip('.')} ({rejection.reason}). What to do: {FIXES[rejection.reason]}."
    )


def _free_id(catalogue: Catalogue) -> str:
    """The first of hand-1, hand-2, ... that no product has."""
    taken = {
        row[0]
        for row in catalogue.connection.execute(
            "SELECT external_id FROM products JOIN sources ON sources.id = source_id WHERE name = ?", (BY_HAND,)
        )
    }
    return next(id_ for number in range(1, len(taken) + 2) if (id_ := f"hand-{number}") not in taken)
