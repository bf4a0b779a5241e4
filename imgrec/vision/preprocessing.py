"""The one way from a photo to the network's input, stored with the model and used by training, index and bot alike."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

Pixels = NDArray[np.uint8]
LEAST_SIDE_PX, MOST_SIDE_PX = 32, 512


class Preprocessing(BaseModel):
    """How a decoded photo becomes a square of pixels.

    Only geometry happens here. Subtracting the mean and scaling are the network's first layers, so the exported file
    takes plain RGB and no caller can forget them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    side_px: int = Field(ge=LEAST_SIDE_PX, le=MOST_SIDE_PX)
    fit: Literal["pad", "crop", "stretch"] = "pad"

    def square(self, photo: Image.Image) -> Pixels:
        """photo: an upright RGB image of any size. Returns uint8 (side_px, side_px, 3) RGB.

        pad: the whole photo, centred on white; crop: the central square; stretch: both sides to the same length.
        """
        side, (width, height) = self.side_px, photo.size
        if self.fit == "crop":
            short = min(width, height)
            left, top = (width - short) / 2, (height - short) / 2
            return _resized(photo, (side, side), (left, top, left + short, top + short))
        if self.fit == "stretch":
            return _resized(photo, (side, side), (0, 0, width, height))
        scale = side / max(width, height)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        canvas = np.full((side, side, 3), 255, np.uint8)
        left, top = (side - inner[0]) // 2, (side - inner[1]) // 2
        canvas[top : top + inner[1], left : left + inner[0]] = _resized(photo, inner, (0, 0, width, height))
        return canvas

    def batch(self, photos: Sequence[Image.Image]) -> Pixels:
        """Upright RGB images of any size. Returns uint8 (n, side_px, side_px, 3) RGB, in order."""
        if not photos:
            return np.empty((0, self.side_px, self.side_px, 3), np.uint8)
        return np.stack([self.square(photo) for photo in photos])


def _resized(photo: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> Pixels:
    return np.asarray(photo.resize(size, Image.Resampling.BICUBIC, box, reducing_gap=3.0), np.uint8)
