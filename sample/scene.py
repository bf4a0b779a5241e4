"""How a photo is taken: camera, light, backdrop and things around, drawn at random for each of three styles.

A model is scaled to a bounding radius of about 1 first, so that distances here are in multiples of that.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from sample.backdrops import any_colour, clutter, surface
from sample.colours import named
from sample.design import Seen
from sample.materials import Material, matte
from sample.parts import Model

RGBLight = tuple[float, float, float]


@dataclass(frozen=True)
class Camera:
    """Where from: degrees to the right of the front and above the table; what share of the frame the product fills."""

    turn_deg: float
    above_deg: float
    roll_deg: float = 0.0
    view_deg: float = 24.0
    fill: float = 0.84
    shift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Lamp:
    """A square soft box: degrees to the right of the camera, above the table, its side, light it throws (1: plenty)."""

    turn_deg: float
    above_deg: float
    side: float
    strength: float
    colour: RGBLight = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Flaws:
    """What a camera does to a picture: blur in shares of the side, noise of 255, JPEG quality, light."""

    blur: float = 0.0
    noise: float = 0.0
    quality: int = 88
    exposure: float = 1.0
    contrast: float = 1.0


@dataclass(frozen=True)
class Shot:
    """Everything about a photo but the product. Without a wall the ground bends up behind it, without a line."""

    camera: Camera
    lamps: tuple[Lamp, ...]
    ambient: RGBLight
    ground: Material
    ground_turn_deg: float = 0.0
    ground_size: float = 14.0
    wall: Material | None = None
    wall_distance: float = 6.0
    wall_turn_deg: float = 0.0
    around: Model = field(default_factory=list)
    flaws: Flaws = Flaws()


def studio(rng: np.random.Generator, seen: Seen) -> Shot:
    """A shop's catalogue photo: near the front, large soft light, a seamless white or nearly white backdrop."""
    tint = (0.0, 0.0, 0.04, 0.12)[int(rng.integers(4))]
    backdrop = named("white").mixed(any_colour(rng), tint * 0.5)
    high = float(np.clip(rng.uniform(11, 24), seen.lowest_deg + 3, seen.highest_deg))
    camera = Camera(
        float(rng.uniform(-1, 1)) * min(28.0, seen.turn_deg), high, 0.0, 22.0, float(rng.uniform(0.8, 0.88))
    )
    side = -1 if rng.random() < 0.7 else 1
    lamps = (
        Lamp(side * float(rng.uniform(35, 60)), float(rng.uniform(45, 60)), 3.2, 0.62),
        Lamp(-side * float(rng.uniform(60, 110)), 30.0, 2.0, 0.2),
    )
    return Shot(camera, lamps, (0.74, 0.74, 0.75), matte(backdrop), flaws=Flaws(exposure=1.08))


def customer(rng: np.random.Generator, seen: Seen) -> Shot:
    """A shopper's snapshot: at home, from anywhere, in whatever light, with a phone."""
    turn = float(rng.uniform(-1, 1)) * seen.turn_deg
    low, high = max(seen.lowest_deg, 12.0), seen.highest_deg
    camera = Camera(
        turn, float(rng.uniform(low, high)), float(rng.normal(0, 4)), float(rng.uniform(24, 42)),
        float(rng.uniform(0.62, 0.86)), (float(rng.uniform(-0.08, 0.08)), float(rng.uniform(-0.08, 0.08))),
    )  # fmt: skip
    warmth = float(rng.uniform(-0.16, 0.2))
    tint = (1 + warmth, 1.0, 1 - warmth)
    lamps = (Lamp(float(rng.uniform(-80, 80)), float(rng.uniform(30, 75)), float(rng.uniform(0.8, 3)),
                  float(rng.uniform(0.45, 0.85)), tint),)  # fmt: skip
    level = float(rng.uniform(0.28, 0.6))
    ambient = (level * (1 - warmth * 0.3), level, level * (1 + warmth * 0.3))
    count = int(rng.integers(0, 6))
    wall = surface(rng) if rng.random() < 0.75 else None
    flaws = Flaws(
        float(rng.uniform(0, 0.0028)), float(rng.uniform(1, 5)), int(rng.integers(68, 88)),
        float(rng.uniform(0.85, 1.2)), float(rng.uniform(0.92, 1.1)),
    )  # fmt: skip
    return Shot(
        camera, lamps, ambient, surface(rng), float(rng.uniform(0, 90)), float(rng.uniform(6, 14)), wall,
        float(rng.uniform(2.6, 6)), float(rng.uniform(-30, 30)), clutter(rng, count, camera.turn_deg), flaws,
    )  # fmt: skip


def training(rng: np.random.Generator, seen: Seen) -> Shot:
    """Any photo between the two: some in a studio, some at home, some on plain coloured ground."""
    style = rng.random()
    if style < 0.3:
        return _varied_studio(rng, seen)
    shot = customer(rng, seen)
    if style < 0.45:
        plain = matte(any_colour(rng))
        return Shot(shot.camera, shot.lamps, shot.ambient, plain, flaws=shot.flaws)
    return shot


def _varied_studio(rng: np.random.Generator, seen: Seen) -> Shot:
    """A studio photo, the camera freer."""
    shot = studio(rng, seen)
    turn, highest = min(45.0, seen.turn_deg), max(seen.lowest_deg, min(35.0, seen.highest_deg))
    view, fill = float(rng.uniform(16, 30)), float(rng.uniform(0.72, 0.92))
    camera = Camera(
        float(rng.uniform(-turn, turn)), float(rng.uniform(seen.lowest_deg, highest)), 0.0, view, fill
    )  # fmt: skip
    flaws = Flaws(0.0, 0.0, int(rng.integers(75, 93)), float(rng.uniform(0.9, 1.1)))
    return replace(shot, camera=camera, flaws=flaws)
