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
    read_codes,
    read_shelves,
    record_in,
    unsealed,
)
from imgrec.search.head import Head
from imgrec.search.joint import blended
from imgrec.search.scan import Rows, Scope
from imgrec.search.whitening import Whitening
from imgrec.sums import SealedFolder
from imgrec.vision.vectors import Floats

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
        """Open a generation: all of it is read, once, and what was read is checked. Large arrays stay mapped.

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
            self.head = Head(sealed.array(HEAD)) if self.record.knowledge.head == "fitted" else None
            if self.shelves.vectors.shape != (self.record.photos, self.whitening.dim):
                raise ValueError("its arrays do not fit its record")
            coded = read_codes(sealed, self.shelves.vectors)
            self._rows = Rows(self.shelves.vectors, coded, self.shelves.product)
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
        weight = self.record.knowledge.category_weight
        behind = self._behind(roots) if roots and weight else None
        lift = None if behind is None else behind * np.float32(weight)
        rows, cosine = self._rows.contenders(vector, Scope.of_spans(self._spans(categories), allowed), top, lift)
        similarity = cosine if behind is None else blended(cosine.astype(np.float32), behind[rows], weight)
        return self._best(rows, similarity, top)

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

    def _best(self, rows: Ints, similarity: NDArray[np.floating], top: int) -> list[Hit]:
        """Of these rows the `top` most similar products, each by its most similar photo, the best first."""
        rounded = np.clip(np.round(similarity.astype(np.float64), SIMILARITY_DECIMALS), -1, 1)
        product, rank = self.shelves.product[rows], self.shelves.rank[rows]
        order = np.lexsort((product, rank, -rounded))
        best = order[np.sort(np.unique(product[order], return_index=True)[1])[:top]]  # where each product comes first
        columns = (product[best].tolist(), rounded[best].tolist(), rank[best].tolist())
        return [Hit(*hit) for hit in zip(*columns, strict=True)]


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
