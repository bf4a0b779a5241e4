"""Which troubles the owner is told of, how often, and that it is told when they are over."""

import asyncio
import logging
from pathlib import Path

from bot.owner.troubles import ErrorsHeard, Trouble, Troubles, disk_trouble, tell


class Clock:
    def __init__(self) -> None:
        self.now_s = 1e9

    def __call__(self) -> float:
        return self.now_s


async def told(troubles: Troubles) -> list[Trouble]:
    """Everything that is told so far."""
    heard: list[Trouble] = []

    async def send(trouble: Trouble) -> None:
        heard.append(trouble)

    telling = asyncio.create_task(tell(troubles, send))
    await asyncio.sleep(0.01)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    return heard


async def test_the_same_trouble_is_told_once_an_hour_and_remembered_each_time() -> None:
    clock = Clock()
    troubles = Troubles(clock)
    for minute in (0, 1, 59, 61):
        clock.now_s = 1e9 + 60 * minute
        troubles.happened("refused", f"minute {minute}")
    assert [trouble.what for trouble in await told(troubles)] == ["minute 0", "minute 61"]
    assert len(troubles.recent) == 4


async def test_different_troubles_are_told_twenty_times_a_day_at_most() -> None:
    clock = Clock()
    troubles = Troubles(clock)
    for number in range(30):
        troubles.happened(f"kind {number}", "")
    assert len(await told(troubles)) == 20
    clock.now_s += 25 * 3600
    troubles.happened("kind of tomorrow", "")
    assert len(await told(troubles)) == 1


async def test_what_lasts_is_told_when_it_begins_and_when_it_is_over() -> None:
    clock = Clock()
    troubles = Troubles(clock)
    for what in ("", "log locked; 1 waits", "log locked; 2 wait", "", ""):
        troubles.state("log", what)
    assert [(trouble.what, trouble.over) for trouble in await told(troubles)] == [
        ("log locked; 1 waits", False), ("log locked; 1 waits", True),
    ]  # fmt: skip
    troubles.state("log", "log locked again")
    troubles.state("log", "")
    assert await told(troubles) == [], "what was not told within the hour is not over either"


async def test_errors_of_the_bots_own_log_are_heard_without_the_token() -> None:
    troubles = Troubles()
    with ErrorsHeard(troubles, "12:secret"):
        log = logging.getLogger("bot.somewhere")
        log.warning("nothing to speak of")
        log.error("no answer from %s", "https://api/bot12:secret/sendMessage")
        try:
            raise ValueError("of a shopper")
        except ValueError:
            log.exception("An update could not be handled.")
    logging.getLogger("bot").error("after it")
    assert [trouble.what for trouble in await told(troubles)] == [
        "no answer from https://api/bot<token>/sendMessage", "An update could not be handled. (ValueError)",
    ]  # fmt: skip


async def test_that_the_owner_cannot_be_told_is_no_reason_to_stop() -> None:
    troubles, tried = Troubles(), []

    async def fail(trouble: Trouble) -> None:
        tried.append(trouble.kind)
        raise OSError("no room")

    telling = asyncio.create_task(tell(troubles, fail))
    troubles.happened("one", "")
    troubles.happened("two", "")
    await asyncio.sleep(0.01)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    assert tried == ["one", "two"]


def test_a_disk_with_room_is_no_trouble_and_one_that_is_not_there_is(tmp_path: Path) -> None:
    assert disk_trouble(tmp_path) == ""
    assert "cannot be looked at" in disk_trouble(tmp_path / "gone")
