"""Exact cosine search over a generation's vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import SearchIndexError
from imgrec.features.colour_names import COLOUR_NAMES, names_of
from imgrec.generations import current
from imgrec.search.generation import (
    HEAD,
    RECORD,
    WHITENING,
    IndexRecord,
    Ints,
    Shelves,
    damaged,
    read_shelves,
    record_in,
    unsealed,
)
from imgrec.search.head import Head
from imgrec.search.joint import blended
from imgrec.search.neighbours import Neighbours
from imgrec.search.whitening import Whitening
from imgrec.sums import SealedFolder
from imgrec.vision.vectors import Floats

_ROUNDING = 1e-5
_FIRST_LOOK = 4

SIMILARITY_DECIMALS = 6
"""Similarities closer than this are equal: the rest is rounding, and depends on how a product is summed."""


@dataclass(frozen=True)
class Hit:
    """A product found: the similarity of its most similar photo, and its sales rank."""

    product_id: int
    similarity: float
    rank: int


class SearchIndex:
    """One generation, open for searching from any thread."""

    def __init__(self, folder: Path) -> None:
        """Open a generation: all of it is read, once, and what was read is checked.

        Raises SearchIndexError when it is damaged, has no sums, or is of an older imgrec.
        """
        self.folder = folder
        try:
            content = (folder / RECORD).read_bytes()
            self.record: IndexRecord = record_in(folder, content)
            sealed = _sealed(folder)
            sealed.check(RECORD, content)
            self.shelves: Shelves = read_shelves(sealed)
            self.whitening = Whitening(sealed.array(WHITENING))
            knowledge = self.record.knowledge
            self.head = Head(sealed.array(HEAD)) if knowledge.head == "fitted" else None
            self.neighbours = Neighbours.read(sealed, len(knowledge.labels)) if knowledge.hears_neighbours else None
            if self.shelves.vectors.shape != (self.record.photos, self.whitening.dim):
                raise ValueError("its arrays do not fit its record")
        except (OSError, ValueError) as error:
            raise damaged(folder, error) from None

    @property
    def generation(self) -> str:
        """The name of this generation."""
        return self.folder.name

    def search(
        self, vector: Floats, categories: Sequence[str] | None, top: int, allowed: NDArray[np.bool_] | None = None,
        roots: Mapping[str | None, float] | None = None,
    ) -> list[Hit]:  # fmt: skip
        """The `top` most similar products, most similar first; of equal ones the better sales rank.

        vector: float32 (k,), L2 norm 1. categories: those searched, and with them the products that have none, as those
        may be of any; None: all. allowed: bool (photos,), the rows that may be found; None: all. roots: what the joint
        similarity (joint.py) takes of each category, and of products without one, by None; None: vectors alone count.
        """
        behind = self._behind(roots) if roots else None
        found = [self._search_rows(vector, start, end, top, allowed, behind) for start, end in self._spans(categories)]
        hits: dict[int, Hit] = {}
        for hit in (hit for part in found for hit in part):  # a product stands on one shelf, or on several in old feeds
            if hit.product_id not in hits or hit.similarity > hits[hit.product_id].similarity:
                hits[hit.product_id] = hit
        return sorted(hits.values(), key=lambda hit: (-hit.similarity, hit.rank, hit.product_id))[:top]

    def in_colours(self, colours: Sequence[str], without: Sequence[str]) -> NDArray[np.bool_]:
        """The rows of products that show one of these colours, and none of those: bool (photos,).

        colours, without: of COLOUR_NAMES; nothing listed leaves it open.
        """
        wanted, unwanted = ([COLOUR_NAMES.index(name) for name in names] for names in (colours, without))
        allowed = np.ones(len(self.shelves), bool)
        if wanted:
            allowed &= self._named[:, wanted].any(axis=1)
        allowed[self._named[:, unwanted].any(axis=1)] = False
        return allowed

    @cached_property
    def _named(self) -> NDArray[np.bool_]:
        """The names of each row's colours, bool (photos, names): those of its product's first photo, which is shown."""
        _, first, product = np.unique(self.shelves.product, return_index=True, return_inverse=True)
        return names_of(self.shelves.colours[first])[product]

    @property
    def uncategorised(self) -> tuple[int, int]:
        """The rows of products without a category, from and up to."""
        return max((end for _, end in self.record.rows.values()), default=0), self.record.photos

    def _spans(self, categories: Sequence[str] | None) -> list[tuple[int, int]]:
        if categories is None:
            return [(0, self.record.photos)]
        named = [self.record.rows[name] for name in categories if name in self.record.rows]
        return [*named, self.uncategorised]

    def _behind(self, roots: Mapping[str | None, float]) -> Floats:
        """The categories' part of every row: float32 (photos,)."""
        behind = np.full(self.record.photos, roots.get(None, 0.0), np.float32)
        for name, (start, end) in self.record.rows.items():
            behind[start:end] = roots.get(name, 0.0)
        return behind

    def _search_rows(
        self, vector: Floats, start: int, end: int, top: int, allowed: NDArray[np.bool_] | None, behind: Floats | None
    ) -> list[Hit]:
        """The best hits among rows from `start` to `end`."""
        similarity = self.shelves.vectors[start:end] @ vector
        if behind is not None:
            similarity = blended(similarity, behind[start:end], self.record.knowledge.category_weight)
        rows = np.arange(start, end) if allowed is None else start + np.flatnonzero(allowed[start:end])
        return self._best(rows, similarity[rows - start], top) if len(rows) else []

    def _best(self, rows: Ints, similarity: Floats, top: int) -> list[Hit]:
        """Of these rows the `top` most similar products, each by its most similar photo, the best first."""
        look = _FIRST_LOOK * top
        while True:
            # All rows that equal the look-th best: what is left out is less similar than every product among them.
            least = np.partition(similarity, -look)[-look] - _ROUNDING if look < len(rows) else -np.inf
            near = np.flatnonzero(similarity >= least)
            rounded = np.clip(np.round(similarity[near].astype(np.float64), SIMILARITY_DECIMALS), -1, 1)
            product, rank = self.shelves.product[rows[near]], self.shelves.rank[rows[near]]
            order = np.lexsort((product, rank, -rounded))
            firsts = np.sort(np.unique(product[order], return_index=True)[1])  # where each product comes first
            if len(firsts) >= top or look >= len(rows):
                best = order[firsts[:top]]
                columns = (product[best].tolist(), rounded[best].tolist(), rank[best].tolist())
                return [Hit(*hit) for hit in zip(*columns, strict=True)]
            look *= _FIRST_LOOK


def _sealed(folder: Path) -> SealedFolder:
    try:
        return SealedFolder(folder)
    except FileNotFoundError:
        raise unsealed(folder) from None


def open_index(path: Path) -> SearchIndex:
    """Open the current generation below `path`. Raises SearchIndexError when there is none, or it cannot be used."""
    folder = current(path)
    if folder is None:
        raise SearchIndexError(f"There is no index at {path}. Build one with: imgrec index")
    return SearchIndex(folder)
