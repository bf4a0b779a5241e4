"""A run drawn: how loss and accuracy went, how far to trust the percentages, and what the threshold gives up."""

import io
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from sklearn.calibration import calibration_curve

from imgrec.training.calibrate import WANTED_PRECISION, Shown
from imgrec.vision.vectors import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgrec.training.fit import Epoch

_BINS = 12
_INK, _OTHER, _FAINT = "#2563eb", "#ea580c", "#9ca3af"


def draw_history(history: Sequence["Epoch"]) -> bytes:
    """Loss and accuracy of each epoch, training and validation, as SVG."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    epochs = [epoch.epoch for epoch in history]
    for axes, figure_of in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        ours = [getattr(epoch, figure_of) for epoch in history]
        theirs = [getattr(epoch, f"validation_{figure_of}") for epoch in history]
        axes.plot(epochs, ours, color=_FAINT, marker=".", label="training, as shown (augmented)")
        axes.plot(epochs, theirs, color=_INK, marker=".", label="validation")
        for before, after in pairwise(history):
            if before.side_px != after.side_px:
                axes.axvline(after.epoch - 0.5, color=_FAINT, linewidth=0.8, linestyle=":")
                axes.annotate(
                    f" {after.side_px} px", (after.epoch - 0.5, 0.98), xycoords=("data", "axes fraction"), va="top",
                    color=_FAINT, fontsize=8,
                )  # fmt: skip
        axes.set(xlabel="epoch", title=figure_of.capitalize())
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.25)
    figure.axes[0].legend(frameon=False, fontsize=8)
    return svg(figure)


def draw_calibration(
    before: Floats, after: Floats, label: "NDArray[np.int64]", shown: Shown, threshold: float
) -> bytes:
    """Reliability before and after the temperature, and precision against the threshold, as SVG.

    before, after: probabilities float32 (n, categories) of the validation photos; label: int64 (n,).
    """
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    reliability, precision = figure.subplots(1, 2)
    reliability.plot([0, 1], [0, 1], color=_FAINT, linewidth=0.8)
    for probabilities, colour, name in ((before, _OTHER, "softmax"), (after, _INK, "with temperature")):
        right = probabilities.argmax(axis=1) == label
        share, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=_BINS)
        reliability.plot(confidence, share, color=colour, marker=".", label=name)
    reliability.set(xlabel="predicted probability", ylabel="share that is right", title="Category", aspect="equal")
    reliability.legend(frameon=False, fontsize=8)
    precision.set(xlabel="similarity above which matches are shown", ylabel="share", title="Matches")
    if len(shown.similarity):
        order = np.argsort(-shown.similarity, kind="stable")
        count = np.arange(1, len(order) + 1)
        precision.plot(
            shown.similarity[order], np.cumsum(shown.same_kind[order]) / count, color=_INK, label="of the query's kind"
        )
        precision.plot(shown.similarity[order], count / len(order), color=_OTHER, label="of all that could be shown")
        precision.axhline(WANTED_PRECISION, color=_FAINT, linewidth=0.8)
    precision.axvline(threshold, color=_FAINT, linestyle=":", label=f"threshold {threshold:.2f}")
    precision.legend(frameon=False, fontsize=8)
    for axes in (reliability, precision):
        axes.grid(alpha=0.25)
        axes.set_ylim(0, 1.02)
    return svg(figure)


def svg(figure: Figure) -> bytes:
    """A figure as the bytes of an SVG file, the same for the same figure."""
    buffer = io.BytesIO()
    fonts = ["DejaVu Sans", "Verdana", "Arial"]
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "imgrec", "font.sans-serif": fonts}):  # text stays text
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return re.sub(rb"\n +", b"\n", buffer.getvalue())
