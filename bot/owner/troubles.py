"""What breaks, told to the shop's owner: each trouble once, and when it is over, where that can be known.

Whatever is logged as an error is one. Other parts have a state, which is asked for again and again.
"""

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bot.clock import DAY_S, now_s

log = logging.getLogger(__name__)

_SAME_AGAIN_AFTER_S = 3600.0
_MOST_A_DAY = 20
_REMEMBERED = 20
_LEAST_FREE_MB = 200


@dataclass(frozen=True)
class Trouble:
    """Something broke, or (over) works again. `kind`: equal for what is the same trouble."""

    kind: str
    what: str
    at_s: float
    over: bool = False


class Troubles:
    """Hears of them, and decides which are told: the same once an hour, so many a day.

    `recent`: the last ones, told or not.
    """

    def __init__(self, clock: Callable[[], float] = now_s) -> None:
        self.recent: deque[Trouble] = deque(maxlen=_REMEMBERED)
        self._clock = clock
        self._to_tell: asyncio.Queue[Trouble] = asyncio.Queue()
        self._told_s: dict[str, float] = {}
        self._told_of_day: deque[float] = deque()
        self._lasting: dict[str, bool] = {}

    def happened(self, kind: str, what: str) -> bool:
        """Something broke just now. Returns whether it is told."""
        trouble = Trouble(kind, what, self._clock())
        self.recent.append(trouble)
        while self._told_of_day and self._told_of_day[0] < trouble.at_s - DAY_S:
            self._told_of_day.popleft()
        is_new = trouble.at_s - self._told_s.get(kind, float("-inf")) >= _SAME_AGAIN_AFTER_S
        if not is_new or len(self._told_of_day) >= _MOST_A_DAY:
            return False
        self._told_s[kind] = trouble.at_s
        self._told_of_day.append(trouble.at_s)
        self._to_tell.put_nowait(trouble)
        return True

    def state(self, kind: str, what: str) -> None:
        """What is wrong with something at this moment; blank where nothing is."""
        if what and kind not in self._lasting:
            self._lasting[kind] = self.happened(kind, what)
        elif not what and self._lasting.pop(kind, False):
            self._to_tell.put_nowait(Trouble(kind, self._last(kind), self._clock(), over=True))

    async def next(self) -> Trouble:
        """The next one to tell; waits for it."""
        return await self._to_tell.get()

    def _last(self, kind: str) -> str:
        return next((trouble.what for trouble in reversed(self.recent) if trouble.kind == kind), kind)


class ErrorsHeard(logging.Handler):
    """Hands on what is logged as an error, from any thread; a secret is cut out of it. A context manager."""

    def __init__(self, troubles: Troubles, secret: str) -> None:
        super().__init__(logging.ERROR)
        self._troubles = troubles
        self._secret = secret
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        kind = record.exc_info[0] if record.exc_info else None
        what = record.getMessage() + (f" ({kind.__name__})" if kind else "")
        name = f"{record.msg} {kind}"
        self._loop.call_soon_threadsafe(self._troubles.happened, name, what.replace(self._secret, "<token>"))

    def __enter__(self) -> "ErrorsHeard":
        logging.getLogger("bot").addHandler(self)
        logging.getLogger("imgrec").addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        logging.getLogger("bot").removeHandler(self)
        logging.getLogger("imgrec").removeHandler(self)


async def tell(troubles: Troubles, send: Callable[[Trouble], Awaitable[None]]) -> None:
    """Tell the owner of each trouble, until cancelled. That it cannot be told is no reason to stop."""
    while True:
        trouble = await troubles.next()
        try:
            await send(trouble)
        except Exception as error:
            log.warning("The owner could not be told: %s", error)


def disk_trouble(folder: Path) -> str:
    """What is wrong with the disk of a folder; blank where there is room left."""
    try:
        free_mb = shutil.disk_usage(folder).free // 1_000_000
    except OSError as error:
        return f"The disk of {folder} cannot be looked at: {error.strerror}."
    return f"The disk of {folder} is nearly full: {free_mb} MB are free." if free_mb < _LEAST_FREE_MB else ""
