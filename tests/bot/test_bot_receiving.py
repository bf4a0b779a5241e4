"""Polling and webhook by themselves: what is confirmed was committed before, and nothing else gets in."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from bot_helpers import add_fault
from telegram import Bot
from tiny_shop import write_config
from waiting import until

from bot.receiving.polling import Polling, RefusedTokenError
from bot.receiving.webhook import Webhook
from imgrec.config import Config, load_config
from sandbox import Sandbox
from sandbox.client import UserClient

SECRET = "only-telegram-knows"


class Taken:
    """Takes updates, or fails to."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.fails = False

    async def __call__(self, updates: list[Any]) -> None:
        if self.fails:
            raise OSError("the disk is gone")
        self.texts += [update["message"]["text"] for update in updates]

    async def wait_for(self, *texts: str) -> None:
        await until(lambda: self.texts == list(texts))


def no_beat() -> None:
    """Nobody asks how it is."""


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def config(tmp_path: Path, sandbox: Sandbox) -> Config:
    return load_config(write_config(tmp_path), {"TELEGRAM_API_URL": sandbox.url})


@contextlib.asynccontextmanager
async def running(receiver: Polling | Webhook) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(receiver.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_could_not_be_committed_is_not_confirmed_and_comes_again(
    config: Config, sandbox: Sandbox, anna: UserClient, taken: Taken
) -> None:
    taken.fails = True
    async with running(Polling(config, sandbox.token, taken, no_beat)) as polling:
        await anna.text("one")
        with pytest.raises(OSError, match="disk is gone"):
            await asyncio.wait_for(polling, 10)
    taken.fails = False
    async with running(Polling(config, sandbox.token, taken, no_beat)):
        await taken.wait_for("one")
        await anna.text("two")
        await taken.wait_for("one", "two")


@pytest.mark.parametrize(
    "fault", [{"kind": "garbage_before"}, {"kind": "cut_after"}, {"error_code": 500}, {"error_code": 429}]
)
async def test_a_poll_that_fails_is_tried_again_and_said_once(
    config: Config, sandbox: Sandbox, anna: UserClient, taken: Taken, fault: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    await add_fault(sandbox, method="getUpdates", times=2, **fault)
    async with running(Polling(config, sandbox.token, taken, no_beat)):
        await anna.text("one")
        await taken.wait_for("one")
    assert len([line for line in caplog.messages if f"No updates from {sandbox.url}" in line]) == 1
    assert any("answers again" in line for line in caplog.messages)


async def test_a_webhook_of_before_is_removed(config: Config, sandbox: Sandbox, anna: UserClient, taken: Taken) -> None:
    async with Bot(sandbox.token, f"{sandbox.url}/bot") as bot:
        await bot.set_webhook("http://127.0.0.1:1/", secret_token=SECRET)
        async with running(Polling(config, sandbox.token, taken, no_beat)):
            await anna.text("one")
            await taken.wait_for("one")
        assert not (await bot.get_webhook_info()).url


async def test_a_token_that_telegram_does_not_know_ends_it(config: Config, taken: Taken) -> None:
    with pytest.raises(RefusedTokenError, match="does not know this bot token"):
        await asyncio.wait_for(Polling(config, "1:wrong", taken, no_beat).run(), 20)


@pytest.fixture
async def hook(config: Config, sandbox: Sandbox, taken: Taken, tmp_path: Path) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/hook"
    settings = {"mode": "webhook", "webhook": {"url": address, "port": port}}
    told = load_config(write_config(tmp_path, telegram=settings), {"TELEGRAM_API_URL": sandbox.url})
    async with Bot(sandbox.token, f"{sandbox.url}/bot") as bot, running(Webhook(told, bot, SECRET, taken, no_beat)):
        for _ in range(500):
            if (await bot.get_webhook_info()).url:
                break
            await asyncio.sleep(0.01)
        yield address


async def test_a_webhook_answers_200_for_what_is_committed_and_gets_the_rest_again(
    hook: str, anna: UserClient, taken: Taken
) -> None:
    taken.fails = True
    await anna.text("one")
    await asyncio.sleep(0.3)
    taken.fails = False
    await taken.wait_for("one")


async def test_strangers_are_turned_away_before_their_body_is_read(hook: str, taken: Taken) -> None:
    told: Callable[[str], dict[str, str]] = lambda secret: {"X-Telegram-Bot-Api-Secret-Token": secret}  # noqa: E731
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(900):
            sent += 1
            yield b"x" * 1000
            await asyncio.sleep(0.001)

    async with httpx.AsyncClient() as stranger:
        assert (await stranger.post(hook, json={}, headers=told("guessed"))).status_code == 403
        assert (await stranger.post(hook, json={})).status_code == 403
        assert (await stranger.get(hook, headers=told(SECRET))).status_code == 405
        assert (await stranger.post(f"{hook}/elsewhere", json={}, headers=told(SECRET))).status_code == 404
        assert (await stranger.post(hook, content=b"{", headers=told(SECRET))).status_code == 400
        with contextlib.suppress(httpx.HTTPError):
            answer = await stranger.post(hook, content=endless(), headers=told("guessed"))
            assert answer.status_code == 403
        with contextlib.suppress(httpx.HTTPError):
            large = await stranger.post(hook, content=b"[" * 2_000_000, headers=told(SECRET))
            assert large.status_code in {400, 413}
    assert taken.texts == []
