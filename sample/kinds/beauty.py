"""Beauty: what this department sells."""

import math

import numpy as np

from sample.colours import BRIGHTS, NEUTRALS, PASTELS, Colour
from sample.design import Name, Seen, choice, colours, department, span
from sample.markings import EMBLEMS, label
from sample.materials import glossy, print_gloss, satin
from sample.parts import Model, part
from sample.shapes import at, box, cylinder, loft, smooth, superellipse, tube, union

kind = department("Beauty")


@kind(
    "{name} Pump Lotion, {body}", (6, 28), seen=Seen(turn_deg=45),
    height=span(11, 16), width=span(5, 7.5), depth=span(0.6, 1.0), square=span(2, 6),
    body=colours(*PASTELS, *BRIGHTS), cap=colours(*NEUTRALS, "gold"), tag=colours(*NEUTRALS, *BRIGHTS),
    emblem=choice(*EMBLEMS, weight=0.7), name=Name(),
)  # fmt: skip
def lotion_bottle(
    height: float, width: float, depth: float, square: float, body: Colour, cap: Colour, tag: Colour,
    emblem: str, name: str, brand: str,
) -> Model:  # fmt: skip
    levels = smooth([(0.9, 0), (1, 0.03), (1, 0.5), (0.97, 0.85), (0.7, 0.96), (0.3, 1)], 5)
    outline = superellipse(width, width * depth, square)
    bottle = loft([np.column_stack([outline * share, np.full(len(outline), z * height)]) for share, z in levels])
    sticker = loft([np.column_stack([outline * 1.012, np.full(len(outline), z * height)]) for z in (0.18, 0.74)])
    neck = cylinder(0.17 * width, 1.6, 0.1)
    head = union(at(box(1.5, 1.7, 0.9, 0.35), z=2.7), tube(smooth([(0, 0, 3.2), (-1.8, 0, 3.2), (-2.6, 0, 2.9)]), 0.33))
    pump = [part(neck, satin(cap)), part(at(cylinder(0.32, 2.6), z=0.8), glossy(cap)), part(head, satin(cap))]
    wide = math.pi * width * (1 + depth) / 2
    front = label(wide / 2, 0.56 * height, tag, tag.ink, brand, name, emblem, body.darker(0.2), 0.6)
    return [
        part(bottle, satin(body)),
        part(sticker, print_gloss(front), "around", (2, 1)),
        *(one.at(z=0.985 * height) for one in pump),
    ]
