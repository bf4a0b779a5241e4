"""One source's products in the catalogue: what is new or changed is written, what its feed lacks is retired."""

import json
import os
import sqlite3
import stat
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from imgrec.catalogue import former_photos
from imgrec.catalogue.feed import FeedRow, Outcome, Reason, Rejection, is_url
from imgrec.catalogue.local_photos import find_photo
from imgrec.catalogue.photo_status import PhotoStatus
from imgrec.catalogue.photo_store import StoredPhoto
from imgrec.catalogue.store import Catalogue
from imgrec.database import utc_now
from imgrec.errors import CostlyPhotoError, TooLargePhotoError, UnreadablePhotoError

_MOST_BYTES = 100_000_000
_CATEGORIES_REMEMBERED = 10_000
_WAITING_FOR_THE_DISK = 14  # a photo is decoded in 2 ms, and on disk after 1 to 10, which several can be at once
_UNUSABLE, _USABLE, _LEFT_OUT = 0, 1, 2  # how an id stands that the feed has named

_NAMED = "SELECT 1 FROM temp.seen WHERE seen.source_id = products.source_id AND seen.external_id = products.external_id"

Fate = Rejection | bool
"""What became of a row: its rejection, or whether the product is new or changed."""


@dataclass(frozen=True, slots=True)
class _Photo:
    """What one of a row's images came to: nothing stored yet when it is a URL."""

    origin: str
    stamp: str | None = None
    stored: StoredPhoto | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What the catalogue already holds for an id."""

    product_id: int
    fingerprint: str
    retired: bool
    photos: tuple[_Photo, ...]


class SourceWriter:
    """One pass over the feeds of one source."""

    def __init__(self, catalogue: Catalogue, source: str) -> None:
        self.photos = catalogue.photos
        self.connection = catalogue.connection
        self.nameless_rows = 0
        self._categories: dict[str, int] = {}
        self.connection.execute("INSERT OR IGNORE INTO sources (name) VALUES (?)", (source,))
        self.source_id = self.connection.execute("SELECT id FROM sources WHERE name = ?", (source,)).fetchone()[0]
        # Ids already met, on disk when there are many: memory stays the same however long the feeds.
        self.connection.execute(
            "CREATE TEMP TABLE IF NOT EXISTS seen (source_id INTEGER, external_id TEXT, standing INTEGER, "
            "PRIMARY KEY (source_id, external_id)) WITHOUT ROWID"
        )
        self.connection.execute("DELETE FROM temp.seen WHERE source_id = ?", (self.source_id,))

    def unseen(self, rows: Sequence[tuple[int, Outcome]], keep: bool = True) -> list[tuple[int, Outcome]]:
        """Note which ids the rows name. Of several usable rows with one id the first counts, the others are rejected.

        Without `keep` the products are only looked at: they count as not named by the feed unless `write` gets them.
        """
        with self.connection:
            self.connection.execute("BEGIN")  # of a temporary table: it locks nobody out
            return [(line, self._unless_seen(line, row, _USABLE if keep else _LEFT_OUT)) for line, row in rows]

    def write(self, rows: Sequence[tuple[int, Outcome]], base: Path, pool: ThreadPoolExecutor) -> list[Fate]:
        """Write a few rows in one transaction; local photos are read relative to `base`, by the threads of `pool`."""
        known = self._known([row.id for _, row in rows if isinstance(row, FeedRow)])
        photos = self._photos_of(rows, known, base, pool)
        fates: list[Fate] = []
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            for (_, row), found in zip(rows, photos, strict=True):
                if isinstance(row, Rejection):
                    fates.append(row)
                elif isinstance(found, Rejection):
                    fates.append(found)
                else:
                    fates.append(self._put(row, found, known.get(row.id)))
        return fates

    def keep(self, rows: Iterable[FeedRow]) -> None:
        """Products that `unseen` only looked at are the feed's after all."""
        with self.connection:
            self.connection.execute("BEGIN")
            self.connection.executemany(
                f"UPDATE temp.seen SET standing = {_USABLE} WHERE source_id = ? AND external_id = ?",
                ((self.source_id, row.id) for row in rows),
            )

    def categories_of(self, ids: list[str]) -> dict[str, str]:
        """Feed id -> category, of this source's products on sale that have one of these ids and a category."""
        return dict(
            self.connection.execute(
                "SELECT external_id, name FROM products JOIN categories ON categories.id = category_id "
                "WHERE source_id = ? AND retired_utc IS NULL AND name != '' "
                "AND external_id IN (SELECT value FROM json_each(?))",
                (self.source_id, json.dumps(ids)),
            ).fetchall()
        )

    def count_unnamed(self) -> int:
        """How many of this source's products on sale the feed has not named at all, be it to leave them out."""
        found: int = self.connection.execute(
            f"SELECT count(*) FROM products WHERE source_id = ? AND retired_utc IS NULL AND NOT EXISTS ({_NAMED})",
            (self.source_id,),
        ).fetchone()[0]
        return found

    def retire_unseen(self) -> int:
        """Retire this source's products that the feed did not name, and return how many.

        None where a row's id could not be read: it may have named any of them.
        """
        if self.nameless_rows:
            return 0
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            return self.connection.execute(
                "UPDATE products SET retired_utc = ? WHERE source_id = ? AND retired_utc IS NULL "
                f"AND NOT EXISTS ({_NAMED} AND standing != {_LEFT_OUT})",
                (utc_now(), self.source_id),
            ).rowcount

    def _unless_seen(self, line: int, row: Outcome, standing: int) -> Outcome:
        if isinstance(row, Rejection):
            if row.reason.is_a_fault:  # what is left out on purpose is no longer the feed's
                self.nameless_rows += not row.id
                self.connection.execute(
                    f"INSERT OR IGNORE INTO temp.seen VALUES (?, ?, {_UNUSABLE})", (self.source_id, row.id)
                )
            return row
        first = self.connection.execute(
            "INSERT INTO temp.seen VALUES (?, ?, ?) "
            f"ON CONFLICT DO UPDATE SET standing = excluded.standing WHERE standing = {_UNUSABLE}",
            (self.source_id, row.id, standing),
        ).rowcount
        if first:
            return row
        return Rejection(line, row.id, Reason.DUPLICATE_ID, "an earlier row of this feed has the same id")

    def _known(self, ids: Sequence[str]) -> dict[str, _Known]:
        marks = ",".join("?" * len(ids))
        photos: dict[int, list[_Photo]] = {}
        products = self.connection.execute(
            "SELECT id, external_id, fingerprint, retired_utc IS NOT NULL FROM products "
            f"WHERE source_id = ? AND external_id IN ({marks})",
            (self.source_id, *ids),
        ).fetchall()
        marks = ",".join("?" * len(products))
        for product_id, origin, stamp, *kept in self.connection.execute(
            "SELECT product_id, origin, origin_stamp, sha256, width_px, height_px, perceptual_hash FROM photos "
            f"WHERE product_id IN ({marks}) AND {former_photos.IS_NAMED} ORDER BY product_id, position",
            [product[0] for product in products],
        ):
            stored = StoredPhoto(*kept) if kept[0] else None
            photos.setdefault(product_id, []).append(_Photo(origin, stamp, stored))
        return {
            external_id: _Known(product_id, fingerprint, bool(retired), tuple(photos.get(product_id, ())))
            for product_id, external_id, fingerprint, retired in products
        }

    def _photos_of(
        self, rows: Sequence[tuple[int, Outcome]], known: dict[str, _Known], base: Path, pool: ThreadPoolExecutor
    ) -> list[tuple[_Photo, ...] | Rejection]:
        def photos(numbered: tuple[int, Outcome]) -> tuple[_Photo, ...] | Rejection:
            line, row = numbered
            return row if isinstance(row, Rejection) else self._read_photos(line, row, known.get(row.id), base)

        if any(isinstance(row, FeedRow) and not is_url(row.image) for _, row in rows):
            return list(pool.map(photos, rows))
        return list(map(photos, rows))

    def _read_photos(self, line: int, row: FeedRow, known: _Known | None, base: Path) -> tuple[_Photo, ...] | Rejection:
        """What the images of a row come to. The first has to be usable; of the others those that are count."""
        before = dict(enumerate(known.photos)) if known else {}
        photos: list[_Photo] = []
        for image in row.images:
            known_photo = before.get(len(photos))
            photo = self._read_photo(line, row, image, known_photo, base)
            if isinstance(photo, _Photo):
                photos.append(photo)
            elif not photos:
                return photo
        return tuple(photos)

    def _read_photo(self, line: int, row: FeedRow, image: str, known: _Photo | None, base: Path) -> _Photo | Rejection:
        """Store the photo that an image names, if it is a local file that changed."""
        before = known if known and known.origin == image else None
        if is_url(image):
            return before or _Photo(image)
        try:
            file = find_photo(base, image)
        except ValueError:
            detail = f"{image} is not in the feed's folder or below; put the feed, or a link to the photos, there"
            return Rejection(line, row.id, Reason.PHOTO_OUTSIDE_FEED, detail)
        if file is None:
            return Rejection(line, row.id, Reason.PHOTO_NOT_FOUND, f"there is no file {image}")
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            return Rejection(line, row.id, Reason.PHOTO_UNREADABLE, f"{image} is not a file")
        if status.st_size > _MOST_BYTES:
            return Rejection(line, row.id, Reason.PHOTO_TOO_LARGE, f"{image} has {status.st_size:,} bytes")
        stamp = f"{status.st_size}:{status.st_mtime_ns}"
        if before and before.stamp == stamp and before.stored and self.photos.has(before.stored.sha256):
            return before
        try:
            return _Photo(image, stamp, self.photos.add_file(file))
        except UnreadablePhotoError as error:
            return Rejection(line, row.id, Reason.PHOTO_UNREADABLE, f"{image}: {error}")
        except (TooLargePhotoError, CostlyPhotoError) as error:
            return Rejection(line, row.id, Reason.PHOTO_TOO_LARGE, f"{image}: {error}")

    def _put(self, row: FeedRow, photos: tuple[_Photo, ...], known: _Known | None) -> bool:
        """Write a product with its photos and links. Returns whether it is new or differs from what was there."""
        fingerprint = row.fingerprint()
        same = known is not None and not known.retired and known.fingerprint == fingerprint
        product_id = known.product_id if known and same else self._put_product(row, fingerprint)
        if not same:
            self._put_related(product_id, row, replaces=known is not None)
        if known is None or known.photos != photos:
            self._put_photos(product_id, photos, known.photos if known else ())
        return not (same and known and [old.stored for old in known.photos] == [new.stored for new in photos])

    def _put_product(self, row: FeedRow, fingerprint: str) -> int:
        now = utc_now()
        product_id: int = self.connection.execute(
            """
            INSERT INTO products (source_id, external_id, title, category_id, price, currency, brand, url, sales_rank,
                                  kind, group_name, split, in_stock, sizes, colours, fingerprint, added_utc,
                                  changed_utc)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (source_id, external_id) DO UPDATE SET
                title = excluded.title, category_id = excluded.category_id, price = excluded.price,
                currency = excluded.currency, brand = excluded.brand, url = excluded.url,
                sales_rank = excluded.sales_rank, kind = excluded.kind, group_name = excluded.group_name,
                split = excluded.split, in_stock = excluded.in_stock, sizes = excluded.sizes,
                colours = excluded.colours, fingerprint = excluded.fingerprint, changed_utc = excluded.changed_utc,
                retired_utc = NULL
            RETURNING id
            """,
            (
                self.source_id, row.id, row.title, self._category_id(row.category or ""), row.price, row.currency,
                row.brand, row.url, row.sales_rank, row.kind, row.group, row.split, row.in_stock,
                *(json.dumps(options) if options else None for options in (row.sizes, row.colours)), fingerprint, now,
                now,
            ),
        ).fetchone()[0]  # fmt: skip
        return product_id

    def _category_id(self, name: str) -> int:
        if name not in self._categories:
            if len(self._categories) >= _CATEGORIES_REMEMBERED:
                self._categories.clear()
            self._categories[name] = category_id(self.connection, name)
        return self._categories[name]

    def _put_related(self, product_id: int, row: FeedRow, replaces: bool) -> None:
        if replaces:
            self.connection.execute("DELETE FROM related_lists WHERE product_id = ?", (product_id,))
        self.connection.executemany(
            "INSERT INTO related_lists (product_id, relation, external_ids) VALUES (?, ?, ?)",
            [(product_id, relation, json.dumps(ids)) for relation, ids in row.related.items()],
        )

    def _put_photos(self, product_id: int, photos: tuple[_Photo, ...], before: tuple[_Photo, ...]) -> None:
        """Replace what changed. A photo of another origin is another photo, and nothing known of the old one is its.

        Where all have to be fetched, the product is found by the old ones until then.
        """
        keeps = not any(photo.stored for photo in photos)
        for position, old in enumerate(before):
            if position >= len(photos) or photos[position].origin != old.origin:
                if keeps and old.stored:
                    former_photos.keep(self.connection, product_id, position)
                    continue
                self.connection.execute(
                    "DELETE FROM photos WHERE product_id = ? AND position = ?", (product_id, position)
                )
        self.connection.executemany(
            """
            INSERT INTO photos (product_id, position, origin, origin_stamp, sha256, width_px, height_px,
                                perceptual_hash, status)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (product_id, position) DO UPDATE SET
                origin_stamp = excluded.origin_stamp, sha256 = excluded.sha256,
                width_px = excluded.width_px, height_px = excluded.height_px,
                perceptual_hash = excluded.perceptual_hash, status = excluded.status, status_detail = NULL,
                attempts = 0, tried_utc = NULL
            """,
            [
                (
                    product_id, position, photo.origin, photo.stamp, photo.stored and photo.stored.sha256,
                    photo.stored and photo.stored.width_px, photo.stored and photo.stored.height_px,
                    photo.stored and photo.stored.perceptual_hash,
                    PhotoStatus.STORED if photo.stored else PhotoStatus.PENDING,
                )
                for position, photo in enumerate(photos)
                if position >= len(before) or before[position] != photo
            ],
        )  # fmt: skip


def category_id(connection: sqlite3.Connection, name: str | None) -> int:
    """The id of a category, made when it is new; products that have none share one without a name."""
    connection.execute("INSERT OR IGNORE INTO categories (name) VALUES (?)", (name or "",))
    found: int = connection.execute("SELECT id FROM categories WHERE name = ?", (name or "",)).fetchone()[0]
    return found


def threads() -> ThreadPoolExecutor:
    """The threads that store local photos: one for each processor, and others that wait for the disk meanwhile."""
    return ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + _WAITING_FOR_THE_DISK)
