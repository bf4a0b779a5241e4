"""Searching with many queries at once, exactly as the bot would with each: one matrix product, then the first few.

An engine answers one query; figures need thousands of queries against the same photos, in several scopings. A test
holds both to the same answers.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from imgrec.catalogue.store import CataloguePhoto
from imgrec.search.engine import SIMILARITY_DECIMALS
from imgrec.search.generation import NO_RANK
from imgrec.search.joint import Joint
from imgrec.search.scoping import Scoping, scope
from imgrec.vision.vectors import Bools, Doubles, Floats, Ints, Table

UNKNOWN = -1
_CELLS_AT_ONCE = 8_000_000
_NEVER = -(2**62)


@dataclass(frozen=True)
class Photos(Table):
    """n photos as columns, all in the same order.

    features: float32 (n, d), rows of L2 norm 1. product, rank: catalogue id and sales rank of the photo's product.
    label: number of its category among the labels, UNKNOWN where it has none. kind: number of its kind, UNKNOWN where
    it has none; equal numbers imply equal categories. group: number of its group of near-identical products, or of its
    own product.
    """

    features: Floats
    product: Ints
    label: Ints
    kind: Ints
    group: Ints
    rank: Ints

    @classmethod
    def of(cls, photos: Sequence[CataloguePhoto], labels: Sequence[str], features: Floats, family: Ints) -> Self:
        """The catalogue's photos with their features, in the same order; a category not among the labels is UNKNOWN.

        family: int64 (n,), which photos belong together. Numbers of kinds mean something only among photos coded
        together: take queries from the result.
        """
        number = {name: at for at, name in enumerate(labels)}
        return cls(
            features=features,
            product=np.array([photo.product_id for photo in photos], np.int64),
            label=np.array([number.get(photo.category or "", UNKNOWN) for photo in photos], np.int64),
            kind=numbered_kinds([photo.category for photo in photos], [photo.kind for photo in photos]),
            group=family,
            rank=np.array([NO_RANK if photo.sales_rank is None else photo.sales_rank for photo in photos], np.int64),
        )


def numbered(values: Sequence[Hashable]) -> Ints:
    """Equal values get equal numbers, None gets UNKNOWN."""
    known: dict[Hashable, int] = {}
    return np.array([UNKNOWN if value is None else known.setdefault(value, len(known)) for value in values], np.int64)


def numbered_kinds(categories: Sequence[Hashable], kinds: Sequence[str | None]) -> Ints:
    """Kinds of the same name in different categories are different kinds."""
    pairs = zip(categories, kinds, strict=True)
    return numbered([None if kind is None else (category, kind) for category, kind in pairs])


class Gallery:
    """The photos that are searched. Products stand in order of sales rank: of equal matches the better-selling first.

    `products` has one row a product, that of its first photo; a match is a row of it.
    """

    def __init__(self, photos: Photos) -> None:
        ordered = photos.take(np.lexsort((photos.product, photos.rank)))
        self._starts = np.flatnonzero(np.diff(ordered.product, prepend=_NEVER))
        self._features = ordered.features
        self.products = ordered.take(self._starts)

    def similarity(self, features: Floats) -> Floats:
        """features: (q, d). Returns float32 (q, products): each product by its most similar photo."""
        photos = features @ self._features.T
        if len(self.products) == len(self._features):
            return np.asarray(photos, np.float32)
        return np.asarray(np.maximum.reduceat(photos, self._starts, axis=1), np.float32)

    def in_parts(self, queries: Photos, joint: Joint | None = None) -> Iterator[tuple[slice, Photos, Floats]]:
        """Queries in stretches that fit into memory, each with its similarities to all products.

        joint: the queries' categories' part, in the same order; None: vectors alone count.
        """
        step = max(1, _CELLS_AT_ONCE // max(1, len(self._features)))
        for start in range(0, len(queries), step):
            rows = slice(start, start + step)
            part = queries.take(np.arange(len(queries))[rows])
            cosine = self.similarity(part.features)
            yield rows, part, cosine if joint is None else joint.rows(rows).similarity(cosine, self.products.label)

    def is_own(self, queries: Photos) -> Bools:
        """Which products are the query's own or of its group: (q, products)."""
        return np.asarray(queries.group[:, None] == self.products.group[None, :])


@dataclass(frozen=True)
class Ranked:
    """The first matches of q queries, most similar first.

    product: int64 (q, depth), rows of the gallery's products, -1 where there is no further match. similarity: float64
    (q, depth), rounded as the search rounds it, -inf where there is no match.
    """

    product: Ints
    similarity: Doubles


def searched(probabilities: Floats, held: Bools, scoping: Scoping, mass: float) -> Bools:
    """What the bot would search for each query: bool (q, labels + 1); the last column is products without a category.

    probabilities: (q, labels), calibrated. held: bool (labels,), those with photos; the others are not worth searching.
    Products without a category may be of any, so they are always searched.
    """
    chosen = np.zeros((len(probabilities), len(held) + 1), bool)
    for row, probability in enumerate(probabilities):
        chosen[row, scope(np.where(held, probability, 0), scoping, mass)] = True
    chosen[:, :-1] &= held
    chosen[:, UNKNOWN] = True
    return chosen


def scoped(
    probabilities: Floats, gallery: Gallery, scoping: Scoping, mass: float, weight: float
) -> tuple[Bools, Joint | None]:
    """What the bot would search for each query, as `searched` gives it, and the categories' part of the similarity.

    probabilities: (q, labels), calibrated; (q, 0) where categories are not told apart: then all is searched, by vectors
    alone. weight: of a category's probability in the similarity.
    """
    count, labels = probabilities.shape
    if not labels:
        return np.ones((count, int(gallery.products.label.max(initial=0)) + 2), bool), None
    held = np.isin(np.arange(labels), gallery.products.label)
    return searched(probabilities, held, scoping, mass), Joint.of(probabilities, weight)


def own_category(label: Ints, labels: int) -> Bools:
    """The scope of somebody who knows every query's category: the upper bound of any scoping."""
    return np.asarray(label[:, None] == np.append(np.arange(labels), UNKNOWN)[None, :])


def nearest(queries: Photos, gallery: Gallery, in_scope: Bools, depth: int, joint: Joint | None = None) -> Ranked:
    """The `depth` most similar products in scope of each query, its own product and group left out.

    in_scope: bool (q, labels + 1), as `searched` gives it. joint: the queries' categories' part; None: vectors alone.
    """
    products = np.full((len(queries), depth), -1, np.int64)
    similarities = np.full((len(queries), depth), -np.inf)
    count = len(gallery.products)
    found = min(depth, count)
    for rows, part, similarity in gallery.in_parts(queries, joint):
        rounded = np.clip(np.rint(similarity * 10.0**SIMILARITY_DECIMALS), -(10**6), 10**6).astype(np.int64)
        # One number a product that no other has: by similarity, and of equals the first in the gallery's order.
        key = rounded * count - np.arange(count)
        key[~in_scope[rows][:, gallery.products.label] | gallery.is_own(part)] = _NEVER
        first = np.argpartition(-key, found - 1, axis=1)[:, :found]
        best = np.take_along_axis(key, first, axis=1)
        order = np.argsort(-best, axis=1)
        first, best = np.take_along_axis(first, order, axis=1), np.take_along_axis(best, order, axis=1)
        products[rows, :found] = np.where(best == _NEVER, -1, first)
        exact = np.take_along_axis(rounded, first, axis=1) / 10.0**SIMILARITY_DECIMALS
        similarities[rows, :found] = np.where(best == _NEVER, -np.inf, exact)
    return Ranked(products, similarities)
