"""Where a fault is played: a Bot API server, a shop, a bot that is kept alive, shoppers; and the verdict at the end."""

import asyncio
import contextlib
import json
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from lives import BOT, Life
from oracle import Expectations, Verdict, judge, unanswered
from shoppers import Picture, Shopper, pictures_of
from tiny_shop import Shop

from sandbox import Sandbox, running_sandbox
from sandbox.state import Bot

FIRST_SHOPPER, BYSTANDER, VILLAIN = 100, 90, 666
WEBHOOK_SECRET = "of-the-webhook"
QUIET_S = 0.6
LAST_S = 40.0
_HOLD_LOCK = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


@dataclass
class Stage:
    """Everything that a fault may lay hands on. `load_s`: for how long the shoppers shop."""

    sandbox: Sandbox
    shop: Shop
    life: Life
    shoppers: Sequence[Shopper]
    pictures: Sequence[Picture]
    expected: Expectations
    rng: random.Random
    seed: int
    load_s: float
    not_timed: set[int] = field(default_factory=set)

    @property
    def world(self) -> Bot:
        """What the server knows."""
        return self.sandbox.state.bot_by_token(self.sandbox.token)

    async def fault(self, **fault: Any) -> None:
        """Ask the server for faults."""
        async with httpx.AsyncClient() as http:
            (await http.post(f"{self.sandbox.url}/faults", json=fault)).raise_for_status()

    async def clear_faults(self) -> None:
        """No more faults."""
        async with httpx.AsyncClient() as http:
            (await http.delete(f"{self.sandbox.url}/faults")).raise_for_status()

    @contextlib.asynccontextmanager
    async def shopper(self, user_id: int, pictures: Sequence[Picture] = ()) -> AsyncIterator[Shopper]:
        """One more shopper."""
        rng = random.Random(f"{self.seed} {user_id}")  # noqa: S311 - no secret
        async with Shopper(self.sandbox, user_id, pictures or self.pictures, self.expected, rng) as shopper:
            yield shopper

    async def lock(self, name: str, for_s: float) -> None:
        """Have another process hold a database's write lock."""
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _HOLD_LOCK, str(self.shop.folder / name), str(for_s),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert other.stdout is not None
        assert await other.stdout.readline() == b"locked\n"
        await other.wait()

    async def settled(self, within_s: float, give_up: Callable[[], bool] = lambda: False) -> bool:
        """Wait until words reply to every photo and the bot has been quiet for a moment."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and not give_up():
            if not unanswered(self.world, self.expected.titles) and not self.world.updates.pending and self._is_quiet():
                return True
            await asyncio.sleep(0.2)
        return False

    def _is_quiet(self) -> bool:
        sent = [call for call in self.world.calls.calls[-50:] if call.method.lower().startswith(("send", "edit"))]
        return not sent or all(call.ended and call.ended < time.time() - QUIET_S for call in sent)


Play = Callable[[Stage], Awaitable[None]]


async def shoppers_alone(stage: Stage) -> None:
    """No fault at all."""
    await asyncio.sleep(stage.load_s)


@dataclass(frozen=True)
class Scenario:
    """What goes wrong while shoppers shop. `play` returns when the shoppers are to stop.

    settle_s: how long the bot may take afterwards, the faults still there; last_s: and when they are gone. weight: its
    share of the time there is.
    """

    name: str
    play: Play
    mode: str = "polling"
    shoppers: int = 6
    pause_s: float = 0.6
    album: int = 1
    settle_s: float = 60.0
    last_s: float = LAST_S
    weight: float = 1.0
    whole_log: bool = True
    checks_titles: bool = True
    most_mb: float = 500.0


@dataclass(frozen=True)
class Outcome:
    """A scenario's verdict, and what it took."""

    scenario: Scenario
    verdict: Verdict
    faults: int
    """Calls that failed, came late, or whose answer was lost."""
    kills: int
    most_mb: float
    seed: int


async def perform(
    scenario: Scenario, shop: Shop, seed: int, load_s: float, command: Sequence[str] = BOT, *, keeps_log: bool = True
) -> Outcome:
    """Play a scenario on a shop of its own, and judge the bot.

    command: another bot than the real one; keeps_log: whether it has a log to be judged by.
    """
    expected, rng = Expectations(), random.Random(f"{seed} {scenario.name}")  # noqa: S311 - no secret
    pictures = pictures_of(shop.folder)
    async with contextlib.AsyncExitStack() as open_now:
        sandbox = await open_now.enter_async_context(running_sandbox())
        life = Life(command, environment(sandbox, shop, scenario.mode), shop.folder / "bot.stderr")
        stage = Stage(sandbox, shop, life, [], pictures, expected, rng, seed, load_s)
        open_now.push_async_callback(life.kill)
        stage.shoppers = [
            await open_now.enter_async_context(stage.shopper(FIRST_SHOPPER + number, share))
            for number, share in enumerate(_shares(pictures, scenario.shoppers, scenario.album))
        ]
        bystander = await open_now.enter_async_context(stage.shopper(BYSTANDER))
        expected.bystanders.add(BYSTANDER)
        assert await life.start(), life.said()
        await bystander.client.text("/start")
        use = await open_now.enter_async_context(life.watched())
        shopping = [asyncio.create_task(shopper.shop(scenario.pause_s, scenario.album)) for shopper in stage.shoppers]
        try:
            await scenario.play(stage)
        finally:
            for one in shopping:
                one.cancel()
            stopped = await asyncio.gather(*shopping, return_exceptions=True)
        for error in stopped:
            if isinstance(error, Exception):
                raise error
        await _end(stage, scenario)
        code = await life.stop()
        if not scenario.checks_titles:
            expected.titles.clear()
        verdict = judge(
            stage.world, expected, shop.folder if keeps_log else None, life.kills,
            whole_log=scenario.whole_log, not_timed=stage.not_timed,
        )  # fmt: skip
    if code:
        verdict.problems.append(f"SIGTERM ended it with {code}")
    if use.most_mb > scenario.most_mb:
        verdict.problems.append(f"it took {use.most_mb:.0f} MB")
    if use.files_last > use.files_first + 20:
        verdict.problems.append(f"{use.files_last} files were open, {use.files_first} at first")
    faults = sum(bool(call.fault or call.error_code) for call in stage.world.calls.calls)
    return Outcome(scenario, verdict, faults, len(life.kills), use.most_mb, seed)


async def _end(stage: Stage, scenario: Scenario) -> None:
    """Let the bot finish; then each shopper who chose a likeness asks once more, to see whether it is still known."""
    if not stage.life.is_alive:
        await stage.life.start()
    if not await stage.settled(scenario.settle_s):
        await stage.clear_faults()
        await stage.settled(scenario.last_s)
    await stage.clear_faults()
    for shopper in stage.shoppers:
        shopper.votes = False  # or one may tap when the bot has stopped
        if shopper.user_id in stage.expected.likeness:
            await shopper.send()
    await stage.settled(scenario.last_s)


def environment(sandbox: Sandbox, shop: Shop, mode: str) -> dict[str, str]:
    """What the bot is told, besides its configuration, which is set to the mode."""
    told = {"TELEGRAM_API_URL": sandbox.url, "TELEGRAM_BOT_TOKEN": sandbox.token, "IMGREC_CONFIG": str(shop.config)}
    if mode == "webhook":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        hook = {"url": f"http://127.0.0.1:{port}/hook", "listen": "127.0.0.1", "port": port}
        config = json.loads(shop.config.read_text(encoding="utf-8"))
        config["telegram"] = {"mode": "webhook", "webhook": hook}
        shop.config.write_text(json.dumps(config), encoding="utf-8")
        told |= {"TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET, "WEBHOOK_PORT": str(port)}
    return told


def _shares(pictures: Sequence[Picture], shoppers: int, album: int) -> Iterator[Sequence[Picture]]:
    """Products of their own for each shopper, so that an answer in a wrong chat shows; at least an album of them."""
    for number in range(shoppers):
        mine = list(pictures[number::shoppers])
        yield mine if len(mine) >= album else [*mine, *pictures][:album]
