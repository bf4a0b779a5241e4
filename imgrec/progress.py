"""Progress of long work on stderr: bars on a terminal, a plain line now and then elsewhere."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

Advance = Callable[[int, str], None]
"""Tell a stage how many more are done, and a short note to show beside the bar (blank: keep the last one)."""

_SECONDS_BETWEEN_LINES = 15.0


class Reporter(Protocol):
    """Who is told how long work is getting on."""

    def stage(self, title: str, total: int | None) -> contextlib.AbstractContextManager[Advance]:
        """A stretch of work of `total` steps (None: unknown)."""

    def say(self, line: str) -> None:
        """A line that stays."""


class Silent:
    """Says nothing; for callers that only want the result."""

    @contextlib.contextmanager
    def stage(self, title: str, total: int | None) -> Iterator[Advance]:
        """Ignore the steps."""
        yield lambda done, note: None

    def say(self, line: str) -> None:
        """Ignore the line."""


class OnConsole:
    """Shows stages on a rich console, made for stderr."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def stage(self, title: str, total: int | None) -> contextlib.AbstractContextManager[Advance]:
        """A bar with the time left, or on a file or pipe a line every quarter of a minute."""
        return self._bar(title, total) if self.console.is_terminal else self._lines(title, total)

    def say(self, line: str) -> None:
        """Print a line above any bar."""
        self.console.print(line, markup=False, emoji=False, highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def _bar(self, title: str, total: int | None) -> Iterator[Advance]:
        columns = (
            SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True), TextColumn("{task.fields[note]}", markup=False),
        )  # fmt: skip
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(title, total=total, note="")
            shown = ""

            def advance(done: int, note: str) -> None:
                nonlocal shown
                shown = note or shown
                progress.update(task, advance=done, note=shown)

            yield advance

    @contextlib.contextmanager
    def _lines(self, title: str, total: int | None) -> Iterator[Advance]:
        done_so_far, last_line = 0, time.monotonic()

        def advance(done: int, note: str) -> None:
            nonlocal done_so_far, last_line
            done_so_far += done
            if time.monotonic() - last_line >= _SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                self.say(f"{title}: {done_so_far:,}{f' of {total:,}' if total else ''} {note}".rstrip())

        yield advance
