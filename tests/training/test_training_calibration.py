"""Temperature, threshold and scoping, against truths made by hand."""

import numpy as np
import pytest

from imgrec.training.calibrate import (
    Gallery,
    Shown,
    expected_calibration_error,
    fit_temperature,
    fit_threshold,
    share_in_own_category,
    shown_matches,
)
from imgrec.vision.vectors import softmax, unit_rows


def gallery(features: np.ndarray, label: list[int], kind: list[str | None], group: list[str] | None = None) -> Gallery:
    return Gallery(
        unit_rows(np.asarray(features, np.float32)), np.array(label, np.int64), kind,
        group or [f"group {row}" for row in range(len(label))],
    )  # fmt: skip


RANDOM = gallery(np.random.default_rng(0).standard_normal((400, 16)), [0] * 200 + [1] * 200, [None] * 400)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found(true_temperature: float):
    rng = np.random.default_rng(0)
    honest = rng.standard_normal((20_000, 5)).astype(np.float32) * 2
    chances = softmax(honest).cumsum(axis=1)
    label = (rng.random((20_000, 1)) > chances).sum(axis=1).clip(0, 4)
    boasting = honest * np.float32(true_temperature)
    assert fit_temperature(boasting, label) == pytest.approx(true_temperature, rel=0.05)
    assert expected_calibration_error(softmax(honest), label) < 0.02


def test_the_calibration_error_is_the_gap_between_confidence_and_accuracy():
    sure = np.array([[0.9, 0.1]] * 10, np.float32)
    label = np.array([0] * 6 + [1] * 4)
    assert expected_calibration_error(sure, label) == pytest.approx(0.3, abs=1e-6)
    assert expected_calibration_error(np.array([[1.0, 0.0]] * 4, np.float32), np.zeros(4, int)) == 0


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


AXES = np.eye(4)
SHELF = gallery([AXES[0], AXES[0] + 0.1 * AXES[1], AXES[1], AXES[2]], [0, 0, 0, 1], ["red", "red", "blue", "red"],
                ["a", "b", "c", "d"])  # fmt: skip


def test_a_query_is_never_shown_its_own_group_and_is_judged_by_kind_within_category():
    query = gallery([AXES[0]], [0], ["red"], ["a"])
    shown, found = shown_matches(query, np.array([[0.6, 0.4]], np.float32), SHELF, "soft", 0.9)
    assert shown.similarity.tolist() == pytest.approx([1 / np.sqrt(1.01), 0, 0], abs=1e-6)
    assert shown.same_kind.tolist() == [True, False, False]  # the other category's red is not its kind
    assert found == 1.0


def test_hard_scoping_of_a_wrong_prediction_finds_nothing_and_soft_does():
    query = gallery([AXES[0]], [0], ["red"], ["q"])
    mistaken = np.array([[0.4, 0.6]], np.float32)
    assert shown_matches(query, mistaken, SHELF, "hard", 0.9)[1] == 0.0
    assert shown_matches(query, mistaken, SHELF, "soft", 0.9)[1] == 1.0
    assert share_in_own_category(query, mistaken, "hard", 0.9) == (0.0, 1.0)
    assert share_in_own_category(query, mistaken, "soft", 0.9) == (1.0, 2.0)


def test_queries_whose_kind_is_unknown_or_not_on_the_shelf_are_not_counted():
    queries = gallery([AXES[0], AXES[0]], [0, 0], [None, "green"], ["q", "r"])
    shown, found = shown_matches(queries, np.array([[1, 0], [1, 0]], np.float32), SHELF, "hard", 0.9)
    assert len(shown.similarity) == 0
    assert found is None
