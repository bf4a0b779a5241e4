"""The whole question: one generation, its eye and the catalogue together."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tiny_shop import CATEGORIES, PRODUCTS_A_CATEGORY, Shop, draw_product

from imgrec.catalogue.by_hand import change_product
from imgrec.catalogue.filters import Filters
from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, load_config
from imgrec.errors import CatalogueError, OtherServingError, SearchIndexError
from imgrec.search.naming import near_categories
from imgrec.search.serving import RANKED, Serving, pointer
from imgrec.sums import seal
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye

CATEGORY_OF = {name[:3].lower(): name for name in CATEGORIES}


@pytest.fixture
def serving(shop: Shop) -> Iterator[Serving]:
    with Serving.open(load_config(shop.config, {})) as opened:
        yield opened


@pytest.fixture
def own_serving(own_config: Config) -> Iterator[Serving]:
    with Serving.open(own_config) as opened:
        yield opened


def test_an_indexed_photo_finds_itself_at_one(shop: Shop, serving: Serving):
    found = shop.json("search", shop.folder / "photos" / "bal-001.jpg", "--category", "Balls")["matches"][0]
    assert (found["id"], found["similarity"]) == ("bal-001", pytest.approx(1, abs=1e-5))
    for photo in sorted((shop.folder / "photos").iterdir()):
        [seen] = serving.see([decode_photo(photo, serving.preprocessing.side_px)])
        first = serving.answer(seen, CATEGORY_OF[photo.stem[:3]], top=1).matches[0]
        assert (first.product.id, first.similarity) == (photo.stem, pytest.approx(1, abs=1e-5))


def test_matches_fall_in_similarity_reach_the_threshold_and_name_no_product_twice(serving: Serving):
    for seen in serving.see([draw_product(category, "red", 700) for category in CATEGORIES]):
        answer = serving.answer(seen, threshold=0.9, top=50)
        similarities = [match.similarity for match in answer.matches]
        assert similarities == sorted(similarities, reverse=True)
        assert all(similarity >= 0.9 for similarity in similarities)
        assert len({match.product.product_id for match in answer.matches}) == len(answer.matches)
        assert all(match.product.category in answer.scope for match in answer.matches)


def test_a_chosen_category_is_never_left(serving: Serving):
    [seen] = serving.see([draw_product("Balls", "red", 1)])
    for category in CATEGORIES:
        answer = serving.answer(seen, category, threshold=-1, top=1000)
        assert answer.scope == (category,)
        assert {match.product.category for match in answer.matches} == {category}
        assert len(answer.matches) == PRODUCTS_A_CATEGORY
        assert answer.category == serving.answer(seen).category  # the prediction, whatever was chosen


def test_scoping_is_as_configured(shop: Shop):
    undecided = np.array([0.4, 0.35, 0.25], np.float32)
    for scoping, names in (("hard", CATEGORIES[:1]), ("soft", CATEGORIES[:2]), ("all", CATEGORIES)):
        config = load_config(shop.config, {})
        section = config.search.model_copy(update={"scoping": scoping, "scope_mass": 0.7})
        with Serving.open(config.model_copy(update={"search": section})) as serving:
            [seen] = serving.see([draw_product("Balls", "red", 1)])
            assert serving.answer(replace(seen, probabilities=undecided)).scope == names


def test_the_nearest_is_told_even_when_nothing_is_similar_enough(serving: Serving):
    [seen] = serving.see([draw_product("Boxes", "blue", 800)])
    answer = serving.answer(seen, threshold=1.0)
    assert answer.matches == ()
    assert answer.nearest is not None
    assert 0 < answer.nearest.similarity < 1
    assert answer.nearest.likeness == pytest.approx(serving.knowledge.likeness.of(answer.nearest.similarity), abs=1e-4)


def test_an_answer_ranks_whatever_the_threshold_up_to_a_hundred_and_its_matches_are_the_first_of_these(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
):
    [seen] = serving.see([draw_product("Balls", "red", 700)])
    whole = serving.answer(seen, threshold=-1, top=1000)
    everything = [(match.product.product_id, match.similarity, match.likeness) for match in whole.matches]
    answer = serving.answer(seen, threshold=whole.matches[2].similarity, top=6)
    assert len(answer.matches) == 3
    assert [(rank.product_id, rank.similarity, rank.likeness) for rank in answer.ranked] == everything[:RANKED]
    monkeypatch.setattr("imgrec.search.serving.RANKED", 10)
    assert serving.answer(seen, threshold=1.0).ranked == answer.ranked[:10]
    assert len(serving.answer(seen, threshold=-1, top=12).matches) == 12
    assert "ranked" not in answer.as_json()


def test_a_retired_product_is_ranked_no_more(own_serving: Serving, own_catalogue: Catalogue):
    [seen] = own_serving.see([draw_product("Balls", "red", 4)])
    before = own_serving.answer(seen, "Balls").ranked
    gone = [rank.product_id for rank in before[::2]]
    own_catalogue.connection.executemany(
        "UPDATE products SET retired_utc = 'now' WHERE id = ?", [(product_id,) for product_id in gone]
    )
    assert own_serving.answer(seen, "Balls").ranked == before[1::2]


def test_filters_narrow_what_may_be_found_by_the_catalogue_as_it_is_now(own_serving: Serving, own_catalogue: Catalogue):
    [seen] = own_serving.see([draw_product("Balls", "red", 4)])
    cheap = Filters(most_price=Decimal("10.50"))
    found = own_serving.answer(seen, "Balls", threshold=-1, top=50, filters=cheap).matches
    assert found
    assert all(Decimal(match.product.price or "") <= Decimal("10.50") for match in found)
    dearer = found[0].product
    own_catalogue.connection.execute("UPDATE products SET price = '11.00' WHERE id = ?", (dearer.product_id,))
    again = own_serving.answer(seen, "Balls", threshold=-1, top=50, filters=cheap).matches
    assert [match.product.product_id for match in again] == [match.product.product_id for match in found[1:]]
    acme = own_serving.answer(seen, "Balls", threshold=-1, top=50, filters=Filters(brand="acme & sons")).matches
    assert {match.product.brand for match in acme} == {"Acme & Sons"}


def test_a_retired_product_vanishes_at_once_and_the_next_takes_its_place(
    own_serving: Serving, own_catalogue: Catalogue
):
    [seen] = own_serving.see([draw_product("Balls", "red", 4)])
    before = own_serving.answer(seen, "Balls", threshold=-1, top=8).matches
    gone = [match.product.product_id for match in before[:5]]
    own_catalogue.connection.executemany(
        "UPDATE products SET retired_utc = 'now' WHERE id = ?", [(product_id,) for product_id in gone]
    )
    after = own_serving.answer(seen, "Balls", threshold=-1, top=3).matches
    assert after == before[5:8]


def test_a_product_moved_to_another_category_no_longer_answers_for_the_old_one(
    own_serving: Serving, own_catalogue: Catalogue
):
    [seen] = own_serving.see([draw_product("Balls", "red", 4)])
    moved = own_serving.answer(seen, "Balls", threshold=-1).matches[0].product.product_id
    own_catalogue.connection.execute(
        "UPDATE products SET category_id = (SELECT id FROM categories WHERE name = 'Boxes') WHERE id = ?", (moved,)
    )
    matches = own_serving.answer(seen, "Balls", threshold=-1, top=100).matches
    assert {match.product.category for match in matches} == {"Balls"}
    assert len(matches) == PRODUCTS_A_CATEGORY - 1


def test_a_category_is_understood_whatever_its_capitals_and_a_wrong_one_names_the_nearest(serving: Serving):
    assert serving.category_named("  tents  &  CO ") == "Tents & Co"
    with pytest.raises(CatalogueError, match="Nearest: Boxes"):
        serving.category_named("boxe")


@pytest.mark.parametrize(
    ("written", "near"),
    [("sport", ["Sports"]), ("PETS", ["Pet Supplies"]), ("tv", ["Movies & TV"]), ("m", []), ("xyz", []),
     ("mo", ["Movies & TV"]), ("gardn", ["Lawn & Garden"])],
)  # fmt: skip
def test_who_writes_a_category_halfway_or_with_a_slip_is_offered_those_near_it(written: str, near: list[str]):
    assert near_categories(written, ["Lawn & Garden", "Movies & TV", "Music", "Pet Supplies", "Sports"]) == near


def test_a_new_generation_shows_in_the_pointer_and_nothing_else_does(own_shop: Shop, own_config: Config):
    before = pointer(own_config)
    (own_shop.folder / "models" / "CURRENT").write_text("another\n")
    assert pointer(own_config) == before
    (own_shop.folder / "models" / "CURRENT").write_text("tiny\n")
    own_shop.index_again()
    assert pointer(own_config) != before


def test_what_one_serving_saw_is_refused_by_another(own_shop: Shop, own_config: Config, own_serving: Serving):
    [seen] = own_serving.see([draw_product("Balls", "red", 4)])
    own_shop.index_again()
    with Serving.open(own_config) as newer, pytest.raises(OtherServingError, match="Look at it again"):
        newer.answer(seen)
    assert own_serving.answer(seen).serving == seen.serving == own_serving.id


def test_an_index_takes_few_file_descriptors_whatever_the_number_of_categories(own_config: Config):
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("the system does not tell which files are open")
    before = len(list(descriptors.iterdir()))
    with Serving.open(own_config):
        assert len(list(descriptors.iterdir())) - before <= 12
    assert len(list(descriptors.iterdir())) <= before + 1


def test_an_index_made_in_another_arithmetic_serves_only_where_that_was_measured_to_find_the_same(
    own_config: Config, monkeypatch: pytest.MonkeyPatch
):
    record = next(own_config.index.path.glob("generation-*/index.json"))
    made_in = record.read_text()

    def made_by(arithmetic: str) -> None:
        start = made_in.index('"arithmetic": [')
        end = made_in.index("]", start)
        record.write_text(f'{made_in[:start]}"arithmetic": ["{arithmetic}"{made_in[end:]}')
        seal(record.parent)

    made_by("float32")
    with Serving.open(own_config) as serving:
        assert serving.eye.arithmetic == "float32" or serving.eye.can_be_compared_with("float32")
    made_by("bfloat16")
    monkeypatch.setattr(Eye, "can_be_compared_with", lambda self, arithmetic: arithmetic == "float32")
    with pytest.raises(SearchIndexError, match="Build it anew here with: imgrec index"):
        Serving.open(own_config)


def test_a_model_that_is_gone_is_named_with_the_way_out(own_shop: Shop, own_config: Config):
    (own_shop.folder / "models" / "tiny").rename(own_shop.folder / "elsewhere")
    with pytest.raises(Exception, match=r"is not at .*models. Put it back there, or make an index with another"):
        Serving.open(own_config)


def changed(config: Config, statement: str, **settings: str) -> Config:
    """The shop after a change of its catalogue, searched with other settings."""
    with Catalogue.open(config.catalogue) as catalogue, catalogue.connection:
        catalogue.connection.execute(statement)
    return config.model_copy(update={"search": config.search.model_copy(update=settings)})


@pytest.mark.parametrize(("setting", "shown", "is_marked"), [("hide", 0, False), ("mark", 1, True), ("show", 1, False)])
def test_what_is_out_of_stock_is_hidden_marked_or_shown(own_config: Config, setting: str, shown: int, is_marked: bool):
    config = changed(
        own_config, "UPDATE products SET in_stock = (external_id != 'bal-001')", out_of_stock=setting, variants="each"
    )
    with Serving.open(config) as serving:
        [photo] = [one for one in serving.catalogue.on_sale() if serving.catalogue.products([one.product_id])[
            one.product_id].id == "bal-001"]  # fmt: skip
        [seen] = serving.see([decode_photo(serving.catalogue.photos.path(photo.sha256), serving.preprocessing.side_px)])
        for filters, expected in ((None, shown), (Filters(out_of_stock=True), 1)):
            matches = serving.answer(seen, "Balls", threshold=-1, top=100, filters=filters).matches
            found = [match for match in matches if match.product.id == "bal-001"]
            assert len(found) == expected
            assert [match.is_marked_gone for match in found] == [setting != "show"] * expected
            assert len(matches) == PRODUCTS_A_CATEGORY - 1 + expected
        assert not is_marked or "out of stock" in found[0].price_in_words()


def test_what_sold_out_just_now_is_hidden_by_what_serves_already(own_config: Config, own_serving: Serving):
    [seen] = own_serving.see([draw_product("Balls", "red", 700)])

    def found(filters: Filters | None = None) -> set[str]:
        return {
            match.product.id
            for match in own_serving.answer(seen, "Balls", threshold=-1, top=100, filters=filters).matches
        }

    assert {"bal-001", "bal-002"} <= found()
    with Catalogue.open(own_config.catalogue) as catalogue:
        change_product(catalogue, "bal-001", {"availability": "sold out"})
    assert "bal-001" not in found()
    assert "bal-001" not in found(Filters(without_words=("kite",)))
    assert "bal-001" in found(Filters(out_of_stock=True))


@pytest.mark.parametrize("setting", ["one", "each"])
def test_variants_of_a_product_are_one_card_with_the_lowest_price(own_config: Config, setting: str):
    config = changed(
        own_config,
        "UPDATE products SET group_name = substr(external_id, 1, 3), price = 10 + id || '.00', currency = 'EUR'",
        variants=setting,
    )
    with Serving.open(config) as serving:
        [seen] = serving.see([draw_product("Balls", "red", 700)])
        answer = serving.answer(seen, "Balls", threshold=-1, top=100)
        nearest, lowest = answer.matches[0], min(Decimal(match.product.price or 0) for match in answer.matches)
        if setting == "each":
            assert len(answer.matches) == PRODUCTS_A_CATEGORY
            assert {match.from_price for match in answer.matches} == {None}
            assert nearest.price_in_words() == f"{nearest.product.price} EUR"
        else:
            assert [match.product for match in answer.matches] == [nearest.product]
            assert answer.nearest
            assert nearest.product == answer.nearest.product
            assert Decimal(nearest.from_price or 0) <= lowest
            assert nearest.price_in_words() == f"from {nearest.from_price} EUR"
