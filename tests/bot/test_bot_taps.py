"""A button that is tapped again before anything came means the same, and is answered once."""

import pytest
from shared_bot import SharedBot, drawn, everything, hear_all, shared, user
from tiny_shop import CATEGORIES

from bot.callback_data import More, OpenProduct, encode
from bot.services import RecentTaps
from sandbox.client import UserClient

__all__ = ["everything", "shared", "user"]

BUTTON, ANOTHER = (7, 7, 1, "1:o:1:1"), (8, -50, 1, "1:o:1:1")


def test_what_is_tapped_while_it_is_handled_or_just_after_is_a_repetition_and_later_it_is_not() -> None:
    now_s = 100.0
    taps = RecentTaps(lambda: now_s)
    assert not taps.is_repeated(BUTTON, 1, received_s=99.0)
    taps.handled(BUTTON, 1)
    assert not taps.is_repeated(BUTTON, 1, received_s=99.0)  # the same update once more, as after a locked file
    assert taps.is_repeated(BUTTON, 2, received_s=99.5)
    assert not taps.is_repeated(ANOTHER, 3, received_s=99.5)
    now_s = 100.8
    assert taps.is_repeated(BUTTON, 4, received_s=100.8)
    assert taps.is_repeated(BUTTON, 5, received_s=101.7)  # whoever goes on tapping
    assert not taps.is_repeated(BUTTON, 6, received_s=101.9)


@pytest.mark.asyncio(loop_scope="module")
async def test_ten_quick_taps_bring_one_product_and_one_page_and_each_is_answered(
    shared: SharedBot, everything: UserClient
) -> None:
    await everything.photo(drawn(CATEGORIES[0], "red"))
    [below] = (await hear_all(everything)).texts
    query_id = shared.last_query()["id"]
    for tap in (OpenProduct(query_id, 1), More(query_id, 7)):
        for _ in range(10):
            await everything.tap(below, encode(tap), force=True)
        await everything.text("/start")  # is answered after them
        toasts: list[str] = []
        texts: list[str] = []
        while len(toasts) < 10 or "/help" not in "".join(texts):
            event = await everything.next_event("callback_answered", "message")
            if event["type"] == "callback_answered":
                toasts.append(event["text"] or "")
            elif event["by"] == "bot" and "media_group_id" not in event["message"]:
                texts.append(event["message"].get("text", "a card"))
        assert len(texts) == 2
        assert toasts.count("One moment…") == 9
