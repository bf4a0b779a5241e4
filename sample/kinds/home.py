"""Home: what this department sells."""

import math

import numpy as np

from sample.colours import BRIGHTS, DEEPS, METALS, NEUTRALS, PASTELS, WOODS, Colour, named
from sample.design import Seen, choice, colours, department, span
from sample.markings import pattern
from sample.materials import fabric, glaze, glossy, metal, wood
from sample.parts import Model, part
from sample.shapes import (
    arc,
    at,
    ball,
    copies_around,
    cylinder,
    difference,
    ellipse,
    puff,
    revolve,
    smooth,
    superellipse,
    tube,
    vessel,
)  # fmt: skip

kind = department("Home")


@kind(
    "{body} {marking} Mug", (5, 19), height=span(7.5, 12), width=span(7, 9.5), waist=span(0.82, 1.08),
    handle=choice("round", "square", weight=0.6),
    marking=choice("plain", "striped", "banded", "dotted", "dipped", "zigzag", "floral", "checked", weight=2),
    body=colours(*PASTELS, *BRIGHTS, *DEEPS), accent=colours(*NEUTRALS, *BRIGHTS),
)  # fmt: skip
def mug(height: float, width: float, waist: float, handle: str, marking: str, body: Colour, accent: Colour) -> Model:
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


@kind(
    "{shade} {marking} Table Lamp, {foot} Base", (18, 89), seen=Seen(turn_deg=180, lowest_deg=4, highest_deg=30),
    height=span(34, 52), width=span(22, 34), cone=span(0.35, 1.0),
    base=choice("gourd", "column", "ball", "tripod", "stack", weight=2),
    marking=choice("plain", "striped", "dotted", "zigzag", "banded", "leafy", "ringed", weight=1.5),
    shade=colours("white", "ivory", *BRIGHTS, *PASTELS), ink=colours(*DEEPS, *BRIGHTS, weight=1),
    foot=colours(*METALS, *WOODS, *BRIGHTS, "white", "black"),
)  # fmt: skip
def table_lamp(
    height: float, width: float, cone: float, base: str, marking: str, shade: Colour, ink: Colour, foot: Colour
) -> Model:
    tall, r = height * 0.42, width / 2
    low = height - tall
    screen = vessel([(r, low), (r * cone, height)], 0.25)
    print_ = pattern(marking, 2.4 * width, tall, shade, ink, 3)
    profiles = {
        "gourd": smooth([(5.5, 0), (7.5, 0.16 * low), (3, 0.48 * low), (4.2, 0.66 * low), (1.2, 0.9 * low)], 8),
        "column": np.array([(6.5, 0), (6.5, 1.2), (2.2, 1.8), (2.2, 0.9 * low)]),
        "ball": np.vstack([[(5, 0), (5, 1)], np.add(arc(0.36 * low, -70, 70), (0, 0.46 * low)), [(1.2, 0.9 * low)]]),
    }
    material = wood(foot) if foot.name in WOODS else metal(foot) if foot.name in METALS else glaze(foot)
    if base == "tripod":
        leg = tube([(0.4, 0, 0.86 * low), (0.34 * width, 0, 0)], [0.9, 0.7], 12)
        stand = [part(each, material) for each in copies_around(leg, 3)]
        stand.append(part(at(cylinder(2, 2.2, 0.3), z=0.8 * low), material))
    elif base == "stack":
        size = 0.86 * low / 3
        stand = [part(at(ball(size * (1.25 - 0.15 * n), height=size), z=n * size * 0.95), material) for n in range(3)]
    else:
        stand = [part(revolve(np.vstack([[(0, 0)], profiles[base]])), material)]
    pole = part(at(cylinder(0.6, low * 0.5 + tall * 0.5), z=low * 0.5), metal(named("gold")))
    bulb = part(at(ball(5.5, height=7), z=low + 0.15 * tall), glossy(Colour("bulb", (255, 250, 225))))
    return [part(screen, fabric(print_), "around"), *stand, pole, bulb]


@kind(
    "{body} {marking} Cushion", (8, 39), seen=Seen(turn_deg=40, highest_deg=40), width=span(38, 52),
    shape=choice("square", "long", "round", weight=1.2),
    marking=choice("plain", "striped", "ringed", "dotted", "checked", "zigzag", "floral", "plaid", "diagonal",
        "leafy", "starry", weight=2.5), body=colours(*PASTELS, *BRIGHTS, *DEEPS), accent=colours(),
    edge=choice("piped", "tassels", "plain", weight=0.8),
)  # fmt: skip
def cushion(width: float, shape: str, marking: str, body: Colour, accent: Colour, edge: str) -> Model:
    height = width * 0.62 if shape == "long" else width
    outline = ellipse(width, height, 64) if shape == "round" else superellipse(width, height, 9, 64)
    cloth = fabric(pattern(marking, width, height, body, accent, 5))
    model = [part(puff(outline, width * 0.34, min(width, height) * 0.5), cloth, "front")]
    trim = fabric(accent)
    if edge == "piped":
        model.append(
            part(tube(np.column_stack([outline[:, 0], 0 * outline[:, 0], outline[:, 1]]), 0.75, 10, closed=True), trim)
        )
    elif edge == "tassels":
        corners = [(x * width * 0.47, z * height * 0.47) for x in (-1, 1) for z in (-1, 1)]
        places = outline[:: len(outline) // 4] if shape == "round" else corners
        model += [part(at(ball(4.2, sections=20), x, 0, z - 2.1), trim) for x, z in places]
    return [one.turned("x", 10) for one in model]
