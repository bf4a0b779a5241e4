"""Temperature and threshold, against truths made by hand."""

import numpy as np
import pytest

from imgrec.evaluation.classification import confidence_bins, expected_calibration_error
from imgrec.search.judging import Judged
from imgrec.search.ranking import Photos
from imgrec.training.calibrate import Shown, fit_temperature, fit_threshold, shown_matches
from imgrec.vision.vectors import softmax, unit_rows

ROWS = np.arange(400)
RANDOM = Photos(
    unit_rows(np.random.default_rng(0).standard_normal((400, 16)).astype(np.float32)),
    product=ROWS, label=ROWS // 200, kind=np.full(400, -1), group=ROWS, rank=ROWS,
)  # fmt: skip


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found(true_temperature: float):
    rng = np.random.default_rng(0)
    honest = rng.standard_normal((20_000, 5)).astype(np.float32) * 2
    chances = softmax(honest).cumsum(axis=1)
    label = (rng.random((20_000, 1)) > chances).sum(axis=1).clip(0, 4)
    boasting = honest * np.float32(true_temperature)
    assert fit_temperature(boasting, label) == pytest.approx(true_temperature, rel=0.05)
    assert expected_calibration_error(confidence_bins(softmax(honest), label)) < 0.02


def test_the_threshold_is_the_lowest_above_which_four_in_five_are_of_the_kind():
    """Right down to 0.9, then one right and one wrong in turn: 80 % is last reached after 166 and 0.8330."""
    similarity = np.arange(999, 0, -1, dtype=np.float32) / 1000
    same = np.array([number < 100 or number % 2 == 0 for number in range(999)])
    threshold, rule = fit_threshold(Shown(similarity, same), RANDOM, seed=0)
    precision = same.cumsum() / np.arange(1, 1000)
    lowest = similarity[np.flatnonzero(precision >= 0.8)[-1]]
    assert threshold == pytest.approx(float(lowest), abs=0.0011)
    assert threshold <= lowest
    assert same[similarity >= threshold].mean() >= 0.79
    assert "80%" in rule
    assert "of the query's kind" in rule or "share the query's kind" in rule


def test_matches_of_equal_similarity_are_all_shown_or_none():
    similarity = np.array([0.9] * 40 + [0.5] * 60, np.float32)
    same = np.array([True] * 40 + [True] * 10 + [False] * 50)  # the first of those at 0.5 would still pass
    threshold, _ = fit_threshold(Shown(similarity, same), RANDOM, seed=0)
    assert 0.5 < threshold <= 0.9


def test_without_kinds_one_random_pair_in_a_hundred_passes():
    threshold, rule = fit_threshold(Shown(np.empty(0, np.float32), np.empty(0, bool)), RANDOM, seed=0)
    first = RANDOM.features[:200] @ RANDOM.features[:200].T
    second = RANDOM.features[200:] @ RANDOM.features[200:].T
    pairs = np.concatenate([part[np.triu_indices(200, 1)] for part in (first, second)])
    assert (pairs > threshold).mean() == pytest.approx(0.01, abs=0.003)
    assert rule.startswith("1% of random pairs")


def test_where_the_wanted_precision_is_out_of_reach_the_rule_says_so():
    half_right = Shown(np.linspace(1, 0, 200, dtype=np.float32), np.arange(200) % 2 == 0)
    threshold, rule = fit_threshold(half_right, RANDOM, seed=0)
    assert threshold == fit_threshold(Shown(np.empty(0, np.float32), np.empty(0, bool)), RANDOM, seed=0)[0]
    assert "out of reach" in rule


def test_matches_count_where_the_query_has_something_to_find_and_the_match_can_be_judged():
    judged = Judged(
        similarity=np.array([[0.9, 0.5, -np.inf], [0.8, 0.7, 0.6]]),
        right=np.array([[False, True, False], [False, False, False]]),
        known=np.array([[False, True, False], [True, True, True]]),
        relevant=np.array([2, 0]),
    )
    shown = shown_matches(judged)
    assert shown.similarity.tolist() == [0.5]
    assert shown.same_kind.tolist() == [True]
