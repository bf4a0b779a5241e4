"""Real shelves beside the rendered ones: photos that people took of groceries and clothes and gave away for any use."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from imgrec.errors import FeedError
from imgrec.generations import write_atomically
from sample.licensed import photo_beside
from sample.shop import CUSTOMER_COLUMNS, FEED_COLUMNS, slug, write_csv

LICENCES = ("MIT", "CC0-1.0")
SIDE_PX = 320  # as the rendered photos
_QUALITY = 80
_CHOSEN = Path(__file__).with_name("shelves.csv")
_FOLDER = "shelves"


@dataclass(frozen=True)
class Shelved:
    """A photo that was chosen, by the row of the feed it comes from: of a product on sale, or one a customer sent."""

    source: str
    id: str
    split: str
    set: str
    open_licence: str
    category: str
    kind: str
    title: str
    price: str

    @property
    def is_customers(self) -> bool:
        """Whether a customer sent it: those are for testing alone, and what they show is not on sale."""
        return self.split == "test"

    @property
    def photo(self) -> str:
        """Its photo, relative to the shop's feed."""
        return f"{_FOLDER}/{'customer' if self.is_customers else 'photos'}/{self.id}.jpg"

    def row(self) -> tuple[str, ...]:
        """The line of the feed of a product, or of the queries of what a customer sent."""
        if self.is_customers:
            return (self.photo, "", self.category, self.kind)
        url = f"https://shop.example/{slug(self.category)}/{self.id}"
        return (self.id, self.title, self.category, self.photo, self.price, "USD", "", url, "", self.split, self.id,
                self.kind)  # fmt: skip


def shelved(file: Path = _CHOSEN) -> list[Shelved]:
    """What was chosen, kind by kind, as the list beside this module has it."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    numbers: Counter[str] = Counter()
    chosen = []
    for row in rows:
        name = f"{'sent' if row['split'] == 'test' else 'shelf'}-{slug(row['kind'])}"
        numbers[name] += 1
        chosen.append(Shelved(id=f"{name}-{numbers[name]:02d}", **row))
    return chosen


def take_photos(chosen: Iterable[Shelved], feed: Path, folder: Path) -> Counter[tuple[str, str]]:
    """Write the photos, small enough to ship, from the rows of a feed; returns their number by data set and licence.

    Raises FeedError when a row is not there, is of another set or licence than was noted when it was chosen, or comes
    with a licence that is not one of LICENCES.
    """
    with feed.open(encoding="utf-8", newline="") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream)}
    taken: Counter[tuple[str, str]] = Counter()
    for one in chosen:
        row = rows.get(one.source, {})
        has = (row.get("set"), row.get("open_licence"))
        if has != (one.set, one.open_licence) or one.open_licence not in LICENCES:
            raise FeedError(f"{feed} has no {one.source} of the set {one.set}, licence {one.open_licence}.")
        photo = feed.parent.resolve() / photo_beside(feed, row["image"])
        write_atomically(folder / one.photo, _small(photo))
        taken[one.set, one.open_licence] += 1
    return taken


def put_out(chosen: Sequence[Shelved], folder: Path) -> None:
    """Add the shelves to the shop's `products.csv` and `customer.csv`; what they had of them before is replaced.

    Raises FeedError when the folder holds no shop.
    """
    on_sale = [one.row() for one in chosen if not one.is_customers]
    sent = [one.row() for one in chosen if one.is_customers]
    _replace(folder / "products.csv", FEED_COLUMNS, "image", on_sale)
    _replace(folder / "customer.csv", CUSTOMER_COLUMNS, "photo", sent)


def has_shelves(folder: Path) -> bool:
    """Whether a shop has real shelves beside what is rendered."""
    return (folder / _FOLDER).is_dir()


def _replace(file: Path, columns: tuple[str, ...], photo: str, ours: Iterable[tuple[str, ...]]) -> None:
    """Write a list anew with these lines at its end, in place of those it had whose photo stands on the shelves."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            others = [row for row in csv.DictReader(stream) if not row[photo].startswith(f"{_FOLDER}/")]
    except FileNotFoundError:
        raise FeedError(f"{file} is missing. Make the shop first: python -m sample render") from None
    write_csv(file, columns, [*(tuple(row[column] for column in columns) for row in others), *ours])


def _small(photo: Path) -> bytes:
    with Image.open(photo) as image:
        small = image.convert("RGB")
    small.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return buffer.getvalue()
