"""What a shop's photos teach: estimated fairly, promised of telephones, sensible where there is little to go by."""

from dataclasses import replace

import numpy as np
import pytest

from imgrec.search.fitting import fit_head, fit_temperature
from imgrec.search.learning import learn
from imgrec.search.meaning import NOTHING_TO_GO_BY
from imgrec.search.ranking import UNKNOWN, Photos
from imgrec.search.trial import ShopPhotos
from imgrec.vision.eye import Outputs
from imgrec.vision.vectors import softmax, unit_rows

DIM = 24


def a_shop(
    categories: int = 4, kinds: int = 3, each: int = 12, *, noise: float = 0.25, telephone_noise: float = 0.45,
    known_kinds: bool = True, labels: bool = True, own: str | None = None, seed: int = 0, group_of: int = 1,
) -> ShopPhotos:  # fmt: skip
    """Photos around the centre of their kind, kinds around that of their category; by telephone further from it."""
    rng = np.random.default_rng(seed)
    category = np.repeat(np.arange(categories), kinds * each)
    kind = np.repeat(np.arange(categories * kinds), each)
    centre = rng.normal(size=(categories, DIM))[category] + 0.6 * rng.normal(size=(categories * kinds, DIM))[kind]
    things = centre + noise * rng.normal(size=(len(kind), DIM))
    taken = things + telephone_noise * rng.normal(size=things.shape)
    n = len(kind)
    logits = np.full((n, categories), -1.0, np.float32)
    if own == "right":
        logits[np.arange(n), category] = 3
    elif own == "wrong":
        logits[np.arange(n), (category + 1) % categories] = 3
    photos = Photos(
        features=np.zeros((n, 1), np.float32), product=np.arange(n),
        label=category if labels else np.full(n, UNKNOWN), kind=kind if known_kinds else np.full(n, UNKNOWN),
        group=np.arange(n) // group_of, rank=np.zeros(n, np.int64),
    )  # fmt: skip
    names = tuple(f"category {number}" for number in range(categories)) if labels else ()
    seen, by_telephone = (
        Outputs(unit_rows(photos.astype(np.float32)).astype(np.float16), logits) for photos in (things, taken)
    )
    nobody = np.arange(0)
    return ShopPhotos(
        names, photos, seen, np.arange(n), by_telephone, nobody, seen.take(nobody), learned=np.zeros(n, bool)
    )


def test_categories_kinds_and_products_are_told_and_the_threshold_keeps_its_promise_on_a_new_shop():
    known = learn(a_shop(), (), 0.9, 6)
    expected = known.knowledge.expected
    assert known.knowledge.head == "fitted"
    assert expected.category["shop"].value > 0.9
    assert expected.category["telephone"].value > 0.7
    assert expected.category["telephone"].low <= expected.category["telephone"].value
    assert expected.shown_right.value >= 0.70
    assert known.knowledge.likeness.truth == "kind"
    assert known.knowledge.likeness.of(known.knowledge.threshold) >= 0.35 - 1e-3


def test_what_is_expected_is_out_of_fold_so_that_noise_teaches_nothing():
    """Labels by lot: fitted on themselves they would be known by heart."""
    shop = a_shop(each=10)
    rng = np.random.default_rng(3)
    by_lot = replace(shop, photos=replace(shop.photos, label=rng.integers(0, 4, len(shop))))
    expected = learn(by_lot, (), 0.9, 6).knowledge.expected.category["shop"]
    assert expected.low < 0.25 < expected.high


def test_copies_of_a_photo_are_never_on_both_sides():
    """Each photo there is twice, of one family, its label by lot: found only by whoever was shown the other one."""
    one = a_shop(each=10)
    rng = np.random.default_rng(4)
    twice = np.repeat(np.arange(len(one)), 2)
    label = np.repeat(rng.integers(0, 4, len(one)), 2)
    photos = replace(one.photos.take(twice), label=label, product=np.arange(len(twice)), group=twice)
    shop = replace(
        one, photos=photos, seen=one.seen.take(twice), telephone=np.arange(len(twice)),
        by_telephone=one.by_telephone.take(twice), learned=np.zeros(len(twice), bool),
    )  # fmt: skip
    assert learn(shop, (), 0.9, 6).knowledge.expected.category["shop"].value < 0.4


@pytest.mark.parametrize(("own", "head"), [("right", "own"), ("wrong", "fitted")])
def test_the_better_of_the_models_own_softmax_and_the_fitted_one_serves(own: str, head: str):
    shop = a_shop(own=own, noise=0.5, telephone_noise=0.8)
    known = learn(shop, shop.labels, 0.9, 6)
    assert known.knowledge.head == head
    assert (known.head is None) == (head == "own")
    other = learn(shop, ("other", "things"), 0.9, 6)
    assert other.knowledge.head == "fitted"


def test_nothing_is_estimated_on_photos_the_model_was_trained_on_and_where_too_few_are_left_it_says_so():
    shop = a_shop(own="right")
    rng = np.random.default_rng(5)
    mostly = replace(shop, learned=rng.random(len(shop)) < 0.5)
    expected = learn(mostly, shop.labels, 0.9, 6).knowledge.expected
    assert expected.photos == int((~mostly.learned).sum())
    assert "not trained or chosen on" in expected.note
    nearly_all = replace(shop, learned=np.arange(len(shop)) > 5)
    assert "flatter" in learn(nearly_all, shop.labels, 0.9, 6).knowledge.expected.note


def test_without_kinds_likeness_is_of_the_category_and_without_categories_of_the_very_product():
    by_category = learn(a_shop(known_kinds=False), (), 0.9, 6).knowledge
    assert by_category.likeness.truth == "category"
    by_product = learn(a_shop(known_kinds=False, labels=False), (), 0.9, 6).knowledge
    assert (by_product.likeness.truth, by_product.head, by_product.labels, by_product.scoping) == (
        "product", "none", (), "all",
    )  # fmt: skip


def test_kinds_that_cannot_be_seen_hide_nothing():
    """Of such a shop no match is likely right, however similar: a threshold fitted on that would let nothing pass."""
    shop = a_shop()
    by_lot = np.random.default_rng(3).integers(0, 20, len(shop))
    known = learn(replace(shop, photos=replace(shop.photos, kind=by_lot)), (), 0.9, 6).knowledge
    assert (known.threshold, known.threshold_rule) == (0.0, NOTHING_TO_GO_BY)
    assert known.expected.shown_right is None


def test_probabilities_count_where_that_finds_more_and_nowhere_else():
    hard_to_tell = a_shop(noise=0.8, telephone_noise=1.0)
    told_at_a_glance, without_kinds = a_shop(), a_shop(known_kinds=False)
    for shop, weight in ((hard_to_tell, 0.15), (told_at_a_glance, 0.0), (without_kinds, 0.15)):
        assert learn(shop, (), 0.9, 6).knowledge.category_weight == weight


@pytest.mark.parametrize("n", [1, 2, 5, 11])
def test_a_shop_of_a_few_products_opens_and_promises_nothing(n: int):
    whole = a_shop(categories=2, kinds=1, each=10)
    rows = np.linspace(0, len(whole) - 1, n).astype(int)
    small = replace(
        whole, photos=whole.photos.take(rows), seen=whole.seen.take(rows), telephone=np.arange(n),
        by_telephone=whole.by_telephone.take(rows), learned=np.zeros(n, bool),
    )  # fmt: skip
    known = learn(small, (), 0.9, 6).knowledge
    assert known.expected.note
    assert known.expected.shown_right is None
    assert known.scoping == "all"


def test_many_categories_of_a_product_or_two_each_are_estimated_too():
    for each in (1, 2):
        expected = learn(a_shop(categories=20, kinds=1, each=each), (), 0.9, 6).knowledge.expected
        assert expected.photos == 20 * each
        assert expected.category["shop"].value <= (0 if each == 1 else 1)  # who is alone was never seen before


def test_photos_without_a_category_are_nobodys_mistake():
    shop = a_shop()
    label = shop.photos.label.copy()
    label[::3] = UNKNOWN
    some = replace(shop, photos=replace(shop.photos, label=label))
    expected = learn(some, (), 0.9, 6).knowledge.expected
    assert expected.category["telephone"].count == int((label != UNKNOWN).sum())
    assert expected.category["telephone"].value > 0.7


def test_one_category_alone_is_not_told_apart_from_anything():
    known = learn(a_shop(categories=1, kinds=4), (), 0.9, 6)
    assert (known.knowledge.head, known.knowledge.labels, known.head) == ("none", (), None)


def test_a_head_of_two_categories_and_of_one_that_has_no_photos():
    rng = np.random.default_rng(6)
    features = np.concatenate([rng.normal(1, 1, (50, 8)), rng.normal(-1, 1, (50, 8))]).astype(np.float32)
    label, weight = np.repeat([0, 2], 50), np.ones(100, np.float32)
    logits = fit_head(features, label, weight, 4)(features)
    assert logits.shape == (100, 4)
    assert (logits.argmax(axis=1) == label).mean() > 0.95
    assert softmax(logits)[:, [1, 3]].max() < 1e-6


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_made_the_logits_too_sure(factor: float):
    rng = np.random.default_rng(7)
    honest = rng.normal(0, 2, (20_000, 5)).astype(np.float32)
    label = (softmax(honest).cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    assert fit_temperature(honest * np.float32(factor), label) == pytest.approx(factor, rel=0.06)
