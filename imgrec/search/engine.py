"""Where the vectors of a generation are, and what finds the nearest of them: the one interface of search engines.

A generation's folder has all that is small: record, whitening, head, and the register, which says of each row what
photo and product it is of. The vectors are large, a kilobyte a photo, and an engine's. So an engine needs to know
nothing of catalogues, models or shoppers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from imgrec.progress import Reporter
from imgrec.search.generation import IndexRecord, Register
from imgrec.vision.vectors import Bools, Floats, Ints

SIMILARITY_DECIMALS = 6
"""Similarities closer than this are equal: the rest is rounding, and depends on how a product is summed."""


@dataclass(frozen=True)
class VectorsOf:
    """The vectors of a generation that is being built, of `dim` numbers each: computed, and never all held at once.

    rows: those of some rows, float32 (n, k), in their order. parts: all, some thousand at a time, as numbers of rows
    and vectors: each row once, in whatever order they are had.
    """

    dim: int
    rows: Callable[[Ints], Floats]
    parts: Callable[[], Iterator[tuple[Ints, Floats]]]

    @classmethod
    def given(cls, vectors: Floats) -> Self:
        """Of vectors that are there, float32 (n, k)."""
        return cls(vectors.shape[1], lambda rows: vectors[rows], lambda: iter([(np.arange(len(vectors)), vectors)]))


@dataclass(frozen=True)
class Hit:
    """A product found: the similarity of its most similar photo, and its sales rank."""

    product_id: int
    similarity: float
    rank: int


@dataclass(frozen=True, eq=False)
class Findable:
    """What may be found; None, or nothing listed, leaves it open.

    products: int64 (n,), ids, each once. colours: the product is of one of these (COLOUR_NAMES); without_colours: of
    none of them.

    Prices, brands, sizes, words and stock are here as the ids of the products that pass, by the catalogue as it is when
    asked. For a catalogue changes while a generation stands. Were yesterday's prices kept with the vectors and filtered
    there, what has come down into the range since would never be found, and no check of what was found brings it back.
    Colours, categories and ids are the generation's own and never stale: an engine may narrow by them where it likes.
    """

    products: Ints | None = None
    colours: tuple[str, ...] = ()
    without_colours: tuple[str, ...] = ()
    _known: list[tuple[Register, Bools | None]] = field(default_factory=list, init=False, repr=False)

    def rows(self, register: Register) -> Bools | None:
        """The rows of what may be found: bool (photos,); None: all of them. Worked out once, for many questions."""
        if self.products is None and not self.colours and not self.without_colours:
            return None
        for of, known in self._known:
            if of is register:
                return known
        allowed = self._rows(register)
        self._known[:] = [(register, allowed)]
        return allowed

    def _rows(self, register: Register) -> Bools | None:
        allowed = None
        if self.colours or self.without_colours:
            allowed = register.in_colours(self.colours, self.without_colours)
        if self.products is not None:
            wanted = register.of_products(self.products)
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


class Store(Protocol):
    """Where an engine keeps the vectors of generations."""

    @property
    def identity(self) -> tuple[str, ...]:
        """What generations of it differ in from those of another; with another, there is something to build."""

    def check(self) -> None:
        """See, before hours of work, that there can be written. Raises SearchIndexError."""

    def write(self, draft: Path, record: IndexRecord, register: Register, vectors: VectorsOf, report: Reporter) -> None:
        """Write a generation's register into its folder, which is not sealed yet, and its vectors where they belong.

        Whatever interrupts it, `remove_generation` finds in that folder what it has left elsewhere.
        """


def ranked_hits(register: Register, rows: Ints, similarity: NDArray[np.floating], top: int) -> list[Hit]:
    """Of these rows the `top` most similar products, each by its most similar photo, in the order of `search`."""
    rounded = np.clip(np.round(similarity.astype(np.float64), SIMILARITY_DECIMALS), -1, 1)
    product, rank = register.product[rows], register.rank[rows]
    order = np.lexsort((product, rank, -rounded))
    best = order[np.sort(np.unique(product[order], return_index=True)[1])[:top]]  # where each product comes first
    columns = (product[best].tolist(), rounded[best].tolist(), rank[best].tolist())
    return [Hit(*hit) for hit in zip(*columns, strict=True)]
