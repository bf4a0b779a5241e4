"""How often the regions of a photo are the things in it, and what searching by one finds, on collages.

The index holds other photos than those of the collages: import and index the feed's training rows, then name the whole
feed.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from measuring import Report, Taken, options_of
from PIL import Image

from imgrec.config import load_config
from imgrec.features.telephone import mask_of_thing
from imgrec.search.answer import Seen
from imgrec.search.regions import regions
from imgrec.search.serving import Serving
from imgrec.vision.boxes import Box, crop
from imgrec.vision.decode import decode_photo

TILE_PX = 200
CELL_PX = 240
FIRST = 10
WHOLE = Box(0, 0, 1, 1)


@dataclass(frozen=True)
class Thing:
    """A product photo and what it shows."""

    photo: Image.Image
    category: str
    kind: str


@dataclass(frozen=True)
class Collage:
    """A photo of several things, or of one, and where they are."""

    photo: Image.Image
    things: tuple[Thing, ...]
    boxes: tuple[Box, ...]


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("feed", type=Path, help="a CSV feed with kind and split")
    parser.add_argument("--split", default="test", help="the rows whose photos are used")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), help="of the shop that answers")
    parser.add_argument("--collages", type=int, default=40, help="of each sort")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    things = things_in(options.feed, options.split)
    apart = [thing for thing in things if mask_of_thing(thing.photo)]
    several = range(options.collages)
    sorts = {
        "one photo": [tiles([thing], 1) for thing in drawn(things, len(several), rng)],
        "two photos side by side": [tiles(of_different_categories(things, 2, rng), 2) for _ in several],
        "four photos": [tiles(of_different_categories(things, 4, rng), 2) for _ in several],
        "two things on one ground": [scene(of_different_categories(apart, 2, rng), rng) for _ in several],
        "four things on one ground": [scene(of_different_categories(apart, 4, rng), rng) for _ in several],
    }
    taken: dict[str, Taken[list[Box]]] = {name: Taken() for name in sorts}
    with Report(__doc__, options) as report, Serving.open(load_config(options.config, {})) as serving:
        rows = {name: figures(serving, collages, taken[name]) for name, collages in sorts.items()}
        title = (
            f"regions and things; the kind of a thing among the first {FIRST}, searched by the whole photo or a region"
        )
        report.table(title, rows, dict.fromkeys(next(iter(rows.values())), ".1%"))
        report.times("finding the regions of a photo", taken, "ms", busy=True)


def figures(serving: Serving, collages: Sequence[Collage], taken: Taken[list[Box]]) -> dict[str, float]:
    """As many: as many regions as things. Hit: of the things, those that share half of both with a region."""
    as_many, hit, by_whole, by_region = [], [], [], []
    for collage in collages:
        [whole], [last_map] = serving.see_where(serving.preprocessing.batch([collage.photo]))
        found = taken.run(partial(regions, collage.photo, last_map, serving.preprocessing))
        as_many.append(len(found) == len(collage.things))
        of_regions = serving.see([crop(collage.photo, box) for box in found])
        for thing, place in zip(collage.things, collage.boxes, strict=True):
            shared = [in_common(place, box) for box in found]
            hit.append(max(shared) >= 0.5)
            by_whole.append(finds(serving, whole, thing))
            by_region.append(finds(serving, of_regions[int(np.argmax(shared))], thing))
    columns = {"as many": as_many, "hit": hit, "by the whole": by_whole, "by a region": by_region}
    return {column: float(np.mean(each)) for column, each in columns.items()}


def finds(serving: Serving, seen: Seen, thing: Thing) -> bool:
    found = serving.answer(seen, threshold=-1, top=FIRST).matches
    return any((match.product.category, match.product.kind) == (thing.category, thing.kind) for match in found)


def in_common(one: Box, other: Box) -> float:
    common = one.common(other)
    return common / (one.area + other.area - common)


def things_in(feed: Path, split: str) -> list[Thing]:
    with feed.open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split and row["kind"]]
    return [Thing(decode_photo(feed.parent / row["image"], TILE_PX), row["category"], row["kind"]) for row in rows]


def drawn(things: Sequence[Thing], count: int, rng: np.random.Generator) -> list[Thing]:
    return [things[number] for number in rng.choice(len(things), count, replace=False)]


def of_different_categories(things: Sequence[Thing], count: int, rng: np.random.Generator) -> list[Thing]:
    while True:
        some = drawn(things, count, rng)
        if len({thing.category for thing in some}) == count:
            return some


def tiles(things: Sequence[Thing], columns: int) -> Collage:
    """Photos side by side, in one row or two, each a square padded with white."""
    rows = -(-len(things) // columns)
    photo = Image.new("RGB", (columns * TILE_PX, rows * TILE_PX), "white")
    boxes = []
    for number, thing in enumerate(things):
        row, column = divmod(number, columns)
        small = thing.photo.copy()
        small.thumbnail((TILE_PX, TILE_PX))
        photo.paste(
            small, (column * TILE_PX + (TILE_PX - small.width) // 2, row * TILE_PX + (TILE_PX - small.height) // 2)
        )
        boxes.append(Box(column / columns, row / rows, (column + 1) / columns, (row + 1) / rows))
    return Collage(photo, tuple(things), tuple(boxes))


def scene(things: Sequence[Thing], rng: np.random.Generator) -> Collage:
    """Things cut out of plain grounds and laid on one, apart from each other."""
    columns, rows = 2, -(-len(things) // 2)
    ground = tuple(int(channel) for channel in rng.uniform(150, 256, 3))
    photo = Image.new("RGB", (columns * CELL_PX, rows * CELL_PX), ground)
    boxes = []
    for number, thing in enumerate(things):
        row, column = divmod(number, columns)
        mask = mask_of_thing(thing.photo)
        assert mask is not None, "only such are chosen"
        inner = mask.point([255 * (value > 127) for value in range(256)]).getbbox()
        cut, mask = thing.photo.crop(inner), mask.crop(inner)
        scale = rng.uniform(0.6, 0.9) * CELL_PX / max(cut.size)
        size = (max(8, round(cut.width * scale)), max(8, round(cut.height * scale)))
        left = column * CELL_PX + int(rng.uniform(0.05, 0.95) * (CELL_PX - size[0]))
        top = row * CELL_PX + int(rng.uniform(0.05, 0.95) * (CELL_PX - size[1]))
        photo.paste(cut.resize(size), (left, top), mask.resize(size))
        right, bottom = left + size[0], top + size[1]
        boxes.append(Box(left / photo.width, top / photo.height, right / photo.width, bottom / photo.height))
    return Collage(photo, tuple(things), tuple(boxes))


if __name__ == "__main__":
    main()
