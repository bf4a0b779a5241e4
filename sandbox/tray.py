"""The tray: pictures at hand in the chat page, to be sent with one tap.

They are named by their place in the tray; no request contains a path.
"""

import asyncio
import csv
import io
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageOps

from sandbox.errors import ApiError
from sandbox.handlers import ApiHandler
from sandbox.photos import UNREADABLE
from sandbox.wire import Json

CONTENT_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
MOST_PICTURES = 240
THUMBNAIL_PX = 192
SHUFFLE_SEED = 20


class LeftOut(StrEnum):
    """Why a picture is not in the tray."""

    MISSING = "missing"
    NO_PICTURE = "not a JPEG, PNG or WebP file"
    OUTSIDE = "outside the folder of its list"


@dataclass(frozen=True)
class Picture:
    """A picture on disk, with what its list says about it."""

    file: Path
    category: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Tray:
    """Pictures in the order they are offered, and how many were left out for which reason."""

    pictures: tuple[Picture, ...] = ()
    left_out: tuple[tuple[LeftOut, int], ...] = ()

    def to_json(self) -> list[Json]:
        """What the page needs to offer them; the place in the list is the picture's name."""
        return [{"category": picture.category, "kind": picture.kind} for picture in self.pictures]


def read_tray(sources: Iterable[Path]) -> Tray:
    """The pictures of these lists and folders, shuffled so that categories take turns; at most 240.

    A list is a CSV file with a column `photo`, relative to it, and optionally `category` and `kind`. A folder is
    looked through with all below it; what lies directly in it names the category. Raises ValueError for a list
    without that column or that is none, OSError for one that cannot be read.
    """
    found: list[Picture] = []
    left_out: Counter[LeftOut] = Counter()
    for source in sources:
        for picture in _in_folder(source) if source.is_dir() else _in_list(source):
            if isinstance(picture, Picture):
                found.append(picture)
            else:
                left_out[picture] += 1
    return Tray(tuple(taking_turns(dict.fromkeys(found))[:MOST_PICTURES]), tuple(sorted(left_out.items())))


def taking_turns(pictures: Iterable[Picture]) -> list[Picture]:
    """One picture of each category after the other, always in the same random order."""
    shelves: defaultdict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        shelves[picture.category].append(picture)
    rng = random.Random(SHUFFLE_SEED)  # noqa: S311 - an order to look at
    order = sorted(shelves)
    rng.shuffle(order)
    for shelf in shelves.values():
        rng.shuffle(shelf)
    rounds = itertools.zip_longest(*(shelves[category] for category in order))
    return [picture for one_each in rounds for picture in one_each if picture is not None]


def _in_list(source: Path) -> Iterator[Picture | LeftOut]:
    folder = source.resolve().parent
    with source.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        try:
            columns = reader.fieldnames or []
            if "photo" not in columns:
                raise ValueError(f'{source} has no column "photo"; it has {", ".join(columns) or "none"}')
            for row in reader:
                file = (folder / (row["photo"] or "")).resolve()
                yield _checked(Picture(file, row.get("category") or "", row.get("kind") or ""), folder)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"{source} is no list of pictures: line {reader.line_num}: {error}") from None


def _in_folder(source: Path) -> Iterator[Picture]:
    folder = source.resolve()
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        picture = Picture(file, parts[0] if len(parts) > 1 else "")
        if not any(part.startswith(".") for part in parts) and _checked(picture, folder) is picture:
            yield picture


def _checked(picture: Picture, folder: Path) -> Picture | LeftOut:
    if not picture.file.is_relative_to(folder):
        return LeftOut.OUTSIDE
    if not picture.file.is_file():
        return LeftOut.MISSING
    return picture if picture.file.suffix.lower() in CONTENT_TYPES else LeftOut.NO_PICTURE


class TrayHandler(ApiHandler):
    """`/tray`, `/tray/<n>` and `/tray/<n>/thumbnail`."""

    async def get(self, number: str = "", thumbnail: str = "") -> None:
        """List the pictures, or send one of them."""
        tray: Tray = self.settings["tray"]
        if not number:
            self.answer(tray.to_json())
            return
        if int(number) >= len(tray.pictures):
            raise ApiError(404, f"Not Found: the tray has {len(tray.pictures)} pictures, counted from 0")
        file = tray.pictures[int(number)].file
        try:
            content = await asyncio.to_thread(_thumbnail if thumbnail else Path.read_bytes, file)
        except UNREADABLE as error:
            raise ApiError(404, f"Not Found: picture {number} of the tray cannot be read") from error
        self.set_header("Content-Type", "image/jpeg" if thumbnail else CONTENT_TYPES[file.suffix.lower()])
        self.set_header("Cache-Control", "no-cache")  # another sandbox on this port may have another tray
        self.finish(content)


@lru_cache(MOST_PICTURES)
def _thumbnail(file: Path) -> bytes:
    with Image.open(file) as opened:
        opened.draft("RGB", (2 * THUMBNAIL_PX, 2 * THUMBNAIL_PX))
        upright = ImageOps.exif_transpose(opened).convert("RGB")
        small = ImageOps.fit(upright, (THUMBNAIL_PX, THUMBNAIL_PX))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
