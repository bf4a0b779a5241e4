"""Figures of models on the catalogue's photos: recognition, calibration and retrieval, one model or several.

A model only looks; what answers is an index generation that was fitted on what it saw. So each model is measured with
what a generation of the training and validation photos knows (of the training photos, where validation is measured), on
photos that nothing of it was fitted on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from imgrec.bootstrap import RESAMPLES, Resampling, estimate_of
from imgrec.catalogue.splits import families
from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.config import Config
from imgrec.errors import CatalogueError
from imgrec.evaluation.candidates import Candidate
from imgrec.evaluation.classification import (
    CategoryFigures,
    ConfidenceBin,
    by_category,
    confidence_bins,
    confusion,
    cross_entropy,
    expected_calibration_error,
)
from imgrec.evaluation.retrieval_report import (
    Difference,
    RetrievalFigures,
    RetrievalRun,
    Served,
    difference,
    resampling_of_queries,
    retrieval_figures,
    search_all_ways,
)
from imgrec.evaluation.splits import Side, check_split, sides_of
from imgrec.features.store import FeatureStore
from imgrec.figures import Estimate
from imgrec.progress import Reporter
from imgrec.search.build import LookedAt, look_at_all, shop_photos
from imgrec.search.head import Head, own_logits
from imgrec.search.judging import judge
from imgrec.search.learned import Learned
from imgrec.search.learning import learn
from imgrec.search.likeness import Truth
from imgrec.search.measures import SHOWN, PerQuery, among_first
from imgrec.search.ranking import Gallery, Photos, nearest, scoped
from imgrec.vision.eye import Eye, Outputs
from imgrec.vision.model_folder import Arithmetic
from imgrec.vision.vectors import Floats, Ints, softmax

TOP = (1, 3)
_MOST_CONFUSED = 12


@dataclass(frozen=True)
class Confused:
    """How many photos of one category are taken for another."""

    category: str
    taken_for: str
    photos: int


@dataclass(frozen=True)
class RecognitionFigures:
    """How well the photos of one split are recognised. Probabilities are as served; "uncalibrated" without temperature.

    fitted_on: whether what recognises them was fitted on these photos; then the figures flatter. top1, top3: the
    category is the likeliest, among the three likeliest. loss: cross-entropy in nats. confusion: rows are categories,
    columns what they are taken for, both in the order of the model's figures' labels.
    """

    photos: int
    groups: int
    fitted_on: bool
    top1: Estimate
    top3: Estimate
    loss: Estimate
    uncalibrated_loss: Estimate
    calibration_error: float
    uncalibrated_calibration_error: float
    confidence: Sequence[ConfidenceBin]
    uncalibrated_confidence: Sequence[ConfidenceBin]
    by_category: Mapping[str, CategoryFigures]
    most_confused: Sequence[Confused]
    confusion: Sequence[Sequence[int]]


@dataclass(frozen=True)
class HeadFigures:
    """How well one softmax recognises the photos measured: the one fitted on the catalogue, or the model's own."""

    top1: Estimate
    top3: Estimate


@dataclass(frozen=True)
class TelephoneFigures:
    """The same photos as telephones would take them, those that were so looked at.

    kind_first, kind_in_first_10: of those that can be judged, searched as served.
    """

    photos: int
    top1: Estimate | None
    top3: Estimate | None
    kind_first: Estimate
    kind_in_first_10: Estimate


@dataclass(frozen=True)
class ModelFigures:
    """Everything measured of one model.

    feature: the blocks it is pooled from; feature_dim, vector_dim: numbers in it, and in the vectors searched. head:
    which softmax serves; heads: how both do by themselves, where the model has its own for these categories;
    hears_neighbours: whether the nearest photos count beside it. threshold, threshold_rule, likeness_truth, note: as an
    index records them. gap: top-1 of training less that of test photos.
    """

    name: str
    path: Path
    sha256: str
    arithmetic: Arithmetic
    created_utc: str
    made_from: str
    side_px: int
    feature: str
    feature_dim: int
    vector_dim: int
    head: Literal["fitted", "own", "none"]
    heads: Mapping[str, HeadFigures]
    hears_neighbours: bool
    temperature: float
    threshold: float
    threshold_rule: str
    likeness_truth: Truth
    likeness_of_threshold: float
    note: str
    labels: Sequence[str]
    recognition: Mapping[str, RecognitionFigures]
    gap: Estimate | None
    by_telephone: TelephoneFigures | None
    retrieval: RetrievalFigures


@dataclass(frozen=True)
class Comparison:
    """One model less another, on the same photos and queries."""

    this: str
    baseline: str
    differences: Sequence[Difference]


@dataclass(frozen=True)
class ModelReport:
    """Figures of all models asked for, on the same photos.

    split: the one whose photos are measured, and are the queries. fitted_on: the splits that everything was fitted on.
    left_out: photos of categories that none of those shows.
    """

    split: str
    fitted_on: Sequence[str]
    photos: Mapping[str, int]
    without_split: int
    left_out: int
    unreadable: int
    seed: int
    resamples: int
    models: Sequence[ModelFigures]
    comparisons: Sequence[Comparison]


@dataclass(frozen=True)
class ModelRun:
    """A model's figures and what they are of: for comparing, and for the sheets of pictures.

    queries: the catalogue's photos behind the rows of `retrieval.queries`. per_photo: by split and figure, (n,), of the
    photos that have a category.
    """

    figures: ModelFigures
    queries: Sequence[CataloguePhoto]
    retrieval: RetrievalRun
    per_photo: Mapping[str, Mapping[str, PerQuery]]


def report_on_models(
    candidates: Sequence[Candidate], config: Config, split: str, seed: int, report: Reporter, again: bool = False
) -> tuple[ModelReport, list[ModelRun]]:
    """Measure every model on the catalogue's photos; those after the first are compared with the first.

    The photos of `split` are the queries; what is searched is every photo on sale. again: look at all photos anew.
    Raises CatalogueError when there are no photos in this split, or none to fit on.
    """
    looked = []
    for candidate in candidates:
        if again:
            FeatureStore(config.features_path, candidate.eye).clear()
        report.say(f"Looking with {candidate.name}, in {candidate.eye.arithmetic}.")
        looked.append(look_at_all(config, candidate.eye, report))
    with Catalogue.read(config.catalogue) as catalogue:
        readable = list(catalogue.on_sale())
    for one in looked:
        readable = one.readable(readable)
    fit_on = ("train",) if split == "validation" else ("train", "validation")
    known = {photo.category for photo in readable if photo.split in fit_on}
    if not known:
        raise CatalogueError(
            f"The catalogue has no photos in the split {' or '.join(fit_on)} to fit on. A feed names splits, or imgrec "
            "train assigns them."
        )
    photos = [photo for photo in readable if photo.category is None or photo.category in known]
    shown = _Measured.of(photos, split, fit_on, seed)
    runs = []
    for candidate, seen in zip(candidates, looked, strict=True):
        report.say(f"Measuring {candidate.name}.")
        runs.append(_run(candidate, seen, shown, config))
    figures = ModelReport(
        split=split,
        fitted_on=fit_on,
        photos={name: len(side.rows) for name, side in shown.sides.items()},
        without_split=sum(photo.split is None for photo in photos),
        left_out=len(readable) - len(photos),
        unreadable=max(one.unreadable for one in looked),
        seed=seed,
        resamples=RESAMPLES,
        models=[run.figures for run in runs],
        comparisons=[_compare(run, runs[0], shown) for run in runs[1:]],
    )
    return figures, runs


@dataclass(frozen=True)
class _Measured:
    """The photos that all models are measured on.

    family: int64 (n,), what belongs together. sides: by split. told: those of them that have a category.
    """

    photos: Sequence[CataloguePhoto]
    family: Ints
    sides: Mapping[str, Side]
    told: Mapping[str, Side]
    split: str
    fit_on: Sequence[str]
    seed: int

    @classmethod
    def of(cls, photos: Sequence[CataloguePhoto], split: str, fit_on: Sequence[str], seed: int) -> "_Measured":
        """Raises CatalogueError when there is nothing to measure."""
        family = families(photos)
        sides = sides_of(photos, family, seed)
        check_split(split, sides)
        told = np.array([photo.category is not None for photo in photos])
        return cls(photos, family, sides, sides_of(photos, family, seed, told), split, fit_on, seed)


def _run(candidate: Candidate, looked: LookedAt, shown: _Measured, config: Config) -> ModelRun:
    eye, section = candidate.eye, config.search
    shop = shop_photos([photo for photo in shown.photos if photo.split in shown.fit_on], looked, eye)
    own_labels = eye.model.settings.labels
    learned = learn(shop, own_labels, section.scope_mass, section.results)
    knowledge = learned.knowledge
    fitted = learned.head
    if knowledge.head == "own":  # to be shown beside it
        fitted = learn(shop, (), section.scope_mass, section.results).head
    outputs = looked.seen_in(shown.photos).outputs
    columns = Photos.of(shown.photos, shop.labels, learned.whitening(outputs.features), shown.family)
    logits = learned.logits(outputs, columns.features, own_labels)
    probabilities = softmax(logits / np.float32(knowledge.temperature))
    served = Served(
        scoping=knowledge.scoping_by(section),
        scope_mass=section.scope_mass,
        threshold=knowledge.threshold_by(section),
        category_weight=knowledge.category_weight,
    )
    queries = shown.sides[shown.split].rows
    plain = outputs.features.astype(np.float32)
    retrieval = search_all_ways(
        columns.take(queries), columns, probabilities[queries], shop.labels, served, (plain[queries], plain)
    )
    told: Mapping[str, Side] = shown.told if knowledge.labels else {}
    per_photo, recognition = {}, {}
    for name, side in told.items():
        label = columns.label[side.rows]
        per_photo[name] = _per_photo(probabilities[side.rows], label)
        recognition[name] = _recognition(
            logits[side.rows], probabilities[side.rows], label, shop.labels, side.resampling, name in shown.fit_on
        )
    settings = eye.model.settings
    figures = ModelFigures(
        name=candidate.name,
        path=eye.model.path,
        sha256=eye.model.sha256,
        arithmetic=eye.arithmetic,
        created_utc=settings.created_utc,
        made_from=settings.made_from,
        side_px=settings.preprocessing.side_px,
        feature=f"{' and '.join(settings.feature.layers)}, {settings.feature.pooling}",
        feature_dim=settings.feature.dim,
        vector_dim=learned.whitening.dim,
        head=knowledge.head,
        heads=_heads(fitted, outputs, columns, shop.labels, own_labels, told.get(shown.split)),
        hears_neighbours=knowledge.hears_neighbours,
        temperature=knowledge.temperature,
        threshold=knowledge.threshold,
        threshold_rule=knowledge.threshold_rule,
        likeness_truth=knowledge.likeness.truth,
        likeness_of_threshold=knowledge.likeness.of(served.threshold),
        note=knowledge.expected.note,
        labels=shop.labels,
        recognition=recognition,
        gap=_gap({name: figures["top-1"] for name, figures in per_photo.items()}, told),
        by_telephone=_by_telephone(looked, learned, columns, served, shown, eye),
        retrieval=retrieval_figures(retrieval, resampling_of_queries(retrieval, shown.seed)),
    )
    return ModelRun(figures, [shown.photos[row] for row in queries[retrieval.rows].tolist()], retrieval, per_photo)


def _heads(
    fitted: Head | None, outputs: Outputs, columns: Photos, labels: Sequence[str], own: Sequence[str], side: Side | None
) -> dict[str, HeadFigures]:
    """Both softmaxes on the photos measured; empty where categories are not told apart."""
    if side is None:
        return {}
    seen, label = outputs.take(side.rows), columns.label[side.rows]
    logits = {}
    if fitted is not None:
        logits["fitted"] = fitted(seen.features.astype(np.float32))
    if set(labels) <= set(own):
        logits["own"] = own_logits(seen, own, labels)
    return {
        name: HeadFigures(*(side.resampling.share(among_first(said, label, k)) for k in TOP))
        for name, said in logits.items()
    }


def _by_telephone(
    looked: LookedAt, learned: Learned, columns: Photos, served: Served, shown: _Measured, eye: Eye
) -> TelephoneFigures | None:
    """Of the photos measured that were also looked at as telephones take them; None where there are none."""
    rows = shown.sides[shown.split].rows
    at = looked.by_telephone.rows_of([shown.photos[row].sha256 for row in rows.tolist()])
    rows, outputs = rows[at >= 0], looked.by_telephone.take(at[at >= 0]).outputs
    if not len(rows):
        return None
    queries = replace(columns.take(rows), features=learned.whitening(outputs.features))
    logits = learned.logits(outputs, queries.features, eye.model.settings.labels)
    probabilities = softmax(logits / np.float32(learned.knowledge.temperature))
    by_family = Resampling(queries.group, (shown.seed, len(shown.sides)))
    gallery = Gallery(columns)
    in_scope, joint = scoped(probabilities, gallery, served.scoping, served.scope_mass, served.category_weight)
    top: list[Estimate | None] = [None, None]
    if learned.knowledge.labels:
        top = [by_family.share(among_first(probabilities, queries.label, k), queries.label >= 0) for k in TOP]
    judged = judge(queries, nearest(queries, gallery, in_scope, SHOWN, joint), gallery)
    can = judged.relevant > 0
    first, in_10 = (by_family.share(judged.right[:, :k].any(axis=1), can) for k in (1, SHOWN))
    return TelephoneFigures(len(rows), top[0], top[1], first, in_10)


def _per_photo(probabilities: Floats, label: Ints) -> dict[str, PerQuery]:
    right = {f"top-{k}": among_first(probabilities, label, k).astype(np.float64) for k in TOP}
    return right | {"loss": cross_entropy(probabilities, label)}


def _recognition(
    logits: Floats, probabilities: Floats, label: Ints, labels: Sequence[str], resampling: Resampling, fitted_on: bool
) -> RecognitionFigures:
    uncalibrated = softmax(logits)
    bins, uncalibrated_bins = confidence_bins(probabilities, label), confidence_bins(uncalibrated, label)
    counts = confusion(label, probabilities.argmax(axis=1), labels)
    mistaken = [
        Confused(labels[own], labels[other], photos)
        for own, row in enumerate(counts)
        for other, photos in enumerate(row)
        if own != other and photos
    ]
    return RecognitionFigures(
        photos=len(label),
        groups=resampling.groups,
        fitted_on=fitted_on,
        top1=resampling.share(among_first(probabilities, label, 1)),
        top3=resampling.share(among_first(probabilities, label, 3)),
        loss=resampling.mean(cross_entropy(probabilities, label)),
        uncalibrated_loss=resampling.mean(cross_entropy(uncalibrated, label)),
        calibration_error=expected_calibration_error(bins),
        uncalibrated_calibration_error=expected_calibration_error(uncalibrated_bins),
        confidence=bins,
        uncalibrated_confidence=uncalibrated_bins,
        by_category=by_category(label, probabilities.argmax(axis=1), labels),
        most_confused=sorted(mistaken, key=lambda pair: -pair.photos)[:_MOST_CONFUSED],
        confusion=counts,
    )


def _gap(of_split: Mapping[str, PerQuery], sides: Mapping[str, Side]) -> Estimate | None:
    """The mean of training less that of test photos; None where there are none of one."""
    if not {"train", "test"} <= of_split.keys():
        return None
    train, test = of_split["train"], of_split["test"]
    draws = sides["train"].resampling.draws(train) - sides["test"].resampling.draws(test)
    return estimate_of(float(train.mean() - test.mean()), draws, len(test))


def _compare(run: ModelRun, baseline: ModelRun, shown: _Measured) -> Comparison:
    names = (run.figures.name, baseline.figures.name)
    found = [
        Difference(
            *names, f"{split} {figure}",
            shown.told[split].resampling.difference(values, baseline.per_photo[split][figure]),
        )
        for split, of_split in run.per_photo.items()
        for figure, values in of_split.items()
    ]  # fmt: skip
    right = {split: own["top-1"] - baseline.per_photo[split]["top-1"] for split, own in run.per_photo.items()}
    if gap := _gap(right, shown.told):
        found.append(Difference(*names, "train-test gap", gap))
    found += difference(
        run.retrieval.as_served, baseline.retrieval.as_served, names, resampling_of_queries(run.retrieval, shown.seed)
    )
    return Comparison(*names, found)
