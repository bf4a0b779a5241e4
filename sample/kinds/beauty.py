"""Beauty: what this department sells."""

import math

import numpy as np

from sample.colours import BRIGHTS, METALS, NEUTRALS, PASTELS, Colour, named
from sample.design import Name, Seen, choice, colours, department, span
from sample.markings import EMBLEMS, Sheet, label
from sample.materials import glass, glossy, metal, print_gloss, satin
from sample.parts import Model, part
from sample.shapes import (
    at,
    ball,
    box,
    cylinder,
    difference,
    ellipse,
    extrude,
    loft,
    rectangle,
    slab,
    smooth,
    star,
    superellipse,
    tube,
    turned,
    union,
)  # fmt: skip

kind = department("Beauty")


@kind(
    "{name} Pump Lotion, {body}", (6, 28), seen=Seen(turn_deg=45), height=span(11, 16), width=span(5, 7.5),
    depth=span(0.6, 1.0), square=span(2, 6), body=colours(*PASTELS, *BRIGHTS), cap=colours(*NEUTRALS, "gold"),
    tag=colours(*NEUTRALS, *BRIGHTS), emblem=choice(*EMBLEMS, weight=0.7), name=Name(),
)  # fmt: skip
def lotion_bottle(
    height: float, width: float, depth: float, square: float, body: Colour, cap: Colour, tag: Colour, emblem: str,
    name: str, brand: str,
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


@kind(
    "{name} Lipstick, {shade}", (6, 29), seen=Seen(turn_deg=50, highest_deg=40), height=span(6.5, 8.5),
    girth=span(1.9, 2.5), case=choice("round", "square", "fluted", weight=1.2),
    shade=colours("red", "crimson", "coral", "pink", "magenta", "peach", "violet", "brown", "orange"),
    body=colours("black", "white", "gold", "silver", "navy", "pink", "mint", "lavender", "crimson", "copper",
        "teal", "ivory"), collar=colours("gold", "silver", "copper", "black", "white", weight=1), name=Name(),
)  # fmt: skip
def lipstick(height: float, girth: float, case: str, shade: Colour, body: Colour, collar: Colour) -> Model:
    r = girth / 2
    outline = {
        "round": ellipse(girth, girth),
        "square": rectangle(girth * 0.92, girth * 0.92, 0.2),
        "fluted": star(r, r * 0.9, 16),
    }[case]
    shiny = metal(body) if body.name in METALS else glossy(body)
    low, neck = height * 0.36, height * 0.2
    stick = difference(
        cylinder(r * 0.66, height * 0.44, 0.25, 32),
        at(turned(box(9, 9, 9), "y", -38), x=-r * 0.2, z=height * 0.36),
    )
    cap = extrude(outline, height * 0.56, 0.14)
    return [
        part(extrude(outline, low, 0.12), shiny),
        part(at(cylinder(r * 0.82, neck, 0.08), z=low), metal(collar)),
        part(at(cylinder(r * 0.9, 0.25), z=low), metal(collar)),
        part(at(stick, z=low + neck), satin(shade)),
        part(cap, shiny).at(x=girth * 1.25, y=-0.6),
        part(at(extrude(outline * 1.02, 0.35), z=0.3), metal(collar)).at(x=girth * 1.25, y=-0.6),
    ]


@kind(
    "{name} Eau de Parfum, {liquid}", (19, 95), seen=Seen(turn_deg=40, highest_deg=35), height=span(7, 12),
    width=span(5, 8), depth=span(0.45, 1.0), square=span(2, 8, weight=1.5),
    cap=choice("ball", "block", "tall", "disc", weight=1.5), liquid=colours(*BRIGHTS, *PASTELS),
    top=colours("gold", "silver", "black", "white", "copper", "charcoal", "brown"),
    tag=colours("white", "black", "ivory", "gold", weight=0.7), name=Name(),
)  # fmt: skip
def perfume(
    height: float, width: float, depth: float, square: float, cap: str, liquid: Colour, top: Colour, tag: Colour,
    name: str,
) -> Model:  # fmt: skip
    levels = smooth([(0.93, 0), (1, 0.05), (1, 0.5), (0.97, 0.86), (0.62, 0.98), (0.3, 1)], 5)
    outline = superellipse(width, width * depth, square)
    bottle = loft([np.column_stack([outline * share, np.full(len(outline), z * height)]) for share, z in levels])
    inner = loft([np.column_stack([outline * 0.86 * share, np.full(len(outline), z * height)])
                  for share, z in ((0.9, 0.07), (1, 0.12), (1, 0.5), (0.98, 0.84), (0.7, 0.93))])  # fmt: skip
    plate = Sheet(3, 1.6, tag)
    plate.text(name, 1.5, 0.8, 2.5, 0.75, tag.ink)
    wide = width * 0.5
    sticker = at(slab(rectangle(wide, wide * 0.53, 0.15), 0.12), y=-width * depth / 2, z=height * 0.42)
    crown = {
        "ball": ball(width * 0.5), "block": box(width * 0.42, width * 0.42 * depth, height * 0.28, 0.2),
        "tall": cylinder(width * 0.17, height * 0.42, 0.2), "disc": cylinder(width * 0.32, height * 0.16, 0.2),
    }[cap]  # fmt: skip
    shiny = metal(top) if top.name in METALS else glossy(top)
    return [
        part(bottle, glass(liquid.lighter(0.75), 0.3)),
        part(inner, glossy(liquid)),
        part(sticker, print_gloss(plate.picture()), "front"),
        part(at(cylinder(width * 0.16, height * 0.2), z=height * 0.9), metal(named("gold"))),
        part(at(crown, z=height * 1.06), shiny),
    ]
