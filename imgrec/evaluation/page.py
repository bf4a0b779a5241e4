"""The report as one HTML page that needs nothing else: plots as SVG, pictures as JPEG, the figures as JSON inside."""

import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from imgrec import __version__
from imgrec.catalogue.store import Catalogue
from imgrec.database import utc_now
from imgrec.errors import ReportError
from imgrec.evaluation.as_json import as_json
from imgrec.evaluation.model_report import ModelFigures, ModelReport, ModelRun
from imgrec.evaluation.sheets import Sheet, sheet_of
from imgrec.evaluation.thresholds import ThresholdPoint
from imgrec.figures import Estimate, Share
from imgrec.generations import write_atomically
from imgrec.progress import Reporter

TEMPLATE = "page.html.j2"
_PACKAGES = ("jinja2", "matplotlib")
_THRESHOLDS_IN_TABLE = 9

Plots = Mapping[str, str]
"""SVG by the plot's name."""


def check_packages() -> None:
    """Raises ReportError that names the extra when the page's packages are not installed."""
    for package in _PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise ReportError(
                f"A page needs packages that are not installed ({package}): pip install 'imgrec[report]'. "
                "The figures themselves do not: leave out --html."
            )


def write_page(
    file: Path, figures: ModelReport, runs: Sequence[ModelRun], catalogue: Catalogue, report: Reporter
) -> None:
    """Draw and write the page. Raises ReportError when its packages are not installed."""
    check_packages()
    sheets = []
    with report.stage("Making the page", 2 * len(runs) + 1) as advance:
        for run in runs:
            sheets.append(sheet_of(run, catalogue))
            advance(1, "pictures")
        plots = [_plots_of(model) for model in figures.models]
        advance(len(runs), "plots")
        page = render(figures, sheets, plots)
        advance(1, "")
    write_atomically(file, page.encode())


def render(figures: ModelReport, sheets: Sequence[Sheet], plots: Sequence[Plots]) -> str:
    """The page's text. sheets, plots: one for each model, in their order."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def _as_markup(svg: Plots) -> dict[str, Markup]:
        return {name: Markup(drawn) for name, drawn in svg.items()}  # noqa: S704 - our own SVG

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "percent": percent, "span": span, "points": points, "points_span": points_span, "number": number,
        "some": some_thresholds,
    }  # fmt: skip
    data = json.dumps(as_json(figures), ensure_ascii=False).replace("<", "\\u003c")
    return environment.get_template(TEMPLATE).render(
        report=figures,
        models=list(zip(figures.models, sheets, [_as_markup(one) for one in plots], strict=True)),
        overview=_as_markup(_overview_plots(figures)),
        data=Markup(data),  # noqa: S704 - "<" is escaped, so it cannot end its element
        version=__version__,
        written_utc=utc_now(),
    )


def percent(figure: float | Share | Estimate | None, decimals: int = 1) -> str:
    """0.764 as "76.4 %"."""
    value = figure.value if isinstance(figure, (Share, Estimate)) else figure
    return "–" if value is None else f"{value * 100:.{decimals}f} %"


def span(figure: Share | Estimate, decimals: int = 1) -> str:
    """Its interval, such as "72.9–79.8"."""
    low, high = (figure.interval or (None, None)) if isinstance(figure, Share) else (figure.low, figure.high)
    return "" if low is None or high is None else f"{low * 100:.{decimals}f}–{high * 100:.{decimals}f}"


def points(estimate: Estimate) -> str:
    """A difference in percentage points, with its sign."""
    return "–" if estimate.value is None else f"{estimate.value * 100:+.1f}".replace("-", "−")


def points_span(estimate: Estimate) -> str:
    """A difference's interval in percentage points."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{estimate.low * 100:+.1f} to {estimate.high * 100:+.1f}".replace("-", "−")


def number(value: float | None, decimals: int = 3) -> str:
    """A plain number."""
    return "–" if value is None else f"{value:.{decimals}f}"


def some_thresholds(curve: Sequence[ThresholdPoint]) -> list[ThresholdPoint]:
    """A handful of a curve's points, evenly spread, the one in use among them."""
    step = max(1, len(curve) // (_THRESHOLDS_IN_TABLE - 1))
    return [point for at, point in enumerate(curve) if at % step == 0 or point.fitted]


def _overview_plots(figures: ModelReport) -> dict[str, str]:
    from imgrec.evaluation import plots

    models, names = figures.models, [model.name for model in figures.models]
    drawn = {}
    if figures.split in models[0].recognition:
        recalled = {
            name: [model.recognition[figures.split].by_category[name].recall.value for model in models]
            for name in models[0].recognition[figures.split].by_category
        }
        drawn = {
            "top1": plots.accuracy_by_split(models, "top1"),
            "top3": plots.accuracy_by_split(models, "top3"),
            "recall": plots.by_category(recalled, names, f"recognised, of its {figures.split} photos"),
        }
    found = {
        name: [model.retrieval.by_category[name].figures["success@10"].value for model in models]
        for name in models[0].retrieval.by_category
    }
    if found:
        drawn["success"] = plots.by_category(found, names, "queries with their kind among the first ten")
    for comparison in figures.comparisons:
        title = f"points, {comparison.this} less {comparison.baseline}"
        rows = [row for row in comparison.differences if not row.figure.endswith("loss")]
        drawn[comparison.this] = plots.differences(rows, title)
    return drawn


def _plots_of(model: ModelFigures) -> dict[str, str]:
    from imgrec.evaluation import plots

    retrieval, name = model.retrieval, model.sha256
    drawn = {
        f"reliability {split}": plots.reliability(
            figures.uncalibrated_confidence, figures.confidence, f"{name} {split}"
        )
        for split, figures in model.recognition.items()
    }
    if retrieval.judged:
        drawn |= {
            "success": plots.figure_at_k(retrieval.ways, "success", "queries with their kind among them", name),
            "mAP": plots.figure_at_k(retrieval.ways, "mAP", "mean average precision", name),
            "thresholds": plots.thresholds(retrieval.thresholds[retrieval.served.scoping], name),
            "bargain": plots.precision_against_answered(retrieval.thresholds, name),
            "found": plots.found_at_thresholds(retrieval.thresholds, name),
            "pairs": plots.pairs(retrieval, name),
        }
    return drawn
