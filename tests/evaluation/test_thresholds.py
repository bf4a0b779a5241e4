"""What thresholds do, counted by hand."""

import numpy as np
import pytest

from imgrec.bootstrap import Resampling
from imgrec.evaluation.thresholds import pair_shares, threshold_curve
from imgrec.search.judging import Judged
from imgrec.search.ranking import UNKNOWN, Gallery, Photos

NOTHING = -np.inf


@pytest.fixture
def judged() -> Judged:
    similarity = np.array([[0.9, 0.8, 0.2], [0.7, 0.6, NOTHING], [0.3, NOTHING, NOTHING]])
    right = np.array([[1, 0, 1], [1, 0, 0], [0, 0, 0]], bool)
    known = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0]], bool)  # the second match of the second query has no kind
    return Judged(similarity, right, known, np.array([2, 1, 4]))


def test_a_threshold_shows_fewer_matches_and_answers_fewer_queries(judged):
    curve = threshold_curve(judged, 0.5, Resampling(range(3), 0))
    by_threshold = {point.threshold: point for point in curve}
    assert sorted(by_threshold) == list(by_threshold)
    lowest, in_use, highest = by_threshold[0.2], by_threshold[0.5], by_threshold[0.9]
    assert [point.threshold for point in curve if point.fitted] == [0.5]
    assert (lowest.answered.value, lowest.precision.value, lowest.precision.count) == (1, 3 / 5, 3)
    assert (in_use.answered.value, in_use.precision.value) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert in_use.recall.value == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert in_use.average_precision.value == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert (highest.answered.value, highest.precision.value) == (pytest.approx(1 / 3), 1)
    assert [point.answered.value for point in curve] == sorted((p.answered.value for p in curve), reverse=True)


def test_nothing_found_leaves_the_threshold_in_use_with_nothing_answered():
    empty = Judged(np.full((2, 3), NOTHING), np.zeros((2, 3), bool), np.zeros((2, 3), bool), np.array([1, 1]))
    [point] = threshold_curve(empty, 0.5, Resampling(range(2), 0))
    assert (point.answered.value, point.precision.value) == (0, None)


def test_pairs_are_of_one_category_known_kinds_and_different_groups():
    features = np.array([[1, 0], [1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1], [1, 0]], np.float32)
    columns = Photos(
        features, np.arange(6), np.array([0, 0, 0, 0, 0, 1]), np.array([0, 0, 0, 1, UNKNOWN, 2]),
        np.array([0, 0, 1, 2, 3, 4]), np.arange(6),
    )  # fmt: skip
    shares = pair_shares(columns.take(np.array([0])), Gallery(columns), None)
    # The first photo: 1 is of its group, 2 of its kind at 0.8, 3 of another at 0.6, 4 without one, 5 elsewhere.
    assert (shares.same_kind_pairs, shares.other_kind_pairs) == (1, 1)
    above = {threshold: (same, other) for threshold, same, other in
             zip(shares.threshold, shares.same_kind, shares.other_kind, strict=True)}  # fmt: skip
    assert all(pair == ((t <= 0.8), (t <= 0.6)) for t, pair in above.items() if abs(t - 0.8) > 1e-3 < abs(t - 0.6))
    assert shares.threshold[-1] == 1
