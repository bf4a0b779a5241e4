"""Lawn & Garden: plants in their pots, watering cans, hand tools."""

import math

import numpy as np

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, WOODS, Colour, named
from sample.design import Seen, choice, colours, department, span
from sample.markings import pattern
from sample.materials import matte, metal, painted_metal, rubber, satin, wood
from sample.parts import Model, lying, part, placed
from sample.shapes import (
    Mesh,
    at,
    ball,
    bent,
    copies_around,
    cylinder,
    hoop,
    loft,
    puff,
    revolve,
    ring,
    rounded,
    scaled,
    slab,
    smooth,
    star,
    together,
    tube,
    turned,
)

kind = department("Lawn & Garden")
_LEAF = Colour("leaf", (74, 138, 62))


def plant(sort: str, size: float, flower: Colour) -> Model:
    """A plant growing from z = 0, about twice `size` high."""
    if sort == "cactus":
        rib = star(1, 0.86, 11)
        column = [(0.75, 0), (0.95, 0.5), (1, 1), (0.9, 1.5), (0.6, 1.85), (0.1, 2)]
        stem = loft(
            [np.column_stack([rib * share * 0.62 * size, np.full(len(rib), z * size)]) for share, z in smooth(column)]
        )
        arms = [
            tube(
                smooth([(0, 0, z), (0.8 * s * size, 0, z), (0.95 * s * size, 0, z + 0.6 * size)]) * (1, 1, 1),
                0.24 * size,
            )
            for s, z in ((-1, 0.7 * size), (1, 0.95 * size))
        ]
        tips = [at(ball(0.48 * size), x=s * 0.95 * size, z=z * size) for s, z in ((-1, 1.06), (1, 1.31))]
        blossom = at(
            together(*copies_around(at(ball(0.42 * size, 0.3 * size, 0.2 * size, 12), x=0.22 * size), 6)), z=1.95 * size
        )
        return [part(together(stem, *arms, *tips), satin(_LEAF)), part(blossom, matte(flower))]
    if sort == "succulent":
        leaf = turned(at(ball(0.95 * size, 0.5 * size, 0.22 * size, 16), x=0.5 * size, z=-0.1 * size), "y", -22)
        model: Model = []
        for layer, count in enumerate((9, 7, 5)):
            grown = scaled(turned(leaf, "y", -18 * layer), *(1.25 - 0.25 * layer,) * 3)
            rosette = turned(together(*copies_around(grown, count)), "z", 20 * layer)
            tint = _LEAF.mixed(flower, 0.25 + 0.3 * layer).lighter(0.15 * layer)
            model.append(part(at(rosette, z=(0.2 + 0.18 * layer) * size), satin(tint)))
        return model
    blade = [(0, 0, 0), (0.35 * size, 0, 0.7 * size), (0.95 * size, 0, 1.0 * size)]
    leaves = copies_around(
        tube(smooth(blade), np.interp(np.arange(13), [0, 6, 12], [0.1, 0.24, 0.03]) * size, squash=0.15), 7
    )
    model = [part(together(*leaves), satin(_LEAF))]
    for number in range(5):
        turn, lean = 2.4 * number, 0.16 * size * number**0.6
        x, y, z = lean * math.cos(turn), lean * math.sin(turn), (1.75 - 0.13 * number) * size
        cup = [(0, 0), (0.3, 0.08), (0.36, 0.3), (0.26, 0.62), (0.1, 0.72), (0, 0.6)]
        bloom: Mesh = revolve(smooth(cup, 4) * size, 20)
        model += [part(tube([(0, 0, 0), (x / 2, y / 2, z / 2), (x, y, z)], 0.05 * size), satin(_LEAF.darker(0.2))),
                  part(at(bloom, x, y, z), satin(flower if number % 2 else flower.lighter(0.25)))]  # fmt: skip
    return model


@kind(
    "{marking} {pot} Pot with {plant_sort}", (9, 45), seen=Seen(turn_deg=180, lowest_deg=8, highest_deg=45),
    plant_sort=choice("cactus", "succulent", "tulips", weight=2.5), width=span(11, 16, 0.4), tall=span(0.75, 1.1),
    taper=span(0.6, 0.9),
    marking=choice("plain", "zigzag", "striped", "dipped", "dotted", "banded", "diagonal", weight=1.5),
    pot=colours("tan", "coral", *PASTELS, *DEEPS, *BRIGHTS), ink=colours(*NEUTRALS, *BRIGHTS),
    flower=colours("red", "magenta", "yellow", "orange", "violet", "white", "pink", "coral", weight=1.5),
)  # fmt: skip
def flower_pot(
    plant_sort: str, width: float, tall: float, taper: float, marking: str, pot: Colour, ink: Colour, flower: Colour
) -> Model:  # fmt: skip
    r, h = width / 2, tall * width
    wall = pattern(marking, math.pi * width, h, pot, ink, 3)
    rim = hoop([(0.95 * r, 0), (1.06 * r, 0), (1.1 * r, 0.16 * h), (0.95 * r, 0.16 * h)])
    saucer = revolve(
        [(0, 0), (1.05 * r * taper, 0), (1.25 * r * taper, 1.3), (1.17 * r * taper, 1.3), (r * taper, 0.4), (0, 0.4)]
    )
    soil = revolve(smooth([(0.93 * r, 0), (0.5 * r, 0.35), (0, 0.5)]))
    return [
        part(at(revolve([(0, 0), (r * taper, 0), (0.95 * r, 0.9 * h)]), z=0.4), matte(wall), "around"),
        part(at(rim, z=0.88 * h), matte(pot if marking == "plain" else ink)),
        part(saucer, matte(pot)),
        part(at(soil, z=0.94 * h), matte(Colour("soil", (62, 44, 32)))),
        *placed(plant(plant_sort, 0.72 * width, flower), z=0.95 * h),
    ]


@kind(
    "{body} {marking} Watering Can", (12, 44), seen=Seen(turn_deg=50, lowest_deg=8, highest_deg=45),
    height=span(17, 27), girth=span(0.62, 0.95), taper=span(0.7, 1.1), spout=span(0.75, 1.25),
    marking=choice("plain", "dotted", "floral", "banded", "striped", "leafy", "dipped", weight=1.5),
    body=colours(*BRIGHTS, *PASTELS, *DEEPS, "silver"), trim=colours(*NEUTRALS, *BRIGHTS, "copper", "gold"),
)  # fmt: skip
def watering_can(
    height: float, girth: float, taper: float, spout: float, marking: str, body: Colour, trim: Colour
) -> Model:  # fmt: skip
    tall = 0.66 * height
    r = girth * tall / 2 * 1.25
    side = [(r, 0.3), (r * taper, 0.92 * tall), (r * taper * 0.9, tall)]
    print_ = pattern(marking, 2 * math.pi * r, tall, body, trim, 2)
    lacquer = metal(trim) if trim.name in ("copper", "gold") else painted_metal(trim)
    pipe = smooth([(0.8 * r, 0, 0.2 * tall), (1.5 * r, 0, 0.4 * tall), (r + 0.55 * tall * spout, 0, 0.95 * tall),
                   (r + 0.75 * tall * spout, 0, 1.12 * tall)])  # fmt: skip
    tip = pipe[-1]
    rose = turned(revolve([(0, 0), (0.4, 0), (0.16 * tall, 1.8), (0.16 * tall, 2.2), (0, 2.5)]), "y", 48)
    top = smooth(
        [
            (-0.75 * r * taper, 0, 0.97 * tall),
            (-0.6 * r, 0, 1.3 * tall),
            (0.1 * r, 0, 1.45 * tall),
            (0.65 * r, 0, 1.25 * tall),
            (0.75 * r * taper, 0, 0.97 * tall),
        ]
    )
    back = smooth(
        [
            (-0.9 * r * taper, 0, 0.88 * tall),
            (-1.75 * r, 0, 0.85 * tall),
            (-1.85 * r, 0, 0.5 * tall),
            (-0.98 * r, 0, 0.22 * tall),
        ]
    )
    lid = [(0.85 * r * taper, 0), (0.2 * r, 0.3), (0.2 * r, 0.31), (0, 0.31)]
    return [
        part(revolve([(0, 0), (r, 0), *side, (0, tall)], 56), painted_metal(print_), "around"),
        part(at(revolve(lid), z=tall - 0.1), painted_metal(body.darker(0.35))),
        part(tube(pipe, np.linspace(0.17 * r + 0.5, 0.75, len(pipe))), painted_metal(body)),
        part(at(rose, tip[0] - 0.2, 0, tip[2] - 0.2), lacquer),
        part(tube(top, 0.62, squash=1.4), lacquer), part(tube(back, 0.62, squash=1.4), lacquer),
        *(part(at(ring(radius, 0.5, 56), z=z), lacquer) for radius, z in ((r, 0), (r * taper * 0.95, tall - 0.6))),
    ]  # fmt: skip


@kind(
    "{blade} Garden Trowel and Fork, {grip} Handles", (8, 32), seen=Seen(turn_deg=180, lowest_deg=40, highest_deg=78),
    length=span(9, 15), broad=span(5.6, 8.4),
    marking=choice("plain", "floral", "dotted", "leafy", "striped", weight=1.5),
    ends=choice("knob", "loop", weight=0.7), grip=colours(*WOODS, *BRIGHTS, *DEEPS),
    blade=colours(*BRIGHTS, *PASTELS, "silver", "charcoal", "forest"), accent=colours(*BRIGHTS, *NEUTRALS),
)  # fmt: skip
def garden_trowel(
    length: float, broad: float, marking: str, ends: str, grip: Colour, blade: Colour, accent: Colour
) -> Model:  # fmt: skip
    handle = revolve([(0, 0), *smooth([(1.1, 0.1), (1.45, 0.25 * 12), (1.15, 0.7 * 12), (1.25, 12)]), (0, 12)], 32)
    held = [part(handle, wood(grip) if grip.name in WOODS else rubber(grip)),
            part(at(cylinder(1.35, 1.6, 0.2), z=11.4), painted_metal(accent)),
            part(at(cylinder(1.42, 0.9, 0.2), z=1.2), rubber(accent)),
            part(tube(smooth([(0, 0, 12), (0, 0.2, 14.2), (0, 1.0, 16)]), 0.5), metal(named("silver")))]  # fmt: skip
    if ends == "loop":
        held.append(part(at(turned(ring(0.9, 0.4), "x", 90), z=-0.7), rubber(accent)))
    b = broad / 2
    outline = smooth(
        [
            (-0.35 * b, 0),
            (-0.95 * b, 0.12 * length),
            (-b, 0.5 * length),
            (-0.62 * b, 0.82 * length),
            (0, length),
            (0.62 * b, 0.82 * length),
            (b, 0.5 * length),
            (0.95 * b, 0.12 * length),
            (0.35 * b, 0),
        ],
        closed=True,
    )[::-1]
    shell = bent(
        puff(outline, 0.3, 0.1, 0.7, 0.2),
        lambda p: p + np.column_stack([0 * p[:, 0], 1.0 - 0.16 * p[:, 0] ** 2, 0 * p[:, 0]]),
    )
    scoop = part(shell, painted_metal(pattern(marking, broad, length, blade, accent, 4)), "front")
    tines: Model = []
    for x in (-0.7 * b, 0.0, 0.7 * b):
        bar = smooth([(0, 0.8, 0.3), (x, 0.9, 0.22 * length), (x, 0.6, 0.6 * length), (0.96 * x, 0, 0.98 * length)])
        tines.append(
            part(
                tube(bar, np.interp(np.arange(len(bar)), [0, 12, len(bar) - 1], [0.6, 0.6, 0.12])), painted_metal(blade)
            )
        )
    yoke = part(
        slab(
            rounded(
                [
                    (-0.85 * b, 0.1 * length),
                    (0.85 * b, 0.1 * length),
                    (0.85 * b, 0.3 * length),
                    (-0.85 * b, 0.3 * length),
                ],
                0.5,
            ),
            0.5,
        ),
        painted_metal(blade),
    ).at(y=0.9)
    return lying([*held, scoop.at(z=14.5), *placed([*held, *placed([*tines, yoke], z=14.5)], x=broad + 2)], -18)
