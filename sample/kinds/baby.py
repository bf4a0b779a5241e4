"""Baby: feeding bottles, pacifiers, rattles."""

import math

import numpy as np

from sample.colours import BRIGHTS, PASTELS, Colour, named
from sample.design import Seen, choice, colours, department, span
from sample.markings import EMBLEMS, PATTERNS, Sheet, draw_emblem, pattern
from sample.materials import glossy, matte, rubber, satin
from sample.parts import Model, lying, part, spun
from sample.shapes import (
    at,
    ball,
    bent,
    cylinder,
    difference,
    ellipse,
    extrude,
    joined_outlines,
    moved,
    revolve,
    ring,
    rounded,
    slab,
    smooth,
    star,
    superellipse,
    tube,
    turned,
)

kind = department("Baby")
_SOFT = (*PASTELS, "coral", "yellow", "turquoise", "lime", "magenta", "blue", "violet", "red", "green")
_SILICONE = Colour("silicone", (238, 214, 172))


@kind(
    "{body} {marking} Baby Bottle", (6, 22), seen=Seen(turn_deg=60),
    height=span(13, 20), width=span(5.4, 7.4), waist=span(0.72, 1), handles=choice("plain", "two", weight=1.5),
    marking=choice("plain", "dotted", "starry", "hearts", "ringed", "leafy", "zigzag", weight=1.5),
    body=colours(*_SOFT), collar=colours(*_SOFT), ink=colours(*BRIGHTS),
)  # fmt: skip
def feeding_bottle(
    height: float, width: float, waist: float, handles: str, marking: str, body: Colour, collar: Colour, ink: Colour
) -> Model:  # fmt: skip
    r, top = width / 2, 0.68 * height
    side = smooth([(0.9 * r, 0.1), (r, 0.8), (r, 0.25 * top), (waist * r, 0.55 * top), (0.98 * r, 0.85 * top),
                   (0.8 * r, top)], 8)  # fmt: skip
    sheet = Sheet(2 * math.pi * r, top, body.lighter(0.45))
    if marking != "plain":
        PATTERNS[marking](sheet, ink, np.random.default_rng(3))
    sheet.area(2.55 * r, 0.1 * top, 3.75 * r, 0.9 * top, sheet.ground, 0.3)
    for number in range(7):
        y = (0.2 + 0.1 * number) * top
        sheet.area(2.75 * r, y, (3.55 if number % 2 else 3.2) * r, y + 0.016 * height, ink.darker(0.3))
    teat = revolve(
        smooth(
            [
                (0.74 * r, 0),
                (0.66 * r, 0.05 * height),
                (0.33 * r, 0.1 * height),
                (0.2 * r, 0.145 * height),
                (0.25 * r, 0.18 * height),
                (0.14 * r, 0.2 * height),
                (0, 0.204 * height),
            ]
        )
    )
    model = [
        part(revolve([(0, 0), *side, (0, top)]), glossy(sheet.picture()), "around"),
        part(
            at(revolve([(0, 0), (0.8 * r, 0), *(side[6:-10] * (0.9, 1)), (0, 0.72 * top)]), z=0.25),
            matte(named("white")),
        ),
        part(at(extrude(star(0.93 * r, 0.88 * r, 36), 0.12 * height, 0.25), z=top - 0.3), satin(collar)),
        part(at(teat, z=top + 0.12 * height - 0.4), satin(_SILICONE)),
    ]
    if handles == "two":
        model.append(part(at(ring(0.93 * r, 0.9), z=0.8 * top), satin(collar)))
        for s in (-1, 1):
            grip = smooth([(0.85 * s * r, 0, 0.86 * top), (1.6 * s * r, 0, 0.82 * top), (1.85 * s * r, 0, 0.55 * top),
                           (1.55 * s * r, 0, 0.3 * top), (0.9 * s * r, 0, 0.25 * top)])  # fmt: skip
            model.append(part(tube(grip, 0.48), satin(collar)))
    return model


@kind(
    "{shield} {shape} Pacifier, {emblem} Design", (4, 14), seen=Seen(turn_deg=60, lowest_deg=15, highest_deg=60),
    shape=choice("butterfly", "round", "heart", "square", weight=2), size=span(3.8, 4.8, 0.4),
    loop=span(1.1, 1.6, 0.5), shield=colours(*_SOFT), button=colours(*_SOFT), handle=colours(*_SOFT),
    emblem=choice(*EMBLEMS[1:], weight=1), marking=choice("plain", "dotted", "speckled", weight=1),
)  # fmt: skip
def pacifier(
    shape: str, size: float, loop: float, shield: Colour, button: Colour, handle: Colour, emblem: str, marking: str
) -> Model:  # fmt: skip
    lobe = ellipse(0.62 * size, 0.75 * size)
    outlines = {
        "round": ellipse(size, 0.95 * size),
        "square": superellipse(size, 0.9 * size, 4),
        "butterfly": rounded(
            joined_outlines(
                moved(lobe, -0.28 * size, 0.06), moved(lobe, 0.28 * size, 0.06), ellipse(0.8 * size, 0.5 * size)
            ),
            0.3,
        ),
        "heart": rounded(
            joined_outlines(
                moved(lobe, -0.22 * size, -(-0.15 * size)),
                moved(lobe, 0.22 * size, 0.15 * size),
                [(-0.5 * size, 0.02 * size), (0, -0.58 * size), (0.5 * size, 0.02 * size)],
            ),
            0.2,
        ),
    }
    plate = slab(outlines[shape], 0.45, 0.2)
    holes = [at(slab(ellipse(0.42, 0.8), 3), x=x) for x in (-0.34 * size, 0.34 * size)]
    curved = bent(
        difference(plate, *holes), lambda p: p + np.column_stack([0 * p[:, 0], -0.06 * p[:, 0] ** 2, 0 * p[:, 0]])
    )
    face = Sheet(2, 2, button)
    draw_emblem(face, emblem, 1, 1, 0.62, button.ink if button.is_light else handle.lighter(0.5), button)
    hoop = turned(ring(loop, 0.42), "x", 90)
    model = [
        part(curved, satin(pattern(marking, size, size, shield, button)), "front"),
        part(at(turned(cylinder(1.0, 0.9, 0.25), "x", 90), y=-0.1), glossy(face.picture()), "front"),
        part(turned(at(hoop, z=-loop), "x", -32).apply_translation((0, -0.75, -0.35)), glossy(handle)),
        part(at(turned(cylinder(0.55, 1.5), "x", -90), y=0.1), rubber(_SILICONE)),
        part(at(ball(1.5, 2.2, 1.4), y=2, z=-0.7), rubber(_SILICONE)),
    ]
    return spun(model, "x", -38)


@kind(
    "{head} Rattle, {body} and {accent}", (5, 19), seen=Seen(turn_deg=180, lowest_deg=42, highest_deg=78),
    head=choice("ring", "ball", "flower", weight=2.5), length=span(9, 14), size=span(5.5, 8),
    marking=choice("plain", "dotted", "striped", "starry", "ringed", weight=1),
    body=colours(*_SOFT), accent=colours(*_SOFT), beads=colours(*BRIGHTS),
)  # fmt: skip
def rattle(
    head: str, length: float, size: float, marking: str, body: Colour, accent: Colour, beads: Colour
) -> Model:  # fmt: skip
    stick = revolve([(0, 0), *smooth([(0.75, 0), (0.65, 0.5 * length), (0.75, length)]), (0, length)])
    model = [
        part(stick, satin(body)),
        part(at(ball(2.6), z=-1.6), glossy(accent)),
        *(part(at(ring(0.85, 0.7), z=z), glossy(beads)) for z in (0.12 * length, 0.82 * length)),
    ]
    middle = length + size / 2
    whole = pattern(marking, 3.14 * size, size, accent, body)
    if head == "ring":
        model.append(part(at(turned(ring(size / 2, 1.5), "x", 90), y=0.75, z=middle), satin(accent)))
        for number, paint in enumerate((beads, body, accent.lighter(0.6), beads, body)):
            turn = math.radians(-90 + 72 * number + 36)
            bead = ball(2.3)
            model.append(
                part(at(bead, x=size / 2 * math.cos(turn), z=middle - 1.15 + size / 2 * math.sin(turn)), glossy(paint))
            )
    elif head == "ball":
        model.append(part(at(ball(size), z=length - 0.3), satin(whole), "around"))
        model.append(part(at(ring(size / 2, 0.6), z=middle - 0.6), glossy(beads)))
    else:
        for number in range(6):
            turn = math.radians(60 * number + 30)
            petal = ball(0.42 * size, 1.8, 0.42 * size, 24)
            paint = accent if number % 2 else accent.lighter(0.45)
            model.append(
                part(
                    at(petal, x=0.32 * size * math.cos(turn), z=middle - 0.21 * size + 0.32 * size * math.sin(turn)),
                    satin(paint),
                )
            )
        model.append(
            part(
                at(ball(0.5 * size, 2.6), z=middle - 0.25 * size), glossy(pattern(marking, 4, 2, beads, body)), "front"
            )
        )
    return lying(model, 30)
