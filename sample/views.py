"""The training feed: many more products than the shop sells, each from many sides, none of them one it tests with."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sample.design import Design, Kind, nearest
from sample.jobs import Look, PhotoJob, Sitting
from sample.shop import FEED_COLUMNS, Product, slug, write_csv

NEAR_COPY = 0.3  # apart: about as two mugs of one pattern in slightly other colours and sizes
_ONE_IN = 8  # products is for validation


@dataclass(frozen=True)
class Subject:
    """A product to train on, and the split it belongs to."""

    name: str
    design: Design
    split: str

    def photos(self, views: int) -> Iterator[str]:
        """Its photos, relative to the feed. Their names hold a digest of the design, so that a changed one is new."""
        kind = slug(self.design.kind.name)
        return (f"photos/{kind}/{self.name}-{self.design.digest}-{view:02d}.jpg" for view in range(views))

    def row(self, photo: str) -> tuple[str, ...]:
        """The line of the feed for one of its photos, each a product to the catalogue; the group says they are one."""
        design, kind = self.design, self.design.kind
        id_, group = f"{slug(kind.name)}-{Path(photo).stem}", f"{slug(kind.name)}-{self.name}"
        return (id_, design.title, kind.department, photo, "", "", design.brand, "", "", self.split, group, kind.name)


def subjects(kinds: Iterable[Kind], shop: Sequence[Product], products_a_kind: int, seed: int) -> list[Subject]:
    """The shop's products of the training and validation splits, and so many others of each kind.

    Nothing comes near a product of the shop's test split: designs less than NEAR_COPY from one are passed over. More
    products a kind keep those there were.
    """
    return [subject for kind in kinds for subject in _of_kind(kind, shop, products_a_kind, seed)]


def sittings(all_: Iterable[Subject], views: int, folder: Path, look: Look) -> list[Sitting]:
    """The photos the training feed wants."""
    return [
        Sitting.of(
            subject.design,
            *(PhotoJob("training", f"{look.seed} {name}", folder / name, look.side_px, look.samples, draft=True)
              for name in subject.photos(views)),
        )
        for subject in all_
    ]  # fmt: skip


def write_feed(all_: Iterable[Subject], views: int, folder: Path) -> int:
    """Write `products.csv`, a row for each photo that exists; returns their number."""
    rows = [subject.row(photo) for subject in all_ for photo in subject.photos(views) if (folder / photo).exists()]
    write_csv(folder / "products.csv", FEED_COLUMNS, rows)
    return len(rows)


def _of_kind(kind: Kind, shop: Sequence[Product], count: int, seed: int) -> Iterator[Subject]:
    sold = [product for product in shop if product.design.kind is kind]
    kept_back = [product.design for product in sold if product.split == "test"]
    for product in sold:
        if product.split != "test":
            yield Subject(f"shop-{product.id}", product.design, product.split)
    made = number = 0
    while made < count:
        design = kind.draw("views", seed, number)
        if nearest(design, kept_back) >= NEAR_COPY:
            yield Subject(f"{number:05d}", design, "validation" if made % _ONE_IN == _ONE_IN - 1 else "train")
            made += 1
        number += 1
