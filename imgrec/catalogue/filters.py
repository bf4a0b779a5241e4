"""Which products may be shown: those within a price range, of a brand, in a size, with words in their title."""

import json
import math
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache, partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

_REMEMBERED = 100_000  # verdicts; a shop has far fewer prices and brands than products
_SLACK = 1e-9  # relative: far more than a float is off by, far less than prices differ by
_BEYOND_ASCII = "length(brand) < length(CAST(brand AS BLOB))"  # characters, bytes
_LEAST_BEGINNING = 3
_PARTS = re.compile(r"[\s/|]+")


@dataclass(frozen=True)
class Filters:
    """What a product has to be to be shown; None, or nothing listed, leaves it open.

    Prices are compared as the decimals they are, both ends included; a product without a price is within no range.
    `currency` is an ISO 4217 code. `brand` is a whole brand, whatever its capitals and spaces. `out_of_stock`: products
    that are, too, where they are not shown otherwise.

    words: title or brand have a word that begins so, for each of them; without_words: for none. sizes: one of them can
    be had. colours: it is of one of these (search.product_colours); without_colours: of none of them. Colours are known
    to the index alone, and the catalogue lets them pass.
    """

    least_price: Decimal | None = None
    most_price: Decimal | None = None
    currency: str | None = None
    brand: str | None = None
    out_of_stock: bool = False
    words: tuple[str, ...] = ()
    without_words: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    without_colours: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether every product on sale passes."""
        return replace(self, out_of_stock=False) == Filters()

    @property
    def of_any_colour(self) -> Self:
        """The same without the colours: what the catalogue can decide."""
        return replace(self, colours=(), without_colours=())

    def then(self, later: "Filters") -> Self:
        """These and what was said later, which counts where both say something; words of both count.

        What is wanted now is no longer unwanted, and the other way round; so with limits of price.
        """
        said = {
            name: value for name, value in vars(later).items() if value not in (None, ()) and not name.endswith("words")
        }
        least, most = self.least_price, self.most_price
        before = replace(
            self,
            least_price=None if least and later.most_price is not None and later.most_price < least else least,
            most_price=None if most is not None and later.least_price and most < later.least_price else most,
            colours=_but(self.colours, later.without_colours),
            without_colours=_but(self.without_colours, later.colours),
        )
        return replace(
            before,
            **{**said, "out_of_stock": self.out_of_stock or later.out_of_stock},
            words=_each_once(_but(self.words, later.without_words), later.words),
            without_words=_each_once(_but(self.without_words, later.words), later.without_words),
        )


def passing(connection: sqlite3.Connection, filters: Filters) -> NDArray[np.int64]:
    """The ids of the catalogue's products on sale that pass, whatever their colour: (n,), ascending."""
    # SQLite decides what it can, for there may be a million products. It knows neither decimals nor capitals beyond
    # ASCII: of what lies at an end of the range, of brands in other letters, and of sizes it asks back.
    conditions = ["retired_utc IS NULL"]
    values: dict[str, str | float] = {}
    if filters.least_price is not None or filters.most_price is not None:
        conditions.append("CAST(price AS REAL) BETWEEN :least AND :most")
        conditions.append("(CAST(price AS REAL) BETWEEN :surely_least AND :surely_most OR price_passes(price))")
        values |= _range(filters)
        _teach(connection, "price_passes", partial(_price_passes, filters))
    if filters.currency is not None:
        conditions.append("currency = :currency")
        values["currency"] = filters.currency
    if filters.brand is not None:
        brand = folded(filters.brand)
        conditions.append(f"(lower(brand) = :brand OR ({_BEYOND_ASCII} AND brand_passes(brand)))")
        values["brand"] = brand
        _teach(connection, "brand_passes", lambda written: folded(written) == brand)
    if filters.sizes:
        wanted = frozenset(map(folded, filters.sizes))
        conditions.append("sizes IS NOT NULL AND sizes_pass(sizes)")
        _teach(connection, "sizes_pass", lambda sizes: not wanted.isdisjoint(names_of_sizes(json.loads(sizes))))
    if filters.words:
        conditions.append("id IN (SELECT rowid FROM product_words WHERE product_words MATCH :words)")
        values["words"] = " AND ".join(map(beginning, filters.words))
    if filters.without_words:
        conditions.append("id NOT IN (SELECT rowid FROM product_words WHERE product_words MATCH :without)")
        values["without"] = " OR ".join(map(beginning, filters.without_words))
    return ids_where(connection, " AND ".join(conditions), values)


def with_title(connection: sqlite3.Connection, phrases: Sequence[str]) -> NDArray[np.int64]:
    """The ids of the products, retired ones too, whose title has one of these phrases, and whose brand has none: (n,).

    phrases: whole words, without quotes.
    """
    any_of = " OR ".join(f'"{phrase}"' for phrase in phrases)
    wanted = {"words": f"(title : ({any_of})) NOT (brand : ({any_of}))"}
    return _ids(connection, "SELECT group_concat(rowid) FROM product_words WHERE product_words MATCH :words", wanted)


def by_colours(connection: sqlite3.Connection) -> Iterator[tuple[tuple[str, ...], NDArray[np.int64]]]:
    """Each list of colours that feeds state, with the ids of its products, retired ones too: (n,)."""
    for colours, ids in connection.execute(
        "SELECT colours, group_concat(id) FROM products WHERE colours IS NOT NULL GROUP BY colours"
    ):
        yield tuple(json.loads(colours)), np.fromstring(ids, np.int64, sep=",")


def ids_where(
    connection: sqlite3.Connection, condition: str, values: Mapping[str, str | float] | None = None
) -> NDArray[np.int64]:
    """The ids of the catalogue's products of which this is true: (n,), ascending."""
    return _ids(connection, f"SELECT group_concat(id) FROM products WHERE {condition}", values or {})


def _ids(connection: sqlite3.Connection, joined: str, values: Mapping[str, str | float]) -> NDArray[np.int64]:
    # as one text, for a million objects take longer to make than all the rest
    cursor = connection.cursor()
    cursor.row_factory = None
    [ids] = cursor.execute(joined, values).fetchone()
    return np.sort(np.fromstring(ids, np.int64, sep=",")) if ids else np.empty(0, np.int64)


def _teach(connection: sqlite3.Connection, name: str, verdict: Callable[[str], bool]) -> None:
    connection.create_function(name, 1, lru_cache(_REMEMBERED)(verdict), deterministic=True)


def beginning(word: str) -> str:
    """What finds words that begin so, in FTS5's language: quoted, so that nothing in it is taken for an operator.

    A number, and what has less than three letters, has to be the whole word.
    """
    plain = word.replace("\0", " ").encode(errors="ignore").decode()
    is_whole = plain.isascii() and (len(plain) < _LEAST_BEGINNING or plain.isdecimal())
    return '"' + plain.replace('"', '""') + ('"' if is_whole else '"*')


def folded(name: str) -> str:
    """A brand or a size without its capitals and surplus spaces."""
    return " ".join(name.split()).casefold()


def names_of_sizes(sizes: Sequence[str]) -> frozenset[str]:
    """What these sizes are called: "EU 42" is 42, too, and "M / 38" both M and 38."""
    return frozenset(name for size in map(folded, sizes) for name in (size, *_PARTS.split(size)) if name)


def _but(words: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in others)


def _each_once(first: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*first, *more]))


def _range(filters: Filters) -> dict[str, float]:
    """The range as floats: one that nothing within it is out of, and one that nothing without it is in."""
    least = -math.inf if filters.least_price is None else float(filters.least_price)
    most = math.inf if filters.most_price is None else float(filters.most_price)
    below, above = (_SLACK * abs(end) if math.isfinite(end) else 0.0 for end in (least, most))
    return {"least": least - below, "most": most + above, "surely_least": least + below, "surely_most": most - above}


def _price_passes(filters: Filters, price: str) -> bool:
    amount = Decimal(price)
    return (filters.least_price is None or filters.least_price <= amount) and (
        filters.most_price is None or amount <= filters.most_price
    )
