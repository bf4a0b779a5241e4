"""Matches held against the truth: which of them are right, and for which that can be told.

A match is right when it has the query's category and kind and is neither the query's own product nor of its group. A
match whose kind is unknown, within the query's own category, cannot be judged.
"""

from dataclasses import dataclass

import numpy as np

from imgrec.search.ranking import UNKNOWN, Gallery, Photos, Ranked
from imgrec.vision.vectors import Bools, Doubles, Ints


@dataclass(frozen=True)
class Judged:
    """The first matches of q queries, judged.

    similarity: float64 (q, depth), falling, -inf where there is no match. right, known: bool (q, depth), whether the
    match is right, and whether that can be told. relevant: int64 (q,), products on sale that would be right.
    """

    similarity: Doubles
    right: Bools
    known: Bools
    relevant: Ints

    def above(self, threshold: float) -> "Judged":
        """The same when only matches of at least this similarity are shown."""
        shown = self.similarity >= threshold
        return Judged(np.where(shown, self.similarity, -np.inf), self.right & shown, self.known & shown, self.relevant)


def count_relevant(queries: Photos, gallery: Gallery) -> Ints:
    """How many products would be a right match of each query: of its kind, and not of its own group. int64 (q,)."""
    products = gallery.products
    known = products.kind != UNKNOWN
    kinds = max(int(products.kind.max(initial=0)), int(queries.kind.max(initial=0))) + 1
    of_kind = np.bincount(products.kind[known], minlength=kinds)
    pairs, counts = np.unique(np.stack([products.kind[known], products.group[known]]), axis=1, return_counts=True)
    own = dict(zip(zip(*pairs.tolist(), strict=True), counts.tolist(), strict=True))
    return np.array(
        [
            0 if kind == UNKNOWN else int(of_kind[kind]) - own.get((kind, group), 0)
            for kind, group in zip(queries.kind.tolist(), queries.group.tolist(), strict=True)
        ],
        np.int64,
    )


def judge(queries: Photos, ranked: Ranked, gallery: Gallery) -> Judged:
    """Compare matches with the truth. Queries without a kind have nothing right and nothing relevant."""
    found, products = ranked.product >= 0, gallery.products
    kind, label = products.kind[ranked.product], products.label[ranked.product]
    right = found & (kind == queries.kind[:, None]) & (queries.kind[:, None] != UNKNOWN)
    known = found & ((kind != UNKNOWN) | (label != queries.label[:, None]))
    return Judged(ranked.similarity, right, known, count_relevant(queries, gallery))
