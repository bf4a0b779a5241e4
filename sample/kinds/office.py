"""Office: what this department sells."""

import numpy as np
from numpy.typing import ArrayLike

from sample.colours import BLACK, WHITE, Colour, named
from sample.design import Art, Name, Seen, choice, colours, department, span
from sample.markings import Sheet, pattern
from sample.materials import glossy, metal, paper, print_gloss, rubber, satin
from sample.parts import Model, part
from sample.shapes import at, box, cylinder, difference, ellipse, rectangle, ring, rounded, scaled, slab, smooth, turned

kind = department("Office")


@kind(
    "{body} Stapler with {base} Base", (5, 22), seen=Seen(turn_deg=50, lowest_deg=8, highest_deg=40),
    length=span(11, 16), height=span(4.2, 6.5), shape=choice("arched", "straight", "wedge", weight=1.5),
    body=colours(), base=colours(), stripe=choice("plain", "striped", weight=1),
)  # fmt: skip
def stapler(length: float, height: float, shape: str, body: Colour, base: Colour, stripe: str) -> Model:
    x, h = length / 2, height
    tops: dict[str, ArrayLike] = {
        "arched": smooth(
            [(-x, h * 0.55), (-x * 0.8, h * 0.92), (-x * 0.1, h * 1.12), (x * 0.7, h * 0.9), (x, h * 0.62)]
        ),
        "straight": [(-x, h * 0.5), (-x, h * 0.85), (x * 0.95, h * 0.98), (x, h * 0.7)],
        "wedge": [(-x, h * 0.42), (-x * 0.9, h * 0.62), (x * 0.5, h * 1.12), (x, h * 0.98), (x, h * 0.66)],
    }
    upper = rounded(np.vstack([tops[shape], [(x * 0.98, h * 0.56), (-x * 0.98, h * 0.34)]]), 0.35)
    arm = part(slab(upper, 2.5, 0.45), glossy(body)).turned("y", -5)
    magazine = slab(rectangle(length * 0.94, 0.9, 0.1), 1.7, 0.1)
    plate = [(-1.02, 0), (1.04, 0), (1.04, 0.7), (0.6, 0.9), (-0.6, 0.9), (-0.75, h * 0.5), (-1.02, h * 0.5)]
    foot = slab(rounded(np.array(plate) * (x, 1), 0.3), 2.9, 0.3)
    model = [
        arm, part(foot, rubber(base)), part(magazine, metal(named("silver"))).turned("y", -5).at(z=h * 0.4),
        part(at(turned(cylinder(0.5, 3.1), "x", 90), -x * 0.82, 1.55, h * 0.42), metal(named("silver"))),
        part(at(box(1.6, 1.5, 0.2), x=x * 0.85, z=0.75), metal(named("silver"))),
    ]  # fmt: skip
    if stripe == "striped":
        model.append(part(slab(upper, 0.8, 0.1), rubber(base)).turned("y", -5).at(z=0.12))
    return model


@kind(
    "{body} {marking} Spiral Notebook", (3, 15), seen=Seen(turn_deg=38, highest_deg=40), height=span(17, 27),
    width=span(12, 19), spine=choice("left", "top", weight=1.2),
    marking=choice("plain", "striped", "dotted", "checked", "zigzag", "floral", "banded", "leafy", "starry",
        "diagonal", weight=2), body=colours(), accent=colours(),
    wire=colours("silver", "black", "gold", "white", weight=0.6), seed=Art(0.1), name=Name(),
    tag=choice("tag", "plain", weight=0.8),
)  # fmt: skip
def spiral_notebook(
    height: float, width: float, spine: str, marking: str, body: Colour, accent: Colour, wire: Colour, seed: int,
    name: str, tag: str,
) -> Model:  # fmt: skip
    card = slab(rectangle(width, height, 0.8), 0.18)
    print_ = pattern(marking, width, height, body, accent, seed)
    model = [
        part(at(card, y=-0.7), print_gloss(print_), "front"), part(at(card, y=0.7), print_gloss(body.darker(0.2))),
        part(slab(rectangle(width - 0.5, height - 0.5, 0.6), 1.2), paper(Colour("paper", (240, 236, 224)))),
    ]  # fmt: skip
    if tag == "tag":
        label_ = Sheet(5, 2.2, WHITE)
        label_.text(name, 2.5, 0.8, 4, 0.8, BLACK)
        label_.line([(0.6, 1.65), (4.4, 1.65)], 0.08, body)
        plate = slab(rectangle(width * 0.55, width * 0.24, 0.3), 0.1)
        model.append(part(at(plate, y=-0.82, z=height * 0.2), paper(label_.picture()), "front"))
    along = height if spine == "left" else width
    count = int(along / 1.15)
    flat = ring(1.1, 0.26, 20)
    for number in range(count):
        place = (number + 0.5) / count * along * 0.94 - along * 0.47
        one = (
            at(flat, -width / 2 + 0.2, 0, place)
            if spine == "left"
            else at(turned(flat, "y", 90), place, 0, height / 2 - 0.2)
        )
        model.append(part(one, metal(wire)))
    return model


@kind(
    "{grip} Scissors, {length} cm", (4, 19), seen=Seen(turn_deg=35, lowest_deg=10, highest_deg=50),
    length=span(14, 24), opening=span(8, 24), loop=span(0.75, 1.2),
    style=choice("oval", "round", "square", weight=1.5), grip=colours(), lining=colours(),
    blade=choice("silver", "charcoal", "gold", weight=1),
)  # fmt: skip
def scissors(length: float, opening: float, loop: float, style: str, grip: Colour, lining: Colour, blade: str) -> Model:
    reach, back = length * 0.58, length * 0.42
    wide, tall = back * 0.62 * loop, back * 0.82
    outer = {
        "oval": ellipse(wide, tall),
        "round": ellipse(wide, wide * 1.05),
        "square": rectangle(wide, tall, wide * 0.25),
    }[style]
    eye = at(difference(slab(outer, 1.0, 0.3), slab(outer * 0.66, 3)), wide * 0.5, 0, -back * 0.78)
    inner = at(difference(slab(outer * 0.72, 0.7, 0.1), slab(outer * 0.6, 3)), wide * 0.5, 0, -back * 0.78)
    edge = slab(
        rounded(
            [(-0.55, -back * 0.2), (0.9, -back * 0.25), (0.75, reach * 0.5), (0.05, reach), (-0.35, reach * 0.5)], 0.1
        ),
        0.25,
    )
    shank = slab(
        smooth([(-0.7, 0.6), (0.8, 0.4), (wide * 0.75, -back * 0.42), (wide * 0.3, -back * 0.46)], 5, closed=True),
        1.0,
        0.25,
    )
    model = [
        part(
            at(turned(cylinder(0.5, 1.0, 0.1, 20), "x", 90), y=0.5),
            metal(named("gold" if blade != "gold" else "silver")),
        )
    ]
    for side in (1, -1):
        half = [
            part(edge, metal(named(blade), 0.2)),
            part(shank, satin(grip)),
            part(eye, satin(grip)),
            part(inner, rubber(lining)),
        ]
        for one in half:
            mirrored = part(scaled(one.mesh, x=side), one.material).at(y=0.15 * side)
            model.append(mirrored.turned("y", -side * opening / 2))
    return [one.turned("x", -12) for one in model]
