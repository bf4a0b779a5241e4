"""A part of a photo as four numbers, and what is cut out there."""

import math
from dataclasses import dataclass

from PIL import Image

_MOST_ENOUGH_PX = 768


@dataclass(frozen=True)
class Box:
    """A part of a photo, from its top left corner; 1 is the photo's own width and height.

    Raises ValueError where it has no area or reaches beyond the photo.
    """

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise ValueError(f"{self} is no part of a photo: 0 <= left < right <= 1, 0 <= top < bottom <= 1.")

    @property
    def width(self) -> float:
        """Of the photo's."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Of the photo's."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Of the photo's."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """From the left, and from the top."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def common(self, other: "Box") -> float:
        """The area that two boxes have in common."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, across) * max(0.0, down)

    def around(self, other: "Box") -> "Box":
        """The smallest box that holds both."""
        return Box(
            min(self.left, other.left), min(self.top, other.top), max(self.right, other.right),
            max(self.bottom, other.bottom),
        )  # fmt: skip


def quadrants() -> tuple[Box, Box, Box, Box]:
    """The photo's quarters, as they are read: top left, top right, bottom left, bottom right."""
    return Box(0, 0, 0.5, 0.5), Box(0.5, 0, 1, 0.5), Box(0, 0.5, 0.5, 1), Box(0.5, 0.5, 1, 1)


def crop(photo: Image.Image, box: Box) -> Image.Image:
    """The pixels within the box, one by one at the least."""
    left, top = math.floor(box.left * photo.width), math.floor(box.top * photo.height)
    right, bottom = math.ceil(box.right * photo.width), math.ceil(box.bottom * photo.height)
    return photo.crop((left, top, right, bottom))


def enough_for(enough_px: int, box: Box) -> int:
    """The short side that a photo needs for its crop to have `enough_px`, within what decoding has room for."""
    wanted = math.ceil(enough_px / min(box.width, box.height))
    return max(enough_px, min(wanted, _MOST_ENOUGH_PX))
