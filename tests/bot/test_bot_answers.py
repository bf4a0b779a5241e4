import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from bot_helpers import ANNA, BotProcess, add_fault, configure, hear_reply, notice_of, start_bot
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg

from sandbox import Sandbox
from sandbox.client import UserClient

Rows = Callable[..., list[sqlite3.Row]]


@pytest.fixture
def photo() -> bytes:
    """A red ball that is not in the catalogue."""
    return jpeg(draw_product(CATEGORIES[0], "red", 900, side_px=400), quality=95)


async def show_everything(user: UserClient) -> None:
    """Ask for so little likeness that there is an album for any photo."""
    await user.text("/threshold 0")
    await user.hear(1)


async def test_a_photo_gets_an_album_that_agrees_with_the_command_line(
    bot: BotProcess, anna: UserClient, own_shop: Shop, rows: Rows, photo: bytes
) -> None:
    await show_everything(anna)
    [sent] = await anna.photo(photo)
    reply = await hear_reply(anna)
    largest = max(sent["photo"], key=lambda size: size["width"])
    (own_shop.folder / "sent.jpg").write_bytes(await anna.file(largest["file_id"]))
    expected = own_shop.json("search", own_shop.folder / "sent.jpg", "--threshold", "-1")

    assert 2 <= len(reply.products) <= 10
    assert len({message["media_group_id"] for message in reply.products}) == 1
    assert len(reply.captions) == len(expected["matches"])
    for caption, match in zip(reply.captions, expected["matches"], strict=True):
        assert (match["title"] or match["category"])[:600] in caption
        assert match["price"] is None or match["price"] in caption
        assert caption.endswith(f"similar · {int(match['likeness'] * 100 + 1e-6)}%")
    assert expected["category"]["name"] in reply.below["text"]
    assert f"({int(expected['category']['probability'] * 100 + 1e-6)}%)" in reply.below["text"]
    assert reply.below["reply_to_message"]["message_id"] == sent["message_id"]

    [query] = rows("SELECT * FROM queries")
    assert (query["outcome"], query["kind_of_query"], query["category_source"]) == ("answered", "photo", "predicted")
    assert query["predicted_category"] == expected["category"]["name"]
    assert json.loads(query["scope"]) == expected["scope"]
    assert (query["threshold"], query["likeness"]) == (expected["threshold"], 0)
    assert query["threshold_source"] == "chat"
    assert query["index_generation"] == "generation-000001"
    assert query["total_ms"] > 0
    logged = [tuple(row) for row in rows("SELECT product_id, similarity, likeness FROM matches ORDER BY rank")]
    assert logged == [(match["product_id"], match["similarity"], match["likeness"]) for match in expected["matches"]]
    assert query["n_matches"] == len(logged)
    assert str(ANNA) not in (query["chat_key"], query["user_key"])


async def test_the_shopper_sees_that_a_photo_is_on_its_way(bot: BotProcess, anna: UserClient, photo: bytes) -> None:
    await anna.photo(photo)
    event = await anna.next_event("chat_action")
    assert event["action"] == "upload_photo"
    await hear_reply(anna)


async def test_an_image_sent_as_a_file_is_answered_alike(
    bot: BotProcess, anna: UserClient, rows: Rows, photo: bytes
) -> None:
    await show_everything(anna)
    await anna.document(photo, "ball.jpg", "image/jpeg")
    assert (await hear_reply(anna)).products
    assert [row["kind_of_query"] for row in rows("SELECT kind_of_query FROM queries")] == ["file"]


async def test_votes_are_counted_once_and_can_be_changed(
    bot: BotProcess, anna: UserClient, rows: Rows, photo: bytes
) -> None:
    await show_everything(anna)
    await anna.photo(photo)
    reply = await hear_reply(anna)
    up, down = reply.button("👍"), reply.button("👎")
    for data, expected in ((up, 1), (up, 1), (down, -1), (up, 1)):
        assert await notice_of(anna, reply.below, data)
        [vote] = rows("SELECT query_id, rank, vote FROM feedback")
        assert tuple(vote) == (1, 0, expected)
    edited = await anna.next_event("edited", within_s=5)
    assert edited["message"]["reply_markup"]["inline_keyboard"][0]


async def test_one_hit_comes_as_a_single_photo(bot: BotProcess, anna: UserClient, own_shop: Shop) -> None:
    indexed = (own_shop.folder / "photos" / "box-010.jpg").read_bytes()
    await anna.text("/threshold 100%")
    await anna.hear(1)
    await anna.document(indexed, "box.jpg", "image/jpeg")
    reply = await hear_reply(anna)
    assert len(reply.products) == 1
    assert "media_group_id" not in reply.products[0]
    assert "very similar · 99%" in reply.captions[0]
    rows = [[button["text"] for button in row] for row in reply.below["reply_markup"]["inline_keyboard"]]
    assert rows == [["1"], ["👍", "👎"], ["Show less similar ones"], ["🔔 Notify me", "✂️ Part of it"]]


async def test_nothing_similar_is_said_with_how_close_the_best_was_and_a_way_to_see_it(
    bot: BotProcess, anna: UserClient, rows: Rows, photo: bytes
) -> None:
    await anna.text("/threshold 100%")
    await anna.hear(1)
    await anna.photo(photo)
    reply = await hear_reply(anna)
    [query] = rows("SELECT * FROM queries")
    assert not reply.products
    assert query["outcome"] == "nothing_similar"
    assert "similar enough (from 100% on); the closest product is" in reply.below["text"]
    before = [tuple(row) for row in rows("SELECT * FROM chats", file="bot.db")]

    await anna.tap(reply.below, reply.button("Show less similar ones"))
    shown = await hear_reply(anna)
    assert len(shown.products) == 6
    assert "closest there are" in shown.below["text"]
    again = rows("SELECT * FROM queries")[1]
    assert (again["kind_of_query"], again["parent_id"], again["outcome"]) == ("more", 1, "answered")
    assert again["threshold_source"] == "tap"
    similarities = [row["similarity"] for row in rows("SELECT similarity FROM matches ORDER BY rank")]
    assert again["threshold"] == min(similarities) < query["best_similarity"] == max(similarities)
    assert [tuple(row) for row in rows("SELECT * FROM chats", file="bot.db")] == before


async def test_more_of_an_answer_comes_by_pages_and_a_number_opens_its_product(
    bot: BotProcess, anna: UserClient, rows: Rows, photo: bytes
) -> None:
    await show_everything(anna)
    await anna.photo(photo)
    reply = await hear_reply(anna)
    listed = [line.partition(". ")[0] for line in reply.below["text"].splitlines() if ". " in line]
    assert listed[-6:] == [str(number) for number in range(1, 7)]
    await anna.tap(reply.below, reply.button("More"))
    page = await hear_reply(anna)
    assert "\n7. " in page.below["text"]
    assert page.below["reply_to_message"]["message_id"] == reply.below["reply_to_message"]["message_id"]
    assert page.captions[0] not in reply.captions
    await anna.tap(page.below, page.button("8"))
    [card] = await anna.hear(1)
    assert card["caption"] == page.captions[1]
    assert card["reply_to_message"]["message_id"] == page.below["message_id"]
    assert "👎" in await notice_of(anna, card, card["reply_markup"]["inline_keyboard"][-1][1]["callback_data"])

    first, more = rows("SELECT * FROM queries ORDER BY id")
    assert (more["kind_of_query"], more["parent_id"], more["outcome"]) == ("more", first["id"], "answered")
    assert [row["rank"] for row in rows("SELECT rank FROM matches WHERE query_id = 2 ORDER BY rank")] == [*range(7, 13)]
    assert [tuple(row) for row in rows("SELECT query_id, rank, vote FROM feedback")] == [(2, 8, -1)]
    assert [tuple(row) for row in rows("SELECT query_id, rank, action FROM actions")] == [(2, 8, "opened")]


async def test_search_never_leaves_the_category_the_chat_has_chosen(
    bot: BotProcess, anna: UserClient, own_shop: Shop, rows: Rows, photo: bytes
) -> None:
    await anna.text("/threshold 0")
    await anna.text("/category tents & co")
    await anna.hear(2)
    await anna.photo(photo)
    reply = await hear_reply(anna)
    assert reply.products
    [query] = rows("SELECT * FROM queries")
    assert (query["category"], query["category_source"]) == ("Tents & Co", "chat")
    assert query["predicted_category"] == "Balls"
    assert "Tents &" in reply.below["text"]
    ids = {row["product_id"] for row in rows("SELECT product_id FROM matches")}
    with sqlite3.connect(own_shop.folder / "catalogue.db") as catalogue:
        names = catalogue.execute(
            f"SELECT DISTINCT name FROM products JOIN categories ON categories.id = category_id "
            f"WHERE products.id IN ({','.join('?' * len(ids))})",
            list(ids),
        ).fetchall()
    catalogue.close()
    assert names == [("Tents & Co",)]


async def test_another_category_is_one_tap_away_and_logged_as_a_correction(
    bot: BotProcess, anna: UserClient, own_shop: Shop, rows: Rows
) -> None:
    await anna.text("/threshold 0")
    await anna.text("/category balls")
    await anna.hear(2)
    await anna.photo(jpeg(draw_product(CATEGORIES[1], "blue", 901, side_px=300)))
    reply = await hear_reply(anna)
    await anna.tap(reply.below, reply.button("Boxes"))
    other = await hear_reply(anna)
    assert other.products
    query = rows("SELECT * FROM queries ORDER BY id")[1]
    assert (query["kind_of_query"], query["parent_id"], query["category"], query["category_source"]) == (
        "other_category", 1, "Boxes", "tap",
    )  # fmt: skip


async def test_a_restarted_bot_remembers_settings_and_takes_old_taps(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient, rows: Rows, photo: bytes
) -> None:
    first = await start_bot(own_shop, sandbox)
    await anna.text("/category boxes")
    await anna.text("/threshold 12%")
    await anna.hear(2)
    await anna.photo(photo)
    reply = await hear_reply(anna)
    assert await first.stop() == 0

    second = await start_bot(own_shop, sandbox)
    assert await notice_of(anna, reply.below, reply.button("👎"))
    await anna.tap(reply.below, reply.button("Balls"))  # what was seen is gone: the photo is fetched again
    assert (await hear_reply(anna)).products
    await anna.photo(photo)
    await hear_reply(anna)
    assert await second.stop() == 0

    queries = rows("SELECT category, category_source, likeness, threshold_source FROM queries ORDER BY id")
    assert [tuple(query) for query in queries] == [
        ("Boxes", "chat", 0.12, "chat"),
        ("Balls", "tap", 0.12, "chat"),
        ("Boxes", "chat", 0.12, "chat"),
    ]
    assert [tuple(vote) for vote in rows("SELECT query_id, vote FROM feedback")] == [(1, -1)]


async def test_photos_telegram_already_has_are_not_uploaded_again_unless_it_lost_them(
    bot: BotProcess, anna: UserClient, sandbox: Sandbox, rows: Rows, photo: bytes
) -> None:
    await show_everything(anna)

    async def uploads() -> int:
        return len({hashlib.sha256(await anna.file(m["photo"][-1]["file_id"])).digest() for m in reply.products})

    await anna.photo(photo)
    reply = await hear_reply(anna)
    first_ids = [message["photo"][-1]["file_id"] for message in reply.products]
    assert len(rows("SELECT * FROM telegram_files", file="bot.db")) == len(first_ids) == await uploads()
    await anna.photo(photo)
    again = await hear_reply(anna)
    assert [message["photo"][-1]["file_id"] for message in again.products] == first_ids

    await add_fault(sandbox, drop_file_ids=True)
    await anna.photo(photo)
    reply = await hear_reply(anna)
    assert len(reply.products) == len(first_ids)
    assert {row["file_id"] for row in rows("SELECT file_id FROM telegram_files", file="bot.db")}.isdisjoint(first_ids)


async def test_twenty_users_with_three_photos_each_are_all_answered_in_their_own_chat(
    bot: BotProcess, sandbox: Sandbox, rows: Rows
) -> None:
    colours = ("red", "blue", "green")

    async def shop_for(user: int) -> list[Any]:
        async with UserClient(sandbox.url, user) as client:
            picture = [jpeg(draw_product(CATEGORIES[n], colours[n], user, side_px=200)) for n in range(3)]
            await asyncio.gather(*(client.photo(one) for one in picture))
            return [await hear_reply(client, within_s=60) for _ in range(3)]

    replies = await asyncio.gather(*(shop_for(user) for user in range(100, 120)))
    assert all(len(of_user) == 3 for of_user in replies)
    for user, of_user in zip(range(100, 120), replies, strict=True):
        assert {reply.below["chat"]["id"] for reply in of_user} == {user}
        assert len({reply.below["reply_to_message"]["message_id"] for reply in of_user}) == 3
    assert rows("SELECT count(*), count(DISTINCT chat_key) FROM queries WHERE total_ms > 0")[0][:] == (60, 20)


async def test_a_new_index_is_taken_up_while_the_bot_runs(
    bot: BotProcess, anna: UserClient, own_shop: Shop, rows: Rows, photo: bytes
) -> None:
    await anna.photo(photo)
    await hear_reply(anna)
    own_shop.index_again()
    await asyncio.sleep(2.1)
    await anna.photo(photo)
    await hear_reply(anna)
    generations = [row[0] for row in rows("SELECT index_generation FROM queries ORDER BY id")]
    assert generations == ["generation-000001", "generation-000002"]


async def test_sigterm_finishes_what_is_being_answered(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient, rows: Rows, photo: bytes
) -> None:
    bot = await start_bot(own_shop, sandbox)
    await show_everything(anna)
    await add_fault(sandbox, method="sendMediaGroup", delay_s=1.5)
    await anna.photo(photo)
    await anna.next_event("chat_action")
    assert await bot.stop() == 0
    assert (await hear_reply(anna)).products
    assert [row["outcome"] for row in rows("SELECT outcome FROM queries")] == ["answered"]


async def test_an_album_that_is_not_whole_when_the_bot_is_told_to_stop_is_answered_by_the_next(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient, rows: Rows, photo: bytes
) -> None:
    configure(own_shop, "bot", stop_within_s=60)
    first = await start_bot(own_shop, sandbox)
    await show_everything(anna)
    await anna.photo(photo, photo)
    assert await first.stop() == 0
    second = await start_bot(own_shop, sandbox)
    assert (await hear_reply(anna)).products
    assert await second.stop() == 0
    assert [tuple(row) for row in rows("SELECT kind_of_query, outcome FROM queries")] == [("album", "answered")]


async def test_a_webhook_delivers_what_polling_would(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient, photo: bytes, unused_tcp_port: int
) -> None:
    config = json.loads(own_shop.config.read_text(encoding="utf-8"))
    hook = {"url": f"http://127.0.0.1:{unused_tcp_port}/", "port": unused_tcp_port}
    config["telegram"] = {"mode": "webhook", "webhook": hook}
    own_shop.config.write_text(json.dumps(config), encoding="utf-8")
    bot = await start_bot(own_shop, sandbox, TELEGRAM_WEBHOOK_SECRET="only-telegram-knows")
    try:
        await show_everything(anna)
        await anna.photo(photo)
        assert (await hear_reply(anna)).products
        forged = {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": 9, "type": "private"}}}
        async with httpx.AsyncClient() as stranger:
            assert (await stranger.post(str(hook["url"]), json=forged)).status_code == 403
    finally:
        assert await bot.stop() == 0
