"""A bot that is told to stop does, whatever rings in the same moment."""

import asyncio
from pathlib import Path

import pytest
from test_bot_outbox import USEFUL_S, open_store

from bot.actions import Toasts
from bot.dispatching import Dispatching
from bot.language import Languages
from bot.reaction import Reaction
from bot.speaking import Speaking
from bot.store.inbox import Waiting


@pytest.mark.parametrize("turns", range(4))
async def test_a_bell_that_rings_while_it_is_told_to_stop_does_not_keep_it_at_work(tmp_path: Path, turns: int) -> None:
    async def handle(waiting: Waiting) -> Reaction:
        raise AssertionError("nothing came in")

    store = await open_store(tmp_path)
    speaking = Speaking(Languages.load(), store.chats)
    dispatching = Dispatching(store, handle, speaking, Toasts(None), lambda chat: None, USEFUL_S)  # type: ignore[arg-type]
    await dispatching.start()
    await asyncio.sleep(0.1)  # it waits for the bell
    dispatching.kick()
    for _ in range(turns):  # of the event loop: the waiting task learns of it after some
        await asyncio.sleep(0)
    try:
        async with asyncio.timeout(3):
            await dispatching.stop(1)
    finally:
        await store.close()
