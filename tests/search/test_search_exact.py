"""The index's search finds what comparing with every photo finds, whatever the vectors are like."""

from collections.abc import Sequence

import numpy as np
import pytest

from imgrec.search.engine import Findable, Hit
from imgrec.search.generation import NO_RANK
from imgrec.vision.vectors import Floats, unit_rows

ROUNDING = 2e-6  # what single precision may differ from double by


def brute_force(categories: dict, query: Floats, names: Sequence[str]) -> list[Hit]:
    """Every photo compared in double precision; of each product its most similar; equal ones by sales rank."""
    best: dict[int, Hit] = {}
    for name in names:
        features, product, rank = categories[name]
        similarity = features.astype(np.float64) @ query.astype(np.float64)
        for row, value in enumerate(similarity):
            if product[row] not in best or value > best[product[row]].similarity:
                best[product[row]] = Hit(product[row], float(value), rank[row])
    return sorted(best.values(), key=lambda hit: (-hit.similarity, hit.rank, hit.product_id))


def assert_exact(found: list[Hit], everything: list[Hit], top: int) -> None:
    """What was found is the first `top` of everything, except that equals to within rounding may change places."""
    truth = {hit.product_id: hit for hit in everything}
    assert len(found) == len({hit.product_id for hit in found}) == min(top, len(everything))
    for hit, expected in zip(found, everything, strict=False):
        assert abs(hit.similarity - expected.similarity) <= ROUNDING
        assert abs(hit.similarity - truth[hit.product_id].similarity) <= ROUNDING
        assert hit.rank == truth[hit.product_id].rank
    assert found == sorted(found, key=lambda hit: (-hit.similarity, hit.rank, hit.product_id))


def like_real_ones(rng: np.random.Generator, n: int, dim: int) -> Floats:
    """Clustered, non-negative, most of their energy in few directions."""
    centres = rng.gamma(0.5, size=(12, dim))
    return unit_rows((centres[rng.integers(0, 12, n)] + 0.4 * rng.gamma(0.5, size=(n, dim))).astype(np.float32))


def spread_evenly(rng: np.random.Generator, n: int, dim: int) -> Floats:
    return unit_rows(rng.standard_normal((n, dim)).astype(np.float32))


def nearly_the_same(rng: np.random.Generator, n: int, dim: int) -> Floats:
    one = rng.standard_normal(dim)
    return unit_rows((one + 1e-3 * rng.standard_normal((n, dim))).astype(np.float32))


def opposite_and_empty(rng: np.random.Generator, n: int, dim: int) -> Floats:
    features = spread_evenly(rng, n, dim)
    features[::3] = -features[-1]
    features[::5] = 0
    return features


KINDS = (like_real_ones, spread_evenly, nearly_the_same, opposite_and_empty)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dim", [16, 64, 200])
def test_search_equals_brute_force_in_every_result(kind, dim: int, make_index):
    rng = np.random.default_rng(dim)
    categories = {}
    first = 0
    for name, n in (("large", 700), ("small", 60), ("single", 1)):
        products = (first + rng.integers(0, max(1, n // 2), n)).tolist()
        first += n
        rank_of = {product: int(rng.integers(1, 50)) for product in products}
        categories[name] = (kind(rng, n, dim), products, [rank_of[product] for product in products])
    index = make_index(categories)
    stored = categories["large"][0]
    queries = [*stored[:4], -stored[4], *spread_evenly(rng, 4, dim), *like_real_ones(rng, 2, dim)]
    for query in queries:
        for names in (["large"], ["small", "single"], ["single", "large", "small"]):
            everything = brute_force(categories, query, names)
            for top in (1, 6, 40, 5000):
                assert_exact(index.search(query, names, top), everything, top)


def test_only_few_products_are_looked_at_one_by_one(make_index, monkeypatch: pytest.MonkeyPatch):
    import imgrec.search.embedded as module

    made: list[Hit] = []
    monkeypatch.setattr(module, "Hit", lambda *values: made.append(Hit(*values)) or made[-1])
    rng = np.random.default_rng(1)
    features = spread_evenly(rng, 4000, 128)
    make_index({"only": (features, list(range(4000)), [1] * 4000)}).search(spread_evenly(rng, 1, 128)[0], ["only"], 6)
    assert len(made) < 100


def test_of_equally_similar_products_the_better_seller_comes_first(make_index):
    rng = np.random.default_rng(2)
    features = np.repeat(spread_evenly(rng, 1, 64), 300, axis=0)
    ranks = rng.permutation(300).tolist()
    ranks[17] = NO_RANK
    index = make_index({"a": (features[:200], list(range(200)), ranks[:200]),
                        "b": (features[200:], list(range(200, 300)), ranks[200:])})  # fmt: skip
    hits = index.search(features[0], ["a", "b"], 300)
    assert [hit.rank for hit in hits] == sorted(ranks)
    assert [hit.rank for hit in index.search(features[0], ["a", "b"], 5)] == sorted(ranks)[:5]
    assert {hit.similarity for hit in hits} == {1.0}


def test_many_photos_of_one_product_count_once_and_crowd_no_other_out(make_index):
    rng = np.random.default_rng(3)
    query = spread_evenly(rng, 1, 64)[0]
    crowd = unit_rows(query + 0.01 * rng.standard_normal((400, 64)).astype(np.float32))
    others = spread_evenly(rng, 50, 64)
    categories = {"only": (np.concatenate([crowd, others]), [0] * 400 + list(range(1, 51)), [1] * 450)}
    hits = make_index(categories).search(query, ["only"], 6)
    assert_exact(hits, brute_force(categories, query, ["only"]), 6)
    assert hits[0].similarity == pytest.approx(float((crowd @ query).max()), abs=2e-6)


def test_search_never_leaves_the_categories_asked_for(make_index):
    rng = np.random.default_rng(4)
    features = spread_evenly(rng, 90, 64)
    index = make_index({name: (features[start::3], list(range(start, 90, 3)), [1] * 30)
                        for start, name in enumerate(("a", "b", "c"))})  # fmt: skip
    query = features[0]  # its nearest is in a
    assert {hit.product_id % 3 for hit in index.search(query, ["b"], 50)} == {1}
    assert {hit.product_id % 3 for hit in index.search(query, ["b", "c"], 90)} == {1, 2}
    assert index.search(query, ["no such category"], 5) == []


def test_products_without_a_category_may_be_of_any_and_are_always_searched(make_index):
    rng = np.random.default_rng(6)
    vectors = spread_evenly(rng, 40, 64)
    index = make_index(
        {"a": (vectors[:20], list(range(20)), [1] * 20), "": (vectors[20:], list(range(20, 40)), [1] * 20)}
    )
    assert index.search(vectors[25], ["a"], 1)[0].product_id == 25
    assert {hit.product_id for hit in index.search(vectors[0], None, 99)} == set(range(40))
    assert {hit.product_id for hit in index.search(vectors[0], ["no such category"], 99)} == set(range(20, 40))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_what_is_not_allowed_is_never_found_and_crowds_nothing_out(share: float, make_index):
    rng = np.random.default_rng(7)
    vectors = like_real_ones(rng, 600, 64)
    products = rng.integers(0, 400, 600)
    index = make_index(
        {"a": (vectors[:400], products[:400], [1] * 400), "b": (vectors[400:], products[400:], [1] * 200)}
    )
    findable = Findable(np.flatnonzero(rng.random(400) < share))
    allowed = np.isin(products, findable.products)
    kept = {
        "a": (vectors[:400][allowed[:400]], products[:400][allowed[:400]].tolist(), [1] * 400),
        "b": (vectors[400:][allowed[400:]], products[400:][allowed[400:]].tolist(), [1] * 200),
    }
    for query in vectors[:5]:
        for names in (["a"], ["a", "b"]):
            assert_exact(index.search(query, names, 20, findable), brute_force(kept, query, names), 20)
