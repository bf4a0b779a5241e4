"""The shop's catalogue: twenty products a department, spread over its kinds, with titles, prices and splits."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgrec.generations import write_atomically
from sample.design import Design, Kind, generator
from sample.jobs import PhotoJob, Sitting
from sample.kinds import DEPARTMENTS

FEED_COLUMNS = (
    "id", "title", "category", "image", "price", "currency", "brand", "url", "sales_rank", "split", "group", "kind",
)  # fmt: skip
CUSTOMER_COLUMNS = ("photo", "product_id", "category", "kind")
PRODUCTS_A_DEPARTMENT = 20
CUSTOMER_PHOTOS = 2
_FINER = 2
_MANY = 9  # products of one kind, of which two can be spared for testing


@dataclass(frozen=True)
class Product:
    """A product on sale, with its design."""

    id: str
    design: Design
    split: str
    price: str
    sales_rank: int

    @property
    def image(self) -> str:
        """Its photo, relative to the feed."""
        return f"photos/{self.id}.jpg"

    @property
    def customer_photos(self) -> tuple[str, ...]:
        """What customers sent of it, relative to the feed: photos of test products alone."""
        numbers = range(1, CUSTOMER_PHOTOS + 1) if self.split == "test" else ()
        return tuple(f"customer/{self.id}-{number}.jpg" for number in numbers)

    def row(self) -> tuple[str, ...]:
        """Its line of the feed."""
        category, kind = self.design.kind.department, self.design.kind.name
        url = f"https://shop.example/{slug(category)}/{self.id}"
        return (self.id, self.design.title, category, self.image, self.price, "USD", self.design.brand, url,
                str(self.sales_rank), self.split, self.id, kind)  # fmt: skip


def catalogue(
    seed: int, departments: Mapping[str, tuple[Kind, ...]] = DEPARTMENTS, products: int = PRODUCTS_A_DEPARTMENT
) -> list[Product]:
    """All products on sale, department by department and kind by kind."""
    return [product for name, kinds in departments.items() for product in _department(name, kinds, products, seed)]


def sittings(shop: Iterable[Product], folder: Path, side_px: int, samples: int) -> list[Sitting]:
    """The photos the shop wants."""
    return [
        Sitting.of(
            product.design,
            PhotoJob("studio", product.id, folder / product.image, side_px, samples, _FINER),
            *(PhotoJob("customer", name, folder / name, side_px, samples, _FINER) for name in product.customer_photos),
        )
        for product in shop
    ]


def write_feeds(shop: Sequence[Product], folder: Path) -> None:
    """Write `products.csv` and `customer.csv`."""
    write_csv(folder / "products.csv", FEED_COLUMNS, (product.row() for product in shop))
    queries = (
        (photo, product.id, product.design.kind.department, product.design.kind.name)
        for product in shop for photo in product.customer_photos
    )  # fmt: skip
    write_csv(folder / "customer.csv", CUSTOMER_COLUMNS, queries)


def write_csv(file: Path, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Replace a CSV file in one go."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_atomically(file, text.getvalue().encode())


def slug(words: str) -> str:
    """Words as they stand in addresses and file names."""
    return "-".join("".join(c if c.isalnum() else " " for c in words.lower()).split())


def _department(name: str, kinds: tuple[Kind, ...], products: int, seed: int) -> Iterable[Product]:
    rng = generator("department", name, seed)
    ranks = iter(rng.permutation((rng.integers(3, 400, products)).cumsum()).tolist())
    for number, kind in enumerate(kinds):
        count = products // len(kinds) + (number < products % len(kinds))
        splits = rng.permutation(_splits(count)).tolist()
        for place, (design, split) in enumerate(zip(kind.spread(count, "shop", seed), splits, strict=True), start=1):
            price = _price(kind.price, float(rng.uniform()), int(rng.integers(4)))
            yield Product(f"{slug(kind.name)}-{place:02d}", design, split, price, next(ranks))


def _splits(count: int) -> list[str]:
    """Seven to two to one or so, at least one for testing and one for validation."""
    kept_back = 2 if count >= _MANY else 1
    return ["test"] * kept_back + ["validation"] * kept_back + ["train"] * (count - 2 * kept_back)


def _price(between: tuple[float, float], share: float, ending: int) -> str:
    """A price as shops make them; cheap things are more."""
    low, high = between
    whole = math.floor(low * (high / low) ** share)
    return f"{whole}.{('99', '99', '49', '95')[ending]}"
