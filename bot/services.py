"""What the handlers share: the queue before the model, the log, and what was seen in recent photos."""

import asyncio
import contextlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from telegram.ext import ContextTypes

from bot.photo_queue import PhotoQueue
from imgrec.log.writer import LogWriter
from imgrec.search.serving import Seen, ServingId

Context = ContextTypes.DEFAULT_TYPE
_MOST_REMEMBERED = 5000
_KEY = "services"


@dataclass(frozen=True)
class _Remembered:
    chat: int
    user: int
    seen: Seen


class RecentPhotos:
    """What was seen in the photos of the last few thousand queries, in memory only (about 2 KB each)."""

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


@dataclass
class Services:
    """Made when the bot starts, closed when it stops."""

    queue: PhotoQueue
    log: LogWriter
    recent: RecentPhotos = field(default_factory=RecentPhotos)
    heartbeat: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Answer what waits, then close everything."""
        if self.heartbeat:
            self.heartbeat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.heartbeat
        await self.queue.close()
        await self.log.close()


def put_services(bot_data: dict[Any, Any], services: Services) -> None:
    """Make them known to the handlers."""
    bot_data[_KEY] = services


def services_of(context: Context) -> Services:
    """The services of the running bot."""
    services = context.bot_data[_KEY]
    assert isinstance(services, Services)  # noqa: S101 - post_init put them there
    return services
