"""Plausible other photos of the same products, made while training; every function is pure in its random generator."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from imgrec.vision.preprocessing import Pixels

_LUMA = np.array([0.299, 0.587, 0.114])
_SHARE_OF_BATCH_CUT = 0.5
_MIXUP_BETA = 0.4


@dataclass(frozen=True)
class Augmentation:
    """How far photos are changed. Areas are shares of the frame; factors f mean between 1 - f and 1 + f."""

    area: tuple[float, float]
    aspect: float
    light: float
    hue_deg: float = 0.0
    turn_deg: float = 0.0
    grey: float = 0.0
    blurred: float = 0.0
    erased: float = 0.0


AUGMENTATIONS = {
    "standard": Augmentation(area=(0.6, 1.15), aspect=1.25, light=0.25),
    "strong": Augmentation(
        area=(0.4, 1.25), aspect=1.33, light=0.35, hue_deg=10, turn_deg=12, grey=0.05, blurred=0.1, erased=0.15
    ),
}


def augmented(photo: Pixels, side_px: int, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """A photo of the same product, framed, turned, mirrored and lit differently; uint8 (side_px, side_px, 3).

    photo: uint8 (n, n, 3). Where the frame reaches over the photo's edge there is white.
    """
    image = Image.fromarray(photo).transform(
        (side_px, side_px), Image.Transform.AFFINE, _frame(len(photo), side_px, how, rng),
        Image.Resampling.BILINEAR, fillcolor="white",
    )  # fmt: skip
    image = image.convert("RGB", _light(photo, how, rng))
    if rng.random() < how.blurred:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
    if rng.random() < how.erased:
        _erase(image, rng)
    return np.asarray(image, np.uint8)


def mixed(
    photos: NDArray[Any], targets: dict[str, NDArray[np.float32]], rng: np.random.Generator
) -> tuple[NDArray[Any], dict[str, NDArray[np.float32]]]:
    """Each photo joined with one drawn from its batch, and its targets in the same proportion.

    Half of the time the two are blended (H. Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018, section 2),
    else a rectangle of the other is pasted in (S. Yun et al., CutMix, 2019, section 3.1).
    photos: (n, side, side, channels), pixels or what blocks made of them (V. Verma et al., Manifold Mixup, 2019);
    targets: float32 (n, k) each.
    """
    other = rng.permutation(len(photos))
    if rng.random() < _SHARE_OF_BATCH_CUT:
        share = rng.beta(1.0, 1.0)
        side = photos.shape[1]
        height = width = round(side * math.sqrt(1 - share))
        top, left = rng.integers(0, side - height + 1), rng.integers(0, side - width + 1)
        joined = photos.copy()
        joined[:, top : top + height, left : left + width] = photos[other, top : top + height, left : left + width]
        share = 1 - height * width / side**2
    else:
        share = rng.beta(_MIXUP_BETA, _MIXUP_BETA)
        blend = photos * np.float32(share) + photos[other] * np.float32(1 - share)
        joined = (np.rint(blend) if photos.dtype == np.uint8 else blend).astype(photos.dtype)
    ours, theirs = np.float32(share), np.float32(1 - share)
    return joined, {name: target * ours + target[other] * theirs for name, target in targets.items()}


def _frame(
    photo_px: int, side_px: int, how: Augmentation, rng: np.random.Generator
) -> tuple[float, float, float, float, float, float]:
    """The affine map from positions in the new photo to positions in the old one."""
    area, aspect = rng.uniform(*how.area), math.exp(rng.uniform(-1, 1) * math.log(how.aspect))
    width, height = photo_px * math.sqrt(area * aspect), photo_px * math.sqrt(area / aspect)
    x, y = photo_px / 2 + rng.uniform(-0.5, 0.5, 2) * (photo_px - width, photo_px - height)
    turn = math.radians(rng.uniform(-how.turn_deg, how.turn_deg))
    mirror = -1 if rng.random() < 0.5 else 1
    across, down = mirror * width / side_px, height / side_px
    a, b = across * math.cos(turn), -down * math.sin(turn)
    d, e = across * math.sin(turn), down * math.cos(turn)
    middle = side_px / 2
    return a, b, x - (a + b) * middle, d, e, y - (d + e) * middle


def _light(photo: Pixels, how: Augmentation, rng: np.random.Generator) -> Any:
    """Brightness, contrast, saturation and hue as one colour matrix, 3 x 4 row by row."""
    brightness, contrast, saturation = rng.uniform(1 - how.light, 1 + how.light, 3)
    if rng.random() < how.grey:
        saturation = 0.0
    hue = math.radians(rng.uniform(-how.hue_deg, how.hue_deg))
    grey = np.tile(_LUMA, (3, 1))
    # A turn about the grey axis, by Rodrigues' formula.
    axis = 1 / math.sqrt(3)
    cross = axis * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    turned = np.eye(3) + math.sin(hue) * cross + (1 - math.cos(hue)) * cross @ cross
    matrix = brightness * contrast * (saturation * np.eye(3) + (1 - saturation) * grey) @ turned
    middle = brightness * (1 - contrast) * float(photo[::4, ::4].mean())
    return tuple(np.hstack([matrix, np.full((3, 1), middle)]).ravel().tolist())


def _erase(image: Image.Image, rng: np.random.Generator) -> None:
    """Cover 5 to 25 % with a colour (Z. Zhong et al., Random Erasing Data Augmentation, 2020, section 3.2)."""
    side, area, aspect = image.width, rng.uniform(0.05, 0.25), math.exp(rng.uniform(-0.7, 0.7))
    width, height = side * math.sqrt(area * aspect), side * math.sqrt(area / aspect)
    left, top = rng.uniform(0, 1, 2) * (max(0.0, side - width), max(0.0, side - height))
    colour = tuple(int(value) for value in rng.integers(0, 256, 3))
    ImageDraw.Draw(image).rectangle((left, top, left + width, top + height), fill=colour)
