"""From a request to what is sent: download the photo, see it, search, compose; and what the log will have of it."""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime

from telegram import Bot
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.clock import now_s
from bot.composing import compose, compose_page
from bot.found import Found, found
from bot.keeping import asking_to_keep, keep_photo
from bot.messages import Text
from bot.reaction import LaterError, Reaction
from bot.receiving.updates import File
from bot.request import Request, Result
from bot.sending.verdicts import NotTaken, verdict
from bot.services import Services
from bot.store.inbox import Waiting
from bot.texts import short
from imgrec.errors import CostlyPhotoError, OtherServingError, PhotoError, TooLargePhotoError
from imgrec.log.schema import Outcome
from imgrec.log.writer import LoggedTimes, QueryRecord

log = logging.getLogger(__name__)

MOST_BYTES = 20 * 1024 * 1024
"""Telegram hands out no larger files."""
_ASK_TIMEOUT_S = 5
_LONGEST_DOWNLOAD_S = 60
_DOWNLOAD_TIMEOUT_S = 6
_TRIES_OF_WHAT_MAY_BE_GONE = 4


class _NoLongerThereError(Exception):
    """The photo a tap asks about, or the product of a link, cannot be had any more; says so to the shopper."""

    def __init__(self, words: str = short.NO_LONGER_THERE) -> None:
        super().__init__(words)
        self.words = words


async def answer(bot: Bot, services: Services, waiting: Waiting, request: Request) -> Reaction:
    """Find similar products, and compose the answer. What was expected to go wrong gets a plain sentence.

    Raises LaterError when Telegram does not hand out the photo just now.
    """
    began_s = now_s()
    query_id = await services.store.outbox.begin(waiting, request.chat, request.user, request.say.code)
    queue_ms = (began_s - waiting.received_s) * 1000
    try:
        if began_s - waiting.received_s > services.useful_for_s:
            return _plain(query_id, waiting, request, Outcome.EXPIRED, short.EXPIRED, queue_ms)
        with services.actions.shown(request.chat):
            result = await _find(bot, services, query_id, request, waiting.starts < _TRIES_OF_WHAT_MAY_BE_GONE)
    except PhotoError as problem:
        outcome, text = _plain_words(problem)
        return _plain(query_id, waiting, request, outcome, text, queue_ms)
    except _NoLongerThereError as gone:
        return _plain(query_id, waiting, request, Outcome.FAILED, gone.words, queue_ms)
    except LaterError:
        raise
    except Exception:  # the outermost edge of a query: the log gets what happened, the shopper a plain sentence
        log.exception("A photo could not be answered.")
        return _plain(query_id, waiting, request, Outcome.FAILED, short.FAILED, queue_ms)
    services.recent.remember(query_id, request.chat, request.user, result.seen)
    kept = found(result)
    record = _record_of(query_id, waiting, result, kept, queue_ms)
    question, asked = asking_to_keep(services, request)
    return Reaction([*compose(query_id, result, kept), *question], asked, record=record, found=kept)


async def answer_with_more(
    services: Services, waiting: Waiting, request: Request, before: Found, first: int
) -> Reaction | None:
    """Further products of an earlier answer, from this rank on; None where there are no more that can be had."""
    page = before.page(first, services.looking.shown(request.settings))
    matches = await services.looking.do(lambda serving: serving.matches(page))
    if not matches:
        return None
    query_id = await services.store.outbox.begin(waiting, request.chat, request.user, request.say.code)
    record = _record(query_id, waiting, request, Outcome.ANSWERED)
    there = {match.product.product_id for match in matches}
    logged = before.logged([rank for rank in page if rank.product_id in there], first)
    messages = compose_page(request.say, query_id, before, matches, first, request.ask.reply_to)
    return Reaction(messages, record=record.model_copy(update={"answer": logged}), found=before)


def refusal(query_id: int, waiting: Waiting, request: Request, outcome: Outcome, text: str | None) -> Reaction:
    """An answer without having looked; without a text, the shopper is told by other means."""
    messages = [] if text is None else [Text(html=request.say(text), reply_to=request.ask.reply_to)]
    return Reaction(messages, record=_record(query_id, waiting, request, outcome))


def _plain(query_id: int, waiting: Waiting, request: Request, outcome: Outcome, text: str, queue_ms: float) -> Reaction:
    record = _record(query_id, waiting, request, outcome)
    times = LoggedTimes(queue_ms=queue_ms)
    return replace(
        refusal(query_id, waiting, request, outcome, text), record=record.model_copy(update={"times": times})
    )


async def _find(bot: Bot, services: Services, query_id: int, request: Request, again: bool) -> Result:
    """Ask with what was seen before, where it still counts; else with the photo, downloaded anew."""
    if request.ask.product_id is not None:
        result = await services.looking.ask_of_product(request)
        if result is None:
            raise _NoLongerThereError(short.NOTHING_KNOWN_OF_PRODUCT)
        return result
    if request.seen is not None:
        try:
            return await services.looking.ask(request.seen, request)
        except OtherServingError as error:
            log.info("%s", error)
    if request.photo is None:
        raise _NoLongerThereError
    size = request.photo.file_size or MOST_BYTES
    if size > MOST_BYTES:
        raise TooLargePhotoError("Telegram hands out no file this large.")
    async with services.memory.holding(size):
        photo = await _download(bot, request.photo, may_be_tried_again=again)
        result = await services.looking.ask(photo, request)
        await keep_photo(services, query_id, request, photo)
        return result


async def _download(bot: Bot, file: File, *, may_be_tried_again: bool) -> bytes:
    try:
        async with asyncio.timeout(_LONGEST_DOWNLOAD_S):
            there = await bot.get_file(file.file_id, read_timeout=_ASK_TIMEOUT_S)
            content = bytes(await there.download_as_bytearray(read_timeout=_DOWNLOAD_TIMEOUT_S))
    except BadRequest as error:
        words = error.message.lower()
        if "too big" in words:
            raise TooLargePhotoError("Telegram hands out no file this large.") from None
        if "temporarily unavailable" in words and may_be_tried_again:  # which is also said of what is gone for good
            raise LaterError(error.message) from None
        raise _NoLongerThereError from None
    except InvalidToken as error:  # what python-telegram-bot makes of a download's 404: its address has expired
        raise LaterError(error.message) from None
    except TelegramError as error:
        what = verdict(error)
        raise LaterError(str(error), what.wait_s if isinstance(what, NotTaken) else None) from None
    except TimeoutError:
        raise LaterError("The download takes too long.") from None
    if there.file_size and len(content) != there.file_size and may_be_tried_again:
        raise LaterError(f"The download has {len(content)} bytes of {there.file_size}.")
    return content


def _plain_words(problem: PhotoError) -> tuple[Outcome, str]:
    if isinstance(problem, CostlyPhotoError):
        return Outcome.TOO_LARGE, short.COSTLY
    if isinstance(problem, TooLargePhotoError):
        return Outcome.TOO_LARGE, short.TOO_LARGE
    return Outcome.UNREADABLE, short.UNREADABLE


def _record(query_id: int, waiting: Waiting, request: Request, outcome: Outcome) -> QueryRecord:
    asked = datetime.fromtimestamp(waiting.received_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return QueryRecord(
        id=query_id, asked_utc=asked, kind=request.kind, outcome=outcome, parent=request.parent,
        language=request.say.code, photo_unique_id=request.photo.file_unique_id if request.photo else None,
    )  # fmt: skip


def _record_of(query_id: int, waiting: Waiting, result: Result, kept: Found, queue_ms: float) -> QueryRecord:
    matches = result.answer.matches
    outcome = Outcome.ANSWERED if matches else Outcome.NOTHING_SIMILAR
    times = LoggedTimes(queue_ms=queue_ms, see_ms=result.times.see_ms, search_ms=result.times.search_ms)
    logged = kept.logged(kept.page(1, len(matches)) if matches else (), 1)
    return _record(query_id, waiting, result.request, outcome).model_copy(update={"answer": logged, "times": times})
