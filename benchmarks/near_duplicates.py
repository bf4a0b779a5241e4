"""Which perceptual hash, and how many bits apart: near duplicates found, against the groups that a feed names."""

import csv
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from measuring import Report, Taken, a_feed, options_of
from numpy.typing import NDArray
from PIL import Image

from imgrec.catalogue.duplicates import NEAR_BITS, clusters
from imgrec.vision.decode import decode_photo
from imgrec.vision.perceptual_hash import perceptual_hash

DISTANCES = {64: (0, 2, 4, 6, 8), 256: (0, 4, 8, 12, 16, 20, 24, 28, 32, 40)}
MANY = 100_000
ROWS = 500


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("feed", type=Path, nargs="?", default=a_feed(), help="a CSV feed with image (a file) and group")
    options = parser.parse_args()
    with Report(__doc__, options) as report:
        packed = compared(report, options.feed)
        sizes = np.bincount(clusters(packed, NEAR_BITS))
        repeated = sizes[sizes > 1]
        found = {"photos": int(repeated.sum()), "clusters": len(repeated), "largest": int(sizes.max())}
        report.table(f"at {NEAR_BITS} bits", {"more than one alike": found})
        mixed = packed[np.random.default_rng(0).integers(len(packed), size=(MANY, 16))]
        mixed = np.concatenate([mixed[:, n, 2 * n : 2 * n + 2] for n in range(16)], axis=1)  # frequencies of several
        taken: Taken[object] = Taken()
        taken.run(lambda: clusters(mixed, NEAR_BITS))
        report.times(f"{MANY:,} made-up hashes clustered", {"imgrec": taken}, "s", busy=True)


def compared(report: Report, feed: Path) -> NDArray[np.uint8]:
    """Tell of each hash how many pairs it finds, and how many of them are of one group. Returns the long ones."""
    with feed.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    group = np.unique([row["group"] or row["id"] for row in rows], return_inverse=True)[1]
    files = [feed.parent / row["image"] for row in rows]
    hash_of: dict[int, Callable[[Path], bytes]] = {64: partial(short_hash, side_bits=8), 256: perceptual_hash}
    for bits, distances in DISTANCES.items():
        with ProcessPoolExecutor() as pool:
            packed = np.array([np.frombuffer(each, np.uint8) for each in pool.map(hash_of[bits], files, chunksize=50)])
        in_group, in_all = by_distance(packed, group)
        found = {most: (int(in_all[: most + 1].sum()), int(in_group[: most + 1].sum())) for most in distances}
        rows_of = {
            f"{most} apart or less": {"pairs": pairs, "of one group": right, "share": right / max(pairs, 1)}
            for most, (pairs, right) in found.items()
        }
        title = f"{bits} bits; {in_group.sum():,} pairs are of one group"
        report.table(title, rows_of, {"share": ".0%"})
    return packed


def short_hash(file: Path, side_bits: int) -> bytes:
    """The usual pHash: 8 x 8 of the frequencies of 32 x 32 pixels."""
    side = side_bits * 4
    small = decode_photo(file, 64).convert("L").resize((side, side), Image.Resampling.LANCZOS)
    cosines = np.cos(np.pi * np.arange(side_bits)[:, None] * (2 * np.arange(side)[None, :] + 1) / (2 * side))
    low = cosines @ np.asarray(small, np.float64) @ cosines.T
    return np.packbits(low > np.median(low)).tobytes()


def by_distance(packed: NDArray[np.uint8], group: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many pairs differ in 0, 1, 2, ... bits: those of one group, and all."""
    words = packed.view(np.uint64)
    counts = np.zeros((2, packed.shape[1] * 8 + 1), np.int64)
    for start in range(0, len(words), ROWS):
        distance = np.bitwise_count(words[start : start + ROWS, None] ^ words[None]).sum(axis=2, dtype=np.int64)
        later = np.arange(len(words))[None] > np.arange(start, min(start + ROWS, len(words)))[:, None]
        same = group[start : start + ROWS, None] == group[None]
        for number, chosen in enumerate((later & same, later)):
            counts[number] += np.bincount(distance[chosen], minlength=counts.shape[1])
    return counts[0], counts[1]


if __name__ == "__main__":
    main()
