"""`make faults`: every scenario, for minutes, and every failpoint; prints a table, and fails where one of them fails.

MINUTES (5) of shopping are divided among the scenarios; waiting for the last answers comes on top. SEED (1) decides
what befalls whom. ONLY keeps the scenarios whose names contain it. WRITE=1 puts the table into docs/reliability.md.
"""

import os
import time
from itertools import count
from pathlib import Path

import pytest
from failpoints import Failpoint, Seam, When, walk
from scenarios import SCENARIOS
from stage import Outcome, perform
from table import measured, table, write_between_marks
from tiny_shop import Shop

from imgrec.figures import counted

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
LEAST_S = 4.0

pytestmark = pytest.mark.faults


async def test_every_fault(shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    minutes, seed, only = (
        float(os.environ.get("MINUTES", "5")),
        int(os.environ.get("SEED", "1")),
        os.environ.get("ONLY"),
    )
    scenarios = [scenario for scenario in SCENARIOS if not only or only in scenario.name]
    weight_s = 60 * minutes / sum(scenario.weight for scenario in scenarios)
    outcomes: list[Outcome] = []
    with capsys.disabled():
        print(f"\n{counted(len(scenarios), 'fault')}, {minutes:g} minutes, seed {seed}", flush=True)  # noqa: T201
        for number, scenario in enumerate(scenarios):
            begun = time.monotonic()
            own = shop.copy_to(tmp_path / f"shop-{number}")
            outcome = await perform(scenario, own, seed, max(scenario.weight * weight_s, LEAST_S))
            outcomes.append(outcome)
            state = "; ".join(outcome.verdict.problems) or "ok"
            print(f"{scenario.name} ({time.monotonic() - begun:.0f} s): {state}", flush=True)  # noqa: T201
        print(f"\n{table(outcomes)}", flush=True)  # noqa: T201
    if os.environ.get("WRITE"):
        command = f"make faults MINUTES={minutes:g} SEED={seed}" + (f' ONLY="{only}"' if only else "")
        write_between_marks(PAGE, measured(outcomes, command))
    assert not [f"{o.scenario.name}: {problem}" for o in outcomes for problem in o.verdict.problems]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("seam", ["commit", "call", "poll"])
async def test_every_failpoint(shop: Shop, tmp_path: Path, seam: Seam, when: When) -> None:
    walked = await walk(shop.copy_to(tmp_path / "shop"), (Failpoint(seam, when, number) for number in count(1)))
    assert walked.verdict.problems == []
    assert walked.deaths > 2
