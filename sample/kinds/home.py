"""Home: what this department sells."""

import math

import numpy as np

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, Colour
from sample.design import choice, colours, department, span
from sample.markings import pattern
from sample.materials import glaze
from sample.parts import Model, part
from sample.shapes import difference, revolve, smooth, tube, vessel

kind = department("Home")


@kind(
    "{body} {marking} Mug", (5, 19),
    height=span(7.5, 12), width=span(7, 9.5), waist=span(0.82, 1.08), handle=choice("round", "square", weight=0.6),
    marking=choice("plain", "striped", "banded", "dotted", "dipped", "zigzag", "floral", "checked", weight=2),
    body=colours(*PASTELS, *BRIGHTS, *DEEPS), accent=colours(*NEUTRALS, *BRIGHTS),
)  # fmt: skip
def mug(
    height: float, width: float, waist: float, handle: str, marking: str, body: Colour, accent: Colour
) -> Model:  # fmt: skip
    r, wall = width / 2, 0.35
    side = smooth([(r * 0.9 * waist, 0.3), (r * waist, 0.35 * height), (r, height)], 10)
    profile = np.vstack([[(0, 0), (r * 0.82 * waist, 0)], side])
    lining = vessel([(0, wall), *np.maximum(side - (wall - 0.03, 0), (0, wall))], 0.05)
    reach, low, high = 0.42 * width, 0.2 * height, 0.82 * height
    corner = 0.95 if handle == "square" else 0.7
    grip = tube(smooth([(r * 0.93, 0, high), (r + corner * reach, 0, high * 0.98), (r + reach, 0, (low + high) / 2),
                        (r + corner * reach, 0, low * 1.05), (r * 0.9 * waist, 0, low)]), 0.095 * width)  # fmt: skip
    inside = revolve([(0, wall), (r * waist - wall, wall), (r - wall, height + 1), (0, height + 1)])
    whole = pattern(marking, math.pi * width, height, body, accent)
    return [
        part(vessel(profile, wall), glaze(whole), "around"),
        part(lining, glaze(body)),
        part(difference(grip, inside), glaze(accent if marking != "plain" else body)),
    ]
