"""A file that is touched while the bot hears from Telegram, so that a health check notices one that has gone deaf."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from telegram.request import HTTPXRequest

from imgrec.errors import ImgrecError

STALE_AFTER_S = 90
_BEAT_EVERY_S = 15


class ListeningRequest(HTTPXRequest):
    """The connection that polls for updates; each poll that Telegram answers is a heartbeat."""

    def __init__(self, heartbeat: Path, **options: Any) -> None:
        super().__init__(**options)
        self._heartbeat = heartbeat

    async def do_request(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        """Ask Telegram, and note that it answered."""
        status, body = await super().do_request(*args, **options)
        if status == 200:
            beat(self._heartbeat)
        return status, body


async def beat_while(running: Callable[[], bool], heartbeat: Path) -> None:
    """Beat from the event loop: for a webhook, where there are no polls to go by."""
    while True:
        if running():
            beat(heartbeat)
        await asyncio.sleep(_BEAT_EVERY_S)


def beat(heartbeat: Path) -> None:
    """Touch the file."""
    heartbeat.parent.mkdir(parents=True, exist_ok=True)
    heartbeat.touch()


def check_health(heartbeat: Path) -> None:
    """Raises ImgrecError when there was no heartbeat for a minute and a half."""
    try:
        age_s = time.time() - heartbeat.stat().st_mtime
    except FileNotFoundError:
        raise ImgrecError(f"The bot has not heard from Telegram yet (no {heartbeat}). Is it running?") from None
    if age_s > STALE_AFTER_S:
        raise ImgrecError(f"The bot last heard from Telegram {age_s:.0f} s ago. Restart it, and look at its log.")
