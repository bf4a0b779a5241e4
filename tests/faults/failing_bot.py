"""The real bot, which kills itself before or after its n-th commit or its n-th call to Telegram.

    python failing_bot.py commit after 3 --config config.yaml

It is wrapped from outside, at seams that every commit and every call passes: the `commit` of SQLite's connections, and
python-telegram-bot's `HTTPXRequest.do_request`. A poll for updates counts as a `poll`, anything else as a `call`.
"""

import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

SEAMS = ("commit", "call", "poll")


class Failpoint:
    """Counts what passes a seam, and dies at the n-th."""

    def __init__(self, when: str, number: int) -> None:
        self._when, self._left = when, number

    @contextlib.contextmanager
    def passing(self) -> Iterator[None]:
        """Let one pass, or die before or after it."""
        self._left -= 1
        this_one = self._left == 0
        if this_one and self._when == "before":
            _die()
        yield
        if this_one:
            _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _wrap_commits(failpoint: Failpoint) -> None:
    class Connection(sqlite3.Connection):
        def commit(self) -> None:
            with failpoint.passing():
                super().commit()

    sqlite3.connect = partial(sqlite3.connect, factory=Connection)


def _wrap_calls(failpoint: Failpoint, *, polls: bool) -> None:
    from telegram.request import HTTPXRequest

    real = HTTPXRequest.do_request

    async def do_request(self: HTTPXRequest, url: str, *arguments: Any, **named: Any) -> Any:
        if ("getupdates" in url.lower()) is not polls:
            return await real(self, url, *arguments, **named)
        with failpoint.passing():
            return await real(self, url, *arguments, **named)

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
