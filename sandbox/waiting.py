"""Waiting for news: what long polling is made of."""

import asyncio
from collections.abc import Callable
from contextlib import suppress


class Bell:
    """Wakes every task that waits for something new; once closed, nobody waits any more."""

    def __init__(self) -> None:
        self.closed = False
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Let every waiting task look again."""
        self._event.set()
        self._event = asyncio.Event()

    def close(self) -> None:
        """Release every waiting task for good, so that the server can stop."""
        self.closed = True
        self.ring()

    async def wait_until(self, ready: Callable[[], bool], timeout_s: float | None) -> None:
        """Return when `ready()` holds, the time is over or the bell is closed; the caller looks which."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not ready() and not self.closed:
                    await self._event.wait()


class Traffic:
    """The requests under way; when the server stops, delayed answers hurry and the rest may finish."""

    def __init__(self) -> None:
        self._under_way: set[object] = set()
        self._stopping = Bell()
        self._finished = Bell()

    def enter(self, request: object) -> None:
        """A request begins."""
        self._under_way.add(request)

    def leave(self, request: object) -> None:
        """A request is over; one refused before it began may come here too."""
        self._under_way.discard(request)
        self._finished.ring()

    async def delay(self, duration_s: float) -> None:
        """Hold an answer back, but no longer than until the server stops."""
        await self._stopping.wait_until(lambda: False, duration_s)

    async def hang(self, is_gone: Callable[[], bool]) -> None:
        """Keep somebody waiting until they go away, or the server stops."""
        while not (is_gone() or self._stopping.closed):
            await self._stopping.wait_until(is_gone, None)

    def left(self) -> None:
        """Somebody went away."""
        self._stopping.ring()

    async def stop(self, longest_s: float) -> None:
        """End all delays and wait until no request is under way."""
        self._stopping.close()
        await self._finished.wait_until(lambda: not self._under_way, longest_s)
