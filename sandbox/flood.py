"""Telegram's limits on how fast a bot may write into one chat."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable

from sandbox.errors import too_many_requests
from sandbox.messages import Chat

GROUP_CALLS, GROUP_WINDOW_S = 20, 60.0
PRIVATE_BURST, PRIVATE_INTERVAL_S = 5, 1.0


class FloodGate:
    """Lets 20 calls a minute into a group, and one a second, five at once, to a person.

    An album counts as one call. What is refused does not count.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: defaultdict[int, deque[float]] = defaultdict(deque)

    def pass_one(self, chat: Chat) -> None:
        """Count a call into the chat, or refuse it with the seconds to wait."""
        limit, window_s = (
            (PRIVATE_BURST, PRIVATE_BURST * PRIVATE_INTERVAL_S)
            if chat.type == "private"
            else (GROUP_CALLS, GROUP_WINDOW_S)
        )
        now, calls = self._clock(), self._calls[chat.id]
        while calls and calls[0] <= now - window_s:
            calls.popleft()
        if len(calls) >= limit:
            raise too_many_requests(math.ceil(calls[0] + window_s - now))
        calls.append(now)
