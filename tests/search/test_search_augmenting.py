"""Vectors that lean towards their neighbours: whose, how far, and that nobody else's are touched."""

import numpy as np
import pytest

from imgrec.search.augmenting import augmented
from imgrec.vision.vectors import Floats, unit_rows


def some(n: int, seed: int = 0) -> Floats:
    return unit_rows(np.random.default_rng(seed).standard_normal((n, 6)).astype(np.float32))


def one_by_one(vectors: Floats, label, group, share: float, neighbours) -> Floats:
    """The same by the definition."""
    moved = []
    for row, vector in enumerate(vectors):
        others = [at for at in range(len(vectors))
                  if label[at] == label[row] and group[at] != group[row] and neighbours[at]]  # fmt: skip
        cosines = sorted(((float(vectors[at] @ vector), at) for at in others), reverse=True)[:5]
        pull = sum((max(0.0, cosine) ** 2 * vectors[at] for cosine, at in cosines), np.zeros(6))
        moved.append(vector + share * pull)
    return unit_rows(np.array(moved, np.float32))


@pytest.mark.parametrize("cells", [50, 8_000_000])
def test_it_is_what_its_definition_says_however_much_is_done_at_once(cells: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imgrec.search.augmenting._CELLS_AT_ONCE", cells)
    rng = np.random.default_rng(1)
    vectors, label, group = some(80), rng.integers(-1, 3, 80), rng.integers(0, 40, 80)
    neighbours = rng.random(80) < 0.7
    found = augmented(vectors, label, group, 0.5, neighbours)
    assert found == pytest.approx(one_by_one(vectors, label, group, 0.5, neighbours), abs=1e-5)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(80), abs=1e-6)


def test_without_a_share_or_a_neighbour_nothing_moves():
    vectors = some(20)
    assert np.array_equal(augmented(vectors, np.zeros(20), np.arange(20), 0.0), vectors)
    assert augmented(vectors, np.arange(20), np.arange(20), 0.5) == pytest.approx(vectors, abs=1e-6)
    assert augmented(vectors, np.zeros(20), np.zeros(20), 0.5) == pytest.approx(vectors, abs=1e-6)
    nobody = np.zeros(20, bool)
    assert augmented(vectors, np.zeros(20), np.arange(20), 0.5, nobody) == pytest.approx(vectors, abs=1e-6)


def test_a_shelf_too_large_to_compare_whole_is_taken_in_parts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imgrec.search.augmenting._MOST_COMPARED", 10)
    vectors, every = some(25), np.ones(25, bool)
    found = augmented(vectors, np.zeros(25), np.arange(25), 0.5)
    for start in range(3):
        part = slice(start, None, 3)
        n = len(vectors[part])
        expected = one_by_one(vectors[part], np.zeros(n), np.arange(n), 0.5, every[part])
        assert found[part] == pytest.approx(expected, abs=1e-5)
