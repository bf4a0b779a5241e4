"""Light into files: exposure, a camera's flaws, and JPEG."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from sample.scene import Flaws


def developed(light: NDArray[np.float32], flaws: Flaws, rng: np.random.Generator, side_px: int | None = None) -> bytes:
    """The bytes of a JPEG file of what reached the film, reduced to `side_px`; light: linear RGB, (side, side, 3)."""
    light = np.clip(light * flaws.exposure, 0, None)
    shoulder = np.where(light > 0.8, 0.8 + 0.2 * np.tanh((light - 0.8) / 0.2), light)  # highlights fade to white
    encoded = np.where(shoulder <= 0.0031308, 12.92 * shoulder, 1.055 * np.power(shoulder, 1 / 2.4) - 0.055)
    encoded = 0.5 + (encoded - 0.5) * flaws.contrast
    image = Image.fromarray(np.rint(np.clip(encoded, 0, 1) * 255).astype(np.uint8))
    if side_px and side_px != image.width:
        image = image.resize((side_px, side_px), Image.Resampling.LANCZOS)
    if flaws.blur > 0:
        image = image.filter(ImageFilter.GaussianBlur(flaws.blur * image.width))
    if flaws.noise > 0:
        grain = rng.normal(0, flaws.noise, (image.height, image.width, 1)) + rng.normal(
            0, flaws.noise / 2, (image.height, image.width, 3)
        )
        image = Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=flaws.quality, optimize=True)
    return buffer.getvalue()
