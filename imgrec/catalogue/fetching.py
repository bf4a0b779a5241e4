"""Fetching the photos that the catalogue lacks: many at a time, each recorded as soon as its outcome is known."""

import asyncio
import contextlib
import math
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from imgrec.catalogue.addresses import Resolve, resolve_host
from imgrec.catalogue.download import Download, Downloader
from imgrec.catalogue.lacking import Lacking
from imgrec.catalogue.photo_status import PhotoStatus, Unfetched
from imgrec.catalogue.photo_store import PhotoStore, StoredPhoto
from imgrec.catalogue.schedule import Schedule, Turn
from imgrec.config import PhotosSection
from imgrec.errors import CostlyPhotoError, TooLargePhotoError, TooSmallPhotoError, UnreadablePhotoError
from imgrec.figures import counted
from imgrec.progress import Advance

_MILLION = 1_000_000


@dataclass
class FetchReport:
    """What a run did: photos fetched, and others by the status they got. A picture at one address counts once."""

    fetched: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    received_bytes: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> str:
        """Photos and bytes a second, of those fetched."""
        seconds = max(self.seconds, 1e-9)
        return f"{self.fetched / seconds:,.1f} photos/s, {self.received_bytes / _MILLION / seconds:,.1f} MB/s"

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "fetched": self.fetched,
            "failed": dict(self.failed.most_common()),
            "bytes": self.received_bytes,
            "seconds": round(self.seconds, 3),
        }

    def in_words(self) -> str:
        """One line for a person."""
        words = f"{counted(self.fetched, 'photo')} fetched in {self.seconds:,.0f} s ({self.rate})"
        if self.failed:
            reasons = ", ".join(f"{count:,} {status}" for status, count in self.failed.most_common())
            words += f", {self.failed.total():,} not ({reasons})"
        return words


def fetch_photos(
    lacking: Lacking,
    photos: PhotoStore,
    settings: PhotosSection,
    *,
    limit: int | None = None,
    on_progress: Advance = lambda done, note: None,
    resolve: Resolve = resolve_host,
) -> FetchReport:
    """Fetch what is lacking, at most `limit` addresses, into the store; every outcome goes into the catalogue.

    Nothing that has been recorded is asked for again, so a run that was interrupted, or killed, goes on where it
    stopped. Memory does not grow with the number of photos. `on_progress` is told of every photo.
    Raises OSError when the store cannot be written.
    """
    report = FetchReport()
    try:
        asyncio.run(_Run(lacking, photos, settings, limit, report, on_progress).work(resolve))
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    return report


class _Run:
    """Tasks that take turns, and a few threads that decode what they bring."""

    def __init__(
        self,
        lacking: Lacking,
        photos: PhotoStore,
        settings: PhotosSection,
        limit: int | None,
        report: FetchReport,
        on_progress: Advance,
    ) -> None:
        self.lacking = lacking
        self.photos = photos
        self.settings = settings
        self.report = report
        self.on_progress = on_progress
        self.left = math.inf if limit is None else limit
        lanes = ((host, self._at_most(addresses)) for host, addresses in lacking.lanes())
        self.schedule = Schedule(lanes, settings, random.Random())  # noqa: S311 - scatters waits
        self.changed = asyncio.Condition()
        self.began = time.monotonic()

    async def work(self, resolve: Resolve) -> None:
        """Fetch until nothing is left."""
        with ThreadPoolExecutor(os.cpu_count() or 1, "decode") as pool:
            try:
                async with Downloader(self.settings, resolve) as downloader, asyncio.TaskGroup() as group:
                    for _ in range(self.settings.concurrency):
                        group.create_task(self._take_turns(downloader, pool))
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
                self.report.seconds = time.monotonic() - self.began

    def _at_most(self, addresses: Iterator[str]) -> Iterator[str]:
        while self.left > 0 and (address := next(addresses, None)):
            self.left -= 1
            yield address

    async def _take_turns(self, downloader: Downloader, pool: ThreadPoolExecutor) -> None:
        while turn := await self._turn():
            if turn.given_up:
                self.schedule.skipped(turn)
                self._record(turn, turn.given_up)
            else:
                try:
                    stored = await self._fetch(turn.address, downloader, pool)
                except Unfetched as why:
                    if not self.schedule.failed(turn, why, time.monotonic()):
                        self._record(turn, why)
                else:
                    self.schedule.succeeded(turn)
                    self._record(turn, stored)

    async def _turn(self) -> Turn | None:
        """The next turn, waited for; None when all is done."""
        async with self.changed:
            while True:
                turn = self.schedule.take(time.monotonic())
                if turn is None:
                    self.changed.notify_all()
                    return None
                if isinstance(turn, Turn):
                    self.changed.notify()  # there may be another one: let the next in line look
                    return turn
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if math.isinf(turn) else turn):
                        await self.changed.wait()

    async def _fetch(self, address: str, downloader: Downloader, pool: ThreadPoolExecutor) -> StoredPhoto:
        """Download, decode and store a photo. Raises Unfetched."""
        download = await downloader.get(address)
        stored = await asyncio.get_running_loop().run_in_executor(pool, self._add, download)
        self.report.received_bytes += len(download.content)
        return stored

    def _add(self, download: Download) -> StoredPhoto:
        try:
            return self.photos.add(download.content, self.settings.least_side_px)
        except (TooLargePhotoError, CostlyPhotoError) as error:
            raise Unfetched(PhotoStatus.TOO_LARGE, str(error)) from None
        except TooSmallPhotoError as error:
            raise Unfetched(PhotoStatus.TOO_SMALL, str(error)) from None
        except UnreadablePhotoError as error:
            if not download.framed and _looks_like_an_image(download.content):
                raise Unfetched(PhotoStatus.CUT_SHORT, f"no length was announced, and {error}") from None
            raise Unfetched(PhotoStatus.NOT_AN_IMAGE, str(error)) from None

    def _record(self, turn: Turn, outcome: StoredPhoto | Unfetched) -> None:
        self.lacking.record(turn.address, outcome, turn.attempts)
        if isinstance(outcome, Unfetched):
            self.report.failed[outcome.status] += 1
        else:
            self.report.fetched += 1
        self.report.seconds = time.monotonic() - self.began
        self.on_progress(1, self.report.rate)


def _looks_like_an_image(content: bytes) -> bool:
    """Whether bytes begin as a JPEG, PNG, GIF, WebP or AVIF file does."""
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")) or content[8:12] in {b"WEBP", b"avif"}
