"""Tools: hammers, sets of screwdrivers, tape measures."""

import numpy as np

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, Colour, named
from sample.design import Seen, choice, colours, department, span
from sample.markings import Sheet, label, pattern
from sample.materials import glossy, matte, metal, painted_metal, print_gloss, rubber, satin, wood
from sample.parts import Model, lying, part, placed, spun
from sample.shapes import (
    at,
    ball,
    box,
    cylinder,
    difference,
    extrude,
    loft,
    revolve,
    rounded,
    slab,
    smooth,
    star,
    turned,
    union,
)

kind = department("Tools")
_STEEL = Colour("steel", (176, 180, 186))


@kind(
    "{head} Hammer, {grip} Grip", (9, 39), seen=Seen(turn_deg=180, lowest_deg=38, highest_deg=75),
    length=span(19, 27), head=choice("claw", "ball-peen", "mallet", weight=2.5), size=span(1, 1.35, 0.5),
    marking=choice("plain", "ringed", "zigzag", weight=1), grip=colours(*BRIGHTS, *DEEPS),
    shaft=colours("birch", "oak", "cherry", "walnut", *NEUTRALS, *BRIGHTS), poll=colours(*NEUTRALS, *BRIGHTS, *DEEPS),
)  # fmt: skip
def hammer(
    length: float, head: str, size: float, marking: str, grip: Colour, shaft: Colour, poll: Colour
) -> Model:  # fmt: skip
    held = 0.46 * length
    sleeve = revolve([(0, 0), *smooth([(1.5, 0.05), (1.75, 0.9), (1.4, 0.35 * held), (1.55, 0.7 * held),
                                       (1.3, held)]), (0, held)], 40, 0.75)  # fmt: skip
    stick = revolve([(0, 0), (1.15, held), (0.95, 0.75 * length), (1.1, length + 1), (0, length + 1)], 32, 0.8)
    wooden = shaft.name in ("birch", "oak", "cherry", "walnut")
    model = [
        part(sleeve, rubber(pattern(marking, 10, held, grip, grip.ink)), "around"),
        part(stick, wood(shaft) if wooden else satin(shaft)),
    ]
    if head == "mallet":
        block = turned(at(cylinder(3.2, 9, 0.5), z=-4.5), "y", 90)
        ends = [at(turned(at(cylinder(3.35, 1.7, 0.5), z=-0.85), "y", 90), x=x) for x in (-4.4, 4.4)]
        steel = [part(block, rubber(poll)), *(part(end, rubber(grip)) for end in ends)]
    else:
        face = turned(revolve([(0, 0), (1.5, 0), (1.65, 0.2), (1.65, 1.2), (1.1, 2), (1.1, 4.5), (0, 4.5)]), "y", 90)
        cheek = at(box(3.2, 2.6, 3.4, 0.5), z=-1.7)
        if head == "claw":
            curve = smooth([(1, 1.45), (3.6, 1.2), (6, -0.1), (7.6, -2.1)])
            under = smooth([(7.4, -2.4), (5.6, -1), (3.6, -0.5), (1, -1.4)])
            prongs = slab(np.vstack([curve, under])[::-1], 3.0, 0.15)
            back = difference(prongs, at(extrude([(3.4, 0), (9, -0.75), (9, 0.75)], 8), z=-4))
        else:
            back = union(at(turned(cylinder(1.1, 3), "y", 90), x=1), at(ball(3.3), x=4.6, z=-1.65))
        steel = [
            part(at(face, x=-5.6), metal(_STEEL, 0.2)),
            part(back, metal(_STEEL)),
            part(cheek, painted_metal(poll)),
        ]
    return lying([*model, *placed([one.scaled(size) for one in steel], z=length)], -35)


@kind(
    "{count}-Piece Screwdriver Set, {body}", (8, 34), seen=Seen(turn_deg=180, lowest_deg=45, highest_deg=78),
    count=choice("2", "3", "4", weight=1.5), flutes=choice("5", "6", "18", weight=0.3), shaft=span(6, 12),
    thick=span(1.3, 1.9, 0.5), marking=choice("plain", "dipped", "banded", "striped", weight=1.5),
    body=colours(*BRIGHTS, *DEEPS, "white"), accent=colours(*NEUTRALS, *BRIGHTS),
)  # fmt: skip
def screwdrivers(
    count: str, flutes: str, shaft: float, thick: float, marking: str, body: Colour, accent: Colour
) -> Model:  # fmt: skip
    outline = rounded(star(1, 0.82 if int(flutes) < 10 else 0.94, int(flutes)), 0.12 if int(flutes) < 10 else 0)
    levels = smooth([(0.75, 0), (0.98, 0.6), (0.98, 5), (1, 6.5), (0.7, 8), (0.82, 9), (0.55, 9.5)])
    handle = loft([np.column_stack([outline * share * thick, np.full(len(outline), z)]) for share, z in levels])
    cap = cylinder(0.72 * thick, 0.5, 0.2)
    print_ = pattern(marking, 6 * thick, 9.5, body, accent)
    model: Model = []
    for number in range(int(count)):
        size, reach = 1 - 0.13 * number, shaft * (1 - 0.1 * number)
        blade = cylinder(0.4, reach)
        if number % 2:
            tip = revolve([(0, 0), (0.4, 0), (0.12, 0.9), (0, 0.9)], 4)
        else:
            tip = slab([(-0.4, 0), (0.4, 0), (0.6, 0.5), (0.5, 1.5), (-0.5, 1.5), (-0.6, 0.5)], 0.25)
        one = [
            part(handle, satin(print_), "around"), part(at(cap, z=-0.2), glossy(accent)),
            part(at(cylinder(0.62 * thick, 0.7, 0.15), z=9.2), glossy(accent)),
            part(at(blade, z=9), metal(_STEEL, 0.2)), part(at(tip, z=9 + reach), metal(named("charcoal"))),
        ]  # fmt: skip
        model += placed([piece.scaled(size) for piece in one], x=(2 * thick + 1.1) * number)
    return lying(model, -20)


@kind(
    "{metres} m Tape Measure, {body} and {rim}", (6, 29), seen=Seen(turn_deg=50, lowest_deg=10, highest_deg=50),
    metres=choice("3", "5", "8", weight=0.6), width=span(6.6, 8.8), out=span(2.5, 7), corner=span(0.6, 2.4),
    body=colours(*BRIGHTS, *NEUTRALS), rim=colours("black", "charcoal", *BRIGHTS, *DEEPS),
    blade=colours("yellow", "white", "lime", "orange", weight=0.7), emblem=choice("bolt", "disc", "star", "diamond"),
)  # fmt: skip
def tape_measure(
    metres: str, width: float, out: float, corner: float, body: Colour, rim: Colour, blade: Colour, emblem: str,
    brand: str,
) -> Model:  # fmt: skip
    w, h, deep = width / 2, 0.9 * width, 4.4
    outline = rounded([(-w, 0), (w, 0), (w, 0.5 * h), (0.55 * w, h), (-0.6 * w, h), (-w, 0.7 * h)], corner)
    middle = np.array([0, 0.46 * h])
    ruler = Sheet(out + 2, 2.2, blade)
    for number in range(int(2 * (out + 2)) + 1):
        x = 0.5 * number
        ruler.area(x, 0, x + 0.09, 0.5 if number % 2 else 1.0, named("black"))
        if number % 2 == 0:
            ruler.text(str(number // 2 + 1), x + 0.35, 1.5, 0.5, 0.7, named("red"), 0.04)
    badge = label(5, 5, rim, rim.ink, brand, f"{metres} m", emblem, body if body.is_light != rim.is_light else rim.ink)
    disc = turned(at(cylinder(0.36 * width, deep + 0.4, 0.15), z=-deep / 2 - 0.2), "x", 90)
    model = [
        part(slab(outline, deep, 0.5), satin(body)),
        part(slab((outline - middle) * 1.06 + middle, 0.55 * deep, 0.3), rubber(rim)),
        part(at(disc, z=0.5 * h), print_gloss(badge), "front"),
        part(at(box(out + 2, 2.2, 0.12), x=w + out / 2 - 0.5, z=0.35), matte(ruler.picture()), "top"),
        part(at(box(0.2, 2.3, 1.2), x=w + out + 0.5, z=-0.4), metal(_STEEL)),
        part(turned(box(1.9, 2.2, 1, 0.35), "y", 35).apply_translation((0.86 * w, 0, 0.75 * h)), rubber(rim)),
    ]
    return spun(model, "z", -14)
