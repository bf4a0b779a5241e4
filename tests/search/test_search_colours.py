"""A product is of the colours that its feed states, else its title names, else its photo shows."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from tiny_shop import Shop, draw_product

from imgrec import opening
from imgrec.catalogue.filters import Filters
from imgrec.catalogue.store import Catalogue
from imgrec.config import CatalogueSection, Config, load_config
from imgrec.database import utc_now
from imgrec.features.colour_names import COLOUR_NAMES
from imgrec.progress import Silent
from imgrec.search.colour_words import COLOUR_WORDS
from imgrec.search.product_colours import bits_of, names_of_products, names_said
from imgrec.search.serving import Serving

RED, BLUE, NAVY = [53, 80, 67, 1], [32, 79, -108, 1], [15, 20, -40, 1]  # L*, a*, b*, all of it


def in_words(names: int) -> set[str]:
    return {name for name in COLOUR_NAMES if names & bits_of([name])}


def photos(*colours: list[int]) -> np.ndarray:
    """Dominant colours of photos, each of one."""
    dominant = np.zeros((len(colours), 3, 4), np.float16)
    dominant[:, 0] = colours
    return dominant


@pytest.fixture
def named(tmp_path: Path) -> Callable[..., list[set[str]]]:
    """The colours that a shop says it has that has these, "TITLE by BRAND", and no others. stated: by title."""

    def of(*titles: str, stated: Mapping[str, list[str]] | None = None) -> list[set[str]]:
        with Catalogue.open(CatalogueSection(path=tmp_path / "catalogue.db", photos=tmp_path / "photos")) as catalogue:
            write = catalogue.connection.execute
            texts = {title: json.dumps(colours) for title, colours in (stated or {}).items()}
            write("INSERT INTO sources (id, name) VALUES (1, 'shop')")
            write("INSERT INTO categories (id, name) VALUES (1, '')")
            for number, (title, _, brand) in enumerate((title.partition(" by ") for title in titles), start=1):
                write(
                    "INSERT INTO products (id, source_id, external_id, title, brand, category_id, colours, "
                    "fingerprint, added_utc, changed_utc) VALUES (?, 1, ?, ?, ?, 1, ?, '', ?, ?)",
                    (number, str(number), title, brand or None, texts.get(title), utc_now(), utc_now()),
                )
            return [in_words(names) for names in names_said(catalogue)[1:].tolist()]

    return of


def test_a_title_names_colours_in_whole_words_that_its_brand_has_not(named):
    assert named(
        "RED canvas shoe", "Reduced, and redder", "Mug, white/black", "Drill, black & decker by Black & Decker",
        "Red drill by Black & Decker", "Navy-blue coat", "Off-white tee", "Olive green bag", "Gr\u00e8y cup", "",
    ) == [
        {"red"}, set(), {"white", "black"}, set(), {"red"}, {"navy", "blue"}, {"white"}, {"green"}, {"grey"}, set(),
    ]  # fmt: skip


def test_a_title_is_read_in_the_languages_that_the_shop_writes(named):
    assert named("Petrol can", *["Black shoe"] * 6) == [set(), *[{"black"}] * 6]


def test_a_shop_may_write_more_than_one_language_and_no_english(named):
    assert named("Чёрный чай", "Черный чай", "Синий шарф", "Rote Schuhe", "Kissen, petrol", "Weiß", "Red shoe") == [
        {"black"}, {"black"}, {"blue"}, {"red"}, {"turquoise"}, {"white"}, {"red"}
    ]  # fmt: skip


def test_without_a_title_nothing_is_named(named):
    assert named() == []


@pytest.mark.parametrize(
    ("colours", "names"),
    [
        (["hellgrau"], {"grey"}), (["Dunkelbraun"], {"brown"}), (["dunkelrotes"], {"red"}),
        (["Midnight Blue"], {"blue"}), (["dark grey/black"], {"grey", "black"}), (["Red", "WHITE"], {"red", "white"}),
        (["navy-blue"], {"navy", "blue"}), (["dark_blue"], {"navy", "blue"}), (["Black&White"], {"black", "white"}),
        (["Verde azulado"], {"turquoise"}), (["Weiß / dunkelblau"], {"white", "navy", "blue"}), (["rosa"], {"pink"}),
        (["Dunkelgrün", "hellgrau/hellrosa"], {"green", "grey", "pink"}), (["dunkelbraun"], {"brown"}),
        (["Темно-синий"], {"navy", "blue"}), (["गहरा नीला"], {"navy", "blue"}), (["Petrol"], {"turquoise"}),
        (["Multicolour"], {"green"}), (["Oak", "Redwood"], {"green"}), (["Oak", "Grau"], {"grey"}), ([], {"green"}),
    ],
)  # fmt: skip
def test_what_a_feed_states_counts_before_the_title_in_any_language_where_it_names_a_colour(named, colours, names):
    assert named("Green chair", "Green table", stated={"Green chair": colours}) == [names, {"green"}]


def test_the_title_counts_and_else_the_photo_that_is_shown():
    said = np.array([0, bits_of(["red"]), 0, bits_of(["blue"]), bits_of(["blue"]), bits_of(["red"])], np.uint16)
    product = np.array([1, 2, 2, 3, 4, 5])
    names = names_of_products(product, photos(BLUE, BLUE, RED, BLUE, NAVY, NAVY), said).tolist()
    assert [in_words(one) for one in names] == [{"red"}, {"blue"}, {"blue"}, {"blue"}, {"blue", "navy"}, {"red"}]
    assert names_of_products(product[:0], photos(BLUE)[:0], said).tolist() == []


def test_a_generation_from_before_titles_counted_goes_by_its_photos(make_index):
    vectors = np.eye(3, dtype=np.float32)
    register = make_index({"a": (vectors, [7, 7, 8], [1] * 3)}, colours=photos(RED, BLUE, BLUE)).register
    assert register.in_colours(["red"], []).tolist() == [True, True, False]


def rename(config: Config, product: int, title: str) -> None:
    with Catalogue.open(config.catalogue) as catalogue, catalogue.connection:
        catalogue.connection.execute("UPDATE products SET title = ? WHERE id = ?", (title, product))


def test_a_colour_in_a_title_counts_once_it_is_indexed_and_other_words_are_no_reason_to_index(own_shop: Shop):
    config = load_config(own_shop.config, {})
    with Catalogue.read(config.catalogue) as catalogue:
        [green] = catalogue.products_by_feed_id("bal-006")
    rename(config, green.product_id, "Crimson ball")
    assert opening.build(config, Silent()).changed
    with Serving.open(config) as serving:
        seen = serving.see([draw_product("Balls", "green", 6)])[0]
        for filters, passes in (
            (Filters(colours=("red",)), True), (Filters(without_colours=("red",)), False),
            (Filters(colours=("green",)), False), (Filters(without_colours=("green",)), True),
        ):  # fmt: skip
            matches = serving.answer(seen, threshold=-1, top=1000, filters=filters).matches
            assert (green.product_id in [match.product.product_id for match in matches]) == passes
    rename(config, green.product_id, "A crimson ball, and more of it")
    assert not opening.build(config, Silent()).changed


def test_the_feeds_colour_counts_before_the_title_once_it_is_indexed_and_no_photo_is_looked_at(own_shop: Shop):
    config = load_config(own_shop.config, {})

    def state(colours: str) -> None:
        with Catalogue.open(config.catalogue) as catalogue, catalogue.connection:
            catalogue.connection.execute("UPDATE products SET colours = ? WHERE external_id = 'bal-006'", (colours,))

    state('["Karminrot / rot"]')
    report = opening.build(config, Silent())
    assert (report.changed, report.computed) == (True, 0)
    with Serving.open(config) as serving:
        seen = serving.see([draw_product("Balls", "green", 6)])[0]
        for words, passes in (("red", True), ("not red", False), ("green", False), ("not green", True)):
            matches = serving.answer(seen, threshold=-1, top=1000, filters=serving.narrow(words).filters).matches
            assert ("bal-006" in [match.product.id for match in matches]) == passes
    state('["Rosso", "red"]')
    assert not opening.build(config, Silent()).changed
    state('["Rosso"]')
    assert opening.build(config, Silent()).changed


def test_every_language_has_words_for_every_colour():
    assert all(tuple(words) == COLOUR_NAMES for words in COLOUR_WORDS.values())
