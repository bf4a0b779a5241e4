"""Products by price, currency, brand, size and title: chosen as plain Python would, from what is on sale now."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imgrec.catalogue.feed import cleaned
from imgrec.catalogue.filters import Filters, passing
from imgrec.catalogue.schema import MIGRATIONS
from imgrec.database import connect, utc_now

TWENTY = Decimal("19.99")


@pytest.fixture
def allowed(market):
    """Import these products, and tell by the feed's ids which of them pass."""
    rows = [
        {"id": "cheap", "price": "5", "currency": "EUR", "brand": "Acme & Sons"},
        {"id": "just", "price": "19.99", "currency": "EUR", "brand": "ACME  & sons"},
        {"id": "over", "price": "19.990000000000000001", "currency": "EUR", "brand": "Acme"},
        {"id": "dollars", "price": "19.99", "currency": "USD", "brand": "Straße Öl"},
        {"id": "unpriced", "brand": "Acme & Sons"},
        {"id": "retired", "price": "5", "currency": "EUR", "brand": "Acme & Sons"},
    ]
    market.bring_in(*rows)
    market.bring_in(*rows[:-1])

    def ids(filters: Filters) -> list[str]:
        found = market.catalogue.allowed(filters).tolist()
        assert found == sorted(found)
        products = market.catalogue.products(found)
        return [products[number].id for number in found]

    return ids


def test_without_filters_everything_on_sale_passes(allowed):
    assert Filters().is_empty
    assert allowed(Filters()) == ["cheap", "just", "over", "dollars", "unpriced"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(most_price=TWENTY), ["cheap", "just", "dollars"]),
        (Filters(least_price=TWENTY), ["just", "over", "dollars"]),
        (Filters(TWENTY, Decimal("19.990")), ["just", "dollars"]),
        (Filters(Decimal("19.98999999999999999"), TWENTY), ["just", "dollars"]),
        (Filters(Decimal(20), Decimal(5)), []),
        (Filters(Decimal(0)), ["cheap", "just", "over", "dollars"]),
        (Filters(Decimal(-1), Decimal("Infinity")), ["cheap", "just", "over", "dollars"]),
        (Filters(most_price=Decimal("1e400")), ["cheap", "just", "over", "dollars"]),
    ],
)
def test_a_price_range_has_both_its_ends_to_the_last_digit_and_nothing_unpriced(allowed, filters, expected):
    assert not filters.is_empty
    assert allowed(filters) == expected


def test_a_currency_is_that_of_the_price(allowed):
    assert allowed(Filters(currency="USD")) == ["dollars"]
    assert allowed(Filters(most_price=Decimal(10), currency="EUR")) == ["cheap"]
    assert allowed(Filters(currency="CHF")) == []


@pytest.mark.parametrize(
    ("brand", "expected"),
    [
        (" acme &\tSONS ", ["cheap", "just", "unpriced"]),
        ("acme", ["over"]),
        ("STRASSE ÖL", ["dollars"]),
        ("strasse o\u0308l", []),
        ("Sons", []),
        ("%", []),
        ("", []),
    ],
)
def test_a_brand_is_the_whole_brand_whatever_its_capitals_and_spaces(allowed, brand, expected):
    assert allowed(Filters(brand=brand)) == expected


def test_what_has_become_cheaper_or_is_gone_counts_at_once(market):
    filters = Filters(most_price=TWENTY)
    market.bring_in({"id": "1", "price": "30"}, {"id": "2", "price": "3"})
    first, second = (market.product(id_).product_id for id_ in "12")
    assert market.catalogue.allowed(filters).tolist() == [second]
    market.bring_in({"id": "1", "price": "10"})
    assert market.catalogue.allowed(filters).tolist() == [first]


@pytest.fixture
def titled(market):
    """Import products with these titles, and tell by their places, from 1, which of them pass."""

    def ids(*titles: str, **filters: tuple[str, ...]) -> list[int]:
        market.bring_in(*({"id": str(place), "title": title} for place, title in enumerate(titles, start=1)))
        found = market.catalogue.allowed(Filters(**filters))
        return sorted(int(product.id) for product in market.catalogue.products(found.tolist()).values())

    return ids


def test_words_of_titles_are_found_by_how_they_begin_whatever_capitals_and_accents(titled):
    titles = (
        "Leather shoes, brown",
        "Shoe rack",
        "Schöne T-Shirts",
        "लाल जूते",
        "Horseshoe",
        "Size 42 boot",
        "iPhone 425",
    )
    for words, expected in [
        (("shoe",), [1, 2]), (("SHOE", "leather"), [1]), (("schon",), [3]), (("t-shirt",), [3]), (("shirt-t",), []),
        (("जू",), [4]), (("ूते",), []), (("42",), [6]), (("4",), []), (("",), []), (("—",), []), (("shoe", "🙂"), []),
    ]:  # fmt: skip
        assert titled(*titles, words=words) == expected
    assert titled(*titles, without_words=("shoe", "iphone")) == [3, 4, 5, 6]


@pytest.mark.parametrize(
    "text",
    ['"', 'shoe" OR "rack', "title:shoe", "shoe*", "NOT", "(", "shoe\0", "\ud800", "^shoe", "NEAR(a b)", "-", "'"],
)
def test_nothing_a_shopper_writes_is_taken_for_the_searchs_own_language(titled, text):
    found = titled("Plain shoe", "Rack", words=(text,))
    assert found in ([], [1])
    assert titled("Plain shoe", "Rack", without_words=(text,)) == [place for place in (1, 2) if place not in found]


def test_words_follow_their_product_through_every_change(market):
    def found(word: str) -> list[int]:
        return market.catalogue.allowed(Filters(words=(word,))).tolist()

    market.bring_in({"id": "1", "title": "Red kite", "brand": "Acme"}, {"id": "2", "title": "Kite"})
    first, second = (market.product(id_).product_id for id_ in "12")
    assert (found("kite"), found("acme")) == ([first, second], [first])
    market.bring_in({"id": "1", "title": "Blue boat", "brand": "Acme"}, {"id": "2", "title": "Kite", "price": "5"})
    assert (found("kite"), found("boat"), found("red")) == ([second], [first], [])
    market.bring_in({"id": "1", "title": "Blue boat"})
    assert (found("acme"), found("kite")) == ([], [])
    market.catalogue.connection.execute("DELETE FROM photos")
    market.catalogue.connection.execute("DELETE FROM products")
    market.catalogue.connection.execute("INSERT INTO product_words (product_words, rank) VALUES ('integrity-check', 1)")
    assert found("boat") == []


def test_a_catalogue_of_before_words_were_known_has_them_when_it_is_opened(tmp_path):
    path = tmp_path / "catalogue.db"
    with closing(connect(path, MIGRATIONS[:5])) as old:
        old.execute("INSERT INTO sources VALUES (1, 's')")
        old.execute("INSERT INTO categories VALUES (1, '')")
        old.execute(
            "INSERT INTO products (source_id, external_id, title, category_id, fingerprint, added_utc, changed_utc) "
            "VALUES (1, 'a', 'Red kite', 1, '', '', '')"
        )
    with closing(connect(path, MIGRATIONS)) as opened:
        assert passing(opened, Filters(words=("kite",))).tolist() == [1]


def test_a_size_is_one_of_those_that_can_be_had(market):
    market.bring_in(
        {"id": "1", "sizes": "EU 42, EU 43"},
        {"id": "2", "sizes": "42.5"},
        {"id": "3", "sizes": "M / 38|L"},
        {"id": "4"},
    )

    def found(*sizes: str) -> set[str]:
        allowed = market.catalogue.allowed(Filters(sizes=sizes)).tolist()
        return {product.id for product in market.catalogue.products(allowed).values()}

    assert [found("42"), found("eu 43"), found("m"), found("38", "42.5"), found("4")] == [
        {"1"},
        {"1"},
        {"3"},
        {"2", "3"},
        set(),
    ]
    assert market.catalogue.vocabulary().sizes >= {"42", "eu 42", "42.5", "m", "38", "l"}


def test_what_is_said_later_counts_and_words_add_up():
    before = Filters(most_price=TWENTY, brand="Acme", words=("kite",), colours=("red",), out_of_stock=True)
    later = Filters(most_price=Decimal(5), words=("silk",), colours=("blue",))
    assert before.then(later) == Filters(
        most_price=Decimal(5), brand="Acme", words=("kite", "silk"), colours=("blue",), out_of_stock=True
    )
    assert before.then(Filters()) == before


def test_what_is_wanted_now_is_no_longer_unwanted_and_the_other_way_round():
    before = Filters(words=("kite",), without_words=("silk",), colours=("red", "blue"), without_colours=("green",))
    assert before.then(Filters(without_colours=("red",), without_words=("kite",))) == Filters(
        without_words=("silk", "kite"), colours=("blue",), without_colours=("red",)
    )
    assert before.then(Filters(colours=("green",), words=("silk",))) == Filters(
        words=("kite", "silk"), colours=("green",)
    )


def test_a_limit_of_price_that_the_one_said_later_contradicts_no_longer_holds():
    dear, cheap = Filters(least_price=Decimal(50), most_price=Decimal(90)), Filters(most_price=TWENTY)
    assert dear.then(cheap) == cheap
    assert cheap.then(Filters(least_price=Decimal(50))) == Filters(least_price=Decimal(50))
    assert dear.then(Filters(most_price=Decimal(50))) == Filters(least_price=Decimal(50), most_price=Decimal(50))


def test_the_vocabulary_is_that_of_what_is_on_sale_now(market):
    market.bring_in(
        {"id": "1", "title": "Kite", "brand": "Acme & Sons", "price": "5", "currency": "EUR"},
        {"id": "2", "title": "Boat"},
    )
    words = market.catalogue.vocabulary()
    assert (words.brands, words.currencies, words.has_prices) == ({("acme", "sons"): "Acme & Sons"}, ("EUR",), True)
    assert [words.has_word(word) for word in ("kit", "boat", "acme", "sons", "kites", "")] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]
    market.bring_in({"id": "2", "title": "Boat"})
    words = market.catalogue.vocabulary()
    assert (words.brands, words.currencies, words.has_prices) == ({}, (), False)
    assert not words.has_word("kite")


def test_what_is_said_of_products_is_counted_as_they_come_change_and_go(market):
    def counted(*rows: dict[str, str] | str) -> dict[tuple[str, str], int]:
        market.bring_in(*rows)
        ask = market.catalogue.connection.execute
        kept = {tuple(row[:2]): row[2] for row in ask("SELECT kind, value, products FROM vocabulary")}
        anew = ask("SELECT kind, value, count(*) FROM said_of_products GROUP BY kind, value")
        assert kept == {tuple(row[:2]): row[2] for row in anew}
        return kept

    euro = {"brand": "Acme", "price": "5", "currency": "EUR"}
    first = {("brand", "Acme"): 2, ("currency", "EUR"): 2}
    assert counted({"id": "1", **euro}, {"id": "2", **euro}, "3") == first
    assert counted({"id": "1", **euro, "price": "6", "title": "Kite"}, {"id": "2", **euro}, "3") == first
    assert counted({"id": "1", **euro, "sizes": "S|M"}, {"id": "2", "brand": "acme", "price": "7"}, "3") == {
        ("brand", "Acme"): 1, ("brand", "acme"): 1, ("currency", "EUR"): 1, ("currency", ""): 1,
        ("sizes", '["S", "M"]'): 1,
    }  # fmt: skip
    assert counted({"id": "2", **euro}, "3") == {("brand", "Acme"): 1, ("currency", "EUR"): 1}  # the first is retired
    assert counted({"id": "1", **euro}, {"id": "2", **euro}, "3") == first
    market.catalogue.connection.execute("DELETE FROM photos")
    market.catalogue.connection.execute("DELETE FROM products WHERE external_id = '2'")
    assert counted({"id": "1", **euro}, "3") == {("brand", "Acme"): 1, ("currency", "EUR"): 1}


def test_the_commonest_spelling_of_a_brand_and_the_commonest_currency_count(market):
    rows = [("1", "ACME", "USD"), ("2", "Acme", "EUR"), ("3", "Acme", "EUR"), ("4", "Zeta", "")]
    market.bring_in(*({"id": id_, "brand": brand, "price": "5", "currency": code} for id_, brand, code in rows))
    words = market.catalogue.vocabulary()
    assert words.brands == {("acme",): "Acme", ("zeta",): "Zeta"}
    assert words.currencies == ("EUR", "USD")


AMOUNTS = st.one_of(
    st.decimals(0, 30, places=2),
    st.sampled_from([TWENTY, Decimal("19.9900"), Decimal("19.990000000000000001"), Decimal("19.98999999999999999")]),
    st.decimals(0, Decimal("1e30"), places=20),
)
BRANDS = st.one_of(
    st.sampled_from(["Acme", "ACME", "acme ltd", "Öl", "ÖL", "STRASSE", "Straße", "\u212aelvin", "kelvin"]),
    st.text(max_size=3),
)
PRODUCTS = st.lists(
    st.tuples(
        st.none() | AMOUNTS, st.sampled_from([None, "EUR", "USD"]), st.none() | BRANDS.map(cleaned), st.booleans()
    ),
    max_size=12,
)
FILTERS = st.builds(
    Filters, st.none() | AMOUNTS, st.none() | AMOUNTS, st.sampled_from([None, None, "EUR"]), st.none() | BRANDS
)


def in_plain_python(products: list[tuple[Decimal | None, str | None, str | None, bool]], wanted: Filters) -> list[int]:
    """The places, from 1, of the products that pass."""

    def passes(price: Decimal | None, currency: str | None, brand: str | None, retired: bool) -> bool:
        return (
            not retired
            and (wanted.least_price is None or (price is not None and price >= wanted.least_price))
            and (wanted.most_price is None or (price is not None and price <= wanted.most_price))
            and (wanted.currency is None or currency == wanted.currency)
            and (wanted.brand is None or (brand is not None and folded(brand) == folded(wanted.brand)))
        )

    def folded(brand: str) -> list[str]:
        return brand.casefold().split()

    return [place for place, product in enumerate(products, start=1) if passes(*product)]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder: Path = tmp_path_factory.mktemp("filters")
    with closing(connect(folder / "catalogue.db", MIGRATIONS)) as opened:
        opened.execute("INSERT INTO sources VALUES (1, 's')")
        opened.execute("INSERT INTO categories VALUES (1, '')")
        yield opened


@given(products=PRODUCTS, wanted=FILTERS)
@example(products=[(TWENTY, "EUR", "Acme", False)] * 2, wanted=Filters(TWENTY, TWENTY, "EUR", "acme"))
@example(products=[(None, "EUR", None, False), (None, None, "\u212aelvin", False)], wanted=Filters(brand="KELVIN"))
@settings(max_examples=200, deadline=None)
def test_any_filter_chooses_as_plain_python_does(connection, products, wanted):
    connection.execute("BEGIN")
    connection.execute("DELETE FROM products")
    connection.executemany(
        "INSERT INTO products (id, source_id, external_id, category_id, price, currency, brand, fingerprint, "
        "                      added_utc, changed_utc, retired_utc) VALUES (?, 1, ?, 1, ?, ?, ?, '', '', '', ?)",
        [
            (place, str(place), None if price is None else format(price, "f"), currency, brand,
             utc_now() if retired else None)
            for place, (price, currency, brand, retired) in enumerate(products, start=1)
        ],
    )  # fmt: skip
    connection.execute("COMMIT")
    assert passing(connection, wanted).tolist() == in_plain_python(products, wanted)
