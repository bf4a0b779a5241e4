"""What a study found, for people and programs: best settings as a recipe file, a plot, JSON."""

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, ScalarFormatter

from imgrec.training.curves import svg
from imgrec.training.recipes import recipe_text
from imgrec.training.search_space import Range
from imgrec.training.study import Outcome, Row
from imgrec.training.tune import Findings

_INK, _OTHER, _FAINT = "#2563eb", "#ea580c", "#9ca3af"
_SLICES_IN_A_ROW = 5
_FEW_TRIALS = 20
_MARKS = {Outcome.COMPLETE: "o", Outcome.PRUNED: "x"}


def best_recipe(findings: Findings, name: str) -> str:
    """The best settings as a recipe file that `imgrec train --recipe` takes."""
    settings, best = findings.best_settings(), findings.best
    assert best is not None and best.score is not None  # or there would be no settings  # noqa: S101, PT018
    photos = findings.photos
    comment = (
        f"# The best of {len(findings.rows)} trials of the study {name} (trial {best.trial}):\n"
        f"# {findings.plan.objective} {best.score:.1%} on {photos['validation']:,} validation photos, after "
        f"{best.epochs} epochs on {photos['train']:,} training photos.\n"
        "# A whole training deserves more epochs than a trial: give --epochs.\n"
    )
    return comment + recipe_text(settings)


def as_json(findings: Findings) -> dict[str, object]:
    """For `--json`."""
    return {
        "objective": findings.plan.objective,
        "photos": findings.photos,
        "epochs": findings.plan.settings.total_epochs,
        "searched": findings.plan.space.as_plain(),
        "outcomes": findings.outcomes(),
        "trials": [row.as_json() for row in findings.rows],
        "importances": findings.importances,
        "best_trial": findings.best.trial if findings.best else None,
    }


def caveats(findings: Findings) -> list[str]:
    """How far to trust the figures, in sentences."""
    said = []
    if findings.best and findings.best.score is not None:
        share, photos = findings.best.score, findings.photos["validation"]
        margin = 1.96 * math.sqrt(share * (1 - share) / photos)
        said.append(
            f"A figure near {share:.0%} on {photos:,} photos is good to {margin * 100:.1f} points either way (95 %), "
            "and the best of many flatters itself: take close trials for equal."
        )
    complete = findings.outcomes().get(Outcome.COMPLETE, 0)
    if findings.importances and complete < _FEW_TRIALS:
        said.append(f"What mattered is a hint: it comes from {complete} complete trials.")
    return said


def draw(findings: Findings) -> bytes:
    """The score of each trial, what mattered, and the score along each setting, as SVG."""
    names = list(findings.plan.space.dimensions)
    lines = -(-len(names) // _SLICES_IN_A_ROW)
    figure = Figure(figsize=(11, 3.2 + 2.6 * lines), layout="constrained")
    top, *below = figure.subfigures(1 + lines, 1, squeeze=False, height_ratios=[3.2] + [2.6] * lines)[:, 0]
    by_trial, mattered = top.subplots(1, 2, width_ratios=[3, 2])
    _draw_trials(by_trial, findings)
    _draw_importances(mattered, findings.importances)
    for line, part in enumerate(below):
        shown = names[line * _SLICES_IN_A_ROW : (line + 1) * _SLICES_IN_A_ROW]
        for name, axes in zip(shown, np.atleast_1d(part.subplots(1, len(shown), sharey=True)), strict=True):
            _draw_slice(axes, findings, name)
        part.axes[0].set_ylabel(findings.plan.objective)
    return svg(figure)


def _draw_trials(axes: Axes, findings: Findings) -> None:
    _scatter(axes, findings.rows, [row.trial for row in findings.rows])
    complete = sorted((row for row in findings.rows if row.outcome is Outcome.COMPLETE), key=lambda row: row.trial)
    best = list(accumulate((_height(row) for row in complete), max))
    axes.step([row.trial for row in complete], best, where="post", color=_FAINT, linewidth=1, label="best so far")
    for row in findings.rows:
        if row.outcome not in _MARKS:
            axes.axvline(row.trial, color=_OTHER, linestyle=":", linewidth=0.8)
            axes.annotate(
                f" {row.outcome}", (row.trial, 0), xycoords=("data", "axes fraction"), color=_OTHER, fontsize=7,
                rotation=90, va="bottom", ha="right",
            )  # fmt: skip
    axes.set(xlabel="trial", ylabel=findings.plan.objective)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=3)


def _draw_importances(axes: Axes, importances: dict[str, float]) -> None:
    shown = list(reversed(importances.items()))
    axes.set(title="What mattered", xlabel="share of the differences", xlim=(0, 1))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.tick_params(left=False, bottom=False, labelsize=8)
    if shown:
        axes.barh([name for name, _ in shown], [share for _, share in shown], color=_INK, height=0.6)
    else:
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, "too few complete trials to tell", transform=axes.transAxes, ha="center", va="center",
            color=_FAINT,
        )  # fmt: skip


def _draw_slice(axes: Axes, findings: Findings, name: str) -> None:
    rows = [row for row in findings.rows if name in row.settings]
    kind = findings.plan.space.dimensions[name]
    if isinstance(kind, Range):
        _scatter(axes, rows, [float(row.settings[name]) for row in rows])
        if kind.log and all(isinstance(row.settings[name], int) for row in rows):
            axes.set_xscale("log", base=2)
            axes.xaxis.set_major_formatter(ScalarFormatter())
        elif kind.log:
            axes.set_xscale("log")
        axes.minorticks_off()
    else:
        places = {choice: place for place, choice in enumerate(kind.choices)}
        _scatter(axes, rows, [places[row.settings[name]] for row in rows])
        axes.set_xticks(list(places.values()), [str(choice) for choice in places])
        axes.set_xlim(-0.5, len(places) - 0.5)
        axes.tick_params(axis="x", labelrotation=30 if any(len(str(choice)) > 4 for choice in places) else 0)
    axes.set_title(name, fontsize=10)


def _scatter(axes: Axes, rows: Sequence[Row], places: Sequence[float]) -> None:
    for outcome, mark in _MARKS.items():
        chosen = [(place, _height(row)) for place, row in zip(places, rows, strict=True) if row.outcome is outcome]
        if chosen:
            axes.scatter(
                [place for place, _ in chosen], [height for _, height in chosen], marker=mark, s=24, linewidths=1.2,
                color=_INK if outcome is Outcome.COMPLETE else _OTHER,
                label="complete" if outcome is Outcome.COMPLETE else "pruned (accuracy when stopped)",
            )  # fmt: skip
    axes.grid(alpha=0.25)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.tick_params(left=False, bottom=False, labelsize=8)


def _height(row: Row) -> float:
    return row.score if row.score is not None else row.accuracy or 0.0
