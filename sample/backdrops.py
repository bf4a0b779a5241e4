"""What lies under and behind things: table tops, floors, cloths and walls, and odds and ends around a product."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from sample.colours import EVERY, Colour, drawn_near, named
from sample.markings import PATTERNS, pattern
from sample.materials import Material, fabric, glossy, matte, metal, satin, wood
from sample.parts import Model, part
from sample.shapes import Mesh, at, ball, box, cylinder, revolve, ring, turned

_SIDE_PX = 256
Cloud = NDArray[np.float64]


def any_colour(rng: np.random.Generator) -> Colour:
    """A colour of the palette, toned down or not."""
    colour = drawn_near(named(EVERY[int(rng.integers(len(EVERY)))]), rng, 0.1)
    grey = Colour("grey", (round(sum(colour.rgb) / 3),) * 3)
    return colour.mixed(grey, float(rng.uniform(0, 0.75)))


def surface(rng: np.random.Generator) -> Material:
    """A table, floor or wall of some sort."""
    sorts = (_plain, _planks, _tiles, _cloth, _stone, _patterned, _blotches)
    weights = np.array([3, 3, 2, 2, 2, 1.5, 1.5])
    return sorts[int(rng.choice(len(sorts), p=weights / weights.sum()))](rng)


def clutter(rng: np.random.Generator, count: int, behind_deg: float) -> Model:
    """Things of no kind around a product of radius 1, beside it and on its far side, which is `behind_deg` from y."""
    model: Model = []
    for _ in range(count):
        size = float(rng.uniform(0.3, 0.95))
        angle = math.radians(behind_deg + rng.uniform(-115, 115))
        reach = float(rng.uniform(1.15, 2.3)) + size * 0.6
        x, y = reach * math.sin(angle), reach * math.cos(angle)
        shape = (_crate, _globe, _can, _cone, _hoop)[int(rng.integers(5))](rng, size)
        shape = at(turned(shape, "z", float(rng.uniform(0, 180))), x, y)
        model.append(part(shape, _finish(rng), "around" if rng.random() < 0.5 else "box"))
    return model


def _finish(rng: np.random.Generator) -> Material:
    colour = any_colour(rng)
    finish = (matte, satin, glossy, fabric, metal)[int(rng.choice(5, p=[0.3, 0.25, 0.2, 0.15, 0.1]))]
    if finish is not fabric and rng.random() < 0.35:
        return finish(pattern(_style(rng), 3, 2, colour, any_colour(rng), int(rng.integers(99))))
    return finish(colour)


def _style(rng: np.random.Generator) -> str:
    return list(PATTERNS)[int(rng.integers(len(PATTERNS)))]


def _crate(rng: np.random.Generator, size: float) -> Mesh:
    width, depth, height = (size * rng.uniform(0.35, 1.3, 3)).tolist()
    return box(width, depth, height, 0.06 * size)


def _globe(rng: np.random.Generator, size: float) -> Mesh:
    return ball(size, size, size * float(rng.uniform(0.5, 1)), sections=24)


def _can(rng: np.random.Generator, size: float) -> Mesh:
    return cylinder(size * float(rng.uniform(0.2, 0.5)), size * float(rng.uniform(0.4, 1.6)), 0.04 * size, 24)


def _cone(rng: np.random.Generator, size: float) -> Mesh:
    low, high = rng.uniform(0.1, 0.55, 2) * size
    return revolve([(0, 0), (low, 0), (high, size * float(rng.uniform(0.4, 1.4)))], 24)


def _hoop(rng: np.random.Generator, size: float) -> Mesh:
    return ring(0.45 * size, size * float(rng.uniform(0.1, 0.3)), 24)


def _plain(rng: np.random.Generator) -> Material:
    return (matte, satin)[int(rng.integers(2))](any_colour(rng))


def _planks(rng: np.random.Generator) -> Material:
    colour = drawn_near(named(("oak", "walnut", "cherry", "birch", "tan", "grey")[int(rng.integers(6))]), rng, 0.15)
    sheet = Image.new("RGB", (_SIDE_PX, _SIDE_PX))
    boards = int(rng.integers(3, 9))
    width = _SIDE_PX // boards + 1
    for number in range(boards):
        grain = wood(drawn_near(colour, rng, 0.1), int(rng.integers(12))).paint
        assert isinstance(grain, Image.Image)  # noqa: S101 - for the type checker
        sheet.paste(grain.resize((width - 1, _SIDE_PX)), (number * width, 0))
    return satin(sheet.rotate(90 * int(rng.integers(2))))


def _tiles(rng: np.random.Generator) -> Material:
    ground, joint = any_colour(rng), any_colour(rng)
    sheet = Image.new("RGB", (_SIDE_PX, _SIDE_PX), joint.rgb)
    count = int(rng.integers(3, 9))
    side = _SIDE_PX // count
    for column in range(count):
        for row in range(count):
            tile = Image.new("RGB", (side - 2, side - 2), drawn_near(ground, rng, 0.05).rgb)
            sheet.paste(tile, (column * side, row * side))
    return satin(sheet)


def _cloth(rng: np.random.Generator) -> Material:
    style = ("checked", "plaid", "striped", "dotted")[int(rng.integers(4))]
    drawn = pattern(style, 3, 3, any_colour(rng), any_colour(rng))
    return fabric(drawn)


def _patterned(rng: np.random.Generator) -> Material:
    return matte(pattern(_style(rng), 3, 3, any_colour(rng), any_colour(rng), int(rng.integers(99))))


def _stone(rng: np.random.Generator) -> Material:
    """Soft veins of two colours, as marble or concrete has them."""
    cloud = _cloud(rng, (4, 9, 22))
    vein = np.abs(np.sin(9 * cloud)) ** float(rng.uniform(0.3, 2))
    return satin(_blend(any_colour(rng), any_colour(rng), vein[..., None] * float(rng.uniform(0.15, 0.6))))


def _blotches(rng: np.random.Generator) -> Material:
    """Large soft patches of colour: a room out of focus."""
    first = np.asarray(_blend(any_colour(rng), any_colour(rng), _cloud(rng, (3, 5))[..., None]), np.float64)
    second = np.asarray(_blend(any_colour(rng), any_colour(rng), _cloud(rng, (4, 7))[..., None]), np.float64)
    share = (_cloud(rng, (3, 6)) > 0.5)[..., None]
    mixed = Image.fromarray(np.where(share, first, second).astype(np.uint8))
    return matte(mixed.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 6)))))


def _cloud(rng: np.random.Generator, cells: tuple[int, ...]) -> Cloud:
    """Smooth noise between 0 and 1, finer cells weaker."""
    total = np.zeros((_SIDE_PX, _SIDE_PX))
    for strength, count in enumerate(cells, start=1):
        coarse = Image.fromarray(rng.random((count, count), np.float32))
        total += np.asarray(coarse.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC)) / strength
    scaled: Cloud = (total - total.min()) / (np.ptp(total) + 1e-9)
    return scaled


def _blend(first: Colour, second: Colour, share: Cloud) -> Image.Image:
    mixed = np.array(first.rgb) * (1 - share) + np.array(second.rgb) * share
    return Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8))
