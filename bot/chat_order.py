"""Updates of one chat one after the other, those of different chats at the same time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

MOST_AT_ONCE = 4096
MOST_WAITING_IN_A_CHAT = 30

arrived_s: ContextVar[float] = ContextVar("arrived_s")
"""When the update being handled came in, by `time.monotonic()`: before it waited for its turn."""


@dataclass
class _Chat:
    """A chat with updates under way."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    updates: int = 0
    told: bool = False


class ChatOrder(BaseUpdateProcessor):
    """An update waits for those of its chat that came before it (asyncio's locks are first come, first served).

    A chat may have so many waiting; `on_too_many` is called with the first update beyond them, and the others are
    dropped, so that no chat can hold up the others, or the bot when it is told to stop.
    """

    def __init__(self, on_too_many: Callable[[Update], Awaitable[None]]) -> None:
        super().__init__(MOST_AT_ONCE)
        self._on_too_many = on_too_many
        self._chats: dict[int, _Chat] = {}

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Handle an update when its turn in the chat has come."""
        if not isinstance(update, Update) or update.effective_chat is None:
            await coroutine
            return
        chat_id = update.effective_chat.id
        chat = self._chats.setdefault(chat_id, _Chat())
        if chat.updates >= MOST_WAITING_IN_A_CHAT:
            await self._drop(update, coroutine, chat)
            return
        chat.updates += 1
        arrived_s.set(time.monotonic())
        try:
            async with chat.turn:
                await coroutine
        finally:
            chat.updates -= 1
            if not chat.updates:
                del self._chats[chat_id]

    async def _drop(self, update: Update, coroutine: Awaitable[Any], chat: _Chat) -> None:
        if isinstance(coroutine, Coroutine):
            coroutine.close()
        if not chat.told:
            chat.told = True
            await self._on_too_many(update)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to release."""
