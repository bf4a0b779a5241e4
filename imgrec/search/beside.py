"""Work done here and in threads beside, each on a core of its own."""

import contextlib
import ctypes
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import get_native_id
from typing import TypeVar

_MOST_THREADS = 4

T = TypeVar("T")


def in_parallel(work: Callable[[T], None], pieces: Sequence[T]) -> None:
    """Do all of it, here and in threads that have nothing else to do. What it raises there is raised here."""
    waiting = deque(pieces)

    def take() -> None:
        while True:
            try:
                piece = waiting.popleft()
            except IndexError:
                return
            work(piece)

    begun = _helpers().begin(take, min(threads(), len(pieces)) - 1)
    take()
    for helper in begun:
        if not helper.cancel():
            helper.result()


def threads() -> int:
    """How many are used, this one included."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(mine or 1, _MOST_THREADS)


class _Helpers:
    """The threads beside."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._pool = ThreadPoolExecutor(max(1, threads() - 1), "scan", lambda: self._ids.append(get_native_id()))

    def begin(self, task: Callable[[], None], count: int) -> list[Future[None]]:
        """Have so many of them do it, on other cores than this thread's where the system can be told so.

        Left to itself Linux was seen to wake a thread on the core that woke it, and to leave it waiting there for as
        long as a search takes, while another core had nothing to do (docs/experiments.md).
        """
        if count > 0 and (which := _sched_getcpu()) and (elsewhere := os.sched_getaffinity(0) - {which()}):
            for thread in self._ids:
                with contextlib.suppress(OSError):  # cores may be taken away from a process
                    os.sched_setaffinity(thread, elsewhere)
        return [self._pool.submit(task) for _ in range(count)]


@cache
def _helpers() -> _Helpers:
    return _Helpers()


@cache
def _sched_getcpu() -> Callable[[], int] | None:
    """Tells which core a thread is on; None where that is not known, or of no use."""
    return getattr(ctypes.CDLL(None), "sched_getcpu", None) if hasattr(os, "sched_setaffinity") else None
