"""A browser, a sandbox and a bot for the tests of one module; a user and an open page for each test."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from page_helpers import bot_of, open_chat, picture_file, running_browser
from playwright.async_api import Browser, Page
from telegram import Bot

from sandbox import Sandbox, running_sandbox
from sandbox.client import UserClient
from sandbox.tray import read_tray

NEW_USERS: Iterator[int] = count(20)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of three sample pictures, of which one is gone."""
    folder = tmp_path_factory.mktemp("samples")
    for colour in ("red", "green"):
        (folder / f"{colour}.png").write_bytes(picture_file(colour=colour)["buffer"])
    rows = ["photo,product_id,category,kind", "red.png,1,Shoes,boot", "green.png,2,Home,mug", "gone.png,3,Home,lamp"]
    (folder / "customer.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder / "customer.csv"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def sandbox(samples: Path) -> AsyncIterator[Sandbox]:
    async with running_sandbox(tray=read_tray([samples])) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    async with bot_of(sandbox) as ready:
        await ready.set_my_commands([("start", "What it does"), ("help", "How to use it")])
        yield ready


@pytest.fixture
def user() -> int:
    return next(NEW_USERS)


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, sandbox: Sandbox, bot: Bot, user: int) -> AsyncIterator[Page]:
    """The page of a user who has said hello."""
    async with UserClient(sandbox.url, user) as client:
        await client.text("Hello")
    async with open_chat(browser, sandbox, user) as opened:
        yield opened
