"""Figures of ranked lists, against values worked out by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from imgrec.search.judging import Judged, count_relevant, judge
from imgrec.search.measures import average_precision_at, precision_at, recall_at, reciprocal_rank, success_at
from imgrec.search.ranking import UNKNOWN, Gallery, Photos, nearest

# Right at 1 and 3 with 2 relevant; right at 2 of 5 relevant; nothing right; all four right of 12.
RIGHT = np.array([[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], bool)
RELEVANT = np.array([2, 5, 3, 12])


def test_precision_is_over_k_places():
    assert precision_at(RIGHT, 1).tolist() == [1, 0, 0, 1]
    assert precision_at(RIGHT, 4).tolist() == [0.5, 0.25, 0, 1]


def test_recall_is_over_what_could_be_among_the_first_k():
    assert recall_at(RIGHT, RELEVANT, 1).tolist() == [1, 0, 0, 1]
    assert recall_at(RIGHT, RELEVANT, 4).tolist() == [1, 0.25, 0, 1]


def test_average_precision_is_precision_where_right_matches_stand():
    assert average_precision_at(RIGHT, RELEVANT, 4) == pytest.approx([(1 + 2 / 3) / 2, (1 / 2) / 4, 0, 1])
    assert average_precision_at(RIGHT, RELEVANT, 2) == pytest.approx([1 / 2, (1 / 2) / 2, 0, 1])
    assert average_precision_at(RIGHT, RELEVANT, 1).tolist() == precision_at(RIGHT, 1).tolist()


def test_average_precision_of_a_whole_list_is_that_of_scikit_learn():
    rng = np.random.default_rng(4)
    for share in (0.05, 0.3, 0.8):
        right = rng.random((25, 60)) < share
        right[:, 7] = True  # scikit-learn's is undefined where nothing is relevant
        ours = average_precision_at(right, right.sum(axis=1), 60)
        theirs = [average_precision_score(row, np.arange(60, 0, -1)) for row in right]
        assert ours == pytest.approx(theirs)


def test_success_and_first_hit():
    assert success_at(RIGHT, 1).tolist() == [1, 0, 0, 1]
    assert success_at(RIGHT, 2).tolist() == [1, 1, 0, 1]
    assert reciprocal_rank(RIGHT).tolist() == [1, 0.5, 0, 1]


@pytest.fixture
def shop() -> Photos:
    """Six products on a line, by angle; kinds 0 and 1 of category 0, kind 2 of category 1, two without a kind."""
    angles = np.radians([0, 10, 20, 30, 40, 50])
    return Photos(
        np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32), np.arange(6),
        np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, UNKNOWN, 1, 2, UNKNOWN]), np.array([0, 1, 2, 3, 4, 5]),
        np.arange(6),
    )  # fmt: skip


def test_a_match_is_right_by_category_and_kind_and_cannot_be_judged_without_a_kind_in_the_same_category(shop):
    gallery, everywhere = Gallery(shop), np.ones((6, 2), bool)
    judged = judge(shop, nearest(shop, gallery, everywhere, 4), gallery)
    assert judged.right[0].tolist() == [True, False, False, False]  # 1 is of its kind; 2 has none; 3, 4 are others
    assert judged.known[0].tolist() == [True, False, True, True]
    assert judged.right[4].tolist() == [False] * 4
    assert judged.known[4].tolist() == [True, False, True, True]  # 3; 5 has no kind; 2 is of another category anyway
    assert not judged.right[2].any()  # a query without a kind has nothing right
    assert judged.relevant.tolist() == [1, 1, 0, 0, 0, 0]


def test_relevant_are_products_of_the_kind_outside_the_own_group():
    columns = Photos(
        np.zeros((7, 2), np.float32), np.array([0, 0, 1, 2, 3, 4, 5]), np.zeros(7, int),
        np.array([0, 0, 0, 0, 0, 1, UNKNOWN]), np.array([0, 0, 0, 1, 2, 3, 4]), np.zeros(7, int),
    )  # fmt: skip
    # Product 0 has two photos; 0 and 1 are one group: each of them has 2 and 3 left, those have three others.
    assert count_relevant(columns, Gallery(columns)).tolist() == [2, 2, 2, 3, 3, 0, 0]


def test_above_a_threshold_only_what_is_shown_counts():
    judged = Judged(np.array([[0.9, 0.5, -np.inf]]), np.array([[True, True, False]]), np.array([[True, True, False]]),
                    np.array([4]))  # fmt: skip
    shown = judged.above(0.9)
    assert shown.right.tolist() == [[True, False, False]]
    assert np.isfinite(shown.similarity).tolist() == [[True, False, False]]
    assert recall_at(shown.right, shown.relevant, 3).tolist() == [1 / 3]
    assert not np.isfinite(judged.above(0.91).similarity).any()
