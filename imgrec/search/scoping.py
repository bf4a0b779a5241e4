"""Which categories a photo is looked for in."""

from typing import Literal

import numpy as np

from imgrec.vision.vectors import Floats

Scoping = Literal["hard", "soft", "all"]


def scope(probabilities: Floats, scoping: Scoping, mass: float) -> list[int]:
    """The categories to search, likeliest first.

    probabilities: (k,), calibrated; k may be 0. hard: the likeliest one. soft: the fewest whose probabilities reach
    `mass`. all: every one.
    """
    order = np.argsort(-probabilities, kind="stable")
    count = len(order)
    if scoping == "hard":
        count = 1
    elif scoping == "soft" and count:
        reached = np.cumsum(probabilities[order])
        count = int(np.searchsorted(reached, min(mass, float(reached[-1])) - 1e-6)) + 1
    return [int(category) for category in order[:count]]
