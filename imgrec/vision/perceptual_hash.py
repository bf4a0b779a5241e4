"""A fingerprint of what a photo shows: alike for the same picture in another size, quality or colour."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.vision.decode import decode_photo

HASH_BYTES = 32
_SIDE_BITS = 16
_SIDE_PX = 64


def perceptual_hash(source: bytes | Path) -> bytes:
    """The pHash of a photo: 256 bits, of which few differ between pictures that look the same.

    Brightness only, 64 x 64 pixels, its 16 x 16 lowest frequencies, each above or below their median: E. Klinger and
    D. Starkweather's pHash with a longer side. 64 bits are too few for products on white (docs/photos.md).
    Raises UnreadablePhotoError or TooLargePhotoError.
    """
    small = decode_photo(source, enough_px=_SIDE_PX).convert("L").resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS)
    cosines = _cosines()
    low = cosines @ np.asarray(small, np.float64) @ cosines.T
    return np.packbits(low > np.median(low)).tobytes()


@cache
def _cosines() -> NDArray[np.float64]:
    """The first rows of the discrete cosine transform (type II, unscaled): (16, 64)."""
    frequency, position = np.arange(_SIDE_BITS)[:, None], np.arange(_SIDE_PX)[None, :]
    return np.cos(np.pi * frequency * (2 * position + 1) / (2 * _SIDE_PX))
