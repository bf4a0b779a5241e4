"""Movies & TV: films in their cases, series in boxes."""

import numpy as np

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, Colour, named
from sample.design import Art, Name, Seen, choice, colours, department, span
from sample.markings import Sheet, scenery
from sample.materials import glossy, metal, print_gloss, satin
from sample.parts import Model, part, placed, spun
from sample.shapes import at, box, cylinder, difference, hoop, turned

kind = department("Movies & TV")


def poster(
    width: float, height: float, ground: Colour, ink: Colour, title: str, cast: int, art: int, studio: str
) -> Sheet:  # fmt: skip
    """A film's poster: a picture, its heroes before it, the title across them, the small print of all films below."""
    sheet = Sheet(width, height, ground)
    scenery(sheet, ground, ink, np.random.default_rng(art))
    dark = ground.darker(0.75)
    for number in range(cast):
        x, tall = width * (number + 1) / (cast + 1), height * (0.44, 0.36, 0.4)[number % 3]
        r, foot = 0.085 * width + 0.02 * width * (cast == 1), 0.78 * height
        sheet.disc(x, foot - tall, r, dark, 1.2)
        sheet.shape(
            [
                (x - 2.1 * r, foot),
                (x - 1.9 * r, foot - tall + 2.3 * r),
                (x - 0.5 * r, foot - tall + r),
                (x + 0.5 * r, foot - tall + r),
                (x + 1.9 * r, foot - tall + 2.3 * r),
                (x + 2.1 * r, foot),
            ],
            dark,
        )
    sheet.area(0, 0.74 * height, width, height, dark)
    sheet.text(title.upper(), width / 2, 0.81 * height, 0.86 * width, 0.1 * height, ink.lighter(0.25), 0.05)
    for row in (0.89, 0.92, 0.95):
        sheet.area(0.2 * width, row * height, 0.8 * width, (row + 0.012) * height, dark.lighter(0.5))
    sheet.text(f"{studio.upper()} PICTURES", width / 2, 0.05 * height, 0.7 * width, 0.03 * height, ground.ink)
    return sheet


@kind(
    "{title} on HD Disc, {ground} Edition", (8, 27), seen=Seen(turn_deg=45, highest_deg=35),
    height=span(16, 18), case=colours("blue", "sky", "black", "red", "green", "violet", weight=1),
    cast=choice("0", "1", "2", "3", weight=0.8), ground=colours(*DEEPS, *BRIGHTS, *PASTELS),
    ink=colours(*NEUTRALS, *BRIGHTS), art=Art(1.5), title=Name(0.3),
)  # fmt: skip
def film_case(
    height: float, case: Colour, cast: str, ground: Colour, ink: Colour, art: int, title: str, brand: str
) -> Model:  # fmt: skip
    width, deep = 0.79 * height, 1.5
    front = poster(width, 0.89 * height, ground, ink, title, int(cast), art, brand)
    band = Sheet(width, 0.1 * height, case)
    band.text("HD Film Disc", width / 2, 0.05 * height, 0.7 * width, 0.055 * height, case.ink, 0.06)
    spine = Sheet(height, deep, ground.darker(0.75))
    spine.text(title.upper(), 0.55 * height, deep / 2, 0.6 * height, 0.55 * deep, ink.lighter(0.25), 0.05)
    spine.area(0, 0, 0.11 * height, deep, case)
    r = 0.36 * height
    label = Sheet(2 * r, 2 * r, ink)
    scenery(label, ink, ground, np.random.default_rng(art + 1))
    hole = at(cylinder(0.8, 2), z=-1)
    disc = difference(cylinder(r, 0.12, 0, 72), hole)
    print_ = hoop([(0.28 * r, 0.12), (0.96 * r, 0.12), (0.96 * r, 0.16), (0.28 * r, 0.16)], 72)
    model = [
        part(box(width, deep, height, 0.25), glossy(case)),
        part(
            at(box(0.97 * width, 0.1, 0.87 * height), y=-deep / 2, z=0.015 * height),
            print_gloss(front.picture()),
            "front",
        ),
        part(at(box(0.97 * width, 0.1, 0.085 * height), y=-deep / 2, z=0.9 * height), glossy(band.picture()), "front"),
        part(
            at(box(0.1, 0.92 * deep, 0.97 * height), x=-width / 2, z=0.015 * height),
            print_gloss(spine.picture().rotate(-90, expand=True)),
        ),
        part(at(box(0.97 * width, 0.1, 0.97 * height), y=deep / 2, z=0.015 * height), print_gloss(ground.darker(0.75))),
    ]
    platter = [
        part(turned(disc, "x", 90), metal(named("silver"), 0.15)),
        part(turned(print_, "x", 90), print_gloss(label.picture()), "front"),
    ]
    leaning = placed(spun(platter, "x", -14), x=0.42 * width, y=-deep / 2 - 1.9, z=0.97 * r)
    return spun([*model, *leaning], "z", 16)


@kind(
    "{title}: The Complete Series, {count} Seasons", (25, 89), seen=Seen(turn_deg=40, highest_deg=40),
    count=choice("4", "6", "8", weight=1.2), height=span(17, 19), cast=choice("1", "2", "3", weight=0.5),
    pulled=choice("none", "first", "last", "middle", weight=0.5), slip=colours(*DEEPS, *BRIGHTS, *NEUTRALS),
    ground=colours(*BRIGHTS, *PASTELS, *DEEPS), ink=colours(*NEUTRALS, *BRIGHTS), art=Art(1), title=Name(0.3),
)  # fmt: skip
def series_box(
    count: str, height: float, cast: str, pulled: str, slip: Colour, ground: Colour, ink: Colour, art: int, title: str,
    brand: str,
) -> Model:  # fmt: skip
    number, thick, deep = int(count), 1.7, 13.2
    width, wall = number * thick, 0.35
    panorama = Sheet(width, height, ground)
    scenery(panorama, ground, ink, np.random.default_rng(art))
    for index in range(number):
        x = (index + 0.5) * thick
        panorama.area(x - 0.47 * thick, 0.06 * height, x + 0.47 * thick, 0.17 * height, slip)
        panorama.text(str(index + 1), x, 0.115 * height, 0.8 * thick, 0.08 * height, slip.ink, 0.06)
        panorama.area(x + 0.47 * thick, 0, x + 0.53 * thick, height, ground.darker(0.6))
    panorama.text(title.upper(), width / 2, 0.88 * height, 0.9 * width, 0.1 * height, ground.ink, 0.06)
    print_, step = panorama.picture(), panorama.picture().width / number
    out = {"none": -1, "first": 0, "last": number - 1, "middle": number // 2}[pulled]
    model: Model = []
    for index in range(number):
        strip = print_.crop((round(index * step), 0, round((index + 1) * step), print_.height))
        spine = box(0.94 * thick, deep, height, 0.15)
        model.append(part(at(spine, x=(index + 0.5) * thick - width / 2, y=-3.5 if index == out else -0.25, z=wall),
                          print_gloss(strip), "front"))  # fmt: skip
    side = poster(deep, height + 2 * wall, slip, ground, title, int(cast), art + 1, brand).picture()
    for x in (-1, 1):
        model.append(part(at(box(wall, deep, height + 2 * wall), x=x * (width + wall) / 2), print_gloss(side)))
    for z in (0, height + wall):
        model.append(part(at(box(width + 2 * wall, deep, wall), z=z), satin(slip)))
    return spun(model, "z", 38)
