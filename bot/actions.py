"""Signs of life while a shopper waits. They are decoration: none may take an answer's place in the queue."""

import asyncio
import contextlib
import time
from collections.abc import Iterator

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import RetryAfter, TelegramError

from bot.sending.verdicts import seconds_of

_ACTION_LASTS_S = 4.5
_TIMEOUT_S = 5
_TAP_WAITS_S = 1.0
_MOST_AT_ONCE = 16


class Actions:
    """“sending a photo…” below the bot's name, no more often than it fades."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._shown_s: dict[int, float] = {}
        self._not_before_s = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def shown(self, chat: int, thread: int | None) -> Iterator[None]:
        """Show it in a chat, and in a forum in this topic, for as long as this lasts."""
        task = asyncio.create_task(self._show(chat, thread))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            yield
        finally:
            task.cancel()

    async def close(self) -> None:
        """Show nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _show(self, chat: int, thread: int | None) -> None:
        while True:
            now = time.monotonic()
            wait_s = max(self._shown_s.get(chat, 0) + _ACTION_LASTS_S, self._not_before_s) - now
            if wait_s <= 0 and len(self._tasks) <= _MOST_AT_ONCE:
                self._shown_s = {one: at for one, at in self._shown_s.items() if at + _ACTION_LASTS_S > now}
                self._shown_s[chat] = now
                await self._send(chat, thread)
            await asyncio.sleep(max(wait_s, _ACTION_LASTS_S if wait_s <= 0 else 0))

    async def _send(self, chat: int, thread: int | None) -> None:
        try:
            await self._bot.send_chat_action(
                chat, ChatAction.UPLOAD_PHOTO, message_thread_id=thread, read_timeout=_TIMEOUT_S
            )
        except RetryAfter as error:
            self._not_before_s = time.monotonic() + seconds_of(error.retry_after)
        except TelegramError:
            pass


class Toasts:
    """Taps acknowledged: with the notice their handling brings when that is quick, and without one when it is not."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def expect(self, tap_id: str) -> None:
        """A tap came in: stop its spinner in a second, unless it is answered before."""
        if tap_id not in self._waiting:
            self._waiting[tap_id] = asyncio.create_task(self._answer(tap_id, None, _TAP_WAITS_S))

    def answer(self, tap_id: str, text: str | None) -> None:
        """Stop a tap's spinner with this notice; too late where it has been stopped."""
        waiting = self._waiting.get(tap_id)
        if waiting is not None:
            if waiting.done():
                return
            waiting.cancel()
        self._waiting[tap_id] = asyncio.create_task(self._answer(tap_id, text, 0))

    async def close(self) -> None:
        """Let what is under way end, but not for long."""
        tasks = list(self._waiting.values())
        if tasks:
            await asyncio.wait(tasks, timeout=_TAP_WAITS_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, tap_id: str, text: str | None, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        for _ in range(3):
            try:
                await self._bot.answer_callback_query(tap_id, text, read_timeout=_TIMEOUT_S)
                break
            except RetryAfter as error:
                await asyncio.sleep(min(seconds_of(error.retry_after), 5))
            except TelegramError as error:
                if type(error) is not TelegramError and "too old" in error.message.lower():
                    break
                await asyncio.sleep(0.5)
        asyncio.get_running_loop().call_later(60, self._waiting.pop, tap_id, None)
