"""From a command to its being ready: help, the answer of a search, a bot that listens; by the clock and in memory.

Each is a process of its own, begun anew at every run, and commands take turns. A bot is ready when it says from what it
answers, to a Bot API server in this process; what it holds then is told, and that of the others at most.
"""

import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from answering import memory_mb, open_shop, processor_s, running_bot, shop_options
from measuring import Report, Taken, run_to_its_end

from sandbox import running_sandbox

HELP, SEARCH, BOT = "imgrec --help", "imgrec search PHOTO", "python -m bot"


@dataclass
class Started:
    """How long each of its runs took, and what it held, in millions of bytes."""

    taken: Taken[None] = field(default_factory=Taken)
    memory_mb: list[float] = field(default_factory=list)

    def add(self, seconds: float, busy: float, memory: float) -> None:
        """One more run."""
        self.taken.seconds.append(seconds)
        self.taken.busy.append(busy)
        self.memory_mb.append(memory)


def main() -> None:
    parser = shop_options(__doc__)
    parser.add_argument("--runs", type=int, default=7, help="of each")
    options = parser.parse_args()
    with Report(__doc__, options) as report, tempfile.TemporaryDirectory() as folder:
        config, photos = open_shop(Path(folder), options)
        photo = Path(folder) / "photo.jpg"
        photo.write_bytes(photos[0])
        started = {HELP: Started(), SEARCH: Started(), BOT: Started()}
        for _ in range(options.runs):
            run(started[HELP], "--help")
            run(started[SEARCH], "search", str(photo), "--json", "--config", str(config))
            asyncio.run(start_bot(started[BOT], config))
        report.times(
            f"Ready, with {options.products} products and {options.model.name}",
            {name: one.taken for name, one in started.items()}, "s", busy=True,
            more={name: {"MB": max(one.memory_mb)} for name, one in started.items()},
        )  # fmt: skip


def run(started: Started, *arguments: str) -> None:
    """An `imgrec` command to its end, which for these two comes with the answer."""
    process = run_to_its_end([sys.executable, "-m", "imgrec", *arguments])
    assert process is not None
    assert "--json" not in arguments or json.loads(process.output)["candidates"]
    started.add(process.seconds, process.cpu_seconds, process.peak_mb)


async def start_bot(started: Started, config: Path) -> None:
    """A bot until it listens; then it is stopped."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox())
        began = time.perf_counter()
        bot = await stack.enter_async_context(running_bot(sandbox, config, paced=True))
        started.add(time.perf_counter() - began, processor_s(bot), memory_mb(bot))


if __name__ == "__main__":
    main()
