"""What "more like this" and "not this" bring, and how well photos of one thing are told from others.

The index holds other photos than those asked with: import and index the feed's training rows, then name the whole feed.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from measuring import Report, options_of

from imgrec.config import load_config
from imgrec.search.answer import Seen
from imgrec.search.refining import alike_by_chance, least_similarity, moved, sampled
from imgrec.search.serving import Serving
from imgrec.vision.decode import decode_photo
from imgrec.vision.vectors import Floats

SHOWN = 6
NEXT = 10
BATCH = 16
BY_CHANCE = (0.95, 0.98, 0.99, 0.995)
Kind = tuple[str | None, str | None]
Move = Callable[[Floats, list[Floats], list[Floats]], Floats]

WEIGHTS = [(towards, away) for towards in (0.5, 1, 2) for away in (0.2, 0.35, 0.5)]
WAYS: dict[str, Move] = {
    "neither": lambda vector, liked, disliked: vector,
    "one liked": lambda vector, liked, disliked: moved(vector, liked, []),
    "the others disliked": lambda vector, liked, disliked: moved(vector, [], disliked),
    "both": moved,
    **{f"both, {towards} and {away}": partial(moved, towards=towards, away=away) for towards, away in WEIGHTS},
}


@dataclass(frozen=True)
class Query:
    """A photo that the index does not hold, and what it shows."""

    seen: Seen
    kind: Kind
    group: str


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("feed", type=Path, help="a CSV feed with kind, group and split")
    parser.add_argument("--split", default="test", help="the rows to ask with")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), help="of the shop that answers")
    parser.add_argument("--queries", type=int, default=1000, help="rows at most, drawn at random")
    options = parser.parse_args()
    with Report(__doc__, options) as report, Serving.open(load_config(options.config, {})) as serving:
        queries = list(seen_rows(serving, rows_of(options.feed, options.split, options.queries), options.feed.parent))
        print(f"{len(queries)} photos of the {options.split} rows, their kind known")
        tell_refinement(report, serving, queries)
        tell_one_thing(report, serving, queries)


def rows_of(feed: Path, split: str, most: int) -> list[dict[str, str]]:
    with feed.open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split and row["kind"]]
    return [rows[number] for number in np.random.default_rng(0).permutation(len(rows))[:most]]


def seen_rows(serving: Serving, rows: Sequence[dict[str, str]], folder: Path) -> Iterator[Query]:
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        photos = [decode_photo(folder / row["image"], serving.preprocessing.side_px) for row in batch]
        for row, seen in zip(batch, serving.see(photos), strict=True):
            yield Query(seen, (row["category"], row["kind"]), row["group"])


def tell_refinement(report: Report, serving: Serving, queries: Sequence[Query]) -> None:
    """Of the next ten products not shown before, those of the query's kind, by what was said of the first six."""
    found: dict[str, list[float]] = defaultdict(list)
    for query in queries:
        answer = serving.answer(query.seen, threshold=-1, top=SHOWN)
        shown = [match.product for match in answer.matches]
        vectors = {one.product_id: vector_of(serving, one.product_id) for one in shown}
        is_right = {one.product_id: (one.category, one.kind) == query.kind for one in shown}
        liked = [vectors[id_] for id_, right in is_right.items() if right][:1]
        disliked = [vectors[id_] for id_, right in is_right.items() if not right]
        if not liked or not disliked:
            continue
        for name, move in WAYS.items():
            vector = move(query.seen.vector, liked, disliked)
            again = Seen(query.seen.serving, query.seen.probabilities, vector)
            following = serving.answer(again, threshold=-1, top=NEXT, without=list(vectors)).matches
            of_its_kind = [(one.product.category, one.product.kind) == query.kind for one in following]
            found[name].append(float(np.mean(of_its_kind)))
    before = np.array(found["neither"])
    gains = {name: np.array(shares) - before for name, shares in found.items()}
    rows = {
        name: {
            "of its kind": float(np.mean(found[name])), "gain": float(gain.mean()),
            "+-": float(1.96 * gain.std() / len(gain) ** 0.5),
        }
        for name, gain in gains.items()
    }  # fmt: skip
    report.table(
        f"of the next {NEXT}, of the query's kind; {len(before)} queries with right and wrong ones among {SHOWN}",
        rows, {"of its kind": ".1%", "gain": "+.1%", "+-": ".1%"},
    )  # fmt: skip


def vector_of(serving: Serving, product_id: int) -> Floats:
    seen = serving.seen_of_product(product_id)
    assert seen is not None, "what is found is in the index"
    return seen.vector


def tell_one_thing(report: Report, serving: Serving, queries: Sequence[Query]) -> None:
    """How many pairs of photos are taken for one thing, by what share of the shop's pairs is less alike."""
    rng = np.random.default_rng(0)
    of_group, of_kind = defaultdict(list), defaultdict(list)
    for query in queries:
        of_group[query.group].append(query)
        of_kind[query.kind].append(query)
    any_two = [(queries[one], queries[other]) for one, other in rng.integers(len(queries), size=(len(queries), 2))]
    pairs = {
        "one product": [pair for same in of_group.values() for pair in combinations(same[:4], 2)],
        "one kind": [pair for same in of_kind.values() for pair in pairwise(same)],
        "other kinds": [(one, other) for one, other in any_two if one.kind != other.kind],
    }
    sample = serving.index.vectors(sampled(len(serving.index.register)))
    thresholds = [alike_by_chance(sample, share) for share in BY_CHANCE]
    columns = [f"{share:.1%}" for share in BY_CHANCE]
    rows: dict[str, dict[str, float]] = {}
    for name, some in pairs.items():
        alike = np.array([least_similarity([one.seen.vector, other.seen.vector]) for one, other in some])
        shares = [float(np.mean(alike >= threshold)) for threshold in thresholds]
        rows[f"{name}, {len(some)} pairs"] = dict(zip(columns, shares, strict=True))
    title = "taken for one thing, where more alike than so many pairs of the shop"
    report.table(title, rows, dict.fromkeys(columns, ".1%"))
    report.table("the cosine of that", {"at least": dict(zip(columns, map(float, thresholds), strict=True))})


if __name__ == "__main__":
    main()
