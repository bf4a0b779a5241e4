"""Clusters found by bands are those that comparing each with every other finds, and they are found fast."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from imgrec.catalogue.duplicates import as_hashes, clusters, differing_bits


def partly_alike(count: int, seed: int) -> np.ndarray:
    """Random hashes, many of them copies of one another with a few bits flipped."""
    rng = np.random.default_rng(seed)
    originals = rng.integers(0, 256, (count // 3, 32), np.uint8)
    bits = np.unpackbits(originals[rng.integers(len(originals), size=count)], axis=1)
    for row in bits:
        row[rng.choice(256, rng.integers(0, 40), replace=False)] ^= 1
    return np.packbits(bits, axis=1)


def by_comparing_all(hashes: np.ndarray, most_bits: int) -> np.ndarray:
    distances = np.bitwise_count(hashes[:, None] ^ hashes[None]).sum(axis=2, dtype=int)
    return connected_components(distances <= most_bits, directed=False)[1]


@pytest.mark.parametrize("most_bits", [0, 1, 6, 20, 33, 58])
@pytest.mark.parametrize("seed", range(2))
def test_the_clusters_are_those_of_comparing_all_with_all(most_bits, seed):
    hashes = partly_alike(300, seed)
    found = clusters(hashes, most_bits)
    expected = by_comparing_all(hashes, most_bits)
    assert found.max() > 1
    assert len(set(zip(found, expected, strict=True))) == len(set(found)) == len(set(expected))


def test_clusters_are_numbered_in_the_order_of_their_first_members():
    hashes = as_hashes([bytes([value]) * 32 for value in (9, 200, 9, 55, 200)])
    assert clusters(hashes, 6).tolist() == [0, 1, 0, 2, 1]


def test_no_hashes_have_no_clusters():
    assert clusters(as_hashes([]), 20).tolist() == []


def test_a_picture_repeated_ten_thousand_times_is_one_cluster_and_costs_nothing():
    hashes = np.concatenate([np.full((10_000, 32), 77, np.uint8), partly_alike(90, 1)])
    assert (clusters(hashes, 20)[:10_000] == 0).all()


def test_differing_bits_count_from_the_first():
    assert differing_bits(as_hashes([bytes(32), b"\xff" + bytes(31), bytes(31) + b"\x01"])).tolist() == [0, 8, 1]
