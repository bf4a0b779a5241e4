"""A product photo's dominant colours, as people see them: in CIE Lab, without the ground it stands on."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.features.telephone import mask_of_thing
from imgrec.vision.vectors import Floats

MOST = 3
"""Colours kept of a photo."""

_SIDE_PX = 64
_TAKEN_APART = 12  # colours that the pixels are first sorted into
_ALIKE = 18.0  # CIE76 distance up to which two of them are one to the eye
_LEAST_SHARE = 0.06


def dominant_colours(photo: Image.Image) -> Floats:
    """photo: upright RGB, any size. Returns float32 (3, 4), most of it first: L* 0 to 100, a*, b*, and its share.

    Shares sum to at most 1; a photo of fewer colours has rows of zeros. Where the thing stands on a plain ground, the
    ground does not count. Lab by CIE 15:2004 for sRGB and D65.
    """
    small = photo.copy()
    small.thumbnail((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX, reducing_gap=2.0)
    mask = mask_of_thing(small)
    pixels = np.asarray(small)[np.asarray(mask) > 127] if mask else np.asarray(small).reshape(-1, 3)
    sorted_ = Image.fromarray(pixels[None]).quantize(_TAKEN_APART, Image.Quantize.MEDIANCUT)
    counts = np.bincount(np.asarray(sorted_).ravel(), minlength=_TAKEN_APART)
    palette = np.array(sorted_.getpalette(), np.uint8).reshape(-1, 3)
    colours = lab_of(palette)
    groups: list[tuple[Floats, float]] = []
    for number in np.argsort(-counts[: len(palette)], kind="stable"):
        share = float(counts[number]) / len(pixels)
        for place, (colour, sum_) in enumerate(groups):
            if np.linalg.norm(colour - colours[number]) < _ALIKE:
                mixed = (colour * sum_ + colours[number] * share) / max(sum_ + share, 1e-9)
                groups[place] = (mixed.astype(np.float32), sum_ + share)
                break
        else:
            groups.append((colours[number], share))
    found = np.zeros((MOST, 4), np.float32)
    largest = sorted((group for group in groups if group[1] >= _LEAST_SHARE), key=lambda group: -group[1])[:MOST]
    for row, (colour, share) in enumerate(largest):
        found[row] = (*colour, share)
    return found


def lab_of(rgb: NDArray[np.uint8]) -> Floats:
    """rgb: uint8 (..., 3), sRGB. Returns float32 (..., 3): L*, a*, b*."""
    value = rgb.astype(np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    bent = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
