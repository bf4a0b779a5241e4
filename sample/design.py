"""A kind of product says what may vary; a design is one draw of all of it, and designs can be told apart."""

import hashlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from sample.colours import EVERY, Colour, difference, drawn_near, named
from sample.parts import Model, standing
from sample.words import BRANDS, invented_name

Value = float | int | str | Colour
_COLOURS_APART = 0.22
_TRIES = 60
_DRAWN = 12  # designs for each that is taken


@dataclass(frozen=True)
class Span:
    """A length in centimetres, an angle or a share, anywhere between two ends."""

    low: float
    high: float
    weight: float = 1.0

    def draw(self, rng: np.random.Generator) -> float:
        """A value, evenly."""
        return float(rng.uniform(self.low, self.high))

    def apart(self, first: Value, second: Value) -> float:
        """How different two values look: 0 to 1."""
        assert isinstance(first, float) and isinstance(second, float)  # noqa: S101, PT018 - for the type checker
        return abs(first - second) / (self.high - self.low)


class _Unlike:
    """Values that are the same or are not."""

    def apart(self, first: Value, second: Value) -> float:
        """Whether two values differ: 0 or 1."""
        return float(first != second)


@dataclass(frozen=True)
class Choice(_Unlike):
    """One of some words, which the title may use; `plain` is left out there."""

    options: tuple[str, ...]
    weight: float = 1.0

    def draw(self, rng: np.random.Generator) -> str:
        """One of them."""
        return self.options[int(rng.integers(len(self.options)))]


@dataclass(frozen=True)
class Colours:
    """A colour of the palette, slightly off; one design's colours are drawn well apart from each other."""

    names: tuple[str, ...]
    weight: float = 2.0

    def draw(self, rng: np.random.Generator) -> Colour:
        """A colour."""
        return drawn_near(named(self.names[int(rng.integers(len(self.names)))]), rng)

    def apart(self, first: Value, second: Value) -> float:
        """How different two colours look."""
        assert isinstance(first, Colour) and isinstance(second, Colour)  # noqa: S101, PT018 - for the type checker
        return difference(first, second)


@dataclass(frozen=True)
class Name(_Unlike):
    """An invented name, printed or in the title."""

    weight: float = 0.0

    def draw(self, rng: np.random.Generator) -> str:
        """A name."""
        return invented_name(rng)


@dataclass(frozen=True)
class Art(_Unlike):
    """A number from which a picture is drawn: a cover, a pattern of scattered shapes."""

    weight: float = 0.5

    def draw(self, rng: np.random.Generator) -> int:
        """A seed."""
        return int(rng.integers(2**31))


Variation = Span | Choice | Colours | Name | Art


def span(low: float, high: float, weight: float = 1.0) -> Span:
    """Anything from low to high."""
    return Span(low, high, weight)


def choice(*options: str, weight: float = 1.0) -> Choice:
    """One of the words."""
    return Choice(options, weight)


def colours(*names: str, weight: float = 2.0) -> Colours:
    """One of the named colours; of all when none is named."""
    return Colours(names or EVERY, weight)


@dataclass(frozen=True)
class Seen:
    """From where a kind looks like itself: at most `turn_deg` from its front, from this high."""

    turn_deg: float = 50
    lowest_deg: float = 8
    highest_deg: float = 50


@dataclass(frozen=True)
class Kind:
    """A kind of product: what may vary, what it is called and costs, and how it is built.

    `title` is a format string over the variations' names: `{body} {marking} Mug`; `price` is from, to.
    """

    department: str
    name: str
    title: str
    price: tuple[float, float]
    varies: Mapping[str, Variation]
    seen: Seen
    builder: Callable[..., Model] = field(repr=False)

    def build(self, design: "Design") -> Model:
        """The model of a design, in centimetres, standing on z = 0 around the origin, its front facing -y."""
        wanted = inspect.signature(self.builder).parameters
        known = {**design.values, "brand": design.brand}
        return standing(self.builder(**{name: known[name] for name in wanted}))

    def draw(self, *seed: object) -> "Design":
        """A design; the same for the same seed, whatever else is drawn."""
        rng = generator(self.department, self.name, *seed)
        brand = BRANDS[int(rng.integers(len(BRANDS)))]
        values: dict[str, Value] = {}
        for name, variation in self.varies.items():
            value = variation.draw(rng)
            if isinstance(variation, Colours):
                taken = [other for other in values.values() if isinstance(other, Colour)]
                for _ in range(_TRIES):
                    if all(difference(value, other) > _COLOURS_APART for other in taken):  # type: ignore[arg-type]
                        break
                    value = variation.draw(rng)
            values[name] = value
        return Design(self, brand, MappingProxyType(values), seed)

    def spread(self, count: int, *seed: object) -> list["Design"]:
        """Designs clearly apart from each other: of many drawn, always the one farthest from those taken.

        T. Gonzalez, Clustering to minimize the maximum intercluster distance, 1985, section 2.
        """
        drawn = [self.draw("spread", *seed, number) for number in range(_DRAWN * count)]
        taken, gap = [drawn[0]], np.full(len(drawn), np.inf)
        while len(taken) < count:
            gap = np.minimum(gap, [taken[-1].apart(other) for other in drawn])
            taken.append(drawn[int(gap.argmax())])
        return taken


@dataclass(frozen=True)
class Design:
    """One draw of all that may vary in a kind; `kind.draw(*seed)` draws it again."""

    kind: Kind
    brand: str
    values: Mapping[str, Value]
    seed: tuple[object, ...]

    def apart(self, other: "Design") -> float:
        """How different two designs of a kind look, 0 to 1: the root mean square over what varies, by weight."""
        total = weight = 0.0
        for name, variation in self.kind.varies.items():
            total += variation.weight * variation.apart(self.values[name], other.values[name]) ** 2
            weight += variation.weight
        return math.sqrt(total / weight)

    @property
    def title(self) -> str:
        """What a shop would call it."""
        shown = {name: _in_title(value) for name, value in self.values.items()}
        return " ".join(f"{self.brand} {self.kind.title.format(**shown)}".split())

    @property
    def digest(self) -> str:
        """Eight characters that change when anything of the design does."""
        return hashlib.sha256(repr((self.kind.name, self.brand, dict(self.values))).encode()).hexdigest()[:8]


def nearest(design: Design, others: Sequence[Design]) -> float:
    """How far the most similar of others is; infinite when there is none."""
    return min((design.apart(other) for other in others), default=math.inf)


def generator(*seed: object) -> np.random.Generator:
    """A random generator named by anything printable: its numbers depend on nothing else."""
    digest = hashlib.sha256("\0".join(map(str, seed)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


class department:  # noqa: N801 - used as a decorator's name: kind = department("Home")
    """`kind = department("Home")`, then `@kind(...)` above each builder makes it a Kind of that department."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(
        self, title: str, price: tuple[float, float], /, seen: Seen | None = None, **varies: Variation
    ) -> Callable[[Callable[..., Model]], Kind]:
        """Declare a kind: its title, price range, from where it is seen, and what may vary, named as its parameters."""

        def declared(builder: Callable[..., Model]) -> Kind:
            name = builder.__name__.replace("_", " ")
            return Kind(self.name, name, title, price, MappingProxyType(varies), seen or Seen(), builder)

        return declared


def _in_title(value: Value) -> str:
    if isinstance(value, Colour):
        return value.name.title()
    if isinstance(value, str):
        return "" if value == "plain" else value if value[:1].isupper() else value.title()
    return f"{value:.0f}"
