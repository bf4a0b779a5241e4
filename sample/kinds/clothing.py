"""Clothing: what this department sells."""

import math

import numpy as np

from sample.colours import BLACK, BRIGHTS, DEEPS, NEUTRALS, PASTELS, WHITE, Colour
from sample.design import Seen, choice, colours, department, span
from sample.markings import EMBLEMS, PATTERNS, Sheet, draw_emblem
from sample.materials import fabric, leather, rubber
from sample.parts import Model, part
from sample.shapes import (
    Points,
    at,
    ball,
    bent,
    cylinder,
    extrude,
    loft,
    puff,
    revolve,
    ring,
    rounded,
    scaled,
    smooth,
    tube,
    turned,
)  # fmt: skip

kind = department("Clothing")


@kind(
    "{body} {marking} T-Shirt", (8, 35), seen=Seen(turn_deg=35, lowest_deg=5, highest_deg=30), width=span(44, 58),
    sleeve=span(10, 24), neck=choice("crew", "deep", weight=0.5),
    marking=choice("plain", "ringed", "banded", "emblem", "dipped", "diagonal", "pocket", weight=2.5),
    emblem=choice(*EMBLEMS, weight=0.5), body=colours(), accent=colours(*BRIGHTS, *NEUTRALS),
)  # fmt: skip
def t_shirt(width: float, sleeve: float, neck: str, marking: str, emblem: str, body: Colour, accent: Colour) -> Model:
    half, drop = width / 2, 7 if neck == "crew" else 13
    cuff = (half + sleeve * 0.8, 62 - sleeve * 0.95)
    right = [(half, 0), (half * 0.97, 44), (cuff[0] - 5.5, cuff[1] - 9), cuff, (half * 0.92, 66), (9, 70)]
    left = [(-x, z) for x, z in reversed(right)]
    outline = rounded([*right, (6, 70 - drop * 0.7), (0, 70 - drop), (-6, 70 - drop * 0.7), *left], 1.2)
    sheet = Sheet(2 * cuff[0], 70, body)
    middle = cuff[0]
    if marking in PATTERNS:
        PATTERNS[marking](sheet, accent, np.random.default_rng(0))
    elif marking == "emblem":
        draw_emblem(sheet, emblem, middle, 29, 10, accent, body)
    elif marking == "pocket":
        sheet.area(middle + 4, 22, middle + 14, 33, accent, 1.5)
    collar = smooth(
        [
            (-9.2, -0.5, 70),
            (-6, -1.6, 70 - drop * 0.7),
            (0, -2.2, 70 - drop - 0.3),
            (6, -1.6, 70 - drop * 0.7),
            (9.2, -0.5, 70),
        ]
    )
    trim = accent if marking != "plain" else body.darker(0.25)
    return [
        part(puff(outline, 9, 13, rim=1.5), fabric(sheet.picture()), "front"),
        part(tube(collar, 1.0, 10), fabric(trim)),
        part(ball(17, 4, 7), fabric(body.darker(0.55))).at(y=1.2, z=63),
    ]


@kind(
    "{body} {cut} Sneaker with {stripe} Stripes", (24, 119), seen=Seen(turn_deg=38, lowest_deg=8, highest_deg=38),
    length=span(26, 30, weight=0.3), sole=span(2.4, 4.6), cut=choice("Low", "High", weight=1.5),
    mark=choice("bars", "wave", "heel", "bolt", weight=1.2), body=colours(*NEUTRALS, *BRIGHTS, *DEEPS, *PASTELS),
    stripe=colours(*BRIGHTS, *NEUTRALS), rubber_=colours("white", "ivory", "black", "amber", "grey", weight=1.2),
)  # fmt: skip
def sneaker(length: float, sole: float, cut: str, mark: str, body: Colour, stripe: Colour, rubber_: Colour) -> Model:
    high = cut == "High"
    top = 15.0 if high else 9.5
    foot = smooth([(-13, -2.6), (-8, -3.6), (0, -3.3), (7, -4.8), (12, -3.4), (13.6, 0), (12, 3.6), (7, 4.6), (0, 3.8),
                   (-8, 3.6), (-13, 2.4), (-13.8, 0)], 5, closed=True)  # fmt: skip
    stations = smooth([(-13.2, 1.9, top * 0.9), (-12, 2.9, top), (-8, 3.3, top * 0.97), (-4.5, 3.3, top * 0.9),
                       (-1, 3.4, 8.2), (4, 4.1, 6.2), (8, 4.4, 4.8), (11, 3.7, 3.8), (13.0, 1.6, 2.2)], 5)  # fmt: skip
    rings = [_section(x, w, h) for x, w, h in stations]
    sheet = Sheet(27, top, body)
    _sneaker_mark(sheet, mark, stripe)
    lace = fabric(stripe if rubber_.name == stripe.name else rubber_)
    laces = [part(at(tube(smooth([(x, -1.9, 0), (x + 0.2, 0, 0.75), (x, 1.9, 0)]), 0.32, 8), z=z - 0.62), lace)
             for x, z in ((0.2, 7.75), (1.7, 7.15), (3.2, 6.6), (4.7, 6.1))]  # fmt: skip
    opening, collar = scaled(cylinder(1, 1.2), 4.2, 2.5), scaled(ring(1, 0.3), 4.3, 2.6, 4)
    return [
        one.scaled(length / 27.5).turned("z", -16) for one in [
            part(extrude(foot, sole, 0.5), rubber(rubber_)),
            part(extrude(foot * 1.015, sole * 0.22, 0.1), rubber(stripe)).at(z=sole * 0.42),
            part(loft(rings), leather(sheet.picture()), "front").at(z=sole - 0.6),
            part(at(turned(opening, "y", 7), -8.2, 0, top - 1.4), fabric(BLACK)).at(z=sole - 0.6),
            part(at(turned(collar, "y", 7), -8.2, 0, top - 1.0), leather(body.darker(0.2))).at(z=sole - 0.6),
            part(at(ball(7.4, 8.6, 5.4), 9.7, 0, -1.2), rubber(rubber_)).at(z=sole),
            *(one.at(z=sole - 0.55) for one in laces),
        ]
    ]  # fmt: skip


def _section(x: float, width: float, height: float) -> Points:
    """A shoe's cross-section: flat below, rounder the lower it is; counter-clockwise seen from the toe."""
    angle = np.linspace(0, 2 * math.pi, 32, endpoint=False)
    y, z = np.cos(angle), np.sin(angle)
    shape = np.sign(z) * np.abs(z) ** 0.8
    return np.column_stack(
        [np.full(32, x), width * np.sign(y) * np.abs(y) ** 0.7, height * np.clip(shape * 0.5 + 0.5, 0, 1)]
    )


def _sneaker_mark(sheet: Sheet, mark: str, colour: Colour) -> None:
    w, h = sheet.width, sheet.height
    if mark == "bars":
        for x in (0.36, 0.43, 0.5):
            sheet.shape([(w * x, h), (w * (x + 0.035), h), (w * (x + 0.13), 0), (w * (x + 0.095), 0)], colour)
    elif mark == "wave":
        line = [(w * t, h * (0.98 - 0.42 * math.sin(3.0 * t) ** 2 - 0.1 * t)) for t in np.linspace(0.12, 0.75, 20)]
        sheet.line(line, 1.5, colour)
    elif mark == "heel":
        sheet.area(0, 0, 0.2 * w, h, colour)
        sheet.area(0.24 * w, 0, 0.28 * w, h, colour)
    else:
        bolt = ((0.2, 0.9), (0.45, 0.52), (0.44, 0.68), (0.7, 0.55), (0.42, 0.95), (0.42, 0.8))
        sheet.shape([(w * x, h * y) for x, y in bolt], colour)


@kind(
    "{body} Cap with {brim} Brim", (9, 32), seen=Seen(turn_deg=50, lowest_deg=10, highest_deg=40),
    height=span(10.5, 14), brim_length=span(6, 10), marking=choice("plain", "front", "halves", "panels", weight=1.8),
    emblem=choice(*EMBLEMS, weight=1), body=colours(), brim=colours(), patch=colours(*BRIGHTS, *NEUTRALS, weight=1.5),
)  # fmt: skip
def cap(
    height: float, brim_length: float, marking: str, emblem: str, body: Colour, brim: Colour, patch: Colour
) -> Model:
    a = np.linspace(0, math.pi / 2, 12)
    dome = revolve(
        [(9.6, 0), (9.7, 2), *np.column_stack([9.6 * np.cos(a) ** 0.85, 2 + (height - 2) * np.sin(a)])], 60, 1.08
    )
    sheet = Sheet(60, height * 1.5, body)
    if marking == "front":
        sheet.area(20, 0, 40, height * 1.5, WHITE if body.name != "white" else patch)
    elif marking == "halves":
        sheet.area(15, 0, 45, height * 1.5, brim)
    for number in range(6):
        x = 60 * number / 6 + (5 if marking == "panels" else 0)
        if marking == "panels" and number % 2:
            sheet.area(x - 5, 0, x + 5, height * 1.5, brim)
        sheet.line([(x, 0), (x, height * 1.5)], 0.25, body.darker(0.25))
    draw_emblem(sheet, emblem, 30, height * 0.95, 3.4, patch, body)
    reach = 9 + brim_length
    side = 8.5 + brim_length * 0.35
    outline = smooth([(9.3, -3), (8.6, -side), (0, -reach - 1), (-8.6, -side), (-9.3, -3), (0, -2)], 6, closed=True)

    def curved(points: Points) -> Points:
        return points - (points[:, :1] ** 2 * 0.022 + np.clip(-points[:, 1:2] - 9, 0, None) * 0.16) * (0, 0, 1)

    return [
        part(dome, fabric(sheet.picture()), "around"),
        part(at(bent(extrude(outline, 0.6, 0.2), curved), z=1.2), fabric(brim)),
        part(at(ball(1.4, height=0.9, sections=20), z=height - 0.3), fabric(brim)),
    ]
