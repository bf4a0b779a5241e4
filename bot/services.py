"""What the handlers share."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from bot.actions import Actions
from bot.admins import Admins
from bot.answering.help_picture import HelpPicture
from bot.answering.links import Links
from bot.answering.looking import Looking
from bot.clock import now_s
from bot.owner.troubles import Troubles
from bot.speaking import Speaking
from bot.store.store import Store
from imgrec.config import PrivacySection
from imgrec.search.answer import Seen, ServingId

_MOST_REMEMBERED = 5000
_MOST_BYTES_IN_MEMORY = 64 * 1024 * 1024
_A_MOMENT_S = 1.0

_Button = tuple[int, int, int, str]
"""Who taps, in which chat, below which message, and what the button carries."""


@dataclass(frozen=True)
class _Remembered:
    chat: int
    user: int
    seen: Seen


class RecentPhotos:
    """What was seen in the photos of the last few thousand queries, in memory only (about 4 KB each)."""

    def __init__(self, most: int = _MOST_REMEMBERED) -> None:
        self._most = most
        self._seen: OrderedDict[int, _Remembered] = OrderedDict()

    def remember(self, query_id: int, chat: int, user: int, seen: Seen) -> None:
        """Keep what was seen for a query; the oldest is dropped."""
        self._seen[query_id] = _Remembered(chat, user, seen)
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)

    def recall(self, query_id: int, chat: int, serving: ServingId) -> Seen | None:
        """What was seen for a query of this chat, if it is still kept and was seen by this serving.

        Buttons carry whatever a client sends, so a query's number alone opens nothing.
        """
        kept = self._seen.get(query_id)
        return kept.seen if kept and (kept.chat, kept.seen.serving) == (chat, serving) else None

    def forget(self, user: int) -> None:
        """Drop everything of a user."""
        for query_id in [query_id for query_id, kept in self._seen.items() if kept.user == user]:
            del self._seen[query_id]


class RecentTaps:
    """Which buttons were tapped just now, in memory only: whoever taps again before anything came means the same."""

    def __init__(self, clock: Callable[[], float] = now_s) -> None:
        self._clock = clock
        self._until_s: dict[_Button, tuple[int, float]] = {}

    def is_repeated(self, button: _Button, seq: int, received_s: float) -> bool:
        """Whether this tap, the update `seq`, came in while another on the same button was handled, or just after."""
        first, until_s = self._until_s.get(button, (seq, 0.0))
        repeated = first != seq and received_s < until_s
        if repeated:
            self._until_s[button] = first, self._clock() + _A_MOMENT_S
        return repeated

    def handled(self, button: _Button, seq: int) -> None:
        """What a tap asks for is about to be sent; what was tapped longer ago is dropped."""
        now = self._clock()
        self._until_s = {one: (by, until_s) for one, (by, until_s) in self._until_s.items() if until_s > now}
        self._until_s[button] = seq, now + _A_MOMENT_S


class Memory:
    """How many bytes of photos are held at once; whoever wants more waits, in order."""

    def __init__(self, most_bytes: int = _MOST_BYTES_IN_MEMORY) -> None:
        self._left = self._most = most_bytes
        self._turn = asyncio.Lock()
        self._given_back = asyncio.Event()

    @contextlib.asynccontextmanager
    async def holding(self, size: int) -> AsyncIterator[None]:
        """Hold so many bytes."""
        size = min(size, self._most)
        async with self._turn:
            while self._left < size:
                self._given_back.clear()
                await self._given_back.wait()
            self._left -= size
        try:
            yield
        finally:
            self._left += size
            self._given_back.set()


@dataclass
class Services:
    """Made when the bot starts. `useful_for_s`: how long an answer is of use; `username`: the bot's own.

    `admins`: who may see the `troubles`; `wish_days`: for so long a wish stands.
    """

    looking: Looking
    store: Store
    actions: Actions
    speaking: Speaking
    group_admins: Admins
    links: Links
    username: str
    useful_for_s: float
    privacy: PrivacySection
    admins: tuple[int, ...]
    troubles: Troubles
    help_picture: HelpPicture
    wish_days: int
    recent: RecentPhotos = field(default_factory=RecentPhotos)
    taps: RecentTaps = field(default_factory=RecentTaps)
    memory: Memory = field(default_factory=Memory)
