"""Exact cosine search over the index's memory-mapped features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.errors import SearchIndexError
from imgrec.generations import current
from imgrec.search.files import CategoryFeatures, IndexRecord, Ints, read_category, read_record
from imgrec.vision.vectors import Floats

_ROUNDING = 1e-5
_FIRST_LOOK = 4
_GATHERING_COSTS = 4
"""How much longer a row takes when it is picked out than when all are read in order."""

SIMILARITY_DECIMALS = 6
"""Similarities closer than this are equal: the rest is rounding, and depends on how a product is summed."""


@dataclass(frozen=True)
class Hit:
    """A product found: the similarity of its most similar photo, and its sales rank."""

    product_id: int
    similarity: float
    rank: int


class SearchIndex:
    """One generation of the index, open for searching from any thread."""

    def __init__(self, folder: Path) -> None:
        """Open a generation. Raises SearchIndexError when it is damaged."""
        self.folder = folder
        try:
            self.record: IndexRecord = read_record(folder)
            self.rotation: Floats = np.load(folder / "rotation.npy", allow_pickle=False)
            self.categories: dict[str, CategoryFeatures] = {
                name: read_category(folder, category_id) for name, category_id in self.record.categories.items()
            }
            _check_lengths(self.categories, self.rotation)
        except (OSError, ValueError, EOFError) as error:
            problem = " ".join(str(error).split())[:200]
            raise SearchIndexError(
                f"The index {folder} is damaged ({problem}). Build it anew with: imgrec index --rebuild"
            ) from None

    @property
    def generation(self) -> str:
        """The name of this generation."""
        return self.folder.name

    def search(self, feature: Floats, categories: Sequence[str], top: int) -> list[Hit]:
        """The `top` most similar products of these categories, most similar first; of equal ones the better sales rank.

        feature: float32 (d,), L2 norm 1. The result is that of comparing with every photo: rows are left out only when
        an upper bound of their similarity (Cauchy-Schwarz on the tail) is below the similarity that is needed.
        """
        query = np.asarray(feature @ self.rotation, np.float32)
        hits: dict[int, Hit] = {}
        for name in categories:
            if name in self.categories:
                needed = _least_of_best(hits, top)
                for hit in _search_category(self.categories[name], query, top, needed):
                    if hit.product_id not in hits or hit.similarity > hits[hit.product_id].similarity:
                        hits[hit.product_id] = hit
        return sorted(hits.values(), key=lambda hit: (-hit.similarity, hit.rank, hit.product_id))[:top]


def open_index(path: Path, model_sha256: str) -> SearchIndex:
    """Open the current generation below `path`.

    Raises SearchIndexError when there is none, it is damaged, or another model made it.
    """
    folder = current(path)
    if folder is None:
        raise SearchIndexError(f"There is no index at {path}. Build one with: imgrec index")
    index = SearchIndex(folder)
    if index.record.model_sha256 != model_sha256:
        raise SearchIndexError(
            f"The index {folder} was made by another model ({index.record.model_sha256[:12]}) than the present one "
            f"({model_sha256[:12]}). Build it anew with: imgrec index"
        )
    return index


def _check_lengths(categories: Mapping[str, CategoryFeatures], rotation: Floats) -> None:
    """Raises ValueError where arrays do not fit each other."""
    for name, features in categories.items():
        lengths = {len(array) for array in vars(features).values()}
        if len(lengths) > 1 or features.head.shape[1] + features.tail.shape[1] != rotation.shape[0]:
            raise ValueError(f"the arrays of {name} differ in length")


def _search_category(features: CategoryFeatures, query: Floats, top: int, needed: float) -> list[Hit]:
    """The best hits of one category; those below `needed` may be left out."""
    head, tail = query[: features.head.shape[1]], query[features.head.shape[1] :]
    scanned = features.head @ head
    bound = scanned + features.residual * np.float32(np.linalg.norm(tail))
    look = _FIRST_LOOK * top
    if len(bound) > look:
        promising = np.sort(np.argpartition(-bound, look)[:look])
        hits = _best(features, promising, _similarity(features, promising, scanned, tail), top)
        needed = max(needed, _least_of_best(hits, top))
    rows = np.flatnonzero(bound >= needed - _ROUNDING)
    return list(_best(features, rows, _similarity(features, rows, scanned, tail), top).values())


def _similarity(features: CategoryFeatures, rows: Ints, scanned: Floats, tail: Floats) -> Floats:
    """Exact similarity of these rows, float32 (n,)."""
    if _GATHERING_COSTS * len(rows) < len(scanned):
        return np.asarray(scanned[rows] + features.tail[rows] @ tail, np.float32)
    return np.asarray((scanned + features.tail @ tail)[rows], np.float32)


def _best(features: CategoryFeatures, rows: Ints, similarity: Floats, top: int) -> dict[int, Hit]:
    """Of these rows at least the `top` most similar products and their equals, each by its most similar photo."""
    look = _FIRST_LOOK * top
    while True:
        # All rows that equal the look-th best: what is left out is less similar than every product among them.
        least = np.partition(similarity, -look)[-look] - _ROUNDING if look < len(rows) else -np.inf
        best: dict[int, Hit] = {}
        for at in np.flatnonzero(similarity >= least):
            product = int(features.product[rows[at]])
            rounded = min(max(round(float(similarity[at]), SIMILARITY_DECIMALS), -1.0), 1.0)
            if product not in best or rounded > best[product].similarity:
                best[product] = Hit(product, rounded, int(features.rank[rows[at]]))
        if len(best) >= top or look >= len(rows):
            return best
        look *= _FIRST_LOOK


def _least_of_best(hits: dict[int, Hit], top: int) -> float:
    """The similarity a product needs to be among the `top` best of these; -inf while there are fewer."""
    if len(hits) < top:
        return float("-inf")
    return sorted((hit.similarity for hit in hits.values()), reverse=True)[top - 1]
