"""Where the vectors of a generation are, and what finds the nearest of them: the one interface of search engines.

A generation's folder has all that is small: record, whitening, head, and the register, which says of each row what
photo and product it is of. The vectors are large, a kilobyte a photo, and an engine's. So an engine needs to know
nothing of catalogues, models or shoppers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imgrec.search.generation import Ints, Register
from imgrec.vision.vectors import Floats

SIMILARITY_DECIMALS = 6
"""Similarities closer than this are equal: the rest is rounding, and depends on how a product is summed."""


@dataclass(frozen=True)
class Hit:
    """A product found: the similarity of its most similar photo, and its sales rank."""

    product_id: int
    similarity: float
    rank: int


@dataclass(frozen=True)
class Findable:
    """What may be found; None, or nothing listed, leaves it open.

    products: int64 (n,), ids, each once. colours: the product's first photo shows one of these (COLOUR_NAMES);
    without_colours: none of them.

    Prices, brands, sizes, words and stock are here as the ids of the products that pass, by the catalogue as it is when
    asked. For a catalogue changes while a generation stands. Were yesterday's prices kept with the vectors and filtered
    there, what has come down into the range since would never be found, and no check of what was found brings it back.
    Colours, categories and ids are the generation's own and never stale: an engine may narrow by them where it likes.
    """

    products: Ints | None = None
    colours: tuple[str, ...] = ()
    without_colours: tuple[str, ...] = ()

    def rows(self, register: Register) -> NDArray[np.bool_] | None:
        """The rows of what may be found: bool (photos,); None: all of them."""
        allowed = None
        if self.colours or self.without_colours:
            allowed = register.in_colours(self.colours, self.without_colours)
        if self.products is not None:
            wanted = np.isin(register.product, self.products)
            allowed = wanted if allowed is None else wanted & allowed
        return allowed


EVERYTHING = Findable()


class Engine(Protocol):
    """The vectors of one generation, open for searching from any thread."""

    @property
    def register(self) -> Register:
        """What each row is of."""

    def search(
        self, vector: Floats, categories: Sequence[str] | None, top: int, findable: Findable = EVERYTHING,
        roots: Mapping[str | None, float] | None = None,
    ) -> list[Hit]:  # fmt: skip
        """The `top` most similar products, most similar first; of equal ones the better sales rank.

        vector: float32 (k,), L2 norm 1. categories: those searched, and with them the products that have none, as those
        may be of any; None: all. roots: what the joint similarity (joint.py) takes of each category, and of products
        without one, by None; None: vectors alone count.

        Raises UnreachableIndexError while they cannot be had, SearchIndexError when they are gone or damaged.
        """

    def vectors(self, rows: Ints) -> Floats:
        """The vectors of these rows, float32 (n, k), in their order. Raises as `search` does."""

    def close(self) -> None:
        """Let go of what is held open, such as a connection."""
