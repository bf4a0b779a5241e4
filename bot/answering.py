"""From a request to what is sent: download the photo, see it, search, compose; and what the log will have of it."""

import asyncio
import json
import logging
from datetime import UTC, datetime

from telegram import Bot
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot import texts
from bot.clock import now_s
from bot.composing import compose
from bot.messages import Text
from bot.reaction import LaterError, Reaction
from bot.receiving.updates import File
from bot.request import Request, Result
from bot.sending.verdicts import NotTaken, verdict
from bot.services import Services
from bot.store.inbox import Waiting
from imgrec.errors import CostlyPhotoError, OtherServingError, PhotoError, TooLargePhotoError
from imgrec.log.schema import Outcome
from imgrec.log.writer import LoggedAnswer, LoggedMatch, LoggedTimes, QueryRecord

log = logging.getLogger(__name__)

MOST_BYTES = 20 * 1024 * 1024
"""Telegram hands out no larger files."""
_ASK_TIMEOUT_S = 5
_LONGEST_DOWNLOAD_S = 60
_DOWNLOAD_TIMEOUT_S = 6
_TRIES_OF_WHAT_MAY_BE_GONE = 4


class _NoLongerThereError(Exception):
    """The photo a tap asks about cannot be had any more."""


async def answer(bot: Bot, services: Services, waiting: Waiting, request: Request) -> Reaction:
    """Find similar products, and compose the answer. What was expected to go wrong gets a plain sentence.

    Raises LaterError when Telegram does not hand out the photo just now.
    """
    began_s = now_s()
    query_id = await services.store.outbox.begin(waiting, request.chat, request.user)
    queue_ms = (began_s - waiting.received_s) * 1000
    try:
        if began_s - waiting.received_s > services.useful_for_s:
            return _plain(query_id, waiting, request, Outcome.EXPIRED, texts.EXPIRED, queue_ms)
        with services.actions.shown(request.chat):
            result = await _find(bot, services, request, waiting.starts < _TRIES_OF_WHAT_MAY_BE_GONE)
    except PhotoError as problem:
        outcome, text = _plain_words(problem)
        return _plain(query_id, waiting, request, outcome, text, queue_ms)
    except _NoLongerThereError:
        return _plain(query_id, waiting, request, Outcome.FAILED, texts.NO_LONGER_THERE, queue_ms)
    except LaterError:
        raise
    except Exception:  # the outermost edge of a query: the log gets what happened, the shopper a plain sentence
        log.exception("A photo could not be answered.")
        return _plain(query_id, waiting, request, Outcome.FAILED, texts.FAILED, queue_ms)
    services.recent.remember(query_id, request.chat, request.user, result.seen)
    outcome = Outcome.ANSWERED if result.answer.matches else Outcome.NOTHING_SIMILAR
    times = LoggedTimes(queue_ms=queue_ms, see_ms=result.times.see_ms, search_ms=result.times.search_ms)
    record = _record(query_id, waiting, request, outcome).model_copy(update={"answer": _logged(result), "times": times})
    return Reaction(compose(query_id, result), record=record, ranks=_ranks(result))


def refusal(query_id: int, waiting: Waiting, request: Request, outcome: Outcome, text: str | None) -> Reaction:
    """An answer without having looked; without a text, the shopper is told by other means."""
    messages = [] if text is None else [Text(html=text, reply_to=request.reply_to)]
    return Reaction(messages, record=_record(query_id, waiting, request, outcome))


def _plain(query_id: int, waiting: Waiting, request: Request, outcome: Outcome, text: str, queue_ms: float) -> Reaction:
    record = _record(query_id, waiting, request, outcome)
    times = LoggedTimes(queue_ms=queue_ms)
    return Reaction([Text(html=text, reply_to=request.reply_to)], record=record.model_copy(update={"times": times}))


async def _find(bot: Bot, services: Services, request: Request, again: bool) -> Result:
    """Ask with what was seen before, where it still counts; else with the photo, downloaded anew."""
    if request.seen is not None:
        try:
            return await services.looking.ask(request.seen, request)
        except OtherServingError as error:
            log.info("%s", error)
    if request.file is None:
        raise _NoLongerThereError
    size = request.file.file_size or MOST_BYTES
    if size > MOST_BYTES:
        raise TooLargePhotoError("Telegram hands out no file this large.")
    async with services.memory.holding(size):
        return await services.looking.ask(await _download(bot, request.file, may_be_tried_again=again), request)


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
        return Outcome.TOO_LARGE, texts.COSTLY
    if isinstance(problem, TooLargePhotoError):
        return Outcome.TOO_LARGE, texts.TOO_LARGE
    return Outcome.UNREADABLE, texts.UNREADABLE


def _record(query_id: int, waiting: Waiting, request: Request, outcome: Outcome) -> QueryRecord:
    asked = datetime.fromtimestamp(waiting.received_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return QueryRecord(
        id=query_id, asked_utc=asked, kind=request.kind, outcome=outcome, parent=request.parent,
        photo_unique_id=request.file.file_unique_id if request.file else None,
    )  # fmt: skip


def _logged(result: Result) -> LoggedAnswer:
    answer = result.answer
    return LoggedAnswer(
        predicted_category=answer.category.name if answer.category else None,
        probability=answer.category.probability if answer.category else None,
        category=answer.scope[0] if len(answer.scope) == 1 else None,
        category_source=result.category_source,
        scope=answer.scope,
        threshold=answer.threshold,
        likeness=round(result.likeness, 4),
        threshold_source=result.threshold_source,
        model=answer.serving.model_sha256,
        index_generation=answer.serving.generation,
        best_similarity=answer.nearest.similarity if answer.nearest else None,
        matches=tuple(
            LoggedMatch(product_id=match.product.product_id, similarity=match.similarity, likeness=match.likeness)
            for match in answer.matches
        ),
    )


def _ranks(result: Result) -> str:
    """The hundred products of a result, so that more of them can be shown without asking anew."""
    return json.dumps([[rank.product_id, round(rank.similarity, 6)] for rank in result.answer.ranked])
