"""Sports: what this department sells."""

import numpy as np

from sample.colours import BLACK, BRIGHTS, DEEPS, NEUTRALS, PASTELS, Colour, named
from sample.design import Art, Seen, choice, colours, department, span
from sample.markings import Sheet, scenery
from sample.materials import metal, rubber, satin
from sample.parts import Model, part
from sample.shapes import (
    Points,
    at,
    bent,
    box,
    cylinder,
    ellipse,
    extrude,
    scaled,
    slab,
    smooth,
    star,
    superellipse,
    together,
    turned,
)
from sample.shapes import ball as sphere

kind = department("Sports")


@kind(
    "{panel} and {body} {marking} Ball", (8, 35), seen=Seen(turn_deg=180, lowest_deg=5, highest_deg=50),
    width=span(18, 24, weight=0.2), marking=choice("basket", "beach", "belt", "dotted", "quarters", weight=3),
    body=colours(*BRIGHTS, "white", "ivory"), panel=colours(*BRIGHTS, *DEEPS, *NEUTRALS),
)  # fmt: skip
def ball(width: float, marking: str, body: Colour, panel: Colour) -> Model:
    sheet = Sheet(4, 2, body)
    if marking == "basket":
        for x in (0.5, 1.5, 2.5, 3.5):
            sheet.line([(x, 0), (x, 2)], 0.045, panel)
        sheet.line([(0, 1), (4, 1)], 0.045, panel)
        for x in (1.0, 3.0):
            sheet.line([(x - 0.15, 0), (x + 0.15, 0.6), (x + 0.15, 1.4), (x - 0.15, 2)], 0.045, panel)
    elif marking == "beach":
        for number in range(0, 8, 2):
            sheet.area(number / 2, 0, number / 2 + 0.5, 2, panel)
    elif marking == "belt":
        sheet.area(0, 0.72, 4, 1.28, panel)
        sheet.area(0, 0.92, 4, 1.08, body)
    elif marking == "quarters":
        for x, y in ((0, 0), (2, 0), (1, 1), (3, 1)):
            sheet.area(x, y, x + 1, y + 1, panel)
    else:
        for column in range(6):
            for row in range(3):
                sheet.disc((column + 0.5 + row % 2 / 2) % 6 * 4 / 6, 0.5 + row * 0.5, 0.17, panel)
    return [part(sphere(width, sections=56), rubber(sheet.picture()), "around").turned("x", 14).turned("z", 20)]


@kind(
    "{body} {heads} Dumbbell, {grip} Grip", (9, 49), seen=Seen(turn_deg=55, lowest_deg=12), length=span(18, 34),
    girth=span(9, 15), heads=choice("hexagonal", "round", "plate", "ball", weight=2.5),
    body=colours(*BRIGHTS, *DEEPS, "grey"),
    grip=colours("silver", "black", "charcoal", "white", *BRIGHTS, weight=1.2),
)  # fmt: skip
def dumbbell(length: float, girth: float, heads: str, body: Colour, grip: Colour) -> Model:
    head, radius = length * 0.29, girth / 2
    if heads == "plate":
        sizes = ((radius, 0.42), (radius * 0.8, 0.72), (radius * 0.6, 1.0))
        solid = together(*(at(cylinder(r, head * 0.3, 0.25), z=head * (end - 0.38)) for r, end in sizes))
    elif heads == "ball":
        solid = at(sphere(girth), z=head / 2 - radius)
    else:
        outline = star(radius, radius, 3) if heads == "hexagonal" else ellipse(girth, girth)
        solid = extrude(outline, head, 0.7)
    lying = turned(turned(solid, "z", 30), "y", 90)
    bar = turned(at(cylinder(1.5, length * 0.7, sections=32), z=-length * 0.35), "y", 90)
    rings = [
        part(at(turned(cylinder(2.0, 0.6, 0.1), "y", 90), x=x), metal(named("silver")))
        for x in (-length * 0.2, length * 0.2 - 0.6)
    ]
    right = at(lying, x=length / 2 - head)
    return [
        part(right, rubber(body)), part(turned(right, "z", 180), rubber(body)),
        part(bar, metal(grip) if grip.name == "silver" else rubber(grip)), *rings,
    ]  # fmt: skip


@kind(
    "{ground} {wheels} Skateboard", (29, 89), seen=Seen(turn_deg=30, highest_deg=30), length=span(66, 84),
    width=span(18, 22), shape=choice("popsicle", "cruiser", "oval", weight=0.8),
    ground=colours(*BRIGHTS, *DEEPS, *PASTELS), ink=colours(*BRIGHTS, *NEUTRALS),
    wheels=colours(*BRIGHTS, "white", "black"), art=Art(1.5),
)  # fmt: skip
def skateboard(
    length: float, width: float, shape: str, ground: Colour, ink: Colour, wheels: Colour, art: int, brand: str
) -> Model:
    x, z = length / 2, width / 2
    outline = {
        "popsicle": superellipse(length, width, 3.2), "oval": superellipse(length, width, 2.2),
        "cruiser": smooth([(-x, -z * 0.55), (-x * 0.4, -z), (x * 0.5, -z * 0.85), (x, -z * 0.15), (x, z * 0.15),
                           (x * 0.5, z * 0.85), (-x * 0.4, z), (-x, z * 0.55)], closed=True),
    }[shape]  # fmt: skip
    sheet = Sheet(length, width, ground)
    scenery(sheet, ground, ink, np.random.default_rng(art))
    sheet.text(brand.upper(), length / 2, width / 2, length * 0.4, width * 0.4, ground.ink, 0.06)

    def kicked(points: Points) -> Points:  # nose and tail bend away from the wheels
        up = 0.011 * np.clip(np.abs(points[:, 0]) - x * 0.62, 0, None) ** 2
        return points + up[:, None] * (0, 1, 0)

    deck = bent(slab(outline, 1.1, 0.3), kicked)
    model = [part(deck, satin(sheet.picture()), "front"), part(at(scaled(deck, y=0.6), y=0.7), rubber(BLACK))]
    wheel, hub = cylinder(2.7, 3.4, 0.5, 32), cylinder(1.1, 3.6, sections=20)
    for side in (-1, 1):
        truck = at(box(4, 4.5, width * 0.62, 0.6), x=side * x * 0.58, y=-2.5, z=-width * 0.31)
        model.append(part(truck, metal(named("silver"))))
        for end in (-1, 1):
            place = side * x * 0.58, -5.2, end * width * 0.36 - 1.7
            model += [part(at(wheel, *place), rubber(wheels)), part(at(hub, *place), metal(named("grey")))]
    return model
