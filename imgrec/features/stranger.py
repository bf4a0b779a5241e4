"""A stand-in for a photo of something that the shop does not sell: one of its own, cut up and put together wrongly.

Nobody has photos of everything that a shop lacks. What is left of a product photo when its pieces have changed places
has the light, the materials and the edges of real things and is no thing, as in M. Noroozi and P. Favaro, Unsupervised
Learning of Visual Representations by Solving Jigsaw Puzzles, 2016, section 3. That a model takes it for known about as
often as it does photos of other things is measured (docs/experiments.md).
"""

import hashlib

import numpy as np
from PIL import Image, ImageOps

from imgrec.features.telephone import telephone_view

_PIECES = 3  # a side
_PIECE_PX = 84


def stranger_view(photo: Image.Image, content: str) -> Image.Image:
    """photo: upright RGB, any size. Returns RGB, 256 x 256 px, always the same for the same photo.

    Nine pieces in another order, as a telephone would take them. `content` is the SHA-256 of the photo's file.
    """
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(f"stranger {content}".encode()).digest()[:8]))
    side = _PIECES * _PIECE_PX
    red, green, blue = (int(level) for level in np.asarray(photo.crop((0, 0, 1, 1)))[0, 0])
    whole = ImageOps.pad(photo, (side, side), Image.Resampling.BICUBIC, color=(red, green, blue))
    pieces = np.asarray(whole).reshape(_PIECES, _PIECE_PX, _PIECES, _PIECE_PX, 3).swapaxes(1, 2)
    mixed = pieces.reshape(-1, _PIECE_PX, _PIECE_PX, 3)[_order(rng)].reshape(pieces.shape).swapaxes(1, 2)
    return telephone_view(Image.fromarray(np.ascontiguousarray(mixed).reshape(side, side, 3)), content)


def _order(rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Which piece goes where: none stays where it was."""
    places = np.arange(_PIECES * _PIECES)
    while True:
        order = rng.permutation(places)
        if (order != places).all():
            return order
