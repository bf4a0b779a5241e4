"""Every engine finds what comparing with every photo finds, whatever the vectors are like."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from imgrec.config import IndexSection, MilvusSection
from imgrec.search.engine import Findable, Hit
from imgrec.search.generation import NO_RANK
from imgrec.search.joint import Joint
from imgrec.search.product_colours import bits_of
from imgrec.vision.vectors import Floats, unit_rows

ROUNDING = 2e-6  # what single precision may differ from double by


@pytest.fixture(params=["embedded", "milvus"])
def index_section(request: pytest.FixtureRequest, tmp_path: Path) -> IndexSection:
    """What is said here is said of every engine."""
    if request.param == "embedded":
        return IndexSection(path=tmp_path)
    server = request.getfixturevalue("milvus")
    return IndexSection(path=tmp_path, engine="milvus", milvus=MilvusSection(uri=server.uri))


@pytest.fixture
def is_far(index_section: IndexSection) -> bool:
    """Whether a search is a question to a server: then fewer are asked."""
    return index_section.engine != "embedded"


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
def test_search_equals_brute_force_in_every_result(kind, dim: int, make_index, is_far: bool):
    if is_far and dim != 64:
        pytest.skip("how many numbers a vector has makes no difference there")
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
    for query in queries[:: 4 if is_far else 1]:
        for names in (["large"], ["small", "single"], ["single", "large", "small"]):
            everything = brute_force(categories, query, names)
            for top in (1, 100) if is_far else (1, 6, 40, 100, 5000):
                assert_exact(index.search(query, names, top), everything, top)


@pytest.mark.parametrize("index_section", ["embedded"], indirect=True)
def test_only_few_products_are_looked_at_one_by_one(make_index, monkeypatch: pytest.MonkeyPatch):
    import imgrec.search.engine as module

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
def test_what_is_not_allowed_is_never_found_and_crowds_nothing_out(share: float, make_index, is_far: bool):
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
    for query in vectors[: 2 if is_far else 5]:
        for names in (["a"], ["a", "b"]):
            assert_exact(index.search(query, names, 20, findable), brute_force(kept, query, names), 20)


def test_the_index_finds_what_comparing_the_longer_vectors_finds(make_index):
    rng = np.random.default_rng(2)
    sold = spread_evenly(rng, 90, 8)
    shelves = {name: (sold[start : start + 30], list(range(start, start + 30)), [1] * 30)
               for name, start in (("a", 0), ("b", 30), ("", 60))}  # fmt: skip
    index = make_index(shelves, category_weight=0.3)
    probabilities = np.array([[0.7, 0.3]], np.float32)
    joint = Joint.of(probabilities, 0.3)
    roots = dict(zip(("a", "b", None), joint.roots[0].tolist(), strict=True))
    for query in spread_evenly(rng, 5, 8):
        everything = joint.similarity(query[None] @ sold.T, np.repeat([0, 1, -1], 30))[0]
        for names in (None, ["b"]):
            rows = np.arange(90) if names is None else np.arange(30, 90)
            expected = rows[np.argsort(-everything[rows])][:10]
            hits = index.search(query, names, 10, roots=roots)
            assert [hit.product_id for hit in hits] == expected.tolist()
            assert [hit.similarity for hit in hits] == pytest.approx(everything[expected], abs=2e-6)


def test_a_likely_category_is_searched_further_than_what_is_most_similar_at_first_sight(make_index):
    rng = np.random.default_rng(9)
    query = spread_evenly(rng, 1, 64)[0]
    near = unit_rows(query + 0.02 * rng.standard_normal((300, 64)).astype(np.float32))
    far = spread_evenly(rng, 300, 64)
    index = make_index(
        {"near": (near, list(range(300)), [1] * 300), "far": (far, list(range(300, 600)), [1] * 300)},
        category_weight=3.0,
    )
    roots: dict[str | None, float] = {"near": 0.0, "far": 1.0, None: 0.5}
    best = 300 + np.argsort(-(far @ query))[:20]
    assert [hit.product_id for hit in index.search(query, None, 20, roots=roots)] == best.tolist()


def test_colours_narrow_and_so_do_products_and_both_at_once(make_index):
    rng = np.random.default_rng(10)
    vectors = spread_evenly(rng, 400, 64)
    colours = np.array([bits_of(["red"]), bits_of(["blue"])] * 200)
    index = make_index({"a": (vectors, list(range(400)), [1] * 400)}, colours=colours)
    some = np.arange(0, 400, 3)
    for findable, passes in (
        (Findable(colours=("red",)), lambda n: n % 2 == 0),
        (Findable(without_colours=("red",)), lambda n: n % 2 == 1),
        (Findable(some, ("red", "blue"), ("blue",)), lambda n: n % 6 == 0),
        (Findable(some), lambda n: n % 3 == 0),
        (Findable(np.array([], np.int64)), lambda _: False),
    ):
        rows = np.array([n for n in range(400) if passes(n)], np.int64)
        expected = rows[np.argsort(-(vectors[rows] @ vectors[0]))]
        assert [hit.product_id for hit in index.search(vectors[0], ["a"], 400, findable)] == expected.tolist()


def test_what_may_be_found_is_worked_out_once_for_a_generation_and_anew_for_another(make_index):
    vectors = spread_evenly(np.random.default_rng(12), 6, 16)
    one, other = (make_index({"a": (vectors, products, [1] * 6)}) for products in ([1, 2, 3] * 2, [9, 9, 4, 3, 3, 1]))
    findable = Findable(np.array([1, 3, 1000]))
    allowed = findable.rows(one.register)
    assert allowed is findable.rows(one.register)
    assert allowed is not None
    assert allowed.tolist() == [True, False, True] * 2
    assert np.flatnonzero(findable.rows(other.register)).tolist() == [3, 4, 5]
    assert np.flatnonzero(findable.rows(one.register)).tolist() == [0, 2, 3, 5]
    assert Findable().rows(one.register) is None


def test_the_vectors_of_rows_are_what_was_written_in_the_order_asked_for(make_index):
    vectors = spread_evenly(np.random.default_rng(11), 50, 64)
    index = make_index({"a": (vectors, list(range(50)), [1] * 50)})
    rows = np.array([7, 0, 7, 49])
    assert np.array_equal(index.vectors(rows), vectors[rows])
    assert index.vectors(rows[:0]).shape == (0, 64)
