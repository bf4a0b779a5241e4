"""What is printed, woven or painted on things, drawn flat: patterns, labels, covers and little pictures.

Sizes are centimetres of the surface that is drawn for, so that dots are round and letters upright on it.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sample.colours import Colour

LONGEST_PX = 288
_FINER = 2  # drawn larger and reduced, for smooth edges
Point = tuple[float, float]


class Sheet:
    """A surface to draw on: x to the right and y downwards from the top left corner, in centimetres."""

    def __init__(self, width: float, height: float, ground: Colour) -> None:
        self.width, self.height, self.ground = width, height, ground
        self.scale = LONGEST_PX * _FINER / max(width, height)
        size = max(8, round(width * self.scale)), max(8, round(height * self.scale))
        self.image = Image.new("RGB", size, ground.rgb)
        self.draw = ImageDraw.Draw(self.image)

    def area(self, left: float, top: float, right: float, bottom: float, colour: Colour, corner: float = 0.0) -> None:
        """Fill a rectangle."""
        box = [self.scale * side for side in (min(left, right), min(top, bottom), max(left, right), max(top, bottom))]
        self.draw.rounded_rectangle(box, self.scale * corner, fill=colour.rgb)

    def disc(self, x: float, y: float, radius: float, colour: Colour, squash: float = 1.0) -> None:
        """Fill a circle."""
        x, y, across, down = (self.scale * v for v in (x, y, radius, radius * squash))
        self.draw.ellipse((x - across, y - down, x + across, y + down), fill=colour.rgb)

    def hoop(self, x: float, y: float, radius: float, thickness: float, colour: Colour) -> None:
        """Draw a circle's line."""
        x, y, r = (self.scale * v for v in (x, y, radius))
        self.draw.ellipse((x - r, y - r, x + r, y + r), outline=colour.rgb, width=max(1, round(thickness * self.scale)))

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        self.draw.polygon([(self.scale * x, self.scale * y) for x, y in points], fill=colour.rgb)

    def line(self, points: Sequence[Point], thickness: float, colour: Colour) -> None:
        """Draw a line with round joints."""
        width = max(1, round(thickness * self.scale))
        self.draw.line([(self.scale * x, self.scale * y) for x, y in points], colour.rgb, width, joint="curve")

    def text(
        self, words: str, x: float, y: float, width: float, height: float, colour: Colour, bold: float = 0.0
    ) -> None:
        """Write one line centred on (x, y), as large as fits; `bold` thickens it by that share of its height."""
        font, stroke = fitted(words, width * self.scale, height * self.scale, bold)
        self.draw.text((x * self.scale, y * self.scale), words, colour.rgb, font, "mm", stroke_width=stroke)

    def picture(self) -> Image.Image:
        """What was drawn."""
        width, height = self.image.size
        return self.image.resize((max(4, width // _FINER), max(4, height // _FINER)), Image.Resampling.BOX)


@cache
def fitted(words: str, width_px: float, height_px: float, bold: float) -> tuple[ImageFont.FreeTypeFont, int]:
    """The font in which a line fits into a space, and how much to thicken it."""
    trial = _font(100)
    left, top, right, bottom = trial.getbbox(words or " ")
    wide, high = max(right - left, 1) / 100 + 2 * bold, max(bottom - top, 1) / 100 + 2 * bold
    size = max(6, int(min(width_px / wide, height_px / high)))
    return _font(size), round(bold * size)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101 - Pillow brings a scalable one, with its FreeType
    return font


# Patterns


def pattern(
    style: str, width: float, height: float, ground: Colour, ink: Colour, seed: int = 0
) -> Image.Image | Colour:
    """A surface patterned in one of PATTERNS; `plain` is the ground colour alone. Raises KeyError for another word."""
    if style == "plain":
        return ground
    sheet = Sheet(width, height, ground)
    PATTERNS[style](sheet, ink, np.random.default_rng(seed))
    return sheet.picture()


def _striped(sheet: Sheet, ink: Colour, _: np.random.Generator) -> None:
    count = _whole(sheet.width, 0.14 * sheet.height)
    for number in range(count):
        x = sheet.width * (number + 0.25) / count
        sheet.area(x, 0, x + sheet.width / count / 2, sheet.height, ink)


def _ringed(sheet: Sheet, ink: Colour, _: np.random.Generator) -> None:
    for number in range(5):
        y = sheet.height * (0.1 + 0.18 * number)
        sheet.area(0, y, sheet.width, y + 0.085 * sheet.height, ink)


def _banded(sheet: Sheet, ink: Colour, _: np.random.Generator) -> None:
    sheet.area(0, 0.36 * sheet.height, sheet.width, 0.64 * sheet.height, ink)


def _dipped(sheet: Sheet, ink: Colour, _: np.random.Generator) -> None:
    sheet.area(0, 0.55 * sheet.height, sheet.width, sheet.height, ink)


def _dotted(sheet: Sheet, ink: Colour, _: np.random.Generator) -> None:
    columns, rows = _whole(sheet.width, 0.22 * sheet.height), 5
    for column in range(columns):
        for row in range(-1, rows + 1):
            x, y = sheet.width * (column + 0.5) / columns, sheet.height * (row + 0.5 + column % 2 / 2) / rows
            sheet.disc(x, y, 0.065 * sheet.height, ink)


def _checked(sheet: Sheet, ink: Colour, _: np.random.Generator) -> None:
    rows = 6
    columns = 2 * max(1, round(sheet.width / sheet.height * rows / 2))
    for column in range(columns):
        for row in range(column % 2, rows, 2):
            x, y = sheet.width * column / columns, sheet.height * row / rows
            sheet.area(x, y, x + sheet.width / columns, y + sheet.height / rows, ink)


def _zigzag(sheet: Sheet, ink: Colour, _: np.random.Generator) -> None:
    teeth = _whole(sheet.width, 0.3 * sheet.height)
    xs = [sheet.width * number / (2 * teeth) for number in range(2 * teeth + 1)]
    for middle in (0.3, 0.6):
        points = [(x, sheet.height * (middle + 0.12 * (number % 2))) for number, x in enumerate(xs)]
        sheet.line(points, 0.07 * sheet.height, ink)


def _diagonal(sheet: Sheet, ink: Colour, _: np.random.Generator) -> None:
    count = _whole(sheet.width, 0.3 * sheet.height)
    step = sheet.width / count
    lean = step * max(1, round(sheet.height / step * 0.6))
    for number in range(-count, 2 * count):
        x = number * step
        sheet.shape([(x, sheet.height), (x + step / 2, sheet.height), (x + step / 2 + lean, 0), (x + lean, 0)], ink)


def _starry(sheet: Sheet, ink: Colour, rng: np.random.Generator) -> None:
    for x, y in _scattered(sheet, rng):
        r = 0.11 * sheet.height
        angle = [math.pi * number / 5 for number in range(10)]
        sheet.shape([(x + (r, 0.45 * r)[n % 2] * math.sin(a), y - (r, 0.45 * r)[n % 2] * math.cos(a))
                     for n, a in enumerate(angle)], ink)  # fmt: skip


def _floral(sheet: Sheet, ink: Colour, rng: np.random.Generator) -> None:
    for x, y in _scattered(sheet, rng):
        r = 0.06 * sheet.height
        for petal in range(5):
            angle = 2 * math.pi * petal / 5
            sheet.disc(x + r * math.sin(angle), y - r * math.cos(angle), 0.72 * r, ink)
        sheet.disc(x, y, 0.5 * r, ink.lighter(0.75) if not ink.is_light else ink.darker(0.55))


def _hearts(sheet: Sheet, ink: Colour, rng: np.random.Generator) -> None:
    for x, y in _scattered(sheet, rng):
        r = 0.055 * sheet.height
        sheet.disc(x - r * 0.9, y - r * 0.5, r, ink)
        sheet.disc(x + r * 0.9, y - r * 0.5, r, ink)
        sheet.shape([(x - 1.8 * r, y), (x + 1.8 * r, y), (x, y + 2 * r)], ink)


def _leafy(sheet: Sheet, ink: Colour, rng: np.random.Generator) -> None:
    for number, (x, y) in enumerate(_scattered(sheet, rng)):
        r, lean = 0.13 * sheet.height, (-0.6, 0.6)[number % 2]
        tip = (x + r * math.sin(lean), y - r * math.cos(lean))
        foot = (2 * x - tip[0], 2 * y - tip[1])
        side = (0.45 * r * math.cos(lean), 0.45 * r * math.sin(lean))
        sheet.shape([tip, (x + side[0], y + side[1]), foot, (x - side[0], y - side[1])], ink)


def _speckled(sheet: Sheet, ink: Colour, rng: np.random.Generator) -> None:
    for _ in range(int(120 * sheet.width / sheet.height)):
        x, y = rng.uniform(0, sheet.width), rng.uniform(0, sheet.height)
        sheet.disc(x, y, sheet.height * rng.uniform(0.006, 0.022), ink)


def _plaid(sheet: Sheet, ink: Colour, _: np.random.Generator) -> None:
    count = _whole(sheet.width, 0.25 * sheet.height)
    half, step = sheet.ground.mixed(ink, 0.5), sheet.width / count
    rows = max(1, round(sheet.height / step))
    down = sheet.height / rows
    for number in range(count):
        sheet.area(step * number, 0, step * (number + 0.45), sheet.height, half)
    for row in range(rows):
        sheet.area(0, down * row, sheet.width, down * (row + 0.45), half)
        for number in range(count):
            sheet.area(step * number, down * row, step * (number + 0.45), down * (row + 0.45), ink)


PATTERNS: dict[str, Callable[[Sheet, Colour, np.random.Generator], None]] = {
    "striped": _striped, "ringed": _ringed, "banded": _banded, "dipped": _dipped, "dotted": _dotted,
    "checked": _checked, "zigzag": _zigzag, "diagonal": _diagonal, "starry": _starry, "floral": _floral,
    "hearts": _hearts, "leafy": _leafy, "speckled": _speckled, "plaid": _plaid,
}  # fmt: skip


def _whole(width: float, step: float) -> int:
    """How many steps of about this width make up the whole."""
    return max(2, round(width / step))


def _scattered(sheet: Sheet, rng: np.random.Generator) -> list[Point]:
    """Places in a loose grid, rows shifted against each other."""
    columns, rows = _whole(sheet.width, 0.36 * sheet.height), 3
    jitter = rng.uniform(-0.12, 0.12, (columns, rows, 2))
    return [
        (sheet.width * (column + 0.5 + jitter[column, row, 0]) / columns,
         sheet.height * (row + 0.5 + (0.25, -0.25)[column % 2] + jitter[column, row, 1]) / rows)
        for column in range(columns) for row in range(rows)
    ]  # fmt: skip


# Prints


def label(
    width: float, height: float, ground: Colour, ink: Colour, brand: str, name: str = "", emblem: str = "disc",
    accent: Colour | None = None, reach: float = 0.86,
) -> Image.Image:  # fmt: skip
    """A product's label: its brand above, an emblem of EMBLEMS in the middle, its name below.

    `reach`: the share of its width that letters may fill; less where it bends out of sight.
    """
    sheet = Sheet(width, height, ground)
    accent = accent or ink
    sheet.area(0, 0, width, 0.05 * height, accent)
    sheet.area(0, 0.95 * height, width, height, accent)
    middle = 0.5 if not name else 0.52
    sheet.text(brand, width / 2, 0.19 * height, reach * width, 0.15 * height, ink, 0.04)
    draw_emblem(sheet, emblem, width / 2, middle * height, 0.19 * min(height, 1.6 * width), accent, ground)
    if name:
        sheet.text(name, width / 2, 0.83 * height, 0.8 * reach * width, 0.11 * height, ink)
    return sheet.picture()


EMBLEMS = ("disc", "leaf", "drop", "star", "sun", "mountain", "wave", "heart", "bolt", "diamond")


def draw_emblem(sheet: Sheet, emblem: str, x: float, y: float, size: float, ink: Colour, ground: Colour) -> None:
    """One of EMBLEMS, centred on (x, y), within `size` of it."""
    turn = np.linspace(0, 2 * math.pi, 49)[:-1]
    if emblem == "disc":
        sheet.disc(x, y, size, ink)
        sheet.hoop(x, y, 0.72 * size, 0.08 * size, ground)
    elif emblem in ("star", "sun"):
        tips, inner = (5, 0.42) if emblem == "star" else (12, 0.68)
        radii = [size * (inner if n % 2 else 1.0) for n in range(2 * tips)]
        sheet.shape([(x + r * math.sin(math.pi * n / tips), y - r * math.cos(math.pi * n / tips))
                     for n, r in enumerate(radii)], ink)  # fmt: skip
    elif emblem == "leaf":
        sheet.shape([(x + 0.55 * size * math.sin(t) * abs(math.sin(t)), y - size * math.cos(t)) for t in turn], ink)
        sheet.line([(x, y - 0.7 * size), (x, y + size)], 0.06 * size, ground)
    elif emblem == "drop":
        sheet.shape([(x + 0.75 * size * math.sin(t) * math.sin(t / 2), y - size * math.cos(t)) for t in turn], ink)
    elif emblem == "mountain":
        sheet.shape([(x - size, y + 0.7 * size), (x - 0.3 * size, y - 0.8 * size), (x + 0.15 * size, y),
                     (x + 0.4 * size, y - 0.35 * size), (x + size, y + 0.7 * size)], ink)  # fmt: skip
    elif emblem == "wave":
        for row in (-0.45, 0.0, 0.45):
            points = [(x + size * t, y + size * (row + 0.15 * math.sin(6 * t))) for t in np.linspace(-1, 1, 25)]
            sheet.line(points, 0.17 * size, ink)
    elif emblem == "heart":
        sheet.shape([(x + size * math.sin(t) ** 3, y - size / 16 * (13 * math.cos(t) - 5 * math.cos(2 * t)
                      - 2 * math.cos(3 * t) - math.cos(4 * t))) for t in turn], ink)  # fmt: skip
    elif emblem == "bolt":
        sheet.shape([(x + size * dx, y + size * dy) for dx, dy in
                     ((0.2, -1), (-0.6, 0.2), (-0.05, 0.2), (-0.2, 1), (0.6, -0.25), (0.05, -0.25))], ink)  # fmt: skip
    else:
        sheet.shape([(x, y - size), (x + 0.7 * size, y), (x, y + size), (x - 0.7 * size, y)], ink)


def cover(
    width: float, height: float, ground: Colour, ink: Colour, title: str, author: str, art: int
) -> Image.Image:  # fmt: skip
    """A printed cover: a picture all over, the title across it, the author below."""
    sheet = Sheet(width, height, ground)
    rng = np.random.default_rng(art)
    scenery(sheet, ground, ink, rng)
    top = rng.random() < 0.6
    plate = rng.random() < 0.4
    y = 0.2 * height if top else 0.72 * height
    letters = ground.ink
    if plate:
        sheet.area(0.08 * width, y - 0.12 * height, 0.92 * width, y + 0.12 * height, ink)
        letters = ink.ink
    sheet.text(title, width / 2, y, 0.76 * width, 0.15 * height, letters, 0.03)
    sheet.text(author, width / 2, (0.93 if top else 0.08) * height, 0.6 * width, 0.05 * height, ground.ink)
    return sheet.picture()


def scenery(sheet: Sheet, ground: Colour, ink: Colour, rng: np.random.Generator) -> None:
    """Fill the sheet with one of a few compositions."""
    w, h = sheet.width, sheet.height
    composition = int(rng.integers(6))
    pale = ground.mixed(ink, 0.35)
    if composition == 0:  # sun over hills
        sheet.disc(w * rng.uniform(0.25, 0.75), 0.45 * h, 0.2 * min(w, h), ink)
        for number, tint in enumerate((0.3, 0.55, 0.8)):
            base, phase = 0.55 + 0.13 * number, rng.uniform(0, 6)
            ridge = [(w * t, h * (base + 0.07 * math.sin(5 * t + phase))) for t in np.linspace(0, 1, 21)]
            sheet.shape([*ridge, (w, h), (0, h)], ground.mixed(ink, tint).darker(0.25))
    elif composition == 1:  # circles
        for _ in range(7):
            x, y, r = rng.uniform(0, w), rng.uniform(0.25 * h, 0.9 * h), min(w, h) * rng.uniform(0.08, 0.25)
            sheet.disc(x, y, r, ground.mixed(ink, float(rng.uniform(0.3, 1))))
    elif composition == 2:  # rays
        x, y = w / 2, h * rng.uniform(0.5, 0.75)
        for number in range(0, 24, 2):
            a, b = (2 * math.pi * n / 24 for n in (number, number + 1))
            reach = 2 * max(w, h)
            ends = [(x + reach * math.cos(t), y + reach * math.sin(t)) for t in (a, b)]
            sheet.shape([(x, y), *ends], pale)
        sheet.disc(x, y, 0.17 * min(w, h), ink)
    elif composition == 3:  # skyline
        sheet.disc(0.7 * w, 0.38 * h, 0.11 * min(w, h), pale.lighter(0.3))
        x = 0.0
        while x < w:
            broad, tall = w * rng.uniform(0.07, 0.17), h * rng.uniform(0.15, 0.5)
            sheet.area(x, h - tall, x + broad, h, ink.darker(float(rng.uniform(0, 0.4))))
            x += broad
    elif composition == 4:  # blocks
        for _ in range(9):
            x, y = w * rng.integers(0, 5) / 5, h * rng.integers(2, 8) / 8
            block = ground.mixed(ink, float(rng.uniform(0.25, 1)))
            sheet.area(x, y, x + w * rng.integers(1, 3) / 5, y + h * rng.integers(1, 3) / 8, block)
    else:  # one large emblem
        emblem = EMBLEMS[int(rng.integers(1, len(EMBLEMS)))]
        sheet.disc(w / 2, 0.52 * h, 0.38 * min(w, h), pale)
        draw_emblem(sheet, emblem, w / 2, 0.52 * h, 0.27 * min(w, h), ink, pale)
