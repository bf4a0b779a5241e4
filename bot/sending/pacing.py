"""Telegram's limits, kept to before it is asked: thirty messages a second in all, twenty a minute in a group."""

from aiolimiter import AsyncLimiter
from telegram.constants import FloodLimit

_MOST_KEPT = 512


class Pacing:
    """Hands out turns to send, to each chat in its order."""

    def __init__(self) -> None:
        self._overall = AsyncLimiter(FloodLimit.MESSAGES_PER_SECOND, 1)
        self._groups: dict[int, AsyncLimiter] = {}

    async def turn(self, chat_id: int) -> None:
        """Wait until a message to this chat keeps within the limits."""
        if chat_id < 0:
            await self._of_group(chat_id).acquire()
        await self._overall.acquire()

    def _of_group(self, chat_id: int) -> AsyncLimiter:
        if len(self._groups) > _MOST_KEPT:
            self._groups = {chat: one for chat, one in self._groups.items() if not one.has_capacity(one.max_rate)}
        if chat_id not in self._groups:
            self._groups[chat_id] = AsyncLimiter(FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP, 60)
        return self._groups[chat_id]
