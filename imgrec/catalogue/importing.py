"""Feeds into the catalogue: read, perhaps sampled, written, and counted to the last row."""

import csv
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO, TypeVar

from imgrec.catalogue.feed import FeedRow, Outcome, Reason, Rejection
from imgrec.catalogue.formats.detect import FORMATS, FeedFormat, detect_format
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.sampling import Drawn, Sample
from imgrec.catalogue.source_writer import Fate, SourceWriter, threads
from imgrec.catalogue.store import Catalogue
from imgrec.errors import FeedError
from imgrec.progress import Advance, Reporter, Silent

_ROWS_A_TRANSACTION = 200
_Item = TypeVar("_Item")
_MOST_LISTED = 100_000
_MEGABYTE = 1_000_000
_FEED_SUFFIXES = (".gz", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".xml", ".rss", ".atom")


@dataclass(frozen=True)
class FeedPart:
    """A feed's file, the source whose products it holds, and where its unusable rows are listed."""

    path: Path
    source: str
    rejects_file: Path


@dataclass(frozen=True)
class ImportOptions:
    """How feeds are read. `currency` is that of prices whose feed names none; `per_category` draws a sample."""

    format: str | None = None
    currency: str | None = None
    per_category: int | None = None
    seed: int = 0


@dataclass
class ImportReport:
    """What became of a feed's rows; read = imported + unchanged + the sum of rejected."""

    format: str = ""
    read: int = 0
    imported: int = 0
    unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    retired: int = 0
    kept_for_nameless_rows: bool = False
    rejects_file: Path | None = None
    unreadable_prices: int = 0
    unreadable_price: str = ""  # the first of them

    def count(self, fate: Fate) -> None:
        """Count what became of a row."""
        if isinstance(fate, Rejection):
            self.rejected[fate.reason] += 1
        elif fate:
            self.imported += 1
        else:
            self.unchanged += 1

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
        words = f"{self.read:,} rows read as {self.format}, {self.imported:,} imported, {self.unchanged:,} unchanged"
        if self.kept_for_nameless_rows:
            words += ", nothing retired because some rows have no readable id"
        if self.retired:
            words += f", {self.retired:,} products retired"
        faults = Counter({name: count for name, count in self.rejected.items() if Reason(name).is_a_fault})
        left_out = self.rejected - faults
        if left_out:
            words += f", {left_out.total():,} left out ({_counts(left_out)})"
        if faults:
            listed = f"listed in {self.rejects_file}"
            if faults.total() > _MOST_LISTED:
                listed = f"the first {_MOST_LISTED:,} {listed}"
            words += f", {faults.total():,} rejected ({_counts(faults)}; {listed})"
        if self.unreadable_prices:
            words += (
                f", {self.unreadable_prices:,} without a price because it could not be understood (the first: "
                f"{self.unreadable_price!r})"
            )
        return words

    def add(self, other: "ImportReport") -> None:
        """Count another feed's rows to these."""
        self.read += other.read
        self.imported += other.imported
        self.unchanged += other.unchanged
        self.rejected += other.rejected
        self.retired += other.retired


def source_name(feed: Path) -> str:
    """What a feed's products are called by default: the file's name without what it says of the format."""
    name = feed
    while name.suffix.lower() in _FEED_SUFFIXES:
        name = name.with_suffix("")
    return name.name


def import_feed(
    catalogue: Catalogue,
    feed: Path,
    source: str,
    rejects_file: Path,
    reporter: Reporter | None = None,
    options: ImportOptions | None = None,
) -> ImportReport:
    """Bring a source's products up to date with its one feed; see `import_feeds`."""
    [report] = import_feeds(catalogue, [FeedPart(feed, source, rejects_file)], reporter, options)
    return report


def import_feeds(
    catalogue: Catalogue,
    parts: Sequence[FeedPart],
    reporter: Reporter | None = None,
    options: ImportOptions | None = None,
) -> list[ImportReport]:
    """Bring the catalogue up to date with feeds, and report on each. Parts of one source are one feed in several files.

    Local photos are read relative to the feed; a product whose image is a URL goes in without a photo. An interrupted
    import is resumed by running it again: rows already in count as unchanged. Products of a source that its feed no
    longer names (or that are not in the sample, where one is drawn) are retired, once the feed has been read to its
    end.

    Raises FeedError when a feed cannot be read, or a source has no usable row; then nothing of that source is retired.
    """
    with ExitStack() as stack:
        pool = stack.enter_context(threads())
        rejects = {path: stack.enter_context(_RejectsFile(path)) for path in {part.rejects_file for part in parts}}
        run = _Run(catalogue, parts, reporter or Silent(), options or ImportOptions(), pool, rejects)
        run.read_all()
    return run.reports


class _Run:
    """One import of one or more feeds."""

    def __init__(
        self, catalogue: Catalogue, parts: Sequence[FeedPart], reporter: Reporter, options: ImportOptions,
        pool: ThreadPoolExecutor, rejects: dict[Path, "_RejectsFile"],
    ) -> None:  # fmt: skip
        self.parts = parts
        self.reporter = reporter
        self.options = options
        self.pool = pool
        self.rejects = rejects
        self.reports = [ImportReport() for _ in parts]
        self.writers = {source: SourceWriter(catalogue, source) for source in dict.fromkeys(p.source for p in parts)}
        self.sample = Sample(options.per_category, options.seed) if options.per_category else None

    def read_all(self) -> None:
        """Read every part; a source is finished with its last one, or when the sample has been drawn."""
        last = {part.source: number for number, part in enumerate(self.parts)}
        for number, part in enumerate(self.parts):
            self._read(number, part)
            if self.sample is None and last[part.source] == number:
                self._finish(part.source)
        if self.sample is not None:
            self._write_sample(self.sample)
            for source in self.writers:
                self._finish(source)

    def _read(self, number: int, part: FeedPart) -> None:
        report, writer = self.reports[number], self.writers[part.source]
        with FeedFile(part.path) as feed:
            feed_format = self._format(feed)
            report.format = feed_format.name
            total = None if feed.size is None else max(1, feed.size // _MEGABYTE)
            with self.reporter.stage(f"Importing {part.path.name}, MB", total) as advance:
                progress = _Progress(feed, advance)
                try:
                    for rows in _chunks(self._with_currency(feed_format.read(feed)), _ROWS_A_TRANSACTION):
                        report.read += len(rows)
                        self._take(number, part, writer.unseen(rows, keep=self.sample is None))
                        progress.rows(len(rows))
                except FeedError as error:
                    done = report.imported + report.unchanged
                    raise FeedError(
                        f"{error} The {done:,} products before that are in." if done else f"{error}"
                    ) from None

    def _format(self, feed: FeedFile) -> FeedFormat:
        if self.options.format:
            return FORMATS[self.options.format]
        return detect_format(feed)

    def _with_currency(self, rows: Iterable[tuple[int, Outcome]]) -> Iterator[tuple[int, Outcome]]:
        currency = self.options.currency
        for line, row in rows:
            if currency and isinstance(row, FeedRow) and row.price is not None and row.currency is None:
                yield line, replace(row, currency=currency)
            else:
                yield line, row

    def _take(self, number: int, part: FeedPart, rows: list[tuple[int, Outcome]]) -> None:
        """Write a chunk, or offer its products to the sample."""
        if self.sample is None:
            self._write(number, part, rows)
            return
        report = self.reports[number]
        for line, row in rows:
            if isinstance(row, Rejection):
                self._count(number, part, row)
                continue
            report.rejected[Reason.NOT_SAMPLED] += 1  # until it is drawn
            if row.title is not None:
                self.sample.offer(Drawn(number, line, row))

    def _write_sample(self, sample: Sample) -> None:
        with self.reporter.stage("Writing the sample", len(sample)) as advance:
            for drawn in _chunks(sample.drawn(), _ROWS_A_TRANSACTION):
                for number in dict.fromkeys(item.part for item in drawn):
                    part = self.parts[number]
                    rows = [(item.line, item.row) for item in drawn if item.part == number]
                    self.reports[number].rejected[Reason.NOT_SAMPLED] -= len(rows)
                    self.writers[part.source].keep(row for _, row in rows)
                    self._write(number, part, rows)
                advance(len(drawn), "products")

    def _write(self, number: int, part: FeedPart, rows: Sequence[tuple[int, Outcome]]) -> None:
        for (_, row), fate in zip(
            rows, self.writers[part.source].write(rows, part.path.parent, self.pool), strict=True
        ):
            self._count(number, part, fate)
            if isinstance(row, FeedRow) and row.unreadable_price and not isinstance(fate, Rejection):
                report = self.reports[number]
                report.unreadable_prices += 1
                report.unreadable_price = report.unreadable_price or row.unreadable_price

    def _count(self, number: int, part: FeedPart, fate: Fate) -> None:
        self.reports[number].count(fate)
        if isinstance(fate, Rejection) and fate.reason.is_a_fault:
            self.rejects[part.rejects_file].write(fate, part.path.name)
            self.reports[number].rejects_file = part.rejects_file

    def _finish(self, source: str) -> None:
        """Retire what a source no longer has, unless its feed cannot have been meant so, and tell what came of it."""
        numbers = [number for number, part in enumerate(self.parts) if part.source == source]
        reports = [self.reports[number] for number in numbers]
        usable = sum(report.imported + report.unchanged + report.rejected[Reason.NOT_SAMPLED] for report in reports)
        nothing_drawn = self.sample is not None and not self.sample
        if nothing_drawn or (self.sample is None and not usable):
            raise self._of_no_use(numbers)
        if usable:
            writer = self.writers[source]
            reports[-1].retired = writer.retire_unseen()
            reports[-1].kept_for_nameless_rows = bool(writer.nameless_rows)
        for number in numbers:
            self.reports[number].rejected = +self.reports[number].rejected  # without those that are none
            self.reporter.say(f"{self.parts[number].path}: {self.reports[number].in_words()}")

    def _of_no_use(self, numbers: Sequence[int]) -> FeedError:
        reports = [self.reports[number] for number in numbers]
        listed = next((report.rejects_file for report in reports if report.rejects_file), None)
        feeds = " and ".join(str(self.parts[number].path) for number in numbers)
        what = "no usable row" if self.sample is None else "nothing that a sample could be drawn from"
        where = f" Reasons are listed in {listed}." if listed else ""
        read = sum(report.read for report in reports)
        as_format = " and ".join(dict.fromkeys(report.format for report in reports))
        return FeedError(
            f"The feed {feeds}, read as {as_format}, has {what} among {read}; the catalogue is as before.{where}"
        )


class _Progress:
    """Tells how far a feed has been read, in megabytes of its file, and how fast."""

    def __init__(self, feed: FeedFile, advance: Advance) -> None:
        self._feed = feed
        self._advance = advance
        self._begun_s = time.monotonic()
        self._rows = 0
        self._told = 0

    def rows(self, count: int) -> None:
        """So many rows more have been dealt with."""
        self._rows += count
        megabytes = self._feed.position // _MEGABYTE
        rate = self._rows / max(time.monotonic() - self._begun_s, 1e-9)
        self._advance(megabytes - self._told, f"· {self._rows:,} rows · {rate:,.0f} a second")
        self._told = megabytes


class _RejectsFile:
    """A CSV of unusable rows, made when the first one comes; an older one is removed. It ends after 100,000."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream: TextIO | None = None
        self.listed = 0

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.stream:
            self.stream.close()

    def write(self, rejection: Rejection, feed: str) -> None:
        """Append a row: line in the feed, id, reason, detail, and the feed's name."""
        if self.stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.stream = self.path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            csv.writer(self.stream).writerow(["line", "id", "reason", "detail", "feed"])
        self.listed += 1
        if self.listed <= _MOST_LISTED:
            csv.writer(self.stream).writerow([rejection.line, rejection.id, rejection.reason, rejection.detail, feed])


def _chunks(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """Lists of up to `size` items. Where reading breaks off, what was read before comes first."""
    chunk: list[_Item] = []
    try:
        for item in items:
            chunk.append(item)
            if len(chunk) == size:
                yield chunk
                chunk = []
    except FeedError:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counter.most_common())
