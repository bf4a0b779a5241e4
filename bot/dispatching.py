"""Updates handled: those of one lane in order, those of different lanes at the same time, a few of them at once."""

import asyncio
import contextlib
import logging
import random
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable

from bot.actions import Toasts
from bot.answering.answering import refusal
from bot.clock import now_s
from bot.handlers.photos import request_of
from bot.messages import Text
from bot.reaction import LaterError, Reaction, commit, together
from bot.speaking import Speaking
from bot.store.inbox import Waiting
from bot.store.store import Store
from bot.texts import short
from imgrec.async_database import may_pass
from imgrec.log.schema import Outcome

log = logging.getLogger(__name__)

_LANES_AT_ONCE = 64
_MOST_UNSENT_IN_A_LANE = 3
"""Answers of one lane that are composed and not sent yet. In a group it is one: more would stand before others'."""
_OF_A_GROUP = "-"
"""A lane begins with its chat's id, and those of groups are negative."""
_MOST_STARTS = 20
"""Handling that often began and never ended, through restarts: the update kills the bot."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 20.0
_LONGEST_WAIT_S = 5.0

Handle = Callable[[Waiting], Awaitable[Reaction]]


class Dispatching:
    """Takes updates out of the inbox. `on_commit` is called with the chat of each update that is done."""

    def __init__(
        self, store: Store, handle: Handle, speaking: Speaking, toasts: Toasts, on_commit: Callable[[int], None],
        useful_for_s: float,
    ) -> None:  # fmt: skip
        self._store = store
        self._speaking = speaking
        self._handle = handle
        self._toasts = toasts
        self._on_commit = on_commit
        self._useful_for_s = useful_for_s
        self._bell = asyncio.Event()
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._unsent: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; what waits from before goes first."""
        self._unsent = await self._store.outbox.open_requests()
        self._task = asyncio.create_task(self._run(), name="dispatching")

    @property
    def task(self) -> asyncio.Task[None]:
        """What runs as long as the bot does."""
        assert self._task is not None  # noqa: S101 - started before
        return self._task

    def kick(self) -> None:
        """There may be something to do."""
        self._bell.set()

    def sent(self, lane: str) -> None:
        """An answer of this lane is out."""
        self._unsent[lane] -= 1
        if self._unsent[lane] <= 0:
            del self._unsent[lane]
        self._bell.set()

    async def stop(self, within_s: float) -> None:
        """Begin nothing new; what is being handled may end, for so long. The rest waits for the next start."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        lanes = list(self._lanes.values())
        if lanes:
            await asyncio.wait(lanes, timeout=within_s)
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._bell.clear()
            wait_s = await self._begin_what_is_due()
            # no wait_for: before Python 3.12 it lets a bell that rings in the same moment outweigh a cancellation
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._bell.wait()

    async def _begin_what_is_due(self) -> float:
        """Returns after how many seconds to look again, if nothing happens before."""
        try:
            full = {lane for lane, unsent in self._unsent.items() if unsent >= _most_unsent(lane)}
            lanes, next_s = await self._store.inbox.next(self._lanes.keys() | full, _LANES_AT_ONCE - len(self._lanes))
        except sqlite3.OperationalError as error:
            log.warning("The inbox cannot be read just now: %s", error)
            return _FIRST_PAUSE_S
        for lane in lanes:
            self._lanes[lane] = asyncio.create_task(self._take(lane), name=f"lane {lane}")
        return _LONGEST_WAIT_S if next_s is None else min(max(next_s - now_s(), 0.01), _LONGEST_WAIT_S)

    async def _take(self, lane: str) -> None:
        try:
            waiting = await self._store.inbox.take(lane)
            if waiting is not None:
                await self._do(waiting)
        except Exception:
            log.exception("An update could not be taken out of the inbox; it is tried again.")
            await asyncio.sleep(_FIRST_PAUSE_S)
        finally:
            del self._lanes[lane]
            self._bell.set()

    async def _do(self, waiting: Waiting) -> None:
        """Handle an update, or note that it has to be tried again later; those behind it keep their order."""
        error = None
        try:
            if waiting.starts > _MOST_STARTS:
                error = f"handling it began {waiting.starts - 1} times and never ended"
                log.error("An update is given up: %s.", error)
                reaction = await self._failure(waiting)
            else:
                reaction = await self._handle(waiting)
        except LaterError as later:
            pause_s = min(_FIRST_PAUSE_S * 2 ** min(waiting.starts, 10), _LONGEST_PAUSE_S) * random.uniform(0.75, 1.25)  # noqa: S311
            log.info("An update is handled later: %s", later)
            await self._store.inbox.postpone(waiting.seq, later.wait_s if later.wait_s is not None else pause_s)
            return
        except sqlite3.OperationalError as problem:
            if not may_pass(problem):
                raise
            log.warning("An update is handled later: %s", problem)
            await self._store.inbox.postpone(waiting.seq, _LONGEST_WAIT_S)
            return
        except Exception as problem:
            log.exception("An update could not be handled.")
            error = type(problem).__name__
            reaction = await self._failure(waiting)
        await self._store.database.write(commit(waiting, reaction, self._useful_for_s, error))
        if reaction.forgets:
            await self._store.database.overwrite_deleted()
        if reaction.forgets or any(part.record is not None and part.messages for part in reaction.parts):
            self._unsent = await self._store.outbox.open_requests()  # some may have been forgotten meanwhile
        self._store.journal.ring()
        tap, chat = waiting.update.callback_query, waiting.update.chat
        if tap is not None:
            self._toasts.answer(tap.id, reaction.toast)
        if chat is not None:
            self._on_commit(chat.id)

    async def _failure(self, waiting: Waiting) -> Reaction:
        """What nobody expected: the shopper gets a plain sentence, and each photo its outcome in the log."""
        message = waiting.update.message
        settings, say = await self._speaking.to(waiting.update)
        if waiting.update.callback_query is not None:
            return Reaction(toast=say(short.FAILED_TAP))
        if message is None or not message.chat.is_private:
            return Reaction()
        told = Reaction([Text(html=say(short.FAILED), reply_to=message.message_id)])
        unanswered = []
        for part in waiting.parts:
            if part.update.message and part.update.message.looks_at_something:
                request = request_of(part.update.message, say, settings)
                query_id = await self._store.outbox.begin(part, request.chat, request.user, say.code)
                unanswered.append(refusal(query_id, part, request, Outcome.FAILED, None))
        return together([told, *unanswered])


def _most_unsent(lane: str) -> int:
    return 1 if lane.startswith(_OF_A_GROUP) else _MOST_UNSENT_IN_A_LANE
