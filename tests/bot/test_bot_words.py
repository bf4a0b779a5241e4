"""What shoppers read, and what they may send besides photos."""

import io
import sqlite3
from collections.abc import Callable

import pytest
from bot_helpers import BotProcess, add_fault, hear_reply
from PIL import Image
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg

from bot.callback_data import (
    AUTO_CATEGORY,
    ChooseCategory,
    ChooseThreshold,
    LowerThreshold,
    OtherCategory,
    Vote,
    encode,
    parse,
)
from bot.handlers.commands import parse_threshold
from bot.keyboards import below_answer, below_nothing, thresholds
from bot.texts import caption, how_to_use, percent
from imgrec.catalogue.store import Product
from imgrec.search.searcher import Answer, Candidate, Match
from sandbox import Sandbox
from sandbox.client import UserClient

Rows = Callable[..., list[sqlite3.Row]]


async def test_start_help_and_anything_else_say_what_to_send(bot: BotProcess, anna: UserClient) -> None:
    for text in ("/start", "/help", "hello?", "/nonsense"):
        await anna.text(text)
        [message] = await anna.hear(1)
        assert "photo" in message["text"]
    await anna.document(b"%PDF-1.4", "list.pdf", "application/pdf")
    [message] = await anna.hear(1)
    assert message["text"].count("\n") == 0


async def test_a_broken_image_and_one_that_is_too_large_get_a_plain_sentence(
    bot: BotProcess, anna: UserClient, rows: Rows
) -> None:
    await anna.document(b"\xff\xd8\xff\xe0 this is not a photo", "broken.jpg", "image/jpeg")
    assert "could not open" in (await hear_reply(anna)).below["text"]
    await anna.document(b"\x00" * (20 * 1024 * 1024 + 1), "huge.png", "image/png")
    assert "too large" in (await hear_reply(anna)).below["text"]
    buffer = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(buffer, "PNG")  # a few kilobytes that decode to 144 million pixels
    await anna.document(buffer.getvalue(), "bomb.png", "image/png")
    assert "too large" in (await hear_reply(anna)).below["text"]
    outcomes = [row["outcome"] for row in rows("SELECT outcome FROM queries ORDER BY id")]
    assert outcomes == ["unreadable", "too_large", "too_large"]


async def test_an_incoming_album_has_each_of_its_photos_answered(bot: BotProcess, anna: UserClient) -> None:
    pictures = [jpeg(draw_product(category, "blue", 950, side_px=200)) for category in CATEGORIES]
    sent = await anna.photo(*pictures)
    replies = [await hear_reply(anna) for _ in pictures]
    answered = [reply.below["reply_to_message"]["message_id"] for reply in replies]
    assert answered == [message["message_id"] for message in sent]


async def test_category_and_threshold_are_chosen_by_name_value_or_button(
    bot: BotProcess, anna: UserClient, rows: Rows
) -> None:
    await anna.text("/category")
    [message] = await anna.hear(1)
    buttons = {b["text"]: b["callback_data"] for row in message["reply_markup"]["inline_keyboard"] for b in row}
    assert set(buttons) == {"✓ Auto", *CATEGORIES}
    await anna.tap(message, buttons["Boxes"])
    edited = (await anna.next_event("edited"))["message"]
    assert "Boxes" in edited["text"]
    await anna.tap(edited, buttons["Boxes"])  # nothing changes, and that is no error
    await anna.next_event("callback_answered")
    await anna.text("/category blals")
    [message] = await anna.hear(1)
    assert "blals" in message["text"]
    assert message["reply_markup"]

    await anna.text("/threshold")
    [message] = await anna.hear(1)
    first, *others = message["reply_markup"]["inline_keyboard"]
    assert "Auto" in first[0]["text"]
    await anna.tap(message, others[0][0]["callback_data"])
    await anna.next_event("edited")
    await anna.text("/threshold a lot")
    [message] = await anna.hear(1)
    assert "a lot" in message["text"]
    [chat] = rows("SELECT * FROM chats")
    assert chat["category"] == "Boxes"
    assert chat["threshold"] is not None
    await anna.text("/category auto")
    await anna.text("/threshold auto")
    await anna.hear(2)
    [chat] = rows("SELECT * FROM chats")
    assert (chat["category"], chat["threshold"]) == (None, None)


async def test_forget_leaves_nothing_of_the_shopper(
    bot: BotProcess, anna: UserClient, sandbox: Sandbox, own_shop: Shop, rows: Rows
) -> None:
    async with UserClient(sandbox.url, 8) as ben:
        for user in (anna, ben):
            await user.text("/threshold 0")
            await user.hear(1)
            await user.photo(jpeg(draw_product(CATEGORIES[0], "green", 960)))
            reply = await hear_reply(user)
            await user.tap(reply.below, reply.button("👍"))
            await user.next_event("edited")
    [anna_key, _] = [row["user_key"] for row in rows("SELECT user_key FROM queries ORDER BY id")]
    await anna.text("/forget")
    assert "deleted" in (await anna.hear(1))[0]["text"]
    for table in ("queries", "feedback", "chats"):
        assert rows(f"SELECT count(*) FROM {table}")[0][0] == 1
    assert rows("SELECT count(*) FROM matches WHERE query_id NOT IN (SELECT id FROM queries)")[0][0] == 0
    for file in own_shop.folder.glob("log.db*"):
        assert anna_key.encode() not in file.read_bytes()


async def test_every_tap_is_answered_also_on_messages_and_buttons_of_long_ago(
    bot: BotProcess, anna: UserClient
) -> None:
    await anna.text("/start")
    [message] = await anna.hear(1)
    for data in ("0:x:1", "1:v:99999:0:1", "1:c:99999:77", "1:k:77", "nonsense", encode(OtherCategory(99999, 1))):
        await anna.tap(message, data, force=True)
        assert (await anna.next_event("callback_answered"))["text"]


async def test_a_failure_nobody_expected_is_told_plainly_and_the_next_photo_works(
    bot: BotProcess, anna: UserClient, sandbox: Sandbox, rows: Rows
) -> None:
    photo = jpeg(draw_product(CATEGORIES[0], "red", 970))
    await anna.text("/threshold 0")
    await anna.hear(1)
    await add_fault(sandbox, method="getFile", error_code=500, description="Internal Server Error", times=3)
    await anna.photo(photo)
    assert "went wrong" in (await hear_reply(anna)).below["text"]
    await add_fault(sandbox, method="sendMediaGroup", error_code=429, retry_after=1)
    await anna.photo(photo)
    assert (await hear_reply(anna)).products
    assert [row["outcome"] for row in rows("SELECT outcome FROM queries ORDER BY id")] == ["failed", "answered"]


async def test_in_a_group_only_photos_that_mention_the_bot_are_answered(
    bot: BotProcess, sandbox: Sandbox, rows: Rows
) -> None:
    photo = jpeg(draw_product(CATEGORIES[0], "red", 980))
    async with UserClient(sandbox.url, 7, chat_id=-50) as anna:
        await anna.text("/threshold 0")
        await anna.hear(1)
        await anna.photo(photo, caption="look at this")
        await anna.photo(photo, caption="@sandbox1_bot what is like it?")
        assert (await hear_reply(anna)).products
    assert rows("SELECT count(*) FROM queries")[0][0] == 1


@pytest.mark.parametrize("tap", [Vote(1, 0, -1), OtherCategory(2**62, 2**31), LowerThreshold(2**62, -1000, 2**31)])
def test_a_button_means_what_it_was_made_for_and_fits_in_64_bytes(tap: Vote | OtherCategory | LowerThreshold) -> None:
    assert parse(encode(tap)) == tap
    assert len(encode(tap).encode()) <= 64


@pytest.mark.parametrize("data", [None, "", "1", "1:v:1", "1:v:a:0:1", "2:v:1:0:1", "1:v:1:0:1:1", "x" * 64])
def test_buttons_of_other_versions_mean_nothing(data: str | None) -> None:
    assert parse(data) is None


def test_no_two_kinds_of_button_share_a_letter() -> None:
    letters = [kind.letter for kind in (Vote, OtherCategory, LowerThreshold, ChooseCategory, ChooseThreshold)]
    assert len(set(letters)) == len(letters)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.8", 0.8), ("0,8", 0.8), ("80%", 0.8), ("80", 0.8), ("1", 1.0), ("-0.5", -0.5), ("100 %", 1.0)]
    + [(text, None) for text in ("", "x", "101", "250%", "0.8.1", "nan", "1e9")],
)
def test_a_threshold_is_read_as_people_write_it(text: str, value: float | None) -> None:
    assert parse_threshold(text) == value


def product(**fields: object) -> Product:
    given = {
        "product_id": 1, "source": "s", "id": "x", "title": None, "price": None, "currency": None, "brand": None,
        "category": "Shoes", "kind": None, "group": None, "url": None, "photo": None, "retired": False,
    }  # fmt: skip
    return Product(**{**given, **fields})  # type: ignore[arg-type]


def test_a_caption_escapes_what_the_feed_says_and_never_exceeds_what_telegram_takes() -> None:
    shown = caption(Match(product(title="<b>&" * 900, brand='"Acme" & Sons' * 30, price="1.00", currency="EUR"), 0.876))
    assert "<b>&<" not in shown
    assert "&lt;b&gt;&amp;" in shown
    plain = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&quot;", '"')
    assert len(plain.encode("utf-16-le")) // 2 <= 1024
    assert "€1.00" in shown
    assert "87% similar" in shown


def test_a_product_without_a_title_is_shown_by_its_category_and_one_without_a_price_simply_has_none() -> None:
    assert caption(Match(product(), 1.0)) == "Shoes\n100% similar"


def test_a_brand_that_the_title_begins_with_is_not_said_twice() -> None:
    named = caption(Match(product(title="ACME Lamp", brand="Acme", price="1.00", currency="EUR"), 0.5))
    assert named == "ACME Lamp\n<b>€1.00</b> · 50% similar"
    assert "\nAcme · " in caption(Match(product(title="Lamp", brand="Acme"), 0.5))


@pytest.mark.parametrize("auto", [0.0, 0.198, 0.8, 0.97])
def test_thresholds_to_choose_from_stand_on_both_sides_of_auto_and_the_example_is_one_of_them(auto: float) -> None:
    [first], row = thresholds(auto, None).inline_keyboard
    values = [int(button.text.rstrip("%")) / 100 for button in row]
    assert first.text == f"✓ Auto ({percent(auto, 1)})"
    assert values == sorted(set(values))
    assert values[0] <= auto < values[-1] < 1
    assert f"/threshold {percent(values[-1])}<" in how_to_use(auto)


def test_where_nothing_was_found_is_not_offered_again() -> None:
    seen = tuple(Candidate(*one) for one in (("Toys", 0.5), ("Home", 0.4), ("Music", 0.1)))
    ids = {"Home": 1, "Music": 2, "Toys": 3}
    nothing = Answer(seen[0], seen, ("Toys", "Home"), 0.2, (), 0.105)
    markup = below_nothing(1, nothing, ids, AUTO_CATEGORY)
    assert markup is not None
    assert [button.text for [button] in markup.inline_keyboard] == ["Show from 10% on", "🔎 Music"]
    _, *others = below_answer(1, nothing, ids).inline_keyboard
    assert [button.text for [button] in others] == ["🔎 Toys", "🔎 Home", "🔎 Music"]  # each alone is another search


def test_a_similarity_is_rounded_down_so_that_it_never_seems_to_pass_a_threshold_it_missed() -> None:
    assert percent(0.8999) == "89%"
    assert percent(0.29) == "29%"
    assert percent(0.83249, 1) == "83.2%"


async def test_a_button_opens_and_judges_only_what_its_own_chat_has_asked(
    bot: BotProcess, anna: UserClient, sandbox: Sandbox, rows: Rows
) -> None:
    """A client may send any callback data, and queries are numbered in order."""
    await anna.photo(jpeg(draw_product(CATEGORIES[0], "red", 990)))
    await hear_reply(anna)
    async with UserClient(sandbox.url, 66) as eve:
        await eve.text("/start")
        [message] = await eve.hear(1)
        await eve.tap(message, "1:v:1:0:-1", force=True)
        assert "too old" in (await eve.next_event("callback_answered"))["text"]
        for data in ("1:c:1:1", "1:t:1:-1000:0"):
            await eve.tap(message, data, force=True)
            reply = await hear_reply(eve)
            assert not reply.products
            assert "no longer have that photo" in reply.below["text"]
    assert rows("SELECT count(*) FROM feedback")[0][0] == 0
    assert [row["parent_id"] for row in rows("SELECT parent_id FROM queries ORDER BY id")] == [None, None, None]


async def test_an_album_that_arrived_counts_as_answered_even_if_the_message_below_it_fails(
    bot: BotProcess, anna: UserClient, sandbox: Sandbox, rows: Rows
) -> None:
    await anna.text("/threshold 0")
    await anna.hear(1)
    await add_fault(sandbox, method="sendMessage", error_code=502, description="Bad Gateway")
    await anna.photo(jpeg(draw_product(CATEGORIES[0], "red", 991)))
    assert "photo" in (await anna.hear(1))[0]
    await anna.text("/start")
    heard = [await anna.hear(1)]
    while "Send me" not in heard[-1][0].get("text", ""):
        heard.append(await anna.hear(1))
    assert not [one for [one] in heard if "went wrong" in one.get("text", "")]
    assert [row["outcome"] for row in rows("SELECT outcome FROM queries")] == ["answered"]


async def test_lowering_the_threshold_keeps_the_category_that_was_tapped(
    bot: BotProcess, anna: UserClient, rows: Rows
) -> None:
    await anna.text("/threshold 1.0")
    await anna.text("/category balls")
    await anna.hear(2)
    await anna.photo(jpeg(draw_product(CATEGORIES[1], "blue", 992)))
    reply = await hear_reply(anna)
    await anna.tap(reply.below, reply.button("Boxes"))
    other = await hear_reply(anna)
    await anna.tap(other.below, other.button("Show from"))
    assert (await hear_reply(anna)).products
    asked = rows("SELECT kind_of_query, category, category_source FROM queries ORDER BY id")
    assert tuple(asked[-1]) == ("lower_threshold", "Boxes", "tap")


async def test_a_flooded_chat_is_told_once_and_the_others_are_not_held_up(
    bot: BotProcess, anna: UserClient, sandbox: Sandbox, rows: Rows
) -> None:
    photo = jpeg(draw_product(CATEGORIES[0], "red", 993))
    await add_fault(sandbox, method="sendMediaGroup", delay_s=3)
    await add_fault(sandbox, method="sendMessage", delay_s=3)
    for _ in range(40):
        await anna.photo(photo)
    async with UserClient(sandbox.url, 8) as ben:
        await ben.text("/start")
        await ben.hear(1, within_s=10)
    told = [
        e["message"]
        for e in await anna.events(5)
        if e["type"] == "message" and "a lot at once" in e["message"].get("text", "")
    ]
    while not told:
        [message] = await anna.hear(1, within_s=30)
        told = [message] if "a lot at once" in message.get("text", "") else []
    await bot.stop(60)
    answered = rows("SELECT count(*) FROM queries")[0][0]
    assert 30 <= answered < 36  # on a slow machine one or two are done before the last comes
