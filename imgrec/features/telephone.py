"""A product photo as a customer's telephone would have taken it: turned, cropped, lit and blurred, on another ground.

What shops publish and what customers send differ more than any two photos of a shop do. Where nobody's photos are
known yet, these stand in for them: the head learns from them, and likeness and threshold are fitted on them.
"""

import hashlib
import io
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from imgrec.vision.vectors import Bools, Floats

T = TypeVar("T", bound=np.generic)

_SIDE_PX = 256
_PLAIN = 12.0  # grey levels that half of the border may be off an even slope, for a ground to count as plain
_LIKE_THE_GROUND = 26.0
_MOST_GROUND, _LEAST_BORDER = 0.97, 0.6
_GROUND, _THING = np.uint8(0), np.uint8(255)
_NEIGHBOURS = ndimage.generate_binary_structure(2, 1)
_SOFT = ImageFilter.GaussianBlur(0.8)


def telephone_view(photo: Image.Image, content: str) -> Image.Image:
    """photo: upright RGB, any size. Returns RGB, 256 x 256 px, always the same for the same photo.

    `content` is the SHA-256 of the photo's file, which seeds what is drawn.
    """
    rng = drawn_by(content)
    photo = photo.copy()
    photo.thumbnail((_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC, reducing_gap=3.0)
    thing, mask = Image.new("RGBA", photo.size), mask_of_thing(photo)
    thing.paste(photo)
    if mask:
        thing.putalpha(mask)
        size = rng.uniform(0.72, 1.15) * _SIDE_PX / max(photo.size)
    else:  # it is a scene already, and fills the frame
        size = rng.uniform(1.25, 1.6) * _SIDE_PX / min(photo.size)
    placed, scene = _placed(thing, size, rng), _ground(rng)
    scene.paste(placed, mask=placed.getchannel("A"))
    return _taken(scene, rng)


def drawn_by(content: str) -> np.random.Generator:
    """What a photo's content draws: always the same."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(content.encode()).digest()[:8]))


def mask_of_thing(photo: Image.Image) -> Image.Image | None:
    """A mask of the thing where it stands on a plain ground, None where it does not."""
    pixels = np.asarray(photo, np.float32)
    apart = np.abs(pixels - _even_slope(pixels))
    apart = np.maximum(np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2])
    if _median(_border(apart)) > _PLAIN:
        return None
    alike, count = ndimage.label(apart < _LIKE_THE_GROUND, _NEIGHBOURS)
    reaches_the_border = np.zeros(count + 1, bool)
    reaches_the_border[_border(alike)] = True
    reaches_the_border[0] = False
    is_ground = reaches_the_border[alike]
    if _share(is_ground) > _MOST_GROUND or _share(_border(is_ground)) < _LEAST_BORDER:
        return None
    return Image.fromarray(np.where(is_ground, _GROUND, _THING)).filter(_SOFT)


def _even_slope(pixels: Floats) -> Floats:
    """The ground that the border lies on, float32 (rows, columns, 3): often lighter on one side.

    Least squares. Places are counted from the middle, so that the mean and either slope are had one by one.
    """
    border = _border(pixels)
    ground: Floats = border.mean(axis=0)
    for places, of_border, squares in _slopes(*pixels.shape[:2]):
        ground = ground + places * (of_border * border).sum(axis=0) / squares
    return ground


@lru_cache(maxsize=256)
def _slopes(rows: int, columns: int) -> tuple[tuple[Floats, Floats, float], ...]:
    """Down and across: places from -1 to 1, to be broadcast; those of the border, (n, 1); the sum of their squares."""
    slopes = []
    for axis, size in enumerate((rows, columns)):
        places = np.linspace(-1, 1, size, dtype=np.float32) if size > 1 else np.zeros(1, np.float32)
        places = np.expand_dims(places, (1 - axis, 2))
        at = _border(np.broadcast_to(places, (rows, columns, 1)))
        slopes.append((places, at, max(float((at * at).sum()), 1.0)))
    return tuple(slopes)


def _border(values: NDArray[T]) -> NDArray[T]:
    """Of values (rows, columns, ...) those at the edges: (n, ...)."""
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


def _median(values: Floats) -> float:
    """As np.median of some hundred values (n,), in a tenth of its time."""
    in_order = np.sort(values)
    return float(in_order[(len(values) - 1) // 2] + in_order[len(values) // 2]) / 2


def _share(chosen: Bools) -> float:
    return np.count_nonzero(chosen) / chosen.size


def _placed(thing: Image.Image, scale: float, rng: np.random.Generator) -> Image.Image:
    """Turned a little, seen a little from the side, not quite in the middle; RGBA, 256 x 256 px."""
    angle = np.deg2rad(rng.normal(0, 7))
    lean, shear = rng.normal(0, 4e-4, 2), rng.normal(0, 0.06)
    centre = np.array(thing.size) / 2
    offset = _SIDE_PX / 2 + rng.normal(0, 0.05 * _SIDE_PX, 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle) + shear]]) / scale
    shift = centre - turn @ offset
    perspective = (*turn[0], shift[0], *turn[1], shift[1], *lean)
    return thing.transform((_SIDE_PX, _SIDE_PX), Image.Transform.PERSPECTIVE, perspective, Image.Resampling.BICUBIC)


def _ground(rng: np.random.Generator) -> Image.Image:
    """A table, a floor or a wall: a muted colour with soft blotches, sometimes with grain or stripes."""
    base = rng.uniform(60, 230) + rng.normal(0, 18, 3)
    soft = np.asarray(
        Image.fromarray(rng.integers(0, 255, (6, 6), np.uint8)).resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC),
        np.float32,
    )
    blotches = (soft - soft.mean()) * rng.uniform(0.05, 0.35)
    along = np.arange(_SIDE_PX) * rng.uniform(0.05, 0.5)
    stripes = rng.uniform(0, 10) * np.sin(along + 3 * soft[0] / 255)[None, :] * (rng.random() < 0.4)
    grain = rng.normal(0, rng.uniform(0, 9), (_SIDE_PX, _SIDE_PX))
    return Image.fromarray(_bytes(base + (blotches + stripes + grain)[..., None]))


def _taken(scene: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Through a telephone: uneven warm or cold light, out of focus, noisy, as a JPEG."""
    pixels = np.asarray(scene.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.6))))
    down = np.linspace(-1, 1, _SIDE_PX)
    slope = rng.normal(0, 0.12, 2)
    light = rng.uniform(0.75, 1.2) * (1 + slope[0] * down[:, None] + slope[1] * down[None, :])
    warmth = 1 + rng.normal(0, 0.06, 3)
    tone = (np.arange(256, dtype=np.float32) / 255) ** rng.uniform(0.85, 1.25)
    lit = tone[pixels] * light[..., None]
    lit *= warmth
    lit += rng.normal(0, rng.uniform(0.005, 0.03), lit.shape)
    lit *= 255
    file = io.BytesIO()
    Image.fromarray(_bytes(lit)).save(file, "JPEG", quality=int(rng.integers(45, 85)))
    return Image.open(file).convert("RGB")


def _bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(values, 0, 255), np.uint8)
