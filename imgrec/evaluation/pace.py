"""How long models take for a look, side by side and in turns: a machine is rarely as fast as it was a moment ago."""

import time
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np

from imgrec.vision.eye import Eye

_TIMES = 15


def ms_a_look(eyes: Sequence[Eye], clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Milliseconds that each takes for one photo, alone, without decoding it: the median of several looks."""
    blank = [np.zeros((1, eye.preprocessing.side_px, eye.preprocessing.side_px, 3), np.uint8) for eye in eyes]
    for eye, pixels in zip(eyes, blank, strict=True):
        eye.look_at_pixels(pixels)  # its memory is fetched
    taken: list[list[float]] = [[] for _ in eyes]
    for _ in range(_TIMES):
        for eye, pixels, times in zip(eyes, blank, taken, strict=True):
            began = clock()
            eye.look_at_pixels(pixels)
            times.append(1000 * (clock() - began))
    return [median(times) for times in taken]
