"""The catalogue: products, their categories and photos, in one SQLite file."""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from imgrec.catalogue.filters import Filters, by_colours, ids_where, passing, with_title
from imgrec.catalogue.photo_status import PhotoStatus
from imgrec.catalogue.photo_store import PhotoStore
from imgrec.catalogue.schema import MIGRATIONS
from imgrec.catalogue.vocabulary import Vocabulary, read_vocabulary
from imgrec.config import CatalogueSection
from imgrec.database import connect, connect_read_only, version_of, version_problem
from imgrec.errors import CatalogueError


@dataclass(frozen=True)
class Product:
    """A product as it is shown. `photo` is the absolute path of its first photo, if it has one.

    `in_stock` is None where its feed does not say; `sizes` and `colours` are those that can be had, in its words.
    """

    product_id: int
    source: str
    id: str
    title: str | None
    price: str | None
    currency: str | None
    brand: str | None
    category: str | None
    kind: str | None
    group: str | None
    url: str | None
    photo: Path | None
    retired: bool
    in_stock: bool | None = None
    sizes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people read of it: its title, or what else there is."""
        return self.title or self.category or self.id

    def as_json(self) -> dict[str, object]:
        """What JSON has of it, wherever it is listed."""
        return {
            "product_id": self.product_id,
            "source": self.source,
            "id": self.id,
            "title": self.title,
            "price": self.price,
            "currency": self.currency,
            "brand": self.brand,
            "category": self.category,
            "url": self.url,
            "photo": str(self.photo) if self.photo else None,
            "in_stock": self.in_stock,
            "sizes": list(self.sizes),
            "colours": list(self.colours),
        }


@dataclass(frozen=True)
class CataloguePhoto:
    """A photo of a product that is on sale, with what training and the index need to know of it.

    `split` is the feed's, `feed_split`, where it names one, else the one that training chose before.
    """

    photo_id: int
    product_id: int
    category: str | None
    sha256: str
    sales_rank: int | None
    kind: str | None
    group: str
    split: str | None
    feed_split: str | None = None
    perceptual_hash: bytes | None = None


@dataclass(frozen=True)
class CatalogueCounts:
    """How many products are on sale, how many of them have a photo, by category and in all.

    `uncategorised` are the products that have no category. `photos` counts their photos by PhotoStatus, those of
    retired products left out.
    """

    products: int
    with_photo: int
    retired: int
    categories: dict[str, int]
    uncategorised: int
    photos: dict[str, int]


class Catalogue:
    """Opens the catalogue; a context manager."""

    def __init__(self, connection: sqlite3.Connection, photos: PhotoStore) -> None:
        self.connection = connection
        self.photos = photos
        self._vocabulary = lru_cache(1)(lambda version: read_vocabulary(connection))
        self._shown_by_category = lru_cache(1)(lambda version: _shown_by_category(connection))

    @classmethod
    def open(cls, section: CatalogueSection) -> Self:
        """Open for writing, creating the file when absent."""
        return cls(connect(section.path, MIGRATIONS), PhotoStore(section.photos))

    @classmethod
    def read(cls, section: CatalogueSection) -> Self:
        """Open for reading. One of an older imgrec is brought up to date, so that the bot starts after an upgrade.

        Raises CatalogueError when there is no catalogue, or it is of a newer version.
        """
        cls.must_exist(section)
        connection = connect_read_only(section.path)
        if 0 < version_of(connection) < len(MIGRATIONS):
            connection.close()
            connect(section.path, MIGRATIONS).close()
            connection = connect_read_only(section.path)
        problem = version_problem(
            connection, MIGRATIONS, "Is it one of imgrec's? Make one with: imgrec import FEED.csv"
        )
        if problem:
            connection.close()
            raise CatalogueError(f"The catalogue {section.path} {problem}")
        return cls(connection, PhotoStore(section.photos))

    @staticmethod
    def must_exist(section: CatalogueSection) -> None:
        """Raise CatalogueError when there is no catalogue."""
        if not section.path.is_file():
            raise CatalogueError(f"There is no catalogue at {section.path}. Make one with: imgrec import FEED.csv")

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def categories(self) -> dict[str, int]:
        """Name -> id of every category that has a product on sale with a stored photo, by name."""
        rows = self.connection.execute(
            "SELECT name, id FROM categories "
            "WHERE name != '' AND EXISTS (SELECT 1 FROM products JOIN photos ON product_id = products.id "
            f"             WHERE category_id = categories.id AND retired_utc IS NULL AND {_SHOWABLE}) ORDER BY name"
        )
        return dict(rows.fetchall())

    def category_ids(self) -> dict[str, int]:
        """Name -> id of every category there ever was, also those of which nothing is on sale."""
        return dict(self.connection.execute("SELECT name, id FROM categories ORDER BY id").fetchall())

    def shown_by_category(self) -> dict[int, int]:
        """Id of a category -> how many products on sale it has that have a stored photo, as it is now."""
        return self._shown_by_category(self.version())

    @contextlib.contextmanager
    def unchanging(self) -> Iterator[None]:
        """All that is read within is of one moment, whoever writes meanwhile. Not for long: writes pile up."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("COMMIT")

    def on_sale(self, photo_ids: Sequence[int] | None = None) -> Iterator[CataloguePhoto]:
        """Every stored photo of every product on sale, placeholders left out, in order of photo id; or some of them."""
        some = "" if photo_ids is None else "AND photos.id IN (SELECT value FROM json_each(?))"
        rows = self.connection.execute(
            f"""
            SELECT photos.id AS photo_id, product_id, nullif(categories.name, '') AS category, sha256, sales_rank, kind,
                   coalesce(group_name, 'product ' || product_id) AS group_name,
                   coalesce(split, assigned_split) AS split, split AS feed_split, perceptual_hash
            FROM photos JOIN products ON products.id = product_id JOIN categories ON categories.id = category_id
            WHERE retired_utc IS NULL AND {_SHOWABLE} {some} ORDER BY photos.id
            """,
            () if photo_ids is None else (json.dumps(list(photo_ids)),),
        )
        for row in rows:
            yield CataloguePhoto(*row)

    def products(self, product_ids: Iterable[int]) -> dict[int, Product]:
        """The products with these ids, retired ones included; unknown ids are left out."""
        rows = self.connection.execute(
            f"{_SELECT_PRODUCT} WHERE products.id IN (SELECT value FROM json_each(?))", (json.dumps(list(product_ids)),)
        )
        return {row["product_id"]: self._product(row) for row in rows}

    def products_by_feed_id(self, external_id: str) -> list[Product]:
        """The products a feed calls by this id; several when several sources use it."""
        rows = self.connection.execute(  # by source, for there is an index of both
            f"{_SELECT_PRODUCT} WHERE source_id IN (SELECT id FROM sources) AND external_id = ? ORDER BY products.id",
            (external_id,),
        )
        return [self._product(row) for row in rows]

    def lowest_prices(self, groups: Iterable[tuple[str, str]], with_out_of_stock: bool) -> dict[tuple[str, str], str]:
        """(source, group) -> the lowest price of its products on sale, where they cost differently in one currency."""
        lowest: dict[tuple[str, str], str] = {}
        for source, group in dict.fromkeys(groups):
            rows = self.connection.execute(
                "SELECT DISTINCT price, currency FROM products WHERE group_name = ? AND retired_utc IS NULL "
                "AND source_id = (SELECT id FROM sources WHERE name = ?) AND price IS NOT NULL "
                "AND (in_stock IS NOT 0 OR ?)",
                (group, source, with_out_of_stock),
            ).fetchall()
            if len(rows) > 1 and len({row["currency"] for row in rows}) == 1:
                lowest[source, group] = min((row["price"] for row in rows), key=Decimal)
        return lowest

    def allowed(self, filters: Filters) -> NDArray[np.int64]:
        """The ids of the products on sale that pass, as they are now: (n,), ascending."""
        return passing(self.connection, filters)

    def with_title(self, phrases: Sequence[str]) -> NDArray[np.int64]:
        """The ids of the products, retired ones too, whose title has one of these phrases, and whose brand has none."""
        return with_title(self.connection, phrases)

    def by_colours(self) -> Iterator[tuple[tuple[str, ...], NDArray[np.int64]]]:
        """Each list of colours that feeds state, with the ids of its products, retired ones too: (n,)."""
        return by_colours(self.connection)

    def largest_id(self) -> int:
        """Of all products; 0 of none."""
        largest: int = self.connection.execute("SELECT coalesce(max(id), 0) FROM products").fetchone()[0]
        return largest

    def product_at(self, url: str) -> int | None:
        """The product on sale whose page is at this address, if there is one."""
        found = self.connection.execute(
            "SELECT id FROM products WHERE url = ? AND retired_utc IS NULL ORDER BY id LIMIT 1", (url,)
        ).fetchone()
        return found[0] if found else None

    def vocabulary(self) -> Vocabulary:
        """What words may mean here, as it is now."""
        return self._vocabulary(self.version())

    def version(self) -> tuple[int, int]:
        """Changes whenever the catalogue does, by this connection or another's: what was read before is remembered."""
        by_others: int = self.connection.execute("PRAGMA data_version").fetchone()[0]
        return by_others, self.connection.total_changes

    def ids_on_sale(self, *, with_out_of_stock: bool) -> NDArray[np.int64]:
        """The ids of the products that are on sale, as they are now: (n,), ascending."""
        return ids_where(
            self.connection, "retired_utc IS NULL" + ("" if with_out_of_stock else " AND in_stock IS NOT 0")
        )

    def assign_splits(self, splits: dict[int, str]) -> None:
        """Record the split that training chose, by product id, for products whose feed names none."""
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany(
                "UPDATE products SET assigned_split = ? WHERE id = ?",
                [(split, product_id) for product_id, split in splits.items()],
            )

    def counts(self) -> CatalogueCounts:
        """How much there is."""
        categories: dict[str, int] = dict(
            self.connection.execute(
                "SELECT name, count(*) FROM products JOIN categories ON categories.id = category_id "
                "WHERE retired_utc IS NULL GROUP BY name ORDER BY name"
            ).fetchall()
        )
        with_photo, retired = self.connection.execute(
            "SELECT (SELECT count(DISTINCT product_id) FROM photos JOIN products ON products.id = product_id "
            f"        WHERE {_SHOWABLE} AND retired_utc IS NULL), "
            "       (SELECT count(*) FROM products WHERE retired_utc IS NOT NULL)"
        ).fetchone()
        statuses = dict(
            self.connection.execute(
                "SELECT status, count(*) AS n FROM photos JOIN products ON products.id = product_id "
                "WHERE retired_utc IS NULL GROUP BY status ORDER BY n DESC, status"
            ).fetchall()
        )
        products, uncategorised = sum(categories.values()), categories.pop("", 0)
        return CatalogueCounts(products, with_photo, retired, categories, uncategorised, statuses)

    def _product(self, row: sqlite3.Row) -> Product:
        photo = self.photos.path(row["sha256"]).absolute() if row["sha256"] else None
        return Product(
            row["product_id"], row["source"], row["external_id"], row["title"], row["price"], row["currency"],
            row["brand"], row["category"], row["kind"], row["group_name"], row["url"], photo,
            row["retired_utc"] is not None, None if row["in_stock"] is None else bool(row["in_stock"]),
            *(tuple(json.loads(row[options] or "[]")) for options in ("sizes", "colours")),
        )  # fmt: skip


_SHOWABLE = f"sha256 IS NOT NULL AND status != '{PhotoStatus.PLACEHOLDER}'"
_SELECT_PRODUCT = f"""
    SELECT products.id AS product_id, sources.name AS source, external_id, title, price, currency, brand,
           nullif(categories.name, '') AS category, kind, group_name, url, retired_utc, in_stock, sizes, colours,
           (SELECT sha256 FROM photos WHERE product_id = products.id AND {_SHOWABLE}
            ORDER BY position LIMIT 1) AS sha256
    FROM products JOIN sources ON sources.id = source_id JOIN categories ON categories.id = category_id
"""


def _shown_by_category(connection: sqlite3.Connection) -> dict[int, int]:
    rows = connection.execute(
        "SELECT category_id, count(*) FROM products WHERE retired_utc IS NULL "
        f"AND id IN (SELECT product_id FROM photos WHERE {_SHOWABLE}) GROUP BY category_id"
    )
    return dict(rows.fetchall())
