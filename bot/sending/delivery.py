"""The outbox at work: in each chat one step after the other, and for as long as the answer is of use."""

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Callable

from bot.clock import now_s
from bot.language import Languages
from bot.messages import Edit, Guest, Menu, Pictures, Text
from bot.sending.courier import Courier, Delivered, Instead, Place
from bot.sending.pacing import Pacing
from bot.sending.verdicts import Gone, Moved, NotTaken, Refused, Unknown
from bot.store.outbox import State, Step
from bot.store.store import Store
from bot.texts import short

log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_MOST_DOUBTFUL = 5
_CHATS_AT_ONCE = 64


class Delivery:
    """Sends what the outbox holds.

    `on_finished` is called with the lane of each request that is over, `on_outcome` with what came of each sending.
    """

    def __init__(
        self, store: Store, courier: Courier, languages: Languages, pacing: Pacing, on_finished: Callable[[str], None],
        on_outcome: Callable[[object], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._outbox = store.outbox
        self._courier = courier
        self._languages = languages
        self._on_finished = on_finished
        self._on_outcome = on_outcome
        self._pacing = pacing
        self._at_once = asyncio.Semaphore(_CHATS_AT_ONCE)
        self._chats: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        self._asleep_until_s: dict[int, float] = {}
        self._ends_s = math.inf

    async def start(self) -> None:
        """Go on from where the last run of the bot ended, however it did."""
        for chat_id in await self._outbox.recover():
            self.kick(chat_id)

    def kick(self, chat_id: int) -> None:
        """There is something to send to this chat."""
        if chat_id in self._chats:
            self._again.add(chat_id)
            return
        task = asyncio.create_task(self._deliver(chat_id), name=f"delivery to {chat_id}")
        self._chats[chat_id] = task
        task.add_done_callback(lambda done: self._ended(chat_id, done))

    async def stop(self, within_s: float) -> None:
        """Send what may be sent within so long. The rest waits for the next start, and nothing here waits for it."""
        self._ends_s = now_s() + within_s
        for chat_id, until_s in self._asleep_until_s.items():
            if until_s > self._ends_s:
                self._chats[chat_id].cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._chats:
                    await asyncio.wait(list(self._chats.values()))
        tasks = list(self._chats.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, chat_id: int, task: asyncio.Task[None]) -> None:
        del self._chats[chat_id]
        if task.cancelled():
            return
        if task.exception() is not None:
            log.error("The outbox stopped sending to a chat; it goes on.", exc_info=task.exception())
            asyncio.get_running_loop().call_later(_LONGEST_PAUSE_S, self.kick, chat_id)
        elif chat_id in self._again:
            self._again.discard(chat_id)
            self.kick(chat_id)

    async def _deliver(self, chat_id: int) -> None:
        while step := await self._outbox.next_step(chat_id):
            messages, now = _messages(step), now_s()
            begins_s = min(max(step.due_s, now + self._pacing.wait_s(chat_id, messages)), step.until_s)
            if begins_s > self._ends_s:
                return
            if begins_s > now:
                await self._sleep(chat_id, begins_s)
            elif now > step.until_s:
                await self._over(step, State.EXPIRED, apology=self._apology(step, short.EXPIRED))
            else:
                await self._pacing.turn(chat_id, messages)
                async with self._at_once:
                    await self._send(step)

    async def _sleep(self, chat_id: int, until_s: float) -> None:
        """Until then, or a part of it: the clock may jump meanwhile. Nothing is under way, so it may be cut short."""
        self._asleep_until_s[chat_id] = until_s
        try:
            await asyncio.sleep(min(until_s - now_s(), _LONGEST_PAUSE_S))
        finally:
            del self._asleep_until_s[chat_id]

    async def _send(self, step: Step) -> None:
        doubtful = await self._outbox.sending(step)
        place = Place(step.chat_id, step.thread_id)
        outcome = await self._courier.bring(step.message, place, after_doubtful=doubtful)
        self._on_outcome(outcome)
        match outcome:
            case Delivered(message_ids, file_ids):
                await self._over(step, State.SENT, message_ids)  # at once: a crash before it means sending again
                await self._store.files.remember(file_ids)
            case Instead(messages):
                await self._outbox.replace(step, messages)
            case NotTaken(why, wait_s):
                pause_s = _pause(step.tries) if wait_s is None else wait_s
                log.info("Trying again in %.1f s: %s", pause_s, why)
                await self._outbox.again(step, now_s() + pause_s, doubtful=False)
            case Unknown(why) if isinstance(step.message, Pictures) or step.doubtful >= _MOST_DOUBTFUL:
                log.warning("It is not known whether a message arrived (%s); it is not sent again.", why)
                await self._over(step, State.DOUBTFUL)
            case Unknown(why):
                log.info("It is not known whether a message arrived (%s); sending it again.", why)
                await self._outbox.again(step, now_s() + _pause(step.tries), doubtful=True)
            case Moved(after):
                await self._store.database.write(self._store.moving(step.chat_id, after))
                self._store.journal.ring()
                self.kick(after)
            case Gone(why):
                log.info("A chat is closed to us: %s", why)
                await self._over(step, State.REFUSED)
                for lane in await self._store.close_chat(step.chat_id):
                    self._on_finished(lane)
            case Refused(why):
                log.error("Telegram refuses what was composed: %s", why)
                await self._over(step, State.REFUSED, apology=self._apology(step, short.FAILED))

    def _apology(self, step: Step, words: str) -> Text | None:
        """Said once, in place of an answer to a photo."""
        if not step.is_asked or isinstance(step.message, Guest):
            return None
        say = self._languages.of(step.language)
        return Text(html=say(words), reply_to=getattr(step.message, "reply_to", None))

    async def _over(
        self, step: Step, state: State, message_ids: tuple[int, ...] = (), apology: Text | None = None
    ) -> None:
        lane = await self._outbox.over(step, state, message_ids, apology)
        if lane is not None:
            self._on_finished(lane)


def _messages(step: Step) -> int:
    """How many new messages it is to Telegram, which counts an album's pictures; an edit is none."""
    match step.message:
        case Pictures(items=items):
            return len(items)
        case Edit() | Menu():
            return 0
    return 1


def _pause(tries: int) -> float:
    """Twice as long each time, with jitter: those who were turned away together do not come back together."""
    return min(_FIRST_PAUSE_S * 2.0 ** min(tries, 10), _LONGEST_PAUSE_S) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
