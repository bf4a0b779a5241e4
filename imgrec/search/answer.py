"""What was seen in a photo and what answers it, as plain values."""

from dataclasses import dataclass

from imgrec.catalogue.store import Product
from imgrec.search.likeness import Degree
from imgrec.search.sold import LEAST_SOLD
from imgrec.vision.eye import Outputs
from imgrec.vision.vectors import Floats


@dataclass(frozen=True)
class ServingId:
    """Which generation, of which model: what was seen or answered by one is never used with another."""

    generation: str
    model_sha256: str
    built_utc: str

    @property
    def name(self) -> str:
        """The same in one word; numbers of generations begin anew where an index is made anew."""
        return f"{self.generation} of {self.built_utc}"


@dataclass(frozen=True)
class Seen:
    """What was seen in one photo: probabilities float32 (labels,), vector float32 (k,) of L2 norm 1, and by whom.

    sold: the probability that the shop sells it at all; those of the categories are of what it sells, and sum to 1.
    outputs: what its model said, one row, which another generation of that model can read; None where it is not of one
    photo as it is.
    """

    serving: ServingId
    probabilities: Floats
    vector: Floats
    outputs: Outputs | None = None
    sold: float = 1.0


@dataclass(frozen=True)
class Candidate:
    """A category and its probability."""

    name: str
    probability: float


@dataclass(frozen=True)
class Match:
    """A product that looks like the photo; likeness 0 to 1 is what people read, similarity the (joint) cosine."""

    product: Product
    similarity: float
    likeness: float
    degree: Degree
    from_price: str | None = None
    """The lowest price of the product's variants, of which it is the most similar; None where they cost the same."""
    is_marked_gone: bool = False
    """Whether it is out of stock, and to be marked so."""

    def price_in_words(self) -> str:
        """Such as "from 12.99 EUR, out of stock"; blank where nothing is known."""
        amount = self.from_price or self.product.price
        price = " ".join(filter(None, ["from" if self.from_price else None, amount, self.product.currency]))
        return ", ".join(filter(None, [price if amount else None, "out of stock" if self.is_marked_gone else None]))

    def as_json(self) -> dict[str, object]:
        """The product, how similar it is, and its lowest price."""
        found = {"similarity": self.similarity, "likeness": self.likeness, "from_price": self.from_price}
        return {**self.product.as_json(), **found}


@dataclass(frozen=True)
class Rank:
    """A product and how similar it is: what a page of more matches is made from."""

    product_id: int
    similarity: float
    likeness: float
    degree: Degree


@dataclass(frozen=True)
class Answer:
    """What `imgrec search` prints and the bot sends. `category` is None where the shop tells no categories apart.

    sold: the probability that the shop sells such a thing at all; the candidates' probabilities sum to it.
    """

    serving: ServingId
    category: Candidate | None
    candidates: tuple[Candidate, ...]
    scope: tuple[str, ...]
    threshold: float
    matches: tuple[Match, ...]
    nearest: Match | None
    """The most similar product, whether or not it passes the threshold."""
    ranked: tuple[Rank, ...] = ()
    """The most similar products on sale, up to a hundred, whether or not they pass it; `matches` are of these."""
    sold: float = 1.0

    @property
    def is_sold(self) -> bool:
        """Whether the photo is taken to show something that the shop sells."""
        return self.sold >= LEAST_SOLD

    def as_json(self) -> dict[str, object]:
        """The contract's object."""
        return {
            "category": vars(self.category) if self.category else None,
            "candidates": [vars(candidate) for candidate in self.candidates],
            "scope": list(self.scope),
            "threshold": self.threshold,
            "matches": [match.as_json() for match in self.matches],
        }
