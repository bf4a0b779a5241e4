"""A stand-in for a photo of something that the shop does not sell: one of its own, cut up and put together wrongly.

Nobody has photos of everything that a shop lacks. What is left of a product photo when its pieces have changed places
has the light, the materials and the edges of real things and is no thing, as in M. Noroozi and P. Favaro, Unsupervised
Learning of Visual Representations by Solving Jigsaw Puzzles, 2016, section 3. That a model takes it for known about as
often as it does photos of other things is measured (docs/experiments.md).
"""

import numpy as np
from PIL import Image, ImageOps

from imgrec.features.telephone import drawn_by, telephone_view
from imgrec.vision.vectors import Ints

_PIECES = 4  # a side
_PIECE_PX = 64


def stranger_view(photo: Image.Image, content: str) -> Image.Image:
    """photo: upright RGB, any size. Returns RGB, 256 x 256 px, always the same for the same photo.

    In pieces, and as a telephone would take it. `content` is the SHA-256 of the photo's file, and seeds what is drawn.
    """
    return telephone_view(in_pieces(photo, content), content)


def in_pieces(photo: Image.Image, content: str) -> Image.Image:
    """The photo as a square, RGB, 256 x 256 px, whose sixteen pieces have changed places: none is where it was."""
    side = _PIECES * _PIECE_PX
    red, green, blue = (int(level) for level in np.asarray(photo.crop((0, 0, 1, 1)))[0, 0])
    whole = ImageOps.pad(photo, (side, side), Image.Resampling.BICUBIC, color=(red, green, blue))
    pieces = np.asarray(whole).reshape(_PIECES, _PIECE_PX, _PIECES, _PIECE_PX, 3).swapaxes(1, 2)
    mixed = pieces.reshape(-1, _PIECE_PX, _PIECE_PX, 3)[_order(drawn_by(content))].reshape(pieces.shape).swapaxes(1, 2)
    return Image.fromarray(mixed.reshape(side, side, 3))


def _order(rng: np.random.Generator) -> Ints:
    """Which piece goes where."""
    places = np.arange(_PIECES * _PIECES)
    order = rng.permutation(places)
    while (order == places).any():
        order = rng.permutation(places)
    return order
