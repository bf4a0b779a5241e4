"""A shop of any size whose photos were never taken: its catalogue, and who says what was seen in them.

Photos are numbered, and come in blocks: all that is drawn of a block comes of its number, so that the catalogue is
written, and the photos looked at, in any order and in several runs.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Self

import numpy as np
from made_up import Growth, made_up

from imgrec.catalogue.photo_status import PhotoStatus
from imgrec.catalogue.source_writer import category_id
from imgrec.catalogue.store import Catalogue
from imgrec.features.looking import Looked
from imgrec.features.store import PhotoFeatures, View, as_contents
from imgrec.search.generation import WHITENING, read_record
from imgrec.vision.model_folder import Arithmetic
from imgrec.vision.vectors import Floats, unit_rows

BLOCK = 512
CATEGORIES = 20
KINDS_A_CATEGORY = 15
_BLOCKS_AT_ONCE = 64
_BY_TELEPHONE = 0.8
_HEX = 16
_MIX = 0x9E3779B97F4A7C15  # odd, so that no two numbers come to the same (Knuth's multiplicative hashing)


class MadeUpShop:
    """What its photos look like, and the category and kind of each; as many as one likes."""

    def __init__(self, vectors: Floats, category: np.ndarray, back: Floats) -> None:
        """vectors: float32 (m, k), those of a few photos; category: int64 (m,). back: float32 (k + 1, d), an affine
        map of vectors to features, below it the shift.
        """
        self.growth = Growth(vectors)
        self._category = category
        self._back = back

    @classmethod
    def like(cls, index: Path) -> Self:
        """Of a real index: its vectors, categories and whitening, undone."""
        record, affine = read_record(index), np.load(index / WHITENING, allow_pickle=False).astype(np.float64)
        vectors = np.load(index / "vectors.npy", allow_pickle=False)
        category = np.zeros(len(vectors), np.int64)
        for number, (start, end) in enumerate(record.rows.values()):
            category[start:end] = number
        back = np.linalg.pinv(affine[:-1])
        length = np.linalg.norm(affine[-1])  # about what vectors have before they are made of length 1
        return cls(vectors, category, np.vstack([length * back, -affine[-1] @ back]).astype(np.float32))

    @classmethod
    def of_nothing(cls, dim: int, whitened: int = 256) -> Self:
        """Of no real photo at all; dim: numbers in a feature."""
        rng = np.random.default_rng(0)
        vectors = made_up(rng, 8000, 1024, whitened)
        towards = vectors @ rng.standard_normal((whitened, CATEGORIES), np.float32)
        back = np.linalg.qr(rng.standard_normal((dim, whitened)))[0].T
        shift = np.abs(rng.standard_normal((1, dim)))
        return cls(vectors, towards.argmax(axis=1), np.vstack([back, shift / np.linalg.norm(shift)]).astype(np.float32))

    def block(self, number: int) -> tuple[Floats, np.ndarray, np.ndarray]:
        """The BLOCK photos of a block: vectors float32 (BLOCK, k); category and kind int64 (BLOCK,)."""
        vectors, of = self.growth(np.random.default_rng([1, number]), BLOCK)
        return vectors, self._category[of], of % KINDS_A_CATEGORY

    def features(self, vectors: Floats) -> Floats:
        """What an eye would have seen: float32 (n, d), L2 norm 1."""
        return unit_rows(vectors @ self._back[:-1] + self._back[-1])

    def queries(self, count: int) -> Floats:
        """Photos that are in no block, by telephone: float32 (count, k)."""
        rng = np.random.default_rng(2)
        return self.growth.beside(rng, self.growth(rng, count)[0], _BY_TELEPHONE)

    def fill(self, catalogue: Catalogue, photos: int) -> None:
        """Put so many products with one photo each into an empty catalogue, every column as a feed fills it."""
        connection = catalogue.connection
        connection.execute("INSERT INTO sources (id, name) VALUES (1, 'made up')")
        ids = [category_id(connection, f"Category {number:02}") for number in range(CATEGORIES)]
        blocks = range(-(-photos // BLOCK))
        for start in blocks[::_BLOCKS_AT_ONCE]:
            products, pictures = [], []
            for block in blocks[start : start + _BLOCKS_AT_ONCE]:
                _, category, kind = self.block(block)
                numbers = range(block * BLOCK, min((block + 1) * BLOCK, photos))
                for number, a_category, a_kind in zip(numbers, category.tolist(), kind.tolist(), strict=False):
                    price = f"{number * 7919 % 20_000 / 100 + 0.99:.2f}"
                    brand, title = f"Brand{number * 31 % 5003}", f"Thing {a_kind} of sort {number % 977}, no. {number}"
                    products.append(
                        (number + 1, str(number), title, ids[a_category], price, brand, f"https://shop.example/{number}",
                         number * 613 % 1_000_003, f"kind {a_kind}", f"{number:016x}")
                    )  # fmt: skip
                    pictures.append((number + 1, number + 1, f"https://shop.example/{number}.jpg", content_of(number)))
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    "INSERT INTO products (id, source_id, external_id, title, category_id, price, currency, brand, "
                    "url, sales_rank, kind, fingerprint, added_utc, changed_utc) "
                    "VALUES (?, 1, ?, ?, ?, ?, 'EUR', ?, ?, ?, ?, ?, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')",
                    products,
                )
                connection.executemany(
                    "INSERT INTO photos (id, product_id, position, origin, sha256, width_px, height_px, status) "
                    f"VALUES (?, ?, 0, ?, ?, 500, 500, '{PhotoStatus.STORED}')",
                    pictures,
                )


class MadeUpEye:
    """A Looker that makes up what it sees."""

    def __init__(self, shop: MadeUpShop, arithmetic: Arithmetic) -> None:
        self._shop = shop
        self._arithmetic = arithmetic

    def look(self, view: View, wanted: Sequence[str]) -> Iterator[Looked]:
        """See Looker: block by block."""
        for block, some in groupby(wanted, lambda content: number_of(content) // BLOCK):
            contents = list(some)
            at = np.array([number_of(content) % BLOCK for content in contents])
            vectors = self._shop.block(block)[0]
            rng = np.random.default_rng([3, block])
            match view:
                case "telephone":
                    vectors = self._shop.growth.beside(rng, vectors, _BY_TELEPHONE)
                case "stranger":
                    vectors = self._shop.growth.beside(rng, vectors, 0)
            lab = rng.uniform((0, -60, -60), (100, 60, 60), (BLOCK, 3, 3))
            share = np.sort(rng.dirichlet(np.ones(3), BLOCK))[:, ::-1, None]
            colours = np.concatenate([lab, share], axis=2).astype(np.float32)
            seen = PhotoFeatures(
                as_contents(contents),
                self._shop.features(vectors[at]).astype(np.float16), np.empty((len(at), 0), np.float32), colours[at],
            )  # fmt: skip
            yield Looked(seen, 0, self._arithmetic)


def content_of(number: int) -> str:
    """What stands for the SHA-256 of a photo: as evenly spread, and tells the photo's number."""
    return f"{number * _MIX % 2**64:016x}{number:048x}"


def number_of(content: str) -> int:
    """The number of the photo with this content."""
    return int(content[_HEX:], 16)
