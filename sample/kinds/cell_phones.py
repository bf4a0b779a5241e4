"""Cell Phones: what this department sells."""

import numpy as np
from PIL import Image

from sample.colours import BLACK, BRIGHTS, DEEPS, METALS, NEUTRALS, PASTELS, WHITE, Colour
from sample.design import Art, Name, Seen, choice, colours, department, span
from sample.markings import Sheet, pattern, scenery
from sample.materials import glossy, metal, painted_metal, rubber, satin, screen
from sample.parts import Model, Part, part, placed
from sample.shapes import at, box, cylinder, difference, rectangle, slab, superellipse, turned

kind = department("Cell Phones")
_LENSES = {
    "square": [(-0.85, 0.85), (0.85, 0.85), (-0.85, -0.85)],
    "column": [(0.0, 1.7), (0.0, 0.0), (0.0, -1.7)],
    "row": [(-1.7, 0.0), (0.0, 0.0), (1.7, 0.0)],
    "single": [(0.0, 0.0)],
}  # where lenses lie in a camera bump, by its layout
_BUMPS = {"square": (3.7, 3.7), "column": (1.9, 5.3), "row": (5.6, 1.9), "single": (2.2, 2.2)}


@kind(
    "{name} Smartphone, {body}", (149, 899), seen=Seen(turn_deg=32, highest_deg=32), height=span(14, 16.8),
    width=span(6.7, 7.9), corner=span(0.6, 1.3), lenses=choice(*_LENSES),
    body=colours(*METALS, *PASTELS, *BRIGHTS, *DEEPS), ground=colours(*DEEPS, *BRIGHTS),
    ink=colours(*PASTELS, *BRIGHTS), art=Art(1), name=Name(),
)  # fmt: skip
def smartphone(
    height: float, width: float, corner: float, lenses: str, body: Colour, ground: Colour, ink: Colour, art: int
) -> Model:
    shell = slab(rectangle(width, height, corner), 0.8, 0.2)
    display = slab(rectangle(width - 0.45, height - 0.45, corner * 0.9), 0.86)
    front = [
        part(shell, painted_metal(body)),
        part(display, screen(_home_screen(width, height, ground, ink, art)), "front"),
    ]
    x, z = (width / 2 - _BUMPS[lenses][0] / 2 - 0.5), (height / 2 - _BUMPS[lenses][1] / 2 - 0.6)
    centred = 0.0 if lenses in ("row", "single") else x
    back = [part(shell, painted_metal(body)), *_camera(lenses, body.darker(0.25), -0.4, -centred, z)]
    return [*placed(front, -0.32 * width, -1.5), *placed(back, 0.45 * width, 1.2, 0.0)]


@kind(
    "{marking} Phone Case, {body}", (7, 29), seen=Seen(turn_deg=38, highest_deg=38), height=span(14.5, 17),
    width=span(7.2, 8.2), corner=span(0.9, 1.6), lenses=choice(*_LENSES),
    marking=choice("plain", "striped", "dotted", "checked", "floral", "hearts", "leafy", "starry", "diagonal",
        "speckled", weight=2.5), body=colours(*PASTELS, *BRIGHTS, *DEEPS), accent=colours(*NEUTRALS, *BRIGHTS),
    seed=Art(0.1),
)  # fmt: skip
def phone_case(
    height: float, width: float, corner: float, lenses: str, marking: str, body: Colour, accent: Colour, seed: int
) -> Model:
    wide, tall = (side * 1.12 for side in _BUMPS[lenses])
    x = 0.0 if lenses == "row" else -(width / 2 - wide / 2 - 0.7)
    z = height / 2 - tall / 2 - 0.8
    opening = at(slab(rectangle(wide, tall, min(wide, tall) * 0.3), 4), x, 0, z)
    inside = at(slab(rectangle(width - 0.4, height - 0.4, corner * 0.8), 1.0), y=0.35)
    shell = difference(slab(rectangle(width, height, corner), 1.15, 0.35), inside, opening)
    frame = slab(rectangle(wide + 0.3, tall + 0.3, min(wide, tall) * 0.32), 1.3, 0.1)
    rim = difference(at(frame, x, 0.05, z), opening, inside)
    print_ = pattern(marking, width, height * 0.6, body, accent, seed) if marking != "plain" else body
    buttons = [
        part(at(box(0.25, 0.4, tall, 0.1), x=width / 2, z=z), rubber(accent)) for z, tall in ((2.5, 1.3), (0.6, 1.8))
    ]
    return [part(shell, satin(print_), "front"), part(rim, rubber(accent)), *buttons]


@kind(
    "{name} Keypad Phone, {body}", (19, 69), seen=Seen(turn_deg=38, highest_deg=40), height=span(10.5, 13.5),
    width=span(4.8, 5.8), square=span(3, 9), aerial=choice("plain", "aerial", weight=0.4),
    body=colours(*BRIGHTS, *NEUTRALS, *DEEPS), keys=colours(*NEUTRALS, *PASTELS),
    glow=colours("lime", "sky", "amber", "mint"), name=Name(),
)  # fmt: skip
def keypad_phone(
    height: float, width: float, square: float, aerial: str, body: Colour, keys: Colour, glow: Colour, name: str
) -> Model:
    shell = slab(superellipse(width, height, square), 1.7, 0.5)
    face, front = Sheet(3, 3, glow), -0.85
    face.text("12:45", 1.5, 1.1, 2.2, 0.8, BLACK)
    face.text(name, 1.5, 2.2, 2.2, 0.4, BLACK)
    wide = width * 0.72
    model = [
        part(shell, satin(body)),
        part(at(slab(rectangle(width * 0.82, height * 0.36, 0.4), 0.3, 0.1), y=front, z=height * 0.24), glossy(BLACK)),
        part(
            at(slab(rectangle(wide * 0.92, height * 0.27, 0.1), 0.34), y=front, z=height * 0.25),
            screen(face.picture()),
            "front",
        ),
        part(
            at(turned(cylinder(0.62, 0.3, 0.08), "x", 90), y=front + 0.05, z=height * -0.005),
            metal(Colour("silver", (200, 204, 208))),
        ),
    ]
    for row in range(4):
        for column in (-1, 0, 1):
            key = slab(rectangle(wide / 3.5, height * 0.062, 0.2), 0.35, 0.1)
            model.append(part(at(key, column * wide / 3, front, -height * (0.12 + 0.088 * row)), rubber(keys)))
    for side, colour in ((-1, Colour("green", (40, 170, 80))), (1, Colour("red", (210, 50, 50)))):
        key = slab(rectangle(wide / 3.6, height * 0.055, 0.2), 0.35, 0.1)
        model.append(part(at(key, side * wide / 3, front, -0.01 * height), rubber(colour)))
    if aerial == "aerial":
        model.append(part(at(cylinder(0.32, 2.4, 0.2, 16), x=width * 0.3, z=height * 0.42), rubber(BLACK)))
    return model


def _camera(layout: str, colour: Colour, y: float, x: float, z: float) -> list[Part]:
    """A camera bump with its lenses, on a surface at y that faces the viewer."""
    wide, tall = _BUMPS[layout]
    bump = slab(rectangle(wide, tall, min(wide, tall) * 0.3), 0.36, 0.1)
    lens = turned(cylinder(0.68, 0.3, 0.05, 24), "x", 90)
    rim = turned(cylinder(0.78, 0.22, 0.04, 24), "x", 90)
    model = [part(at(bump, x, y, z), painted_metal(colour))]
    for dx, dz in _LENSES[layout]:
        model.append(part(at(rim, x + dx, y - 0.12, z + dz), metal(Colour("silver", (170, 174, 180)))))
        model.append(part(at(lens, x + dx, y - 0.12, z + dz), glossy(Colour("lens", (18, 22, 34)))))
    return model


def _home_screen(width: float, height: float, ground: Colour, ink: Colour, art: int) -> Image.Image:
    """A wallpaper, the time, and rows of icons."""
    sheet, rng = Sheet(width, height, ground), np.random.default_rng(art)
    scenery(sheet, ground, ink, rng)
    sheet.text("9:41", width / 2, 0.13 * height, 0.5 * width, 0.09 * height, WHITE if not ground.is_light else BLACK)
    hues = [Colour("", tuple(int(c) for c in rng.integers(40, 250, 3))) for _ in range(8)]  # type: ignore[arg-type]
    step, side = width / 4.4, width / 6.5
    for number, hue in enumerate(hues):
        x, y = 0.7 * step + step * (number % 4), height * (0.72 if number < 4 else 0.88)
        sheet.area(x - side / 2, y - side / 2, x + side / 2, y + side / 2, hue, side * 0.25)
    return sheet.picture()
