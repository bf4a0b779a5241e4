"""The bot dies before or after its first commit, then its second, and so on, until it lives through all it is asked."""

import contextlib
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lives import BOT, Life
from oracle import Expectations, Verdict, judge
from shoppers import pictures_of
from stage import FIRST_SHOPPER, LAST_S, Stage, environment
from tiny_shop import Shop

from sandbox import running_sandbox

FAILING_BOT = Path(__file__).with_name("failing_bot.py")
LONGEST_LIFE_S = 15.0
MOST = 80

Seam = Literal["commit", "call", "poll"]
When = Literal["before", "after"]


@dataclass(frozen=True)
class Failpoint:
    """Where the bot dies: before or after the n-th passage of a seam."""

    seam: Seam
    when: When
    number: int


@dataclass(frozen=True)
class Walk:
    """How often the bot died, and what became of the photos."""

    deaths: int
    verdict: Verdict


async def walk(shop: Shop, failpoints: Iterable[Failpoint], mode: str = "polling") -> Walk:
    """Let it die at one after the other, until it lives through all it is asked, or at each of them.

    In each life it is asked for a likeness and sent a photo; the next one has to finish what this one left, and the
    last lives on.
    """
    expected, pictures = Expectations(), pictures_of(shop.folder)
    async with contextlib.AsyncExitStack() as open_now:
        sandbox = await open_now.enter_async_context(running_sandbox())
        life = Life(BOT, environment(sandbox, shop, mode), shop.folder / "bot.stderr")
        open_now.push_async_callback(life.kill)
        rng = random.Random(0)  # noqa: S311 - no secret
        stage = Stage(sandbox, shop, life, [], pictures, expected, rng, seed=0, load_s=0)
        anna = await open_now.enter_async_context(stage.shopper(FIRST_SHOPPER))
        for failpoint in failpoints:
            life.command = (
                sys.executable, str(FAILING_BOT), failpoint.seam, failpoint.when, str(failpoint.number),
            )  # fmt: skip
            await anna.choose_likeness()
            await anna.send()
            if await _lives_through(stage):
                await life.stop()
                break
            assert failpoint.number < MOST, f"it still dies at {failpoint}"
        life.command = BOT
        await life.start()
        await stage.settled(LAST_S)
        code = await life.stop()
        verdict = judge(stage.world, expected, shop.folder, life.kills)
    if code:
        verdict.problems.append(f"SIGTERM ended it with {code}")
    return Walk(len(life.kills), verdict)


async def _lives_through(stage: Stage) -> bool:
    """Start the bot, let it do what it is asked, and tell whether it is still alive."""
    if await stage.life.start():
        await stage.settled(LONGEST_LIFE_S, give_up=lambda: not stage.life.is_alive)
    return not await stage.life.died(0.3)
