"""Reporters that keep what is said, or call back whenever work gets on, to look at it or to stop it in the middle."""

import contextlib
from collections.abc import Iterator

from imgrec.progress import Advance, Silent


class Listener(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)


class Watched(Listener):
    """Calls `on_advance` as a stage would."""

    def __init__(self, on_advance: Advance) -> None:
        super().__init__()
        self.on_advance = on_advance

    @contextlib.contextmanager
    def stage(self, title: str, total: int | None) -> Iterator[Advance]:
        yield self.on_advance
