"""The whole question: model, index and catalogue together."""

from collections.abc import Iterator

import numpy as np
import pytest
from tiny_shop import CATEGORIES, PRODUCTS_A_CATEGORY, Shop, draw_product

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, load_config
from imgrec.errors import CatalogueError
from imgrec.search.searcher import Searcher, Seen, near_categories, pointers
from imgrec.vision.decode import decode_photo

CATEGORY_OF = {name[:3].lower(): name for name in CATEGORIES}


@pytest.fixture
def searcher(shop: Shop) -> Iterator[Searcher]:
    with Searcher.open(load_config(shop.config, {})) as opened:
        yield opened


@pytest.fixture
def own_searcher(own_config: Config) -> Iterator[Searcher]:
    with Searcher.open(own_config) as opened:
        yield opened


def test_an_indexed_photo_finds_itself_at_one(shop: Shop, searcher: Searcher):
    found = shop.json("search", shop.folder / "photos" / "bal-001.jpg", "--category", "Balls")["matches"][0]
    assert (found["id"], found["similarity"]) == ("bal-001", pytest.approx(1, abs=1e-5))
    side_px = searcher.recogniser.model.settings.preprocessing.side_px
    for photo in sorted((shop.folder / "photos").iterdir()):
        [seen] = searcher.see([decode_photo(photo, side_px)])
        first = searcher.answer(seen, CATEGORY_OF[photo.stem[:3]], top=1).matches[0]
        assert (first.product.id, first.similarity) == (photo.stem, pytest.approx(1, abs=1e-5))


def test_matches_fall_in_similarity_reach_the_threshold_and_name_no_product_twice(searcher: Searcher):
    for seen in searcher.see([draw_product(category, "red", 700) for category in CATEGORIES]):
        answer = searcher.answer(seen, threshold=0.9, top=50)
        similarities = [match.similarity for match in answer.matches]
        assert similarities == sorted(similarities, reverse=True)
        assert all(similarity >= 0.9 for similarity in similarities)
        assert len({match.product.product_id for match in answer.matches}) == len(answer.matches)
        assert all(match.product.category in answer.scope for match in answer.matches)


def test_a_chosen_category_is_never_left(searcher: Searcher):
    [seen] = searcher.see([draw_product("Balls", "red", 1)])
    for category in CATEGORIES:
        answer = searcher.answer(seen, category, threshold=-1, top=1000)
        assert answer.scope == (category,)
        assert {match.product.category for match in answer.matches} == {category}
        assert len(answer.matches) == PRODUCTS_A_CATEGORY
        assert answer.category == searcher.answer(seen).category  # the prediction, whatever was chosen


def test_scoping_is_as_configured(shop: Shop):
    undecided = np.array([0.4, 0.35, 0.25], np.float32)
    for scoping, names in (("hard", CATEGORIES[:1]), ("soft", CATEGORIES[:2])):
        config = load_config(shop.config, {})
        section = config.search.model_copy(update={"scoping": scoping, "scope_mass": 0.7})
        with Searcher.open(config.model_copy(update={"search": section})) as searcher:
            feature = searcher.see([draw_product("Balls", "red", 1)])[0].feature
            assert searcher.answer(Seen(undecided, feature)).scope == names


def test_the_best_similarity_is_told_even_when_nothing_is_similar_enough(searcher: Searcher):
    [seen] = searcher.see([draw_product("Boxes", "blue", 800)])
    answer = searcher.answer(seen, threshold=1.0)
    assert answer.matches == ()
    assert answer.best_similarity is not None
    assert 0 < answer.best_similarity < 1


def test_a_retired_product_vanishes_at_once_and_the_next_takes_its_place(
    own_searcher: Searcher, own_catalogue: Catalogue
):
    [seen] = own_searcher.see([draw_product("Balls", "red", 4)])
    before = own_searcher.answer(seen, "Balls", threshold=-1, top=8).matches
    gone = [match.product.product_id for match in before[:5]]
    own_catalogue.connection.executemany(
        "UPDATE products SET retired_utc = 'now' WHERE id = ?", [(product_id,) for product_id in gone]
    )
    after = own_searcher.answer(seen, "Balls", threshold=-1, top=3).matches
    assert after == before[5:8]


def test_a_product_moved_to_another_category_no_longer_answers_for_the_old_one(
    own_searcher: Searcher, own_catalogue: Catalogue
):
    [seen] = own_searcher.see([draw_product("Balls", "red", 4)])
    moved = own_searcher.answer(seen, "Balls", threshold=-1).matches[0].product.product_id
    own_catalogue.connection.execute(
        "UPDATE products SET category_id = (SELECT id FROM categories WHERE name = 'Boxes') WHERE id = ?", (moved,)
    )
    matches = own_searcher.answer(seen, "Balls", threshold=-1, top=100).matches
    assert {match.product.category for match in matches} == {"Balls"}
    assert len(matches) == PRODUCTS_A_CATEGORY - 1


def test_a_category_is_understood_whatever_its_capitals_and_a_wrong_one_names_the_nearest(searcher: Searcher):
    assert searcher.category_named("  tents  &  CO ") == "Tents & Co"
    with pytest.raises(CatalogueError, match="Nearest: Boxes"):
        searcher.category_named("boxe")


@pytest.mark.parametrize(
    ("written", "near"),
    [("sport", ["Sports"]), ("PETS", ["Pet Supplies"]), ("tv", ["Movies & TV"]), ("m", []), ("xyz", []),
     ("mo", ["Movies & TV"]), ("gardn", ["Lawn & Garden"])],
)  # fmt: skip
def test_who_writes_a_category_halfway_or_with_a_slip_is_offered_those_near_it(written: str, near: list[str]):
    assert near_categories(written, ["Lawn & Garden", "Movies & TV", "Music", "Pet Supplies", "Sports"]) == near


def test_a_new_index_or_model_shows_in_the_pointers(own_shop: Shop, own_config: Config):
    before = pointers(own_config)
    assert pointers(own_config) == before
    own_shop.imgrec("index", "--rebuild")
    rebuilt = pointers(own_config)
    assert rebuilt != before
    model = own_shop.folder / "models"
    (model / "tiny").rename(model / "renamed")
    (model / "CURRENT").write_text("renamed\n")
    assert pointers(own_config) != rebuilt
