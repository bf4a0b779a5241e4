"""The index's exact search beside scikit-learn's brute force and a plain matrix product, on the same features."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.neighbors import NearestNeighbors

from imgrec.search.generation import (
    WHITENING,
    Expected,
    IndexRecord,
    Knowledge,
    Shelves,
    write_record,
    write_shelves,
)
from imgrec.search.likeness import Likeness
from imgrec.search.search_index import SearchIndex
from imgrec.search.whitening import Whitening
from imgrec.sums import seal
from imgrec.vision.vectors import Floats, unit_rows

CATEGORY = "all"
SAME = 2e-6
SAMPLE = 50_000
Search = Callable[[Floats], list[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--photos", type=int, default=100_000, help="photos in the index")
    parser.add_argument("--dim", type=int, default=512, help="dimensions of a feature")
    parser.add_argument("--queries", type=int, default=40, help="queries, each timed on its own")
    parser.add_argument("--top", type=int, default=10, help="products wanted")
    parser.add_argument("--whitened", type=int, default=256, help="whiten them to this many, as an index does; 0: not")
    parser.add_argument("--features", type=Path, help=".npy file of features (n, d) to use instead of made-up ones")
    parser.add_argument("--seed", type=int, default=0, help="of the made-up features and of the queries")
    options = parser.parse_args()

    rng = np.random.default_rng(options.seed)
    features = made_up(rng, options.photos, options.dim)
    if options.features:
        features = unit_rows(np.load(options.features, allow_pickle=False).astype(np.float32))
    queries = near(rng, features, options.queries)
    if options.whitened:
        whitening = Whitening.fit(features[:: -(-len(features) // SAMPLE)], options.whitened)
        features, queries = whitening(features), whitening(queries)

    with tempfile.TemporaryDirectory() as folder:
        index = write_index(Path(folder), features)
        neighbours = NearestNeighbors(n_neighbors=options.top, algorithm="brute", metric="cosine").fit(features)
        ways: dict[str, Search] = {
            "imgrec index": lambda query: by_index(index, query, options.top),
            "numpy matrix product": lambda query: by_product(features, query, options.top),
            "scikit-learn brute force": lambda query: by_sklearn(neighbours, query),
        }
        times, answers = timed(ways, queries)

    print(f"{len(features):,} photos x {features.shape[1]} dimensions, {len(queries)} queries, first {options.top}")
    print(f"{'':26}{'median ms':>10}{'to the index':>14}")
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, median in medians.items():
        print(f"{name:26}{median:10.2f}{median / medians['imgrec index']:13.1f}x")
    by_query = zip(queries, *answers.values(), strict=True)
    agree = sum(all(same(features, query, ours, theirs) for theirs in others) for query, ours, *others in by_query)
    print(f"same products found: {agree} of {len(queries)} queries")


def made_up(rng: np.random.Generator, photos: int, dim: int) -> Floats:
    """Like pooled activations of a network: positive, clustered, with a spectrum that decays."""
    axes = np.linalg.qr(rng.standard_normal((dim, dim)))[0].astype(np.float32)
    spread = (np.arange(1, dim + 1, dtype=np.float32) ** -0.7)[:, None] * axes
    centres = rng.standard_normal((200, dim), np.float32)
    features = np.empty((photos, dim), np.float32)
    for start in range(0, photos, SAMPLE):
        rows = features[start : start + SAMPLE]
        mixed = centres[rng.integers(0, len(centres), len(rows))] + 0.7 * rng.standard_normal(rows.shape, np.float32)
        rows[:] = unit_rows(np.maximum(mixed @ spread + 0.1, 0))
    return features


def near(rng: np.random.Generator, features: Floats, count: int) -> Floats:
    """Queries as shoppers' photos are: each close to some photo of the index, and equal to none."""
    chosen = features[rng.integers(0, len(features), count)]
    length = rng.uniform(0.1, 0.5, (count, 1)).astype(np.float32)
    return unit_rows(np.maximum(chosen + length * unit_rows(rng.standard_normal(chosen.shape, np.float32)), 0))


def write_index(folder: Path, vectors: Floats) -> SearchIndex:
    """Every photo is a product of its own, in one category."""
    number = np.arange(len(vectors), dtype=np.int64)
    write_shelves(folder, Shelves(number, number, number, np.zeros((len(vectors), 3, 4), np.float16), vectors))
    Whitening(np.eye(vectors.shape[1] + 1, vectors.shape[1], dtype=np.float32)).save(folder / WHITENING)
    knowledge = Knowledge(
        labels=(), head="none", temperature=1, scoping="all", threshold=0, threshold_rule="none",
        likeness=Likeness.unknown(), expected=Expected(photos=0, families=0),
    )  # fmt: skip
    write_record(
        folder,
        IndexRecord(
            model_sha256="", model_name="none", arithmetic=("float32",), built_utc="", made_of="", photos=len(vectors),
            categories={CATEGORY: 1}, rows={CATEGORY: (0, len(vectors))}, knowledge=knowledge,
        ),
    )  # fmt: skip
    seal(folder)
    return SearchIndex(folder)


def by_index(index: SearchIndex, query: Floats, top: int) -> list[int]:
    return [hit.product_id for hit in index.search(query, [CATEGORY], top)]


def by_product(features: Floats, query: Floats, top: int) -> list[int]:
    similarity = features @ query
    best = np.argpartition(-similarity, top)[:top]
    return best[np.argsort(-similarity[best])].tolist()


def by_sklearn(neighbours: NearestNeighbors, query: Floats) -> list[int]:
    return neighbours.kneighbors(query[None], return_distance=False)[0].tolist()


def timed(ways: dict[str, Search], queries: Floats) -> tuple[dict[str, list[float]], dict[str, list[list[int]]]]:
    """Milliseconds and products found, for each way and query.

    The ways take turns, so that what else the machine does falls on all alike.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    answers: dict[str, list[list[int]]] = {name: [] for name in ways}
    for search in ways.values():
        search(queries[0])  # the first one maps files and starts threads
    for query in queries:
        for name, search in ways.items():
            start = time.perf_counter()
            answers[name].append(search(query))
            times[name].append((time.perf_counter() - start) * 1000)
    return times, answers


def same(features: Floats, query: Floats, ours: list[int], theirs: list[int]) -> bool:
    """The same products; equals to within rounding may change places."""
    similarity = [features[rows].astype(np.float64) @ query.astype(np.float64) for rows in (ours, theirs)]
    return len(ours) == len(theirs) and bool(np.abs(similarity[0] - similarity[1]).max() <= SAME)


if __name__ == "__main__":
    main()
