"""/privacy, /forget and photos that are kept, with the whole bot."""

import asyncio
import contextlib
import io
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from bot_helpers import ANNA, BEN, BotProcess, configure, hear_reply, notice_of, start_bot
from PIL import Image
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg

from sandbox import Sandbox
from sandbox.client import Json, UserClient

Rows = Callable[..., list[Any]]


def photo(number: int = 90) -> bytes:
    return jpeg(draw_product(CATEGORIES[0], "red", number))


def button(message: Json, words: str) -> str:
    for row in message["reply_markup"]["inline_keyboard"]:
        for one in row:
            if words in one["text"]:
                return str(one["callback_data"])
    raise AssertionError(f"no button {words!r} below {message}")


async def test_forgetting_is_asked_once_and_the_answer_stands_in_the_question(
    bot: BotProcess, anna: UserClient, rows: Rows
) -> None:
    await anna.photo(photo())
    await hear_reply(anna)
    await anna.text("/forget")
    [question] = await anna.hear(1)
    assert "Delete all your searches" in question["text"]
    await anna.tap(question, button(question, "Keep it"))
    edited = (await anna.next_event("edited"))["message"]
    assert (edited["text"], len(rows("SELECT 1 FROM queries"))) == ("Nothing was deleted.", 1)
    await anna.text("/forget")
    [question] = await anna.hear(1)
    await anna.tap(question, button(question, "Delete everything"))
    edited = (await anna.next_event("edited"))["message"]
    assert edited["text"].startswith("Done.")
    assert "reply_markup" not in edited
    assert rows("SELECT 1 FROM queries") == []


async def test_in_a_group_only_who_asked_can_confirm(bot: BotProcess, sandbox: Sandbox) -> None:
    async with (
        UserClient(sandbox.url, ANNA, chat_id=-50) as anna,
        UserClient(sandbox.url, BEN, chat_id=-50) as ben,
    ):
        await anna.text("/forget")
        [question] = await anna.hear(1)
        assert "Only who asked" in await notice_of(ben, question, button(question, "Delete everything"))
        await anna.tap(question, button(question, "Delete everything"))
        assert "The group keeps its settings" in (await anna.next_event("edited"))["message"]["text"]
        await anna.text("/privacy")
        [told] = await anna.hear(1)
        assert "reply_markup" not in told, "photos of groups are never kept, so there is nothing to choose"


async def test_photos_are_kept_after_yes_never_before_and_gone_after_no(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient, rows: Rows
) -> None:
    configure(own_shop, "privacy", keep_photos=True, retention_days=90)
    running, folder = await start_bot(own_shop, sandbox), own_shop.folder / "data" / "shoppers"
    await anna.photo(photo())
    await hear_reply(anna)
    [question] = await anna.hear(1)
    assert "May the shop keep the photos" in question["text"]
    await anna.photo(photo(91))
    await hear_reply(anna)
    assert not folder.exists(), "nobody agreed yet"
    await anna.tap(question, button(question, "Yes"))
    await anna.next_event("edited")
    await anna.document(jpeg_that_tells_where(), "sea.jpg", "image/jpeg")
    await hear_reply(anna)
    [newest] = rows("SELECT max(id) AS id FROM queries")
    [file] = folder.iterdir()
    assert file.name.startswith(f"{newest['id']}-")
    assert b"Lisbon" not in file.read_bytes()
    await anna.text("/privacy")
    [told] = await anna.hear(1)
    assert "as you agreed" in told["text"]
    assert "90 days" in told["text"]
    await anna.tap(told, button(told, "No"))
    await anna.next_event("edited")
    assert list(folder.iterdir()) == []
    await anna.text("/settings")
    [settings] = await anna.hear(1)
    assert "Keeping photos: No" in settings["text"]
    await anna.tap(settings, button(settings, "Keeping photos"))
    page = (await anna.next_event("edited"))["message"]
    await anna.tap(page, button(page, "Yes"))
    page = (await anna.next_event("edited"))["message"]
    assert button(page, "✓ Yes")
    await anna.tap(page, button(page, "Back"))
    assert "Keeping photos: Yes" in (await anna.next_event("edited"))["message"]["text"]
    await running.stop()


async def test_what_is_too_old_is_gone_when_the_bot_has_tidied(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient, rows: Rows
) -> None:
    running = await start_bot(own_shop, sandbox)
    for _ in range(2):
        await anna.photo(photo())
        await hear_reply(anna)
    rows("SELECT 1")
    await running.stop()
    with contextlib.closing(sqlite3.connect(own_shop.folder / "log.db")) as log, log:
        log.execute(
            "UPDATE queries SET asked_utc = '2020-01-01T00:00:00.000Z' WHERE id = (SELECT min(id) FROM queries)"
        )
    running = await start_bot(own_shop, sandbox)
    end = time.monotonic() + 10
    while len(rows("SELECT 1 FROM queries")) > 1:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    await running.stop()


def jpeg_that_tells_where() -> bytes:
    """As a telephone writes it."""
    with Image.open(io.BytesIO(photo(92))) as image:
        told = image.getexif()
        told[0x010E] = "The beach of Lisbon"
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", exif=told)
    return buffer.getvalue()
