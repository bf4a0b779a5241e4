"""Health: what this department sells."""

import math

import numpy as np

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, WHITE, Colour, named
from sample.design import Name, Seen, choice, colours, department, span
from sample.markings import EMBLEMS, Sheet, label
from sample.materials import glossy, metal, print_gloss, rubber, satin
from sample.parts import Model, part
from sample.shapes import (
    at,
    ball,
    box,
    cylinder,
    ellipse,
    extrude,
    joined_outlines,
    rectangle,
    revolve,
    slab,
    smooth,
    star,
    tube,
    turned,
)  # fmt: skip

kind = department("Health")


@kind(
    "{name} {form}, {body} Bottle", (6, 32), seen=Seen(turn_deg=42, highest_deg=40), height=span(8.5, 14),
    width=span(5, 7.5), lid_height=span(0.16, 0.28), form=choice("Tablets", "Capsules", "Softgels", weight=1),
    body=colours("white", "amber", "green", "navy", "teal", "crimson", "violet", "brown", "sky", "orange", "black"),
    lid=colours(*NEUTRALS, *BRIGHTS), tag=colours(*BRIGHTS, *PASTELS, "white"),
    pill=colours(*BRIGHTS, "white", weight=1.5), emblem=choice(*EMBLEMS, weight=0.7), name=Name(),
)  # fmt: skip
def pill_bottle(
    height: float, width: float, lid_height: float, form: str, body: Colour, lid: Colour, tag: Colour, pill: Colour,
    emblem: str, name: str, brand: str,
) -> Model:  # fmt: skip
    r, tall, top = width / 2, height * (1 - lid_height), height * lid_height
    jar = revolve([(0, 0), (r - 0.2, 0), (r, 0.25), (r, tall * 0.86), (r * 0.82, tall), (0, tall)])
    sticker = revolve([(0, 0), (r + 0.04, 0), (r + 0.04, tall * 0.62), (0, tall * 0.62)])
    print_ = label(math.pi * width / 2.1, tall * 0.62, tag, tag.ink, brand, name, emblem, body, 0.6)
    model = [
        part(jar, satin(body)), part(at(sticker, z=tall * 0.13), print_gloss(print_), "around", (2.1, 1)),
        part(at(extrude(star(r * 0.95, r * 0.91, 36), top, 0.15), z=tall), satin(lid)),
    ]  # fmt: skip
    places = ((r * 1.35, -r * 0.9, 20), (r * 0.6, -r * 1.65, -40), (r * 1.75, -r * 0.1, 75), (-r * 1.2, -r * 1.2, 110))
    for x, y, turn in places:
        model += [one.turned("z", turn).at(x, y) for one in _pill(form, pill, r * 0.3)]
    return model


def _pill(form: str, colour: Colour, size: float) -> Model:
    if form == "Tablets":
        return [part(cylinder(size, size * 0.6, size * 0.25, 28), satin(colour))]
    if form == "Softgels":
        return [part(ball(size * 2.4, size * 1.5, size * 1.4, 24), glossy(colour))]
    half = at(turned(cylinder(size * 0.5, size * 1.5, size * 0.49, 24), "y", 90), z=size * 0.5)
    return [part(half, glossy(colour)), part(at(half, x=-size * 0.9), glossy(WHITE))]


@kind(
    "{body} First Aid Kit", (12, 45), seen=Seen(turn_deg=38, lowest_deg=8, highest_deg=38), width=span(20, 30),
    height=span(14, 20), depth=span(6, 11), corner=span(1, 4.5), badge=choice("disc", "square", "plain", weight=1.2),
    body=colours("red", "green", "white", "orange", "blue", "teal", "yellow", "pink", "navy", "lime", "crimson",
        "sky"), cross=colours("white", "red", "green", "yellow", "navy"), trim=colours(*NEUTRALS, *BRIGHTS, weight=1),
)  # fmt: skip
def first_aid_kit(
    width: float, height: float, depth: float, corner: float, badge: str, body: Colour, cross: Colour, trim: Colour
) -> Model:
    front, size = -depth / 2, height * 0.3
    shell = slab(rectangle(width, height, corner), depth, 1.0)
    seam = slab(rectangle(width + 0.25, height + 0.25, corner), depth * 0.14, 0.1)
    arms = joined_outlines(rectangle(size * 2, size * 0.66), rectangle(size * 0.66, size * 2))
    handle = tube(
        smooth(
            [(-width * 0.2, 0, 0), (-width * 0.17, 0, 2.4), (0, 0, 2.9), (width * 0.17, 0, 2.4), (width * 0.2, 0, 0)]
        ),
        0.65,
    )
    model = [
        part(shell, satin(body)), part(seam, rubber(trim)), part(at(handle, z=height / 2 - 0.2), rubber(trim)),
        part(at(slab(arms, 0.5, 0.1), y=front - (0.25 if badge != "plain" else 0)), glossy(cross)),
    ]  # fmt: skip
    if badge != "plain":
        plate = ellipse(size * 2.84, size * 2.84) if badge == "disc" else rectangle(size * 2.6, size * 2.6, 1)
        model.append(
            part(at(slab(plate, 0.5, 0.1), y=front), satin(WHITE if cross.name != "white" else body.darker(0.3)))
        )
    clasp = at(box(1.8, depth * 0.34, 1.2, 0.2), z=height / 2 - 0.9)
    model += [part(at(clasp, x=x * width), metal(named("silver"))) for x in (-0.3, 0.3)]
    return model


@kind(
    "{body} and {accent} Toothbrush", (2, 9), seen=Seen(turn_deg=35, lowest_deg=8, highest_deg=45),
    bend=span(-1.2, 1.2), girth=span(0.8, 1.25), tuft=span(2.4, 3.4),
    marking=choice("striped", "plain", "banded", weight=1), body=colours(*BRIGHTS, *PASTELS, "white"),
    accent=colours(*BRIGHTS, *DEEPS, "white"),
    bristles=colours("white", "sky", "mint", "pink", "yellow", "lavender", "amber", weight=1.5),
)  # fmt: skip
def toothbrush(
    bend: float, girth: float, tuft: float, marking: str, body: Colour, accent: Colour, bristles: Colour
) -> Model:
    path = smooth([(0, 0, 0), (0, -0.2 * bend, 4), (0, 0.3 * bend, 8), (0, -0.1, 12), (0, 0, 15), (0, 0, 18.5)], 8)
    along = path[:, 2] / 18.5
    radius = girth * np.interp(along, [0, 0.08, 0.45, 0.65, 0.78, 0.97, 1], [0.6, 1, 1.1, 0.7, 0.55, 0.55, 0.4])
    handle = tube(path, radius, 20)
    sheet = Sheet(4, 18.5, body)
    if marking == "striped":
        for y in (8.8, 10.4, 12, 13.6, 15.2):
            sheet.area(0, y, 4, y + 0.8, accent)
    elif marking == "banded":
        sheet.area(0, 9.5, 4, 17.2, accent)
    head = slab(rectangle(1.9, tuft + 0.6, 0.8), 0.9, 0.3)
    model = [part(handle, glossy(sheet.picture()), "front"), part(at(head, z=17.4), glossy(body))]
    for row in range(round(tuft / 0.42)):
        for column in (-0.52, 0, 0.52):
            bunch = turned(cylinder(0.25, 1.7, 0.05, 8), "x", 90)
            colour = bristles if column else bristles.mixed(accent, 0.75)
            model.append(part(at(bunch, column, -0.25, 17.4 - tuft / 2 + 0.2 + row * 0.42), rubber(colour)))
    return [one.turned("y", 24).turned("z", 30) for one in model]
