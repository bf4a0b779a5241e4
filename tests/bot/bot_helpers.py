"""The real bot as a process of its own, connected to a sandbox in the test's event loop."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from filelock import FileLock
from tiny_shop import PRODUCTS_A_CATEGORY, Shop, write_config, write_feed

from bot.language import Languages
from bot.request import Ask, Request, Result
from bot.shop import Shop as ShopOfBot
from imgrec.catalogue.store import Product
from imgrec.log.schema import KindOfQuery
from imgrec.log.writer import LoggedTimes
from imgrec.search.answer import Answer, Candidate, Match, Rank, Seen, ServingId
from imgrec.search.likeness import Likeness
from sandbox import Sandbox, running_sandbox
from sandbox.client import Json, UserClient

ANNA, BEN = 7, 8
LANGUAGES = Languages.load()
ENGLISH = LANGUAGES.of("en")
MODELS = Path(__file__).parents[2] / "models"
SERVING = ServingId("generation-000001", "ab" * 32, "2026-01-01T00:00:00.000Z")
LIKENESS = Likeness(
    truth="kind", fitted_on="no photos, made up", similarity=(0.0, 0.2, 0.4, 0.6), likeness=(0.0, 0.4, 0.8, 1.0),
    low=(0.0, 0.3, 0.7, 0.9), high=(0.1, 0.5, 0.9, 1.0), very_one_from=0.9,
)  # fmt: skip


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Shop:
    """A shop imported and indexed with the model that ships; the bot needs no training. Tests leave it as it is."""
    return indexed_once(tmp_path_factory.getbasetemp().parent / f"bot-shop-{testrun_uid}", PRODUCTS_A_CATEGORY)


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Shop:
    """The same with fewer products, for tests that build its index anew."""
    return indexed_once(tmp_path_factory.getbasetemp().parent / f"small-bot-shop-{testrun_uid}", 10)


def indexed_once(folder: Path, products_a_category: int) -> Shop:
    """By whichever process of the test run comes first."""
    made = Shop(folder, folder / "shop.csv", folder / "config.yaml")
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            write_feed(folder, products_a_category)
            write_config(folder, model={"path": str(MODELS / "imagenet")})
            made.bring_in()
            made.index()
    return made


def configure(shop: Shop, section: str, **values: Any) -> None:
    """Change a section of the shop's configuration."""
    config = json.loads(shop.config.read_text(encoding="utf-8"))
    config[section] = {**config.get(section, {}), **values}
    shop.config.write_text(json.dumps(config), encoding="utf-8")


def of_bot(**fields: Any) -> ShopOfBot:
    """A shop with three categories, as the bot's texts and keyboards get to know it."""
    given = {
        "serving": SERVING, "category_ids": {"Home": 1, "Music": 2, "Toys": 3}, "tells_categories": True,
        "likeness": LIKENESS, "auto_threshold": 0.3, "threshold_is_configured": False, "results": 6,
    }  # fmt: skip
    return ShopOfBot(**{**given, **fields})


def product(**fields: object) -> Product:
    given = {
        "product_id": 1, "source": "s", "id": "x", "title": None, "price": None, "currency": None, "brand": None,
        "category": "Shoes", "kind": None, "group": None, "url": None, "photo": None, "retired": False,
    }  # fmt: skip
    return Product(**{**given, **fields})  # type: ignore[arg-type]


def match(similarity: float, **fields: object) -> Match:
    """A match as LIKENESS sees it."""
    return Match(product(**fields), similarity, LIKENESS.of(similarity), LIKENESS.degree(similarity))


def answer(*candidates: tuple[str, float], scope: tuple[str, ...] = (), matches: tuple[Match, ...] = (),
           nearest: Match | None = None, sold: float = 1.0) -> Answer:  # fmt: skip
    """An answer of SERVING at a threshold of 0.3; what is nearest is ranked, too."""
    seen = tuple(Candidate(*one) for one in candidates)
    ranked = tuple(
        Rank(match.product.product_id, match.similarity, match.likeness, match.degree)
        for match in (*matches, *([nearest] if nearest else []))
    )
    best = matches[0] if matches else nearest
    return Answer(SERVING, seen[0] if seen else None, seen, scope, 0.3, matches, best, ranked, sold)


def result(of: Answer, shop: ShopOfBot | None = None, *, category: str | None = None, tapped: int | None = None,
           language: str = "en") -> Result:  # fmt: skip
    """What is composed from: `category` was searched alone, as chosen or (its id) tapped."""
    ask = Ask(reply_to=1, category_id=tapped)
    request = Request(KindOfQuery.PHOTO, ANNA, ANNA, ask, LANGUAGES.of(language))
    seen = Seen(SERVING, np.zeros(0, np.float32), np.zeros(1, np.float32))
    return Result(request, of, seen, shop or of_bot(), category, 0.6, LoggedTimes(see_ms=1.0, search_ms=1.0))


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running_sandbox() as running:
        yield running
        for process in _started:
            if process.returncode is None:  # of a test that failed
                process.kill()
        _started.clear()


_started: list[asyncio.subprocess.Process] = []


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
    _started.append(process)
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
    """Reads the log as an outside tool would, once the bot has written what it is at; or the bot's own database."""

    def read(query: str, *values: Any, file: str = "log.db") -> list[sqlite3.Row]:
        wait_until_logged(own_shop)
        with contextlib.closing(sqlite3.connect(own_shop.folder / file)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    return read


def wait_until_logged(shop: Shop, within_s: float = 30) -> None:
    """Wait until all that was asked is answered and in the log."""
    file, end = shop.folder / "bot.db", time.monotonic() + within_s
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        while connection.execute(
            "SELECT (SELECT count(*) FROM requests WHERE finished_s IS NULL) + (SELECT count(*) FROM journal)"
        ).fetchone()[0]:
            assert time.monotonic() < end, "requests are left open"
            time.sleep(0.01)


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


async def notice_of(user: UserClient, message: Json, data: str, *, force: bool = False, within_s: float = 20) -> str:
    """Tap a button and wait for what that tap is answered with, which comes beside the bot's messages: the notices of
    taps before it may come later than what they brought, and are skipped.
    """
    tap = await user.tap(message, data, force=force)
    while (answered := await user.next_event("callback_answered", within_s=within_s))["callback_query_id"] != tap:
        pass
    return str(answered["text"])


async def hear_reply(user: UserClient, within_s: float = 20) -> Reply:
    """Everything up to and with the message below the products."""
    products: list[Json] = []
    while True:
        [message] = await user.hear(1, within_s=within_s)
        if "photo" not in message:
            return Reply(products, message)
        products.append(message)
