"""Exact cosine search over a generation's vectors, in this process."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.progress import Reporter
from imgrec.search.engine import EVERYTHING, SIMILARITY_DECIMALS, Findable, Hit, VectorsOf, batches
from imgrec.search.generation import IndexRecord, Ints, Register, Shelves, read_shelves, write_shelves
from imgrec.search.joint import blended
from imgrec.sums import SealedFolder
from imgrec.vision.vectors import Floats

_ROUNDING = 1e-5
_FIRST_LOOK = 4
_ROWS_AT_ONCE = 65_536


class EmbeddedEngine:
    """The vectors in this process's memory, each compared with the query."""

    def __init__(self, sealed: SealedFolder, record: IndexRecord, dim: int) -> None:
        """Read all of it, once. Raises OSError or ValueError when something is missing, damaged, or does not fit."""
        self.record = record
        self.shelves: Shelves = read_shelves(sealed)
        if self.shelves.vectors.shape != (record.photos, dim):
            raise ValueError("its arrays do not fit its record")

    @property
    def register(self) -> Register:
        """What each row is of."""
        return self.shelves

    def search(
        self, vector: Floats, categories: Sequence[str] | None, top: int, findable: Findable = EVERYTHING,
        roots: Mapping[str | None, float] | None = None,
    ) -> list[Hit]:  # fmt: skip
        """See Engine."""
        allowed = findable.rows(self.shelves)
        behind = self._behind(roots) if roots else None
        spans = self.record.spans(categories)
        found = [self._search_rows(vector, start, end, top, allowed, behind) for start, end in spans]
        hits: dict[int, Hit] = {}
        for hit in (hit for part in found for hit in part):  # a product stands on one shelf, or on several in old feeds
            if hit.product_id not in hits or hit.similarity > hits[hit.product_id].similarity:
                hits[hit.product_id] = hit
        return sorted(hits.values(), key=lambda hit: (-hit.similarity, hit.rank, hit.product_id))[:top]

    def vectors(self, rows: Ints) -> Floats:
        """See Engine."""
        return np.asarray(self.shelves.vectors[rows])

    def close(self) -> None:
        """Nothing is held open."""

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


class EmbeddedStore:
    """Vectors as a file of the generation's folder, which goes with it."""

    identity: tuple[str, ...] = ()

    def check(self) -> None:
        """See Store: there is a disk."""

    def write(self, draft: Path, record: IndexRecord, register: Register, vectors: VectorsOf, report: Reporter) -> None:
        """See Store."""
        of_all = np.concatenate([vectors(rows) for rows in batches(record.photos, _ROWS_AT_ONCE)])
        write_shelves(draft, Shelves(register.photo, register.product, register.rank, register.colours, of_all))
