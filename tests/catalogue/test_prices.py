"""Prices as feeds write them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.catalogue.prices import (
    NO_PRICE,
    SIGNS,
    Price,
    cheapest,
    currency_code,
    current_price,
    iso_4217,
    just_below,
    read_price,
)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("12.99", "12.99", None),
        ("$12.99", "12.99", "USD"),
        ("12,99 EUR", "12.99", "EUR"),
        ("1,299.00", "1299.00", None),
        ("1.299,00 €", "1299.00", "EUR"),
        ("USD 5", "5", "USD"),
        ("12.99 USD", "12.99", "USD"),
        ("usd 12.99", "12.99", "USD"),
        ("US$1,234.50", "1234.50", "USD"),
        ("A$ 5", "5", "AUD"),
        ("R$ 5,00", "5.00", "BRL"),
        ("£3", "3", "GBP"),
        ("1 299,00\u00a0zł", "1299.00", "PLN"),
        ("1\u202f299,00 €", "1299.00", "EUR"),
        ("1'299.00 CHF", "1299.00", "CHF"),
        ("1,29,999.00 ₹", "129999.00", "INR"),
        ("12,-", "12", None),
        ("12.- CHF", "12", "CHF"),
        ("199 kr", "199", None),
        ("from 12.99", "12.99", None),
        ("From $5", "5", "USD"),
        ("$5 CAD", "5", "CAD"),
        ("0.00", "0.00", None),
        ("12 € / Stück", "12", "EUR"),
        ("12.99 USD/ea", "12.99", "USD"),
        ("12,90 € pro Stück", "12.90", "EUR"),
        ("99 zł/szt.", "99", "PLN"),
        ("CHF 12.90.-", "12.90", "CHF"),
        ("Fr.12.--", "12", "CHF"),
        ("12€99", "12.99", "EUR"),
        ("129:90 kr", "129.90", None),
        ("129 ر.س", "129", "SAR"),
        ("١٢٫٥٠ د.إ", "12.50", "AED"),
        ("TND 12,500", "12.500", "TND"),
        ("RD$1,299.00", "1299.00", "DOP"),
        ("Preis: 12,99 €", "12.99", "EUR"),
        ("12,99 € inkl. MwSt. zzgl. Versand", "12.99", "EUR"),
        ("<span>&euro;12.99</span>", "12.99", "EUR"),
        ('"12.99"', "12.99", None),
    ],
)
def test_a_price_is_a_decimal_with_a_currency_where_it_names_one(text, amount, currency):
    assert read_price(text) == Price(amount, currency)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,299", "1299"),  # a comma before three digits groups thousands
        ("0,125", "0.125"),  # but not behind a zero
        ("12,9", "12.9"),
        ("1.299", "1.299"),  # a bare point is a program's decimal point
        ("1.299 €", "1299"),  # beside a currency it groups
        ("0.125 €", "0.125"),
        ("15.000 KWD", "15.000"),  # but for currencies of three decimals
        ("1.299.000", "1299000"),
        ("1299,00", "1299.00"),
    ],
)
def test_a_mark_that_could_be_either_is_read_by_the_documented_rule(text, amount):
    assert read_price(text).amount == amount


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [("$5.00 - $9.00", "5.00", "USD"), ("5–9 EUR", "5", "EUR"), ("9 to 5 USD", "5", "USD"), ("12-15", "12", None)],
)
def test_of_a_range_the_lower_end_is_kept(text, amount, currency):
    assert read_price(text) == Price(amount, currency)


@pytest.mark.parametrize("text", [None, "", "  ", "-", "—", "N/A", "None", "null", "NaN", float("nan"), float("inf")])
def test_what_says_that_there_is_no_price_is_nothing_to_count(text):
    assert read_price(text) == NO_PRICE


@pytest.mark.parametrize(
    "text",
    [
        ".a-box-inner{background-color:#fff}#alohaBuyBoxWidget .selected{border-color:#e77600}", "call 555 1234",
        "free", "12.99 USD per 100 g", "-1", "1e5", "1_000", "１２", ".", "12.99.99", "1,2,3", "12 34",
        "12,345.678,9", "5 XYZ",
        "$5 - £9", "9" * 81,
    ],
)  # fmt: skip
def test_what_merely_contains_digits_is_no_price(text):
    assert read_price(text) == Price(unreadable=text[:80])


def test_what_nothing_can_cost_is_no_price():
    dear = "9" * 18
    assert read_price(dear) == Price(dear)
    assert read_price(f"5 - {dear}0 EUR") == Price("5", "EUR")
    for text in ("1" + "0" * 18, f"{dear}0.00 USD", f"{dear}0 - {dear}1 EUR"):
        assert read_price(text) == Price(unreadable=text)


def test_numbers_of_json_are_prices_as_they_are():
    assert read_price(14.95, "USD") == Price("14.95", "USD")
    assert read_price(5) == Price("5", None)
    assert read_price(1e16).amount == "10000000000000000"
    assert [read_price(value).unreadable for value in (-1.5, True, ["5"], 1e300)] == ["-1.5", "True", "['5']", "1e+300"]


def test_a_code_in_the_price_goes_before_what_stands_beside_it_and_a_sign_does_not():
    assert read_price("5 USD", "EUR").currency == "USD"
    assert read_price("$5", "CAD").currency == "CAD"
    assert read_price("5", "€").currency == "EUR"
    assert read_price("199 kr", "SEK") == Price("199", "SEK")
    assert read_price("5", "shells") == Price("5", None)


def test_every_sign_stands_for_a_code_of_iso_4217_or_for_none():
    assert {code for code in SIGNS.values() if code} <= iso_4217()
    assert len(iso_4217()) > 150
    assert currency_code("eur") == "EUR"
    assert currency_code("dollars") is None


def test_a_sale_price_holds_while_the_sale_is_on():
    regular, sale, now = Price("10", "EUR"), Price("8", "EUR"), datetime(2026, 3, 5, 12, tzinfo=UTC)

    def price(begins: str, ends: str, sale: Price = sale) -> str | None:
        return current_price(regular, sale, begins, ends, now).amount

    assert price("", "") == price("2026-03-01", "2026-03-05") == price("", "2026-03-05T13:30+01:00") == "8"
    assert price("2026-03-06", "") == price("", "2026-03-04") == price("", "2026-03-05T12:30+01:00") == "10"
    assert price("", "", NO_PRICE) == "10"
    assert price("soon", "") == price("", "whenever") == "10"  # a sale that cannot be told is none
    assert price("", "", Price("0", "EUR")) == price("", "", Price("12", "EUR")) == "10"
    assert price("", "", Price("8", "USD")) == "10"
    assert price("1/2/2026", "") == "8"  # begun by both readings
    assert price("4/3/2026", "") == price("3/4/2026", "") == "10"  # and by one of them only


@pytest.mark.parametrize(
    ("price", "below"),
    [
        (Price("12", "EUR"), "11.99"),
        (Price("12.50"), "12.49"),
        (Price("1500", "JPY"), "1499"),
        (Price("1", "KWD"), "0.999"),
        (Price("0.0025", "USD"), "0.0024"),
        (Price("0.01", "USD"), "0.00"),
        (Price("0", "USD"), None),
        (NO_PRICE, None),
    ],
)
def test_just_below_a_price_is_one_of_its_currencys_smallest_unit_less(price, below):
    assert just_below(price) == (None if below is None else Decimal(below))


def test_the_cheapest_price_is_the_lowest_that_there_is():
    assert cheapest([NO_PRICE, Price("10"), Price("9.5"), Price(unreadable="x")]) == Price("9.5")
    assert cheapest([Price(unreadable="x"), NO_PRICE]) == Price(unreadable="x")
    assert cheapest([]) == NO_PRICE


AMOUNTS = st.decimals(0, 10**9, places=2, allow_nan=False)


@settings(max_examples=60, deadline=None, database=None)
@given(AMOUNTS, st.sampled_from(["EUR", "USD", "CHF"]))
def test_amounts_survive_being_written_in_each_way(amount: Decimal, code: str) -> None:
    english, plain = f"{amount:,.2f}", f"{amount:.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for text in (plain, english, german, english.replace(",", " "), english.replace(",", "'")):
        for written in (f"{text} {code}", f"{code} {text}", f"{text}{code}"):
            assert read_price(written) == Price(plain, code), written


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(alphabet="0123456789.,' -–€$EURkrfom\u00a0\n１é", max_size=14))
def test_any_text_is_a_price_or_none_and_never_an_error(text: str) -> None:
    price = read_price(text)
    assert price.amount is None or Decimal(price.amount) >= 0
    assert price.amount is None or price.unreadable is None
    assert price.currency is None or price.currency in iso_4217()
