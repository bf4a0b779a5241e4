"""Real photos that may train a model that ships: the rows of a feed that name an open licence, by department."""

import csv
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from imgrec.errors import FeedError
from imgrec.generations import write_atomically
from sample.shop import write_csv

DEPARTMENT_OF = {
    "Apps": "Apps", "Automotive": "Automotive", "Bags & Wallets": "Clothing", "Cell Phones": "Cell Phones",
    "Clothing Bottoms": "Clothing", "Clothing Tops": "Clothing", "Electronics": "Electronics", "Eyewear": "Clothing",
    "Furniture": "Home", "Garden": "Lawn & Garden", "Grocery Packaged": "Grocery", "Grocery Produce": "Grocery",
    "Home Decor": "Home", "Kitchen & Dining": "Home", "Music": "Music", "Shoes": "Clothing", "Toys": "Toys",
    "Video Games": "Video Games", "Watches": "Clothing",
}  # fmt: skip
"""The department that a category of photo collections belongs to; one that is not here has none."""

_QUERY = ("photo", "category", "kind")
_WANTED = ("id", "title", "category", "image", "kind", "group", "split", "set", "open_licence")


@dataclass(frozen=True)
class Licensed:
    """How many photos were taken, by the data set and licence they come with, and how many were not, by the reason."""

    taken: Counter[tuple[str, str]]
    left: Counter[str]


def take_licensed(
    feed: Path, folder: Path, customers: Collection[str] = (), shelf_kinds: Mapping[str, str] | None = None
) -> Licensed:
    """Copy the photos whose row has an `open_licence` and a department, and write a feed of them, `products.csv`.

    `feed` is a CSV feed with the columns `set` and `open_licence` beside the usual ones; both stand in the new feed
    too, as whoever ships a model names them. What is to be measured goes into query files: the new feed's test split
    into `test.csv`, and every photo of a department, licensed or not, of the old feed's into `test-all.csv`.
    `customers` are rows, by their id, that are for testing whatever split the feed gives them. `shelf_kinds` says of
    rows, by their id, which kind they are in the shop; so are all others of their set and kind.
    Raises FeedError when a column or a photo is missing.
    """
    found = Licensed(Counter(), Counter())
    rows: list[tuple[str, ...]] = []
    tests: dict[str, list[tuple[str, ...]]] = {"test.csv": [], "test-all.csv": []}
    with feed.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if lacking := [column for column in _WANTED if column not in (reader.fieldnames or ())]:
            raise FeedError(f"{feed} lacks the column {lacking[0]}; it needs {', '.join(_WANTED)}.")
        all_ = list(reader)
        kind_of = dict(shelf_kinds or {})
        kinds_of = {
            (row["set"], row["kind"]): kind_of[row["id"]] for row in all_ if row["kind"] and row["id"] in kind_of
        }
        for row in all_:
            row["kind"] = kind_of.get(row["id"]) or kinds_of.get((row["set"], row["kind"]), row["kind"])
            department = DEPARTMENT_OF.get(row["category"])
            row["split"] = "test" if row["id"] in customers else row["split"]
            image = photo_beside(feed, row["image"])
            photo = feed.parent.resolve() / image
            if department and row["split"] == "test":
                for name in ["test-all.csv", *(["test.csv"] if row["open_licence"] else [])]:
                    tests[name].append((str(photo), department, row["kind"]))
            if not row["open_licence"]:
                found.left["no open licence"] += 1
            elif department is None:
                found.left[f"no department for {row['category']}"] += 1
            else:
                _copy(photo, folder / image)
                found.taken[row["set"], row["open_licence"]] += 1
                rows.append(tuple({**row, "category": department, "image": str(image)}[column] for column in _WANTED))
    write_csv(folder / "products.csv", _WANTED, rows)
    for name, queries in tests.items():
        write_csv(folder / name, _QUERY, queries)
    return found


def photo_beside(feed: Path, image: str) -> Path:
    """The file that a row names, relative to the feed's folder. Raises FeedError where it does not lie there."""
    folder = feed.parent.resolve()
    photo = (folder / image).resolve()
    if not photo.is_relative_to(folder):
        raise FeedError(f"{image!r} is not in the folder of {feed}; a feed may name photos that lie beside it.")
    if not photo.is_file():
        raise FeedError(f"{photo} is missing, though the feed names it.")
    return photo.relative_to(folder)


def _copy(photo: Path, copy: Path) -> None:
    if not copy.exists() or copy.stat().st_size != photo.stat().st_size:
        write_atomically(copy, photo.read_bytes())
