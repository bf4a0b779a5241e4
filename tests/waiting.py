"""Waiting for what another process or task does, which has no event for it."""

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait until a condition holds; fails when it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert condition()
