"""Exact cosine search over a generation's vectors, in this process."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from imgrec.progress import Advance, Reporter
from imgrec.search.engine import EVERYTHING, Findable, Hit, VectorsOf, ranked_hits
from imgrec.search.generation import (
    IndexRecord,
    Register,
    Shelves,
    read_codes,
    read_shelves,
    write_register,
    write_vectors,
)
from imgrec.search.joint import blended
from imgrec.search.scan import Rows, Scope, Steps
from imgrec.sums import SealedFolder
from imgrec.vision.vectors import Floats, Ints


class EmbeddedEngine:
    """The vectors in this process, or mapped into it, each compared with the query as far as that is needed."""

    def __init__(self, sealed: SealedFolder, record: IndexRecord, dim: int) -> None:
        """Read all of it, once. Raises OSError or ValueError when something is missing, damaged, or does not fit."""
        self.record = record
        self.register: Shelves = read_shelves(sealed)
        vectors = self.register.vectors
        if vectors.shape != (record.photos, dim):
            raise ValueError("its arrays do not fit its record")
        self._rows = Rows(vectors, read_codes(sealed, vectors), self.register.product)

    def search(
        self, vector: Floats, categories: Sequence[str] | None, top: int, findable: Findable = EVERYTHING,
        roots: Mapping[str | None, float] | None = None,
    ) -> list[Hit]:  # fmt: skip
        """See Engine."""
        weight = self.record.knowledge.category_weight
        behind = self._behind(roots) if roots and weight else None
        lift = None if behind is None else Steps(behind.ends, behind.values * np.float32(weight))
        scope = Scope.of_spans(self.record.spans(categories), findable.rows(self.register))
        rows, cosine = self._rows.contenders(vector, scope, top, lift)
        similarity = cosine if behind is None else blended(cosine.astype(np.float32), behind.of(rows), weight)
        return ranked_hits(self.register, rows, similarity, top)

    def vectors(self, rows: Ints) -> Floats:
        """See Engine."""
        return np.asarray(self.register.vectors[rows])

    def close(self) -> None:
        """Nothing is held open."""

    def _behind(self, roots: Mapping[str | None, float]) -> Steps:
        """The categories' part of every row."""
        ends = {name: end for name, (_, end) in self.record.rows.items()} | {None: self.record.photos}
        in_order = sorted(ends, key=lambda name: (name is None, ends[name]))
        values = [roots.get(name, 0.0) for name in in_order]
        return Steps(np.array([ends[name] for name in in_order], np.int64), np.array(values, np.float32))


class EmbeddedStore:
    """Vectors as a file of the generation's folder, which goes with it."""

    identity: tuple[str, ...] = ()

    def check(self) -> None:
        """See Store: there is a disk."""

    def write(self, draft: Path, record: IndexRecord, register: Register, vectors: VectorsOf, report: Reporter) -> None:
        """See Store."""
        write_register(draft, register)
        with report.stage("Writing vectors", record.photos) as advance:
            write_vectors(draft, record.photos, vectors.dim, _counted(vectors.parts(), advance))


def _counted(parts: Iterable[tuple[Ints, Floats]], advance: Advance) -> Iterator[tuple[Ints, Floats]]:
    for rows, vectors in parts:
        yield rows, vectors
        advance(len(rows), "")
