"""Accuracy, confusions and calibration, against scikit-learn and values worked out by hand."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import f1_score, log_loss, top_k_accuracy_score

from imgrec.evaluation.classification import (
    by_category,
    confidence_bins,
    confusion,
    cross_entropy,
    expected_calibration_error,
)
from imgrec.figures import Share
from imgrec.search.measures import among_first
from imgrec.vision.vectors import softmax


@pytest.fixture
def some():
    rng = np.random.default_rng(7)
    label = rng.integers(0, 4, 300)
    logits = rng.normal(size=(300, 4)).astype(np.float32)
    logits[np.arange(300), label] += 1.5
    return logits, softmax(logits), label


def test_top_k_and_loss_are_those_of_scikit_learn(some):
    _, probabilities, label = some
    for k in (1, 3):
        assert among_first(probabilities, label, k).mean() == top_k_accuracy_score(label, probabilities, k=k)
    assert cross_entropy(probabilities, label).mean() == pytest.approx(log_loss(label, probabilities), rel=1e-5)


def test_a_probability_of_zero_costs_much_but_not_everything():
    assert np.isfinite(cross_entropy(np.array([[1, 0]], np.float32), np.array([1]))).all()


def test_categories_have_precision_recall_and_f1_and_those_without_photos_are_left_out():
    label, predicted = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 2])
    figures = by_category(label, predicted, ["a", "b", "c"])
    assert list(figures) == ["a", "b"]
    assert (figures["a"].precision, figures["a"].recall, figures["a"].support) == (Share(2, 2), Share(2, 3), 3)
    assert (figures["b"].precision, figures["b"].recall) == (Share(1, 2), Share(1, 2))
    assert [figures[name].f1 for name in "ab"] == pytest.approx(f1_score(label, predicted, average=None)[:2])
    assert confusion(label, predicted, ["a", "b", "c"]) == [[2, 1, 0], [0, 1, 1], [0, 0, 0]]


def test_bins_of_confidence_are_the_calibration_curve_of_scikit_learn(some):
    _, probabilities, label = some
    bins = confidence_bins(probabilities, label, bins=10)
    right = probabilities.argmax(axis=1) == label
    shares, confidences = calibration_curve(right, probabilities.max(axis=1), n_bins=10)
    assert [one.confidence for one in bins] == pytest.approx(confidences)
    assert [one.right.value for one in bins] == pytest.approx(shares)
    assert sum(one.right.count for one in bins) == 300


def test_the_calibration_error_is_the_mean_distance_of_confidence_from_accuracy():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]], np.float32)
    bins = confidence_bins(probabilities, np.array([0, 1, 0, 0]))
    # Half of the photos at 0.9 are right, all of those at 0.6: (0.4 + 0.4) / 2.
    assert expected_calibration_error(bins) == pytest.approx(0.4)
    assert expected_calibration_error([]) == 0
    certain = confidence_bins(np.array([[1.0, 0.0]], np.float32), np.array([0]))
    assert (certain[0].high, expected_calibration_error(certain)) == (1, 0)
