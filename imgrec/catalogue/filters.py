"""Which products may be shown: those within a price range, in a currency, of a brand."""

import math
import sqlite3
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

_REMEMBERED = 100_000  # verdicts; a shop has far fewer prices and brands than products
_SLACK = 1e-9  # relative: far more than a float is off by, far less than prices differ by
_BEYOND_ASCII = "GLOB '*[^ -~]*'"  # feeds are cleaned of control characters and surplus spaces (feed.cleaned)


@dataclass(frozen=True)
class Filters:
    """What a product has to be to be shown; None leaves it open.

    Prices are compared as the decimals they are, both ends included; a product without a price is within no range.
    `currency` is an ISO 4217 code. `brand` is a whole brand, whatever its capitals and spaces. `out_of_stock`: products
    that are, too, where they are not shown otherwise.
    """

    least_price: Decimal | None = None
    most_price: Decimal | None = None
    currency: str | None = None
    brand: str | None = None
    out_of_stock: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether every product on sale passes."""
        return replace(self, out_of_stock=False) == Filters()


def passing(connection: sqlite3.Connection, filters: Filters) -> NDArray[np.int64]:
    """The ids of the catalogue's products on sale that pass: (n,), ascending."""
    # SQLite decides what it can, for there may be a million products. It knows neither decimals nor capitals beyond
    # ASCII: what lies at an end of the range, and brands in other letters, come back to be decided here.
    doubtful_price, doubtful_brand, conditions = "NULL", "NULL", ["retired_utc IS NULL"]
    values: dict[str, str | float] = {}
    if filters.least_price is not None or filters.most_price is not None:
        conditions.append("CAST(price AS REAL) BETWEEN :least AND :most")
        doubtful_price = "CASE WHEN CAST(price AS REAL) NOT BETWEEN :surely_least AND :surely_most THEN price END"
        values |= _range(filters)
    if filters.currency is not None:
        conditions.append("currency = :currency")
        values["currency"] = filters.currency
    if filters.brand is not None:
        conditions.append(f"(lower(brand) = :brand OR brand {_BEYOND_ASCII})")
        doubtful_brand = f"CASE WHEN brand {_BEYOND_ASCII} THEN brand END"
        values["brand"] = _folded(filters.brand)

    price_passes = lru_cache(_REMEMBERED)(partial(_price_passes, filters))
    brand_passes = lru_cache(_REMEMBERED)(lambda brand: _folded(brand) == values["brand"])
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples are made faster
    rows = cursor.execute(
        f"SELECT id, {doubtful_price}, {doubtful_brand} FROM products WHERE {' AND '.join(conditions)} ORDER BY id",
        values,
    )
    passed = (
        product_id
        for product_id, price, brand in rows
        if (price is None or price_passes(price)) and (brand is None or brand_passes(brand))
    )
    return np.fromiter(passed, np.int64)


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


def _folded(brand: str) -> str:
    return " ".join(brand.split()).casefold()
