"""The scan over codes leaves nothing out that belongs to the answer, whatever the vectors are."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import simsimd
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.search import codes, scan
from imgrec.search.codes import CodedQuery, CodedRows
from imgrec.search.scan import Rows, Scope, Steps
from imgrec.vision.vectors import Floats, unit_rows

SPREAD = np.float32(0.02) ** np.linspace(0, 1, 24, dtype=np.float32)


def evenly(rng: np.random.Generator, n: int) -> Floats:
    return unit_rows(rng.standard_normal((n, 24)).astype(np.float32))


def decaying(rng: np.random.Generator, n: int) -> Floats:
    return unit_rows(SPREAD * evenly(rng, n))


def rising(rng: np.random.Generator, n: int) -> Floats:
    return np.ascontiguousarray(decaying(rng, n)[:, ::-1])


def one_huge_number(rng: np.random.Generator, n: int) -> Floats:
    vectors = 1e-3 * evenly(rng, n)
    vectors[np.arange(n), rng.integers(0, 24, n)] = rng.choice([-1, 1], n)
    return unit_rows(vectors)


def duplicates(rng: np.random.Generator, n: int) -> Floats:
    return evenly(rng, 3)[rng.integers(0, 3, n)]


def nearly_the_same(rng: np.random.Generator, n: int) -> Floats:
    return unit_rows(evenly(rng, 1) + np.float32(1e-4) * evenly(rng, n))


def opposite_and_empty(rng: np.random.Generator, n: int) -> Floats:
    vectors = -np.abs(evenly(rng, n))
    vectors[::3] = 0
    return vectors


def next_to_nothing(rng: np.random.Generator, n: int) -> Floats:
    return np.float32(1e-36) * evenly(rng, n)


KINDS = (
    evenly, decaying, rising, one_huge_number, duplicates, nearly_the_same, opposite_and_empty, next_to_nothing,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def small_pieces() -> Iterator[None]:
    """So that a few hundred rows go through all that millions do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "_ROWS_AT_ONCE", 50)
        patch.setattr(scan, "_COMPARED_AT_ONCE", 20)
        patch.setattr(scan, "_PEAKS", 4)
        yield


def of(vectors: Floats, product: np.ndarray | None = None) -> Rows:
    return Rows(vectors, CodedRows.of(vectors), np.arange(len(vectors)) if product is None else product)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asked", KINDS)
def test_no_similarity_is_outside_its_bounds(kind, asked):
    rng = np.random.default_rng(0)
    vectors = kind(rng, 300)
    for query in (*asked(rng, 4), vectors[1], -vectors[1]):
        true = vectors.astype(np.float64) @ query.astype(np.float64)
        bounds = scan._Bounds.by_leading(of(vectors), query, Scope.of_spans([(0, 300)]), None)
        assert np.all(true <= bounds.upper.values + bounds.margin)
        closer = bounds.closer()
        assert np.all(true <= closer.upper.values + closer.margin)
        assert np.all(true >= closer.lower())
        assert np.max(closer.upper.values - closer.lower()) < 0.1
        assert closer.closer() is closer


def test_codes_stand_near_the_numbers_and_what_they_leave_out_is_known():
    vectors = np.concatenate([kind(np.random.default_rng(1), 40) for kind in KINDS])
    coded = CodedRows.of(vectors)
    decoded = np.concatenate([coded.leading, coded.trailing], axis=1) * coded.step[:, None].astype(np.float64)
    missing = np.linalg.norm(vectors - decoded, axis=1)
    assert np.all(missing <= coded.residual)
    assert np.all(coded.residual <= missing + np.abs(vectors).max(axis=1) / 254 * np.sqrt(24) + 2e-6)
    assert np.all(
        np.linalg.norm(vectors[:, coded.leading.shape[1] :].astype(np.float64), axis=1) <= coded.trailing_norm
    )
    assert (int(coded.leading.min()), int(coded.leading.max())) == (-127, 127)


@pytest.mark.parametrize("wrong", [2.0, 1.001, np.nan, np.inf])
def test_vectors_for_which_the_bounds_would_not_hold_are_refused(wrong: float):
    vectors = evenly(np.random.default_rng(2), 5)
    vectors[3] *= wrong
    with pytest.raises(ValueError, match="length 1"):
        CodedRows.of(vectors)
    with pytest.raises(ValueError, match="length 1"):
        CodedQuery.of(vectors[3], CodedRows.of(vectors[:3]))


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32), kind=st.sampled_from(KINDS), n=st.integers(1, 400), top=st.integers(1, 60),
    photos=st.integers(1, 5), allowed=st.sampled_from([None, 0.0, 0.02, 0.5, 1.0]), weight=st.sampled_from([0, 0.2, 9]),
    parts=st.integers(1, 6),
)  # fmt: skip
def test_all_rows_that_can_belong_to_the_answer_are_found_and_compared(
    seed: int, kind, n: int, top: int, photos: int, allowed: float | None, weight: float, parts: int
):
    rng = np.random.default_rng(seed)
    vectors = kind(rng, n)
    product = rng.integers(0, 1 + n // photos, n)
    [query] = vectors[:1] if seed % 3 == 0 else -vectors[:1] if seed % 3 == 1 else KINDS[seed % len(KINDS)](rng, 1)
    lift = (weight * rng.random(6).astype(np.float32))[rng.integers(0, 6, n)] if weight else None
    steps = None if lift is None else Steps(np.arange(1, n + 1), lift)
    mask = None if allowed is None else rng.random(n) < allowed
    cuts = np.sort(rng.integers(0, n + 1, 2 * parts)).reshape(-1, 2)
    spans = [(0, n)] if parts == 1 else [(int(start), int(end)) for start, end in rng.permutation(cuts)]

    rows, cosines = of(vectors, product).contenders(query, Scope.of_spans(spans, mask), top, steps)

    in_scope = np.zeros(n, bool)
    for start, end in spans:
        in_scope[start:end] = True
    in_scope &= True if mask is None else mask
    true = vectors.astype(np.float64) @ query.astype(np.float64)
    assert len(rows) == len(np.unique(rows))
    assert in_scope[rows].all()
    assert cosines == pytest.approx(true[rows], abs=1e-12)
    ranked = true + (0 if lift is None else lift)
    best: dict[int, float] = {}
    for row in np.flatnonzero(in_scope).tolist():
        best[product[row]] = max(best.get(product[row], -np.inf), ranked[row])
    end = sorted(best.values(), reverse=True)[:top][-1] if best else np.inf
    assert set(np.flatnonzero(in_scope & (ranked >= end - 1e-6))) <= set(rows.tolist())


def test_a_scope_is_read_in_spans_or_where_few_may_be_found_row_by_row():
    rng = np.random.default_rng(4)
    spans = [(300, 420), (10, 10), (0, 130), (130, 150), (120, 140)]
    everything = np.concatenate([np.arange(150), np.arange(300, 420)])
    for allowed in (None, np.ones(500, bool), rng.random(500) < 0.1, np.zeros(500, bool)):
        scope = Scope.of_spans(spans, allowed)
        few = allowed is not None and not allowed.all()
        expected = everything[allowed[everything]] if few else everything
        assert len(scope) == len(expected)
        assert scope.rows(np.arange(len(scope))).tolist() == expected.tolist()
        blocks = scope.blocks()
        assert [at for block in blocks for at in range(block.at.start, block.at.stop)] == list(range(len(scope)))
        read = [np.arange(500)[block.rows] for block in blocks]
        assert np.concatenate([*read, []]).tolist() == expected.tolist()


def test_codes_of_which_more_are_leading_as_an_older_imgrec_wrote_them_find_the_same(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(8)
    vectors = decaying(rng, 2000)
    now = of(vectors)
    monkeypatch.setattr(codes, "_leading", lambda dim: 5 * dim // 8)
    before = of(vectors)
    monkeypatch.undo()
    assert before.coded.leading.shape != now.coded.leading.shape
    for query in vectors[:5]:
        expected = set(np.argsort(-(vectors @ query))[:10].tolist())
        for rows in (before, now):
            found, cosines = rows.contenders(query, Scope.of_spans([(0, 2000)]), 10)
            assert set(found[np.argsort(-cosines)[:10]].tolist()) == expected


@pytest.mark.parametrize("n", [0, 1, 3, 4, 5, 49, 400])
def test_high_ones_are_found_by_the_peaks_of_columns(n: int):
    values = np.random.default_rng(n).permutation(np.arange(n, dtype=np.float32))
    heights = scan._Heights(values)
    for least in (-np.inf, 0.0, n / 2, n - 3.0, n + 1.0):
        assert heights.reaching(least).tolist() == np.flatnonzero(values >= least).tolist()
    for count in range(1, min(n, 60)):
        found = set(heights.highest(count).tolist())
        assert set(np.argsort(-values)[: len(found)].tolist()) == found
        assert len(found) >= count


def test_steps_are_what_they_say_of_any_rows():
    values = np.arange(5, dtype=np.float32)
    steps, each = Steps(np.array([3, 3, 4, 10, 20]), values), np.repeat(values, [3, 0, 1, 6, 10])
    for start in range(20):
        for end in range(start + 1, 21):
            assert steps.of(slice(start, end)).tolist() == each[start:end].tolist()
    rows = np.array([0, 2, 3, 4, 9, 10, 19])
    assert steps.of(rows).tolist() == each[rows].tolist()


def test_one_number_is_all_there_may_be_to_a_vector():
    vectors = np.array([[1], [-1], [0]] * 40, np.float32)
    rows, cosines = of(vectors).contenders(vectors[1], Scope.of_spans([(0, 120)]), 40)
    assert set(rows.tolist()) == set(range(1, 120, 3))
    assert set(cosines) == {1.0}


def test_every_kernel_of_this_processor_gives_the_same_whole_numbers():
    rng = np.random.default_rng(5)
    available = [name for name, is_there in simsimd.get_capabilities().items() if is_there and name != "serial"]
    turned_off = []
    try:
        while True:
            for dim in (1, 15, 16, 17, 31, 32, 33, 64, 127, 128, 256, 1000):
                codes = rng.choice([-127, 127, 1, 0, -64], (9, dim)).astype(np.int8)
                expected = codes.astype(np.int64) @ codes[4].astype(np.int64)
                assert scan._products(codes[4:5], codes).tolist() == expected.tolist(), (dim, turned_off)
            if not available:
                break
            turned_off.append(available.pop())
            simsimd.disable_capability(turned_off[-1])
    finally:
        for name in turned_off:
            simsimd.enable_capability(name)


def test_a_thousand_products_cost_no_reference_to_none():
    codes = np.ones((2, 16), np.int8)
    before = sys.getrefcount(None)
    for _ in range(2000):
        scan._products(codes[:1], codes)
    assert abs(sys.getrefcount(None) - before) < 500


def test_many_may_search_at_the_same_time():
    rng = np.random.default_rng(6)
    vectors = evenly(rng, 1000)
    rows, scope = of(vectors), Scope.of_spans([(0, 1000)])
    alone = [rows.contenders(query, scope, 5)[0].tolist() for query in vectors[:24]]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda query: rows.contenders(query, scope, 5)[0].tolist(), vectors[:24]))
    assert together == alone


def test_few_vectors_are_looked_at(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(7)
    vectors = decaying(rng, 20_000)
    looked_at: list[int] = []
    original = Rows._cosines

    def counted(self: Rows, vector: Floats, rows: np.ndarray) -> np.ndarray:
        looked_at.append(len(rows))
        return original(self, vector, rows)

    monkeypatch.setattr(Rows, "_cosines", counted)
    of(vectors).contenders(evenly(rng, 1)[0], Scope.of_spans([(0, 20_000)]), 10)
    assert sum(looked_at) < 200
