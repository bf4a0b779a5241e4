"""The queue before the eye: photos that wait together are looked at as one batch, away from the event loop."""

import asyncio
import contextlib
import io
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from PIL import Image

from bot.reaction import LaterError
from bot.receiving.updates import is_group
from bot.request import Request, Result
from bot.shop import Shop, by_itself
from bot.store.chats import ChatSettings
from imgrec.catalogue.price_steps import price_steps
from imgrec.catalogue.store import Product
from imgrec.errors import GuardError, OtherServingError, PhotoError, SearchIndexError
from imgrec.log.writer import LoggedTimes
from imgrec.search.answer import Seen
from imgrec.search.serving import Serving
from imgrec.vision.boxes import Box
from imgrec.vision.guard import GuardedDecoder
from imgrec.vision.preprocessing import Pixels, Preprocessing

T = TypeVar("T")

log = logging.getLogger(__name__)

MOST_IN_A_GROUP = 3
"""Products shown at once in a group that chose no number: with the list four messages, so five answers a minute."""
_SECONDS_BETWEEN_LOOKS = 2.0
_DECODERS = 2
_KEPT_PX = 1280
_FAILURES_IN_A_ROW = 20
"""So many photos that cannot be opened, one after the other, are hardly the shoppers' fault."""


@dataclass(frozen=True)
class _Square:
    """A photo made ready for an eye with this preprocessing."""

    pixels: Pixels
    preprocessing: Preprocessing


@dataclass(frozen=True)
class _Job:
    """What is to be done in the model's thread, with what was seen in a photo where there is one to be looked at."""

    photo: _Square | None
    work: Callable[[Any, float], Any]
    result: asyncio.Future[Any]


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
        self._failures = 0
        self._under_way = 0
        self.shop = Shop.of(serving)
        self._new_index_trouble = ""
        self._search_trouble = ""

    @property
    def index_trouble(self) -> str:
        """Why nothing is found just now, or a new index is not taken up."""
        return self._search_trouble or self._new_index_trouble

    @property
    def decoder_trouble(self) -> str:
        """What is wrong with opening photos, if anything is."""
        if self._failures < _FAILURES_IN_A_ROW:
            return ""
        return f"The last {self._failures} photos could not be opened. Is something wrong with Pillow, or with memory?"

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
        if isinstance(photo, Seen):
            return await self.do(lambda _: self._found(photo, request, 0.0))
        part = request.photo.part if request.photo else None
        return await self._look(photo, part, lambda seen, see_ms: self._found(seen, request, see_ms))

    async def ask_of_product(self, request: Request) -> Result | None:
        """Find products that look like one of the shop's own; None where it is not sold or not looked at yet."""
        return await self.do(lambda serving: self._found_like_product(serving, request))

    async def see(self, photo: bytes, part: Box | None = None) -> Seen:
        """Only look, at all of a photo or a part of it. Raises PhotoError."""
        return await self._look(photo, part, lambda seen, _: seen)

    async def decode(self, photo: bytes | Path, enough_px: int, part: Box | None = None) -> Image.Image:
        """A photo, or a part of it, as pixels, its short side no less than `enough_px` where it has as many.

        Raises PhotoError.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._decoding, self._decoder.decode, photo, enough_px, part)

    async def redrawn(self, photo: bytes) -> bytes:
        """The photo as a plain JPEG of a moderate size, without what else its file tells, such as where it was taken.

        Raises PhotoError and GuardError.
        """
        return await asyncio.get_running_loop().run_in_executor(self._decoding, self._as_jpeg, photo)

    async def do(self, work: Callable[[Serving], T]) -> T:
        """Ask the shop something else, such as for a product."""
        return await self._in_turn(None, lambda *_: work(self._serving))

    def shown(self, settings: ChatSettings, chat: int) -> int:
        """How many products are shown at once in a chat: in a group few, as all share its twenty messages a minute."""
        most = MOST_IN_A_GROUP if is_group(chat) else self.shop.results
        return settings.results or min(self.shop.results, most)

    async def _look(self, photo: bytes, part: Box | None, work: Callable[[Seen, float], T]) -> T:
        """Look at a photo or a part of it, and go on with what was seen and the milliseconds it took."""
        loop = asyncio.get_running_loop()
        self._under_way += 1
        try:
            while True:
                began = time.perf_counter()
                square = await loop.run_in_executor(self._decoding, self._square, photo, part)
                try:
                    return await self._in_turn(square, partial(_with_more_ms, work, _ms_since(began)))
                except _OtherEyeError:
                    log.info("A photo is made ready anew, for the new model.")
        finally:
            self._under_way -= 1

    async def _in_turn(self, photo: _Square | None, work: Callable[[Any, float], T]) -> T:
        """Raises LaterError where the index cannot be searched: by then its server answers, or a new one is there."""
        job = _Job(photo, work, asyncio.get_running_loop().create_future())
        self._jobs.put_nowait(job)
        try:
            return cast("T", await job.result)
        except OtherServingError:
            raise
        except SearchIndexError as error:
            raise LaterError(str(error)) from None

    def _square(self, photo: bytes, part: Box | None) -> _Square:
        preprocessing = self._serving.preprocessing
        try:
            image = self._decoder.decode(photo, preprocessing.side_px, part)
        except (PhotoError, GuardError):
            self._failures += 1
            raise
        self._failures = 0
        return _Square(preprocessing.square(image), preprocessing)

    def _as_jpeg(self, photo: bytes) -> bytes:
        image = self._decoder.decode(photo, _KEPT_PX)
        image.thumbnail((_KEPT_PX, _KEPT_PX))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=90)
        return buffer.getvalue()

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

    def _answer(self, batch: Sequence[_Job]) -> list[Any]:
        """Runs in the model's thread. Each photo is answered, or fails, alone."""
        self._take_up_new_serving()
        squares = {
            number: job.photo.pixels
            for number, job in enumerate(batch)
            if job.photo and job.photo.preprocessing == self._serving.preprocessing
        }
        began = time.perf_counter()
        looked = dict(zip(squares, self._look_at(list(squares.values())), strict=True))
        see_ms = _ms_since(began)
        return [
            self._done(job, looked.get(number, _OtherEyeError() if job.photo else None), see_ms)
            for number, job in enumerate(batch)
        ]

    def _done(self, job: _Job, seen: Seen | Exception | None, see_ms: float) -> Any:
        if isinstance(seen, Exception):
            return seen
        try:
            return job.work(seen, see_ms)
        except Exception as error:  # of another serving, most likely; those beside it have their answers all the same
            self._note_trouble(error)
            return error

    def _note_trouble(self, error: Exception) -> None:
        if isinstance(error, SearchIndexError) and not isinstance(error, OtherServingError):
            self._search_trouble = str(error)

    def _look_at(self, squares: Sequence[Pixels]) -> Sequence[Seen | Exception]:
        """Look at all of them at once; where that fails, at each by itself."""
        if not squares:
            return []
        try:
            return self._serving.see_pixels(np.stack(squares), others_wait=self._under_way > len(squares))
        except Exception as error:
            self._note_trouble(error)
            if len(squares) == 1 or isinstance(error, SearchIndexError):
                return [error] * len(squares)
            return [one for square in squares for one in self._look_at([square])]

    def _found(self, seen: Seen, request: Request, see_ms: float) -> Result:
        serving, shop, ask, began = self._serving, self.shop, request.ask, time.perf_counter()
        liked, disliked = self._held(ask.liked), self._held(ask.disliked)
        target = serving.refined(seen, ask.liked, ask.disliked) if liked or disliked else seen
        category, likeness = shop.category_named(request.category_id), request.settings.likeness
        threshold = None if likeness is None else shop.likeness.similarity_of(likeness)
        shown = self.shown(request.settings, request.chat)
        answer = serving.answer(target, category, threshold, shown, ask.filters, ask.left_out, request.among)
        self._search_trouble = ""
        wanted = shop.likeness.of(answer.threshold) if likeness is None else likeness
        similar = (rank.product_id for rank in answer.ranked if rank.similarity >= answer.threshold)
        steps = price_steps(serving.catalogue.products(similar).values())
        times = LoggedTimes(see_ms=see_ms, search_ms=_ms_since(began))
        return Result(
            request, answer, seen, shop, category, wanted, times, price_steps=steps, liked=liked, disliked=disliked
        )

    def _found_like_product(self, serving: Serving, request: Request) -> Result | None:
        product_id = request.ask.product_id
        product = serving.catalogue.products([product_id]).get(product_id) if product_id is not None else None
        seen = serving.seen_of_product(product.product_id) if product and not product.retired else None
        if product is None or seen is None:
            return None
        return replace(self._found(seen, request, 0.0), product=by_itself(product))

    def _held(self, product_ids: Sequence[int]) -> tuple[Product, ...]:
        """Of these products those that the index holds, and can move an answer."""
        products = self._serving.catalogue.products(product_ids)
        return tuple(products[one] for one in product_ids if one in products and self._serving.seen_of_product(one))

    def _take_up_new_serving(self) -> None:
        if time.monotonic() - self._looked < _SECONDS_BETWEEN_LOOKS:
            return
        self._looked = time.monotonic()
        pointer = self._read_pointer()
        if pointer == self._opened_at:
            self._new_index_trouble = ""
            return
        try:
            serving = self._open_serving()
            shop = Shop.of(serving)
        except Exception as error:  # whatever is wrong with it: the one that serves goes on, and we look again
            self._new_index_trouble = f"The new index cannot be taken up ({error}); the one before it answers."
            log.warning("%s", self._new_index_trouble)
            return
        self._serving.close()
        self._serving, self._opened_at, self.shop = serving, pointer, shop
        self._new_index_trouble = self._search_trouble = ""
        log.info("Now answering from %s.", serving.id.generation)


class _OtherEyeError(Exception):
    """A photo was made ready for an eye that has been replaced meanwhile."""


def _with_more_ms(work: Callable[[Seen, float], T], decode_ms: float, seen: Seen, see_ms: float) -> T:
    return work(seen, decode_ms + see_ms)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
