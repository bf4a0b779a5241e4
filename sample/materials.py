"""What things are made of: a handful of materials, each taking a colour or a drawn picture as its paint."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageFilter

from sample.colours import RGB, Colour

Paint = Colour | Image.Image


@dataclass(frozen=True)
class Material:
    """A surface: its paint, and how it takes the light. All shares are 0 to 1."""

    paint: Paint
    roughness: float
    metallic: float = 0.0
    specular: float = 0.5
    clearcoat: float = 0.0
    sheen: float = 0.0
    opacity: float = 1.0


def matte(paint: Paint) -> Material:
    """Matte plastic, painted board, plaster."""
    return Material(paint, 0.65, specular=0.35)


def satin(paint: Paint) -> Material:
    """Plastic of soft shine; the one to take when in doubt."""
    return Material(paint, 0.35)


def glossy(paint: Paint) -> Material:
    """Shiny plastic, lacquer, patent leather."""
    return Material(paint, 0.12, specular=0.55)


def glaze(paint: Paint) -> Material:
    """Glazed ceramic: matte colour under a clear coat."""
    return Material(paint, 0.4, clearcoat=1.0)


def rubber(paint: Paint) -> Material:
    """Rubber, silicone, foam."""
    return Material(paint, 0.85, specular=0.25)


def fabric(paint: Paint) -> Material:
    """Cloth, felt, wool: no shine, a soft light edge."""
    return Material(_woven(paint.rgb) if isinstance(paint, Colour) else paint, 0.95, specular=0.05, sheen=0.6)


def leather(paint: Paint) -> Material:
    """Leather."""
    return Material(paint, 0.5, specular=0.4)


def paper(paint: Paint) -> Material:
    """Paper and card, printed or not."""
    return Material(paint, 0.9, specular=0.1)


def print_gloss(paint: Paint) -> Material:
    """Print behind film: covers, labels, boxes."""
    return Material(paint, 0.3, specular=0.4)


def metal(paint: Paint, roughness: float = 0.28) -> Material:
    """Brushed or polished metal."""
    return Material(paint, roughness, metallic=1.0)


def painted_metal(paint: Paint) -> Material:
    """Lacquered metal."""
    return Material(paint, 0.3, metallic=0.35, clearcoat=0.6)


def wood(colour: Colour, seed: int = 0) -> Material:
    """Wood, its grain along the part's height."""
    return Material(_grain(colour.rgb, seed), 0.5, specular=0.3)


def screen(paint: Paint) -> Material:
    """A display behind glass."""
    return Material(paint, 0.08, specular=0.4)


def glass(paint: Paint, opacity: float = 0.35) -> Material:
    """Something to see through: glass, clear plastic. Light is not bent, which is cheap to render."""
    return Material(paint, 0.05, specular=0.8, opacity=opacity)


@cache
def _grain(rgb: RGB, seed: int) -> Image.Image:
    """A board's grain, upright."""
    rng = np.random.default_rng(seed)
    width, height = 96, 192
    lines = np.cumsum(rng.normal(0, 1, width))
    wave = 3 * np.sin(np.linspace(0, 5, height) + rng.uniform(0, 6)) + np.linspace(0, rng.uniform(-6, 6), height)
    column = (np.arange(width)[None] + wave[:, None]).astype(int) % width
    shade = np.sin(lines * 1.3)[column] * 0.09 + rng.normal(0, 0.025, (height, width))
    return Image.fromarray(np.clip(np.array(rgb) * (1 + shade[..., None]), 0, 255).astype(np.uint8))


@cache
def _woven(rgb: RGB) -> Image.Image:
    """Cloth close by: threads crossing, a little uneven."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:128, :128]
    shade = 0.05 * (((x // 2 + y // 2) % 2) * 2 - 1) + rng.normal(0, 0.05, (128, 128))
    cloth = Image.fromarray(np.clip(np.array(rgb) * (1 + shade[..., None]), 0, 255).astype(np.uint8))
    return cloth.filter(ImageFilter.GaussianBlur(0.6))
