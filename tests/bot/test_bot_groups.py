"""The bot in a group: it answers what it is asked, where it was asked; its settings are the admins'."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable

import pytest
from bot_helpers import ANNA, BEN, BotProcess, add_fault, hear_reply, notice_of, start_bot
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg

from bot.sending import pacing
from bot.sending.pacing import GroupPace
from sandbox import Sandbox
from sandbox.client import Json, UserClient

Rows = Callable[..., list[sqlite3.Row]]

GROUP, FORUM = -50, -1_000_000_000_060
SETTLED_S = 1.5


@pytest.fixture
def photo() -> bytes:
    return jpeg(draw_product(CATEGORIES[0], "red", 901, side_px=300), quality=95)


@pytest.fixture
async def anna(sandbox: Sandbox) -> AsyncIterator[UserClient]:
    async with UserClient(sandbox.url, ANNA, chat_id=GROUP) as client:
        yield client


@pytest.fixture
async def ben(sandbox: Sandbox) -> AsyncIterator[UserClient]:
    async with UserClient(sandbox.url, BEN, chat_id=GROUP) as client:
        yield client


def name_of(sandbox: Sandbox) -> str:
    [bot] = sandbox.state.bots.values()
    return str(bot.user.username)


async def said(user: UserClient) -> Json:
    [message] = await user.hear(1)
    return message


async def test_in_a_group_the_bot_answers_who_asks_it_and_nobody_else(
    bot: BotProcess, sandbox: Sandbox, anna: UserClient, ben: UserClient, photo: bytes, rows: Rows
) -> None:
    await anna.set_privacy(enabled=False)  # even where its owner lets it hear everything
    [of_ben] = await ben.photo(photo, caption="look at my ball")
    await ben.text("nice, isn't it?")
    asked = await anna.text("/similar", reply_to_message_id=of_ben["message_id"])
    reply = await hear_reply(anna)
    assert len(reply.products) == 3
    assert reply.below["reply_to_message"]["message_id"] == asked["message_id"]

    [mentioned] = await ben.photo(photo, caption=f"@{name_of(sandbox)} and this?")
    reply = await hear_reply(anna)
    assert reply.below["reply_to_message"]["message_id"] == mentioned["message_id"]
    await anna.text(f"/similar@{name_of(sandbox)} please", reply_to_message_id=reply.products[0]["message_id"])
    assert (await hear_reply(anna)).products
    await anna.text(f"@{name_of(sandbox)}", reply_to_message_id=of_ben["message_id"])
    assert (await hear_reply(anna)).products
    await anna.text("/similar")
    assert "in reply to a photo" in (await said(anna))["text"]
    await anna.text("/help")
    assert (await said(anna))["caption"].startswith("Mention me in reply to a photo")
    await anna.text("/similar@another_bot", reply_to_message_id=of_ben["message_id"])
    with pytest.raises(TimeoutError):
        await anna.hear(1, within_s=SETTLED_S)
    assert [row["kind_of_query"] for row in rows("SELECT * FROM queries ORDER BY id")] == [
        "similar", "photo", "similar", "similar",
    ]  # fmt: skip


async def test_a_groups_settings_are_changed_by_its_admins_alone(
    bot: BotProcess, sandbox: Sandbox, anna: UserClient, ben: UserClient, rows: Rows
) -> None:
    await anna.become("administrator")
    await ben.text("/threshold 80%")
    assert "Only the admins" in (await said(anna))["text"]
    await ben.text("/category balls", sender_chat_id=-77)  # as a channel, which is nobody's admin
    assert "Only the admins" in (await said(anna))["text"]
    await anna.text("/threshold 70%")
    assert "70%" in (await said(anna))["text"]
    await anna.text("/category balls", sender_chat_id=GROUP)  # unnamed, as only an admin can
    assert "Balls" in (await said(anna))["text"]
    await anna.text("/threshold")
    choice = await said(anna)
    button = choice["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    assert "Only the admins" in await notice_of(ben, choice, button)
    assert [tuple(row) for row in rows("SELECT likeness, category_id > 0 FROM chats", file="bot.db")] == [(0.7, 1)]

    carl = UserClient(sandbox.url, 9, chat_id=GROUP)
    await add_fault(sandbox, method="getChatMember", error_code=502, times=1)
    async with carl:
        await carl.text("/threshold auto")
        assert "try again in a minute" in (await said(anna))["text"]
    await anna.tap(choice, button)
    edited = await anna.next_event("edited")
    assert "auto" in edited["message"]["text"]


async def test_in_a_forum_everything_goes_to_the_topic_in_which_it_was_asked(
    own_shop: Shop, sandbox: Sandbox, photo: bytes
) -> None:
    bot = await start_bot(own_shop, sandbox)
    async with UserClient(sandbox.url, ANNA, chat_id=FORUM) as anna:
        topic = await anna.open_topic("Balls")
        await anna.photo(photo, caption=f"@{name_of(sandbox)}", message_thread_id=topic)
        in_topic = await hear_reply(anna)
        await anna.tap(in_topic.below, in_topic.button("2"))
        card = await said(anna)
        await anna.document(b"no photo", "a.jpg", "image/jpeg", caption=f"@{name_of(sandbox)}", message_thread_id=topic)
        apology = await said(anna)
        for message in (*in_topic.products, in_topic.below, card, apology):
            assert message["message_thread_id"] == topic
        await anna.text("/similar", message_thread_id=topic)  # in a topic it replies to the topic's beginning
        assert "in reply to a photo" in (await said(anna))["text"]

        await anna.photo(photo, caption=f"@{name_of(sandbox)}")
        in_general = await hear_reply(anna)
        assert "message_thread_id" not in in_general.below
    assert await bot.stop() == 0


async def test_a_group_that_becomes_a_supergroup_keeps_its_settings_answers_and_votes(
    bot: BotProcess, sandbox: Sandbox, anna: UserClient, photo: bytes, rows: Rows
) -> None:
    await anna.become("creator")
    await anna.text("/threshold 40%")
    assert "40%" in (await said(anna))["text"]
    await anna.photo(photo, caption=f"@{name_of(sandbox)}")
    reply = await hear_reply(anna)
    assert await notice_of(anna, reply.below, reply.button("👍"))
    await anna.migrate()
    await anna.text("/threshold")
    now = await said(anna)
    assert "40%" in now["text"]
    assert "👎" in await notice_of(anna, now, reply.button("👎"), force=True)  # below the answer, which has moved, too
    [query] = rows("SELECT * FROM queries")
    [vote] = rows("SELECT * FROM feedback")
    assert (vote["query_id"], vote["vote"]) == (query["id"], -1)
    assert len(rows("SELECT * FROM chats", file="bot.db")) == 1


async def test_whoever_blocks_the_bot_is_sent_nothing_any_more_and_is_answered_when_back(
    bot: BotProcess, sandbox: Sandbox, photo: bytes, rows: Rows
) -> None:
    async with UserClient(sandbox.url, ANNA) as anna:
        await add_fault(sandbox, method="sendMediaGroup", kind="refuse", error_code=429, retry_after=2, times=1)
        for _ in range(3):
            await anna.photo(photo)
        await asyncio.sleep(1)
        await anna.block()
        outcomes = await asyncio.to_thread(rows, "SELECT DISTINCT outcome FROM queries")
        assert [row["outcome"] for row in outcomes] == ["failed"]
        await anna.unblock()
        await anna.photo(photo)
        assert (await hear_reply(anna)).products


async def test_in_a_chat_it_is_not_in_the_bot_answers_a_mention_with_one_message(
    bot: BotProcess, sandbox: Sandbox, anna: UserClient, photo: bytes, rows: Rows
) -> None:
    await anna.set_guest_mode(enabled=True)
    await anna.make_bot("left")
    [mention] = await anna.photo(photo, caption=f"@{name_of(sandbox)} red")
    answer = await said(anna)
    assert answer["reply_to_message"]["message_id"] == mention["message_id"]
    assert "Only: red." in answer["text"]
    assert "1. " in answer["text"]
    await anna.text(f"@{name_of(sandbox)} and this?")
    assert "in reply to a photo" in (await said(anna))["text"]
    [query] = await asyncio.to_thread(rows, "SELECT kind_of_query, outcome FROM queries")
    assert tuple(query) == ("guest", "answered")


async def test_no_minute_has_more_than_twenty_messages_and_all_get_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    window_s = 0.3
    monkeypatch.setattr(pacing, "GROUP_WINDOW_S", window_s)
    pace = GroupPace()
    sent: list[tuple[float, int]] = []

    async def send(messages: int) -> None:
        await pace.turn(messages)
        sent.append((time.monotonic(), messages))

    await asyncio.wait_for(asyncio.gather(*(send(messages) for messages in [3, 1] * 12)), 10)
    assert [messages for _, messages in sent] == [3, 1] * 12
    for first, _ in sent:
        assert sum(messages for at, messages in sent if first <= at < first + window_s * 0.95) <= 20
