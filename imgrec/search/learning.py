"""What a shop's own photos teach: how to compare them, what category a photo shows, what a similarity means.

Everything is estimated on photos that what judges them was not fitted on: five folds, near-identical photos and photos
of one product never on both sides, and no photo that the model itself was trained or chosen on. Photos as the shop has
them are one half of the queries; the other is the same photos as a telephone would have taken them, and what is
promised of an answer is promised of those.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from imgrec.bootstrap import Resampling
from imgrec.figures import Estimate
from imgrec.search.generation import Expected, Knowledge
from imgrec.search.head import Head, fit_temperature
from imgrec.search.judging import count_relevant, judge
from imgrec.search.likeness import SOMEWHAT, Likeness, Truth, very_one_from
from imgrec.search.ranking import UNKNOWN, Bools, Gallery, Ints, Photos, Ranked, nearest, searched
from imgrec.search.scoping import Scoping
from imgrec.search.whitening import Whitening
from imgrec.vision.eye import Outputs
from imgrec.vision.vectors import Floats, softmax

DIM = 256
"""Numbers in a vector that is searched; fewer where there are fewer photos."""

WANTED_RIGHT = 0.70
"""Of all matches that the threshold `auto` shows, the share that is to be right."""

_FOLDS = 5
_LEAST_FAMILIES = 12
_LEAST_JUDGED = 40  # queries
_LEAST_UNLEARNED = 60  # photos
_TELEPHONE_WEIGHT = 0.25  # of a view: it is to be right about these too, but not at the cost of the others
_DEPTH = 10
_MARGIN = 0.02
_MOST_WEAKEST = 3
_NOBODY = -2  # a group that no product is of


@dataclass(frozen=True)
class ShopPhotos:
    """n photos of the shop that it learns from, and m of them seen as a telephone would.

    labels: category names. photos: with features of no account. seen, by_telephone: what the eye put out of them.
    telephone: int64 (m,), which photo each is of. learned: bool (n,), what the model was trained or chosen on.
    """

    labels: tuple[str, ...]
    photos: Photos
    seen: Outputs
    telephone: Ints
    by_telephone: Outputs
    learned: Bools

    def __len__(self) -> int:
        return len(self.photos)


@dataclass(frozen=True)
class Learned:
    """What the shop knows now. head: None where the model's own softmax serves, or there is nothing to tell apart."""

    knowledge: Knowledge
    whitening: Whitening
    head: Head | None


def learn(shop: ShopPhotos, own_labels: Sequence[str], scope_mass: float, shown: int) -> Learned:
    """Fit everything on the shop's photos.

    own_labels: those of the model's own softmax. scope_mass: what soft scoping covers. shown: matches in an answer.
    """
    everything = np.ones(len(shop), bool)
    whitening, head = _fitted(shop, everything)
    judged_by = [_Fold(rows, *_fitted(shop, ~rows)) for rows in _folds(shop)]
    if not judged_by:
        return _nothing_to_go_by(shop, whitening, head)
    fair, note = _fair_rows(shop)
    kind, logits = _choose_head(shop, judged_by, own_labels, fair)
    temperature = _temperature(shop, logits, fair)
    truths = _truth(shop)
    ways: dict[Scoping, _Asked] = {
        scoping: _ask(shop, judged_by, logits, temperature, fair, scoping, scope_mass)
        for scoping in (("soft", "hard") if kind != "none" and truths == "kind" else ("soft",))
    }
    scoping = max(ways, key=lambda way: ways[way].score) if kind != "none" else "all"
    asked = next(iter(ways.values())) if scoping == "all" else ways[scoping]
    meaning = asked
    if truths == "category":  # within one category everything is of it: looked for everywhere, it can be told
        meaning = _ask(shop, judged_by, logits, temperature, fair, "all", scope_mass)
    likeness, threshold, rule, right = _meaning_of_similarity(meaning, truths, shown, very_one_from(*asked.very_ones()))
    knowledge = Knowledge(
        labels=shop.labels if kind != "none" else (),
        head=kind,
        temperature=temperature,
        scoping=scoping,
        threshold=threshold,
        threshold_rule=rule,
        likeness=likeness,
        expected=_expected(shop, logits if kind != "none" else None, fair, asked, right, note),
    )
    return Learned(knowledge, whitening, head if kind == "fitted" else None)


@dataclass(frozen=True)
class _Fold:
    """Photos left out, bool (n,), and what was fitted without them."""

    rows: Bools
    whitening: Whitening
    head: Head | None


@dataclass(frozen=True)
class _Logits:
    """By photo and by telephone view, float32 (n, k) and (m, k), out of fold."""

    shop: Floats
    telephone: Floats


def _fitted(shop: ShopPhotos, rows: Bools) -> tuple[Whitening, Head | None]:
    """Whitening and head of some of the photos and their telephone views."""
    features = shop.seen.features.astype(np.float32)
    views = rows[shop.telephone]
    at = shop.telephone[views]
    by_telephone = shop.by_telephone.features[views].astype(np.float32)
    both = np.concatenate([features[rows], by_telephone])
    whitening = Whitening.fit(both, DIM, features[at] - by_telephone)
    label = np.concatenate([shop.photos.label[rows], shop.photos.label[at]])
    weight = np.concatenate([np.ones(int(rows.sum())), np.full(len(at), _TELEPHONE_WEIGHT)]).astype(np.float32)
    told = label != UNKNOWN
    if len(shop.labels) < 2 or not told.any():
        return whitening, None
    return whitening, Head.fit(both[told], label[told], weight[told], len(shop.labels))


def _folds(shop: ShopPhotos) -> Iterator[Bools]:
    """Who is left out in turn; nobody where there are too few families to leave some out."""
    families = len(np.unique(shop.photos.group))
    if families < _LEAST_FAMILIES:
        return
    folding = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a category has fewer than five members
        for _, out in folding.split(shop.photos.label, shop.photos.label, shop.photos.group):
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
    shop: ShopPhotos, folds: Sequence[_Fold], own_labels: Sequence[str], fair: Bools
) -> tuple[str, _Logits]:
    """Which softmax serves, and its logits out of fold: the fitted one, or the model's own where that is right more
    often, on photos as the shop has them and as telephones take them together.
    """
    categories = len(shop.labels)
    if categories < 2:
        return "none", _Logits(np.zeros((len(shop), 0), np.float32), np.zeros((len(shop.telephone), 0), np.float32))
    fitted = _Logits(
        np.zeros((len(shop), categories), np.float32), np.zeros((len(shop.telephone), categories), np.float32)
    )
    for fold in folds:
        assert fold.head is not None  # noqa: S101 - there are categories
        fitted.shop[fold.rows] = fold.head(shop.seen.features[fold.rows])
        views = fold.rows[shop.telephone]
        fitted.telephone[views] = fold.head(shop.by_telephone.features[views])
    if set(shop.labels) <= set(own_labels):
        columns = [list(own_labels).index(name) for name in shop.labels]
        own = _Logits(shop.seen.logits[:, columns], shop.by_telephone.logits[:, columns])
        if _right(shop, own, fair) > _right(shop, fitted, fair):
            return "own", own
    return "fitted", fitted


def _right(shop: ShopPhotos, logits: _Logits, fair: Bools) -> float:
    label = shop.photos.label
    told = fair & (label != UNKNOWN)
    views = told[shop.telephone]
    shares = [(logits.shop[told].argmax(axis=1) == label[told]).mean()]
    if views.any():
        shares.append((logits.telephone[views].argmax(axis=1) == label[shop.telephone[views]]).mean())
    return float(np.mean(shares))


def _temperature(shop: ShopPhotos, logits: _Logits, fair: Bools) -> float:
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
    return fit_temperature(
        both, np.concatenate([label[rows], label[shop.telephone[views]]]), weight.astype(np.float32)
    )


def _truth(shop: ShopPhotos) -> Truth:
    """By what a match is told to be right: kinds where they are known and shared, else categories, else the product."""
    queries = shop.photos.take(shop.telephone)
    label, known = queries.label, queries.kind != UNKNOWN
    held = count_relevant(queries, Gallery(shop.photos)) > 0
    if held.sum() >= _LEAST_JUDGED and held.sum() > known.sum() / 2:
        return "kind"
    return "category" if len(shop.labels) > 1 and (label != UNKNOWN).sum() >= _LEAST_JUDGED else "product"


@dataclass(frozen=True)
class _Asked:
    """What queries of both views found, each searched against all photos but those of its own family.

    view: bool (q,), taken by telephone. group: (q,). first, first_similarity, is_it: the first match where the own
    product is searched too, and whether it is that; of telephone views.
    """

    queries: Photos
    view: Bools
    ranked: Ranked
    gallery: Gallery
    first_similarity: NDArray[np.float64]
    is_it: Bools

    @property
    def score(self) -> float:
        """The share that finds one of its kind among ten, of those for which there is one."""
        judged = judge(self.queries, self.ranked, self.gallery)
        can = judged.relevant > 0
        return float(judged.right.any(axis=1)[can].mean()) if can.any() else 0.0

    def very_ones(self) -> tuple[NDArray[np.float64], Bools]:
        """First matches of telephone views, the own product among them: similarity, and whether it is that."""
        return self.first_similarity, self.is_it


def _ask(
    shop: ShopPhotos, folds: Sequence[_Fold], logits: _Logits, temperature: float, fair: Bools, scoping: Scoping,
    mass: float,
) -> _Asked:  # fmt: skip
    """Search with every photo that has a telephone view, both ways; each by the whitening that leaves it out."""
    parts: list[tuple[Photos, Bools, Ranked, NDArray[np.float64], Bools]] = []
    galleries = []
    held = np.isin(np.arange(len(shop.labels)), shop.photos.label)
    features = shop.seen.features.astype(np.float32)
    for fold in folds:
        views = np.flatnonzero((fold.rows & fair)[shop.telephone])
        if not len(views):
            continue
        at = shop.telephone[views]
        gallery = Gallery(replace(shop.photos, features=fold.whitening(features)))
        galleries.append(gallery)
        by_view = (
            (False, fold.whitening(features[at]), logits.shop[at]),
            (True, fold.whitening(shop.by_telephone.features[views]), logits.telephone[views]),
        )
        for is_telephone, vectors, said in by_view:
            queries = replace(shop.photos.take(at), features=vectors)
            probabilities = softmax(said / np.float32(temperature)) if said.shape[1] else said
            in_scope = searched(probabilities, held, scoping if said.shape[1] else "all", mass)
            ranked = nearest(queries, gallery, in_scope, _DEPTH)
            first = Ranked(np.zeros((0, 1), np.int64), np.zeros((0, 1)))
            if is_telephone:
                anybody = replace(queries, group=np.full(len(queries), _NOBODY))
                first = nearest(anybody, gallery, in_scope, 1)
            is_it = gallery.products.group[first.product[:, 0]] == queries.group[: len(first.product)]
            parts.append((queries, np.full(len(queries), is_telephone), ranked, first.similarity[:, 0], is_it))
    if not parts:
        nobody = shop.photos.take(np.zeros(0, np.int64))
        empty = Ranked(np.zeros((0, _DEPTH), np.int64), np.zeros((0, _DEPTH)))
        return _Asked(nobody, np.zeros(0, bool), empty, Gallery(shop.photos), np.zeros(0), np.zeros(0, bool))
    queries, view, ranked, similarity, is_it = zip(*parts, strict=True)
    columns = {
        name: np.concatenate([getattr(part, name) for part in queries])
        for name in ("product", "label", "kind", "group", "rank")
    }
    return _Asked(
        Photos(features=np.concatenate([part.features[:, :1] for part in queries]), **columns),
        np.concatenate(view),
        Ranked(np.concatenate([r.product for r in ranked]), np.concatenate([r.similarity for r in ranked])),
        galleries[0],
        np.concatenate(similarity),
        np.concatenate(is_it),
    )


def _meaning_of_similarity(
    asked: _Asked, truth: Truth, shown: int, very_one: float | None
) -> tuple[Likeness, float, str, Estimate | None]:
    """Likeness, the threshold that `auto` means and how it was found, and the share of matches it shows that is right."""
    rows = np.flatnonzero(asked.view)
    queries = asked.queries.take(rows)
    if truth == "product":
        return _by_the_very_product(asked, very_one)
    ranked = Ranked(asked.ranked.product[rows], asked.ranked.similarity[rows])
    if truth == "kind":
        judged = judge(queries, ranked, asked.gallery)
        right, told = judged.right, judged.known & (queries.kind != UNKNOWN)[:, None]
    else:
        label = asked.gallery.products.label[ranked.product]
        right, told = label == queries.label[:, None], (ranked.product >= 0) & (queries.label != UNKNOWN)[:, None]
    told[:, shown:] = False
    group = np.broadcast_to(queries.group[:, None], told.shape)[told]
    similarity, is_right = ranked.similarity[told], right[told]
    if len(np.unique(group)) < _LEAST_JUDGED:
        return _by_the_very_product(asked, very_one)
    queries_told = int(told.any(axis=1).sum())
    what = {"kind": "of the query's kind", "category": "of the query's category, looked for everywhere"}[truth]
    likeness = Likeness.fit(
        similarity, is_right, group, truth,
        f"{len(similarity):,} matches of {queries_told:,} photos as a telephone would take them; right: {what}", very_one,
    )  # fmt: skip
    threshold, reached = _least_similarity(similarity, is_right)
    threshold = max(threshold, _downwards(likeness.similarity_of(SOMEWHAT)))
    above = similarity >= threshold
    share = Resampling(group[above], 0).share(is_right[above])
    rule = f"{share.value or 0:.0%} of {int(above.sum()):,} matches that it shows are {what}"
    if not reached:
        rule += f" ({WANTED_RIGHT:.0%} is out of reach)"
    return likeness, threshold, rule, share


def _least_similarity(similarity: NDArray[np.floating], right: Bools) -> tuple[float, bool]:
    """The lowest threshold of which enough is right, and whether there is one; else the one of which most is right."""
    order = np.argsort(-similarity, kind="stable")
    count = np.arange(1, len(order) + 1)
    precision = np.cumsum(right[order]) / count
    last_of_ties = np.append(np.diff(similarity[order]) != 0, True)  # shown together, or not at all
    usable = last_of_ties & (count >= min(_LEAST_JUDGED, len(order)))
    enough = np.flatnonzero(usable & (precision >= WANTED_RIGHT + _MARGIN))
    at = enough[-1] if len(enough) else np.flatnonzero(usable)[np.argmax(precision[usable])]
    return _downwards(float(similarity[order][at])), bool(len(enough))


def _by_the_very_product(asked: _Asked, very_one: float | None) -> tuple[Likeness, float, str, Estimate | None]:
    """Where neither kinds nor categories can tell: likeness is how often a first match is the very product."""
    similarity, is_it = asked.very_ones()
    if len(similarity) < _LEAST_JUDGED:
        return Likeness.unknown(), 0.0, "nothing: there are too few photos to go by", None
    group = asked.queries.group[asked.view]
    likeness = Likeness.fit(
        similarity, is_it, group, "product",
        f"the first matches of {len(similarity):,} photos as a telephone would take them; right: the very product",
        very_one,
    )  # fmt: skip
    threshold, _ = _least_similarity(similarity, is_it)
    above = similarity >= threshold
    share = Resampling(group[above], 0).share(is_it[above])
    return likeness, threshold, f"{share.value or 0:.0%} of first matches that it shows are the very product", share


def _expected(
    shop: ShopPhotos, logits: _Logits | None, fair: Bools, asked: _Asked, right: Estimate | None, note: str
) -> Expected:
    """How good it is, by both views."""
    photos, views = shop.photos, fair[shop.telephone]
    category, first_3, weakest = {}, {}, ()
    told = fair & (photos.label != UNKNOWN)
    if logits is not None and told.any():
        sides = {
            "shop": (logits.shop[told], photos.take(told)),
            "telephone": (logits.telephone[views], photos.take(shop.telephone[views])),
        }
        for view, (said, of) in sides.items():
            if len(of):
                order = np.argsort(-said, axis=1, kind="stable")
                by_family = Resampling(of.group, 0)
                category[view] = by_family.share(order[:, 0] == of.label)
                first_3[view] = by_family.share((order[:, :3] == of.label[:, None]).any(axis=1))
        weakest = _weakest(shop.labels, logits.shop[told].argmax(axis=1), photos.label[told])
    kind_first, kind_in_10 = {}, {}
    judged = judge(asked.queries, asked.ranked, asked.gallery)
    for view, side in (("shop", ~asked.view), ("telephone", asked.view)):
        can = side & (judged.relevant > 0)
        if can.any():
            by_family = Resampling(asked.queries.group[can], 0)
            kind_first[view] = by_family.share(judged.right[can, 0])
            kind_in_10[view] = by_family.share(judged.right[can].any(axis=1))
    very = asked.is_it
    return Expected(
        photos=int(fair.sum()), families=len(np.unique(photos.group[fair])), category=category,
        category_in_first_3=first_3, kind_first=kind_first, kind_in_first_10=kind_in_10,
        product_first=Resampling(asked.queries.group[asked.view], 0).share(very) if len(very) else None,
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
        threshold_rule="nothing: there are too few photos to go by",
        likeness=Likeness.unknown(),
        expected=Expected(photos=0, families=0, note="too few products to estimate on"),
    )
    return Learned(knowledge, whitening, head)


def _downwards(similarity: float) -> float:
    """To five decimals, never upwards, so that the match it was taken from still passes."""
    return float(np.clip(np.floor(similarity * 1e5) / 1e5, -1, 1))
