"""Electronics: headphones, wireless speakers, cameras."""

import math

import numpy as np

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, Colour, named
from sample.design import Seen, choice, colours, department, span
from sample.markings import EMBLEMS, Sheet, draw_emblem
from sample.materials import fabric, glossy, leather, matte, metal, painted_metal, rubber, satin, screen
from sample.parts import Model, Part, part, placed, spun
from sample.shapes import at, box, cylinder, ellipse, extrude, revolve, ring, slab, superellipse, tube, turned

kind = department("Electronics")


@kind(
    "Over-Ear Headphones, {shell} and {cushion}", (19, 199), seen=Seen(turn_deg=40, lowest_deg=8, highest_deg=40),
    cup=span(6.6, 9, 0.7), oval=span(1, 1.35, 0.7), arch=span(9, 13), emblem=choice(*EMBLEMS, weight=0.5),
    face=choice("plain", "hooped", "metal", weight=1),
    shell=colours(*NEUTRALS, *BRIGHTS, *DEEPS), cushion=colours(*NEUTRALS, *DEEPS, "tan", "beige", "red", "turquoise"),
    accent=colours(*BRIGHTS, *NEUTRALS, "gold", "copper"),
)  # fmt: skip
def headphones(
    cup: float, oval: float, arch: float, emblem: str, face: str, shell: Colour, cushion: Colour, accent: Colour
) -> Model:  # fmt: skip
    tall, reach = cup * oval, 8.2
    turn = np.linspace(math.pi, 0, 33)
    path = np.column_stack([reach * np.cos(turn), 0 * turn, 0.55 * tall + arch * np.sin(turn) ** 0.9])
    pad = np.column_stack(
        [0.93 * reach * np.cos(turn[7:-7]), 0 * turn[7:-7], 0.55 * tall - 0.7 + 0.99 * arch * np.sin(turn[7:-7])]
    )
    model = [part(tube(path, 1.15, squash=0.42), satin(shell)), part(tube(pad, 1.45, squash=0.5), leather(cushion))]
    front = Sheet(4, 4, accent if face == "metal" else shell)
    if face == "hooped":
        front.hoop(2, 2, 1.95, 0.45, accent)
    draw_emblem(front, emblem, 2, 2, 0.95, shell if face == "metal" else accent, front.ground)
    paint = metal(front.picture(), 0.35) if face == "metal" else satin(front.picture())
    for side in (-1, 1):
        one: list[Part] = [
            part(turned(extrude(ellipse(tall, cup), 2.4, 0.9), "y", 90), satin(shell)),
            part(at(turned(extrude(ellipse(0.74 * tall, 0.74 * cup), 0.5, 0.2), "y", 90), x=2.2), paint),
            part(at(turned(extrude(ellipse(1.04 * tall, 1.04 * cup), 2.4, 1.1), "y", 90), x=-2.1), leather(cushion)),
            part(at(box(0.5, 1.5, 0.62 * tall, 0.2), x=1.6, z=0.35 * tall), metal(accent, 0.3)),
        ]
        one = spun(one, "y", 8)
        model += placed(one if side > 0 else spun(one, "z", 180), x=side * (reach - 1))
    return spun(model, "z", 38)


@kind(
    "{shape} Wireless Speaker, {cloth}", (19, 149), seen=Seen(turn_deg=50),
    shape=choice("boom", "tower", "twin-driver", weight=2.5), length=span(15, 22), girth=span(7, 9.5),
    cloth=colours(*BRIGHTS, *DEEPS, "grey", "ivory", "silver"), trim=colours(*NEUTRALS, *BRIGHTS),
    light=colours(*BRIGHTS, "white"), emblem=choice(*EMBLEMS, weight=0.4),
)  # fmt: skip
def speaker(
    shape: str, length: float, girth: float, cloth: Colour, trim: Colour, light: Colour, emblem: str, brand: str
) -> Model:  # fmt: skip
    r = girth / 2
    plate = Sheet(5, 1.6, trim)
    plate.text(brand, 2.5, 0.8, 4.4, 1, light if trim.is_light != light.is_light else trim.ink, 0.04)
    if shape == "twin-driver":
        model = [
            part(box(length, girth, 0.62 * length, 1.1), satin(trim)),
            part(
                at(slab(superellipse(0.93 * length, 0.54 * length, 7), 0.8, 0.3), y=-r, z=0.31 * length), fabric(cloth)
            ),
        ]
        for x in (-0.22 * length, 0.22 * length):
            cone = [
                part(turned(at(ring(0.17 * length, 0.7), z=0.2), "x", 90), metal(light)),
                part(turned(cylinder(0.16 * length, 0.35), "x", 90), rubber(named("black"))),
                part(
                    turned(revolve([(0, 0), (0.13 * length, 0.3), (0.06 * length, 0.6), (0, 0.9)]), "x", 90),
                    satin(light),
                ),
            ]
            model += placed(cone, x=x, y=-r - 0.35, z=0.33 * length)
        grip = np.column_stack([0.36 * length * np.cos(np.linspace(math.pi, 0, 17)), np.zeros(17),
                                0.6 * length + 3.4 * np.sin(np.linspace(0, math.pi, 17))])  # fmt: skip
        return [
            *model,
            part(tube(grip, 0.6), rubber(cloth)),
            part(
                at(turned(extrude(superellipse(4.4, 1.4), 0.4), "x", 90), y=-r - 0.2, z=0.075 * length),
                satin(plate.picture()),
                "front",
            ),
        ]
    mark = Sheet(4, 4, trim)
    draw_emblem(mark, emblem, 2, 2, 1.2, light, trim)
    drum = [
        part(at(cylinder(r, length - 2.4, 0.2), z=1.2), fabric(cloth)),
        part(cylinder(r * 1.03, 1.9, 0.6), rubber(trim)),
        part(at(cylinder(r * 1.03, 1.9, 0.6), z=length - 1.9), rubber(trim)),
        *(part(at(ring(r * 0.99, 0.45), z=z), glossy(light)) for z in (1.75, length - 2.2)),
        part(at(cylinder(0.7 * r, 0.3, 0.1), z=length - 0.1), satin(mark.picture()), "top"),
    ]
    name = part(at(box(5, 0.7, 1.6, 0.3), y=-r, z=-0.8), satin(plate.picture()), "front")
    if shape == "tower":
        loop = tube(
            [(r, 0, length - 1.2), (r + 1.6, 0, length - 2), (r + 1.8, 0, length - 5), (r, 0, length - 6)], 0.35
        )
        return [*drum, name.at(z=0.28 * length), part(loop, rubber(light))]
    model = placed(spun(drum, "y", 90), x=-length / 2)
    controls = [part(at(cylinder(0.6, 0.3, 0.1), x=x, z=r - 0.1), rubber(light)) for x in (-2, 0, 2)]
    feet = [part(at(box(1.2, 3, 0.8, 0.2), x=x, z=-r - 0.25), rubber(trim)) for x in (-0.25 * length, 0.25 * length)]
    return spun([*model, name, part(at(box(7, 2, 0.6, 0.25), z=r - 0.5), rubber(trim)), *controls, *feet], "z", -22)


@kind(
    "{style} Camera, {skin} and {plate}", (89, 599), seen=Seen(turn_deg=50, lowest_deg=8, highest_deg=45),
    style=choice("prism", "rangefinder", "instant", weight=2.5), width=span(11, 14), lens=span(5.4, 7, 0.8),
    reach=span(2, 5), skin=colours("black", *DEEPS, *BRIGHTS, *PASTELS, "tan"), plate=colours(*NEUTRALS, "gold"),
    accent=colours(*BRIGHTS, "gold", "white"),
)  # fmt: skip
def camera(
    style: str, width: float, lens: float, reach: float, skin: Colour, plate: Colour, accent: Colour, brand: str
) -> Model:  # fmt: skip
    tall, deep, low = 0.62 * width, 4.0, 0.29 * width
    if style == "instant":
        tall, deep, low = 0.82 * width, 6.5, 0.4 * width
    shiny = painted_metal(plate) if plate.name != "gold" else metal(plate)
    model = [
        part(at(box(width, deep, 0.72 * tall, 1.0), z=0.06 * tall), leather(skin)),
        part(at(box(width * 1.01, deep * 1.02, 0.3 * tall, 0.6), z=0.7 * tall), shiny),
        part(box(width * 1.01, deep * 1.02, 0.12 * tall, 0.25), shiny),
    ]
    barrel = [
        (cylinder(lens / 2, 0.9, 0.2), shiny),
        (at(cylinder(0.45 * lens, reach, 0.2), z=0.5), satin(named("black"))),
        (at(cylinder(0.47 * lens, 0.5, 0.1), z=0.5 + 0.5 * reach), satin(accent)),
        (at(ring(0.39 * lens, 0.5), z=0.3 + reach), metal(named("silver"))),
        (
            at(revolve([(0.36 * lens, 0), (0.2 * lens, 0.3), (0, 0.4)]), z=0.35 + reach),
            screen(Colour("glass", (38, 34, 66))),
        ),
    ]
    model += [part(turned(mesh, "x", 90), look).at(y=-deep / 2, z=low) for mesh, look in barrel]
    word = Sheet(5, 1.2, plate)
    word.text(brand, 2.5, 0.6, 4.6, 1, plate.ink, 0.05)
    x, y = 0.36 * width, -deep / 2
    model += [
        part(at(cylinder(0.75, 0.7, 0.2), x=-x, z=tall - 0.1), glossy(accent)),
        part(at(cylinder(1.05, 0.9, 0.15), x=x, z=tall - 0.1), metal(named("silver"))),
        part(at(box(2.6, 0.5, 1.5, 0.2), x=x, y=y, z=0.76 * tall), glossy(Colour("flash", (240, 244, 250)))),
        part(at(box(1.7, 0.5, 1.2, 0.2), x=-x, y=y, z=0.78 * tall), screen(named("black"))),
    ]
    if style == "prism":
        hump = extrude([(-2.6, 0), (2.6, 0), (1.5, 2.2), (-1.5, 2.2)], deep * 0.9, 0.25)
        model.append(part(at(turned(hump, "x", 90), y=0.45 * deep, z=0.98 * tall), shiny))
    elif style == "rangefinder":
        model.append(part(at(box(0.5 * width, 0.8 * deep, 0.6, 0.2), x=-0.1 * width, z=tall - 0.1), shiny))
    else:
        for number, paint in enumerate((accent, accent.lighter(0.5), accent.darker(0.4))):
            model.append(
                part(at(box(0.5, 0.3, 0.68 * tall), x=-0.43 * width + 0.55 * number, y=y, z=0.09 * tall), satin(paint))
            )
        slot, photo = box(0.8 * width, 0.9, 0.6, 0.2), box(0.62 * width, 0.08, 0.3 * tall)
        model += [
            part(at(slot, y=-0.2 * deep, z=tall - 0.1), satin(named("black"))),
            part(at(photo, y=-0.2 * deep, z=0.9 * tall), matte(named("white"))),
            part(at(box(0.5 * width, 0.1, 0.15 * tall), y=-0.2 * deep, z=1.02 * tall), glossy(accent)),
        ]
    height = tall + 1.3 if style == "prism" else 0.86 * tall
    return [*model, part(at(slab(superellipse(3.6, 0.9, 8), 0.3), y=y if style != "prism" else -0.45 * deep, z=height),
                         satin(word.picture()), "front")]  # fmt: skip
