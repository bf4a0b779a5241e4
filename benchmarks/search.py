"""The index's exact search beside numpy, scikit-learn, FAISS, USearch, sqlite-vec and LanceDB, on the same vectors.

The last four take part where they are installed (pip install faiss-cpu usearch apsw sqlite-vec lancedb). All compare
a query with every vector; all use as many threads as they like, which for sqlite-vec is one. sqlite-vec has its vectors
in a database file whose pages it reads for every query, LanceDB in columns on disk, as the index has its own.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import simsimd
from made_up import grown, made_up
from measuring import Report, Value, in_turns, options_of

from imgrec.search.beside import threads
from imgrec.search.engine import EVERYTHING, SIMILARITY_DECIMALS, Findable
from imgrec.search.generation import (
    WHITENING,
    Expected,
    IndexRecord,
    Knowledge,
    Register,
    write_record,
    write_register,
    write_vectors,
)
from imgrec.search.likeness import Likeness
from imgrec.search.search_index import SearchIndex
from imgrec.search.whitening import Whitening
from imgrec.sums import seal
from imgrec.vision.vectors import Floats

OURS = "imgrec index"
AVX2 = {"OPENBLAS_CORETYPE": "Haswell", "FAISS_OPT_LEVEL": "avx2"}
CATEGORIES = 20
ROWS_AT_ONCE = 50_000
CLOSE = 1e-6
Search = Callable[[Floats], list[int]]


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--photos", type=int, default=470_000, help="photos in the index")
    parser.add_argument("--vectors", type=Path, help="vectors.npy of a real index; photos and queries are made of them")
    parser.add_argument("--queries", type=int, default=40, help="queries that every way answers, each timed by itself")
    parser.add_argument("--checked", type=int, default=1000, help="queries whose answer is checked against float64")
    parser.add_argument("--top", type=int, default=10, help="products wanted")
    parser.add_argument("--avx2", action="store_true", help="as on a processor with AVX2 and no more (not USearch)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn")
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="PEER", help=f"leave out some of {', '.join(PEERS)}"
    )
    options = parser.parse_args()
    if options.avx2:
        held_to_avx2()

    rng = np.random.default_rng(options.seed)
    real = np.load(options.vectors, allow_pickle=False) if options.vectors else made_up(rng, 8000, 1024, 256)
    real = real[rng.permutation(len(real))]
    queries, seeds = np.split(real, [min(options.checked, len(real) // 4)])
    vectors = grown(rng, seeds, options.photos)
    with Report(__doc__, options) as report, tempfile.TemporaryDirectory() as folder:
        index = write_index(Path(folder) / "index", vectors)
        ways = {OURS: of_index(index, options.top)} | peers(vectors, options.top, Path(folder), options.without)
        timed = list(queries[: options.queries])
        taken, own = in_turns(ways, timed), in_turns(more_ways(index, rng), timed)
        found = [ways[OURS](query) for query in queries]

        exact = [true_first(vectors, part, options.top) for part in np.array_split(queries, -(-len(queries) // 100))]
        first, similarity = (np.concatenate(parts) for parts in zip(*exact, strict=True))
        more: dict[str, dict[str, Value]] = {}
        for name, one in taken.items():
            alike = [same(vectors, query, *pair) for query, *pair in zip(queries, one.answers, first, strict=False)]
            more[name] = {"as float64": sum(alike)}
        title = f"first {options.top} of {len(vectors):,} photos x {vectors.shape[1]} numbers, {len(alike)} queries"
        report.times(title, taken, "ms", beside=OURS, busy=True, more=more)
        report.times("the index, asked otherwise", own, "ms", busy=True)
        identical = sum(one == two.tolist() for one, two in zip(found, first, strict=True))
        report.note("kernels", kernels(), f"\nkernels for {', '.join(kernels())}; {threads()} threads of ours")
        report.note("identical_to_float64", identical, f"identical to float64, in order: {identical} of {len(queries)}")
        report.note("made_of", str(options.vectors), f"made of: {options.vectors or 'made-up features'}")
        for name, ranks in (
            ("similarity_of_the_originals", at_ranks(of_a_sample(seeds, queries, len(seeds)))),
            ("similarity_of_a_sample", at_ranks(of_a_sample(vectors, queries, len(seeds)))),
            ("similarity", at_ranks(similarity)),
        ):
            report.note(name, ranks, f"{name.replace('_', ' ')} at rank, quartiles: {ranks}")


def held_to_avx2() -> None:
    """Begin anew with libraries that read it from the environment, and turn off what SimSIMD would rather use."""
    if any(os.environ.get(name) != value for name, value in AVX2.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **AVX2})  # noqa: S606
    for name, is_there in simsimd.get_capabilities().items():
        if is_there and name not in {"serial", "haswell"}:
            simsimd.disable_capability(name)


def write_index(folder: Path, vectors: Floats) -> SearchIndex:
    """Every photo is a product of its own; the categories are of one size."""
    folder.mkdir()
    number = np.arange(len(vectors), dtype=np.int64)
    write_register(folder, Register(number, number, number, np.zeros(len(vectors), np.uint16)))
    write_vectors(folder, len(vectors), vectors.shape[1], [(number, vectors)])
    Whitening(np.eye(vectors.shape[1] + 1, vectors.shape[1], dtype=np.float32)).save(folder / WHITENING)
    knowledge = Knowledge(
        labels=(), head="none", temperature=1, scoping="all", threshold=0, threshold_rule="none",
        likeness=Likeness.unknown(), expected=Expected(photos=0, families=0), category_weight=0.15,
    )  # fmt: skip
    ends = np.linspace(0, len(vectors), CATEGORIES + 1).astype(int).tolist()
    rows = {str(number): (ends[number], ends[number + 1]) for number in range(CATEGORIES)}
    write_record(
        folder,
        IndexRecord(
            model_sha256="", model_name="none", arithmetic=("float32",), built_utc="", made_of="", photos=len(vectors),
            categories={name: int(name) + 1 for name in rows}, rows=rows, knowledge=knowledge,
        ),
    )  # fmt: skip
    seal(folder)
    return SearchIndex(folder)


def of_index(
    index: SearchIndex, top: int, categories: Sequence[str] | None = None, findable: Findable = EVERYTHING,
    roots: Mapping[str | None, float] | None = None,
) -> Search:  # fmt: skip
    return lambda query: [hit.product_id for hit in index.search(query, categories, top, findable, roots)]


def peers(vectors: Floats, top: int, folder: Path, without: Sequence[str]) -> dict[str, Search]:
    """Those that are installed."""
    ways: dict[str, Search] = {}
    for name, make in PEERS.items():
        if name in without:
            continue
        try:
            ways |= make(vectors, top, folder)
        except ImportError as error:
            print(f"{name} does not take part ({error}): pip install {name}", file=sys.stderr)
    return ways


def in_numpy(vectors: Floats, top: int, folder: Path) -> dict[str, Search]:
    return {"numpy float32": lambda query: by_product(vectors, query, top)}


def in_sklearn(vectors: Floats, top: int, folder: Path) -> dict[str, Search]:
    from sklearn.neighbors import NearestNeighbors

    neighbours = NearestNeighbors(n_neighbors=top, algorithm="brute", metric="cosine").fit(vectors)
    return {
        "scikit-learn brute force": lambda query: neighbours.kneighbors(query[None], return_distance=False)[0].tolist()
    }


def in_faiss(vectors: Floats, top: int, folder: Path) -> dict[str, Search]:
    import faiss

    ways: dict[str, Search] = {}
    coded = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    coded.train(vectors[:: max(1, len(vectors) // ROWS_AT_ONCE)])
    for name, index in (("FAISS flat", faiss.IndexFlatIP(vectors.shape[1])), ("FAISS SQ8, not exact", coded)):
        index.add(vectors)
        ways[name] = partial(by_faiss, index, top)
    return ways


def by_faiss(index: Any, top: int, query: Floats) -> list[int]:
    found: list[int] = index.search(query[None], top)[1][0].tolist()
    return found


def in_usearch(vectors: Floats, top: int, folder: Path) -> dict[str, Search]:
    from usearch.index import MetricKind, search

    return {"USearch exact": lambda query: search(vectors, query, top, MetricKind.IP, exact=True).keys.tolist()}


def in_sqlite_vec(vectors: Floats, top: int, folder: Path) -> dict[str, Search]:
    """A `vec0` table in a file; it has no inner product, and the cosine of rows of length 1 is one.

    By APSW, as many a Python's own sqlite3 was built without what loads extensions.
    """
    import apsw
    import sqlite_vec

    connection = apsw.Connection(str(folder / "vectors.db"))
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    connection.execute(
        f"CREATE VIRTUAL TABLE photos USING vec0(vector float[{vectors.shape[1]}] distance_metric=cosine)"
    )
    connection.execute("BEGIN")
    insert = "INSERT INTO photos (rowid, vector) VALUES (?, ?)"
    connection.executemany(insert, ((row, vector.tobytes()) for row, vector in enumerate(vectors)))
    connection.execute("COMMIT")
    ask = "SELECT rowid FROM photos WHERE vector MATCH ? AND k = ? ORDER BY distance"
    return {"sqlite-vec": lambda query: [row for (row,) in connection.execute(ask, (query.tobytes(), top))]}


def in_lancedb(vectors: Floats, top: int, folder: Path) -> dict[str, Search]:
    """A table without an index, which LanceDB searches exactly."""
    import lancedb
    import pyarrow

    column = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(vectors.ravel()), vectors.shape[1])
    rows = pyarrow.table({"photo": np.arange(len(vectors)), "vector": column})
    table = lancedb.connect(folder / "lance").create_table("photos", rows)

    def search(query: Floats) -> list[int]:
        nearest = table.search(query).distance_type("dot").select(["photo", "_distance"]).limit(top)
        found: list[int] = nearest.to_arrow()["photo"].to_pylist()
        return found

    return {"LanceDB": search}


PEERS: dict[str, Callable[[Floats, int, Path], dict[str, Search]]] = {
    "numpy": in_numpy, "scikit-learn": in_sklearn, "faiss-cpu": in_faiss, "usearch": in_usearch,
    "sqlite-vec": in_sqlite_vec, "lancedb": in_lancedb,
}  # fmt: skip


def more_ways(index: SearchIndex, rng: np.random.Generator) -> dict[str, Search]:
    """What else the index is asked."""
    drawn = rng.random(len(index.register))
    roots: dict[str | None, float] = {name: 0.1 + 0.9 * (name == "3") for name in index.record.rows} | {None: 0.2}
    return {
        f"{OURS}, first 10 again": of_index(index, 10),
        f"{OURS}, first 100": of_index(index, 100),
        f"{OURS}, first 2000": of_index(index, 2000),
        f"{OURS}, one category of {CATEGORIES}": of_index(index, 10, categories=["3"]),
        f"{OURS}, categories counted in": of_index(index, 10, roots=roots),
        f"{OURS}, 1 % allowed": of_index(index, 10, findable=Findable(np.flatnonzero(drawn < 0.01))),
        f"{OURS}, 20 % allowed": of_index(index, 10, findable=Findable(np.flatnonzero(drawn < 0.2))),
        f"{OURS}, 90 % allowed": of_index(index, 10, findable=Findable(np.flatnonzero(drawn < 0.9))),
    }


def by_product(vectors: Floats, query: Floats, top: int) -> list[int]:
    similarity = vectors @ query
    best = np.argpartition(-similarity, top)[:top]
    found: list[int] = best[np.argsort(-similarity[best])].tolist()
    return found


def true_first(vectors: Floats, queries: Floats, top: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and similarities of the first `top`, (q, top), of comparing everything in float64.

    Those equal to six decimals come in the order of their sales rank, here their row, as everywhere in imgrec.
    """
    rows = np.empty((len(queries), 0), np.int64)
    similarity = np.empty((len(queries), 0), np.float64)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        part = queries.astype(np.float64) @ vectors[start : start + ROWS_AT_ONCE].astype(np.float64).T
        best = np.argpartition(-part, 2 * top, axis=1)[:, : 2 * top]
        rows = np.hstack([rows, start + best])
        similarity = np.hstack([similarity, np.take_along_axis(part, best, axis=1).round(SIMILARITY_DECIMALS)])
    order = np.lexsort((rows, -similarity), axis=1)[:, :top]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(similarity, order, axis=1)


def same(vectors: Floats, query: Floats, ours: Sequence[int], true: Sequence[int]) -> bool:
    """The same products; those closer than CLOSE may change places."""
    similarity = [vectors[np.asarray(rows)].astype(np.float64) @ query.astype(np.float64) for rows in (ours, true)]
    return len(ours) == len(true) and bool(np.abs(similarity[0] - similarity[1]).max() <= CLOSE)


def of_a_sample(vectors: Floats, queries: Floats, count: int) -> np.ndarray:
    """The similarities of some queries to a sample of the vectors, falling: (q, count)."""
    sample = vectors[:: max(1, len(vectors) // count)]
    return -np.sort(-(queries[:200] @ sample.T), axis=1)


def at_ranks(similarity: np.ndarray) -> dict[str, list[float]]:
    """What the first, tenth and hundredth are: quartiles over queries."""
    ranks = [rank for rank in (1, 10, 100) if rank <= similarity.shape[1]]
    return {str(rank): np.percentile(similarity[:, rank - 1], [25, 50, 75]).round(3).tolist() for rank in ranks}


def kernels() -> list[str]:
    return [name for name, is_there in simsimd.get_capabilities().items() if is_there and name != "serial"]


if __name__ == "__main__":
    main()
