"""A feed into the catalogue: what is new or changed goes in, what is unusable is listed, what is gone is retired."""

import csv
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO, TypeVar

from imgrec.catalogue.feed import FeedRow, Reason, Rejection, read_csv_feed
from imgrec.catalogue.photo_status import PhotoStatus
from imgrec.catalogue.photo_store import StoredPhoto
from imgrec.catalogue.store import Catalogue
from imgrec.database import utc_now
from imgrec.errors import FeedError, TooLargePhotoError, UnreadablePhotoError
from imgrec.progress import Advance

_ROWS_A_TRANSACTION = 200
_MOST_BYTES = 100_000_000
_Item = TypeVar("_Item")


@dataclass
class ImportReport:
    """What became of a feed's rows; read = imported + unchanged + the sum of rejected."""

    read: int = 0
    imported: int = 0
    unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    retired: int = 0
    kept_for_nameless_rows: bool = False
    rejects_file: Path | None = None

    def as_json(self) -> dict[str, object]:
        """The contract's object."""
        return {
            "read": self.read,
            "imported": self.imported,
            "unchanged": self.unchanged,
            "rejected": dict(sorted(self.rejected.items())),
        }

    def in_words(self) -> str:
        """One line for a person."""
        words = f"{self.read:,} rows read, {self.imported:,} imported, {self.unchanged:,} unchanged"
        if self.kept_for_nameless_rows:
            words += ", nothing retired because some rows have no readable id"
        if self.retired:
            words += f", {self.retired:,} products retired"
        if self.rejected:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.rejected.most_common())
            words += f", {self.rejected.total():,} rejected ({reasons}; listed in {self.rejects_file})"
        return words

    def add(self, other: "ImportReport") -> None:
        """Count another feed's rows to these."""
        self.read += other.read
        self.imported += other.imported
        self.unchanged += other.unchanged
        self.rejected += other.rejected
        self.retired += other.retired


def import_feed(
    catalogue: Catalogue,
    feed: Path,
    source: str,
    rejects_file: Path,
    on_progress: Advance = lambda rows, note: None,
) -> ImportReport:
    """Bring a source's products up to date with its feed.

    Local photos are read relative to the feed; a product whose image is a URL goes in without a photo. An interrupted
    import is resumed by running it again: rows already in count as unchanged. Products of this source that the feed no
    longer names are retired, once the feed has been read to its end.

    `on_progress` is told how many rows have just been dealt with. Raises FeedError when the feed cannot be read, or
    holds no usable row (then nothing is retired).
    """
    report = ImportReport()
    run = _Run(catalogue, feed.parent, source)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool, _RejectsFile(rejects_file) as rejects:
        for rows in _chunks(read_csv_feed(feed), _ROWS_A_TRANSACTION):
            for outcome in run.take(rows, pool):
                report.read += 1
                if isinstance(outcome, Rejection):
                    report.rejected[outcome.reason] += 1
                    rejects.write(outcome)
                elif outcome:
                    report.imported += 1
                else:
                    report.unchanged += 1
            on_progress(len(rows), "rows")
    if report.rejected:
        report.rejects_file = rejects_file
    if not report.imported + report.unchanged:
        where = f" Reasons are listed in {rejects_file}." if report.rejected else ""
        raise FeedError(f"The feed {feed} has no usable row among {report.read}; the catalogue is as before.{where}")
    report.retired = run.retire_unseen()
    report.kept_for_nameless_rows = bool(run.nameless_rows)
    return report


class _Run:
    """One pass over one source's feed."""

    def __init__(self, catalogue: Catalogue, base: Path, source: str) -> None:
        self.photos = catalogue.photos
        self.connection = catalogue.connection
        self.base = Path(os.path.normpath(base.absolute()))
        self.nameless_rows = 0
        self.connection.execute("INSERT OR IGNORE INTO sources (name) VALUES (?)", (source,))
        self.source_id = self.connection.execute("SELECT id FROM sources WHERE name = ?", (source,)).fetchone()[0]
        # Ids already met, on disk when there are many: memory stays the same however long the feed.
        self.connection.execute("DROP TABLE IF EXISTS temp.seen")
        self.connection.execute("CREATE TEMP TABLE seen (external_id TEXT PRIMARY KEY, usable INTEGER) WITHOUT ROWID")

    def take(self, rows: list[tuple[int, FeedRow | Rejection]], pool: ThreadPoolExecutor) -> list[Rejection | bool]:
        """Import a chunk in one transaction. Returns, for each row, its rejection, or whether it was new or changed."""
        unique = [(line, self._unless_seen(line, row)) for line, row in rows]
        known = {row.id: self._known(row.id) for _, row in unique if isinstance(row, FeedRow)}
        photos = list(pool.map(lambda item: self._photo(item[0], item[1], known.get(item[1].id)), unique))
        outcomes: list[Rejection | bool] = []
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            for (_, row), photo in zip(unique, photos, strict=True):
                if isinstance(row, Rejection):
                    outcomes.append(row)
                elif isinstance(photo, Rejection):
                    outcomes.append(photo)
                else:
                    outcomes.append(self._put(row, photo, known[row.id]))
        return outcomes

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
                "AND external_id NOT IN (SELECT external_id FROM seen)",
                (utc_now(), self.source_id),
            ).rowcount

    def _unless_seen(self, line: int, row: FeedRow | Rejection) -> FeedRow | Rejection:
        """Note that the feed names this id. Of several usable rows with one id the first counts."""
        if isinstance(row, Rejection):
            self.nameless_rows += not row.id
            self.connection.execute("INSERT OR IGNORE INTO seen VALUES (?, 0)", (row.id,))
            return row
        usable_before = self.connection.execute("SELECT usable FROM seen WHERE external_id = ?", (row.id,)).fetchone()
        if usable_before and usable_before[0]:
            return Rejection(line, row.id, Reason.DUPLICATE_ID, "an earlier row of this feed has the same id")
        self.connection.execute("INSERT OR REPLACE INTO seen VALUES (?, 1)", (row.id,))
        return row

    def _known(self, external_id: str) -> "_Known | None":
        row = self.connection.execute(
            "SELECT products.id, fingerprint, retired_utc IS NOT NULL, "
            "       origin, origin_stamp, sha256, width_px, height_px, perceptual_hash "
            "FROM products LEFT JOIN photos ON product_id = products.id AND position = 0 "
            "WHERE source_id = ? AND external_id = ?",
            (self.source_id, external_id),
        ).fetchone()
        if row is None:
            return None
        photo = StoredPhoto(*row[5:]) if row["sha256"] else None
        return _Known(row[0], row[1], bool(row[2]), _Photo(row["origin"], row["origin_stamp"], photo))

    def _photo(self, line: int, row: FeedRow | Rejection, known: "_Known | None") -> "_Photo | Rejection":
        """Store the photo a row names, if it is a local file that changed; runs in a thread, away from the database."""
        if isinstance(row, Rejection):
            return row
        before = known.photo if known and known.photo.origin == row.image else None
        if row.image_is_url:
            return before or _Photo(row.image, None, None)
        file = Path(os.path.normpath(self.base / row.image))
        if not file.is_relative_to(self.base):  # a feed is untrusted, and what it names is shown to everybody
            detail = f"{row.image} is not in the feed's folder or below; put the feed, or a link to the photos, there"
            return Rejection(line, row.id, Reason.PHOTO_OUTSIDE_FEED, detail)
        try:
            status = file.stat()
        except (OSError, ValueError):
            return Rejection(line, row.id, Reason.PHOTO_NOT_FOUND, f"there is no file {row.image}")
        if not stat.S_ISREG(status.st_mode):
            return Rejection(line, row.id, Reason.PHOTO_UNREADABLE, f"{row.image} is not a file")
        if status.st_size > _MOST_BYTES:
            return Rejection(line, row.id, Reason.PHOTO_TOO_LARGE, f"{row.image} has {status.st_size:,} bytes")
        stamp = f"{status.st_size}:{status.st_mtime_ns}"
        if before and before.stamp == stamp and before.stored and self.photos.path(before.stored.sha256).exists():
            return before
        try:
            return _Photo(row.image, stamp, self.photos.add_file(file))
        except UnreadablePhotoError as error:
            return Rejection(line, row.id, Reason.PHOTO_UNREADABLE, f"{row.image}: {error}")
        except TooLargePhotoError as error:
            return Rejection(line, row.id, Reason.PHOTO_TOO_LARGE, f"{row.image}: {error}")

    def _put(self, row: FeedRow, photo: "_Photo", known: "_Known | None") -> bool:
        """Write a product and its photo. Returns whether the product is new or differs from what was there."""
        fingerprint = row.fingerprint()
        same = known is not None and not known.retired and known.fingerprint == fingerprint
        product_id = known.product_id if known and same else self._put_product(row, fingerprint)
        if known is None or known.photo != photo:
            self._put_photo(product_id, photo)
        return not (same and known and known.photo.stored == photo.stored)

    def _put_product(self, row: FeedRow, fingerprint: str) -> int:
        self.connection.execute("INSERT OR IGNORE INTO categories (name) VALUES (?)", (row.category,))
        now = utc_now()
        product_id: int = self.connection.execute(
            """
            INSERT INTO products (source_id, external_id, title, category_id, price, currency, brand, url, sales_rank,
                                  kind, group_name, split, fingerprint, added_utc, changed_utc)
            VALUES (?, ?, ?, (SELECT id FROM categories WHERE name = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (source_id, external_id) DO UPDATE SET
                title = excluded.title, category_id = excluded.category_id, price = excluded.price,
                currency = excluded.currency, brand = excluded.brand, url = excluded.url,
                sales_rank = excluded.sales_rank, kind = excluded.kind, group_name = excluded.group_name,
                split = excluded.split, fingerprint = excluded.fingerprint, changed_utc = excluded.changed_utc,
                retired_utc = NULL
            RETURNING id
            """,
            (
                self.source_id, row.id, row.title, row.category, row.price, row.currency, row.brand, row.url,
                row.sales_rank, row.kind, row.group, row.split, fingerprint, now, now,
            ),
        ).fetchone()[0]  # fmt: skip
        return product_id

    def _put_photo(self, product_id: int, photo: "_Photo") -> None:
        stored = photo.stored
        self.connection.execute(
            """
            INSERT INTO photos (product_id, position, origin, origin_stamp, sha256, width_px, height_px,
                                perceptual_hash, status)
            VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (product_id, position) DO UPDATE SET
                origin = excluded.origin, origin_stamp = excluded.origin_stamp, sha256 = excluded.sha256,
                width_px = excluded.width_px, height_px = excluded.height_px,
                perceptual_hash = excluded.perceptual_hash, status = excluded.status, status_detail = NULL,
                attempts = 0, tried_utc = NULL
            """,
            (
                product_id, photo.origin, photo.stamp, stored and stored.sha256,
                stored and stored.width_px, stored and stored.height_px, stored and stored.perceptual_hash,
                PhotoStatus.STORED if stored else PhotoStatus.PENDING,
            ),
        )  # fmt: skip


@dataclass(frozen=True)
class _Photo:
    """What a row's image came to: nothing stored yet when it is a URL."""

    origin: str | None
    stamp: str | None
    stored: StoredPhoto | None


@dataclass(frozen=True)
class _Known:
    """What the catalogue already holds for an id."""

    product_id: int
    fingerprint: str
    retired: bool
    photo: _Photo


class _RejectsFile:
    """A CSV of unusable rows, made when the first one comes; an older one is removed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream: TextIO | None = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.stream:
            self.stream.close()

    def write(self, rejection: Rejection) -> None:
        """Append a row: line in the feed, id, reason, detail."""
        if self.stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.stream = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self.stream).writerow(["line", "id", "reason", "detail"])
        csv.writer(self.stream).writerow([rejection.line, rejection.id, rejection.reason, rejection.detail])


def _chunks(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
