"""The real bot, which kills itself before or after its n-th commit or its n-th call to Telegram.

    python failing_bot.py commit after 3 --config config.yaml

It is wrapped from outside, at seams that every commit and every call passes: aiosqlite's `Connection.commit`, and
python-telegram-bot's `HTTPXRequest.do_request`. A poll for updates counts as a `poll`, anything else as a `call`.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

SEAMS = ("commit", "call", "poll")
Seam = Callable[..., Awaitable[Any]]


class Failpoint:
    """Counts what passes a seam, and dies at the n-th."""

    def __init__(self, when: str, number: int) -> None:
        self._when, self._left = when, number

    async def passes(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Let one pass, or die before or after it."""
        self._left -= 1
        this_one = self._left == 0
        if this_one and self._when == "before":
            _die()
        result = await call()
        if this_one:
            _die()
        return result


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _wrap_commits(failpoint: Failpoint) -> None:
    import aiosqlite

    real: Seam = aiosqlite.Connection.commit

    async def commit(self: aiosqlite.Connection) -> Any:
        return await failpoint.passes(lambda: real(self))

    aiosqlite.Connection.commit = commit  # type: ignore[method-assign]


def _wrap_calls(failpoint: Failpoint, *, polls: bool) -> None:
    from telegram.request import HTTPXRequest

    real: Seam = HTTPXRequest.do_request

    async def do_request(self: HTTPXRequest, url: str, *arguments: Any, **named: Any) -> Any:
        if ("getupdates" in url.lower()) is not polls:
            return await real(self, url, *arguments, **named)
        return await failpoint.passes(lambda: real(self, url, *arguments, **named))

    HTTPXRequest.do_request = do_request  # type: ignore[method-assign]


def main() -> None:
    seam, when, number, *arguments = sys.argv[1:]
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    failpoint = Failpoint(when, int(number))
    if seam == "commit":
        _wrap_commits(failpoint)
    else:
        _wrap_calls(failpoint, polls=seam == "poll")
    from bot.__main__ import main as run

    run(arguments, prog_name="python -m bot")


if __name__ == "__main__":
    main()
