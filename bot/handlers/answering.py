"""From a photo to the messages a shopper gets, and to the log; shared by new photos and by taps that ask again."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from telegram import Bot, InlineKeyboardMarkup, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, NetworkError, TelegramError

from bot import keyboards, texts
from bot.albums import send_products
from bot.callback_data import AUTO_CATEGORY
from bot.chat_order import arrived_s
from bot.photo_queue import Found, QueueFullError, Wish
from bot.services import Services
from bot.shop import Shop
from imgrec.errors import OtherServingError, TooLargePhotoError, UnreadablePhotoError
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.log.writer import ChatSettings, LoggedAnswer, LoggedMatch, LogWriter
from imgrec.search.serving import Seen

log = logging.getLogger(__name__)

_ACTION_LASTS_S = 4.5
_TIMES_FETCHED = 3
_SECONDS_BEFORE_NEXT_FETCH = 1


class NoLongerThereError(Exception):
    """The photo a tap asks about cannot be had any more."""


class FileTooLargeError(Exception):
    """Telegram does not hand out files this large."""


@dataclass(frozen=True)
class Question:
    """What is asked, by whom, and which message the answer replies to."""

    kind: KindOfQuery
    chat: int
    user: int
    reply_to: int
    photo_file_id: str | None
    photo_unique_id: str | None
    seen: Seen | None = None
    wish: Wish | None = None
    parent: int | None = None
    known_too_large: bool = False
    category_by_tap: bool = False


def wish_of(settings: ChatSettings, category: str | None = None, *, less_similar: bool = False) -> Wish:
    """What a chat's settings ask for; `category` is one that was tapped, and comes before the chat's."""
    return Wish(category or settings.category, settings.likeness, settings.threshold, less_similar)


async def answer_question(bot: Bot, services: Services, question: Question) -> None:
    """Find similar products and send them, and log how it went. What was expected to go wrong gets a plain sentence.

    The log has the outcome before the shopper gets the message with the buttons, so that no vote can overtake it.
    """
    query = _Query(services.log, arrived_s.get(time.monotonic()))
    await query.begin(question)
    try:
        async with _showing_action(bot, question.chat):
            await _answer(bot, services, question, query)
    except (UnreadablePhotoError, TooLargePhotoError, FileTooLargeError, QueueFullError, NoLongerThereError) as problem:
        outcome, text = _plain_words(problem)
        await query.finish(outcome)
        await _reply(bot, question, text)
    except BaseException:
        await query.finish(Outcome.FAILED)
        raise


class _Query:
    """A question's line in the log."""

    def __init__(self, log: LogWriter, started: float) -> None:
        self.id = 0
        self._log = log
        self._started = started
        self._finished = False

    async def begin(self, question: Question) -> None:
        self.id = await self._log.begin_query(
            question.kind, question.chat, question.user, question.photo_unique_id, question.parent
        )

    async def finish(self, outcome: Outcome) -> None:
        """Record the outcome; the first one stands, whatever fails after it."""
        if self._finished:
            return
        self._finished = True
        await self._log.finish_query(self.id, outcome, (time.monotonic() - self._started) * 1000)


async def _answer(bot: Bot, services: Services, question: Question, query: _Query) -> None:
    wish = question.wish or wish_of(await services.log.settings(question.chat))
    found = await _find(bot, services, question, wish)
    services.recent.remember(query.id, question.chat, question.user, found.seen)
    answer, shop, source = found.answer, found.shop, _category_source(question, found)
    await services.log.record_answer(query.id, _logged(found, source, wish))
    tapped = shop.category_ids[found.category] if found.category and source == "tap" else AUTO_CATEGORY
    if not answer.matches:
        await query.finish(Outcome.NOTHING_SIMILAR)
        nothing = keyboards.below_nothing(query.id, answer, shop, tapped, all_shown=wish.less_similar)
        await _reply(bot, question, texts.nothing_similar(answer, source, shop, found.likeness), nothing)
    elif await send_products(bot, question.chat, question.reply_to, answer.matches, services.log):
        await query.finish(Outcome.ANSWERED)
        markup = keyboards.below_answer(query.id, answer, shop, tapped, all_shown=wish.less_similar)
        try:
            await _reply(bot, question, texts.answered(answer, source, shop, all_shown=wish.less_similar), markup)
        except (
            NetworkError
        ) as error:  # the products are there, and this may be too: no reason to ask for the photo again
            log.warning("The message below an album may not have been sent: %s", error)
    else:
        await query.finish(Outcome.FAILED)
        await _reply(bot, question, texts.FAILED)


async def _find(bot: Bot, services: Services, question: Question, wish: Wish) -> Found:
    """Ask with what was seen before, where it still counts; else with the photo, downloaded anew."""
    if question.seen is not None:
        try:
            return await services.queue.ask(question.seen, wish)
        except OtherServingError as error:
            log.info("%s", error)
    return await services.queue.ask(await _download(bot, question), wish)


async def _download(bot: Bot, question: Question) -> bytes:
    if question.known_too_large:
        raise FileTooLargeError
    if question.photo_file_id is None:
        raise NoLongerThereError
    for attempt in range(_TIMES_FETCHED):
        try:
            file = await bot.get_file(question.photo_file_id)
            return bytes(await file.download_as_bytearray())
        except BadRequest as error:
            if "too big" in error.message.lower():
                raise FileTooLargeError from None
            raise
        except NetworkError:  # fetching twice does no harm
            if attempt == _TIMES_FETCHED - 1:
                raise
            await asyncio.sleep(_SECONDS_BEFORE_NEXT_FETCH)
    raise AssertionError("unreachable")


def _category_source(question: Question, found: Found) -> str | None:
    """Who chose the category: predicted, chat or tap; None where nobody did, as the shop tells none apart."""
    if found.category is None:
        return "predicted" if found.answer.category else None
    return "tap" if question.category_by_tap else "chat"


def _threshold_source(wish: Wish, shop: Shop) -> str:
    if wish.less_similar:
        return "tap"
    if wish.likeness is not None or wish.similarity is not None:
        return "chat"
    return "config" if shop.threshold_is_configured else "auto"


def _logged(found: Found, source: str | None, wish: Wish) -> LoggedAnswer:
    answer = found.answer
    return LoggedAnswer(
        predicted_category=answer.category.name if answer.category else None,
        probability=answer.category.probability if answer.category else None,
        category=answer.scope[0] if len(answer.scope) == 1 else None,
        category_source=source,
        scope=answer.scope,
        threshold=answer.threshold,
        likeness=round(found.likeness, 4),
        threshold_source=_threshold_source(wish, found.shop),
        model=answer.serving.model_sha256,
        index_generation=answer.serving.generation,
        best_similarity=answer.nearest.similarity if answer.nearest else None,
        matches=[LoggedMatch(match.product.product_id, match.similarity, match.likeness) for match in answer.matches],
    )


def _plain_words(problem: Exception) -> tuple[Outcome, str]:
    if isinstance(problem, UnreadablePhotoError):
        return Outcome.UNREADABLE, texts.UNREADABLE
    if isinstance(problem, TooLargePhotoError | FileTooLargeError):
        return Outcome.TOO_LARGE, texts.TOO_LARGE
    return Outcome.FAILED, texts.BUSY if isinstance(problem, QueueFullError) else texts.NO_LONGER_THERE


async def _reply(bot: Bot, question: Question, text: str, markup: InlineKeyboardMarkup | None = None) -> None:
    await bot.send_message(
        question.chat,
        text,
        parse_mode=ParseMode.HTML,
        reply_markup=markup,
        reply_parameters=ReplyParameters(question.reply_to, allow_sending_without_reply=True),
    )


@contextlib.asynccontextmanager
async def _showing_action(bot: Bot, chat: int) -> AsyncIterator[None]:
    """“sending a photo…” below the bot's name, for as long as it takes."""

    async def show() -> None:
        while True:
            with contextlib.suppress(TelegramError):  # it is decoration; the answer comes without it too
                await bot.send_chat_action(chat, ChatAction.UPLOAD_PHOTO)
            await asyncio.sleep(_ACTION_LASTS_S)

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await showing
