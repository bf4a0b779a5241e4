"""Pictures that look the same, found by their perceptual hashes without comparing each with every other."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from imgrec.vision.perceptual_hash import HASH_BYTES

NEAR_BITS = 20
"""Bits of 256 by which near duplicates differ at most: the same picture, or the same product in another colour."""

SAME_BITS = 12
"""Bits of 256 by which copies of one picture differ at most, saved anew in another size or quality."""

Hashes = NDArray[np.uint8]
"""Perceptual hashes, one in each row: (n, 32)."""

_PARTS = 5


def as_hashes(hashes: list[bytes]) -> Hashes:
    """Stack hashes into rows."""
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, HASH_BYTES)


def clusters(hashes: Hashes, most_bits: int) -> NDArray[np.int64]:
    """Which pictures belong together: the number of its cluster for every row, (n,).

    Two pictures are in one cluster when a chain of pictures leads from one to the other, each differing from the next
    in at most `most_bits` bits (up to 58). Clusters are numbered in the order of their first rows.
    """
    distinct, row_of = np.unique(hashes, axis=0, return_inverse=True)
    found = _connected(distinct, most_bits)
    _, first, cluster = np.unique(found[row_of.ravel()], return_index=True, return_inverse=True)
    numbered = np.empty(len(first), np.int64)
    numbered[np.argsort(first)] = np.arange(len(first))
    return numbered[cluster]


def differing_bits(hashes: Hashes) -> NDArray[np.int64]:
    """In how many bits each hash differs from the first: (n,)."""
    bits: NDArray[np.int64] = np.bitwise_count(hashes ^ hashes[:1]).sum(axis=1, dtype=np.int64)
    return bits


def _connected(hashes: Hashes, most_bits: int) -> NDArray[np.int64]:
    """The component of each row, where rows that differ in at most `most_bits` bits are joined.

    Cut into `most_bits` + 6 bands, two such hashes agree in at least six whole bands; with the bands dealt into five
    parts, at least two of those lie in one part. So only rows that agree in two bands of one part are compared.
    """
    words = np.ascontiguousarray(hashes).view(np.uint64)
    bits = np.unpackbits(hashes, axis=1)
    count = most_bits + _PARTS + 1
    bands = [_number(bits[:, band::count]) for band in range(count)]  # neighbouring bits are alike: deal them out
    width = -(-bits.shape[1] // count)
    component = np.arange(len(hashes))
    for part in range(_PARTS):
        for one, other in combinations(range(part, count, _PARTS), 2):
            component = _joined(component, bands[one] << width | bands[other], words, most_bits)
    return component


def _joined(
    component: NDArray[np.int64], key: NDArray[np.int64], words: NDArray[np.uint64], most_bits: int
) -> NDArray[np.int64]:
    """The components after joining rows of one key that are near enough."""
    order = np.lexsort((component, key))
    key, component_of = key[order], component[order]
    edges: list[NDArray[np.int64]] = []
    start, step = np.arange(len(order)), 0
    while len(start):  # compare each row with the next of its key, then with the one after it, ...
        step += 1
        start = start[start + step < len(order)]
        start = start[key[start] == key[start + step]]
        apart = start[component_of[start] != component_of[start + step]]
        one, other = order[apart], order[apart + step]
        near = np.bitwise_count(words[one] ^ words[other]).sum(axis=1, dtype=np.int64) <= most_bits
        edges.append(np.stack([component[one[near]], component[other[near]]]))
    joined = np.concatenate(edges, axis=1) if edges else np.empty((2, 0), np.int64)
    if not joined.size:
        return component
    graph = coo_array((np.ones(joined.shape[1], bool), tuple(joined)), shape=(len(component), len(component)))
    _, merged = connected_components(graph, directed=False)
    found: NDArray[np.int64] = merged[component].astype(np.int64)
    return found


def _number(bits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The number that bits write: (n, up to 31) -> (n,)."""
    return bits.astype(np.int64) @ (1 << np.arange(bits.shape[1], dtype=np.int64))
