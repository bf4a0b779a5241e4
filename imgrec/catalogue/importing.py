"""Feeds into the catalogue: read, perhaps sampled, written, and counted to the last row."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from imgrec.catalogue import former_photos
from imgrec.catalogue.category_level import at_level, level_of
from imgrec.catalogue.feed import FeedRow, Outcome, Reason, Rejection
from imgrec.catalogue.formats.detect import FeedFormat, format_of
from imgrec.catalogue.formats.feed_file import FeedFile, Reading
from imgrec.catalogue.import_report import ImportReport, counts_in_words
from imgrec.catalogue.import_run import ImportRun
from imgrec.catalogue.rejects import RejectsFile, fixes_in_words
from imgrec.catalogue.safeguards import is_too_much
from imgrec.catalogue.sampling import Drawn, Sample
from imgrec.catalogue.source_writer import Fate, SourceWriter, threads
from imgrec.catalogue.store import Catalogue
from imgrec.errors import FeedError
from imgrec.progress import Advance, Reporter, Silent

_ROWS_A_TRANSACTION = 200
_Item = TypeVar("_Item")
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
    """How feeds are read; `per_category` draws a sample.

    `currency` is that of prices whose feed names none, `category` that of products whose feed names none.
    `category_level`: how deep in the feed's own tree categories are taken from, 1 being its top; None: as deep as tells
    products apart. `reading`: what the owner says of the file. `retire`: whatever a feed lacks is retired, however much
    that is.
    """

    format: str | None = None
    reading: Reading = field(default_factory=Reading)
    currency: str | None = None
    category: str | None = None
    category_level: int | None = None
    per_category: int | None = None
    seed: int = 0
    retire: bool = False


def source_name(feed: Path) -> str:
    """What a feed's products are called by default: the file's name without what it says of the format."""
    while feed.suffix.lower() in _FEED_SUFFIXES:
        feed = feed.with_suffix("")
    return feed.name


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
    end; not so where that would be too many (`safeguards`), unless `options.retire` says so.

    Raises FeedError when a feed cannot be read, or a source has no usable row; then nothing of that source is retired.
    """
    with ExitStack() as stack:
        pool = stack.enter_context(threads())
        rejects = {path: stack.enter_context(RejectsFile(path)) for path in {part.rejects_file for part in parts}}
        run = _Run(catalogue, parts, reporter or Silent(), options or ImportOptions(), pool, rejects)
        run.read_all()
    return [feed.report for feed in run.feeds]


@dataclass
class _Feed:
    """A part, with what writes its products and its unusable rows, and what became of them."""

    number: int
    part: FeedPart
    writer: SourceWriter
    rejects: RejectsFile
    report: ImportReport = field(default_factory=ImportReport)

    def count(self, fate: Fate) -> None:
        """Count what became of a row, and list it where somebody may want to mend it."""
        self.report.count(fate)
        if isinstance(fate, Rejection) and fate.reason.is_a_fault:
            self.rejects.write(fate, self.part.path.name)
            self.report.rejects_file = self.rejects.path


class _Run:
    """One import of one or more feeds."""

    def __init__(
        self, catalogue: Catalogue, parts: Sequence[FeedPart], reporter: Reporter, options: ImportOptions,
        pool: ThreadPoolExecutor, rejects: dict[Path, RejectsFile],
    ) -> None:  # fmt: skip
        self.reporter = reporter
        self.options = options
        self.pool = pool
        self.sample = Sample(options.per_category, options.seed) if options.per_category else None
        writers = {source: SourceWriter(catalogue, source) for source in dict.fromkeys(part.source for part in parts)}
        self.runs = {source: ImportRun(catalogue.connection, writer.source_id) for source, writer in writers.items()}
        self.feeds = [
            _Feed(number, part, writers[part.source], rejects[part.rejects_file]) for number, part in enumerate(parts)
        ]

    def read_all(self) -> None:
        """Read every part; where that is interrupted, say what is in. Where nothing is, no trace of it stays."""
        for source, run in self.runs.items():
            if begun := run.unfinished_utc:
                self.reporter.say(f"The import of {source!r} that began {begun} was cut short; this one goes on.")
        try:
            self._read_feeds()
        except KeyboardInterrupt:
            for source, run in self.runs.items():
                if run.is_under_way:
                    self.reporter.say(
                        f"Interrupted: {run.written():,} products of {source!r} are in, new or changed; none was "
                        "retired."
                    )
            raise
        finally:
            for source, run in self.runs.items():
                taken = any(feed.report.taken for feed in self._feeds_of(source))
                if run.is_under_way and not taken and not run.written():
                    run.undo()

    def _read_feeds(self) -> None:
        """A source is finished with its last part, or when the sample has been drawn."""
        for feed in self.feeds:
            self._read(feed)
            source = feed.part.source
            if self.sample is None and feed is self._feeds_of(source)[-1]:
                self._finish(source)
        if self.sample is not None:
            self._write_sample(self.sample)
            for source in self.runs:
                self._finish(source)

    def _read(self, feed: _Feed) -> None:
        report, path = feed.report, feed.part.path
        with FeedFile(path, self.options.reading) as file:
            feed_format = format_of(file, self.options.format)
            report.format = feed_format.name
            if self.options.reading.site and feed_format.name != "shopify":
                file.warn(f"is read as {feed_format.name}, of which --site makes no links")
            level = self._level(feed, file, feed_format)
            total = None if file.size is None else max(1, file.size // _MEGABYTE)
            with self.reporter.stage(f"Importing {path.name}, MB", total) as advance:
                progress = _Progress(file, advance)
                try:
                    for rows in _chunks(self._as_told(feed_format.read(file), level), _ROWS_A_TRANSACTION):
                        report.read += len(rows)
                        self._take(feed, feed.writer.unseen(rows, keep=self.sample is None))
                        progress.rows(len(rows))
                    for what in file.warnings:
                        self.reporter.say(f"{path} {what}")
                except FeedError as error:
                    done = f" The {report.taken:,} products before that are in." if report.taken else ""
                    raise FeedError(f"{error}{done}") from None

    def _level(self, feed: _Feed, file: FeedFile, feed_format: FeedFormat) -> int:
        """How deep categories are taken from; for a feed with a tree of its own, its beginning tells."""
        if self.options.category_level or not feed_format.has_tree or file.size is None:
            return self.options.category_level or 1
        with FeedFile(feed.part.path, self.options.reading) as again, contextlib.suppress(FeedError):
            return level_of(feed_format.read(again), feed.writer.categories_of)
        return 1  # it is damaged, which reading it tells

    def _as_told(self, rows: Iterable[tuple[int, Outcome]], level: int) -> Iterator[tuple[int, Outcome]]:
        """The rows with what the owner says of all of them."""
        options = self.options
        for line, row in rows:
            if isinstance(row, FeedRow):
                changes: dict[str, str | None] = {}
                if options.currency and row.price is not None and row.currency is None:
                    changes["currency"] = options.currency
                if level > 1 and row.path:
                    changes["category"] = at_level(row.path, level)
                    changes["kind"] = None if row.kind == changes["category"] else row.kind
                if options.category and row.category is None:
                    changes["category"] = options.category
                yield line, replace(row, **changes) if changes else row  # type: ignore[arg-type]
            else:
                yield line, row

    def _take(self, feed: _Feed, rows: list[tuple[int, Outcome]]) -> None:
        """Write a chunk, or offer its products to the sample."""
        if self.sample is None:
            self._write(feed, rows)
            return
        for line, row in rows:
            if isinstance(row, Rejection):
                feed.count(row)
                continue
            feed.report.rejected[Reason.NOT_SAMPLED] += 1  # until it is drawn
            if row.title is not None:
                self.sample.offer(Drawn(feed.number, line, row))

    def _write_sample(self, sample: Sample) -> None:
        with self.reporter.stage("Writing the sample", len(sample)) as advance:
            for drawn in _chunks(sample.drawn(), _ROWS_A_TRANSACTION):
                for number, items in groupby(drawn, key=lambda item: item.part):
                    feed = self.feeds[number]
                    rows = [(item.line, item.row) for item in items]
                    feed.report.rejected[Reason.NOT_SAMPLED] -= len(rows)
                    feed.writer.keep(row for _, row in rows)
                    self._write(feed, rows)
                advance(len(drawn), "products")

    def _write(self, feed: _Feed, rows: Sequence[tuple[int, Outcome]]) -> None:
        fates = feed.writer.write(rows, feed.part.path.parent, self.pool)
        for (_, row), fate in zip(rows, fates, strict=True):
            feed.count(fate)
            if isinstance(row, FeedRow) and not isinstance(fate, Rejection):
                feed.report.count_price(row)

    def _finish(self, source: str) -> None:
        """Retire what a source no longer has, unless its feed cannot have been meant so, and tell what came of it."""
        feeds = self._feeds_of(source)
        usable = sum(feed.report.taken + feed.report.rejected[Reason.NOT_SAMPLED] for feed in feeds)
        if not (usable if self.sample is None else len(self.sample)):
            raise self._of_no_use(source, feeds)
        if usable:
            self._retire(feeds[-1])
        for feed in feeds:
            report = feed.report
            report.rejected = +report.rejected  # without those that are none
            self.reporter.say(f"{feed.part.path}: {report.in_words()}")
            for line in fixes_in_words(report.rejected):
                self.reporter.say(line)

    def _retire(self, last: _Feed) -> None:
        source, writer, report = last.part.source, last.writer, last.report
        run = self.runs[source]
        report.kept_for_nameless_rows = bool(writer.nameless_rows)
        lacking = 0 if writer.nameless_rows else writer.count_unnamed()
        if is_too_much(lacking, run.on_sale) and not self.options.retire:
            report.not_retired = lacking
            self.reporter.say(
                f"Nothing was retired: {lacking:,} of the {max(lacking, run.on_sale):,} products that {source!r} had "
                "on sale, more than a fifth, are not in this feed, or not published there. Is it cut off, or only a "
                "part? Import it whole. Are they really gone? Say so with: imgrec import ... --retire"
            )
        else:
            report.retired = writer.retire_unseen()
        run.finish(settled=not report.not_retired and not report.kept_for_nameless_rows)
        former_photos.drop(writer.connection)  # a photo of the feed's may have come with it, as a file

    def _feeds_of(self, source: str) -> list[_Feed]:
        return [feed for feed in self.feeds if feed.part.source == source]

    def _of_no_use(self, source: str, feeds: Sequence[_Feed]) -> FeedError:
        reports = [feed.report for feed in feeds]
        listed = next((report.rejects_file for report in reports if report.rejects_file), None)
        files = " and ".join(str(feed.part.path) for feed in feeds)
        what = "no usable row" if self.sample is None else "nothing that a sample could be drawn from"
        rejected = sum((report.rejected for report in reports), Counter())
        worst = next(fixes_in_words(rejected), "").strip()
        where = f" Most often: {worst}. All reasons are listed in {listed}." if listed else ""
        if not listed and rejected:
            where = f" Left out on purpose: {counts_in_words(rejected)}."
        read = sum(report.read for report in reports)
        as_format = " and ".join(dict.fromkeys(report.format for report in reports))
        has = f"{what} among {read:,}" if read else "no rows"
        return FeedError(f"The feed {files}, read as {as_format}, has {has}; nothing of {source!r} was changed.{where}")


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
