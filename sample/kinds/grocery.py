"""Grocery: what this department sells."""

import math

import numpy as np
from PIL import Image

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, WHITE, Colour, named
from sample.design import Name, Seen, choice, colours, department, span
from sample.markings import EMBLEMS, Sheet, draw_emblem, label, pattern
from sample.materials import fabric, glass, glossy, matte, metal, painted_metal, paper, print_gloss, satin
from sample.parts import Model, part
from sample.shapes import at, box, cylinder, hull, intersection, revolve, ring, smooth, turned

kind = department("Grocery")
_FOODS = ("tomato", "corn", "fish", "beans", "peach", "mushroom")


@kind(
    "{food} in a {ground} Can", (1.2, 6), seen=Seen(turn_deg=40, highest_deg=45), height=span(4.5, 13, weight=1.5),
    width=span(7, 9.5), food=choice(*_FOODS, weight=1.2), style=choice("band", "split", "frame", weight=1),
    ground=colours(*BRIGHTS, *DEEPS, "white"), ink=colours(*PASTELS, *BRIGHTS), name=Name(),
)  # fmt: skip
def food_can(
    height: float, width: float, food: str, style: str, ground: Colour, ink: Colour, name: str, brand: str
) -> Model:
    r = width / 2
    rim = [(r - 0.25, 0), (r + 0.08, 0.02), (r + 0.08, 0.25), (r, 0.4), (r, height - 0.4), (r + 0.08, height - 0.25),
           (r + 0.08, height), (r - 0.2, height), (r - 0.25, height - 0.35), (0, height - 0.35)]  # fmt: skip
    sticker = revolve([(0, 0.5), (r + 0.03, 0.5), (r + 0.03, height - 0.5), (0, height - 0.5)])
    tin = metal(named("silver"), 0.3)
    tab = [part(at(ring(0.75, 0.22, 20), y=-r * 0.45, z=height - 0.28), tin),
           part(at(box(0.8, 1.6, 0.16, 0.07), y=-r * 0.15, z=height - 0.3), tin)]  # fmt: skip
    print_ = _can_label(math.pi * width, height - 1, food, style, ground, ink, name, brand)
    return [part(revolve(rim), tin), part(sticker, print_gloss(print_), "around"), *tab]


def _can_label(
    around: float, height: float, food: str, style: str, ground: Colour, ink: Colour, name: str, brand: str
) -> Image.Image:
    sheet, x = Sheet(around, height, ground), around / 2
    if style == "band":
        sheet.area(0, 0.62 * height, around, height, ink)
    elif style == "split":
        sheet.area(0, 0, around * 0.36, height, ink)
        sheet.area(around * 0.64, 0, around, height, ink)
    else:
        sheet.area(around * 0.34, 0.06 * height, around * 0.66, 0.94 * height, ink, 0.6)
    back = ink if style == "frame" else ground
    sheet.text(brand, x, 0.13 * height, around * 0.24, 0.13 * height, back.ink, 0.04)
    size = min(0.22 * height, around * 0.12)
    sheet.disc(x, 0.51 * height, size * 1.25, WHITE)
    _draw_food(sheet, food, x, 0.51 * height, size)
    low = ink if style != "split" else ground
    sheet.text(name, x, 0.89 * height, around * 0.22, 0.1 * height, low.ink)
    return sheet.picture()


def _draw_food(sheet: Sheet, food: str, x: float, y: float, size: float) -> None:
    if food == "tomato":
        sheet.disc(x, y + 0.1 * size, 0.8 * size, named("red"), 0.9)
        draw_emblem(sheet, "star", x, y - 0.55 * size, 0.45 * size, named("green"), WHITE)
    elif food == "corn":
        sheet.disc(x, y, 0.45 * size, named("amber"), 2)
        sheet.shape([(x - 0.8 * size, y - 0.2 * size), (x, y + 0.95 * size), (x - 0.1 * size, y)], named("green"))
        sheet.shape([(x + 0.8 * size, y - 0.2 * size), (x, y + 0.95 * size), (x + 0.1 * size, y)], named("green"))
    elif food == "fish":
        sheet.disc(x - 0.15 * size, y, 0.65 * size, named("blue"), 0.5)
        sheet.shape(
            [(x + 0.35 * size, y), (x + 0.95 * size, y - 0.4 * size), (x + 0.95 * size, y + 0.4 * size)], named("blue")
        )
        sheet.disc(x - 0.5 * size, y - 0.08 * size, 0.07 * size, WHITE)
    elif food == "beans":
        for dx, dy in ((-0.4, -0.35), (0.4, -0.2), (-0.2, 0.3), (0.45, 0.5)):
            sheet.disc(x + dx * size, y + dy * size, 0.36 * size, named("crimson"), 0.65)
    elif food == "peach":
        sheet.disc(x, y + 0.1 * size, 0.75 * size, named("orange"))
        sheet.line([(x, y - 0.65 * size), (x - 0.1 * size, y + 0.5 * size)], 0.08 * size, named("coral"))
        draw_emblem(sheet, "leaf", x + 0.3 * size, y - 0.6 * size, 0.4 * size, named("green"), WHITE)
    else:
        sheet.disc(x, y - 0.1 * size, 0.85 * size, named("tan"), 0.7)
        sheet.area(x - 0.9 * size, y, x + 0.9 * size, y + 0.6 * size, WHITE)
        sheet.area(x - 0.28 * size, y - 0.05 * size, x + 0.28 * size, y + 0.8 * size, named("beige"), 0.2 * size)


@kind(
    "{name} {drink} Carton", (1.5, 5), seen=Seen(turn_deg=35, highest_deg=35), height=span(16, 24),
    width=span(7, 9.5), cap=choice("cap", "plain", weight=0.8),
    drink=choice("Milk", "Oat Drink", "Juice", "Cream", weight=0.2),
    style=choice("wave", "band", "corner", weight=1.2), ground=colours("white", "ivory", *PASTELS, *BRIGHTS),
    ink=colours(*BRIGHTS, *DEEPS), emblem=choice(*EMBLEMS, weight=0.8), name=Name(),
)  # fmt: skip
def milk_carton(
    height: float, width: float, cap: str, drink: str, style: str, ground: Colour, ink: Colour, emblem: str,
    brand: str,
) -> Model:  # fmt: skip
    body, ridge, half = height * 0.74, height * 0.93, width / 2
    roof = hull(at(box(width, width, 0.02), z=body), at(box(width, 0.3, 0.02), z=ridge))
    fin = box(width, 0.35, height - ridge + 0.3)
    sheet = Sheet(width, body, ground)
    if style == "wave":
        line = [(width * t, body * (0.62 + 0.06 * math.sin(6.3 * t))) for t in np.linspace(0, 1, 25)]
        sheet.shape([*line, (width, body), (0, body)], ink)
    elif style == "band":
        sheet.area(0, 0.08 * body, width, 0.34 * body, ink)
    else:
        sheet.shape([(0, 0.35 * body), (width, 0.95 * body), (width, body), (0, body)], ink)
    head = ink if style == "band" else ground
    sheet.text(brand, half, 0.21 * body, 0.8 * width, 0.12 * body, head.ink if style == "band" else ink, 0.04)
    sheet.text(drink, half, 0.42 * body, 0.6 * width, 0.08 * body, ground.ink)
    sheet.disc(half, 0.72 * body, 0.27 * width, WHITE)
    draw_emblem(sheet, emblem, half, 0.72 * body, 0.2 * width, ink, WHITE)
    model = [
        part(box(width, width, body), print_gloss(sheet.picture())),
        part(roof, print_gloss(ink)), part(at(fin, z=ridge - 0.3), print_gloss(ground)),
    ]  # fmt: skip
    if cap == "cap":
        lid = turned(cylinder(width * 0.2, 1.4, 0.15, 28), "x", 48)
        model.append(part(at(lid, y=-width * 0.27, z=(body + ridge) / 2), satin(ink.lighter(0.25))))
    return model


@kind(
    "{name} {fruit} Jam", (2.5, 9), seen=Seen(turn_deg=45, highest_deg=40), height=span(8, 13), width=span(6, 9),
    belly=span(0.86, 1.12), lid=choice("checked", "plain", "dotted", "cloth", weight=1.2),
    fruit=colours("red", "crimson", "orange", "amber", "violet", "lime", "magenta", "forest", "coral", "navy",
        "brown"), cover=colours(*BRIGHTS, *NEUTRALS, "gold"), tag=colours("white", "ivory", *PASTELS),
    emblem=choice("leaf", "heart", "sun", "drop", "star", weight=0.6), name=Name(),
)  # fmt: skip
def jam_jar(
    height: float, width: float, belly: float, lid: str, fruit: Colour, cover: Colour, tag: Colour, emblem: str,
    name: str, brand: str,
) -> Model:  # fmt: skip
    r, glassy = width / 2, height * 0.84
    side = smooth([(r * 0.9, 0), (r, 0.5), (r * belly, glassy * 0.45), (r, glassy * 0.82), (r * 0.8, glassy)], 6)
    jar = revolve(np.vstack([[(0, 0)], side]))
    jam = revolve(np.vstack([[(0, 0.3)], side * (0.94, 0.95) + (0, 0.3)]))
    wide = r * 1.35
    paper_ = label(wide, glassy * 0.52, tag, tag.ink, brand, name, emblem, fruit)
    middle = r * (belly + 1) / 2 * 1.03
    strip = revolve([(0, 0), (middle, 0), (middle, glassy * 0.52), (0, glassy * 0.52)])
    sticker = intersection(strip, at(box(wide, 2 * r, glassy), y=-1.3 * r))
    checked = pattern(
        "checked" if lid in ("checked", "cloth") else lid, 3, 3, cover, WHITE if cover.name != "white" else named("red")
    )
    tin = height - glassy
    top = [part(at(cylinder(r * 0.9, tin + 0.3, 0.2), z=glassy - 0.3), painted_metal(checked), "box")]
    if lid == "cloth":
        frill = at(revolve([(0, tin + 0.1), (r * 0.93, tin), (r * 0.95, 0.8), (r * 1.18, -0.5), (0, 0)], 40), z=glassy)
        top = [
            part(frill, fabric(checked), "top", (2, 2)),
            part(at(ring(r * 0.97, 0.3), z=glassy + 0.7), matte(named("tan"))),
        ]
    return [
        part(jar, glass(WHITE, 0.14)), part(jam, glossy(fruit)), *top,
        part(at(sticker, z=glassy * 0.18), paper(paper_), "front"),
    ]  # fmt: skip
