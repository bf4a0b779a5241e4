"""Figures of models and of retrieval as tables for a terminal; the JSON and the page have all of them."""

from collections.abc import Sequence
from itertools import groupby

from rich.table import Table

from imgrec.commands.console import table
from imgrec.evaluation.confidence import Confidence
from imgrec.evaluation.model_report import ModelFigures, ModelReport
from imgrec.evaluation.retrieval_report import COMPARED, Difference, RetrievalFigures
from imgrec.evaluation.search_report import SearchReport
from imgrec.evaluation.verdict import Verdict
from imgrec.figures import Estimate, counted


def model_tables(report: ModelReport) -> list[Table | str]:
    """Each model's recognition and retrieval, then the differences."""
    shown: list[Table | str] = []
    for model in report.models:
        shown += [*_model(model, report.split), "", *retrieval_tables(model.retrieval), ""]
    for comparison in report.comparisons:
        shown += [_differences(f"{comparison.this} less {comparison.baseline}", comparison.differences), ""]
    return shown[:-1]


def search_tables(figures: SearchReport) -> list[Table | str]:
    """What was asked of the search, and how often it was right."""
    title = (
        f"{counted(figures.queries, 'query', 'queries')}, {figures.unreadable:,} unreadable; {figures.scoping} scoping"
    )
    shown = table(title, "figure", "value")
    categories = {
        "category right": figures.category_right,
        "category in the first 3": figures.category_in_first_3,
        "category searched": figures.category_in_scope,
    }
    for name, share in categories.items():
        shown.add_row(name, "none: categories are not told apart" if figures.head == "none" else str(share))
    for k, share in figures.kind_in_first.items():
        shown.add_row(f"kind in the first {k}", str(share))
    for k, share in figures.kind_in_first_held.items():
        shown.add_row(f"  where the catalogue has it, {k}", str(share))
    if figures.product_first is not None:
        shown.add_row("product first", str(figures.product_first))
    shown.add_row(f"shown something ({figures.likeness:.0%} alike, {figures.threshold})", str(figures.answered))
    shown.add_row("shown three or more", str(figures.shown_three))
    shown.add_row("of all shown, of its kind", str(figures.shown_right))
    if figures.confidence is not None and figures.head != "none":
        _add_confidence(shown, figures.confidence)
    return [shown, *(["", figures.note] if figures.note else [])]


def confidence_table(strangers: Confidence) -> Table:
    """How sure the shop is of what it does not sell."""
    shown = table("Photos of what is not sold", "figure", "value")
    _add_confidence(shown, strangers)
    return shown


def _add_confidence(shown: Table, confidence: Confidence) -> None:
    shown.add_row("sure of a category (80 % or more)", str(confidence.confident))
    shown.add_row("  if all that is sent were sold", str(confidence.undoubted))
    shown.add_row("taken for something sold", str(confidence.sold))


def retrieval_tables(figures: RetrievalFigures) -> list[Table | str]:
    """Every way to search, and how they differ."""
    title = f"Retrieval: {figures.judged:,} of {counted(figures.queries, 'query', 'queries')} can be judged, "
    title += counted(figures.products, "product")
    ways = table(title, "feature", "scoping", "category searched", *COMPARED)
    for way in figures.ways:
        searched = f"{_percent(way.own_category_searched.value)} in {way.categories_searched.value or 0:.1f}"
        ways.add_row(
            way.feature, f"{way.scoping}{' (served)' if way.as_served else ''}", searched,
            *(_percent(way.figures[name].value) for name in COMPARED),
        )  # fmt: skip
    differences = [
        _differences(f"{this} less {baseline}", list(of_pair))
        for (this, baseline), of_pair in groupby(figures.differences, key=lambda one: (one.this, one.baseline))
    ]
    return [ways, *(part for made in differences for part in ("", made))]


def verdict_table(verdict: Verdict, photos: int, ms: tuple[float, float]) -> Table:
    """Figures of two models side by side, and the milliseconds that each takes for a look."""
    shown = table(
        f"On {counted(photos, 'test photo')}", "figure", verdict.before, verdict.after, "difference in points"
    )
    for one in verdict.compared:
        shown.add_row(one.name, str(one.before), str(one.after), _difference(one.difference))
    before, after = ms
    shown.add_row("a look", f"{before:.1f} ms", f"{after:.1f} ms", f"{after / before:.2f} times as long")
    return shown


def _model(model: ModelFigures, split: str) -> list[Table | str]:
    shown = table(
        f"{model.name} ({model.arithmetic}, {model.side_px} px, {model.sha256[:12]})",
        "split", "photos", "top-1", "top-3", "loss", "calibration error",
    )  # fmt: skip
    for name, figures in model.recognition.items():
        shown.add_row(
            f"{name}{' (fitted on)' if figures.fitted_on else ''}", f"{figures.photos:,}", str(figures.top1),
            str(figures.top3), _number(figures.loss),
            f"{figures.calibration_error:.1%} (before calibration {figures.uncalibrated_calibration_error:.1%})",
        )  # fmt: skip
    if model.gap:
        shown.add_row("train-test gap", "", str(model.gap))
    if (seen := model.by_telephone) and seen.top1 and seen.top3:
        shown.add_row("as by telephone", f"{seen.photos:,}", str(seen.top1), str(seen.top3))
    lines = [shown if model.recognition else f"{model.name}: categories are not told apart."]
    if len(model.heads) > 1:
        named = ", ".join(f"{name} {figures.top1}" for name, figures in model.heads.items())
        beside = ", beside the nearest photos" if model.hears_neighbours else ""
        lines.append(f"Softmax alone, {split} photos: {named}; the {model.head} one serves{beside}.")
    if seen and seen.kind_first.value is not None:
        lines.append(f"Kind first as by telephone: {seen.kind_first}; among ten: {seen.kind_in_first_10}.")
    likeness = f"{model.likeness_of_threshold:.0%} alike, by {model.likeness_truth}"
    lines.append(f"Threshold {model.retrieval.served.threshold} ({likeness}).")
    return [*lines, *([f"Note: {model.note}."] if model.note else [])]


def _differences(title: str, differences: Sequence[Difference]) -> Table:
    shown = table(title, "figure", "difference", "95 % interval")
    for one in differences:
        estimate, points = one.estimate, not one.figure.endswith("loss")
        if estimate.value is None or estimate.low is None or estimate.high is None:
            continue
        shown.add_row(
            one.figure, f"{_signed(estimate.value, points)}{' points' if points else ''}", _interval(estimate, points)
        )
    return shown


def _difference(estimate: Estimate) -> str:
    if estimate.value is None:
        return "none"
    return f"{_signed(estimate.value, True)} ({_interval(estimate, True)})"


def _interval(estimate: Estimate, points: bool) -> str:
    low, high = (_signed(end or 0.0, points) for end in (estimate.low, estimate.high))
    return f"{low} to {high}{'' if estimate.differs else ', may be chance'}"


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{value:.1%}"


def _number(estimate: Estimate) -> str:
    if estimate.value is None:
        return "none"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _signed(value: float, points: bool) -> str:
    return f"{value * 100:+.1f}" if points else f"{value:+.3f}"
