"""The queue before the model: photos that wait together are looked at as one batch, away from the event loop."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from bot.shop import Shop
from imgrec.errors import PhotoError
from imgrec.search.likeness import Likeness
from imgrec.search.serving import Answer, Seen, Serving
from imgrec.vision.decode import decode_photo
from imgrec.vision.preprocessing import Pixels

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 2.0
_ANYTHING = -1.0


class QueueFullError(Exception):
    """More photos wait than we let wait."""


@dataclass(frozen=True)
class Wish:
    """What is asked of a photo.

    A category that is no longer there counts as None: as the model predicts. How alike products have to be is a
    likeness, or a similarity that was set before likeness was; None: as the shop has it. `less_similar` asks for the
    nearest products whatever their likeness.
    """

    category: str | None = None
    likeness: float | None = None
    similarity: float | None = None
    less_similar: bool = False


@dataclass(frozen=True)
class Found:
    """An answer, what was seen, and the shop it is of.

    `category` is the one that was searched alone, as wished; `likeness` is that of the threshold, 0 to 1.
    """

    answer: Answer
    seen: Seen
    category: str | None
    likeness: float
    shop: Shop


@dataclass(frozen=True)
class _Job:
    photo: bytes | Seen
    wish: Wish
    result: asyncio.Future[Found]


class PhotoQueue:
    """One worker task and one thread: only that thread touches the model, the index and the catalogue.

    `open_serving` opens what is current; `read_pointer` is a cheap reading that changes when there may be something
    new, which is then taken up whole, between two batches; `opened_at` is what it read before `serving` was opened.
    """

    def __init__(
        self,
        serving: Serving,
        open_serving: Callable[[], Serving],
        read_pointer: Callable[[], str],
        opened_at: str,
        batch_size: int,
        limit: int,
    ) -> None:
        self._serving = serving
        self._open_serving = open_serving
        self._read_pointer = read_pointer
        self._opened_at = opened_at
        self._looked = time.monotonic()
        self._batch_size = batch_size
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue(limit)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._worker: asyncio.Task[None] | None = None
        self.shop = Shop.of(serving)

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
        await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._serving.close())
        self._thread.shutdown()

    async def ask(self, photo: bytes | Seen, wish: Wish) -> Found:
        """Find products that look like a photo, given as an image file's bytes or as what was seen in it before.

        Raises UnreadablePhotoError, TooLargePhotoError, QueueFullError; and OtherServingError for what was seen before
        the present serving was taken up: look at that photo anew.
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

    def _answer(self, batch: Sequence[tuple[bytes | Seen, Wish]]) -> list[Found | Exception]:
        """Runs in the model's thread. Each photo is answered, or fails, alone."""
        self._take_up_new_serving()
        preprocessing = self._serving.preprocessing
        seen: dict[int, Seen | Exception] = {}
        squares: dict[int, Pixels] = {}
        for number, (photo, _) in enumerate(batch):
            if isinstance(photo, Seen):
                seen[number] = photo
                continue
            try:
                squares[number] = preprocessing.square(decode_photo(photo, preprocessing.side_px))
            except PhotoError as error:
                seen[number] = error
        seen |= zip(squares, self._look_at(list(squares.values())), strict=True)
        return [self._found(seen[number], wish) for number, (_, wish) in enumerate(batch)]

    def _look_at(self, squares: Sequence[Pixels]) -> Sequence[Seen | Exception]:
        """Look at all of them at once; where that fails, at each by itself."""
        if not squares:
            return []
        try:
            return self._serving.see_pixels(np.stack(squares))
        except Exception as error:
            if len(squares) == 1:
                return [error]
            return [one for square in squares for one in self._look_at([square])]

    def _found(self, seen: Seen | Exception, wish: Wish) -> Found | Exception:
        if isinstance(seen, Exception):
            return seen
        serving, shop = self._serving, self.shop
        category = wish.category if wish.category in shop.category_ids else None
        try:
            answer = serving.answer(seen, category, _threshold(wish, shop.likeness))
        except Exception as error:  # of another serving, most likely; those beside it have their answers all the same
            return error
        if wish.less_similar and answer.matches:
            answer = replace(answer, threshold=answer.matches[-1].similarity)
        chosen = None if wish.less_similar else wish.likeness
        return Found(answer, seen, category, shop.likeness.of(answer.threshold) if chosen is None else chosen, shop)

    def _take_up_new_serving(self) -> None:
        if time.monotonic() - self._looked < _SECONDS_BETWEEN_LOOKS:
            return
        self._looked = time.monotonic()
        pointer = self._read_pointer()
        if pointer == self._opened_at:
            return
        try:
            serving = self._open_serving()
            shop = Shop.of(serving)
        except Exception as error:  # whatever is wrong with it: the one that serves goes on, and we look again
            log.warning("Not taking up the new index yet: %s", error)
            return
        self._serving.close()
        self._serving, self._opened_at, self.shop = serving, pointer, shop
        log.info("Now answering from %s.", serving.id.generation)


def _threshold(wish: Wish, likeness: Likeness) -> float | None:
    """The least similarity that a wish means to this serving; None: its own."""
    if wish.less_similar:
        return _ANYTHING
    return wish.similarity if wish.likeness is None else likeness.similarity_of(wish.likeness)
