"""Prices to narrow by: "under 20, under 50", round and such that each leaves something and leaves something out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from imgrec.catalogue.store import Product

_QUANTILES = (Decimal("0.25"), Decimal("0.5"))
_LEAST_WITHIN = 3  # products
_LEAST_LEFT_OUT = Decimal("0.2")
_NICE = tuple(map(Decimal, ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10")))
"""Times any power of ten."""


@dataclass(frozen=True)
class PriceSteps:
    """At most two limits, the lower first, in a currency; None where the feed names none."""

    limits: tuple[Decimal, ...]
    currency: str | None


def price_steps(products: Iterable[Product]) -> PriceSteps:
    """The limits worth offering for these products, such as those an answer ranks.

    None where their prices are in more than one currency, or too few are known.
    """
    priced = [(Decimal(product.price), product.currency) for product in products if product.price is not None]
    currencies = {currency for _, currency in priced}
    if len(currencies) != 1:
        return PriceSteps((), None)
    return PriceSteps(nice_limits([price for price, _ in priced]), currencies.pop())


def nice_limits(prices: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """At most two round limits, ascending: near the lower quartile and the median of these prices.

    At each at least three prices are within, and a fifth of them or more are above; what is not so is left out.
    """
    ordered = sorted(prices)
    limits = {_nice_from(ordered[int(quantile * (len(ordered) - 1))]) for quantile in _QUANTILES if ordered}
    return tuple(limit for limit in sorted(limits) if _is_worth_it(limit, ordered))


def _is_worth_it(limit: Decimal, prices: Sequence[Decimal]) -> bool:
    within = sum(price <= limit for price in prices)
    return within >= _LEAST_WITHIN and len(prices) - within >= _LEAST_LEFT_OUT * len(prices)


def _nice_from(price: Decimal) -> Decimal:
    """The lowest round price that is not below this one; 1 at least, as nobody asks for what costs less than that."""
    if price <= 1:
        return Decimal(1)
    power = Decimal(10) ** price.adjusted()
    return Decimal(math.ceil(next(power * step for step in _NICE if price <= power * step)))
