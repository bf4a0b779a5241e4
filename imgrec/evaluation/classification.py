"""How well categories are told apart, and how far the probabilities can be believed.

Of n photos, probabilities: float32 (n, k), each row of sum 1; label and predicted: int64 (n,), numbers of categories.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from imgrec.figures import Share
from imgrec.vision.vectors import Floats, Ints

BINS = 15
_LEAST_PROBABILITY = 1e-12


@dataclass(frozen=True)
class CategoryFigures:
    """One category: of photos taken for it how many are of it, and of its photos how many are taken for it."""

    precision: Share
    recall: Share
    f1: float

    @property
    def support(self) -> int:
        """How many photos it has."""
        return self.recall.count


@dataclass(frozen=True)
class ConfidenceBin:
    """Photos whose likeliest category has a probability from `low` to `high`, and how many of them are right."""

    low: float
    high: float
    confidence: float
    right: Share


def cross_entropy(probabilities: Floats, label: Ints) -> NDArray[np.float64]:
    """The loss of each photo, in nats: float64 (n,)."""
    own = probabilities[np.arange(len(label)), label].astype(np.float64)
    return -np.log(np.maximum(own, _LEAST_PROBABILITY))


def by_category(label: Ints, predicted: Ints, names: Sequence[str]) -> dict[str, CategoryFigures]:
    """Precision, recall and F1 of each category that has photos. names: those of the k categories, in order."""
    counts = np.array(confusion(label, predicted, names))
    columns = counts.diagonal().tolist(), counts.sum(axis=0).tolist(), counts.sum(axis=1).tolist()
    return {
        name: CategoryFigures(Share(right, taken_for_it), Share(right, of_it), 2 * right / (taken_for_it + of_it))
        for name, right, taken_for_it, of_it in zip(names, *columns, strict=True)
        if of_it
    }


def confusion(label: Ints, predicted: Ints, names: Sequence[str]) -> list[list[int]]:
    """How many photos of each category (row) are taken for each (column)."""
    counts: list[list[int]] = confusion_matrix(label, predicted, labels=range(len(names))).tolist()
    return counts


def confidence_bins(probabilities: Floats, label: Ints, bins: int = BINS) -> list[ConfidenceBin]:
    """The calibration curve: photos by the probability of their likeliest category, in bins of equal width.

    Bins without photos are left out.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == label
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        ConfidenceBin(
            number / bins, (number + 1) / bins, float(confidence[inside].mean()),
            Share.of(right[inside]),
        )
        for number in range(bins)
        if (inside := bin_of == number).any()
    ]  # fmt: skip


def expected_calibration_error(bins: Sequence[ConfidenceBin]) -> float:
    """How far confidence is from accuracy, weighted by the photos in each bin.

    C. Guo et al., On Calibration of Modern Neural Networks, 2017, section 2.
    """
    total = sum(bin_.right.count for bin_ in bins)
    return sum(abs(bin_.confidence * bin_.right.count - bin_.right.hits) for bin_ in bins) / max(1, total)
