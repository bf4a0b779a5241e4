"""A short walk through the worst of it, by the same oracle as `make faults`; and the oracle sees what goes wrong."""

import sys
from pathlib import Path

import pytest
from failpoints import Failpoint, walk
from scenarios import faulty, kills
from stage import Play, Scenario, perform
from tiny_shop import Shop

from sandbox.faults import Kind

NAIVE_BOT = (sys.executable, str(Path(__file__).with_name("naive_bot.py")))
SEED = 1
QUICK_KINDS = [kind for kind in Kind if "hang" not in kind]


@pytest.fixture
def own_shop(shop: Shop, tmp_path: Path) -> Shop:
    return shop.copy_to(tmp_path / "shop")


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_a_bot_that_is_killed_loses_nothing(own_shop: Shop, mode: str) -> None:
    outcome = await perform(Scenario("killed", kills, mode, shoppers=4, last_s=5), own_shop, SEED, load_s=2)
    assert outcome.verdict.problems == []
    assert outcome.kills


async def test_a_fifth_of_all_calls_fails_and_every_photo_is_answered(own_shop: Shop) -> None:
    scenario = Scenario("faults", faulty(*QUICK_KINDS, delay_s=0.5), shoppers=3, pause_s=1, last_s=5)
    outcome = await perform(scenario, own_shop, SEED, load_s=1.5)
    assert outcome.verdict.problems == []


async def test_it_may_die_at_any_step(own_shop: Shop) -> None:
    steps = (
        Failpoint("commit", "after", 3), Failpoint("call", "before", 6), Failpoint("call", "after", 6),
        Failpoint("commit", "before", 5),
    )  # fmt: skip
    walked = await walk(own_shop, steps)
    assert walked.verdict.problems == []
    assert walked.deaths


@pytest.mark.parametrize("play", [kills, faulty(*QUICK_KINDS, delay_s=0.5)])
async def test_a_bot_that_keeps_updates_in_memory_and_tries_nothing_again_does_not_pass(
    own_shop: Shop, play: Play
) -> None:
    naive = Scenario("naive", play, shoppers=4, settle_s=1, last_s=1, checks_titles=False)
    outcome = await perform(naive, own_shop, SEED, 1.5, NAIVE_BOT, keeps_log=False)
    assert outcome.verdict.lost > 0
    assert any("photos lost" in problem for problem in outcome.verdict.problems)
