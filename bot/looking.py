"""The queue before the eye: photos that wait together are looked at as one batch, away from the event loop."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from bot.request import Request, Result, Times
from bot.shop import Shop
from imgrec.search.serving import Seen, Serving
from imgrec.vision.guard import GuardedDecoder
from imgrec.vision.preprocessing import Pixels, Preprocessing

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 2.0
_ANYTHING = -1.0
_DECODERS = 2


@dataclass(frozen=True)
class _Square:
    """A photo made ready for an eye with this preprocessing."""

    pixels: Pixels
    preprocessing: Preprocessing


@dataclass(frozen=True)
class _Job:
    photo: _Square | Seen
    request: Request
    decode_ms: float
    result: asyncio.Future[Result]


class Looking:
    """One worker task and one thread: only that thread touches the model, the index and the catalogue.

    Photos are decoded before, by child processes that a hostile one cannot outlive. `open_serving` opens what is
    current; `read_pointer` is a cheap reading that changes when there may be something new, which is then taken up
    whole, between two batches; `opened_at` is what it read before `serving` was opened.
    """

    def __init__(
        self,
        serving: Serving,
        open_serving: Callable[[], Serving],
        read_pointer: Callable[[], str],
        opened_at: str,
        batch_size: int,
    ) -> None:
        self._serving = serving
        self._open_serving = open_serving
        self._read_pointer = read_pointer
        self._opened_at = opened_at
        self._looked = time.monotonic()
        self._batch_size = batch_size
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._decoding = ThreadPoolExecutor(_DECODERS, thread_name_prefix="decode")
        self._decoder = GuardedDecoder(_DECODERS)
        self._worker: asyncio.Task[None] | None = None
        self.shop = Shop.of(serving)

    def start(self) -> None:
        """Start working; called once the event loop runs."""
        self._worker = asyncio.create_task(self._work(), name="looking")

    async def close(self) -> None:
        """Stop; whoever still waits is cancelled by its own task."""
        if self._worker:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._decoder.close()
        self._decoding.shutdown(cancel_futures=True)
        self._thread.shutdown(cancel_futures=True)
        self._serving.close()

    async def ask(self, photo: bytes | Seen, request: Request) -> Result:
        """Find products that look like a photo, given as an image file's bytes or as what was seen in it before.

        Raises PhotoError for a photo that cannot be looked at; and OtherServingError for what was seen before the
        present serving was taken up: look at that photo anew.
        """
        while True:
            try:
                return await self._ask(photo, request)
            except _OtherEyeError:
                log.info("A photo is made ready anew, for the new model.")

    async def _ask(self, photo: bytes | Seen, request: Request) -> Result:
        loop, began = asyncio.get_running_loop(), time.perf_counter()
        ready = photo if isinstance(photo, Seen) else await loop.run_in_executor(self._decoding, self._square, photo)
        job = _Job(ready, request, _ms_since(began), loop.create_future())
        self._jobs.put_nowait(job)
        return await job.result

    def _square(self, photo: bytes) -> _Square:
        preprocessing = self._serving.preprocessing
        return _Square(preprocessing.square(self._decoder.decode(photo, preprocessing.side_px)), preprocessing)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._jobs.get()]
            while len(batch) < self._batch_size and not self._jobs.empty():
                batch.append(self._jobs.get_nowait())
            try:
                results = await loop.run_in_executor(self._thread, self._answer, batch)
            except Exception as error:  # the worker outlives any batch
                results = [error] * len(batch)
            for job, result in zip(batch, results, strict=True):
                if job.result.done():
                    continue
                if isinstance(result, Exception):
                    job.result.set_exception(result)
                else:
                    job.result.set_result(result)

    def _answer(self, batch: Sequence[_Job]) -> list[Result | Exception]:
        """Runs in the model's thread. Each photo is answered, or fails, alone."""
        self._take_up_new_serving()
        squares = {
            number: job.photo.pixels
            for number, job in enumerate(batch)
            if isinstance(job.photo, _Square) and job.photo.preprocessing == self._serving.preprocessing
        }
        began = time.perf_counter()
        looked = dict(zip(squares, self._look_at(list(squares.values())), strict=True))
        see_ms = _ms_since(began)
        return [
            self._found(looked.get(number, _as_seen(job.photo)), job, see_ms if number in looked else 0.0)
            for number, job in enumerate(batch)
        ]

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

    def _found(self, seen: Seen | Exception, job: _Job, see_ms: float) -> Result | Exception:
        if isinstance(seen, Exception):
            return seen
        serving, shop, request, began = self._serving, self.shop, job.request, time.perf_counter()
        category = shop.category_named(request.category_id)
        try:
            answer = serving.answer(seen, category, _threshold(request, shop))
        except Exception as error:  # of another serving, most likely; those beside it have their answers all the same
            return error
        if request.less_similar and answer.matches:
            answer = replace(answer, threshold=answer.matches[-1].similarity)
        chosen = None if request.less_similar else request.likeness
        return Result(
            request, answer, seen, shop, category, shop.likeness.of(answer.threshold) if chosen is None else chosen,
            Times(job.decode_ms + see_ms, _ms_since(began)),
        )  # fmt: skip

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


class _OtherEyeError(Exception):
    """A photo was made ready for an eye that has been replaced meanwhile."""


def _as_seen(photo: _Square | Seen) -> Seen | Exception:
    return photo if isinstance(photo, Seen) else _OtherEyeError()


def _threshold(request: Request, shop: Shop) -> float | None:
    """The least similarity that a request means to this serving; None: its own."""
    if request.less_similar:
        return _ANYTHING
    return None if request.likeness is None else shop.likeness.similarity_of(request.likeness)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
