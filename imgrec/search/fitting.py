"""What is fitted by well-kept libraries: the head, its temperature, what is not sold, and the curve of likeness.

Apart from what serves, which loads neither scikit-learn nor SciPy.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize, minimize_scalar
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from imgrec.search.head import Head
from imgrec.search.likeness import Likeness, Truth
from imgrec.search.sold import Sold
from imgrec.vision.vectors import Bools, Doubles, Floats, Ints, softmax

_INVERSE_PENALTY = 0.03
_MOST_ITERATIONS = 300
_PENALTY = 1e-3
_MOST_POINTS = 41
_BOOTSTRAPS = 200
_VERY_ONE = 0.9
_LEAST_PAIRS = 30
_UNLIKE = 0.0  # the similarity of two vectors that have nothing to do with each other


def fit_head(features: Floats, label: Ints, weight: Floats, categories: int) -> Head:
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
    return Head(np.vstack([matrix, shift]).astype(np.float32))


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


def fit_sold(sold: Floats, not_sold: Floats, share: float) -> Sold:
    """Logistic regression of similarity and energy, (n, 2) of photos of what is sold, (m, 2) of others.

    share: how many of the photos that are asked with show nothing sold, whatever n and m. Neither counts against.
    """
    told = np.concatenate([sold, not_sold]).astype(np.float64)
    mean, spread = told.mean(axis=0), told.std(axis=0) + 1e-9
    sign = np.concatenate([np.ones(len(sold)), np.full(len(not_sold), -1.0)])
    weight = np.where(sign > 0, (1 - share) / len(sold), share / len(not_sold))
    columns = np.column_stack([(told - mean) / spread, np.ones(len(told))])

    def loss(line: Doubles) -> tuple[float, Doubles]:
        wrong = -sign * (columns @ line)
        penalty = _PENALTY * line * (1, 1, 0)
        slope = -(weight * sign * expit(wrong)) @ columns + 2 * penalty
        return float(weight @ np.logaddexp(0, wrong) + penalty @ line), slope

    least = ((0, None), (0, None), (None, None))
    found = minimize(loss, np.zeros(3), jac=True, method="L-BFGS-B", bounds=least).x
    similarity, energy = found[:2] / spread
    return Sold(
        fitted_on=f"{len(sold):,} photos as a telephone would take them, and {len(not_sold):,} in pieces, which count "
        f"as {share:.0%} of all that is sent",
        similarity=round(similarity, 5),
        energy=round(energy, 5),
        shift=round(found[2] - mean @ (similarity, energy), 5),
    )


def fit_likeness(
    similarity: NDArray[np.floating],
    right: Bools,
    group: Ints,
    truth: Truth,
    fitted_on: str,
    very_one_from: float | None,
) -> Likeness:
    """The curve of matches (n,): isotonic regression, with intervals by drawing groups of queries anew."""
    places = np.unique(np.quantile(similarity, np.linspace(0, 1, _MOST_POINTS)).round(5))
    curve = _curve(similarity, right, places)
    rng = np.random.default_rng(0)
    names, member = np.unique(group, return_inverse=True)
    drawn = []
    for _ in range(_BOOTSTRAPS):
        weight = rng.multinomial(len(names), np.full(len(names), 1 / len(names)))[member].astype(float)
        drawn.append(_curve(similarity, right, places, weight))
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    columns = [_rounded(column) for column in (places, curve, low, high)]
    if places[0] > _UNLIKE:  # below what was shown nothing was seen: down to nothing alike at all
        columns = [(first, *column) for first, column in zip((_UNLIKE, 0.0, 0.0, 0.0), columns, strict=True)]
    similarities, likenesses, lows, highs = columns
    return Likeness(
        truth=truth, fitted_on=fitted_on, similarity=similarities, likeness=likenesses, low=lows, high=highs,
        very_one_from=very_one_from,
    )  # fmt: skip


def very_one_from(similarity: NDArray[np.floating], is_it: Bools) -> float | None:
    """The least similarity of a first match (n,) from which it is the very product in nine of ten cases.

    is_it: bool (n,). None where no similarity tells, or there are fewer than thirty queries whose product is there.
    """
    if is_it.sum() < _LEAST_PAIRS:
        return None
    at, share = _isotonic(similarity, is_it, np.ones(len(similarity)))
    reached = np.flatnonzero(share >= _VERY_ONE)
    return round(float(at[reached[0]]), 5) if len(reached) else None


def _curve(
    similarity: NDArray[np.floating], right: Bools, places: NDArray[np.floating],
    weight: NDArray[np.floating] | None = None,
) -> Doubles:  # fmt: skip
    """The curve at these places; one wrong match beside the most similar keeps it below certainty."""
    weight = np.ones(len(similarity)) if weight is None else weight
    steps = _isotonic(np.append(similarity, similarity.max()), np.append(right, False), np.append(weight, 1.0))
    return np.asarray(np.interp(places, *steps), np.float64)


def _isotonic(
    similarity: NDArray[np.floating], right: Bools, weight: NDArray[np.floating]
) -> tuple[NDArray[np.floating], Doubles]:
    """Isotonic regression of matches (n,): the similarities that count, ascending, and the share that is right there.

    Scikit-learn's checks of its arguments take a hundred times as long as the regression itself.
    """
    at, row = np.unique(similarity, return_inverse=True)
    total = np.bincount(row, weight)
    counts = total > 0
    share = np.bincount(row, weight * right)[counts] / total[counts]
    return at[counts], np.asarray(isotonic_regression(share, weights=total[counts]).x, np.float64)


def _rounded(values: Sequence[float] | NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)
