"""What is made of Telegram's answers: what may have arrived, what surely did not, and what never will."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from bot_helpers import ANNA, BEN, add_fault
from PIL import Image
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from test_bot_outbox import GROUP, ask, logged, open_store, photo
from tiny_shop import draw_product, jpeg

from bot.language import Languages
from bot.messages import Edit, Message, Picture, Pictures, Text
from bot.sending.calls import Calls
from bot.sending.courier import Courier
from bot.sending.delivery import Delivery
from bot.sending.pacing import Pacing
from bot.sending.verdicts import Gone, Moved, NotTaken, Refused, Unknown, verdict
from bot.store.store import Store
from sandbox import Sandbox
from sandbox.client import UserClient


def because_of(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (because_of(NetworkError("x"), httpx.ConnectError("x")), NotTaken),
        (because_of(TimedOut(), httpx.ConnectTimeout("x")), NotTaken),
        (because_of(TimedOut(), httpx.PoolTimeout("x")), NotTaken),
        (because_of(NetworkError("x"), httpx.WriteError("x")), NotTaken),
        (because_of(TimedOut(), httpx.ReadTimeout("x")), Unknown),
        (because_of(NetworkError("x"), httpx.ReadError("x")), Unknown),
        (because_of(NetworkError("x"), httpx.RemoteProtocolError("x")), Unknown),
        (NetworkError("Bad Gateway"), NotTaken),
        (NetworkError("Internal Server Error (500)"), NotTaken),
        (because_of(TelegramError("Invalid server response"), ValueError()), Unknown),
        (BadRequest("can't parse entities"), Refused),
        (BadRequest("Chat not found"), Gone),
        (Forbidden("bot was blocked by the user"), Gone),
        (ChatMigrated(-100), Moved),
        (InvalidToken("Unauthorized"), NotTaken),
    ],
)
def test_each_error_says_whether_the_call_was_carried_out(error: TelegramError, kind: type) -> None:
    assert isinstance(verdict(error), kind)


def test_telegram_says_how_long_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    told = verdict(RetryAfter(timedelta(seconds=7)))
    assert isinstance(told, NotTaken)
    assert told.wait_s == pytest.approx(7.1)


def test_of_a_message_only_what_is_asked_about_is_read() -> None:
    payload = (
        b'{"ok": true, "result": [{"message_id": 5, "date": 1, "chat": {"id": 2, "type": "private"}, "caption": "x",'
        b' "photo": [{"file_id": "small"}, {"file_id": "large"}], "reply_to_message": {"message_id": 4}}]}'
    )
    [message] = Calls.parse_json_payload(payload)["result"]
    assert message == {
        "message_id": 5, "date": 1, "chat": {"id": 2, "type": "private"}, "photo": [{"file_id": "large"}]
    }  # fmt: skip
    assert Calls.parse_json_payload(b'{"ok": true, "result": true}') == {"ok": True, "result": True}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    speaking = Bot(sandbox.token, f"{sandbox.url}/bot", request=Calls(8, read_timeout=2))
    async with speaking:
        yield speaking


@pytest.fixture
async def delivery(store: Store, bot: Bot) -> AsyncIterator[Delivery]:
    made = Delivery(
        store, Courier(bot, store.files), Languages.load(), Pacing(), lambda lane: None, lambda outcome: None
    )
    yield made
    await made.stop(0)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Picture]:
    made = []
    for number in range(4):
        file = tmp_path / f"{number:064d}.jpg"
        file.write_bytes(jpeg(draw_product("Balls", "red", number, side_px=120)))
        made.append(Picture(photo=file, caption=f"product {number}"))
    return made


def album(pictures: list[Picture]) -> Pictures:
    return Pictures(items=tuple(pictures), reply_to=1)


KEYBOARD = {"inline_keyboard": [[{"text": "👍", "callback_data": "1:v:1:0:1"}]]}
BELOW = Text(
    html="below", keyboard=KEYBOARD,
    where_doubtful={"inline_keyboard": [[{"text": "Pictures missing?", "callback_data": "1:p:1"}]]},
)  # fmt: skip


async def deliver(store: Store, delivery: Delivery, *messages: Message, chat: int = ANNA, number: int = 1) -> None:
    await ask(store, photo(number, chat, chat), *messages)
    delivery.kick(chat)


async def captions(user: UserClient, count: int) -> list[str]:
    return sorted(message.get("caption", message.get("text", "")) for message in await user.hear(count))


async def test_pictures_that_are_missing_cut_or_empty_cost_themselves_alone(
    store: Store, delivery: Delivery, anna: UserClient, pictures: list[Picture]
) -> None:
    await anna.text("hello")
    pictures[0].photo.unlink()
    pictures[1].photo.write_bytes(pictures[1].photo.read_bytes()[:300])
    await deliver(store, delivery, album(pictures), BELOW)
    assert await captions(anna, 3) == ["below", "product 2", "product 3"]
    for picture in pictures:
        picture.photo.write_bytes(b"")
    await store.database.write(lambda connection: connection.execute("DELETE FROM telegram_files"))
    await deliver(store, delivery, album(pictures), BELOW, number=2)
    [words] = await anna.hear(1)
    assert words["text"] == "below"  # it lists the products
    card = album(pictures[:1]).model_copy(update={"keyboard": KEYBOARD})
    await deliver(store, delivery, card, number=3)
    [words] = await anna.hear(1)
    assert words["text"] == "product 0"
    assert words["reply_markup"] == KEYBOARD


async def test_a_product_by_itself_bears_buttons_below_its_picture(
    store: Store, delivery: Delivery, anna: UserClient, pictures: list[Picture]
) -> None:
    await anna.text("hello")
    await deliver(store, delivery, album(pictures[:1]).model_copy(update={"keyboard": KEYBOARD}))
    [card] = await anna.hear(1)
    assert card["photo"]
    assert card["reply_markup"] == KEYBOARD


async def test_a_picture_beyond_telegrams_limits_is_made_to_fit(
    store: Store, delivery: Delivery, anna: UserClient, tmp_path: Path
) -> None:
    await anna.text("hello")
    file = tmp_path / "long.png"
    Image.new("RGB", (3000, 60), "red").save(file)
    await deliver(store, delivery, album([Picture(photo=file, caption="long")]))
    assert await captions(anna, 1) == ["long"]


@pytest.mark.parametrize("named", [True, False])
async def test_a_picture_that_telegram_refuses_costs_itself_alone_whether_it_is_named_or_not(
    store: Store, delivery: Delivery, anna: UserClient, sandbox: Sandbox, pictures: list[Picture], named: bool
) -> None:
    await anna.text("hello")
    await add_fault(sandbox, refuse_photo=sha256_of(pictures[2]), named=named)
    await deliver(store, delivery, album(pictures), BELOW)
    assert await captions(anna, 4) == ["below", "product 0", "product 1", "product 3"]


async def test_a_photo_goes_by_its_id_the_second_time_and_is_uploaded_where_telegram_lost_it(
    store: Store, delivery: Delivery, anna: UserClient, sandbox: Sandbox, pictures: list[Picture]
) -> None:
    await anna.text("hello")
    await deliver(store, delivery, album(pictures))
    await anna.hear(4)
    names = [picture.sha256 for picture in pictures]
    before = await file_ids(store, names)
    assert len(before) == 4
    for number, picture in enumerate(pictures):
        picture.photo.rename(picture.photo.with_suffix(f".{number}"))  # there is nothing to upload
    await deliver(store, delivery, album(pictures), number=2)
    await anna.hear(4)
    for number, picture in enumerate(pictures):
        picture.photo.with_suffix(f".{number}").rename(picture.photo)
    await add_fault(sandbox, drop_file_ids=True)
    await deliver(store, delivery, album(pictures), number=3)
    await anna.hear(4)
    assert set((await file_ids(store, names)).values()).isdisjoint(before.values())


async def test_an_album_that_may_have_arrived_is_not_sent_again_and_the_words_below_ask(
    store: Store, delivery: Delivery, anna: UserClient, sandbox: Sandbox, pictures: list[Picture]
) -> None:
    await anna.text("hello")
    await add_fault(sandbox, method="sendMediaGroup", kind="cut_after")
    await deliver(store, delivery, album(pictures), BELOW)
    heard = await anna.hear(5)
    assert len([message for message in heard if "photo" in message]) == 4
    assert "Pictures missing?" in str(heard[-1]["reply_markup"])
    [row] = await logged(store)
    assert (row["outcome"], row["doubtful"]) == ("answered", 1)
    assert await store.outbox.doubtful_pictures(1, ANNA) == album(pictures)
    assert await store.outbox.doubtful_pictures(1, BEN) is None
    await store.database.write(store.outbox.no_longer_doubtful(1))
    assert await store.outbox.doubtful_pictures(1, ANNA) is None


@pytest.mark.parametrize("kind", ["refuse", "cut_before", "garbage_before", "garbage_after", "cut_after"])
async def test_words_are_sent_until_it_is_known_that_they_arrived(
    store: Store, delivery: Delivery, anna: UserClient, sandbox: Sandbox, kind: str
) -> None:
    await anna.text("hello")
    await add_fault(sandbox, method="sendMessage", kind=kind)
    await deliver(store, delivery, BELOW)
    [first, *_] = await anna.hear(1)
    assert first["text"] == "below"
    await delivery.stop(10)
    [row] = await logged(store)
    assert row["doubtful"] == (kind != "refuse")


async def test_told_to_wait_one_chat_waits_and_the_others_do_not(
    store: Store, delivery: Delivery, anna: UserClient, sandbox: Sandbox
) -> None:
    async with UserClient(sandbox.url, BEN) as ben:
        await anna.text("hello")
        await ben.text("hello")
        await add_fault(sandbox, method="sendMessage", error_code=429, retry_after=2)
        began = time.monotonic()
        await deliver(store, delivery, BELOW)
        await asyncio.sleep(0.3)
        await deliver(store, delivery, BELOW, chat=BEN, number=2)
        await ben.hear(1)
        bens_s = time.monotonic() - began
        await anna.hear(1)
        assert time.monotonic() - began >= 2 > bens_s


async def test_told_to_stop_what_may_not_be_sent_for_long_is_not_waited_for_and_the_rest_is_sent(
    store: Store, delivery: Delivery, anna: UserClient, sandbox: Sandbox
) -> None:
    async with UserClient(sandbox.url, BEN) as ben, UserClient(sandbox.url, BEN, chat_id=GROUP) as group:
        for user in (anna, ben, group):
            await user.text("hello")
        await add_fault(sandbox, method="sendMessage", error_code=429, retry_after=50)
        await deliver(store, delivery, BELOW)  # Telegram says when
        await deliver(store, delivery, *[BELOW] * 21, chat=GROUP, number=2)  # the twenty-first has to wait for a minute
        await group.hear(20)
        await add_fault(sandbox, method="sendMessage", delay_s=1)
        await deliver(store, delivery, BELOW, chat=BEN, number=3)
        async with asyncio.timeout(20):
            await delivery.stop(40)
        await ben.hear(1)
    waiting = await store.database.rows("SELECT chat_id FROM steps WHERE state = 'waiting' ORDER BY chat_id")
    assert [row["chat_id"] for row in waiting] == [GROUP, ANNA]


async def test_to_whom_we_may_not_write_nothing_more_is_sent(
    store: Store, delivery: Delivery, anna: UserClient, sandbox: Sandbox
) -> None:
    await anna.text("hello")
    await add_fault(sandbox, method="sendMessage", error_code=403)
    await deliver(store, delivery, BELOW, BELOW)
    await delivery.stop(10)
    assert [row["outcome"] for row in await logged(store)] == ["failed"]
    assert not [event for event in await anna.events(0) if event.get("by") == "bot"]


async def test_an_edit_that_changes_nothing_or_comes_too_late_is_done(
    store: Store, delivery: Delivery, anna: UserClient, pictures: list[Picture]
) -> None:
    await anna.text("hello")
    await deliver(store, delivery, Text(html="words"))
    [message] = await anna.hear(1)
    await deliver(store, delivery, Edit(message_id=message["message_id"], html="words"), number=2)
    await deliver(store, delivery, Edit(message_id=9999, html="words"), number=3)
    await deliver(store, delivery, Pictures(items=tuple(pictures[:1])), number=4)
    [message] = await anna.hear(1)
    await deliver(store, delivery, Edit(message_id=message["message_id"], html="words"), number=5)  # it has none
    await delivery.stop(10)
    assert [row["outcome"] for row in await logged(store)] == ["answered"] * 5


def sha256_of(picture: Picture) -> str:
    import hashlib

    return hashlib.sha256(picture.photo.read_bytes()).hexdigest()


async def file_ids(store: Store, names: list[str]) -> dict[str, Any]:
    """Those known once the last album's were kept."""
    for _ in range(100):
        if len(await store.files.ids(names)) == len(names):
            break
        await asyncio.sleep(0.01)
    return await store.files.ids(names)
