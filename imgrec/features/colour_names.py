"""What people call a colour: the eleven basic names of English and five that shops use beside them.

The eleven are those of Berlin and Kay (Basic Color Terms, 1969), with beige, gold, navy, silver and turquoise. Each is
some boxes in lightness, chroma and hue of CIE Lab, drawn after the swatches of the xkcd colour survey (2010) and moved
to agree with what the titles of real products say (docs/experiments.md). They overlap as names do: navy is blue, too.
A photo does not tell metal from paint, so silver is any grey that is not dark, and gold any yellow or tan.
"""

import numpy as np
from numpy.typing import NDArray

from imgrec.vision.vectors import Bools, Floats

_LEAST_SHARE = 0.2  # of what is not ground
_GROUND = 93.0, 4.0  # as light and as colourless as this is the paper the thing lies on, where there is something else
_SOMETHING = 0.12

_AT_ONCE = 8192
"""Photos whose names are worked out in one go: what they take then stays in a core's cache."""

_Range = tuple[float, float]
_ANY: _Range = (0, 360)
_LIGHTEST, _STRONGEST = 101.0, 200.0

_BOXES: dict[str, tuple[tuple[_Range, _Range, _Range], ...]] = {  # lightness, chroma, hue in degrees
    "black": (((0, 31), (0, 6.5), _ANY), ((0, 18), (0, 12), _ANY)),
    "white": (((80, _LIGHTEST), (0, 7), _ANY),),
    "grey": (((30, 82), (0, 6.5), _ANY),),
    "silver": (((50, 92), (0, 8), _ANY),),
    "brown": (((10, 58), (5.5, 42), (20, 85)),),
    "beige": (((60, _LIGHTEST), (7, 40), (55, 105)),),
    "red": (
        ((0, 62), (30, _STRONGEST), (345, 40)),
        ((0, 42), (15, _STRONGEST), (345, 36)),
        ((0, 55), (45, _STRONGEST), (30, 48)),
    ),
    "orange": (((45, _LIGHTEST), (42, _STRONGEST), (42, 77)),),
    "yellow": (((50, _LIGHTEST), (35, _STRONGEST), (76, 115)),),
    "gold": (((40, _LIGHTEST), (15, 80), (62, 95)),),
    "green": (((0, _LIGHTEST), (8, _STRONGEST), (105, 200)), ((0, 55), (12, _STRONGEST), (92, 110))),
    "turquoise": (((35, _LIGHTEST), (14, _STRONGEST), (180, 232)),),
    "blue": (
        ((0, _LIGHTEST), (8, _STRONGEST), (215, 300)),
        ((0, 45), (4, _STRONGEST), (215, 300)),
        ((0, _LIGHTEST), (60, _STRONGEST), (300, 312)),
    ),
    "navy": (((0, 32), (4, _STRONGEST), (240, 305)),),
    "purple": (
        ((0, _LIGHTEST), (7, 60), (290, 345)),
        ((0, _LIGHTEST), (60, _STRONGEST), (312, 345)),
        ((0, 48), (7, 35), (325, 12)),
    ),
    "pink": (
        ((52, _LIGHTEST), (9, _STRONGEST), (335, 22)),
        ((38, _LIGHTEST), (30, _STRONGEST), (340, 12)),
        ((60, _LIGHTEST), (14, 62), (20, 38)),
    ),
}

COLOUR_NAMES = tuple(_BOXES)
"""All of them, in the order of `names_of`'s columns."""


def names_of(colours: NDArray[np.floating]) -> Bools:
    """Which names people would give a photo of these dominant colours.

    colours: (n, 3, 4), L*, a*, b* and share, as dominant_colours has them. Returns bool (n, len(COLOUR_NAMES)); no name
    where nothing is known.
    """
    named = np.zeros((len(colours), len(COLOUR_NAMES)), bool)
    for start in range(0, len(colours), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        named[rows] = _names_of_some(colours[rows])
    return named


def _names_of_some(colours: NDArray[np.floating]) -> Bools:
    lab, share = colours[..., :3].astype(np.float32), colours[..., 3].astype(np.float32)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    counts = _share_of_thing(lab[..., 0], chroma, share) >= _LEAST_SHARE
    named = np.zeros((len(colours), len(COLOUR_NAMES)), bool)
    for column, boxes in enumerate(_BOXES.values()):
        for lightness, strength, hues in boxes:
            within = _is_within(lab[..., 0], lightness) & _is_within(chroma, strength) & _is_within(hue, hues)
            named[:, column] |= (within & counts).any(axis=1)
    return named


def _share_of_thing(lightness: Floats, chroma: Floats, share: Floats) -> Floats:
    """The shares, without a white ground that was not told from the thing, such as that behind a person."""
    is_ground = (lightness > _GROUND[0]) & (chroma < _GROUND[1])
    rest = np.where(is_ground, 0, share).sum(axis=1, keepdims=True)
    found: Floats = np.where(rest < _SOMETHING, share, np.where(is_ground, 0, share / np.maximum(rest, _SOMETHING)))
    return found


def _is_within(values: Floats, range_: _Range) -> Bools:
    """The upper end left out; hues may run through 0."""
    least, most = range_
    if least < most:
        return (values >= least) & (values < most)
    return (values >= least) | (values < most)
