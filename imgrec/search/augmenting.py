"""The shop's vectors, each moved a little towards its nearest: what photos of one kind share counts for more.

Database-side feature augmentation: R. Arandjelovic and A. Zisserman, Three Things Everyone Should Know to Improve
Object Retrieval, 2012. Neighbours are weighted by a power of their cosine, as the expanded queries of F. Radenovic et
al., Fine-tuning CNN Image Retrieval with No Human Annotation, 2018. It is done once, when an index is built: a search
costs nothing more. How far is fitted; the other constants are measured (docs/experiments.md).
"""

import numpy as np
from numpy.typing import NDArray

from imgrec.vision.vectors import Floats, unit_rows

_NEIGHBOURS = 5
_POWER = 2
_MOST_COMPARED = 20_000
_CELLS_AT_ONCE = 8_000_000

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def augmented(vectors: Floats, label: Ints, group: Ints, share: float, neighbours: Bools | None = None) -> Floats:
    """Vectors (n, k) of L2 norm 1, each with `share` times its five nearest added, again of L2 norm 1.

    label, group: int64 (n,). Neighbours are of the same label and of another group; a label with very many photos is
    taken in parts. neighbours: bool (n,), which rows may be some; None: all.
    """
    if not share:
        return vectors
    moved = vectors.copy()
    for number in np.unique(label):
        shelf = np.flatnonzero(label == number)
        parts = -(-len(shelf) // _MOST_COMPARED)
        for part in (shelf[start::parts] for start in range(parts)):
            among = part if neighbours is None else part[neighbours[part]]
            step = max(1, _CELLS_AT_ONCE // max(1, len(among)))
            for rows in (part[start : start + step] for start in range(0, len(part), step)):
                moved[rows] += np.float32(share) * _pull(vectors[rows], group[rows], vectors[among], group[among])
    return unit_rows(moved)


def _pull(vectors: Floats, group: Ints, others: Floats, of_others: Ints) -> Floats:
    """The sum of the nearest others of each vector, each by a power of its cosine: (n, k)."""
    count = min(_NEIGHBOURS, len(others))
    cosine = vectors @ others.T
    cosine[group[:, None] == of_others] = 0
    nearest = np.argpartition(-cosine, count - 1, axis=1)[:, :count] if count else np.zeros((len(vectors), 0), np.int64)
    weight = np.maximum(np.take_along_axis(cosine, nearest, axis=1), 0) ** _POWER
    return np.asarray(np.einsum("nj,njk->nk", weight, others[nearest]), np.float32)
