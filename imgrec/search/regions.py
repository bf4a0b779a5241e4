"""The things in a photo, as boxes: what a shopper may have meant where a photo shows several.

On a plain ground things are what stands apart from it; elsewhere they are where the last block responds more than on
average (X.-S. Wei et al., Selective Convolutional Descriptor Aggregation, 2017, section 3.2), neighbouring places
joined for as long as they look alike. Either way the network decides what is one thing: parts that it describes alike,
such as two shoes of a pair, are. The constants are measured (docs/experiments.md).
"""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from PIL import Image
from scipy import ndimage

from imgrec.features.telephone import mask_of_thing
from imgrec.vision.boxes import Box
from imgrec.vision.places import Frame, frame_of
from imgrec.vision.preprocessing import Preprocessing
from imgrec.vision.vectors import Bools, Floats, Ints, unit_rows

MOST_REGIONS = 4
_LEAST_AREA = 0.01
_MASK_SIDE_PX = 192
_CLOSED_PX = 3
_RESPONDS = 0.7
_PLACES_ALIKE = 0.3
_LEAST_PLACES = 3
_THINGS_ALIKE = 0.7
_MOST_COMMON = 0.25
_NEARLY_ALL = 0.8
_CENTRAL = Box(0.2, 0.2, 0.8, 0.8)


def regions(photo: Image.Image, last_map: Floats, preprocessing: Preprocessing) -> list[Box]:
    """Up to four parts of the photo that show a thing each, as they are read; one where it shows one thing.

    photo: upright RGB. last_map: float32 (channels, rows, columns), what the last block sees in it.
    """
    frame = frame_of(preprocessing, photo.size)
    parts = _on_plain_ground(photo)
    if parts is None:
        parts = _responding(last_map, frame)
    things = _told_apart(parts, lambda box: _described(last_map, frame, box)) or [Box(0, 0, 1, 1)]
    largest = sorted(things, key=lambda box: -box.area)[:MOST_REGIONS]
    return sorted(largest, key=lambda box: (box.centre[1] >= 0.5, box.centre[0]))


def middle(things: Sequence[Box]) -> Box:
    """Of the photo's regions the one nearest to its middle; where that is nearly all of the photo, its central part."""
    nearest = min(things, key=lambda box: abs(box.centre[0] - 0.5) + abs(box.centre[1] - 0.5))
    return nearest if nearest.area < _NEARLY_ALL else _CENTRAL


def _on_plain_ground(photo: Image.Image) -> list[Box] | None:
    """What stands apart from a plain ground, None where there is no such ground."""
    small = photo.copy()
    small.thumbnail((_MASK_SIDE_PX, _MASK_SIDE_PX))
    mask = mask_of_thing(small)
    if mask is None:
        return None
    wide = np.pad(np.asarray(mask) > 127, 2 * _CLOSED_PX)
    closed = ndimage.binary_closing(wide, iterations=_CLOSED_PX)  # a thin light stripe does not make two things
    inner = slice(2 * _CLOSED_PX, -2 * _CLOSED_PX)
    apart, _ = ndimage.label(closed[inner, inner], np.ones((3, 3)))
    return [
        box
        for number, box in enumerate(_boxes(apart, (0.0, 0.0, 1.0, 1.0)), start=1)
        if box is not None and (apart == number).mean() >= _LEAST_AREA
    ]


def _responding(last_map: Floats, frame: Frame) -> list[Box]:
    """Neighbouring places that look alike, of those where the last block responds."""
    response = last_map.sum(axis=0)
    rows, columns = np.nonzero(response > _RESPONDS * response.mean())
    steps = np.abs(rows[:, None] - rows) + np.abs(columns[:, None] - columns)
    joined = _joined(unit_rows(last_map[:, rows, columns].T), steps == 1)
    parts = np.zeros(response.shape, int)
    for number, part in enumerate(np.unique(joined), start=1):
        own = joined == part
        if own.sum() >= _LEAST_PLACES:
            parts[rows[own], columns[own]] = number
    return [box for box in _boxes(parts, frame) if box is not None and box.area >= _LEAST_AREA]


def _joined(descriptors: Floats, touching: Bools) -> Ints:
    """A number for each of n descriptors (n, channels): that of the part it belongs to.

    The two touching parts that are most alike become one, over and over, for as long as they are alike at all.
    """
    part, touching = np.arange(len(descriptors)), touching.copy()
    products = descriptors @ descriptors.T  # of the sums of what is joined: all that their cosines need
    while len(part):
        length = np.sqrt(np.maximum(np.diagonal(products), 1e-12))
        alike = np.where(touching, products / np.outer(length, length), -1.0)
        one, other = np.unravel_index(alike.argmax(), alike.shape)
        if alike[one, other] < _PLACES_ALIKE:
            break
        part[part == other] = one
        for table in (products, touching):
            table[one] += table[other]
            table[:, one] += table[:, other]
        touching[other] = touching[:, other] = touching[one, one] = False
    return part


def _told_apart(boxes: Sequence[Box], described: Callable[[Box], Floats]) -> list[Box]:
    """Boxes that look alike, or lie on each other, as one around both."""
    left = list(boxes)
    while True:
        for one, other in combinations(left, 2):
            if _common(one, other) > _MOST_COMMON or float(described(one) @ described(other)) >= _THINGS_ALIKE:
                left = [box for box in left if box not in (one, other)] + [one.around(other)]
                break
        else:
            return left


def _common(one: Box, other: Box) -> float:
    """The area they have in common, of the smaller one's."""
    return one.common(other) / min(one.area, other.area)


def _described(last_map: Floats, frame: Frame, box: Box) -> Floats:
    """What the last block sees in a box, on average: float32 (channels,), of L2 norm 1."""
    left, top, right, bottom = frame
    _, rows, columns = last_map.shape
    across = _covered(columns, left + box.left * (right - left), left + box.right * (right - left))
    down = _covered(rows, top + box.top * (bottom - top), top + box.bottom * (bottom - top))
    return np.asarray(unit_rows(np.einsum("crk,r,k->c", last_map, down, across)[None])[0])


def _covered(places: int, start: float, end: float) -> Floats:
    """How much of each of so many places lies between two points of the side."""
    at = np.arange(places)
    covered = np.clip(np.minimum(at + 1, end * places) - np.maximum(at, start * places), 0, 1)
    return np.asarray(covered, np.float32)


def _boxes(parts: Ints, frame: Frame) -> list[Box | None]:
    """Around each numbered part of the square, in the photo's terms; None of what lies beside the photo."""
    left, top, right, bottom = frame
    rows, columns = parts.shape
    found: list[Box | None] = []
    for place in ndimage.find_objects(parts):
        if place is None:
            continue
        down, across = place
        edges = (
            (across.start / columns - left) / (right - left), (down.start / rows - top) / (bottom - top),
            (across.stop / columns - left) / (right - left), (down.stop / rows - top) / (bottom - top),
        )  # fmt: skip
        sides = [min(1.0, max(0.0, edge)) for edge in edges]
        found.append(Box(*sides) if sides[0] < sides[2] and sides[1] < sides[3] else None)
    return found
