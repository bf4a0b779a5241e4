"""One bot for all tests of a module, each with a user of its own whom nobody knows yet."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from bot_helpers import BotProcess, configure, start_bot, wait_until_logged
from photo_server import PhotoServer
from tiny_shop import Shop, draw_product, jpeg

from sandbox import Sandbox, running_sandbox
from sandbox.client import Json, UserClient

__all__ = ["Heard", "SharedBot", "drawn", "everything", "hear_all", "photo_server", "shared", "user"]

_NEW_USERS: Iterator[int] = count(1001)


@dataclass
class SharedBot:
    """The running bot, with the shop it serves."""

    shop: Shop
    sandbox: Sandbox
    process: BotProcess

    def rows(self, query: str, *values: Any, file: str = "log.db") -> list[sqlite3.Row]:
        """What the log holds, once the bot has written what it is at."""
        wait_until_logged(self.shop)
        with contextlib.closing(sqlite3.connect(self.shop.folder / file)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    def last_query(self) -> sqlite3.Row:
        [row] = self.rows("SELECT * FROM queries ORDER BY id DESC LIMIT 1")
        return row


@pytest.fixture(scope="module")
def photo_server() -> Iterator[PhotoServer]:
    with PhotoServer() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SharedBot]:
    own = shop.copy_to(tmp_path_factory.mktemp("shared") / "shop")
    configure(own, "photos", allow_private=True)
    async with running_sandbox() as sandbox:
        running = SharedBot(own, sandbox, await start_bot(own, sandbox))
        yield running
        assert await running.process.stop() == 0
        assert "Traceback" not in running.process.said(), running.process.said()


@pytest_asyncio.fixture(loop_scope="module")
async def user(shared: SharedBot) -> AsyncIterator[UserClient]:
    async with UserClient(shared.sandbox.url, next(_NEW_USERS)) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def everything(user: UserClient) -> UserClient:
    """A user who asks for so little likeness that there is an album for any photo."""
    await user.text("/threshold 0")
    await user.hear(1)
    return user


def drawn(category: str, colour: str, seed: int = 900) -> bytes:
    """A photo of a product that is not in the catalogue."""
    return jpeg(draw_product(category, colour, seed, side_px=300), quality=95)


@dataclass
class Heard:
    """What the bot said, until it fell silent."""

    messages: list[Json]

    @property
    def texts(self) -> list[Json]:
        return [message for message in self.messages if "text" in message]

    @property
    def pictures(self) -> list[Json]:
        return [message for message in self.messages if "photo" in message]

    @property
    def text(self) -> str:
        [message] = self.texts
        return str(message["text"])


Hear = Callable[[UserClient], Heard]


async def hear_all(client: UserClient, texts: int = 1, quiet_s: float = 1.0, within_s: float = 20) -> Heard:
    """So many texts with the pictures before them, and that nothing comes after them for a while."""
    messages: list[Json] = []
    while sum("text" in message for message in messages) < texts:
        messages += await client.hear(1, within_s=within_s)
    with contextlib.suppress(TimeoutError):
        messages += await client.hear(1, within_s=quiet_s)
    return Heard(messages)
