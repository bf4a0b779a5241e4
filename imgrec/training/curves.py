"""A run drawn: how loss and accuracy went."""

import io
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from imgrec.training.fit import Epoch

_INK, _FAINT = "#2563eb", "#9ca3af"


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


def svg(figure: Figure) -> bytes:
    """A figure as the bytes of an SVG file, the same for the same figure."""
    buffer = io.BytesIO()
    fonts = ["DejaVu Sans", "Verdana", "Arial"]
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "imgrec", "font.sans-serif": fonts}):  # text stays text
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return re.sub(rb"\n +", b"\n", buffer.getvalue())
