"""Video Games: gamepads, handheld consoles, cartridges."""

import numpy as np

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, Colour, named
from sample.design import Art, Name, Seen, choice, colours, department, span
from sample.markings import PATTERNS, Sheet
from sample.materials import glossy, matte, metal, print_gloss, rubber, satin, screen
from sample.parts import Model, Part, part, placed, spun
from sample.shapes import (
    at,
    box,
    cylinder,
    ellipse,
    joined_outlines,
    moved,
    puff,
    rectangle,
    ring,
    rounded,
    slab,
    smooth,
    superellipse,
    turned,
)

kind = department("Video Games")
_FOUR = tuple(named(name) for name in ("green", "red", "blue", "yellow"))
_PLUS = joined_outlines(rectangle(2.1, 0.7, 0.1), rectangle(0.7, 2.1, 0.1))


def button(radius: float, height: float, paint: Colour) -> Part:
    """A round button facing the viewer."""
    return part(turned(cylinder(radius, height, 0.12), "x", 90), glossy(paint))


def stick(paint: Colour, cap: Colour) -> Model:
    """A thumb stick facing the viewer."""
    post = [
        part(cylinder(1.25, 0.3, 0.1), satin(paint)),
        part(cylinder(0.6, 1.2), satin(cap)),
        part(at(cylinder(0.95, 0.45, 0.15), z=1.0), rubber(cap)),
        part(at(ring(0.75, 0.28), z=1.25), rubber(cap)),
    ]
    return spun(post, "x", 90)


def game_scene(width: float, height: float, sky: Colour, ground: Colour, art: int) -> Sheet:
    """A jump-and-run game's screen, in coarse squares: clouds, hills, blocks, coins and a hero."""
    sheet, rng = Sheet(width, height, sky), np.random.default_rng(art)
    across, unit = 16, width / 16
    rows = int(height / unit)

    def cell(x: float, y: float, wide: float, tall: float, paint: Colour) -> None:
        sheet.area(x * unit, height - y * unit, (x + wide) * unit, height - (y + tall) * unit, paint)

    for _ in range(3):
        x, y = int(rng.integers(0, 13)), int(rng.integers(rows // 2, rows))
        cell(x, y, 3, 0.8, sky.lighter(0.7))
        cell(x + 1, y + 0.7, 1.5, 0.8, sky.lighter(0.7))
    level = 2
    for x in range(across):
        level = int(np.clip(level + rng.integers(-1, 2), 1, max(2, rows // 3)))
        cell(x, 0, 1.05, level, ground.darker(0.35))
        cell(x, level - 0.45, 1.05, 0.6, ground)
        if rng.random() < 0.3:
            sheet.disc((x + 0.5) * unit, height - (level + 2.6) * unit, 0.45 * unit, named("amber"))
        elif rng.random() < 0.25:
            cell(x, level + 2.2, 1, 1, ground.lighter(0.45))
        if x == 5:
            cell(x, level, 1.4, 1.3, named("blue"))
            cell(x + 0.1, level + 1.2, 1.2, 1.0, named("peach"))
            cell(x, level + 2.1, 1.5, 0.6, named("red"))
    return sheet


@kind(
    "Wireless Gamepad, {shell} {marking}", (19, 79), seen=Seen(turn_deg=50, lowest_deg=12, highest_deg=60),
    layout=choice("staggered", "symmetric", weight=1), grip=span(4.6, 6.2), girth=span(3.4, 4.4, 0.4),
    marking=choice("plain", "split", "gripped", "speckled", "striped", "starry", "centred", weight=2),
    faces=choice("colourful", "tonal", weight=0.7), shell=colours(*NEUTRALS, *BRIGHTS, *DEEPS, *PASTELS),
    accent=colours(*BRIGHTS, *NEUTRALS),
)  # fmt: skip
def gamepad(
    layout: str, grip: float, girth: float, marking: str, faces: str, shell: Colour, accent: Colour
) -> Model:  # fmt: skip
    half = [(2.2, 3.25), (4.6, 3.5), (6.6, 3.0), (7.8, 1.0), (8.5, -0.45 * grip), (8.1, -0.85 * grip), (7.0, -grip),
            (5.9, -0.8 * grip), (4.6, -2.1), (2.4, -1.8)]  # fmt: skip
    outline = smooth([*half, *((-x, z) for x, z in half[::-1])], 5, closed=True)[::-1]
    low, high = outline.min(axis=0), outline.max(axis=0)
    w, h = (high - low).tolist()
    sheet = Sheet(w, h, shell)
    if marking == "split":
        sheet.area(w / 2, 0, w, h, accent)
    elif marking == "gripped":
        sheet.area(0, 0.52 * h, w, h, accent)
    elif marking == "centred":
        sheet.area(0.32 * w, 0, 0.68 * w, h, accent)
    elif marking != "plain":
        PATTERNS[marking](sheet, accent, np.random.default_rng(4))
    dark = named("charcoal") if shell.is_light else named("black")
    y = -0.46 * girth
    model = [
        part(puff(outline, girth, 2.2), satin(sheet.picture()), "front"),
        part(at(slab(superellipse(4.2, 2.1, 5), 0.5, 0.15), y=y - 0.05, z=1.2), glossy(dark)),
        button(0.55, 0.3, accent if marking == "plain" else shell).at(0, y - 0.3, 1.2),
        *(button(0.28, 0.3, dark.lighter(0.5)).at(x, y - 0.3, 1.2) for x in (-1.4, 1.4)),
        *(part(box(3.4, 1.7, 1.3, 0.5), satin(accent)).at(x, 0, 2.8) for x in (-4.9, 4.9)),
    ]
    cross = part(slab(_PLUS, 0.9, 0.1), satin(dark))
    left, lower = ((-5.1, 1.2), (-2.6, -0.9)) if layout == "staggered" else ((-2.6, -0.8), (-5.1, 1.2))
    model += [
        *placed(stick(dark, accent if faces == "tonal" else dark.lighter(0.25)), left[0], y + 0.15, left[1]),
        cross.at(lower[0], y, lower[1]),
        *placed(stick(dark, accent if faces == "tonal" else dark.lighter(0.25)), 2.6, y + 0.15, -0.8),
    ]
    for (x, z), paint in zip(((0, -1), (1, 0), (-1, 0), (0, 1)), _FOUR, strict=True):
        model.append(
            button(0.5, 0.7, paint if faces == "colourful" else accent).at(5.1 + 1.1 * x, y + 0.1, 1.2 + 1.1 * z)
        )
    return spun(model, "x", -52)


@kind(
    "Handheld Game Console, {left} and {right}", (49, 299), seen=Seen(turn_deg=45, lowest_deg=12, highest_deg=60),
    form=choice("wide", "pocket", weight=3), size=span(0.85, 1.15, 0.4), art=Art(0.7),
    left=colours(*BRIGHTS, *PASTELS, *NEUTRALS), right=colours(*BRIGHTS, *DEEPS),
    sky=colours("sky", "navy", "pink", "black", "lavender", "turquoise", weight=0.7),
    land=colours("green", "orange", "violet", "lime", "brown", "magenta", weight=0.7),
)  # fmt: skip
def handheld_console(form: str, size: float, art: int, left: Colour, right: Colour, sky: Colour, land: Colour) -> Model:
    dark = named("black")
    if form == "wide":
        w, h = 15 * size, 10.0
        model = [
            part(slab(rectangle(w, h, 0.4), 1.2, 0.2), satin(named("charcoal"))),
            part(at(slab(rectangle(w - 0.4, h - 0.4, 0.3), 0.2), y=-0.6), glossy(dark)),
            part(
                at(slab(rectangle(w - 2.2, h - 2.2), 0.1), y=-0.7),
                screen(game_scene(w - 2.2, h - 2.2, sky, land, art).picture()),
                "front",
            ),
        ]
        for s, paint in ((-1, left), (1, right)):
            side = rounded([(-1.9, -h / 2), (1.9, -h / 2), (1.9, h / 2), (-1.9, h / 2)], 1.6)
            side = np.column_stack([np.where(s * side[:, 0] < 0, -s * 1.9, side[:, 0]), side[:, 1]])
            x = s * (w / 2 + 1.9)
            model += [
                part(slab(rounded(side, 0.1), 1.5, 0.3), satin(paint)).at(x),
                *placed(stick(dark, dark.lighter(0.2)), x, -0.7, -2.2 * s),
            ]
            for dx, dz in ((0, 0.85), (0, -0.85), (0.85, 0), (-0.85, 0)):
                model.append(button(0.42, 0.35, dark).at(x + dx, -0.7, 2.0 * s + dz))
        return spun(model, "x", -22)
    w, h = 9.2, 15.5 * size
    bezel = Sheet(7.8, 6.6, right)
    bezel.area(0.9, 0.8, 6.9, 5.6, dark)
    bezel.text("DOT MATRIX", 3.9, 6.1, 3.5, 0.5, right.ink)
    model = [
        part(slab(rectangle(w, h, 0.9), 2.6, 0.4), satin(left)),
        part(at(slab(rectangle(7.8, 6.6, 0.6), 0.3, 0.1), y=-1.3, z=h / 2 - 4.1), glossy(bezel.picture()), "front"),
        part(
            at(slab(rectangle(5.8, 4.6), 0.1), y=-1.48, z=h / 2 - 4.0),
            screen(game_scene(5.8, 4.6, sky, land, art).picture()),
            "front",
        ),
        part(at(slab(_PLUS * 1.15, 0.8, 0.1), y=-1.4, z=-1.7 * size), satin(dark)).at(x=-2.5),
        *(button(0.75, 0.5, right).at(x, -1.25, z * size) for x, z in ((3.2, -1.2), (1.5, -2.0))),
    ]
    for x in (-1.2, 0.5):
        model.append(
            part(slab(superellipse(1.4, 0.45), 0.4, 0.1), rubber(right.darker(0.3)))
            .turned("y", -22)
            .at(x, -1.3, -4.6 * size)
        )
    for number in range(5):
        model.append(
            part(slab(superellipse(0.28, 1.9), 0.2), matte(left.darker(0.6)))
            .turned("y", 25)
            .at(1.8 + 0.55 * number, -1.25, -h / 2 + 2.1)
        )
    return spun(model, "x", -22)


@kind(
    "{title} Game Cartridge, {shell}", (9, 59), seen=Seen(turn_deg=45, lowest_deg=8, highest_deg=50),
    form=choice("ridged", "notched", "arched", weight=2), height=span(8.5, 12.5),
    shell=colours(*NEUTRALS, *BRIGHTS, *DEEPS), sky=colours(*BRIGHTS, *PASTELS, *DEEPS),
    land=colours(*BRIGHTS, weight=1), art=Art(1), title=Name(0.3),
)  # fmt: skip
def game_cartridge(
    form: str, height: float, shell: Colour, sky: Colour, land: Colour, art: int, title: str, brand: str
) -> Model:  # fmt: skip
    w, h, deep = 11.0, height, 1.9
    sheet = game_scene(7.6, 0.62 * h, sky, land, art)
    sheet.text(title.upper(), 3.8, 0.13 * h, 6.6, 0.13 * h, sky.ink, 0.06)
    sheet.area(0, 0.56 * h, 7.6, 0.62 * h, land.darker(0.5))
    sheet.text(f"{brand} Games", 3.8, 0.59 * h, 4, 0.04 * h, land.darker(0.5).ink)
    outline = {
        "ridged": rectangle(w, h, 0.6),
        "notched": rounded(
            [(-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, 0.3 * h), (0.36 * w, h / 2), (-w / 2, h / 2)], 0.3
        ),
        "arched": joined_outlines(
            moved(rectangle(w, 0.9 * h, 0.3), 0, -0.05 * h), moved(ellipse(w, 0.36 * h), 0, 0.32 * h)
        ),
    }[form]
    model = [
        part(slab(outline, deep, 0.3), satin(shell)),
        part(at(slab(rectangle(8.4, 0.7 * h, 0.4), 0.2), y=-deep / 2, z=0.06 * h), satin(shell.darker(0.3))),
        part(
            at(slab(rectangle(7.6, 0.62 * h, 0.3), 0.2), y=-deep / 2 - 0.06, z=0.06 * h),
            print_gloss(sheet.picture()),
            "front",
        ),
        part(at(box(0.75 * w, 0.9, 0.9), z=-h / 2 - 0.8), satin(named("black"))),
        *(part(at(box(0.35, 1, 0.7), x=x, z=-h / 2 - 0.75), metal(named("gold"))) for x in np.linspace(-3.6, 3.6, 11)),
    ]
    for x in (-4.85, 4.85):
        rows = np.linspace(-0.32, 0.32, 7) * h if form != "notched" else np.linspace(-0.3, -0.1, 4) * h
        model += [
            part(at(box(0.85, 0.35, 0.035 * h, 0.1), x=x, y=-deep / 2, z=float(z)), satin(shell.darker(0.45)))
            for z in rows
        ]
    arrow = part(slab([(-0.5, 0.4), (0, -0.4), (0.5, 0.4)], 0.2), satin(shell.darker(0.45))).at(0, -deep / 2, -0.41 * h)
    return spun([*model, arrow], "z", 10)
