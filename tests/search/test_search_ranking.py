"""Searching with many queries at once gives what the search itself gives one by one."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_shop import write_config

from imgrec.config import load_config
from imgrec.search.joint import Joint
from imgrec.search.ranking import (
    UNKNOWN,
    Gallery,
    Photos,
    nearest,
    numbered,
    numbered_kinds,
    own_category,
    searched,
)
from imgrec.search.serving import Serving
from imgrec.vision.decode import decode_photo
from imgrec.vision.vectors import unit_rows

ROUNDING = 5e-4
"""In bfloat16 a photo may come out a little different in a batch of others: the index saw it so, the test alone."""


def photos(features, product, label=None, group=None, rank=None) -> Photos:
    count = len(product)
    return Photos(
        unit_rows(np.array(features, np.float32)), np.array(product),
        np.array(label if label is not None else [0] * count), np.full(count, UNKNOWN),
        np.array(group if group is not None else product), np.array(rank if rank is not None else product),
    )  # fmt: skip


def query(feature, group=-5, label=0) -> Photos:
    return photos([feature], [-5], [label], [group])


def found(ranked, gallery: Gallery) -> list[int]:
    return [int(gallery.products.product[row]) for row in ranked.product[0] if row >= 0]


EVERYWHERE = np.array([[True, True, True]])


def test_products_come_in_falling_similarity_each_once_by_its_most_similar_photo():
    gallery = Gallery(photos([[1, 0], [0, 1], [4, 3], [3, 4]], [7, 7, 8, 9]))
    ranked = nearest(query([0, 1]), gallery, EVERYWHERE, 10)
    assert found(ranked, gallery) == [7, 9, 8]
    assert ranked.similarity[0, :3].tolist() == [1.0, 0.8, 0.6]
    assert ranked.product[0, 3:].tolist() == [-1] * 7
    assert np.all(np.isneginf(ranked.similarity[0, 3:]))


def test_of_equal_matches_the_better_selling_comes_first_then_the_older_also_where_the_list_ends():
    gallery = Gallery(photos([[1, 0]] * 5 + [[0, 1]], [5, 4, 3, 2, 1, 6], rank=[1, 9, 2, 2, 9, 1]))
    assert found(nearest(query([1, 0]), gallery, EVERYWHERE, 10), gallery) == [5, 2, 3, 1, 4, 6]
    assert found(nearest(query([1, 0]), gallery, EVERYWHERE, 2), gallery) == [5, 2]


def test_the_scope_is_never_left_and_the_own_group_never_found():
    gallery = Gallery(photos([[1, 0]] * 4, [1, 2, 3, 4], label=[0, 1, 0, 1], group=[9, 9, 8, 7]))
    assert found(nearest(query([1, 0], group=9), gallery, EVERYWHERE, 10), gallery) == [3, 4]
    assert found(nearest(query([1, 0], group=9), gallery, np.array([[False, True, False]]), 10), gallery) == [4]
    assert found(nearest(query([1, 0], group=9), gallery, np.array([[False, False, False]]), 10), gallery) == []


def test_many_queries_in_parts_find_what_comparing_with_everything_finds(monkeypatch):
    rng = np.random.default_rng(3)
    gallery_photos = photos(rng.normal(size=(300, 5)), rng.integers(0, 120, 300), group=np.zeros(300))
    label = gallery_photos.product % 3
    gallery_photos = replace(
        gallery_photos, label=label, group=gallery_photos.product // 2, rank=gallery_photos.product
    )
    queries = photos(rng.normal(size=(40, 5)), np.arange(40), group=rng.integers(0, 60, 40))
    in_scope = rng.random((40, 4)) < 0.6
    monkeypatch.setattr("imgrec.search.ranking._CELLS_AT_ONCE", 7 * 300)
    gallery = Gallery(gallery_photos)
    ranked = nearest(queries, gallery, in_scope, 10)
    for row in range(40):
        best: dict[int, float] = {}
        for at in range(300):
            allowed = in_scope[row, label[at]] and gallery_photos.group[at] != queries.group[row]
            similarity = float(np.round(gallery_photos.features[at] @ queries.features[row], 6))
            product = int(gallery_photos.product[at])
            if allowed and similarity > best.get(product, -2):
                best[product] = similarity
        expected = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
        got = [int(gallery.products.product[at]) for at in ranked.product[row] if at >= 0]
        assert got == [product for product, _ in expected]
        assert ranked.similarity[row, : len(got)] == pytest.approx([similarity for _, similarity in expected], abs=2e-6)


def test_scopes_are_those_of_the_bot_among_categories_that_have_photos():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]], np.float32)
    every, second = np.array([True, True, True]), np.array([False, True, True])
    yes, no = True, False  # the last column: products without a category, which may be of any
    assert searched(probabilities, every, "hard", 0.9).tolist() == [[yes, no, no, yes], [no, yes, no, yes]]
    assert searched(probabilities, every, "soft", 0.8).tolist() == [[yes, yes, no, yes], [no, yes, no, yes]]
    assert searched(probabilities, second, "hard", 0.9).tolist() == [[no, yes, no, yes], [no, yes, no, yes]]
    assert searched(probabilities, second, "all", 0.9).tolist() == [[no, yes, yes, yes]] * 2
    assert own_category(np.array([2, 0]), 3).tolist() == [[no, no, yes, no], [yes, no, no, no]]


def test_names_become_numbers_and_kinds_belong_to_their_category():
    assert numbered(["b", None, "a", "b"]).tolist() == [0, UNKNOWN, 1, 0]
    kinds = numbered_kinds(["Balls", "Boxes", "Balls", "Balls"], ["red", "red", None, "red"])
    assert kinds.tolist() == [0, 1, UNKNOWN, 0]


@pytest.mark.parametrize(("scoping", "weight"), [("hard", 0.0), ("soft", 0.0), ("soft", 0.15)])
def test_on_a_real_shop_it_gives_what_the_serving_answers(own_shop, scoping, weight):
    write_config(own_shop.folder, search={"scoping": scoping, "scope_mass": 0.97})
    with Serving.open(load_config(own_shop.config, {})) as serving:
        unsure = 1.75 * serving.knowledge.temperature  # so that some of these few products need a second category
        known = serving.knowledge.model_copy(update={"category_weight": weight, "temperature": unsure})
        serving.index.learned = replace(serving.index.learned, knowledge=known)
        catalogued = list(serving.catalogue.on_sale())
        labels = serving.knowledge.labels
        path_of, side_px = serving.catalogue.photos.path, serving.preprocessing.side_px
        seen = [serving.see([decode_photo(path_of(photo.sha256), side_px)])[0] for photo in catalogued]
        group = numbered([photo.group for photo in catalogued])
        columns = Photos.of(catalogued, labels, np.stack([one.vector for one in seen]), group)
        held = [serving.seen_of_product(photo.product_id) for photo in catalogued]
        gallery = Gallery(replace(columns, features=np.stack([one.vector for one in held])))
        probabilities = np.stack([one.probabilities for one in seen])
        in_scope = searched(probabilities, np.ones(len(labels), bool), scoping, 0.97)
        assert {int(count) for count in in_scope.sum(axis=1)} > ({2} if scoping == "soft" else set())
        ranked = nearest(columns, gallery, in_scope, 10, Joint.of(probabilities, weight))
        for row, (photo, one) in enumerate(zip(catalogued, seen, strict=True)):
            answer = serving.answer(one, threshold=-1, top=100)
            assert {labels[at] for at in np.flatnonzero(in_scope[row, :-1])} == set(answer.scope)
            matches = [match for match in answer.matches if match.product.product_id != photo.product_id][:10]
            assert ranked.similarity[row] == pytest.approx([match.similarity for match in matches], abs=ROUNDING)
            expected = {
                match.product.product_id for match in matches if match.similarity > matches[-1].similarity + ROUNDING
            }
            assert expected <= set(gallery.products.product[ranked.product[row]].tolist())
            for at in range(9):  # in the same order, but for those closer than rounding
                if matches[at].similarity - matches[at + 1].similarity > 2 * ROUNDING and (
                    at == 0 or matches[at - 1].similarity - matches[at].similarity > 2 * ROUNDING
                ):
                    assert gallery.products.product[ranked.product[row, at]] == matches[at].product.product_id
