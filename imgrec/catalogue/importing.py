"""Feeds into the catalogue: read, perhaps sampled, written, and counted to the last row."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

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
    return run.reports


class _Run:
    """One import of one or more feeds."""

    def __init__(
        self, catalogue: Catalogue, parts: Sequence[FeedPart], reporter: Reporter, options: ImportOptions,
        pool: ThreadPoolExecutor, rejects: dict[Path, RejectsFile],
    ) -> None:  # fmt: skip
        self.catalogue = catalogue
        self.parts = parts
        self.reporter = reporter
        self.options = options
        self.pool = pool
        self.rejects = rejects
        self.reports = [ImportReport() for _ in parts]
        self.writers: dict[str, SourceWriter] = {}
        self.runs: dict[str, ImportRun] = {}
        self.sample = Sample(options.per_category, options.seed) if options.per_category else None

    def read_all(self) -> None:
        """Read every part; where that is interrupted, say what is in."""
        sources = dict.fromkeys(part.source for part in self.parts)
        self.writers = {source: SourceWriter(self.catalogue, source) for source in sources}
        self.runs = {
            source: ImportRun(self.catalogue.connection, writer.source_id) for source, writer in self.writers.items()
        }
        for source, run in self.runs.items():
            if begun := run.unfinished_utc:
                self.reporter.say(f"The import of {source!r} that began {begun} was cut short; this one goes on.")
        try:
            self._read_parts()
        except KeyboardInterrupt:
            for source, run in self.runs.items():
                if run.is_under_way:
                    self.reporter.say(
                        f"Interrupted: {run.written():,} products of {source!r} are in, new or changed; none was "
                        "retired."
                    )
            raise

    def _read_parts(self) -> None:
        """A source is finished with its last part, or when the sample has been drawn."""
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
        with FeedFile(part.path, self.options.reading) as feed:
            feed_format = format_of(feed, self.options.format)
            report.format = feed_format.name
            if self.options.reading.site and feed_format.name != "shopify":
                feed.warn(f"is read as {feed_format.name}, of which --site makes no links")
            level = self._level(part, feed, feed_format)
            total = None if feed.size is None else max(1, feed.size // _MEGABYTE)
            with self.reporter.stage(f"Importing {part.path.name}, MB", total) as advance:
                progress = _Progress(feed, advance)
                try:
                    for rows in _chunks(self._as_told(feed_format.read(feed), level), _ROWS_A_TRANSACTION):
                        report.read += len(rows)
                        self._take(number, part, writer.unseen(rows, keep=self.sample is None))
                        progress.rows(len(rows))
                    for what in feed.warnings:
                        self.reporter.say(f"{part.path} {what}")
                except FeedError as error:
                    done = report.imported + report.unchanged
                    raise FeedError(
                        f"{error} The {done:,} products before that are in." if done else f"{error}"
                    ) from None

    def _level(self, part: FeedPart, feed: FeedFile, feed_format: FeedFormat) -> int:
        """How deep categories are taken from; for a feed with a tree of its own, its beginning tells."""
        if self.options.category_level or not feed_format.has_tree or feed.size is None:
            return self.options.category_level or 1
        with FeedFile(part.path, self.options.reading) as again, contextlib.suppress(FeedError):
            return level_of(feed_format.read(again), self.writers[part.source].categories_of)
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
            if isinstance(row, FeedRow) and not isinstance(fate, Rejection):
                self.reports[number].count_price(row)

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
            self._retire(source, reports[-1])
        for number in numbers:
            report = self.reports[number]
            report.rejected = +report.rejected  # without those that are none
            self.reporter.say(f"{self.parts[number].path}: {report.in_words()}")
            for line in fixes_in_words(report.rejected):
                self.reporter.say(line)

    def _retire(self, source: str, report: ImportReport) -> None:
        writer, run = self.writers[source], self.runs[source]
        report.kept_for_nameless_rows = bool(writer.nameless_rows)
        lacking = 0 if writer.nameless_rows else writer.count_unnamed()
        if is_too_much(lacking, run.on_sale) and not self.options.retire:
            report.not_retired = lacking
            self.reporter.say(
                f"Nothing was retired: this feed lacks {lacking:,} of the {max(lacking, run.on_sale):,} products that "
                f"{source!r} had on sale, more than a fifth. Is it cut off, or only a part? Import it whole. Are they "
                "really gone? Say so with: imgrec import ... --retire"
            )
        else:
            report.retired = writer.retire_unseen()
        run.finish(settled=not report.not_retired and not report.kept_for_nameless_rows)

    def _of_no_use(self, numbers: Sequence[int]) -> FeedError:
        reports = [self.reports[number] for number in numbers]
        listed = next((report.rejects_file for report in reports if report.rejects_file), None)
        feeds = " and ".join(str(self.parts[number].path) for number in numbers)
        what = "no usable row" if self.sample is None else "nothing that a sample could be drawn from"
        rejected = sum((report.rejected for report in reports), Counter())
        worst = next(fixes_in_words(rejected), "").strip()
        where = f" Most often: {worst}. All reasons are listed in {listed}." if listed else ""
        if not listed and rejected:
            where = f" Left out on purpose: {counts_in_words(rejected)}."
        read = sum(report.read for report in reports)
        as_format = " and ".join(dict.fromkeys(report.format for report in reports))
        has = f"{what} among {read:,}" if read else "no rows"
        return FeedError(f"The feed {feeds}, read as {as_format}, has {has}; the catalogue is as before.{where}")


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
