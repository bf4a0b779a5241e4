"""The real bot as a process of its own, connected to a sandbox in the test's event loop."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tiny_shop import Shop

from sandbox import Sandbox, running_sandbox
from sandbox.client import Json, UserClient

ANNA, BEN = 7, 8


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running_sandbox() as running:
        yield running


@dataclass
class BotProcess:
    """A running `python -m bot`."""

    process: asyncio.subprocess.Process
    errors: Path

    async def stop(self, within_s: float = 20) -> int:
        """SIGTERM, as Docker sends it; returns the exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), within_s)

    def said(self) -> str:
        """What it wrote to stderr."""
        return self.errors.read_text(encoding="utf-8")


async def start_bot(shop: Shop, sandbox: Sandbox, **environment: str) -> BotProcess:
    """Start the bot on a shop and wait until it has registered its commands, which is when it begins to listen."""
    errors = shop.folder / "bot.stderr"
    bot = next(iter(sandbox.state.bots.values()))
    with errors.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "--config", str(shop.config), stderr=stream, stdout=stream,
            env={**os.environ, "TELEGRAM_API_URL": sandbox.url, "TELEGRAM_BOT_TOKEN": sandbox.token, **environment},
        )  # fmt: skip
    running = BotProcess(process, errors)
    for _ in range(600):
        if "answers from" in running.said():
            return running
        assert process.returncode is None, running.said()
        await asyncio.sleep(0.05)
    raise AssertionError(f"The bot of {bot} did not start: {running.said()}")


@pytest.fixture
async def bot(own_shop: Shop, sandbox: Sandbox) -> AsyncIterator[BotProcess]:
    running = await start_bot(own_shop, sandbox)
    yield running
    await running.stop()
    assert sandbox.token not in running.said()


@pytest.fixture
async def anna(sandbox: Sandbox) -> AsyncIterator[UserClient]:
    async with UserClient(sandbox.url, ANNA) as client:
        yield client


@pytest.fixture
def rows(own_shop: Shop) -> Callable[..., list[sqlite3.Row]]:
    """Reads the log as an outside tool would."""

    def read(query: str, *values: Any) -> list[sqlite3.Row]:
        with contextlib.closing(sqlite3.connect(own_shop.folder / "log.db")) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    return read


@dataclass(frozen=True)
class Reply:
    """The bot's answer to a photo: the products, and the message below them."""

    products: list[Json]
    below: Json

    @property
    def captions(self) -> list[str]:
        return [message.get("caption", "") for message in self.products]

    def button(self, words: str) -> str:
        """The callback data of the button with these words."""
        for row in self.below.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                if words in button["text"]:
                    return str(button["callback_data"])
        raise AssertionError(f"no button {words!r} below {self.below}")


async def add_fault(sandbox: Sandbox, **fault: Any) -> None:
    """Have the sandbox fail or dawdle, as its README tells."""
    async with httpx.AsyncClient() as http:
        (await http.post(f"{sandbox.url}/faults", json=fault)).raise_for_status()


async def hear_reply(user: UserClient, within_s: float = 20) -> Reply:
    """Everything up to and with the message below the products."""
    products: list[Json] = []
    while True:
        [message] = await user.hear(1, within_s=within_s)
        if "photo" not in message:
            return Reply(products, message)
        products.append(message)
