"""Which perceptual hash, and how many bits apart: near duplicates found, against the groups that a feed names."""

import argparse
import csv
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.catalogue.duplicates import NEAR_BITS, clusters
from imgrec.vision.decode import decode_photo
from imgrec.vision.perceptual_hash import perceptual_hash

DISTANCES = {64: (0, 2, 4, 6, 8), 256: (0, 4, 8, 12, 16, 20, 24, 28, 32, 40)}
MANY = 100_000
ROWS = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("feed", type=Path, help="CSV with image (local, relative to the feed) and group")
    options = parser.parse_args()
    with options.feed.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    group = np.unique([row["group"] or row["id"] for row in rows], return_inverse=True)[1]
    files = [options.feed.parent / row["image"] for row in rows]
    hash_of = {64: partial(short_hash, side_bits=8), 256: perceptual_hash}
    for bits, distances in DISTANCES.items():
        with ProcessPoolExecutor() as pool:
            packed = np.array([np.frombuffer(each, np.uint8) for each in pool.map(hash_of[bits], files, chunksize=50)])
        in_group, in_all = by_distance(packed, group)
        print(f"\n{bits} bits; {in_group.sum():,} pairs of one group\n{'at most':>8}{'pairs':>9}{'of one group':>14}")
        for most in distances:
            found, right = in_all[: most + 1].sum(), in_group[: most + 1].sum()
            print(f"{most:8}{found:9,}{right / max(found, 1):14.0%}")
    sizes = np.bincount(clusters(packed, NEAR_BITS))
    repeated = sizes[sizes > 1]
    print(f"\nAt {NEAR_BITS} bits {repeated.sum():,} photos in {len(repeated):,} clusters of up to {sizes.max()}")
    mixed = packed[
        np.random.default_rng(0).integers(len(packed), size=(MANY, 16))
    ]  # each row of frequencies from another
    mixed = np.concatenate([mixed[:, n, 2 * n : 2 * n + 2] for n in range(16)], axis=1)
    began = time.perf_counter()
    clusters(mixed, NEAR_BITS)
    print(f"{MANY:,} made-up hashes clustered in {time.perf_counter() - began:.1f} s on {os.cpu_count()} cores")


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
