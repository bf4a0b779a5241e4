"""Plots of a report as SVG that takes its text colour from the page around it, so that it fits light and dark."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from imgrec.evaluation.classification import ConfidenceBin
from imgrec.evaluation.model_report import ModelFigures
from imgrec.evaluation.retrieval_report import Difference, RetrievalFigures, WayFigures
from imgrec.evaluation.thresholds import ThresholdPoint
from imgrec.figures import Estimate
from imgrec.search.measures import DEPTHS

BLUE, ORANGE, GREEN, PURPLE, GREY = "#3b82d6", "#e0812f", "#2fa36b", "#9a6bd6", "#8a919c"
MODEL_COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
_WAY_COLOURS = {"hard": ORANGE, "soft": BLUE, "true category": GREEN, "all": PURPLE}
LEAST_DRAWN = 10
"""Bins of the calibration curve with fewer photos are not drawn."""

_INK, _CARD = "#010203", "#040506"
"""Stand for the colours of the page's text and of what the plot lies on, and are replaced by them."""

_STYLE: Any = {
    "font.family": "sans-serif", "font.size": 10, "svg.fonttype": "none",
    "text.color": _INK, "axes.labelcolor": _INK, "axes.edgecolor": _INK, "xtick.color": _INK, "ytick.color": _INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6, "axes.axisbelow": True,
    "axes.grid": True, "grid.color": _INK, "grid.alpha": 0.13, "grid.linewidth": 0.6,
    "xtick.major.size": 0, "ytick.major.size": 0, "lines.linewidth": 1.8,
    "legend.facecolor": _CARD, "legend.edgecolor": "none", "legend.framealpha": 0.85, "legend.fontsize": 9,
    "figure.constrained_layout.use": True,
}  # fmt: skip
_WIDE, _HIGH = 4.7, 3.05


def accuracy_by_split(models: Sequence[ModelFigures], top: Literal["top1", "top3"]) -> str:
    """The accuracy of each split with its interval, for each model."""

    def draw(axes: Axes) -> None:
        for number, model in enumerate(models):
            offset = 0.16 * (number - (len(models) - 1) / 2)
            shares = [getattr(figures, top) for figures in model.recognition.values()]
            _dots(axes, np.arange(len(shares)) + offset, shares, MODEL_COLOURS[number % 4], model.name)
        splits = list(models[0].recognition)
        axes.set_xticks(range(len(splits)), splits)
        axes.set_xlim(-0.5, len(splits) - 0.5)
        _percent_axis(axes.yaxis)
        if len(models) > 1:
            axes.legend(loc="upper right")

    return _svg(f"accuracy {top}", draw)


def by_category(rows: Mapping[str, Sequence[float | None]], names: Sequence[str], label: str) -> str:
    """A dot for each model in each category's row, worst category first (as the first model has them)."""

    def draw(axes: Axes) -> None:
        ordered = sorted(rows, key=lambda name: rows[name][0] or 0, reverse=True)
        for number, model in enumerate(names):
            values = _or_nan([rows[name][number] for name in ordered])
            places = np.arange(len(ordered)) - 0.2 * (number - (len(names) - 1) / 2)
            axes.scatter(values, places, color=MODEL_COLOURS[number % 4], s=24, label=model, zorder=2)
        axes.set_yticks(range(len(ordered)), ordered)
        axes.set_ylim(-0.7, len(ordered) - 0.3)
        _percent_axis(axes.xaxis)
        axes.set_xlabel(label)
        if len(names) > 1:
            axes.legend(loc="lower left")

    return _svg(f"categories {label}", draw, high=0.9 + 0.21 * len(rows))


def reliability(before: Sequence[ConfidenceBin], after: Sequence[ConfidenceBin], name: str) -> str:
    """The calibration curve without and with temperature; the closer to the diagonal, the better."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=_INK, alpha=0.45, linewidth=1, linestyle=(0, (4, 3)))
        for bins, colour, label in ((before, GREY, "without temperature"), (after, BLUE, "as served")):
            drawn = [one for one in bins if one.right.count >= LEAST_DRAWN]
            x, y = [one.confidence for one in drawn], [one.right.value or 0 for one in drawn]
            if label == "as served":
                low = [_below(one.right.value, one.right.interval) for one in drawn]
                high = [_above(one.right.value, one.right.interval) for one in drawn]
                axes.errorbar(x, y, [low, high], fmt="none", ecolor=colour, alpha=0.45, linewidth=1.2)
            axes.plot(x, y, color=colour, marker="o", markersize=4, label=label)
        total = max(1, sum(one.right.count for one in after))
        axes.bar([(one.low + one.high) / 2 for one in after], [one.right.count / total for one in after],
                 width=0.9 * (after[0].high - after[0].low) if after else 0, color=BLUE, alpha=0.16,
                 label="share of photos")  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="probability of the likeliest category", ylabel="how often right")
        _percent_axis(axes.xaxis)
        _percent_axis(axes.yaxis)
        axes.legend(loc="upper left")

    return _svg(f"reliability {name}", draw)


def figure_at_k(ways: Sequence[WayFigures], figure: str, label: str, name: str) -> str:
    """One ranked figure at each k with its interval, for each scoping of the served feature, and the plain one."""

    def draw(axes: Axes) -> None:
        for way in ways:
            served = way.feature == "served"
            if not served and way.scoping == "true category":
                continue
            estimates = [way.figures[f"{figure}@{k}"] for k in DEPTHS]
            colour = _WAY_COLOURS[way.scoping]
            values = [estimate.value or 0 for estimate in estimates]
            axes.plot(DEPTHS, values, color=colour, marker="o", markersize=4,
                      linestyle="-" if served else (0, (2, 2)), alpha=1 if served else 0.75,
                      label=way.scoping if served else f"{way.scoping}, plain feature")  # fmt: skip
            if served:
                axes.fill_between(DEPTHS, [e.low or 0 for e in estimates], [e.high or 0 for e in estimates],
                                  color=colour, alpha=0.12, linewidth=0)  # fmt: skip
        axes.set_xticks(DEPTHS)
        axes.set(xlabel="first k matches", ylabel=label)
        _percent_axis(axes.yaxis)
        axes.legend(loc="best")

    return _svg(f"{figure} {name}", draw)


def differences(rows: Sequence[Difference], title: str) -> str:
    """Each difference with its interval around zero, in points."""

    def draw(axes: Axes) -> None:
        ordered = list(reversed(rows))
        axes.axvline(0, color=_INK, alpha=0.6, linewidth=1)
        for at, row in enumerate(ordered):
            colour = BLUE if row.estimate.differs else GREY
            _dots(axes, [at], [row.estimate], colour, None, flat=True)
        axes.set_yticks(range(len(ordered)), [row.figure for row in ordered])
        axes.set_ylim(-0.6, len(ordered) - 0.4)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value * 100:+.0f}" if value else "0")
        axes.set_xlabel(title)

    return _svg(f"differences {title}", draw, high=0.85 + 0.24 * len(rows))


def thresholds(points: Sequence[ThresholdPoint], name: str) -> str:
    """How much is answered and how right it is, over the threshold."""

    def draw(axes: Axes) -> None:
        x = [point.threshold for point in points]
        _band(axes, x, [point.answered for point in points], BLUE, "queries answered")
        _band(axes, x, [point.precision for point in points], GREEN, "matches shown that are right")
        _band(axes, x, [point.success for point in points], PURPLE, "queries shown their kind")
        _mark_fitted(axes, points)
        axes.set(xlabel="threshold (cosine similarity)", ylim=(0, 1.02))
        _percent_axis(axes.yaxis)
        axes.legend(loc="lower left")

    return _svg(f"thresholds {name}", draw)


def precision_against_answered(curves: Mapping[str, Sequence[ThresholdPoint]], name: str) -> str:
    """The bargain each threshold makes, hard and soft."""

    def draw(axes: Axes) -> None:
        for scoping, points in curves.items():
            known = [point for point in points if point.precision.value is not None]
            answered = _or_nan([point.answered.value for point in known])
            precision = _or_nan([point.precision.value for point in known])
            axes.plot(answered, precision, color=_WAY_COLOURS[scoping], label=f"{scoping} scoping")
            in_use = np.array([point.fitted for point in known], bool)
            axes.scatter(answered[in_use], precision[in_use], color=_WAY_COLOURS[scoping], s=42, zorder=3)
        axes.set(xlabel="queries answered", ylabel="matches shown that are right", xlim=(0, 1.02), ylim=(0, 1.02))
        _percent_axis(axes.xaxis)
        _percent_axis(axes.yaxis)
        axes.legend(loc="lower left", title="dot: the threshold in use", title_fontsize=9, alignment="left")

    return _svg(f"bargain {name}", draw)


def found_at_thresholds(curves: Mapping[str, Sequence[ThresholdPoint]], name: str) -> str:
    """What each threshold leaves of recall and of average precision."""

    def draw(axes: Axes) -> None:
        for scoping, points in curves.items():
            x, dashes = [point.threshold for point in points], "-" if scoping == "soft" else (0, (2, 1.5))
            for colour, figure, values in (
                (BLUE, "recall@10", [point.recall.value for point in points]),
                (GREEN, "mAP@10", [point.average_precision.value for point in points]),
            ):
                axes.plot(x, _or_nan(values), color=colour, linestyle=dashes, label=f"{figure}, {scoping}")
        _mark_fitted(axes, next(iter(curves.values())))
        axes.set(xlabel="threshold (cosine similarity)")
        axes.set_ylim(bottom=0)
        _percent_axis(axes.yaxis)
        axes.legend(loc="lower left")

    return _svg(f"found {name}", draw)


def pairs(figures: RetrievalFigures, name: str) -> str:
    """How many pairs of the same kind, and of others, each threshold lets through."""

    def draw(axes: Axes) -> None:
        shares = figures.pairs
        axes.plot(shares.threshold, shares.same_kind, color=GREEN, label="of the same kind")
        axes.plot(shares.threshold, shares.other_kind, color=ORANGE, label="of other kinds")
        axes.axvline(figures.served.threshold, color=_INK, alpha=0.55, linewidth=1, linestyle=(0, (4, 3)))
        axes.set(xlabel="threshold (cosine similarity)", ylabel="pairs at least as similar", ylim=(0, 1.02))
        _percent_axis(axes.yaxis)
        axes.legend(loc="upper right")

    return _svg(f"pairs {name}", draw)


def _svg(name: str, draw: Callable[[Axes], None], high: float = _HIGH) -> str:
    """Draw into a figure of its own and return `<svg>...</svg>`, the same bytes every time."""
    with mpl.rc_context(_STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(_WIDE, high))
        draw(figure.add_subplot())
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"| (width|height)="[\d.]+pt"', "", svg)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # the same in every plot, and nothing refers to them
    return re.sub(r"\n\s*", "\n", svg).replace(_INK, "currentColor").replace(_CARD, "var(--card)")


def _dots(
    axes: Axes, at: Any, estimates: Sequence[Estimate], colour: str, label: str | None, flat: bool = False
) -> None:
    values = [estimate.value or 0 for estimate in estimates]
    spans = [
        [_below(one.value, (one.low, one.high)) for one in estimates],
        [_above(one.value, (one.low, one.high)) for one in estimates],
    ]
    x, y = (values, at) if flat else (at, values)
    axes.errorbar(
        x, y, xerr=spans if flat else None, yerr=None if flat else spans, fmt="o", color=colour, markersize=5,
        elinewidth=2, label=label,
    )  # fmt: skip


def _band(axes: Axes, x: Sequence[float], estimates: Sequence[Estimate], colour: str, label: str) -> None:
    low, high = _or_nan([one.low for one in estimates]), _or_nan([one.high for one in estimates])
    axes.plot(x, _or_nan([one.value for one in estimates]), color=colour, label=label)
    axes.fill_between(x, low, high, color=colour, alpha=0.13, linewidth=0)


def _mark_fitted(axes: Axes, points: Sequence[ThresholdPoint]) -> None:
    for point in points:
        if point.fitted:
            axes.axvline(point.threshold, color=_INK, alpha=0.55, linewidth=1, linestyle=(0, (4, 3)))
            axes.annotate(f"in use {point.threshold:g}", (point.threshold, 1), xycoords=("data", "axes fraction"),
                          xytext=(-4, -3), textcoords="offset points", ha="right", va="top", fontsize=9)  # fmt: skip


def _percent_axis(axis: Axis) -> None:
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda value, _: f"{value * 100:g} %")


def _or_nan(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values])


def _below(value: float | None, interval: tuple[float | None, float | None] | None) -> float:
    low = interval[0] if interval else None
    return max(0.0, (value or 0) - low) if low is not None else 0.0


def _above(value: float | None, interval: tuple[float | None, float | None] | None) -> float:
    high = interval[1] if interval else None
    return max(0.0, high - (value or 0)) if high is not None else 0.0
