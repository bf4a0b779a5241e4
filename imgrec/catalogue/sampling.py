"""The study's sample: so many products of each category, drawn in one pass over feeds of any length."""

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from imgrec.catalogue.feed import FeedRow


@dataclass(frozen=True)
class Drawn:
    """A row of the sample, and where it stands: in which of the feeds, and on which line."""

    part: int
    line: int
    row: FeedRow


@dataclass
class _Reservoir:
    """The rows with the smallest keys so far; the heap has the largest of them on top."""

    heap: list[tuple[int, str]] = field(default_factory=list)  # (minus the key, id)
    rows: dict[str, Drawn] = field(default_factory=dict)  # by id


class Sample:
    """Draws at most `per_category` products of each category, each with the same probability.

    A product's key is a hash of the seed and its id, and the smallest keys are kept (a reservoir with random keys:
    Efraimidis and Spirakis, Information Processing Letters 97, 2006). So the sample depends on the seed and on which
    products there are, but not on their order or on how they are spread over files; and a product more or less changes
    one place of it. Memory is that of the sample. Products without a category are drawn like those of one.
    """

    def __init__(self, per_category: int, seed: int) -> None:
        self.per_category = per_category
        self._key = f"{seed}".encode()[:64]
        self._reservoirs: dict[str | None, _Reservoir] = {}

    def offer(self, drawn: Drawn) -> None:
        """Take a product into the sample, or leave it out. The same id counts once in a category."""
        row = drawn.row
        reservoir = self._reservoirs.setdefault(row.category, _Reservoir())
        if row.id in reservoir.rows:
            return
        entry = (-self._hash(row.id), row.id)
        if len(reservoir.heap) < self.per_category:
            heapq.heappush(reservoir.heap, entry)
        elif entry > reservoir.heap[0]:
            _, gone = heapq.heapreplace(reservoir.heap, entry)
            del reservoir.rows[gone]
        else:
            return
        reservoir.rows[row.id] = drawn

    def drawn(self) -> Iterator[Drawn]:
        """The sample, in the order of the feeds."""
        everything = [drawn for reservoir in self._reservoirs.values() for drawn in reservoir.rows.values()]
        yield from sorted(everything, key=lambda drawn: (drawn.part, drawn.line))

    def __len__(self) -> int:
        return sum(len(reservoir.rows) for reservoir in self._reservoirs.values())

    def _hash(self, external_id: str) -> int:
        return int.from_bytes(hashlib.blake2b(external_id.encode(), digest_size=8, key=self._key).digest())
