"""Limits to narrow by are round, few, and each leaves something and leaves something out."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.catalogue.price_steps import PriceSteps, nice_limits, price_steps
from imgrec.catalogue.store import Product

PRICES = st.lists(st.decimals(0, 10**9, places=2, allow_nan=False), max_size=100)


@given(PRICES)
def test_any_prices_have_at_most_two_limits_each_worth_a_tap(prices):
    limits = nice_limits(prices)
    assert len(limits) <= 2
    assert list(limits) == sorted(set(limits))
    for limit in limits:
        within = [price for price in prices if price <= limit]
        assert len(within) >= 3
        assert (len(prices) - len(within)) * 5 >= len(prices)
        assert limit == int(limit) >= 1
        assert len(str(int(limit)).rstrip("0")) <= 2


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ("4.50 9 11 14.99 18 22 30 45 60 120", "15 20"),
        ("980 1200 1980 2480 2980 3980 4980 9800", "2500"),  # yen; two are within 1500
        ("0.20 0.30 0.50 0.80 2 3 4 5", "1"),
        ("10 10 10 10 10", ""),
        ("5 100", ""),
        ("", ""),
    ],
)
def test_limits_are_as_people_say_them(prices, expected):
    assert nice_limits([Decimal(price) for price in prices.split()]) == tuple(map(Decimal, expected.split()))


def product(price: str | None, currency: str | None = "EUR") -> Product:
    return Product(1, "s", "1", None, price, currency, None, None, None, None, None, Path("a.jpg"), False)


def test_products_of_several_currencies_or_without_prices_have_none():
    priced = [product(str(price)) for price in range(1, 11)]
    assert price_steps([*priced, product(None, None)]) == PriceSteps((Decimal(3), Decimal(5)), "EUR")
    assert price_steps([*priced, product("3", "USD")]).limits == ()
    assert price_steps([product(None)] * 10).limits == ()
    assert price_steps([product(str(price), None) for price in range(1, 11)]).currency is None
