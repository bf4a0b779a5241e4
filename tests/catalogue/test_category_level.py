"""Categories are taken from where the feed's tree tells products apart."""

import pytest

from imgrec.catalogue.category_level import at_level, level_of
from imgrec.catalogue.feed import FeedRow, Reason, Rejection
from imgrec.catalogue.formats.google import path_of


def rows(*paths: str):
    for line, path in enumerate(paths, 2):
        if path == "rejected":
            yield line, Rejection(line, "", Reason.BAD_ROW, "")
        else:
            yield line, FeedRow(str(line), "Lamp", None, "a.jpg", path=tuple(path_of(path)))


@pytest.mark.parametrize(
    ("paths", "level"),
    [
        (["Home > Lamps", "Toys > Cars"], 1),
        (["Home > Lamps", "Home > Rugs"], 2),
        (["Home > Lighting > Lamps", "Home > Lighting > Candles"], 3),
        (["Home > Lamps"] * 19 + ["Toys > Cars"], 1),  # nothing tells these apart, and a level deeper does no better
        (["Home > Lamps"] * 10 + ["Home > Rugs"] * 9 + ["Toys > Cars"], 2),
        (["Home > Lamps"] * 5, 1),
        (["Home", "Home > Rugs"], 2),
        (["", "rejected"], 1),
        ([], 1),
    ],
)
def test_the_broadest_level_that_tells_products_apart(paths, level):
    assert level_of(rows(*paths), lambda ids: {}) == level


def test_a_long_feed_is_not_read_to_its_end():
    left = rows(*["Home > Lamps"] * 4000)
    assert level_of(left, lambda ids: {}) == 1
    assert sum(1 for _ in left) == 3000


def test_the_level_that_categories_are_of_already_is_kept_while_it_tells_anything_apart():
    both = ["Home > Lamps", "Toys > Cars"] * 5
    assert level_of(rows(*both), lambda ids: dict.fromkeys(ids[::2], "Lamps")) == 2
    assert level_of(rows(*both), lambda ids: {ids[0]: "Lamps", ids[1]: "Other", ids[2]: "Other"}) == 1
    mostly = ["Home > Lamps"] * 19 + ["Toys > Cars"]
    assert level_of(rows(*mostly), lambda ids: {ids[0]: "Home"}) == 1
    assert level_of(rows("Home > Lamps", "Home > Rugs"), lambda ids: dict.fromkeys(ids, "Home")) == 2


def test_a_product_that_stands_higher_up_keeps_its_own():
    assert at_level(("Home", "Lamps"), 1) == "Home"
    assert at_level(("Home", "Lamps"), 4) == "Lamps"


def test_one_category_for_a_whole_shop_becomes_those_below_it(market):
    feed = market.folder / "merchant.txt"
    lines = [f"{n}\tLamp\thttps://shop.example/{n}.jpg\tHome > {'Lamps' if n % 2 else 'Rugs > Wool'}" for n in range(8)]
    feed.write_text("id\ttitle\timage_link\tproduct_type\n" + "\n".join(lines))
    market.take(feed)
    assert {(product.category, product.kind) for product in map(market.product, map(str, range(8)))} == {
        ("Lamps", None), ("Rugs", "Wool"),
    }  # fmt: skip
    market.take(feed, category_level=1)
    assert {product.category for product in map(market.product, map(str, range(8)))} == {"Home"}
    market.take(feed, category_level=3)
    assert {product.category for product in map(market.product, map(str, range(8)))} == {"Lamps", "Wool"}


def test_a_table_that_files_all_under_one_head_gives_the_categories_below_it(market):
    rows = [{"id": id_, "category": f"Shop > {name}"} for id_, name in (("1", "Balls"), ("2", "Boxes > Tins"))]
    market.bring_in(*rows)
    assert [(market.product(id_).category, market.product(id_).kind) for id_ in "12"] == [
        ("Balls", None), ("Boxes", "Tins"),
    ]  # fmt: skip
    market.bring_in(*rows, category_level=1)
    assert {market.product(id_).category for id_ in "12"} == {"Shop"}


def test_products_whose_feed_names_no_category_may_be_given_one(market):
    market.bring_in({"id": "1", "category": ""}, {"id": "2", "category": "Boxes"}, category="Balls")
    assert (market.product("1").category, market.product("2").category) == ("Balls", "Boxes")
