"""A file that is touched while the bot hears from Telegram, so that a health check notices one that has gone deaf."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from imgrec.errors import ImgrecError

log = logging.getLogger(__name__)

STALE_AFTER_S = 90
_BEAT_EVERY_S = 15


async def beat_while_listening(beat: Callable[[], None]) -> None:
    """Beat from the event loop: for a webhook, where there are no polls to go by."""
    while True:
        beat()
        await asyncio.sleep(_BEAT_EVERY_S)


def beat(heartbeat: Path, trouble: str = "") -> None:
    """Write the file: empty, or what the owner should look at. That it cannot be is no reason not to listen."""
    try:
        heartbeat.write_text(trouble, encoding="utf-8")
    except OSError as error:
        log.warning("The heartbeat cannot be written: %s", error)


def check_writable(heartbeat: Path) -> None:
    """See that there can be a heartbeat, and that an old one is not taken for ours. Raises ImgrecError."""
    try:
        heartbeat.parent.mkdir(parents=True, exist_ok=True)
        heartbeat.touch()
        heartbeat.unlink()
    except OSError as error:
        raise ImgrecError(
            f"The heartbeat {heartbeat} cannot be written: {error.strerror}. "
            "Make its folder writable, or set bot.heartbeat to another file."
        ) from None


def check_health(heartbeat: Path) -> None:
    """Raises ImgrecError when there was no heartbeat for a minute and a half, or it tells of a trouble."""
    try:
        age_s = time.time() - heartbeat.stat().st_mtime
        trouble = heartbeat.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise ImgrecError(f"The bot has not heard from Telegram yet (no {heartbeat}). Is it running?") from None
    if age_s > STALE_AFTER_S:
        raise ImgrecError(f"The bot last heard from Telegram {age_s:.0f} s ago. Restart it, and look at its log.")
    if trouble:
        raise ImgrecError(trouble)
