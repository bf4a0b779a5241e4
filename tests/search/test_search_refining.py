"""Several photos as one, more like this, not this: where the vector goes, and what is then found."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import ImageEnhance
from tiny_shop import CATEGORIES, Shop, draw_product

from imgrec.catalogue.store import Catalogue
from imgrec.config import load_config
from imgrec.errors import OtherServingError
from imgrec.search.answer import Seen
from imgrec.search.refining import alike_by_chance, least_similarity, mean_vector, moved
from imgrec.search.serving import Serving
from imgrec.vision.vectors import unit_rows


@pytest.fixture
def serving(shop: Shop) -> Iterator[Serving]:
    with Serving.open(load_config(shop.config, {})) as opened:
        yield opened


@pytest.fixture
def own_serving(own_shop: Shop) -> Iterator[Serving]:
    with Serving.open(load_config(own_shop.config, {})) as opened:
        yield opened


@pytest.fixture
def ball(serving: Serving) -> Seen:
    return serving.see([draw_product("Balls", "red", 700)])[0]


VECTORS = unit_rows(np.random.default_rng(0).standard_normal((40, 16)).astype(np.float32))


def test_moving_is_towards_what_is_liked_and_away_from_what_is_not():
    photo, liked, disliked = VECTORS[:3]
    for vector, other, closer in [
        (moved(photo, [liked], []), liked, True),
        (moved(photo, [], [disliked]), disliked, False),
        (moved(photo, [liked], [disliked]), disliked, False),
    ]:
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
        assert (vector @ other > photo @ other) == closer
    assert np.array_equal(moved(photo, [], []), photo)


def test_a_mean_lies_between_its_vectors_and_the_least_alike_two_decide():
    one, other = VECTORS[:2]
    mean = mean_vector([one, other])
    assert mean @ one == pytest.approx(mean @ other, abs=1e-6)
    assert least_similarity([one, one, other]) == pytest.approx(one @ other)
    assert least_similarity([one]) == 1


def test_chance_is_that_of_the_shops_own_photos():
    pairs = (VECTORS @ VECTORS.T)[np.triu_indices(len(VECTORS), 1)]
    assert (pairs < alike_by_chance(VECTORS, 0.9)).mean() == pytest.approx(0.9, abs=0.01)
    assert alike_by_chance(VECTORS[:1]) == 1
    assert alike_by_chance(VECTORS[:0]) == 1


def test_a_product_is_seen_as_the_index_holds_it(serving: Serving):
    for category in CATEGORIES:
        found = serving.answer(serving.see([draw_product(category, "red", 4)])[0], category, threshold=-1).matches[0]
        seen = serving.seen_of_product(found.product.product_id)
        assert seen is not None
        assert serving.answer(seen, threshold=-1).scope == (category,)
        first = serving.answer(seen, threshold=-1).matches[0]
        assert (first.product, first.similarity) == (found.product, pytest.approx(1, abs=1e-5))
    assert serving.seen_of_product(10**9) is None


def test_what_is_left_out_is_never_found_and_the_rest_moves_up(serving: Serving, ball: Seen):
    before = serving.answer(ball, "Balls", threshold=-1, top=100).ranked
    gone = [rank.product_id for rank in before[::2]]
    assert serving.answer(ball, "Balls", threshold=-1, without=gone).ranked == before[1::2]


def test_one_variant_left_out_takes_the_others_with_it(own_serving: Serving, own_catalogue: Catalogue):
    seen = own_serving.see([draw_product("Balls", "red", 4)])[0]
    ids = [rank.product_id for rank in own_serving.answer(seen, "Balls").ranked]
    with own_catalogue.connection:
        own_catalogue.connection.executemany(
            "UPDATE products SET group_name = 'one ball' WHERE id = ?", [(id_,) for id_ in ids[:3]]
        )
    left = own_serving.answer(seen, "Balls", without=ids[1:2]).ranked
    assert [rank.product_id for rank in left] == ids[3:]


def test_refining_moves_the_photo_and_takes_the_category_of_what_is_liked_along(serving: Serving, ball: Seen):
    ranked = serving.answer(ball, "Balls", threshold=-1).ranked
    box = serving.answer(ball, "Boxes", threshold=-1).ranked[0].product_id
    liked, disliked = ranked[5].product_id, ranked[0].product_id
    refined = serving.refined(ball, [liked], [disliked])
    similarity = {rank.product_id: rank.similarity for rank in serving.answer(refined, "Balls", threshold=-1).ranked}
    assert similarity[liked] > similarity[disliked]
    to_a_box = serving.refined(ball, [box], []).probabilities - ball.probabilities
    assert to_a_box[list(serving.knowledge.labels).index("Boxes")] > 0
    assert np.array_equal(serving.refined(ball, [10**9], [10**9]).vector, ball.vector)


def test_several_photos_of_one_thing_are_one_and_of_several_things_are_not(serving: Serving):
    ball = draw_product("Balls", "red", 701)
    balls = serving.see([ball, ball.crop((3, 3, 93, 93)), ImageEnhance.Brightness(ball).enhance(0.95)])
    tent = serving.see([draw_product("Tents & Co", "green", 704)])
    assert serving.show_one_thing(balls)
    assert not serving.show_one_thing([*balls, *tent])
    together = serving.combined(balls)
    assert together.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert serving.answer(together, threshold=-1).matches[0].product.category == "Balls"


def test_what_another_serving_saw_is_refused(serving: Serving, ball: Seen):
    foreign = replace(ball, serving=replace(ball.serving, generation="generation-000099"))
    for use in (
        lambda: serving.refined(foreign, [], []),
        lambda: serving.combined([ball, foreign]),
        lambda: serving.show_one_thing([ball, foreign]),
    ):
        with pytest.raises(OtherServingError):
            use()
