"""A product photo's dominant colours, as people see them: in CIE Lab, without the ground it stands on."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.features.telephone import mask_of_thing
from imgrec.vision.vectors import Floats, Ints

MOST = 3
"""Colours kept of a photo."""

NO_COLOURS: Floats = np.zeros((MOST, 4), np.float32)

_SIDE_PX = 48
_LEVELS = 16  # of red, green and blue that are told apart
_COMMONEST = 24  # of the shades there are then: these may be colours of their own
_ALIKE = 18.0  # CIE76 distance up to which two of them are one to the eye
_LEAST_SHARE = 0.08


def dominant_colours(photo: Image.Image) -> Floats:
    """photo: upright RGB, any size. Returns float32 (3, 4), most of it first: L* 0 to 100, a*, b*, and its share.

    Shares sum to at most 1; a photo of fewer colours has rows of zeros. Where the thing stands on a plain ground, the
    ground does not count. Lab by CIE 15:2004 for sRGB and D65.
    """
    small = photo.reduce(max(1, -(-max(photo.size) // _SIDE_PX)))
    mask = mask_of_thing(small)
    pixels = np.asarray(small)[np.asarray(mask) > 127] if mask else np.asarray(small).reshape(-1, 3)
    shades, counts = _shades_of(pixels)
    colours = _apart(shades[np.argsort(-counts, kind="stable")[:_COMMONEST]])
    nearest = _distances(shades, colours).argmin(axis=1)
    sums = np.stack([np.bincount(nearest, counts * part, len(colours)) for part in (1, *shades.T)], axis=1)
    shares = sums[:, 0] / len(pixels)
    largest = [row for row in np.argsort(-shares, kind="stable")[:MOST] if shares[row] >= _LEAST_SHARE]
    found = NO_COLOURS.copy()
    found[: len(largest), :3] = sums[largest, 1:] / sums[largest, :1]
    found[: len(largest), 3] = shares[largest]
    return found


def lab_of(rgb: NDArray[np.uint8] | NDArray[np.float64]) -> Floats:
    """rgb: (..., 3), sRGB, 0 to 255. Returns float32 (..., 3): L*, a*, b*."""
    value = rgb / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    bent = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def _shades_of(pixels: NDArray[np.uint8]) -> tuple[Floats, Ints]:
    """The shades there are in pixels (n, 3), as Lab (k, 3), and how many pixels have each."""
    red, green, blue = (pixels // (256 // _LEVELS)).astype(np.int64).T
    shade = (red * _LEVELS + green) * _LEVELS + blue
    counts = np.bincount(shade)
    there = np.flatnonzero(counts > 0)
    sums = np.stack([np.bincount(shade, values)[there] for values in pixels.T], axis=1)
    return lab_of(sums / counts[there, None]), counts[there]


def _apart(shades: Floats) -> Floats:
    """Of shades (n, 3) those that are like none before them."""
    differ = (_distances(shades, shades) >= _ALIKE).tolist()
    kept: list[int] = []
    left = list(range(len(shades)))
    while left:
        first, *left = left
        kept.append(first)
        left = [number for number in left if differ[first][number]]
    return shades[kept]


def _distances(shades: Floats, others: Floats) -> Floats:
    """CIE76: float32 (shades, others)."""
    apart = shades.T[:, :, None] - others.T[:, None, :]
    lightness, green_red, blue_yellow = apart * apart
    return np.asarray(np.sqrt(lightness + green_red + blue_yellow), np.float32)
