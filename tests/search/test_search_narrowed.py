"""Filters act inside the search: it finds what the whole search finds, less what does not pass."""

import re
from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_shop import CATEGORIES, COLOURS, Shop, draw_product

from imgrec.catalogue.filters import Filters
from imgrec.catalogue.store import Product
from imgrec.config import load_config
from imgrec.features.colour_names import COLOUR_NAMES, names_of
from imgrec.features.colours import dominant_colours
from imgrec.search.answer import Answer, Seen
from imgrec.search.product_colours import bits_of
from imgrec.search.serving import Serving
from imgrec.vision.decode import decode_photo

EVERYTHING = {"threshold": -1, "top": 1000}


@pytest.fixture(scope="module")
def serving(shop: Shop) -> Iterator[Serving]:
    with Serving.open(load_config(shop.config, {})) as opened:
        yield opened


@pytest.fixture(scope="module")
def seen(serving: Serving) -> Seen:
    return serving.see([draw_product("Balls", "red", 4)])[0]


@pytest.fixture(scope="module")
def colours_of(serving: Serving, seen: Seen) -> dict[int, set[str]]:
    """By product, the names of its colours: its title's, else its photo's."""
    found = {}
    for match in (match for name in CATEGORIES for match in serving.answer(seen, name, **EVERYTHING).matches):
        photo = decode_photo(match.product.photo, serving.preprocessing.side_px)
        [named] = names_of(np.float16(dominant_colours(photo))[None])
        shown = {name for name, is_shown in zip(COLOUR_NAMES, named, strict=True) if is_shown}
        said = {*COLOURS}.intersection((match.product.title or "").split())
        found[match.product.product_id] = said | (shown & {"navy"} if "blue" in said else set()) if said else shown
    return found


def passes(product: Product, colours: set[str], wanted: Filters) -> bool:
    """Whether a product is what the filters ask for, in plain Python."""
    price = None if product.price is None else Decimal(product.price)
    words = re.findall(r"\w+", f"{product.title} {product.brand or ''}".lower())

    def has(word: str) -> bool:
        return any(each == word if word.isdecimal() else each.startswith(word) for each in words)

    return (
        (wanted.least_price is None or (price is not None and price >= wanted.least_price))
        and (wanted.most_price is None or (price is not None and price <= wanted.most_price))
        and (wanted.brand is None or product.brand == wanted.brand)
        and all(map(has, wanted.words))
        and not any(map(has, wanted.without_words))
        and (not wanted.colours or not colours.isdisjoint(wanted.colours))
        and colours.isdisjoint(wanted.without_colours)
    )


PRICES = st.none() | st.decimals(0, 40, places=1)
WORDS = st.lists(st.sampled_from(["red", "bal", "box", "12", "chips", "acme", "nothing"]), max_size=2).map(tuple)
NAMES = st.lists(st.sampled_from([*COLOURS, "orange", "black"]), max_size=2).map(tuple)
FILTERS = st.builds(
    Filters, PRICES, PRICES, brand=st.sampled_from([None, None, "Acme & Sons"]), words=WORDS, without_words=WORDS,
    colours=NAMES, without_colours=NAMES,
)  # fmt: skip


@given(wanted=FILTERS, category=st.sampled_from(CATEGORIES))
@settings(max_examples=150, deadline=None)
def test_a_narrowed_search_finds_what_the_whole_one_finds_of_what_passes(serving, seen, colours_of, wanted, category):
    everything = serving.answer(seen, category, **EVERYTHING).matches
    expected = [match for match in everything if passes(match.product, colours_of[match.product.product_id], wanted)]
    assert list(serving.answer(seen, category, filters=wanted, **EVERYTHING).matches) == expected


def narrowed(serving: Serving, seen: Seen, words: str) -> tuple[Answer, tuple[str, ...]]:
    narrowing = serving.narrow(words)
    return serving.answer(seen, filters=narrowing.filters, **EVERYTHING), narrowing.unused


def test_words_beside_a_photo_narrow_the_answer(serving: Serving, seen: Seen):
    answer, unused = narrowed(serving, seen, "something like this in blue, under 30 please, by Acme, size 42")
    assert answer.matches
    for match in answer.matches:
        assert (match.product.kind, match.product.brand) == ("blue", "Acme & Sons")
        assert Decimal(match.product.price or "") <= 30
    assert unused == ("size 42",)


def test_a_product_is_of_one_of_the_colours_and_of_none_of_the_others(make_index):
    colours = np.array([bits_of(["red"])] * 2 + [bits_of(["blue"])] * 2)
    register = make_index(
        {"Balls": (np.eye(4, dtype=np.float32), [7, 7, 8, 8], [1, 1, 2, 2])}, colours=colours
    ).register
    assert register.in_colours(["red"], []).tolist() == [True, True, False, False]
    assert register.in_colours([], ["red"]).tolist() == [False, False, True, True]
    assert register.in_colours(["red", "blue"], []).all()
    assert not register.in_colours(["red"], ["red"]).any()


def test_the_command_says_which_words_it_used(shop: Shop):
    photo = shop.folder / "photos" / "bal-001.jpg"
    found = shop.json("search", photo, "--words", "Red under 20, nice", "--threshold", "-1")
    assert found["words"] == {
        "used": [
            {"kind": "colour", "value": "red", "words": "Red", "currency": None},
            {"kind": "most_price", "value": "20", "words": "under 20", "currency": "EUR"},
        ],
        "unused": ["nice"],
    }
    assert found["matches"]
    assert all(Decimal(match["price"]) <= 20 for match in found["matches"])
    assert "words" not in shop.json("search", photo)
    said = shop.imgrec("search", photo, "--words", "Red under 20, nice").stdout
    assert "Understood: Red (colour), under 20 (highest price). Could not be used: nice." in said
