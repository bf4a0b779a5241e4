"""What the photos nearest to one say of its category, and that they are heard where more is right by it."""

from dataclasses import replace

import numpy as np
from tiny_shop import Shop

from imgrec.config import Config
from imgrec.progress import Silent
from imgrec.search.build import build_index
from imgrec.search.learning import learn
from imgrec.search.neighbours import Neighbours
from imgrec.search.ranking import Photos
from imgrec.search.search_index import SearchIndex
from imgrec.search.serving import Serving
from imgrec.search.trial import ShopPhotos
from imgrec.vision.eye import Eye, Outputs
from imgrec.vision.vectors import softmax, unit_rows


def a_chessboard(*, each: int = 60, seed: int = 0) -> ShopPhotos:
    """Two categories, each of two things that lie opposite each other: a neighbour tells what no plane does."""
    rng = np.random.default_rng(seed)
    corner = np.tile([(1, 1), (-1, -1), (1, -1), (-1, 1)], (each, 1))
    label = (corner.prod(axis=1) < 0).astype(np.int64)
    number = np.arange(len(label))

    def taken(noise: float) -> Outputs:
        places = np.concatenate([corner, np.zeros((len(label), 2))], axis=1) + rng.normal(
            scale=noise, size=(len(label), 4)
        )
        return Outputs(unit_rows(places.astype(np.float32)).astype(np.float16), np.zeros((len(label), 0), np.float32))

    photos = Photos(
        features=np.zeros((len(label), 1), np.float32), product=number, label=label, kind=label, group=number,
        rank=np.zeros(len(label), np.int64),
    )  # fmt: skip
    seen, nobody = taken(0.2), np.arange(0)
    views = seen, number, taken(0.3), nobody, seen.take(nobody)
    return ShopPhotos(("white", "black"), photos, *views, learned=np.zeros(len(label), bool))


def test_what_is_added_is_the_logarithm_of_all_that_speak_for_a_category():
    rng = np.random.default_rng(0)
    vectors, queries = (unit_rows(rng.normal(size=(n, 16)).astype(np.float32)) for n in (50, 7))
    label = rng.integers(0, 3, 50)
    said = Neighbours(vectors, label, 4)(queries)
    exact = np.exp(20 * (queries.astype(np.float64) @ vectors.astype(np.float16).astype(np.float64).T - 1))
    expected = np.stack([np.log(exact[:, label == category].sum(axis=1)) for category in range(3)], axis=1)
    np.testing.assert_allclose(said[:, :3], expected, rtol=1e-4, atol=1e-4)
    assert (said.argmax(axis=1) < 3).all()  # the fourth category has nobody to speak for it


def test_many_queries_are_answered_as_one_is(monkeypatch):
    rng = np.random.default_rng(1)
    vectors, queries = (unit_rows(rng.normal(size=(n, 8)).astype(np.float32)) for n in (40, 21))
    neighbours = Neighbours(vectors, rng.integers(0, 2, 40), 2)
    at_once = neighbours(queries)
    monkeypatch.setattr("imgrec.search.neighbours._CELLS_AT_ONCE", 130)
    np.testing.assert_allclose(neighbours(queries), at_once, rtol=1e-6)


def test_nobody_there_says_nothing():
    none = Neighbours(np.zeros((0, 8), np.float32), np.zeros(0, np.int64), 2)
    assert (none(np.ones((3, 8), np.float32)) == none(np.zeros((1, 8), np.float32))).all()


def test_they_are_heard_where_no_plane_tells_categories_apart():
    shop = a_chessboard()
    known = learn(shop, (), 0.9, 6)
    assert known.knowledge.hears_neighbours
    assert known.knowledge.expected.category["shop"].value > 0.9
    alone = known.head(shop.seen.features)
    assert (alone.argmax(axis=1) == shop.photos.label).mean() < 0.8


def test_they_are_not_heard_where_they_bring_nothing():
    rng = np.random.default_rng(2)
    shop = a_chessboard()
    label = rng.integers(0, 2, len(shop))  # by lot, and written down in front of a photo that says nothing else

    def taken() -> Outputs:
        seen = np.concatenate([np.eye(2)[label], 2 * rng.normal(size=(len(shop), 30))], axis=1)
        return Outputs(unit_rows(seen.astype(np.float32)).astype(np.float16), shop.seen.logits)

    seen = taken()
    shop = replace(shop, photos=replace(shop.photos, label=label), seen=seen, in_pieces=seen.take(shop.stranger))
    known = learn(replace(shop, by_telephone=taken()), (), 0.9, 6)
    assert not known.knowledge.hears_neighbours
    assert known.neighbours is None


def test_an_index_keeps_them_and_a_serving_hears_them(own_shop: Shop, own_config: Config, eye: Eye):
    build_index(own_config, eye, False, Silent())
    with Serving.open(own_config) as serving:
        index: SearchIndex = serving.index
        knowledge = index.record.knowledge
        assert (index.learned.neighbours is not None) == knowledge.hears_neighbours
        outputs = Outputs(np.eye(4, eye.model.settings.feature.dim, dtype=np.float16),
                          np.zeros((4, len(eye.model.settings.labels)), np.float32))  # fmt: skip
        said = Neighbours(
            index.vectors(np.arange(len(index.register))),
            np.zeros(len(index.register), np.int64),
            len(knowledge.labels),
        )
        index.learned = replace(index.learned, neighbours=said)
        vectors = index.learned.whitening(outputs.features)
        plain = replace(index.learned, neighbours=None).logits(outputs, vectors, eye.model.settings.labels)
        expected = softmax((plain + said(vectors)) / np.float32(knowledge.temperature))
        np.testing.assert_allclose(serving.probabilities(outputs), expected, rtol=1e-5)
