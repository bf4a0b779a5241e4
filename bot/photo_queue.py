"""The queue before the model: photos that wait together are recognised as one batch, away from the event loop."""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from imgrec.errors import ImgrecError, PhotoError
from imgrec.search.searcher import Answer, Searcher, Seen
from imgrec.vision.decode import decode_photo

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 2.0


class QueueFullError(Exception):
    """More photos wait than we let wait."""


@dataclass(frozen=True)
class Wish:
    """What is asked of a photo. A category that is no longer there counts as None: as the model predicts."""

    category: str | None = None
    threshold: float | None = None
    top: int | None = None


@dataclass(frozen=True)
class Found:
    """An answer and what it was made with; `category` is the one that was searched alone, as wished."""

    answer: Answer
    seen: Seen
    category: str | None
    model_sha256: str
    generation: str


@dataclass(frozen=True)
class Shop:
    """What the handlers need to know of the present model and index."""

    category_ids: dict[str, int]
    auto_threshold: float
    threshold_is_configured: bool
    model_sha256: str


@dataclass(frozen=True)
class _Job:
    photo: bytes | Seen
    wish: Wish
    result: asyncio.Future[Found]


class PhotoQueue:
    """One worker task and one thread: only that thread touches the model, the index and the catalogue.

    `open_searcher` opens model and index; `read_pointers` is a cheap reading that changes when there may be new ones,
    which are then taken up together, between two batches; `pointers` is what it read before `searcher` was opened.
    """

    def __init__(
        self,
        searcher: Searcher,
        open_searcher: Callable[[], Searcher],
        read_pointers: Callable[[], Sequence[str]],
        pointers: Sequence[str],
        batch_size: int,
        limit: int,
    ) -> None:
        self._searcher = searcher
        self._open_searcher = open_searcher
        self._read_pointers = read_pointers
        self._pointers = pointers
        self._looked = time.monotonic()
        self._batch_size = batch_size
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue(limit)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._worker: asyncio.Task[None] | None = None
        self.shop = _shop_of(searcher)

    def start(self) -> None:
        """Start working; called once the event loop runs."""
        self._worker = asyncio.create_task(self._work(), name="photo queue")

    async def close(self) -> None:
        """Finish the photos that wait, then stop."""
        await self._jobs.join()
        if self._worker:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
        await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._searcher.close())
        self._thread.shutdown()

    async def ask(self, photo: bytes | Seen, wish: Wish) -> Found:
        """Find products that look like a photo, given as an image file's bytes or as what was seen in it before.

        Raises UnreadablePhotoError, TooLargePhotoError, or QueueFullError.
        """
        job = _Job(photo, wish, asyncio.get_running_loop().create_future())
        try:
            self._jobs.put_nowait(job)
        except asyncio.QueueFull:
            raise QueueFullError from None
        return await job.result

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._jobs.get()]
            while len(batch) < self._batch_size and not self._jobs.empty():
                batch.append(self._jobs.get_nowait())
            try:
                results = await loop.run_in_executor(
                    self._thread, self._answer, [(job.photo, job.wish) for job in batch]
                )
            except Exception as error:  # the worker outlives any batch
                results = [error] * len(batch)
            for job, result in zip(batch, results, strict=True):
                if job.result.cancelled():
                    pass
                elif isinstance(result, Exception):
                    job.result.set_exception(result)
                else:
                    job.result.set_result(result)
                self._jobs.task_done()

    def _answer(self, batch: list[tuple[bytes | Seen, Wish]]) -> list[Found | Exception]:
        """Runs in the model's thread. A photo that does not decode fails alone."""
        self._take_up_new_index()
        searcher = self._searcher
        preprocessing = searcher.recogniser.model.settings.preprocessing
        seen: dict[int, Seen] = {}
        squares = {}
        failed: dict[int, Exception] = {}
        for number, (photo, _) in enumerate(batch):
            if isinstance(photo, Seen):
                seen[number] = photo
                continue
            try:
                squares[number] = preprocessing.square(decode_photo(photo, preprocessing.side_px))
            except PhotoError as error:
                failed[number] = error
        if squares:
            seen |= zip(squares, searcher.see_pixels(np.stack(list(squares.values()))), strict=True)
        return [failed.get(number) or self._found(seen[number], wish) for number, (_, wish) in enumerate(batch)]

    def _found(self, seen: Seen, wish: Wish) -> Found:
        searcher = self._searcher
        category = wish.category if wish.category in searcher.categories else None
        answer = searcher.answer(seen, category, wish.threshold, wish.top)
        return Found(answer, seen, category, searcher.recogniser.model.sha256, searcher.index.generation)

    def _take_up_new_index(self) -> None:
        if time.monotonic() - self._looked < _SECONDS_BETWEEN_LOOKS:
            return
        self._looked = time.monotonic()
        pointers = self._read_pointers()
        if pointers == self._pointers:
            return
        try:
            searcher = self._open_searcher()
        except (ImgrecError, OSError, sqlite3.Error) as error:
            # A new model whose index is still being built: go on with the old pair, and look again.
            log.info("Not taking up the new model or index yet: %s", error)
            return
        self._searcher.close()
        self._searcher, self._pointers, self.shop = searcher, pointers, _shop_of(searcher)
        log.info("Now answering from %s.", searcher.index.generation)


def _shop_of(searcher: Searcher) -> Shop:
    return Shop(
        dict(sorted(searcher.index.record.categories.items())),
        searcher.auto_threshold,
        searcher.settings.threshold != "auto",
        searcher.recogniser.model.sha256,
    )
