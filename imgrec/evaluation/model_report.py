"""Figures of trained models on the catalogue's photos: recognition, calibration and retrieval, one model or several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.bootstrap import RESAMPLES, Resampling, estimate_of
from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.evaluation.classification import (
    CategoryFigures,
    ConfidenceBin,
    TemperatureCurve,
    among_first,
    by_category,
    confidence_bins,
    confusion,
    cross_entropy,
    expected_calibration_error,
    temperature_curve,
)
from imgrec.evaluation.outputs import Outputs, network_outputs
from imgrec.evaluation.retrieval import PerQuery
from imgrec.evaluation.retrieval_report import (
    Difference,
    Features,
    RetrievalFigures,
    RetrievalRun,
    Served,
    difference,
    resampling_of_queries,
    retrieval_figures,
    search_all_ways,
)
from imgrec.evaluation.splits import Side, check_split, sides_of
from imgrec.evaluation.truth import as_columns
from imgrec.figures import Estimate
from imgrec.progress import Reporter
from imgrec.search.build import check_categories
from imgrec.search.ranking import Ints
from imgrec.vision.recogniser import Recogniser
from imgrec.vision.vectors import Floats, softmax, unit_rows

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

    top1, top3: the category is the likeliest, among the three likeliest. loss: cross-entropy in nats.
    confusion: rows are categories, columns what they are taken for, both in the order of the model's labels.
    """

    photos: int
    groups: int
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
class ModelFigures:
    """Everything measured of one model. gap: top-1 of training photos less that of test photos."""

    name: str
    path: Path
    sha256: str
    precision: str
    created_utc: str
    side_px: int
    feature_layer: str
    feature_dim: int
    whitened: bool
    temperature: float
    threshold: float
    threshold_rule: str
    labels: Sequence[str]
    recognition: Mapping[str, RecognitionFigures]
    gap: Estimate | None
    temperature_curve: TemperatureCurve | None
    retrieval: RetrievalFigures


@dataclass(frozen=True)
class Comparison:
    """One model less another, on the same photos and queries."""

    this: str
    baseline: str
    differences: Sequence[Difference]


@dataclass(frozen=True)
class ModelReport:
    """Figures of all models asked for, on the same photos. `split` is the one whose photos are the queries."""

    split: str
    photos: Mapping[str, int]
    without_split: int
    unreadable: int
    seed: int
    resamples: int
    models: Sequence[ModelFigures]
    comparisons: Sequence[Comparison]


@dataclass(frozen=True)
class ModelRun:
    """A model's figures and what they are of: for comparing, and for the sheets of pictures.

    queries: the catalogue's photos behind the rows of `retrieval.queries`. per_photo: by split and figure, (n,).
    """

    figures: ModelFigures
    queries: Sequence[CataloguePhoto]
    retrieval: RetrievalRun
    per_photo: Mapping[str, Mapping[str, PerQuery]]


@dataclass(frozen=True)
class Candidate:
    """A model to measure, and how it would be served."""

    name: str
    recogniser: Recogniser
    served: Served


def report_on_models(
    candidates: Sequence[Candidate],
    catalogue: Catalogue,
    split: str,
    cache: Path,
    seed: int,
    report: Reporter,
    recompute: bool = False,
) -> tuple[ModelReport, list[ModelRun]]:
    """Measure every model on the catalogue's photos; those after the first are compared with the first.

    The photos of `split` are the queries; what is searched is every photo on sale. Raises CatalogueError when there are
    no such photos, or a model does not know a category.
    """
    photos = list(catalogue.on_sale())
    for candidate in candidates:
        check_categories({photo.category for photo in photos}, candidate.recogniser.labels)
    contents = [photo.sha256 for photo in photos]
    outputs = [
        network_outputs(candidate.recogniser, catalogue, contents, cache, report, recompute) for candidate in candidates
    ]
    readable = np.logical_and.reduce([one.readable for one in outputs])
    usable = [photo for photo, can_be_read in zip(photos, readable, strict=True) if can_be_read]
    sides = sides_of(usable, seed)
    check_split(split, sides)
    runs = []
    for candidate, output in zip(candidates, outputs, strict=True):
        report.say(f"Measuring {candidate.name}.")
        runs.append(_run(candidate, usable, output.take(readable), sides, split, seed))
    return (
        ModelReport(
            split, {name: len(side.rows) for name, side in sides.items()},
            sum(photo.split is None for photo in usable), int((~readable).sum()), seed, RESAMPLES,
            [run.figures for run in runs], [_compare(run, runs[0], sides, seed) for run in runs[1:]],
        ),
        runs,
    )  # fmt: skip


def _run(
    candidate: Candidate, photos: Sequence[CataloguePhoto], outputs: Outputs, sides: Mapping[str, Side], split: str,
    seed: int,
) -> ModelRun:  # fmt: skip
    recogniser = candidate.recogniser
    settings, seen = recogniser.model.settings, recogniser.read(outputs.logits, outputs.pooled)
    columns = as_columns(photos, recogniser.labels, seen.features)
    queries = sides[split].rows
    retrieval = search_all_ways(
        columns.take(queries), columns, seen.probabilities[queries], recogniser.labels, candidate.served,
        unwhitened(outputs.pooled, queries) if settings.whitened else None,
    )  # fmt: skip
    per_photo = {
        name: _per_photo(seen.probabilities[side.rows], columns.label[side.rows]) for name, side in sides.items()
    }
    validation = sides.get("validation")
    figures = ModelFigures(
        name=candidate.name,
        path=recogniser.model.path,
        sha256=recogniser.model.sha256,
        precision=recogniser.precision,
        created_utc=settings.created_utc,
        side_px=settings.preprocessing.side_px,
        feature_layer=settings.feature_layer,
        feature_dim=settings.feature_dim,
        whitened=settings.whitened,
        temperature=settings.temperature,
        threshold=settings.threshold,
        threshold_rule=settings.threshold_rule,
        labels=recogniser.labels,
        recognition={
            name: _recognition(
                outputs.logits[side.rows], seen.probabilities[side.rows], columns.label[side.rows], recogniser.labels,
                side.resampling,
            )
            for name, side in sides.items()
        },
        gap=_gap([per_photo], sides),
        temperature_curve=temperature_curve(
            outputs.logits[validation.rows], columns.label[validation.rows], settings.temperature
        )
        if validation
        else None,
        retrieval=retrieval_figures(retrieval, resampling_of_queries(retrieval, seed)),
    )  # fmt: skip
    return ModelRun(figures, [photos[row] for row in queries[retrieval.rows].tolist()], retrieval, per_photo)


def unwhitened(pooled: Floats, queries: Ints) -> Features:
    """The network's pooled outputs scaled to length 1, of the queries and of all photos."""
    plain = unit_rows(pooled)
    return Features(plain[queries], plain)


def _per_photo(probabilities: Floats, label: Ints) -> dict[str, PerQuery]:
    right = {f"top-{k}": among_first(probabilities, label, k).astype(np.float64) for k in TOP}
    return right | {"loss": cross_entropy(probabilities, label)}


def _recognition(
    logits: Floats, probabilities: Floats, label: Ints, labels: Sequence[str], resampling: Resampling
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


def _gap(runs: Sequence[Mapping[str, Mapping[str, PerQuery]]], sides: Mapping[str, Side]) -> Estimate | None:
    """Top-1 of training less test photos; of two models, the gap of the first less that of the second."""
    if not {"train", "test"} <= sides.keys():
        return None
    of_split = {}
    for split in ("train", "test"):
        right = runs[0][split]["top-1"] - (runs[1][split]["top-1"] if len(runs) > 1 else 0)
        of_split[split] = float(right.mean()), sides[split].resampling.draws(right)
    (train, train_draws), (test, test_draws) = of_split["train"], of_split["test"]
    return estimate_of(train - test, train_draws - test_draws, len(sides["test"].rows))


def _compare(run: ModelRun, baseline: ModelRun, sides: Mapping[str, Side], seed: int) -> Comparison:
    names = (run.figures.name, baseline.figures.name)
    found = [
        Difference(*names, f"{split} {figure}", side.resampling.difference(values, baseline.per_photo[split][figure]))
        for split, side in sides.items()
        for figure, values in run.per_photo[split].items()
    ]
    if gap := _gap([run.per_photo, baseline.per_photo], sides):
        found.append(Difference(*names, "train-test gap", gap))
    found += difference(
        run.retrieval.as_served, baseline.retrieval.as_served, names, resampling_of_queries(run.retrieval, seed)
    )
    return Comparison(*names, found)
