"""What a shop's own photos teach: how to compare them, what category a photo shows, what a similarity means.

Everything is estimated on photos that what judges them was not fitted on: five folds, near-identical photos and photos
of one product never on both sides, and no photo that the model itself was trained or chosen on. Photos as the shop has
them are one half of the queries; the other is the same photos as a telephone would have taken them, and what is
promised of an answer is promised of those.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from imgrec.bootstrap import Resampling
from imgrec.figures import Estimate
from imgrec.search.fitting import fit_head, fit_temperature
from imgrec.search.generation import Expected, Knowledge
from imgrec.search.head import Head, own_logits
from imgrec.search.judging import judge
from imgrec.search.learned import Learned
from imgrec.search.likeness import Likeness, Truth
from imgrec.search.meaning import NOTHING_TO_GO_BY, meaning_of, truth_of
from imgrec.search.measures import among_first
from imgrec.search.neighbours import Neighbours
from imgrec.search.ranking import UNKNOWN
from imgrec.search.scoping import Scoping
from imgrec.search.strangers import sold_of
from imgrec.search.trial import Fold, LogitsOf, ShopPhotos, Trial, Way, ask
from imgrec.search.whitening import DIM, Whitening
from imgrec.search.within import differences
from imgrec.vision.vectors import Bools, Floats, Halves, Ints

_FOLDS = 5
_LEAST_FAMILIES = 12
_LEAST_UNLEARNED = 60  # photos
_TELEPHONE_WEIGHT = 0.25  # of a view: the head is to be right about these too, but not at the cost of the others
_MOST_WEAKEST = 3
_CATEGORY_WEIGHT = 0.15


def learn(shop: ShopPhotos, own_labels: Sequence[str], scope_mass: float, shown: int) -> Learned:
    """Fit everything on the shop's photos.

    own_labels: those of the model's own softmax. scope_mass: what soft scoping covers. shown: matches in an answer.
    """
    whitening, head = _fitted(shop, np.ones(len(shop), bool))
    folds = [Fold(rows, *_fitted(shop, ~rows)) for rows in _folds(shop)]
    if not folds:
        return _nothing_to_go_by(shop, whitening, head)
    fair, note = _fair_rows(shop)
    chosen, logits = _choose_head(shop, folds, own_labels, fair)
    hears_neighbours, logits = _with_neighbours(shop, folds, logits, fair)
    temperature = _temperature(shop, logits, fair)
    truth = truth_of(shop)

    def by(way: Way) -> Trial:
        return ask(shop, folds, logits, temperature, fair, way, scope_mass)

    way, trial = _choose_way(by, chosen != "none", truth)
    everywhere = truth == "category"  # within one category everything is of it
    meaning = meaning_of(by(replace(way, scoping="all")) if everywhere else trial, truth, shown)
    knowledge = Knowledge(
        labels=() if chosen == "none" else shop.labels,
        head=chosen,
        hears_neighbours=hears_neighbours,
        temperature=temperature,
        sold=sold_of(shop, folds, logits, temperature, fair),
        scoping=way.scoping,
        category_weight=way.category_weight,
        threshold=meaning.threshold,
        threshold_rule=meaning.rule,
        likeness=meaning.likeness,
        expected=_expected(shop, logits, fair, trial, meaning.shown_right, note),
    )
    neighbours = _neighbours(shop, np.ones(len(shop), bool), whitening) if hears_neighbours else None
    return Learned(knowledge, whitening, head if chosen == "fitted" else None, neighbours)


def _fitted(shop: ShopPhotos, rows: Bools) -> tuple[Whitening, Head | None]:
    """Whitening and head of some of the photos and their telephone views."""
    features = shop.seen.features.astype(np.float32)
    views = rows[shop.telephone]
    at = shop.telephone[views]
    by_telephone = shop.by_telephone.features[views].astype(np.float32)
    both = np.concatenate([features[rows], by_telephone])
    whitening = Whitening.fit(both, DIM, differences(shop, rows))
    label = np.concatenate([shop.photos.label[rows], shop.photos.label[at]])
    weight = np.concatenate([np.ones(int(rows.sum())), np.full(len(at), _TELEPHONE_WEIGHT)]).astype(np.float32)
    told = label != UNKNOWN
    if len(shop.labels) < 2 or not told.any():
        return whitening, None
    return whitening, fit_head(both[told], label[told], weight[told], len(shop.labels))


def _folds(shop: ShopPhotos) -> Iterator[Bools]:
    """Who is left out in turn; nobody where there are too few families to leave some out."""
    label, family = shop.photos.label, shop.photos.group
    if len(np.unique(family)) < _LEAST_FAMILIES:
        return
    is_stratified = np.unique(label, return_counts=True)[1].max() >= _FOLDS  # else scikit-learn refuses
    folding = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0) if is_stratified else GroupKFold(_FOLDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a category has fewer than five members
        for _, out in folding.split(label, label, family):
            if len(out):
                yield np.isin(np.arange(len(shop)), out)


def _fair_rows(shop: ShopPhotos) -> tuple[Bools, str]:
    """The photos that estimates may be made on, and what is to be said of them."""
    unlearned = ~shop.learned
    if unlearned.all():
        return unlearned, ""
    count = int(unlearned.sum())
    if count >= _LEAST_UNLEARNED:
        return unlearned, f"estimated on the {count:,} photos that the model was not trained or chosen on"
    return np.ones(len(shop), bool), (
        f"the model was trained or chosen on all but {count:,} of these photos, so these figures flatter"
    )


def _choose_head(
    shop: ShopPhotos, folds: Sequence[Fold], own_labels: Sequence[str], fair: Bools
) -> tuple[Literal["fitted", "own", "none"], LogitsOf]:
    """Which softmax serves, and its logits out of fold: the fitted one, or the model's own where that is right more
    often, on photos as the shop has them and as telephones take them together.
    """
    categories = len(shop.labels)
    if categories < 2:
        return "none", _no_logits(shop, 0)
    fitted = _no_logits(shop, categories)
    for fold in folds:
        if fold.head is None:  # all photos that have a category are left out together
            continue
        for into, rows, features in _left_out(shop, fitted, fold):
            into[rows] = fold.head(features)
    if set(shop.labels) <= set(own_labels):
        views = (shop.seen, shop.by_telephone, shop.in_pieces)
        own = LogitsOf(*(own_logits(seen, own_labels, shop.labels) for seen in views))
        if _right(shop, own, fair) > _right(shop, fitted, fair):
            return "own", own
    return "fitted", fitted


def _left_out(shop: ShopPhotos, of: LogitsOf, fold: Fold) -> Iterator[tuple[Floats, Bools, Halves]]:
    """What is to be filled in for the photos that a fold leaves out, their views by telephone and those cut up: the
    logits, which rows of them, and the features of these.
    """
    yield of.shop, fold.rows, shop.seen.features[fold.rows]
    views = fold.rows[shop.telephone]
    yield of.telephone, views, shop.by_telephone.features[views]
    cut_up = fold.rows[shop.stranger]
    yield of.strangers, cut_up, shop.in_pieces.features[cut_up]


def _with_neighbours(shop: ShopPhotos, folds: Sequence[Fold], logits: LogitsOf, fair: Bools) -> tuple[bool, LogitsOf]:
    """Whether the nearest photos are heard beside the softmax: where more is right by it. And the logits then."""
    if not logits.shop.shape[1]:
        return False, logits
    said = _no_logits(shop, len(shop.labels))
    for fold in folds:
        neighbours = _neighbours(shop, ~fold.rows, fold.whitening)
        for into, rows, features in _left_out(shop, said, fold):
            into[rows] = neighbours(fold.whitening(features))
    both = LogitsOf(logits.shop + said.shop, logits.telephone + said.telephone, logits.strangers + said.strangers)
    return (True, both) if _right(shop, both, fair) > _right(shop, logits, fair) else (False, logits)


def _neighbours(shop: ShopPhotos, rows: Bools, whitening: Whitening) -> Neighbours:
    """Some of the photos, those that have a category."""
    told = rows & (shop.photos.label != UNKNOWN)
    return Neighbours(whitening(shop.seen.features[told]), shop.photos.label[told], len(shop.labels))


def _no_logits(shop: ShopPhotos, categories: int) -> LogitsOf:
    counts = len(shop), len(shop.telephone), len(shop.stranger)
    return LogitsOf(*(np.zeros((count, categories), np.float32) for count in counts))


def _right(shop: ShopPhotos, logits: LogitsOf, fair: Bools) -> float:
    label = shop.photos.label
    told = fair & (label != UNKNOWN)
    views = told[shop.telephone]
    shares = [(logits.shop[told].argmax(axis=1) == label[told]).mean()]
    if views.any():
        shares.append((logits.telephone[views].argmax(axis=1) == label[shop.telephone[views]]).mean())
    return float(np.mean(shares))


def _choose_way(by: Callable[[Way], Trial], told_apart: bool, truth: Truth) -> tuple[Way, Trial]:
    """How to search, and what the shop's photos find by it: the best of a few ways.

    Where kinds are not known nothing tells ways apart, and what served real shops best is taken.
    """
    scopings: tuple[Scoping, ...] = ("soft", "hard") if told_apart else ("all",)
    weight = _CATEGORY_WEIGHT if told_apart else 0.0
    if truth != "kind":
        way = Way(scopings[0], weight)
        return way, by(way)
    trials = {way: by(way) for way in (*map(Way, scopings), *([Way("soft", weight)] if weight else []))}
    best = max(trials, key=lambda way: trials[way].score)
    return best, trials[best]


def _temperature(shop: ShopPhotos, logits: LogitsOf, fair: Bools) -> float:
    """Both views count alike, however many there are of each."""
    label = shop.photos.label
    rows = fair & (label != UNKNOWN)
    if not logits.shop.shape[1] or not rows.any():
        return 1.0
    views = rows[shop.telephone]
    weight = np.concatenate(
        [np.full(int(rows.sum()), 1 / rows.sum()), np.full(int(views.sum()), 1 / max(1, views.sum()))]
    )
    both = np.concatenate([logits.shop[rows], logits.telephone[views]])
    return fit_temperature(both, np.concatenate([label[rows], label[shop.telephone[views]]]), weight.astype(np.float32))


def _expected(
    shop: ShopPhotos, logits: LogitsOf, fair: Bools, trial: Trial, right: Estimate | None, note: str
) -> Expected:
    """How good it is, by both views."""
    photos = shop.photos
    category: dict[str, Estimate] = {}
    first_3: dict[str, Estimate] = {}
    weakest: tuple[tuple[str, float], ...] = ()
    told = fair & (photos.label != UNKNOWN)
    views = told[shop.telephone]
    if logits.shop.shape[1] and told.any():
        sides = {
            "shop": (logits.shop[told], photos.take(told)),
            "telephone": (logits.telephone[views], photos.take(shop.telephone[views])),
        }
        for view, (said, of) in sides.items():
            if len(of):
                by_family = Resampling(of.group, 0)
                category[view] = by_family.share(among_first(said, of.label, 1))
                first_3[view] = by_family.share(among_first(said, of.label, 3))
        weakest = _weakest(shop.labels, logits.shop[told].argmax(axis=1), photos.label[told])
    kind_first, kind_in_10 = {}, {}
    judged = judge(trial.queries, trial.ranked, trial.gallery)
    for view, side in (("shop", ~trial.by_telephone), ("telephone", trial.by_telephone)):
        can = side & (judged.relevant > 0)
        if can.any():
            by_family = Resampling(trial.queries.group[can], 0)
            kind_first[view] = by_family.share(judged.right[can, 0])
            kind_in_10[view] = by_family.share(judged.right[can].any(axis=1))
    very = trial.is_it
    return Expected(
        photos=int(fair.sum()), families=len(np.unique(photos.group[fair])), category=category,
        category_in_first_3=first_3, kind_first=kind_first, kind_in_first_10=kind_in_10,
        product_first=Resampling(trial.queries.group[trial.by_telephone], 0).share(very) if len(very) else None,
        shown_right=right, weakest=weakest, note=note,
    )  # fmt: skip


def _weakest(labels: Sequence[str], predicted: Ints, label: Ints) -> tuple[tuple[str, float], ...]:
    shares = [(name, float((predicted[label == number] == number).mean()))
              for number, name in enumerate(labels) if (label == number).any()]  # fmt: skip
    return tuple(sorted(shares, key=lambda pair: pair[1])[:_MOST_WEAKEST])


def _nothing_to_go_by(shop: ShopPhotos, whitening: Whitening, head: Head | None) -> Learned:
    """So few products that none can be left out."""
    knowledge = Knowledge(
        labels=shop.labels if head else (),
        head="fitted" if head else "none",
        temperature=1.0,
        scoping="all",
        threshold=0.0,
        threshold_rule=NOTHING_TO_GO_BY,
        likeness=Likeness.unknown(),
        expected=Expected(photos=0, families=0, note="too few products to estimate on"),
    )
    return Learned(knowledge, whitening, head)
