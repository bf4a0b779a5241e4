"""Telegram's limits, kept to before it is asked: thirty messages a second in all, twenty a minute in a group."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from aiolimiter import AsyncLimiter
from telegram.constants import FloodLimit

from bot.receiving.updates import is_group

GROUP_WINDOW_S = 60.0
_MOST_KEPT = 512


class Pacing:
    """Hands out turns to send, to each chat in its order."""

    def __init__(self) -> None:
        self._overall = AsyncLimiter(FloodLimit.MESSAGES_PER_SECOND, 1)
        self._groups: dict[int, GroupPace] = {}

    def wait_s(self, chat_id: int, messages: int = 1) -> float:
        """How long until a group may have so many messages more; 0 for other chats, whose turn comes in a moment."""
        return self._of_group(chat_id).wait_s(messages) if is_group(chat_id) and messages else 0.0

    async def turn(self, chat_id: int, messages: int = 1) -> None:
        """Wait until so many messages to this chat keep within the limits; an album has as many as pictures."""
        if is_group(chat_id) and messages:
            await self._of_group(chat_id).turn(messages)
        await self._overall.acquire()

    def _of_group(self, chat_id: int) -> "GroupPace":
        if len(self._groups) > _MOST_KEPT:
            self._groups = {chat: pace for chat, pace in self._groups.items() if not pace.is_idle}
        return self._groups.setdefault(chat_id, GroupPace())


class GroupPace:
    """At most twenty messages within any minute: a bucket that is refilled as it empties would let forty through."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent_s: deque[float] = deque()
        self._in_turn = asyncio.Lock()

    async def turn(self, messages: int) -> None:
        """Wait for so many, in the order of asking."""
        async with self._in_turn:
            await asyncio.sleep(self.wait_s(messages))
            self._sent_s.extend([self._clock()] * messages)

    def wait_s(self, messages: int) -> float:
        """How long until so many may be sent."""
        self._drop_old()
        too_many = len(self._sent_s) + messages - FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP
        if too_many <= 0:
            return 0
        return max(self._sent_s[too_many - 1] + GROUP_WINDOW_S - self._clock(), 0)

    @property
    def is_idle(self) -> bool:
        """Whether nothing was sent within the last minute."""
        self._drop_old()
        return not self._sent_s and not self._in_turn.locked()

    def _drop_old(self) -> None:
        while self._sent_s and self._sent_s[0] <= self._clock() - GROUP_WINDOW_S:
            self._sent_s.popleft()
