"""What the owner gets to see, put together: troubles told in a chat, figures on a port."""

import asyncio
import contextlib
from collections.abc import Callable
from time import monotonic
from typing import Self

from bot.answering.looking import Looking
from bot.clock import DAY_S, now_s
from bot.messages import Text
from bot.owner.metrics import Metrics, listen
from bot.owner.troubles import ErrorsHeard, Trouble, Troubles, disk_trouble, tell
from bot.speaking import Speaking
from bot.store.outbox import add_steps
from bot.store.store import Store
from bot.texts.owner import trouble_told
from imgrec.async_database import Write
from imgrec.config import Config

_OF_USE_S = DAY_S


class Watching:
    """A context manager for as long as the bot runs. `kick` has a chat's messages sent."""

    def __init__(
        self, config: Config, secret: str, store: Store, looking: Looking, speaking: Speaking,
        kick: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.troubles = Troubles()
        self.metrics = Metrics()
        self._config = config
        self._secret = secret
        self._store = store
        self._looking = looking
        self._speaking = speaking
        self._kick = kick
        self._heard_s = monotonic()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Raises ConfigError where the port for figures is taken."""
        server = listen(self._config.metrics, self._page)
        if server is not None:
            self._stack.callback(server.stop)
        self._store.journal.on_moved = self.metrics.logged
        self._stack.enter_context(ErrorsHeard(self.troubles, self._secret))
        telling = asyncio.create_task(tell(self.troubles, self._tell), name="telling")
        self._stack.callback(telling.cancel)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    def beat(self) -> None:
        """Telegram was heard from; and how is everything else?"""
        self._heard_s = monotonic()
        self.troubles.state("log", self._store.journal.trouble)
        self.troubles.state("index", self._looking.index_trouble)
        self.troubles.state("decoder", self._looking.decoder_trouble)
        self.troubles.state("disk", disk_trouble(self._config.bot_database.parent))

    async def _tell(self, trouble: Trouble) -> None:
        """To every admin; those who have never started the bot do not get it."""
        for admin in self._config.telegram.admins:
            say = await self._speaking.in_chat(admin)
            await self._store.database.write(_sending(admin, trouble_told(say, trouble)))
            self._kick(admin)

    async def _page(self) -> bytes:
        [row] = await self._store.database.rows(
            "SELECT (SELECT count(*) FROM inbox WHERE done_s IS NULL AND photo_bytes IS NOT NULL) AS waiting_photos, "
            "(SELECT count(*) FROM steps WHERE state IN ('waiting', 'sending')) AS unsent_messages, "
            "(SELECT count(*) FROM journal) AS journal_entries"
        )
        return self.metrics.page(**row, heard_s_ago=monotonic() - self._heard_s, serving=self._looking.shop.serving)


def _sending(chat: int, html: str) -> Write:
    return lambda connection: add_steps(connection, (chat, None), [Text(html=html)], None, now_s() + _OF_USE_S)
