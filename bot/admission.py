"""How much may wait, decided before anything is downloaded; and one honest sentence on how long it takes."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from bot.answering.answering import refusal
from bot.handlers.photos import is_for_us, request_of
from bot.language import Language
from bot.reaction import commit
from bot.receiving.updates import Update, is_group
from bot.sending.pacing import Pacing
from bot.speaking import Speaking
from bot.store.inbox import Load, Waiting
from bot.store.store import Store
from bot.texts import notices
from imgrec.config import BotSection
from imgrec.log.schema import Outcome

log = logging.getLogger(__name__)

_TOLD_FROM = 4
_TOLD_AGAIN_AFTER_S = 5.0
_SECONDS_AN_ANSWER = 2.0
"""Where none was measured yet; Telegram takes a message a second in one chat."""
_WEIGHT = 0.2


@dataclass
class _Notice:
    """The message in a chat that tells how long it takes."""

    lane: str
    say: Language
    thread_id: int | None = None
    message_id: int | None = None
    said: str = ""
    left_out: int = 0


class Admission:
    """Counts what waits. Photos beyond the bounds are not answered, and logged as `busy`."""

    def __init__(
        self, bot: Bot, store: Store, limits: BotSection, speaking: Speaking, pacing: Pacing, username: str,
        useful_for_s: float,
    ) -> None:  # fmt: skip
        self._bot = bot
        self._store = store
        self._speaking = speaking
        self._pacing = pacing
        self._limits = limits
        self._username = username
        self._useful_for_s = useful_for_s
        self._notices: dict[int, _Notice] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._answered_s: dict[str, float] = {}
        self._pace_s: dict[str, float] = {}

    async def start(self) -> None:
        """Go on with the notices of before."""
        for row in await self._store.database.rows("SELECT chat_id, message_id FROM notices"):
            say = await self._speaking.in_chat(row["chat_id"])
            self._tell(row["chat_id"], _Notice(str(row["chat_id"]), say, message_id=row["message_id"]))

    def answered(self, lane: str) -> None:
        """An answer of this lane is out: how long did it take?"""
        now, before = time.monotonic(), self._answered_s.get(lane)
        self._answered_s[lane] = now
        if before is not None and now - before < self._useful_for_s:
            pace_s = self._pace_s.get(lane, _SECONDS_AN_ANSWER)
            self._pace_s[lane] = (1 - _WEIGHT) * pace_s + _WEIGHT * (now - before)

    async def look_at(self, updates: Sequence[Update]) -> None:
        """Photos have come in: turn away what is too much, and tell who has to wait."""
        lanes = {
            update.lane: (update.chat.id, update)
            for update in updates
            if update.chat and update.message and is_for_us(update.message, self._username)
        }
        for lane, (chat_id, update) in lanes.items():
            load = await self._store.inbox.load(lane, chat_id)
            left_out = self._too_many(load)
            if left_out:
                await self._turn_away(await self._store.inbox.newest_photos(lane, left_out))
            # a group's twenty messages a minute are for answers; there only who is turned away is told
            if left_out or (load.turns_of_lane >= _TOLD_FROM and not is_group(chat_id)):
                _, say = await self._speaking.to(update)
                notice = self._notices.get(chat_id) or _Notice(lane, say, update.thread_id)
                notice.left_out += left_out
                self._tell(chat_id, notice)

    async def close(self) -> None:
        """Leave the notices as they are; the next start goes on with them."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _too_many(self, load: Load) -> int:
        limits = self._limits
        over = max(
            load.of_lane - limits.queue_limit_of_shopper, load.of_chat - 2 * limits.queue_limit_of_shopper,
            load.in_all - limits.queue_limit, 0,
        )  # fmt: skip
        if load.bytes_in_all > limits.queue_limit_mb * 1_000_000:
            over = max(over, 1)
        return min(over, load.of_lane)

    async def _turn_away(self, photos: Sequence[Waiting]) -> None:
        for waiting in photos:
            message = waiting.update.message
            if message is None:
                continue
            settings, say = await self._speaking.to(waiting.update)
            query_id = await self._store.outbox.begin(waiting, message.chat.id, message.sender_id, say.code)
            reaction = refusal(query_id, waiting, request_of(message, say, settings), Outcome.BUSY, None)
            await self._store.database.write(commit(waiting, reaction, self._useful_for_s))
        self._store.journal.ring()

    def _tell(self, chat_id: int, notice: _Notice) -> None:
        self._notices[chat_id] = notice
        if chat_id not in self._tasks:
            self._tasks[chat_id] = asyncio.create_task(self._keep_telling(chat_id, notice))
            self._tasks[chat_id].add_done_callback(lambda _: self._tasks.pop(chat_id, None))

    async def _keep_telling(self, chat_id: int, notice: _Notice) -> None:
        while True:
            load = await self._store.inbox.load(notice.lane, chat_id)
            if load.turns_of_lane < 2 and (notice.message_id is not None or not notice.left_out):
                break
            minutes = load.turns_of_lane * self._pace_s.get(notice.lane, _SECONDS_AN_ANSWER) / 60
            await self._say(chat_id, notice, notices.waiting(notice.say, load.of_lane, minutes, notice.left_out))
            await asyncio.sleep(_TOLD_AGAIN_AFTER_S)
        if notice.left_out:
            await self._say(chat_id, notice, notices.too_many(notice.say, notice.left_out))
        elif notice.message_id is not None:
            await _quietly(self._bot.delete_message(chat_id, notice.message_id))
        self._notices.pop(chat_id, None)
        await self._store.forget_notice(chat_id)

    async def _say(self, chat_id: int, notice: _Notice, text: str) -> None:
        if text == notice.said:
            return
        notice.said = text
        if notice.message_id is not None:
            await _quietly(self._bot.edit_message_text(text, chat_id, notice.message_id, parse_mode=ParseMode.HTML))
            return
        try:
            await self._pacing.turn(chat_id)
            sent = await self._bot.send_message(chat_id, text, ParseMode.HTML, message_thread_id=notice.thread_id)
        except TelegramError as error:
            notice.said = ""
            log.info("A shopper could not be told how long it takes: %s", error)
            return
        notice.message_id = sent.message_id
        await self._store.note_notice(chat_id, sent.message_id)


async def _quietly(call: Awaitable[object]) -> None:
    """A notice that is not up to date is no harm."""
    try:
        await call
    except BadRequest:
        pass
    except TelegramError as error:
        log.info("A notice could not be changed: %s", error)
