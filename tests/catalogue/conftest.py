"""A small market: a folder with a feed and photos, and an open catalogue to bring them into."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tiny_shop import draw_product, jpeg
from watched import Watched

from imgrec.catalogue.feed import FeedRow, Outcome
from imgrec.catalogue.formats.detect import format_of
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.plain_csv import OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from imgrec.catalogue.import_report import ImportReport
from imgrec.catalogue.importing import ImportOptions, import_feed
from imgrec.catalogue.store import Catalogue, Product
from imgrec.config import CatalogueSection


@dataclass
class Market:
    """Writes feeds and photos, imports them, and looks at what became of them."""

    folder: Path
    section: CatalogueSection
    catalogue: Catalogue
    notes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What the last import said."""

    @property
    def rejects(self) -> Path:
        return self.folder / "rejects.csv"

    def photo(self, name: str, content: bytes | Image.Image | None = None) -> Path:
        """Put a photo into the feed's folder: these bytes, this image, or a drawn product all its own."""
        if content is None:
            content = draw_product("Balls", "red", hash(name), side_px=24)
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else jpeg(content))
        return file

    def feed(self, *rows: dict[str, Any] | str, name: str = "market.csv") -> Path:
        """Write a feed. A row is an id, or fields beside the usual ones; its photo is drawn unless it names one."""
        file = self.folder / name
        with file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            writer = csv.DictWriter(stream, (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS))
            writer.writeheader()
            for row in rows:
                fields = {"id": row} if isinstance(row, str) else row
                usual = {"title": f"Ball {fields.get('id')}", "category": "Balls", "image": f"{fields.get('id')}.jpg"}
                if "image" not in fields and not (self.folder / usual["image"]).exists():
                    self.photo(usual["image"])
                writer.writerow({**usual, **fields})
        return file

    def bring_in(self, *rows: dict[str, Any] | str, source: str = "market", **options: Any) -> ImportReport:
        """Write a feed and import it."""
        return self.take(self.feed(*rows), source, **options)

    def take(self, feed: Path, source: str = "market", **options: Any) -> ImportReport:
        """Import a file."""
        watched = Watched(lambda done, note: self.notes.append(note))
        self.said = watched.said
        return import_feed(self.catalogue, feed, source, self.rejects, watched, ImportOptions(**options))

    def product(self, id_: str) -> Product:
        """The one product of this id."""
        [product] = self.catalogue.products_by_feed_id(id_)
        return product

    def on_sale(self) -> set[str]:
        """The feed's ids of what is not retired."""
        rows = self.catalogue.connection.execute("SELECT external_id FROM products WHERE retired_utc IS NULL")
        return {row[0] for row in rows}


Read = Callable[..., list[Outcome]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a feed, and read it as the format it is found to be in, or that is named."""

    def read_feed(content: bytes | str, format_name: str | None = None) -> list[Outcome]:
        return [row for _, row in numbered(content, format_name)]

    def numbered(content: bytes | str, format_name: str | None = None) -> list[tuple[int, Outcome]]:
        file = tmp_path / "feed"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        with FeedFile(file) as feed:
            return list(format_of(feed, format_name).read(feed))

    read_feed.numbered = numbered  # type: ignore[attr-defined]
    return read_feed


@pytest.fixture
def one(read: Read) -> Callable[..., FeedRow]:
    """Read a feed of which the last row is usable, and return that."""

    def last_row(content: bytes | str, format_name: str | None = None) -> FeedRow:
        row = read(content, format_name)[-1]
        assert isinstance(row, FeedRow), row
        return row

    return last_row


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    section = CatalogueSection(path=tmp_path / "data/catalogue.db", photos=tmp_path / "data/photos")
    folder = tmp_path / "feeds"
    folder.mkdir()
    with Catalogue.open(section) as catalogue:
        yield Market(folder, section, catalogue)
