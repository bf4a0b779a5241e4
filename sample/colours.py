"""Named colours, and how far apart two of them look."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

RGB = tuple[int, int, int]

PALETTE: dict[str, RGB] = {
    "white": (243, 242, 238), "ivory": (240, 229, 203), "silver": (190, 194, 199), "grey": (128, 132, 138),
    "charcoal": (62, 65, 71), "black": (27, 27, 30), "red": (203, 32, 39), "crimson": (143, 20, 52),
    "coral": (244, 109, 92), "orange": (240, 126, 23), "amber": (245, 171, 32), "yellow": (248, 215, 52),
    "lime": (164, 205, 57), "green": (40, 143, 66), "forest": (24, 82, 52), "olive": (114, 117, 46),
    "mint": (152, 219, 190), "teal": (16, 132, 134), "turquoise": (52, 190, 199), "sky": (129, 191, 236),
    "blue": (35, 99, 206), "navy": (25, 42, 92), "violet": (108, 62, 172), "lavender": (181, 161, 222),
    "magenta": (199, 41, 134), "pink": (247, 160, 184), "peach": (249, 195, 160), "beige": (214, 190, 153),
    "tan": (184, 134, 82), "brown": (101, 62, 37),
}  # fmt: skip

NEUTRALS = ("white", "ivory", "silver", "grey", "charcoal", "black")
BRIGHTS = (
    "red", "coral", "orange", "amber", "yellow", "lime", "green", "teal", "turquoise", "sky", "blue", "violet",
    "magenta", "pink",
)  # fmt: skip
PASTELS = ("white", "ivory", "mint", "sky", "lavender", "pink", "peach", "beige")
DEEPS = ("charcoal", "black", "crimson", "forest", "olive", "teal", "navy", "violet", "brown")
METALS = ("silver", "charcoal", "gold", "copper")
WOODS = ("oak", "walnut", "cherry", "birch")
PALETTE |= {"gold": (212, 168, 74), "copper": (190, 112, 78), "oak": (190, 147, 96), "walnut": (99, 67, 45),
            "cherry": (146, 74, 44), "birch": (222, 196, 156)}  # fmt: skip
EVERY = tuple(name for name in PALETTE if name not in METALS[2:] + WOODS)


@dataclass(frozen=True)
class Colour:
    """A colour with the name a shop gives it; rgb is sRGB, 0 to 255."""

    name: str
    rgb: RGB

    def __format__(self, _: str) -> str:
        return self.name.title()

    def mixed(self, other: "Colour", share: float) -> "Colour":
        """This colour with `share` (0 to 1) of another; keeps its name."""
        r, g, b = (round(a + (c - a) * share) for a, c in zip(self.rgb, other.rgb, strict=True))
        return Colour(self.name, (r, g, b))

    def lighter(self, share: float = 0.4) -> "Colour":
        """Some of the way to white."""
        return self.mixed(WHITE, share)

    def darker(self, share: float = 0.4) -> "Colour":
        """Some of the way to black."""
        return self.mixed(BLACK, share)

    @property
    def is_light(self) -> bool:
        """Whether dark print reads better on it than light print."""
        return perceived(self)[0] > 0.68

    @property
    def ink(self) -> "Colour":
        """The print that reads well on it."""
        return BLACK if self.is_light else WHITE

    def linear(self) -> tuple[float, float, float]:
        """Linear RGB, 0 to 1."""
        r, g, b = ((c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in self.rgb)
        return r, g, b


def named(name: str) -> Colour:
    """A colour of the palette. Raises KeyError for a name that is not in it."""
    return Colour(name, PALETTE[name])


WHITE, BLACK = named("white"), named("black")


@cache
def perceived(colour: Colour) -> tuple[float, float, float]:
    """Lightness (0 to 1), green-red and blue-yellow in OKLab (B. Ottosson, A perceptual color space, 2020)."""
    r, g, b = colour.linear()
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    medium = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def difference(first: Colour, second: Colour) -> float:
    """How different two colours look: 0 the same, 0.1 clearly apart, up to 1 as black and white.

    Hue and saturation count double: in another light they stay, lightness does not.
    """
    lightness, a, b = (x - y for x, y in zip(perceived(first), perceived(second), strict=True))
    return min(1.0, math.hypot(lightness, 2 * a, 2 * b))


def drawn_near(colour: Colour, rng: np.random.Generator, spread: float = 0.06) -> Colour:
    """The same colour as another batch of paint would have it."""
    r, g, b = (
        int(min(255, max(0, c * f))) for c, f in zip(colour.rgb, 1 + rng.uniform(-spread, spread, 3), strict=True)
    )
    return Colour(colour.name, (r, g, b))
