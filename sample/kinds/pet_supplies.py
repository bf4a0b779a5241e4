"""Pet Supplies: food bowls, collars, chew bones."""

import math

import numpy as np

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, Colour, named
from sample.design import Name, Seen, choice, colours, department, span
from sample.markings import PATTERNS, Sheet, pattern
from sample.materials import fabric, glaze, glossy, matte, metal, rubber
from sample.parts import Model, lying, part, spun
from sample.shapes import (
    Points,
    at,
    ball,
    box,
    difference,
    ellipse,
    extrude,
    hoop,
    joined_outlines,
    moved,
    revolve,
    ring,
    rounded,
    slab,
    smooth,
    together,
    turned,
)

kind = department("Pet Supplies")


def draw_paw(sheet: Sheet, x: float, y: float, size: float, ink: Colour) -> None:
    """A paw's print around (x, y)."""
    sheet.disc(x, y + 0.35 * size, 0.55 * size, ink, 0.8)
    for dx, dy in ((-0.75, -0.1), (-0.28, -0.6), (0.28, -0.6), (0.75, -0.1)):
        sheet.disc(x + dx * size, y + dy * size, 0.25 * size, ink, 1.3)


def draw_bone(sheet: Sheet, x: float, y: float, size: float, ink: Colour) -> None:
    """A bone around (x, y)."""
    sheet.area(x - 0.8 * size, y - 0.2 * size, x + 0.8 * size, y + 0.2 * size, ink)
    for dx in (-0.85, 0.85):
        for dy in (-0.25, 0.25):
            sheet.disc(x + dx * size, y + dy * size, 0.32 * size, ink)


def draw_fish(sheet: Sheet, x: float, y: float, size: float, ink: Colour) -> None:
    """A fish around (x, y)."""
    sheet.disc(x - 0.2 * size, y, 0.75 * size, ink, 0.55)
    sheet.shape([(x + 0.3 * size, y), (x + size, y - 0.5 * size), (x + size, y + 0.5 * size)], ink)
    sheet.disc(x - 0.55 * size, y - 0.08 * size, 0.09 * size, sheet.ground)


def bone_outline(length: float, knob: float, waist: float) -> Points:
    """A bone lying along x."""
    ends = [moved(ellipse(knob, knob), sx * (length - knob) / 2, sy * 0.36 * knob) for sx in (-1, 1) for sy in (-1, 1)]
    bar = [
        (-0.45 * length, -waist / 2),
        (0.45 * length, -waist / 2),
        (0.45 * length, waist / 2),
        (-0.45 * length, waist / 2),
    ]
    return rounded(joined_outlines(*ends, bar), 0.25)


@kind(
    "{name} Pet Bowl, {body} with {motif}", (7, 29), seen=Seen(turn_deg=180, lowest_deg=20, highest_deg=55),
    motif=choice("paws", "bones", "fish", "name", "striped", weight=2), width=span(13, 20, 0.5), flare=span(-0.25, 0.2),
    tall=span(0.26, 0.42), food=choice("kibble", "empty", "flakes", weight=1),
    body=colours(*BRIGHTS, *PASTELS, *DEEPS),
    ink=colours(*NEUTRALS, *BRIGHTS), inside=colours(*NEUTRALS, *PASTELS), name=Name(),
)  # fmt: skip
def food_bowl(
    motif: str, width: float, flare: float, tall: float, food: str, body: Colour, ink: Colour, inside: Colour, name: str
) -> Model:  # fmt: skip
    r, h = width / 2, tall * width
    foot, rim = r * (1 - max(flare, 0)), r * (1 + min(flare, 0))
    sheet = Sheet(2 * math.pi * r, h, body)
    if motif == "striped":
        PATTERNS[motif](sheet, ink, np.random.default_rng(1))
    for number in range(5):
        x, y = (number + 0.5) * sheet.width / 5, 0.52 * h
        if motif in ("paws", "bones", "fish"):
            {"paws": draw_paw, "bones": draw_bone, "fish": draw_fish}[motif](sheet, x, y, 0.3 * h, ink)
        elif motif == "name":
            sheet.text(name.upper(), x, y, 0.17 * sheet.width, 0.5 * h, ink, 0.05)
    well = smooth([(rim - 0.5, h), (0.86 * rim, 0.7 * h), (0.62 * rim, 0.3 * h), (0.3 * rim, 0.2 * h), (0, 0.19 * h)])
    model = [
        part(hoop([(foot, 0), (rim, h), (rim - 0.1, h), (foot - 0.1, 0)]), glaze(sheet.picture()), "around"),
        part(
            revolve([(0, 0.1 * h), (0.6 * rim, 0.1 * h), (rim - 0.1, h), (rim - 0.2, h + 0.15), *well], 64),
            glaze(inside),
        ),
        part(at(ring(foot - 0.1, 0.8, 64), z=-0.3), rubber(ink)),
    ]
    rng = np.random.default_rng(len(name))
    if food != "empty":
        size = 1.3 if food == "kibble" else 0.9
        grain = ball(size, size, 0.7 * size, 10)
        places = [(0.72 * rim * math.sqrt(q) * math.cos(2.4 * n), 0.72 * rim * math.sqrt(q) * math.sin(2.4 * n), q)
                  for n in range(90) for q in [(n + 0.5) / 90]]  # fmt: skip
        brown = Colour("kibble", (139, 88, 46) if food == "kibble" else (196, 142, 72))
        heap = [at(grain, x, y, (0.56 - 0.12 * q) * h + float(rng.uniform(-0.3, 0.3))) for x, y, q in places]
        bed = revolve([(0, 0), (0.78 * rim, 0), (0, 0.1)])
        model += [part(together(*heap[::2]), matte(brown)), part(together(*heap[1::2]), matte(brown.darker(0.25))),
                  part(at(bed, z=0.52 * h), matte(brown.darker(0.45)))]  # fmt: skip
    return model


@kind(
    "{name} Pet Collar, {strap} {marking}", (6, 24), seen=Seen(turn_deg=45, lowest_deg=18, highest_deg=60),
    width=span(9, 13), broad=span(1.8, 3.2),
    marking=choice("plain", "dotted", "plaid", "striped", "zigzag", "hearts", "checked", weight=1.5),
    tag=choice("bone", "heart", "round", "paw", weight=1.5), strap=colours(*BRIGHTS, *DEEPS),
    ink=colours(*NEUTRALS, *BRIGHTS), plate=colours("gold", "silver", "copper", *BRIGHTS, weight=1.5), name=Name(),
)  # fmt: skip
def collar(
    width: float, broad: float, marking: str, tag: str, strap: Colour, ink: Colour, plate: Colour, name: str
) -> Model:  # fmt: skip
    r, thick = width / 2, 0.35
    band = hoop([(r - thick, 0), (r, 0.1), (r, broad - 0.1), (r - thick, broad)], 72)
    print_ = pattern(marking, 2 * math.pi * r, broad, strap, ink, 5)
    shine = metal(plate, 0.25) if plate.name in ("gold", "silver", "copper") else glossy(plate)
    steel = metal(named("silver"), 0.2)
    bar = difference(box(2.6, 0.5, broad + 1, 0.2), at(box(1.6, 2, broad - 0.4), z=0.7))
    size = 3.6
    lobe = 0.55 * size
    heart = joined_outlines(moved(ellipse(lobe, lobe), -0.23 * size, 0.2), moved(ellipse(lobe, lobe), 0.23 * size, 0.2),
                            [(-0.48 * size, 0.05), (0, -0.62 * size), (0.48 * size, 0.05)])  # fmt: skip
    outline = {"bone": bone_outline(1.2 * size, 0.5 * size, 0.45 * size), "heart": rounded(heart, 0.15),
               "round": ellipse(size, size), "paw": ellipse(size, 0.9 * size)}[tag]  # fmt: skip
    low, high = outline.min(axis=0), outline.max(axis=0)
    face = Sheet(float(high[0] - low[0]), float(high[1] - low[1]), plate)
    dark = plate.darker(0.6) if plate.is_light else plate.lighter(0.75)
    if tag == "paw":
        draw_paw(face, face.width / 2, face.height / 2, 0.3 * size, dark)
    else:
        face.text(
            name,
            face.width / 2,
            (0.42 if tag == "heart" else 0.5) * face.height,
            0.72 * face.width,
            0.3 * size,
            dark,
            0.05,
        )
    coin = part(
        slab(outline, 0.3, 0.1),
        metal(face.picture(), 0.3) if plate.name in ("gold", "silver", "copper") else glossy(face.picture()),
        "front",
    )
    hanging = [coin.at(z=-high[1] - 0.55), part(turned(ring(0.45, 0.2), "x", 90), steel)]
    return [
        part(band, fabric(print_), "around"),
        part(at(bar, y=-r - 0.05, z=-0.5), shine),
        *(one.turned("x", -30).at(0, -r - 0.55, 0.3) for one in hanging),
        part(at(box(3.2, 0.8, broad + 0.5, 0.3), y=r, z=-0.25), glossy(named("black"))),
    ]


@kind(
    "{body} {style} Chew Bone", (4, 17), seen=Seen(turn_deg=180, lowest_deg=40, highest_deg=78),
    style=choice("nubby", "ringed", "striped", "paw-print", weight=2), length=span(12, 18, 0.5), knob=span(3.4, 5),
    waist=span(2.2, 3.4), body=colours(*BRIGHTS, *PASTELS), accent=colours(*BRIGHTS, *NEUTRALS),
)  # fmt: skip
def chew_bone(style: str, length: float, knob: float, waist: float, body: Colour, accent: Colour) -> Model:
    outline = bone_outline(length, knob, waist)
    thick = 0.95 * waist
    sheet = Sheet(length, float(np.ptp(outline[:, 1])), body)
    if style == "paw-print":
        for x in (0.16, 0.5, 0.84):
            draw_paw(sheet, x * length, sheet.height / 2, 0.22 * knob, accent)
    elif style == "striped":
        for x in (0.0, 0.72):
            sheet.area(x * length, 0, (x + 0.28) * length, sheet.height, accent)
    model = [part(slab(outline, thick, 0.42 * thick), rubber(sheet.picture()), "front")]
    if style == "nubby":
        nub = ball(0.62, sections=12)
        spots = [(x, 0.0) for x in np.linspace(-0.25, 0.25, 6) * length]
        spots += [(s * (length - knob) / 2 + 0.26 * knob * math.cos(a), t * 0.36 * knob + 0.26 * knob * math.sin(a))
                  for s in (-1, 1) for t in (-1, 1) for a in np.linspace(0, 5, 5)]  # fmt: skip
        model.append(part(together(*(at(nub, x, -thick / 2, z - 0.31) for x, z in spots)), rubber(accent)))
    elif style == "ringed":
        for x in np.linspace(-0.2, 0.2, 4) * length:
            hoop = turned(extrude(ellipse(1.14 * thick, 1.14 * waist), 0.7, 0.3), "y", 90)
            model.append(part(at(turned(hoop, "x", 90), x=float(x) - 0.35), rubber(accent)))
    return spun(lying(model), "z", -24)
