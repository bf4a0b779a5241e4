"""A script for a test: begin a training run over and over, each time in a process that is killed at a random moment.

    python killed_at_random.py CONFIG TARGET SETTINGS_JSON SEED TIMES

Prints how many steps each process had taken when its killer's timer was set. The packages are imported once, and the
processes forked from that.
"""

import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from imgrec.catalogue.store import Catalogue
from imgrec.config import load_config
from imgrec.progress import Advance, Silent
from imgrec.training.backend import training_packages

with training_packages():
    from imgrec.training.run import Options, train
from imgrec.training.settings import TrainingSettings

MOST_STEPS = 7
LONGEST_TIMER_S = 0.05


class CallsItsKiller(Silent):
    """Tells the killer, once, that so many training steps are done."""

    def __init__(self, steps: int, line: int) -> None:
        self.steps = steps
        self.line = line

    @contextlib.contextmanager
    def stage(self, title: str, total: int | None) -> Iterator[Advance]:
        """Count the steps of epochs."""

        def advance(done: int, note: str) -> None:
            self.steps -= done * title.startswith("Epoch ")
            if self.steps == 0:
                os.write(self.line, b"now")

        yield advance


def train_until_killed(steps: int, timer_s: float, config: Path, target: Path, settings: TrainingSettings) -> None:
    hears, tells = os.pipe()
    process = os.fork()
    if process == 0:
        loaded = load_config(config, {})
        with Catalogue.open(loaded.catalogue) as catalogue:
            train(catalogue, loaded, target, settings, Options(), CallsItsKiller(steps, tells))
        os._exit(0)
    os.close(tells)
    os.read(hears, 3)
    time.sleep(timer_s)
    os.kill(process, signal.SIGKILL)
    status = os.waitpid(process, 0)[1]
    assert os.WTERMSIG(status) == signal.SIGKILL, status
    os.close(hears)


def main() -> None:
    config, target, settings, seed, times = sys.argv[1:]
    rng = random.Random(int(seed))  # noqa: S311 - moments, not secrets
    killed_after = []
    for _ in range(int(times)):
        killed_after.append(rng.randint(1, MOST_STEPS))
        moment = rng.uniform(0, LONGEST_TIMER_S)
        train_until_killed(
            killed_after[-1], moment, Path(config), Path(target), TrainingSettings.model_validate_json(settings)
        )
    sys.stdout.write(json.dumps(killed_after))


if __name__ == "__main__":
    main()
