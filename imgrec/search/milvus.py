"""Milvus as an engine: a generation's vectors as a collection, whose rows are those of the generation's register.

    row        int64, the primary key: the row's number in the register
    category   int64, the partition key: the category's id, 0 of products without one
    colours    array of int8: names of the product's colours (numbers in COLOUR_NAMES)
    vector     float32 (k,), L2 norm 1; compared by inner product

Nothing in it changes once it is written, and nothing is in it that changes while it stands (engine.Findable). The
server is asked for rows and cosines. Which products these are, what counts as equal and in which order they come is
decided here, as for any engine.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from imgrec.config import MilvusSection
from imgrec.errors import SearchIndexError
from imgrec.features.colour_names import COLOUR_NAMES
from imgrec.search.engine import EVERYTHING, Findable, Hit, ranked_hits
from imgrec.search.generation import Frozen, IndexRecord, Register
from imgrec.search.joint import blended
from imgrec.search.milvus_server import MilvusServer, MissingCollectionError, NotLoadedError
from imgrec.vision.vectors import Bools, Floats, Ints

COLLECTION = "collection.json"
UNCATEGORISED = 0
_ROUNDING = 1e-5
_FIRST_LOOK = 4
_MOST_RESULTS = 16_384
"""What Milvus returns at most of one search (quotaAndLimits.limits.topK)."""
_FEW = 4096
"""So many rows are named one by one in a question."""
_VECTORS_AT_ONCE = 1000
_LEAST_EF = 128

log = logging.getLogger(__name__)


class CollectionNote(Frozen):
    """Which collection has the vectors of the generation in whose folder this stands, as collection.json."""

    engine: Literal["milvus"] = "milvus"
    name: str
    uri: str
    owner: str
    """Of the index that wrote it: no other one drops it, such as that of a restored backup."""
    index: str
    dim: int
    recall: float | None = None
    """The share of the ten nearest that are found, measured when it was written; None: the writing did not end."""


@dataclass(frozen=True)
class _Shelf:
    """A category's rows: from and up to, its id, and its part of the joint similarity."""

    start: int
    end: int
    category: int
    root: float


@dataclass(frozen=True)
class _Found:
    """Rows and their cosines; `missed`: the largest cosine of any row that was asked for and is not among them."""

    rows: Ints
    cosine: Floats
    missed: float


class MilvusEngine:
    """A generation's collection, loaded."""

    def __init__(self, note: CollectionNote, record: IndexRecord, register: Register, section: MilvusSection) -> None:
        """See that the collection is there and whole, and have it loaded.

        Raises UnreachableIndexError when the server does not answer, SearchIndexError when the collection is gone, was
        written half, or is another.
        """
        self.note = note
        self.record = record
        self.register = register
        self._server = MilvusServer(section)
        try:
            self._check()
        except BaseException:
            self._server.close()
            raise

    def search(
        self, vector: Floats, categories: Sequence[str] | None, top: int, findable: Findable = EVERYTHING,
        roots: Mapping[str | None, float] | None = None,
    ) -> list[Hit]:  # fmt: skip
        """See Engine.

        The joint similarity adds a number to all cosines of a category. So the categories are searched together, and
        then those by themselves that may have more than came to light, by what the most similar of the rest could be.
        """
        weight = self.record.knowledge.category_weight if roots else 0.0
        shelves = self._shelves(categories, roots or {})
        if not shelves:
            return []
        allowed = findable.rows(self.register)
        found = [self._nearest(vector, shelves, top, findable, allowed)]
        hits = self._hits(found, shelves, weight, top)
        if weight and len(shelves) > 1:
            least = hits[-1].similarity if len(hits) >= top else -math.inf
            missed = np.full(len(shelves), found[0].missed, np.float32)
            most = blended(missed, np.array([shelf.root for shelf in shelves], np.float32), weight)
            further = np.flatnonzero((most >= least - _ROUNDING) & np.isfinite(missed))
            found += [self._nearest(vector, [shelves[at]], top, findable, allowed) for at in further]
            hits = self._hits(found, shelves, weight, top)
        return hits

    def vectors(self, rows: Ints) -> Floats:
        """See Engine."""
        got: dict[int, Sequence[float]] = {}
        for start in range(0, len(rows), _VECTORS_AT_ONCE):
            some = rows[start : start + _VECTORS_AT_ONCE].tolist()
            answer = self._ask("query", filter=f"row in {some}", output_fields=["row", "vector"], limit=len(some))
            got.update((entity["row"], entity["vector"]) for entity in answer)
        if len(got) != len(np.unique(rows)):
            raise self._unfit(f"{len(got):,} of {len(np.unique(rows)):,} photos that were asked for")
        if not got:
            return np.zeros((0, self.note.dim), np.float32)
        return np.array([got[row] for row in rows.tolist()], np.float32)

    def close(self) -> None:
        """See Engine."""
        self._server.close()

    def _shelves(self, categories: Sequence[str] | None, roots: Mapping[str | None, float]) -> list[_Shelf]:
        record = self.record
        names = record.rows if categories is None else dict.fromkeys(categories)
        shelves = [
            _Shelf(*record.rows[name], record.categories[name], roots.get(name, 0.0))
            for name in names
            if name in record.rows
        ]
        start, end = record.uncategorised
        if start < end:
            shelves.append(_Shelf(start, end, UNCATEGORISED, roots.get(None, 0.0)))
        return shelves

    def _nearest(
        self, vector: Floats, shelves: Sequence[_Shelf], top: int, findable: Findable, allowed: Bools | None
    ) -> _Found:
        """The nearest rows of these shelves that may be found: of `top` products, and all that equal the last of them.

        What the catalogue decides is looked at here: so many more rows are asked for as are not allowed, and more until
        enough are. Where few are allowed, these are named.
        """
        where = self._where(shelves, findable)
        if allowed is None:
            return self._widened(vector, where, top, _FIRST_LOOK * top, None)
        narrowed = _rows(shelves, allowed)
        if len(narrowed) <= _FEW:
            return self._named(vector, narrowed, top)
        pool = sum(shelf.end - shelf.start for shelf in shelves)
        if findable.colours or findable.without_colours:
            pool = len(_rows(shelves, self.register.in_colours(findable.colours, findable.without_colours)))
        look = math.ceil(_FIRST_LOOK * top * pool / len(narrowed))
        found = self._widened(vector, where, top, look, allowed)
        if found.missed == -math.inf or len(np.unique(self.register.product[found.rows])) >= top:
            return found
        # What is allowed is rare among the nearest: all of it is named, in parts.
        parts = [self._named(vector, narrowed[at : at + _FEW], top) for at in range(0, len(narrowed), _FEW)]
        return _Found(
            np.concatenate([part.rows for part in parts]), np.concatenate([part.cosine for part in parts]),
            max(part.missed for part in parts),
        )  # fmt: skip

    def _named(self, vector: Floats, rows: Ints, top: int) -> _Found:
        """Of these rows, each named in the question."""
        if not len(rows):
            return _Found(rows, np.zeros(0, np.float32), -math.inf)
        return self._widened(vector, f"row in {rows.tolist()}", top, _FIRST_LOOK * top, None)

    def _widened(self, vector: Floats, where: str, top: int, look: int, allowed: Bools | None) -> _Found:
        while True:
            look = min(look, _MOST_RESULTS)
            rows, cosine = self._asked(vector, where, look)
            missed = float(cosine.min()) if len(rows) >= look else -math.inf
            if allowed is not None:
                kept = allowed[rows]
                rows, cosine = rows[kept], cosine[kept]
            least = self._cosine_of_product(rows, cosine, top)
            if missed < least - _ROUNDING or missed == -math.inf or look == _MOST_RESULTS:
                return _Found(rows, cosine, missed)
            look *= _FIRST_LOOK

    def _asked(self, vector: Floats, where: str, most: int) -> tuple[Ints, Floats]:
        [answer] = self._ask(
            "search", data=[vector], anns_field="vector", filter=where, limit=most, output_fields=["row"],
            search_params=search_params(self.note, most), consistency_level="Eventually",
        )  # fmt: skip
        rows, cosine = [hit["row"] for hit in answer], [hit["distance"] for hit in answer]
        return np.array(rows, np.int64), np.array(cosine, np.float32)

    def _ask(self, method: str, **arguments: Any) -> Any:
        """Ask of the collection; after a restart of the server it is loaded again."""
        try:
            return self._server.ask(method, self.note.name, **arguments)
        except NotLoadedError:
            log.info("%s is loaded again.", self.note.name)
            self._server.load(self.note.name)
            return self._server.ask(method, self.note.name, **arguments)
        except MissingCollectionError:
            raise self._gone() from None

    def _where(self, shelves: Sequence[_Shelf], findable: Findable) -> str:
        """The categories and colours, in Milvus' language."""
        everything = sum(shelf.end - shelf.start for shelf in shelves) == self.record.photos
        conditions = [] if everything else [f"category in {[shelf.category for shelf in shelves]}"]
        wanted, unwanted = (
            [COLOUR_NAMES.index(name) for name in names] for names in (findable.colours, findable.without_colours)
        )
        if wanted:
            conditions.append(f"array_contains_any(colours, {wanted})")
        if unwanted:
            conditions.append(f"not array_contains_any(colours, {unwanted})")
        return " and ".join(conditions)

    def _hits(self, found: Sequence[_Found], shelves: Sequence[_Shelf], weight: float, top: int) -> list[Hit]:
        rows = np.concatenate([part.rows for part in found])
        cosine = np.concatenate([part.cosine for part in found])
        if weight:
            starts = np.array([shelf.start for shelf in shelves])
            order = np.argsort(starts)
            of_shelf = order[np.searchsorted(starts[order], rows, side="right") - 1]
            root = np.array([shelf.root for shelf in shelves], np.float32)[of_shelf]
            cosine = np.asarray(blended(cosine, root, weight), np.float32)
        return ranked_hits(self.register, rows, cosine, top) if len(rows) else []

    def _cosine_of_product(self, rows: Ints, cosine: Floats, number: int) -> float:
        """The cosine of the so manieth product, most similar first; -inf where there are fewer."""
        order = np.argsort(-cosine, kind="stable")
        first = np.sort(np.unique(self.register.product[rows[order]], return_index=True)[1])
        return float(cosine[order[first[number - 1]]]) if len(first) >= number else -math.inf

    def _check(self) -> None:
        server, name = self._server, self.note.name
        try:
            described = server.ask("describe_collection", name)
            dims = [field.get("params", {}).get("dim") for field in described["fields"] if field["name"] == "vector"]
            if [int(dim or 0) for dim in dims] != [self.note.dim]:
                raise self._unfit(f"vectors of {dims or 'no'} numbers, and the index's have {self.note.dim}")
            server.load(name)
            [counted] = server.ask("query", name, output_fields=["count(*)"], consistency_level="Strong")
        except MissingCollectionError:
            raise self._gone() from None
        if counted["count(*)"] != self.record.photos:
            raise self._unfit(f"{counted['count(*)']:,} of the index's {self.record.photos:,} photos")

    def _gone(self) -> SearchIndexError:
        return SearchIndexError(
            f"The index's vectors are gone: Milvus at {self._server.section.uri} has no collection {self.note.name}. "
            "Build the index anew with: imgrec index"
        )

    def _unfit(self, what: str) -> SearchIndexError:
        return SearchIndexError(
            f"The collection {self.note.name} in Milvus at {self._server.section.uri} is not whole: it has {what}. "
            "Build the index anew with: imgrec index"
        )


def search_params(note: CollectionNote, most: int) -> dict[str, Any]:
    """How a collection is searched for so many rows."""
    return {"metric_type": "IP", "params": {} if note.index == "FLAT" else {"ef": max(_LEAST_EF, most)}}


def _rows(shelves: Sequence[_Shelf], allowed: Bools) -> Ints:
    parts = [shelf.start + np.flatnonzero(allowed[shelf.start : shelf.end]) for shelf in shelves]
    return np.concatenate([np.zeros(0, np.int64), *parts])
