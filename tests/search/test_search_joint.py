"""The categories' part of a similarity: a cosine of longer vectors, in which a likely category counts for more."""

import numpy as np
import pytest

from imgrec.search.joint import Joint, joint_vectors
from imgrec.search.ranking import UNKNOWN
from imgrec.vision.vectors import softmax, unit_rows

WEIGHT = 0.15


def vectors(rng: np.random.Generator, n: int):
    return unit_rows(rng.standard_normal((n, 16)).astype(np.float32))


def test_it_is_the_cosine_of_vectors_with_the_categories_part_behind_them():
    rng = np.random.default_rng(0)
    asked, sold, label = vectors(rng, 5), vectors(rng, 30), rng.integers(0, 4, 30)
    probabilities = softmax(rng.standard_normal((5, 4)).astype(np.float32))
    longer = (
        joint_vectors(asked, probabilities, WEIGHT),
        joint_vectors(sold, np.eye(4, dtype=np.float32)[label], WEIGHT),
    )
    assert [np.linalg.norm(part, axis=1) for part in longer] == [pytest.approx(np.ones(n), abs=1e-6) for n in (5, 30)]
    found = Joint.of(probabilities, WEIGHT).similarity(asked @ sold.T, label)
    assert found == pytest.approx(longer[0] @ longer[1].T, abs=1e-6)


def test_of_a_product_without_a_category_it_is_what_is_to_be_expected():
    probabilities = np.array([[0.64, 0.36], [1.0, 0.0]], np.float32)
    nothing_alike = np.zeros((2, 3), np.float32)
    found = Joint.of(probabilities, 1.0).similarity(nothing_alike, np.array([0, 1, UNKNOWN])) * 2
    assert found[0] == pytest.approx([0.8, 0.6, 0.64 * 0.8 + 0.36 * 0.6])
    assert found[1] == pytest.approx([1, 0, 1])


def test_without_weight_the_vectors_alone_count():
    rng = np.random.default_rng(1)
    cosine = rng.uniform(-1, 1, (2, 3)).astype(np.float32)
    joint = Joint.of(np.full((2, 2), 0.5, np.float32), 0.0)
    assert np.array_equal(joint.similarity(cosine, np.array([0, 1, UNKNOWN])), cosine)


def test_a_known_category_is_certain_and_an_unknown_one_is_as_likely_as_another():
    roots = Joint.of_known(np.array([1, UNKNOWN]), 4, WEIGHT).roots
    assert roots[0].tolist() == [0, 1, 0, 0, 1]
    assert roots[1].tolist() == [0.5] * 5
