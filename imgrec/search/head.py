"""The head: a softmax over the shop's categories, fitted on the features of its photos in seconds."""

import warnings
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from imgrec.vision.eye import Halves
from imgrec.vision.vectors import Floats, softmax

Ints = NDArray[np.int64]

_INVERSE_PENALTY = 0.03
_MOST_ITERATIONS = 300


class Head:
    """A linear map from the eye's features to logits, one a category."""

    def __init__(self, affine: Floats) -> None:
        """affine: float32 (d + 1, categories): the matrix, and below it the shift."""
        self.affine = affine

    @classmethod
    def fit(cls, features: Floats, label: Ints, weight: Floats, categories: int) -> Self:
        """Multinomial logistic regression on standardised features (n, d); weight (n,) says how much each row counts.

        label: int64 (n,), 0 to categories - 1. A category without rows gets a logit that never wins.
        """
        mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
        present = np.unique(label)
        matrix, shift = np.zeros((features.shape[1], categories)), np.full(categories, -30.0)
        if len(present) == 1:
            shift[present] = 0.0
        else:
            model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=_MOST_ITERATIONS)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # the last steps change nothing that is seen
                model.fit((features - mean) / spread, label, weight)
            coefficients, intercept = model.coef_, model.intercept_
            if len(present) == 2:  # scikit-learn gives the difference of the two
                coefficients, intercept = (
                    np.vstack([-coefficients, coefficients]) / 2,
                    np.array([-1, 1]) * intercept / 2,
                )
            matrix[:, present] = coefficients.T / spread[:, None]
            shift[present] = intercept - mean @ matrix[:, present]
        return cls(np.vstack([matrix, shift]).astype(np.float32))

    def __call__(self, features: Floats | Halves) -> Floats:
        """features: (n, d). Returns logits, float32 (n, categories)."""
        return np.asarray(features.astype(np.float32) @ self.affine[:-1] + self.affine[-1], np.float32)

    def save(self, file: Path) -> None:
        """Write it as .npy."""
        np.save(file, self.affine, allow_pickle=False)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what `save` wrote. Raises OSError, ValueError or EOFError when it is damaged."""
        return cls(np.load(file, allow_pickle=False))


def fit_temperature(logits: Floats, label: Ints, weight: Floats | None = None) -> float:
    """The temperature that makes the softmax's probabilities match how often they are right.

    logits: (n, k) of photos that what made them was not fitted on. Minimises their cross-entropy, as C. Guo et al., On
    Calibration of Modern Neural Networks, 2017, section 4.2.
    """

    def cross_entropy(log_temperature: float) -> float:
        probabilities = softmax(logits / np.float32(np.exp(log_temperature)))
        loss = -np.log(np.maximum(probabilities[np.arange(len(label)), label], 1e-12))
        return float(np.average(loss, weights=weight))

    return float(np.exp(minimize_scalar(cross_entropy, bounds=(-3, 3), method="bounded").x))
