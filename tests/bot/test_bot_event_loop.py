"""httpcore is told which event loop runs, and does not look for it again at every lock."""

import importlib.util
import sys

import pytest
from httpcore._synchronization import current_async_library

from bot.event_loop import say_it_is_asyncio


class Searched:
    """Stands before all that finds modules, and notes what they are asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        self.names.append(name)


async def test_the_event_loop_is_known_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sniffio", raising=False)
    say_it_is_asyncio()
    assert current_async_library() == "asyncio"  # imports it, where it is installed
    searched = Searched()
    monkeypatch.setattr(sys, "meta_path", [searched, *sys.meta_path])
    assert [current_async_library() for _ in range(3)] == ["asyncio"] * 3
    assert searched.names == []


def test_where_it_is_installed_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sniffio", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    say_it_is_asyncio()
    assert "sniffio" not in sys.modules
