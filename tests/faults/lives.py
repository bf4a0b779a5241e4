"""A bot as a process with many lives: killed at any moment, started again, and watched meanwhile."""

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

READY = "answers from"
START_S = 60.0
GRACE_S = 30.0
BOT = (sys.executable, "-m", "bot")


@dataclass
class Use:
    """What the bot took, its children counted."""

    most_mb: float = 0.0
    files_first: int = 0
    files_last: int = 0


@dataclass
class Life:
    """A bot that a supervisor keeps alive: one process at a time, all writing to the same file of errors."""

    command: Sequence[str]
    environment: Mapping[str, str]
    errors: Path
    kills: list[float] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    use: Use = field(default_factory=Use)
    process: asyncio.subprocess.Process | None = None

    async def start(self, **environment: str) -> bool:
        """Start it and wait until it answers; False where it ended before that."""
        with self.errors.open("ab") as stream:
            begins = stream.tell()
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdin=asyncio.subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
                env={**os.environ, **self.environment, **environment},
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if READY in self.said(begins):
                return True
            if self.process.returncode is not None:
                return False
            await asyncio.sleep(0.03)
        raise AssertionError(f"the bot does not start: {self.said(begins)[-3000:]}")

    def said(self, begins: int = 0) -> str:
        """What it wrote to stdout and stderr."""
        return self.errors.read_bytes()[begins:].decode(errors="replace")

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.returncode is None

    async def kill(self) -> None:
        """SIGKILL, as of a machine that fails."""
        if self.process is not None and self.is_alive:
            self.process.kill()
            self.kills.append(time.time())
            await self.process.wait()
            self._end_children()

    async def died(self, within_s: float) -> bool:
        """Whether it kills itself."""
        if self.process is None:
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self.process.wait()), within_s)
        if self.is_alive:
            return False
        assert self.process.returncode == -signal.SIGKILL, self.said()[-3000:]
        self.kills.append(time.time())
        self._end_children()
        return True

    async def stop(self, within_s: float = GRACE_S) -> int:
        """SIGTERM; returns the exit code, and kills it where it does not end in time."""
        if self.process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            code = await asyncio.wait_for(self.process.wait(), within_s)
        except TimeoutError:
            await self.kill()
            code = -signal.SIGKILL
        self.exits.append(code)
        self._end_children()
        return code

    async def kill_at_random(self, rng: random.Random, until: float, longest_s: float) -> None:
        """Kill and start it again and again; sometimes while it is still starting."""
        while time.monotonic() < until:
            await asyncio.sleep(rng.uniform(0, longest_s))
            await self.kill()
            if rng.random() < 0.2:
                starting = asyncio.create_task(self.start())
                await asyncio.sleep(rng.uniform(0, 1))
                await self.kill()
                await starting
            if not self.is_alive:
                await self.start()

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[Use]:
        """Measure memory and open files meanwhile."""
        watching = asyncio.create_task(self._watch())
        try:
            yield self.use
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            if self.process is None or not self.is_alive:
                continue
            family = _family(self.process.pid)
            self.use.most_mb = max(self.use.most_mb, sum(map(_memory_mb, family)))
            self.use.files_last = _open_files(self.process.pid) or self.use.files_last
            self.use.files_first = self.use.files_first or self.use.files_last

    def _end_children(self) -> None:
        """What a dead bot leaves behind, if it does not end by itself."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def _family(pid: int) -> list[int]:
    found = [pid]
    with contextlib.suppress(OSError, ValueError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _family(int(child))
    return found


def _open_files(pid: int) -> int:
    with contextlib.suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0


def _memory_mb(pid: int) -> float:
    """Its share of the memory it uses: what is used by several is divided among them."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
