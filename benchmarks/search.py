"""The index's exact search beside numpy, scikit-learn, FAISS and USearch, in one run, on the same vectors.

FAISS and USearch take part where they are installed (faiss-cpu, usearch). All use as many threads as they like.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import simsimd
from made_up import grown, made_up
from sklearn.neighbors import NearestNeighbors

from imgrec.search import scan
from imgrec.search.engine import SIMILARITY_DECIMALS, Findable
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--photos", type=int, default=470_000, help="photos in the index")
    parser.add_argument("--vectors", type=Path, help="vectors.npy of a real index; photos and queries are made of them")
    parser.add_argument("--queries", type=int, default=40, help="queries that every way answers, each timed by itself")
    parser.add_argument("--checked", type=int, default=1000, help="queries whose answer is checked against float64")
    parser.add_argument("--top", type=int, default=10, help="products wanted")
    parser.add_argument("--avx2", action="store_true", help="as on a processor with AVX2 and no more (not USearch)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn")
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    options = parser.parse_args()
    if options.avx2:
        held_to_avx2()

    rng = np.random.default_rng(options.seed)
    real = np.load(options.vectors, allow_pickle=False) if options.vectors else made_up(rng, 8000, 1024, 256)
    real = real[rng.permutation(len(real))]
    queries, seeds = np.split(real, [min(options.checked, len(real) // 4)])
    vectors = grown(rng, seeds, options.photos)
    with tempfile.TemporaryDirectory() as folder:
        index = write_index(Path(folder), vectors)
        ways = peers(vectors, options.top) | {OURS: of_index(index, options.top)}
        times, busy, answers = timed(ways, queries[: options.queries])
        own, own_busy, _ = timed(more_ways(index, rng), queries[: options.queries])
        found = [ways[OURS](query) for query in queries]

    exact = [true_first(vectors, part, options.top) for part in np.array_split(queries, -(-len(queries) // 100))]
    first, similarity = (np.concatenate(parts) for parts in zip(*exact, strict=True))
    figures = {
        "processor": processor(), "threads": scan._threads(), "kernels": kernels(), "photos": len(vectors),
        "dimensions": vectors.shape[1], "top": options.top, "queries": options.queries, "of": str(options.vectors),
        "similarity_at": at_ranks(similarity), "of_a_sample": at_ranks(of_a_sample(vectors, queries, len(seeds))),
        "of_the_originals": at_ranks(of_a_sample(seeds, queries, len(seeds))),
        "ms": {name: spread(taken) for name, taken in (times | own).items()},
        "processor_ms": {name: spread(taken) for name, taken in (busy | own_busy).items()},
        "times_ours": {name: ratio(taken, times[OURS]) for name, taken in times.items()},
        "same_as_float64": {
            name: sum(same(vectors, query, one, two) for query, one, two in zip(queries, answer, first, strict=False))
            for name, answer in answers.items()
        },
        "identical_to_float64": sum(one == two.tolist() for one, two in zip(found, first, strict=True)),
        "checked": len(queries),
    }  # fmt: skip
    report(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


def held_to_avx2() -> None:
    """Begin anew with libraries that read it from the environment, and turn off what SimSIMD would rather use."""
    if any(os.environ.get(name) != value for name, value in AVX2.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **AVX2})  # noqa: S606
    for name, is_there in simsimd.get_capabilities().items():
        if is_there and name not in {"serial", "haswell"}:
            simsimd.disable_capability(name)


def write_index(folder: Path, vectors: Floats) -> SearchIndex:
    """Every photo is a product of its own; the categories are of one size."""
    number = np.arange(len(vectors), dtype=np.int64)
    write_register(folder, Register(number, number, number, np.zeros((len(vectors), 3, 4), np.float16)))
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


def of_index(index: SearchIndex, top: int, **how: object) -> Search:
    return lambda query: [hit.product_id for hit in index.search(query, top=top, **{"categories": None, **how})]


def peers(vectors: Floats, top: int) -> dict[str, Search]:
    neighbours = NearestNeighbors(n_neighbors=top, algorithm="brute", metric="cosine").fit(vectors)
    ways: dict[str, Search] = {
        "numpy float32": lambda query: by_product(vectors, query, top),
        "scikit-learn brute force": lambda query: neighbours.kneighbors(query[None], return_distance=False)[0].tolist(),
    }
    try:
        import faiss
    except ImportError:
        print("FAISS is not installed: pip install faiss-cpu", file=sys.stderr)
    else:
        inner = faiss.METRIC_INNER_PRODUCT
        flat = faiss.IndexFlatIP(vectors.shape[1])
        coded = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, inner)
        coded.train(vectors[:: max(1, len(vectors) // ROWS_AT_ONCE)])
        for name, index in (("FAISS flat", flat), ("FAISS SQ8, not exact", coded)):
            index.add(vectors)
            ways[name] = lambda query, index=index: index.search(query[None], top)[1][0].tolist()
    try:
        from usearch.index import MetricKind, search
    except ImportError:
        print("USearch is not installed: pip install usearch", file=sys.stderr)
    else:
        ways["USearch exact"] = lambda query: search(vectors, query, top, MetricKind.IP, exact=True).keys.tolist()
    return ways


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
    return best[np.argsort(-similarity[best])].tolist()


def timed(
    ways: dict[str, Search], queries: Floats
) -> tuple[dict[str, list[float]], dict[str, list[float]], dict[str, list[list[int]]]]:
    """Milliseconds, those of all processors together, and products found, for each way and query.

    The ways take turns, so that what else the machine does falls on all alike.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    busy: dict[str, list[float]] = {name: [] for name in ways}
    answers: dict[str, list[list[int]]] = {name: [] for name in ways}
    for search in ways.values():
        search(queries[0])  # the first one starts threads
    for query in queries:
        for name, search in ways.items():
            start, start_busy = time.perf_counter(), time.process_time()
            answers[name].append(search(query))
            times[name].append((time.perf_counter() - start) * 1000)
            busy[name].append((time.process_time() - start_busy) * 1000)
    return times, busy, answers


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


def spread(taken: Sequence[float]) -> dict[str, float]:
    names = ("least", "quarter", "median", "three_quarters", "most")
    return dict(zip(names, np.percentile(taken, [0, 25, 50, 75, 100]).round(2).tolist(), strict=True))


def ratio(taken: Sequence[float], ours: Sequence[float]) -> float:
    """How many times as long as ours, query by query: the median."""
    return round(float(np.median(np.array(taken) / np.array(ours))), 2)


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{named[0] if named else platform.processor()}, {os.cpu_count()} cores"


def kernels() -> list[str]:
    return [name for name, is_there in simsimd.get_capabilities().items() if is_there and name != "serial"]


def report(figures: dict) -> None:
    print(f"{figures['processor']}; kernels for {', '.join(figures['kernels'])}; {figures['threads']} threads of ours")
    print(f"{figures['photos']:,} photos x {figures['dimensions']} dimensions, first {figures['top']}")
    for name in ("of_the_originals", "of_a_sample", "similarity_at"):
        print(f"similarity at rank ({name}), quartiles: {figures[name]}")
    print(f"{'':36}{'median ms':>10}{'half of them':>16}{'processor':>11}{'times ours':>12}{'as float64':>12}")
    for name, ms in figures["ms"].items():
        middle = f"{ms['quarter']:.1f} to {ms['three_quarters']:.1f}"
        times, exact = figures["times_ours"].get(name, ""), figures["same_as_float64"].get(name, "")
        agree = f"{exact}/{figures['queries']}" if name in figures["times_ours"] else ""
        busy = figures["processor_ms"][name]["median"]
        print(f"{name:36}{ms['median']:10.2f}{middle:>16}{busy:11.1f}{times:>12}{agree:>12}")
    print(f"identical to float64, in order: {figures['identical_to_float64']} of {figures['checked']} queries")


if __name__ == "__main__":
    main()
