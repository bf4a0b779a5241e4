"""A generation's vectors written to Milvus as a collection, and dropped with the generation."""

import contextlib
import secrets
from pathlib import Path
from typing import Any

import numpy as np

from imgrec.config import IndexSection, MilvusSection
from imgrec.errors import SearchIndexError
from imgrec.features.colour_names import COLOUR_NAMES
from imgrec.generations import next_name, write_atomically
from imgrec.progress import Reporter
from imgrec.search.engine import VectorsOf
from imgrec.search.generation import IndexRecord, Register, write_register
from imgrec.search.milvus import COLLECTION, UNCATEGORISED, CollectionNote, search_params
from imgrec.search.milvus_server import MilvusServer, pymilvus
from imgrec.vision.vectors import Floats, Ints

_ROWS_AT_ONCE = 2000  # with 256 numbers each 2 MB, of the 64 that Milvus takes
_ASKED = 100
_AMONG = 10
_SAME = 1e-5
_WRITE_S = 600.0
_MAKE_SEARCHABLE_S = 24 * 3600.0  # a graph of many millions takes hours; that the server is gone is noticed at once
_OWNER = ".owner"
_NAMES = range(len(COLOUR_NAMES))
_BUILD: dict[str, dict[str, int]] = {"FLAT": {}, "HNSW": {"M": 32, "efConstruction": 256}}


class MilvusStore:
    """The collections of one index on one server."""

    def __init__(self, path: Path, section: MilvusSection) -> None:
        """path: the folder of the index."""
        self._path = path
        self._section = section

    @property
    def identity(self) -> tuple[str, ...]:
        """See Store."""
        return "milvus", self._section.index

    def check(self) -> None:
        """See Store."""
        with contextlib.closing(MilvusServer(self._section)) as server:
            server.ask("list_collections")

    def write(self, draft: Path, record: IndexRecord, register: Register, vectors: VectorsOf, report: Reporter) -> None:
        """See Store. The draft names the collection before there is one."""
        write_register(draft, register)
        generation = next_name(self._path).replace("-", "_")
        name = f"{self._section.prefix}_{generation}_{secrets.token_hex(4)}"
        note = CollectionNote(
            name=name, uri=self._section.uri, owner=_owner(self._path), index=self._section.index, dim=vectors.dim
        )
        _write_note(draft, note)
        with contextlib.closing(MilvusServer(self._section)) as server:
            recall = _Writing(server, note, record, register, vectors).all(report)
        if note.index == "FLAT" and recall < 1:
            raise SearchIndexError(
                f"Milvus at {note.uri} finds {recall:.1%} of the nearest photos where it compares all, and should find "
                "each. What was written is not used; try again, or search here with index.engine: embedded"
            )
        if note.index != "FLAT":
            report.say(f"By {note.index}, Milvus finds {recall:.1%} of the {_AMONG} nearest of the shop's own photos.")
        _write_note(draft, note.model_copy(update={"recall": recall}))


class _Writing:
    """One collection, from nothing to loaded."""

    def __init__(
        self, server: MilvusServer, note: CollectionNote, record: IndexRecord, register: Register, vectors: VectorsOf
    ) -> None:
        self._server = server
        self._note = note
        self._record = record
        self._register = register
        self._vectors = vectors
        self._category = _categories(record)
        step = -(-record.photos // _ASKED)
        self._queries = vectors.rows(np.arange(0, record.photos, step))
        self._best = np.full((len(self._queries), min(_AMONG, record.photos)), -np.inf, np.float32)

    def all(self, report: Reporter) -> float:
        """Write everything; returns the share of the nearest ten that are found. Raises SearchIndexError."""
        self._ask("create_collection", schema=_schema(self._note.dim))
        with report.stage("Writing to Milvus", self._record.photos) as advance:
            for rows, vectors in self._vectors.parts():
                for start in range(0, len(rows), _ROWS_AT_ONCE):
                    some = slice(start, start + _ROWS_AT_ONCE)
                    self._insert(rows[some], vectors[some])
                    self._note_nearest(vectors[some])
                    advance(len(rows[some]), "")
        with report.stage("Milvus makes it searchable", None):
            name = self._note.name
            self._server.ask("flush", name, _MAKE_SEARCHABLE_S)
            self._server.ask("create_index", name, _MAKE_SEARCHABLE_S, index_params=_index_of(self._note))
            self._server.load(name, _MAKE_SEARCHABLE_S)
            return self._recall()

    def _insert(self, rows: Ints, vectors: Floats) -> None:
        categories, colours = (of_rows[rows].tolist() for of_rows in (self._category, self._register.colours))
        columns = zip(rows.tolist(), categories, colours, vectors, strict=True)
        self._ask(
            "insert",
            data=[
                {"row": row, "category": category, "colours": [n for n in _NAMES if names >> n & 1], "vector": vector}
                for row, category, names, vector in columns
            ],
        )

    def _note_nearest(self, vectors: Floats) -> None:
        """Keep the cosines of the nearest ten of each query, of all that was written."""
        all_of_them = np.concatenate([self._best, self._queries @ vectors.T], axis=1)
        depth = self._best.shape[1]
        self._best = -np.partition(-all_of_them, depth - 1, axis=1)[:, :depth]

    def _recall(self) -> float:
        answers = self._ask(
            "search", data=list(self._queries), anns_field="vector", limit=self._best.shape[1], output_fields=["row"],
            search_params=search_params(self._note, self._best.shape[1]), consistency_level="Strong",
        )  # fmt: skip
        least = self._best.min(axis=1) - _SAME
        found = sum(sum(hit["distance"] >= low for hit in answer) for answer, low in zip(answers, least, strict=True))
        return found / self._best.size

    def _ask(self, method: str, **arguments: Any) -> Any:
        return self._server.ask(method, self._note.name, _WRITE_S, **arguments)


def drop(folder: Path, section: IndexSection) -> None:
    """Drop the collection of a generation, or of a draft, if it has one and it is this index's own.

    Raises SearchIndexError when that cannot be done now.
    """
    note = read_note(folder)
    if note is None or note.owner != _owner(section.path):
        return
    for uri in dict.fromkeys([address(note, section), note.uri]):  # the server it is asked at, and was written to
        with contextlib.closing(MilvusServer(section.milvus.model_copy(update={"uri": uri}))) as server:
            if server.ask("has_collection", note.name):
                server.ask("drop_collection", note.name)
                return


def address(note: CollectionNote, section: IndexSection) -> str:
    """Where a collection is asked for: as configured, for one server has several names; else where it was written."""
    return section.milvus.uri if section.engine == "milvus" else note.uri


def read_note(folder: Path) -> CollectionNote | None:
    """Which collection a folder names; None where it names none."""
    try:
        return CollectionNote.model_validate_json((folder / COLLECTION).read_bytes())
    except (OSError, ValueError):
        return None


def _write_note(folder: Path, note: CollectionNote) -> None:
    write_atomically(folder / COLLECTION, note.model_dump_json(indent=1).encode())


def _owner(path: Path) -> str:
    """The name of an index among all that write to a server: drawn once, and in no backup."""
    file = path / _OWNER
    with contextlib.suppress(FileNotFoundError):
        return file.read_text(encoding="utf-8").strip()
    write_atomically(file, f"{secrets.token_hex(8)}\n".encode())
    return file.read_text(encoding="utf-8").strip()


def _categories(record: IndexRecord) -> Ints:
    """Each row's category, as the collection has it."""
    categories = np.full(record.photos, UNCATEGORISED, np.int64)
    for name, (start, end) in record.rows.items():
        categories[start:end] = record.categories[name]
    return categories


def _schema(dim: int) -> Any:
    package = pymilvus()
    kind, schema = package.DataType, package.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("row", kind.INT64, is_primary=True)
    schema.add_field("category", kind.INT64, is_partition_key=True)
    schema.add_field("colours", kind.ARRAY, element_type=kind.INT8, max_capacity=len(COLOUR_NAMES))
    schema.add_field("vector", kind.FLOAT_VECTOR, dim=dim)
    return schema


def _index_of(note: CollectionNote) -> Any:
    params = pymilvus().MilvusClient.prepare_index_params()
    params.add_index("vector", index_type=note.index, metric_type="IP", params=_BUILD[note.index])
    return params
