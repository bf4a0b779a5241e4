"""What is on sale, as columns: of millions of photos no objects are made, and what is learned from is drawn by lot."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.features.store import Contents, as_contents
from imgrec.progress import Advance
from imgrec.search.generation import NO_RANK
from imgrec.search.product_colours import Names, names_said
from imgrec.search.ranking import UNKNOWN
from imgrec.vision.vectors import Ints, Table

Lots = NDArray[np.uint64]

_ROWS_AT_ONCE = 20_000


class Draw(NamedTuple):
    """How many photos are drawn: at most about so many in all, and of a category at least, and at most, so many."""

    most: int
    least_of_a_category: int
    most_of_a_category: int | None = None

    def of(self, lot: Lots, category: NDArray[np.int32]) -> Ints:
        """The rows of those drawn, evenly of all categories; the same ones as long as they are there.

        lot: uint64 (n,), as `lots` gives it: a photo's content decides, so that a catalogue that grows keeps most of
        what was drawn. category: (n,), its number. They come category by category. Where many products share a photo it
        is drawn again, for another of them, only when there is no other photo left.
        """
        order = np.lexsort((lot, _times_before(lot, category), category))
        starts = np.flatnonzero(np.diff(category[order], prepend=category.min(initial=0) - 1))
        each = max(self.least_of_a_category, self.most // max(1, len(starts)))
        if self.most_of_a_category is not None and len(starts) > 1:
            each = min(each, self.most_of_a_category)
        ends = np.append(starts[1:], len(order))
        begun = np.lexsort((order[starts], lot[order[starts]]))  # the category of the first lot of all comes first
        return np.concatenate(
            [order[:0], *(order[starts[number] : min(ends[number], starts[number] + each)] for number in begun)]
        )


def _times_before(lot: Lots, category: NDArray[np.int32]) -> Ints:
    """How many of the rows before have the same photo, in the same category: int64 (n,)."""
    order = np.lexsort((lot, category))
    is_first = np.append(True, (np.diff(lot[order]) != 0) | (np.diff(category[order]) != 0))[: len(order)]
    place = np.arange(len(order))
    times = np.empty(len(order), np.int64)
    times[order] = place - np.maximum.accumulate(np.where(is_first, place, 0))
    return times


def lots(contents: Iterable[bytes], count: int) -> Lots:
    """What decides who is drawn: uint64 (count,), of the SHA-256 of a photo's content, in hex."""
    digests = (int.from_bytes(hashlib.sha256(content).digest()[:8], "big") for content in contents)
    return np.fromiter(digests, np.uint64, count)


@dataclass(frozen=True)
class Columns(Table):
    """n stored photos of products on sale, in order of photo id, 100 bytes each (as objects they take 800).

    photo, product, rank: int64 (n,), ids and sales ranks. category: int32 (n,), a number, UNKNOWN of none. content: S64
    (n,), the SHA-256 of the photo in hex. lot: uint64 (n,), see `lots`.
    """

    photo: Ints
    product: Ints
    rank: Ints
    category: NDArray[np.int32]
    content: Contents
    lot: Lots

    def drawn(self, draw: Draw) -> Ints:
        """The rows of some photos."""
        return draw.of(self.lot, self.category)

    @classmethod
    def of(cls, photos: Sequence[CataloguePhoto], number_of: dict[str, int]) -> Self:
        """Photos, whose categories are numbered as they are met: `number_of` grows."""
        category = [
            UNKNOWN if photo.category is None else number_of.setdefault(photo.category, len(number_of))
            for photo in photos
        ]
        content = as_contents(photo.sha256 for photo in photos)
        return cls(
            np.array([photo.photo_id for photo in photos], np.int64),
            np.array([photo.product_id for photo in photos], np.int64),
            np.array([NO_RANK if photo.sales_rank is None else photo.sales_rank for photo in photos], np.int64),
            np.array(category, np.int32), content, lots(content.tolist(), len(content)),
        )  # fmt: skip


@dataclass(frozen=True)
class OnSale:
    """All photos on sale, and a sample of them to learn from, at one moment.

    categories: their names, in order; a photo's category is the place of its name there. category_ids: name -> id.
    said: the colours that feeds and titles name, by product id.
    """

    photos: Columns
    categories: tuple[str, ...]
    category_ids: dict[str, int]
    sample: list[CataloguePhoto]
    said: Names

    @classmethod
    def read(
        cls, catalogue: Catalogue, sample: Draw, advance: Advance, note: Callable[[bytes], object] = lambda row: None
    ) -> Self:
        """note: is told of all that an index is made of, photo by photo."""
        number_of: dict[str, int] = {}
        parts: list[Columns] = []
        with catalogue.unchanging():
            said = names_said(catalogue)
            rows = catalogue.on_sale()
            while some := list(islice(rows, _ROWS_AT_ONCE)):
                for p in some:
                    named = int(said[p.product_id])
                    row = [p.photo_id, p.product_id, p.category, p.sha256, p.sales_rank, p.kind, p.group, named]
                    note(json.dumps(row).encode())
                parts.append(Columns.of(some, number_of))
                advance(len(some), "")
            photos = Columns.joined([Columns.of([], number_of), *parts])
            ids = catalogue.categories()
            drawn = list(catalogue.on_sale(photos.photo[photos.drawn(sample)].tolist()))
        names = sorted(number_of)
        place = np.full(len(names) + 1, UNKNOWN, np.int32)  # the last is that of none
        place[[number_of[name] for name in names]] = np.arange(len(names))
        photos.category[:] = place[photos.category]
        return cls(photos, tuple(names), ids, drawn, said)

    def by_shelf(self) -> Ints:
        """The rows category by category, those without one last, and by photo id: as a generation has them."""
        return np.argsort(self._shelves(), kind="stable")

    def rows_of_categories(self) -> dict[str, tuple[int, int]]:
        """Name -> its rows in that order, from and up to, of those that have photos."""
        ends = np.cumsum(np.bincount(self._shelves(), minlength=len(self.categories)))[: len(self.categories)].tolist()
        spans = zip(self.categories, [0, *ends], ends, strict=False)
        return {name: (start, end) for name, start, end in spans if start < end}

    def _shelves(self) -> NDArray[np.int32]:
        category = self.photos.category
        return np.where(category == UNKNOWN, np.int32(len(self.categories)), category)
