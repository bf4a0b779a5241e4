"""Toys: what this department sells."""

import numpy as np

from sample.colours import BLACK, BRIGHTS, DEEPS, NEUTRALS, PASTELS, Colour, named
from sample.design import Seen, choice, colours, department, span
from sample.markings import Sheet, pattern
from sample.materials import Material, fabric, glossy, metal, rubber, satin, wood
from sample.parts import Model, Part, part
from sample.shapes import (
    at,
    ball,
    cylinder,
    extrude,
    hull,
    rectangle,
    ring,
    rounded,
    scaled,
    slab,
    star,
    turned,
)

kind = department("Toys")
_CARS = {
    "racer": (
        [(-6, 0.7), (6, 0.7), (6.1, 1.9), (2.6, 2.6), (0.8, 3.5), (-1.9, 3.5), (-3.6, 2.7), (-6, 2.9)],
        [(0.6, 3.25), (2.0, 2.55), (-2.6, 2.55), (-1.8, 3.25)],
    ),
    "saloon": (
        [(-6, 0.7), (6, 0.7), (6, 2.4), (3.1, 2.9), (1.5, 4.6), (-2.6, 4.6), (-4.1, 2.9), (-6, 2.7)],
        [(1.2, 4.3), (2.5, 2.9), (-3.5, 2.9), (-2.4, 4.3)],
    ),
    "van": (
        [(-6, 0.7), (6, 0.7), (6, 2.9), (4.5, 3.2), (3.3, 5.6), (-6, 5.6)],
        [(3.0, 5.2), (3.9, 3.4), (-5.3, 3.4), (-5.3, 5.2)],
    ),
    "pickup": (
        [(-6, 0.7), (6, 0.7), (6, 2.6), (3.4, 2.9), (2.3, 4.9), (-0.8, 4.9), (-1.0, 2.9), (-6, 2.9)],
        [(2.0, 4.6), (2.8, 3.0), (-0.5, 3.0), (-0.5, 4.6)],
    ),
}  # fmt: skip - a car's side and its windows, the front to the right


@kind(
    "{body} and {accent} Toy {shape}", (5, 24), seen=Seen(turn_deg=55, highest_deg=40),
    length=span(11, 14, weight=0.3), width=span(5, 6.6, weight=0.4),
    shape=choice("racer", "saloon", "van", "pickup", weight=2.5),
    stripe=choice("plain", "stripe", "belt", "number", weight=1.2), body=colours(*BRIGHTS, *DEEPS, *NEUTRALS),
    accent=colours(*BRIGHTS, *NEUTRALS), hubs=colours("silver", "yellow", "red", "white", weight=0.8),
)  # fmt: skip
def toy_car(length: float, width: float, shape: str, stripe: str, body: Colour, accent: Colour, hubs: Colour) -> Model:
    side, windows = _CARS[shape]
    sheet = Sheet(12, max(z for _, z in side) - 0.7, body)
    if stripe == "belt":
        sheet.area(0, sheet.height - 1.35, 12, sheet.height - 0.85, accent)
    elif stripe == "number":
        sheet.disc(5.6, sheet.height - 1.2, 0.95, accent)
        sheet.text("7", 5.6, sheet.height - 1.2, 1, 1.1, accent.ink, 0.05)
    hood = width * (0.28 if stripe == "stripe" else 0.02)
    tyre, hub = (turned(at(cylinder(r, w, 0.15, 28), z=-w / 2), "x", 90) for r, w in ((1.3, 1.1), (0.75, 1.2)))
    model: list[Part] = [
        part(slab(rounded(side, 0.5), width, 0.45), glossy(sheet.picture()), "front"),
        part(slab(rounded(np.array(side) * (1.004, 1) + (0, 0.03), 0.5), hood, 0.05), glossy(accent)),
        part(slab(rounded(windows, 0.2), width + 0.1, 0.05), glossy(Colour("glass", (50, 66, 84)))),
    ]
    for x in (-3.6, 3.7):
        for y in (-width / 2, width / 2):
            model += [part(at(tyre, x, y, 1.3), rubber(BLACK)), part(at(hub, x, y, 1.3), metal(hubs))]
    for y in (-0.3, 0.3):
        model.append(part(at(ball(0.9, sections=16), 5.85, y * width, 1.45), glossy(Colour("lamp", (255, 245, 190)))))
        model.append(part(at(ball(0.8, sections=16), -5.9, y * width, 1.45), glossy(named("red"))))
    return [one.scaled(length / 12).turned("z", -24) for one in model]


@kind(
    "{fur} Teddy Bear with {scarf} {wear}", (9, 34), seen=Seen(turn_deg=45), head=span(0.85, 1.15),
    ears=span(0.75, 1.25), belly=choice("belly", "plain", weight=0.4),
    wear=choice("bow", "scarf", "jumper", "dungarees", weight=2),
    fur=colours("brown", "tan", "beige", "white", "ivory", "grey", "charcoal", "pink", "sky", "lavender", "peach",
        "amber"), scarf=colours(*BRIGHTS, *DEEPS),
)  # fmt: skip
def teddy_bear(head: float, ears: float, belly: str, wear: str, fur: Colour, scarf: Colour) -> Model:
    pale = fur.lighter(0.45) if sum(fur.rgb) < 540 else fur.darker(0.18)
    plush, light, cloth = fabric(fur), fabric(pale), fabric(scarf)
    body = at(ball(13, 11.5, 14), z=1)
    torso: Material = fabric(pattern("ringed", 40, 14, scarf, scarf.lighter(0.6))) if wear == "jumper" else plush
    model = [part(body, torso, "around")]
    limbs = ((4.6, -5.2, 0.2, 6.2, 8.4, 5.6), (5.4, -2.2, 8.2, 4.6, 4.6, 8.0))  # x, y, z, width, depth, height
    for side in (-1, 1):
        leg, arm = (at(ball(w, d, h), side * x, y, z) for x, y, z, w, d, h in limbs)
        model.append(part(leg, plush))
        model.append(part(arm, cloth if wear == "jumper" else plush))
        model.append(part(at(ball(3.6, 1.2, 3.6), side * 4.6, -9.2, 1.2), light))
        model.append(
            part(
                at(ball(4.4 * ears, 2.6, 4.4 * ears), side * 4.6 * head, 0, 21.6 + 1.2 * head - 2.2 * (ears - 1)), plush
            )
        )
        model.append(
            part(
                at(ball(2.6 * ears, 1.6, 2.6 * ears), side * 4.6 * head, -0.9, 22.5 + 1.2 * head - 1.3 * (ears - 1)),
                light,
            )
        )
        model.append(part(at(ball(1.25, sections=20), side * 2.1 * head, -4.9 * head, 19.4), glossy(BLACK)))
    model += [
        part(at(ball(11.5 * head, 10.5 * head, 10.5 * head), z=13.5), plush),
        part(at(ball(5 * head, 4 * head, 4 * head), y=-4.3 * head, z=14.6), light),
        part(at(ball(1.8 * head, 1.2, 1.3 * head), y=-6.3 * head, z=17.2), glossy(BLACK)),
    ]
    if belly == "belly" and wear in ("bow", "scarf"):
        model.append(part(at(ball(8, 4, 8.5), y=-4.2, z=3.2), light))
    return model + _worn(wear, scarf)


def _worn(wear: str, colour: Colour) -> list[Part]:
    cloth = fabric(colour)
    if wear == "bow":
        wing = hull(at(ball(1.2, sections=16), z=-0.6), at(ball(1.2, 1.5, 3.6, sections=16), x=3.2, z=-1.8))
        knot = part(at(ball(1.7, sections=20), z=-0.85), cloth)
        return [one.at(y=-5.6, z=13.6) for one in (part(wing, cloth), part(scaled(wing, x=-1), cloth), knot)]
    if wear == "scarf":
        tail = at(slab(rectangle(2.6, 6.5, 0.3), 0.8, 0.2), 2.4, -5.9, 10.2)
        return [part(at(ring(4.7, 2.3), z=12.6), cloth), part(turned(tail, "x", -6), cloth)]
    if wear == "dungarees":
        bib = slab(rectangle(6, 5.5, 0.8), 1.2, 0.3)
        straps = [at(slab(rectangle(1, 5, 0.2), 1.2, 0.1), x, -4.6, 11) for x in (-2.4, 2.4)]
        trousers = at(ball(13.4, 12, 10), z=0.6)
        buttons = [part(at(ball(0.9, sections=12), x, -6.2, 9.2), metal(named("gold"))) for x in (-2.2, 2.2)]
        return [part(trousers, cloth), part(at(bib, y=-5.2, z=8.2), cloth), *(part(s, cloth) for s in straps), *buttons]
    return [part(at(ring(4.2, 1.8), z=13), fabric(colour.darker(0.3)))]


@kind(
    "Stacking {shape} in {first}, {second} and {third}", (8, 26),
    seen=Seen(turn_deg=180, lowest_deg=6, highest_deg=45), rings=span(3.6, 7.4), width=span(11, 15),
    top=choice("ball", "star", "cube", weight=0.8), shape=choice("Rings", "Blocks", "Flowers", weight=1.5),
    first=colours(*BRIGHTS), second=colours(*BRIGHTS, *PASTELS), third=colours(*BRIGHTS, *PASTELS, *DEEPS),
    base=colours("birch", "oak", "white", "red", "blue", "yellow", weight=0.8),
)  # fmt: skip
def stacking_rings(
    rings: float, width: float, top: str, shape: str, first: Colour, second: Colour, third: Colour, base: Colour
) -> Model:
    count, thick, palette = round(rings), 2.6, (first, second, third)
    foot = wood(base) if base.name in ("birch", "oak") else satin(base)
    height = 1.4 + count * thick * 0.92
    model = [part(cylinder(width * 0.55, 1.4, 0.4), foot), part(cylinder(1.1, height + 1), foot)]
    for number in range(count):
        size = width * (1 - 0.5 * number / max(count - 1, 1))
        solid = {
            "Rings": ring(size / 2 - thick / 2, thick),
            "Blocks": extrude(rectangle(size * 0.92, size * 0.92, 1), thick * 0.92, 0.4),
            "Flowers": extrude(rounded(star(size / 2, size * 0.36, 6), size * 0.06), thick * 0.92, 0.5),
        }[shape]
        model.append(
            part(at(turned(solid, "z", 8 * number), z=1.4 + number * thick * 0.92), satin(palette[number % 3]))
        )
    finial = {
        "ball": ball(3.6), "cube": extrude(rectangle(3, 3, 0.5), 3, 0.4),
        "star": at(slab(rounded(star(2.6, 1.3), 0.25), 1.3, 0.3), z=2),
    }[top]  # fmt: skip
    return [*model, part(at(finial, z=height), satin(palette[count % 3]))]
