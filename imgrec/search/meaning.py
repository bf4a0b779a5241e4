"""What a similarity means, and from which on products are shown: fitted on what photos by telephone found.

A threshold fitted on a shop's own photos does not hold for those of its customers. What is promised here is promised of
photos as telephones take them: of all matches shown, at least seventy of a hundred are right.
"""

from dataclasses import dataclass

import numpy as np

from imgrec.bootstrap import Resampling
from imgrec.figures import Estimate
from imgrec.search.fitting import fit_likeness, very_one_from
from imgrec.search.judging import count_relevant, judge
from imgrec.search.likeness import SOMEWHAT, Likeness, Truth
from imgrec.search.ranking import UNKNOWN, Gallery
from imgrec.search.trial import ShopPhotos, Trial
from imgrec.vision.vectors import Bools, Doubles, Ints

WANTED_RIGHT = 0.70
"""Of all matches that the threshold `auto` shows, the share that is to be right."""

NOTHING_TO_GO_BY = "nothing: there are too few photos to go by"
LEAST_JUDGED = 40
"""Queries, and matches shown, below which nothing is told of them."""

_MARGIN = 0.02
_WHAT = {
    "kind": "of the query's kind",
    "category": "of the query's category, looked for everywhere",
    "product": "the very product, which the shop had for half of them",
}


@dataclass(frozen=True)
class Meaning:
    """Likeness, the threshold and how it was found in words, and the share of the matches it shows that is right."""

    likeness: Likeness
    threshold: float
    rule: str
    shown_right: Estimate | None


def truth_of(shop: ShopPhotos) -> Truth:
    """By what a match is told to be right: kinds where they are known and shared, else categories, else the product."""
    queries = shop.photos.take(shop.telephone)
    held = count_relevant(queries, Gallery(shop.photos)) > 0
    if held.sum() >= max(LEAST_JUDGED, (queries.kind != UNKNOWN).sum() / 2):
        return "kind"
    told = len(shop.labels) > 1 and (queries.label != UNKNOWN).sum() >= LEAST_JUDGED
    return "category" if told else "product"


def meaning_of(trial: Trial, truth: Truth, shown: int) -> Meaning:
    """Fit it on the matches that are shown, at most `shown` of a query.

    For truth "category", `trial` is to have searched everywhere: within one category everything is of it.
    """
    first, is_it, asked = trial.first_matches()
    very_one = very_one_from(first, is_it)
    if truth == "product":
        return _fitted(first, is_it, asked, truth, very_one)
    queries, ranked = trial.of_telephones()
    if truth == "kind":
        judged = judge(queries, ranked, trial.gallery)
        right, told = judged.right, judged.known & (queries.kind != UNKNOWN)[:, None]
    else:
        right = trial.gallery.products.label[ranked.product] == queries.label[:, None]
        told = (ranked.product >= 0) & (queries.label != UNKNOWN)[:, None]
    told = told & (np.arange(told.shape[1]) < shown)
    group = np.broadcast_to(queries.group[:, None], told.shape)[told]
    return _fitted(ranked.similarity[told], right[told], group, truth, very_one)


def _fitted(similarity: Doubles, right: Bools, group: Ints, truth: Truth, very_one: float | None) -> Meaning:
    if len(np.unique(group)) < LEAST_JUDGED:
        return Meaning(Likeness.unknown(), 0.0, NOTHING_TO_GO_BY, None)
    fitted_on = f"{len(right):,} matches of photos as a telephone would take them; right: {_WHAT[truth]}"
    likeness = fit_likeness(similarity, right, group, truth, fitted_on, very_one)
    enough, is_reached = _least_similarity(similarity, right)
    somewhat = float(np.ceil(likeness.similarity_of(SOMEWHAT) * 1e5) / 1e5)  # upwards, so that it is at least that
    threshold = max(_downwards(enough), min(somewhat, 1.0))
    above = similarity >= threshold
    if above.sum() < LEAST_JUDGED:  # no similarity tells what is right, and nearly everything would be hidden
        return Meaning(Likeness.unknown(), 0.0, NOTHING_TO_GO_BY, None)
    share = Resampling(group[above], 0).share(right[above])
    rule = f"{share.value or 0:.0%} of {int(above.sum()):,} matches that it shows are {_WHAT[truth]}"
    return Meaning(likeness, threshold, rule + ("" if is_reached else f" ({WANTED_RIGHT:.0%} is out of reach)"), share)


def _least_similarity(similarity: Doubles, right: Bools) -> tuple[float, bool]:
    """The lowest threshold of which enough is right, and whether there is one; else the one of which most is right."""
    order = np.argsort(-similarity, kind="stable")
    count = np.arange(1, len(order) + 1)
    precision = np.cumsum(right[order]) / count
    last_of_ties = np.append(np.diff(similarity[order]) != 0, True)  # shown together, or not at all
    usable = last_of_ties & (count >= min(LEAST_JUDGED, len(order)))
    enough = np.flatnonzero(usable & (precision >= WANTED_RIGHT + _MARGIN))
    at = enough[-1] if len(enough) else np.flatnonzero(usable)[np.argmax(precision[usable])]
    return float(similarity[order][at]), bool(len(enough))


def _downwards(similarity: float) -> float:
    """To five decimals, never upwards, so that the match it was taken from still passes."""
    return float(np.clip(np.floor(similarity * 1e5) / 1e5, -1, 1))
