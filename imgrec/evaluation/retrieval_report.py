"""Retrieval figures of one split: every way to search, side by side, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from imgrec.bootstrap import Resampling
from imgrec.catalogue.feed import SPLITS
from imgrec.evaluation.thresholds import PairShares, ThresholdPoint, pair_shares, threshold_curve
from imgrec.figures import Estimate
from imgrec.search.joint import Joint
from imgrec.search.judging import Judged, count_relevant, judge
from imgrec.search.measures import (
    DEPTHS,
    SHOWN,
    PerQuery,
    average_precision_at,
    precision_at,
    recall_at,
    reciprocal_rank,
    success_at,
)
from imgrec.search.ranking import UNKNOWN, Gallery, Photos, Ranked, nearest, own_category, searched
from imgrec.search.scoping import Scoping
from imgrec.vision.vectors import Bools, Floats, Ints

SERVED, PLAIN = "served", "plain"
TRUE_CATEGORY = "true category"
SCOPINGS: tuple[Scoping, ...] = ("hard", "soft")
"""Looked at wherever categories are told apart, whichever serves."""

COMPARED = ("success@1", "success@10", "precision@10", "recall@10", "mAP@10", "MRR@10")
"""The figures whose differences are shown."""


@dataclass(frozen=True)
class Served:
    """How the bot searches: which scoping, what probability soft scoping covers, which threshold.

    category_weight: of a category's probability in the similarity.
    """

    scoping: Scoping
    scope_mass: float
    threshold: float
    category_weight: float = 0.0


@dataclass(frozen=True)
class Way:
    """One way to search (feature and scoping), and what it found for each query that can be judged."""

    feature: str
    scoping: str
    in_scope: Bools
    ranked: Ranked
    judged: Judged

    def per_query(self) -> dict[str, PerQuery]:
        """Every ranked figure of each query, by name."""
        right, relevant = self.judged.right, self.judged.relevant
        columns = {f"success@{k}": success_at(right, k) for k in DEPTHS}
        columns |= {f"precision@{k}": precision_at(right, k) for k in DEPTHS}
        columns |= {f"recall@{k}": recall_at(right, relevant, k) for k in DEPTHS}
        columns |= {f"mAP@{k}": average_precision_at(right, relevant, k) for k in DEPTHS}
        return columns | {f"MRR@{SHOWN}": reciprocal_rank(right)}


@dataclass(frozen=True)
class RetrievalRun:
    """Queries that can be judged, what was searched, and what each way found. `rows`: which of the queries given.

    joint: their categories' part in the similarity; None where categories are not told apart.
    """

    served: Served
    labels: Sequence[str]
    queries: Photos
    rows: Bools
    gallery: Gallery
    without_kind: int
    without_relevant: int
    ways: tuple[Way, ...]
    joint: Joint | None

    def way(self, feature: str, scoping: str) -> Way:
        """The way of this name."""
        return next(way for way in self.ways if (way.feature, way.scoping) == (feature, scoping))

    @property
    def scopings(self) -> list[str]:
        """Those that do not need the truth, of the served feature."""
        return [way.scoping for way in self.ways if way.feature == SERVED and way.scoping != TRUE_CATEGORY]

    @property
    def as_served(self) -> Way:
        """The way the bot takes."""
        return self.way(SERVED, self.served.scoping)


@dataclass(frozen=True)
class WayFigures:
    """Figures of one way to search; `figures` by name, such as "recall@10"."""

    feature: str
    scoping: str
    as_served: bool
    own_category_searched: Estimate
    categories_searched: Estimate
    unjudged: Estimate
    """Of the first ten matches, those whose kind is unknown, within the query's category."""
    figures: Mapping[str, Estimate]


@dataclass(frozen=True)
class Difference:
    """A figure of `this` less that of `baseline`, on the same queries."""

    this: str
    baseline: str
    figure: str
    estimate: Estimate


@dataclass(frozen=True)
class CategoryRetrieval:
    """Figures of the queries of one category, as served."""

    queries: int
    own_category_searched: Estimate
    figures: Mapping[str, Estimate]


@dataclass(frozen=True)
class RetrievalFigures:
    """All of it. `queries` in all; of those `without_kind` and `without_relevant` cannot be judged; `judged` can.

    `without_relevant`: no other product on sale is of their kind.
    """

    queries: int
    without_kind: int
    without_relevant: int
    judged: int
    groups: int
    products: int
    served: Served
    ways: Sequence[WayFigures]
    differences: Sequence[Difference]
    thresholds: Mapping[str, Sequence[ThresholdPoint]]
    by_category: Mapping[str, CategoryRetrieval]
    pairs: PairShares


def search_all_ways(
    queries: Photos,
    gallery: Photos,
    probabilities: Floats,
    labels: Sequence[str],
    served: Served,
    plain: tuple[Floats, Floats] | None = None,
) -> RetrievalRun:
    """Search the gallery with every query that can be judged: hard, soft, and by the true category.

    queries, gallery: with features as served; probabilities: float32 (q, labels) of the queries, (q, 0) where
    categories are not told apart and all is searched. plain: the features of both without whitening, to compare with;
    of these the vectors alone count.
    """
    by_feature = {SERVED: (queries, Gallery(gallery))}
    if plain is not None:
        of_queries, of_gallery = plain
        by_feature[PLAIN] = replace(queries, features=of_queries), Gallery(replace(gallery, features=of_gallery))
    searched_gallery = by_feature[SERVED][1]
    has_kind, relevant = queries.kind != UNKNOWN, count_relevant(queries, searched_gallery)
    rows = relevant > 0
    held = np.isin(np.arange(len(labels)), searched_gallery.products.label)
    scopes = _scopes(queries.label[rows], probabilities[rows], held, served)
    joint = Joint.of(probabilities[rows], served.category_weight) if probabilities.shape[1] else None
    known = Joint.of_known(queries.label[rows], len(labels), served.category_weight)
    ways = []
    for feature, (asked, shop) in by_feature.items():
        chosen = asked.take(rows)
        for scoping, in_scope in scopes.items():
            of_categories = None if joint is None or feature == PLAIN else known if scoping == TRUE_CATEGORY else joint
            ranked = nearest(chosen, shop, in_scope, SHOWN, of_categories)
            ways.append(Way(feature, scoping, in_scope, ranked, judge(chosen, ranked, shop)))
    return RetrievalRun(
        served=served,
        labels=labels,
        queries=queries.take(rows),
        rows=rows,
        gallery=searched_gallery,
        without_kind=int((~has_kind).sum()),
        without_relevant=int((has_kind & ~rows).sum()),
        ways=tuple(ways),
        joint=joint,
    )


def _scopes(label: Ints, probabilities: Floats, held: Bools, served: Served) -> dict[str, Bools]:
    """What each scoping searches for queries of these labels, as `searched` gives it."""
    if probabilities.shape[1]:
        names = [*SCOPINGS, *(("all",) if served.scoping == "all" else ())]
        scopes: dict[str, Bools] = {name: searched(probabilities, held, name, served.scope_mass) for name in names}
    else:
        scopes = {"all": np.ones((len(label), len(held) + 1), bool)}
    true = own_category(label, len(held)) & np.append(held, True)
    true[:, UNKNOWN] = True  # what has no category is searched whatever is asked for
    true[label == UNKNOWN] = True
    return scopes | {TRUE_CATEGORY: true}


def resampling_of_queries(run: RetrievalRun, seed: int) -> Resampling:
    """Resamples of the queries that can be judged: the same for every model, as these queries are."""
    return Resampling(run.queries.group, (seed, len(SPLITS)))


def retrieval_figures(run: RetrievalRun, resampling: Resampling) -> RetrievalFigures:
    """Take the figures of a run. The resampling is over its judged queries, by group."""
    return RetrievalFigures(
        queries=len(run.rows),
        without_kind=run.without_kind,
        without_relevant=run.without_relevant,
        judged=len(run.queries),
        groups=resampling.groups,
        products=len(run.gallery.products),
        served=run.served,
        ways=[_way_figures(run, way, resampling) for way in run.ways],
        differences=_differences(run, resampling),
        thresholds={
            scoping: threshold_curve(run.way(SERVED, scoping).judged, run.served.threshold, resampling)
            for scoping in run.scopings
        },
        by_category=_by_category(run, resampling),
        pairs=pair_shares(run.queries, run.gallery, run.joint),
    )


def difference(this: Way, baseline: Way, names: tuple[str, str], resampling: Resampling) -> list[Difference]:
    """The compared figures of one way less those of another, on the same queries."""
    ours, theirs = this.per_query(), baseline.per_query()
    return [Difference(*names, figure, resampling.difference(ours[figure], theirs[figure])) for figure in COMPARED]


def _way_figures(run: RetrievalRun, way: Way, resampling: Resampling) -> WayFigures:
    shown = np.isfinite(way.judged.similarity)
    return WayFigures(
        way.feature, way.scoping, way is run.as_served,
        resampling.share(_own_category_searched(run, way)),
        resampling.mean(way.in_scope[:, :UNKNOWN].sum(axis=1)),
        resampling.ratio((shown & ~way.judged.known).sum(axis=1), shown.sum(axis=1)),
        {name: _figure(name, values, resampling) for name, values in way.per_query().items()},
    )  # fmt: skip


def _figure(name: str, values: PerQuery, resampling: Resampling, among: Bools | None = None) -> Estimate:
    if name.startswith("success"):
        return resampling.share(values, among)
    counted = np.ones(len(values)) if among is None else among
    return resampling.ratio(values * counted, counted)


def _differences(run: RetrievalRun, resampling: Resampling) -> list[Difference]:
    """Soft scoping against hard, the upper bound against what is served, and the served feature against the plain."""
    served = run.served.scoping
    found = []
    if set(SCOPINGS) <= set(run.scopings):
        pair = ("soft scoping", "hard scoping")
        found += difference(run.way(SERVED, "soft"), run.way(SERVED, "hard"), pair, resampling)
    found += difference(run.way(SERVED, TRUE_CATEGORY), run.as_served, (TRUE_CATEGORY, f"{served} scoping"), resampling)
    if any(way.feature == PLAIN for way in run.ways):
        found += difference(run.as_served, run.way(PLAIN, served), ("served feature", "plain feature"), resampling)
    return found


def _by_category(run: RetrievalRun, resampling: Resampling) -> dict[str, CategoryRetrieval]:
    way, columns = run.as_served, run.as_served.per_query()
    own = _own_category_searched(run, way)
    figures = {}
    for number in np.unique(run.queries.label[run.queries.label != UNKNOWN]):
        among = run.queries.label == number
        figures[run.labels[number]] = CategoryRetrieval(
            int(among.sum()),
            resampling.share(own, among),
            {name: _figure(name, columns[name], resampling, among) for name in COMPARED},
        )
    return dict(sorted(figures.items()))


def _own_category_searched(run: RetrievalRun, way: Way) -> Bools:
    return np.asarray(way.in_scope[np.arange(len(run.queries)), run.queries.label])
