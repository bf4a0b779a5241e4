"""How good a ranked list is: precision, recall, average precision, success and first hit, as pure functions.

Definitions follow C. D. Manning, P. Raghavan and H. Schuetze, Introduction to Information Retrieval, 2008, chapter 8
(8.3: unranked sets, 8.4: ranked lists), on the first k matches. Every function returns one value a query; their mean
over queries is the figure (for average precision: mAP). right: bool (q, depth), and relevant: int64 (q,), as judging.py
gives them.

A match that cannot be judged counts as wrong here, so that these figures are lower bounds where a category has products
without a kind; what is said of a threshold leaves it out, as the rule that fits the threshold does.
"""

import numpy as np

from imgrec.vision.vectors import Bools, Doubles, Floats, Ints

DEPTHS = (1, 3, 5, 10)
SHOWN = max(DEPTHS)
"""Matches looked at: what an album holds, and what the threshold is fitted on."""

PerQuery = Doubles


def among_first(said: Floats, label: Ints, k: int) -> Bools:
    """Whether each photo's label is among its k likeliest, of equal ones the first: bool (n,).

    said: float32 (n, labels), probabilities or logits. label: int64 (n,).
    """
    likeliest = np.argsort(-said, axis=1, kind="stable")[:, :k]
    return np.asarray((likeliest == label[:, None]).any(axis=1))


def precision_at(right: Bools, k: int) -> PerQuery:
    """The share of the first k matches that are right; places without a match count as wrong."""
    return np.asarray(right[:, :k].sum(axis=1) / k, np.float64)


def recall_at(right: Bools, relevant: Ints, k: int) -> PerQuery:
    """Right matches among the first k over those that could be there: min(k, relevant), so that a perfect answer has 1.

    (Over all that are relevant, an answer of k could never reach 1 where a kind has more products than that, and the
    figure would tell the sizes of kinds rather than how well they are found.)
    """
    return np.asarray(right[:, :k].sum(axis=1) / np.maximum(np.minimum(relevant, k), 1), np.float64)


def average_precision_at(right: Bools, relevant: Ints, k: int) -> PerQuery:
    """The mean, over the min(k, relevant) right places there could be, of precision where each right match stands.

    Manning et al., section 8.4, cut at k: 1 when all of the first min(k, relevant) are right, 0 when none of k is.
    """
    first = right[:, :k]
    precision = np.cumsum(first, axis=1) / np.arange(1, first.shape[1] + 1)
    return np.asarray((precision * first).sum(axis=1) / np.maximum(np.minimum(relevant, k), 1), np.float64)


def success_at(right: Bools, k: int) -> PerQuery:
    """1 when a product of the same kind is among the first k, else 0 (elsewhere: hit rate, "recall@k" of one)."""
    return np.asarray(right[:, :k].any(axis=1), np.float64)


def reciprocal_rank(right: Bools) -> PerQuery:
    """1 over the place of the first right match, 0 when there is none. Its mean is MRR.

    E. M. Voorhees, The TREC-8 Question Answering Track Report, 1999.
    """
    first = np.argmax(right, axis=1)
    return np.where(right.any(axis=1), 1.0 / (first + 1), 0.0)
