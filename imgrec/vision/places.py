"""Where a place of the last block's map lies in the photo it was made from."""

import numpy as np
from PIL import Image

from imgrec.vision.preprocessing import Preprocessing
from imgrec.vision.vectors import Floats

Frame = tuple[float, float, float, float]


def frame_of(preprocessing: Preprocessing, size: tuple[int, int]) -> Frame:
    """Left, top, right and bottom of a photo (width, height) in its square, whose side is 1.

    Padded, the photo leaves some of the square to the ground; cropped, it reaches beyond it.
    """
    width, height = size
    if preprocessing.fit == "stretch":
        return 0.0, 0.0, 1.0, 1.0
    side = max(size) if preprocessing.fit == "pad" else min(size)
    across, down = width / side, height / side
    return (1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2


def on_photo(values: Floats, preprocessing: Preprocessing, size: tuple[int, int]) -> Floats:
    """Values of places (rows, columns), smoothly spread over a photo of this size: float32 (height, width).

    What the square cut off has the value of the nearest place that was seen.
    """
    left, top, right, bottom = frame_of(preprocessing, size)
    rows, columns = values.shape
    beyond = np.pad(values, ((rows, rows), (columns, columns)), mode="edge")
    box = ((1 + left) * columns, (1 + top) * rows, (1 + right) * columns, (1 + bottom) * rows)
    spread = Image.fromarray(beyond.astype(np.float32)).resize(size, Image.Resampling.BICUBIC, box)
    return np.asarray(spread, np.float32)
