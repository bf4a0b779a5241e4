"""Automotive: wheels, oil canisters, steering wheels."""

import math

import numpy as np

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, Colour, named
from sample.design import Seen, choice, colours, department, span
from sample.markings import EMBLEMS, Sheet, draw_emblem
from sample.materials import leather, metal, painted_metal, print_gloss, rubber, satin
from sample.parts import Model, part, spun
from sample.shapes import (
    Mesh,
    Points,
    at,
    box,
    copies_around,
    cylinder,
    difference,
    extrude,
    hoop,
    ring,
    rounded,
    slab,
    smooth,
    star,
    together,
    tube,
    turned,
)

kind = department("Automotive")
_TYRE = Colour("tyre", (34, 34, 37))


@kind(
    "{spokes}-Spoke Wheel with Tyre, {rim}", (79, 349), seen=Seen(turn_deg=50, lowest_deg=5, highest_deg=35),
    spokes=choice("5", "6", "7", "10", weight=1.2), style=choice("straight", "twin", "blade", weight=1.2),
    profile=span(0.62, 0.8), broad=span(17, 24, 0.5), rim=colours(*NEUTRALS, "gold", "copper", *BRIGHTS),
    caliper=colours(*BRIGHTS, weight=1), wall=choice("plain", "white-wall", "lined", weight=1.2),
    line=colours(*BRIGHTS, "white", weight=1),
)  # fmt: skip
def car_wheel(
    spokes: str, style: str, profile: float, broad: float, rim: Colour, caliper: Colour, wall: str, line: Colour
) -> Model:  # fmt: skip
    r, inner, half = 32.0, 32.0 * profile, broad / 2
    bulge = inner + 0.4 * (r - inner)
    side = [(r, 0.7), (r - 1.5, 0.92), (bulge, 1), (inner, 0.8)]
    tread = smooth([(x, -z * half) for x, z in side[::-1]] + [(x, z * half) for x, z in side], 6)
    groove = at(turned(box(1.2, 0.55 * half, 1.4), "x", 25), x=r - 0.3, y=0, z=0.55 * half)
    grooves = copies_around(together(groove, turned(groove, "x", 180)), 44)
    lip = [(0.6, 0.72), (0.4, 0.9), (-1.2, 0.82), (-1.8, 0.4), (-1.8, -0.7), (0.2, -0.7)]
    arms = together(
        *(copy for arm in _arms(style, inner - 1.0, int(spokes)) for copy in copies_around(arm, int(spokes)))
    )
    nuts = together(*copies_around(at(cylinder(0.9, 0.9, 0.2, 6), x=4.3), 5))
    brake = at(box(0.3 * inner, 0.75 * inner, 4.5, 1.5), x=0.6 * inner, z=-0.25 * half)
    paint = metal(rim, 0.25) if rim.name in ("silver", "gold", "copper") else painted_metal(rim)
    front = 0.45 * half
    model = [
        part(hoop(tread, 72), rubber(_TYRE)),
        part(together(*grooves), rubber(named("black").darker(0.4))),
        part(hoop([(inner + x, z * half) for x, z in lip]), paint),
        part(at(arms, z=front), paint),
        part(at(cylinder(6.2, 3.4, 0.6), z=front), paint),
        part(at(cylinder(2.6, 0.8, 0.2), z=front + 3.2), satin(caliper)),
        part(at(nuts, z=front + 3.2), metal(named("charcoal"))),
        part(at(cylinder(0.72 * inner, 1, 0.1), z=-0.2 * half), metal(named("silver"), 0.35)),
        part(at(cylinder(inner - 1.8, 0.5), z=-0.75 * half), rubber(_TYRE)),
        part(turned(brake, "z", 145), painted_metal(caliper)),
    ]
    if wall != "plain":
        a, b = (inner + share * (r - inner) for share in (0.18 if wall == "white-wall" else 0.5, 0.62))
        stripe = hoop([(b, 0.8 * half), (b, 1.01 * half), (a, 1.01 * half), (a, 0.8 * half)])
        model.append(part(stripe, rubber(named("white") if wall == "white-wall" else line)))
    return spun(spun(model, "x", 90), "z", 24)


def _arms(style: str, reach: float, count: int) -> list[Mesh]:
    """One of `count` spokes, lying along x: a bar, two, or a blade."""
    w = 5.1 * math.pi / count
    if style == "twin":
        lines = [(3, -0.1), (1, -0.3), (1, 0.3), (3, 0.3)]
        return [
            extrude([(x if x > 1 else reach, (2.1 if x == 1 else 1) * y + share * w) for x, share in lines], 3, 0.3)
            for y in (-0.4 * w, 0.4 * w)
        ]
    if style == "blade":
        low, high = [(0, -1), (0.5, -0.2), (1, 0.9)], [(1, 2), (0.5, 1.1), (0, 1)]
        return [extrude(smooth([(x * reach, y * w) for x, y in low + high], closed=True), 3, 0.4)]
    return [extrude([(0, -w), (reach, -0.55 * w), (reach, 0.55 * w), (0, w)], 3, 0.5)]


@kind(
    "{grade} Motor Oil, {litres} l", (12, 49), seen=Seen(turn_deg=45, highest_deg=40),
    grade=choice("0W-20", "5W-30", "5W-40", "10W-40", weight=0.3), litres=choice("1", "4", "5", weight=1.2),
    height=span(24, 32), body=colours(*BRIGHTS, *NEUTRALS, *DEEPS, "gold"), cap=colours(*BRIGHTS, *NEUTRALS),
    tag=colours(*BRIGHTS, *NEUTRALS, *DEEPS), emblem=choice(*EMBLEMS, weight=0.7),
    split=choice("plain", "swoosh", "chevron", weight=1),
)  # fmt: skip
def motor_oil(
    grade: str, litres: str, height: float, body: Colour, cap: Colour, tag: Colour, emblem: str, split: str, brand: str
) -> Model:  # fmt: skip
    h, w = 0.9 * height, {"1": 0.44, "4": 0.64, "5": 0.74}[litres] * height
    deep = 0.42 * w + 2
    left, right = -w / 2, w / 2
    outline = rounded(
        [(left, 0), (right, 0), (right, 0.72 * h), (left + 0.62 * w, h), (left + 0.1 * w, h), (left, 0.93 * h)], 1.4
    )
    jug = slab(outline, deep, 1.3)
    if litres != "1":
        hole = rounded([(0.06 * w, 0.66 * h), (0.3 * w, 0.6 * h), (0.38 * w, 0.68 * h), (0.14 * w, 0.86 * h)], 1.0)
        jug = difference(jug, slab(hole, 3 * deep))
    sheet = Sheet(0.86 * w, 0.52 * h, tag)
    x, y = sheet.width, sheet.height
    if split == "swoosh":
        sheet.shape([(0, 0.75 * y), (0.5 * x, 0.6 * y), (x, 0.3 * y), (x, y), (0, y)], cap)
    elif split == "chevron":
        sheet.shape([(0, 0.55 * y), (x / 2, 0.75 * y), (x, 0.55 * y), (x, 0.8 * y), (x / 2, y), (0, 0.8 * y)], cap)
    sheet.text(brand, x / 2, 0.15 * y, 0.76 * x, 0.16 * y, tag.ink, 0.04)
    draw_emblem(
        sheet, emblem, 0.5 * x, 0.47 * y, 0.17 * min(x, y), body if abs(body.is_light - tag.is_light) else tag.ink, tag
    )
    sheet.text(grade, x / 2, 0.82 * y, 0.7 * x, 0.17 * y, cap.ink if split != "plain" else tag.ink, 0.04)
    neck = 0.13 * w + 0.6
    print_ = print_gloss(sheet.picture())
    return [
        part(jug, satin(body)),
        *(
            part(
                at(
                    slab(rounded([(-x / 2, 0), (x / 2, 0), (x / 2, y), (-x / 2, y)], 0.5), 0.1),
                    y=s * deep / 2,
                    z=0.06 * h,
                ),
                print_,
                "front",
            )
            for s in (-1, 1)
        ),
        part(at(cylinder(neck, 1.5), x=left + 0.32 * w, z=h - 0.5), satin(body)),
        part(
            at(extrude(star(neck * 1.25, neck * 1.15, 24), 0.09 * height, 0.3), x=left + 0.32 * w, z=h + 0.4),
            satin(cap),
        ),
    ]


@kind(
    "{spokes} Steering Wheel, {hide} and {grips}", (39, 189), seen=Seen(turn_deg=50, lowest_deg=5, highest_deg=45),
    spokes=choice("three-spoke", "four-spoke", "two-spoke", weight=1.5),
    flat=choice("round", "flat-bottomed", weight=1), bar=span(2.6, 3.8),
    hide=colours("black", "charcoal", *DEEPS, "tan", "beige", "red"), grips=colours(*BRIGHTS, *NEUTRALS, "tan"),
    metalwork=colours("silver", "charcoal", "gold", "white", *BRIGHTS), emblem=choice(*EMBLEMS, weight=0.6),
    stripe=choice("plain", "marked", weight=0.7),
)  # fmt: skip
def steering_wheel(
    spokes: str, flat: str, bar: float, hide: Colour, grips: Colour, metalwork: Colour, emblem: str, stripe: str
) -> Model:  # fmt: skip
    r, floor = 18.0, -0.84 * 18.0 if flat == "flat-bottomed" else -18.0

    def rim(start: float, end: float, points: int) -> Points:
        a = np.radians(np.linspace(start, end, points))
        return np.column_stack([r * np.cos(a), 0 * a, np.maximum(r * np.sin(a), floor)])

    angles = {"three-spoke": (0, 180, 270), "four-spoke": (20, 160, 235, 305), "two-spoke": (-15, 195)}[spokes]
    shiny = metal(metalwork, 0.35) if metalwork.name in ("silver", "gold", "charcoal") else painted_metal(metalwork)
    model = [part(tube(rim(0, 360, 73)[:-1], bar / 2, closed=True), leather(hide))]
    model += [part(tube(rim(start, start + 35, 12), 0.56 * bar), leather(grips)) for start in (15, 130)]
    if flat == "flat-bottomed":
        model.append(part(tube(rim(238, 302, 12), 0.55 * bar), shiny))
    if stripe == "marked":
        model.append(part(tube(rim(87, 93, 4), 0.58 * bar), satin(grips)))
    for angle in angles:
        reach = min(r, floor / math.sin(math.radians(angle))) if math.sin(math.radians(angle)) < -0.5 else r
        arm = slab([(2, -2.6), (reach - 0.5, -1.5), (reach - 0.5, 1.5), (2, 2.6)], 1.0, 0.3)
        slot = slab(
            rounded([(0.52 * reach, -0.9), (0.82 * reach, -0.5), (0.82 * reach, 0.5), (0.52 * reach, 0.9)], 0.3), 3
        )
        model.append(part(turned(difference(arm, slot), "y", -angle), shiny))
    pad = slab(rounded([(-6, -3.4), (6, -3.4), (7, 2.4), (4, 4.4), (-4, 4.4), (-7, 2.4)], 1.6), 4.5, 1.2)
    badge = Sheet(5, 5, grips)
    draw_emblem(badge, emblem, 2.5, 2.5, 1.6, grips.ink, grips)
    model += [
        part(at(pad, y=-0.6), leather(hide)),
        part(at(turned(cylinder(2.5, 0.5, 0.15), "x", 90), y=-2.7, z=0.4), satin(badge.picture()), "front"),
        part(at(turned(ring(2.6, 0.4), "x", 90), y=-2.7, z=0.4), shiny),
        *(part(at(box(1.6, 0.5, 1.1, 0.2), x=x, y=-2.8, z=0.2), satin(metalwork.darker(0.2))) for x in (-4.7, 4.7)),
    ]
    return spun(spun(model, "x", -18), "z", 10)
