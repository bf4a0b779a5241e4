"""What shoppers read, and what they may send besides photos."""

import asyncio
import io
import sqlite3
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from bot_helpers import (
    ANNA,
    LIKENESS,
    BotProcess,
    add_fault,
    answer,
    configure,
    hear_reply,
    match,
    of_bot,
    start_bot,
)
from PIL import Image
from telegram import InlineKeyboardMarkup
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg

from bot.callback_data import (
    AUTO_CATEGORY,
    TAPS,
    ChooseLikeness,
    ChooseThreshold,
    LessSimilar,
    LowerThreshold,
    OtherCategory,
    Vote,
    encode,
    parse,
)
from bot.handlers.commands import parse_likeness
from bot.keyboards import below_answer, below_nothing, categories, likenesses
from bot.texts import (
    answered,
    caption,
    choose_category,
    choose_threshold,
    how_to_use,
    nothing_similar,
    percent,
    word,
)
from imgrec.search.likeness import Likeness
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
    await anna.document(png_that_claims(200_000, 200_000), "bomb.png", "image/png")
    assert "too large" in (await hear_reply(anna)).below["text"]
    outcomes = [row["outcome"] for row in rows("SELECT outcome FROM queries ORDER BY id")]
    assert outcomes == ["unreadable", "too_large", "too_large"]


def png_that_claims(width: int, height: int) -> bytes:
    """A hundred bytes that say they are billions of pixels."""
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "PNG")
    header = b"IHDR" + struct.pack(">II", width, height) + buffer.getvalue()[24:29]
    return buffer.getvalue()[:12] + header + struct.pack(">I", zlib.crc32(header)) + buffer.getvalue()[33:]


async def test_an_incoming_album_has_each_of_its_photos_answered(bot: BotProcess, anna: UserClient) -> None:
    pictures = [jpeg(draw_product(category, "blue", 950, side_px=200)) for category in CATEGORIES]
    sent = await anna.photo(*pictures)
    replies = [await hear_reply(anna) for _ in pictures]
    answered = [reply.below["reply_to_message"]["message_id"] for reply in replies]
    assert answered == [message["message_id"] for message in sent]


async def test_category_and_threshold_are_chosen_by_name_value_or_button(
    bot: BotProcess, anna: UserClient, own_shop: Shop, rows: Rows
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
    assert "somewhat similar · 35%" in others[0][0]["text"]
    await anna.tap(message, others[0][0]["callback_data"])
    edited = (await anna.next_event("edited"))["message"]
    assert "from 35% on (somewhat similar)" in edited["text"]
    assert "✓ somewhat similar · 35%" in str(edited["reply_markup"])
    await anna.text("/threshold a lot")
    [message] = await anna.hear(1)
    assert "a lot" in message["text"]
    [chat] = rows("SELECT * FROM chats", file="bot.db")
    with sqlite3.connect(own_shop.folder / "catalogue.db") as catalogue:
        [boxes] = catalogue.execute("SELECT id FROM categories WHERE name = 'Boxes'").fetchone()
    catalogue.close()
    assert (chat["category_id"], chat["likeness"]) == (boxes, 0.35)
    await anna.text("/threshold 72%")
    [message] = await anna.hear(1)
    assert "from 72% on (similar)" in message["text"]
    await anna.text("/threshold")
    [message] = await anna.hear(1)
    assert "from 72% on (similar)" in message["text"]
    assert "of the same kind" in message["text"]
    await anna.text("/category auto")
    await anna.text("/threshold auto")
    await anna.hear(2)
    [chat] = rows("SELECT * FROM chats", file="bot.db")
    assert (chat["category_id"], chat["likeness"]) == (None, None)


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
    for table in ("queries", "feedback"):
        assert rows(f"SELECT count(*) FROM {table}")[0][0] == 1
    for table in ("chats", "requests"):
        assert rows(f"SELECT count(*) FROM {table}", file="bot.db")[0][0] == 1
    assert rows("SELECT count(*) FROM inbox WHERE chat_id = ? AND done_s IS NULL", ANNA, file="bot.db")[0][0] == 0
    assert rows("SELECT count(*) FROM matches WHERE query_id NOT IN (SELECT id FROM queries)")[0][0] == 0
    for file in [*own_shop.folder.glob("log.db*"), *own_shop.folder.glob("bot.db*")]:
        assert anna_key.encode() not in file.read_bytes()


async def test_every_tap_is_answered_also_on_messages_and_buttons_of_long_ago(
    bot: BotProcess, anna: UserClient
) -> None:
    await anna.text("/start")
    [message] = await anna.hear(1)
    for data in ("0:x:1", "1:v:99999:0:1", "1:c:99999:77", "1:k:77", "nonsense", encode(OtherCategory(99999, 1))):
        await anna.tap(message, data, force=True)
        assert (await anna.next_event("callback_answered"))["text"]


async def test_a_photo_that_is_gone_is_told_plainly_and_what_fails_for_a_while_is_tried_again(
    bot: BotProcess, anna: UserClient, sandbox: Sandbox, rows: Rows
) -> None:
    photo = jpeg(draw_product(CATEGORIES[0], "red", 970))
    await anna.text("/threshold 0")
    await anna.hear(1)
    await add_fault(sandbox, method="getFile", error_code=400, description="Bad Request: wrong file_id", times=1)
    await anna.photo(photo)
    assert "no longer have that photo" in (await hear_reply(anna)).below["text"]
    await add_fault(sandbox, method="getFile", error_code=500, description="Internal Server Error", times=2)
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


@pytest.mark.parametrize("tap", [Vote(1, 0, -1), OtherCategory(2**62, 2**31), LessSimilar(2**62, 2**31)])
def test_a_button_means_what_it_was_made_for_and_fits_in_64_bytes(tap: Vote | OtherCategory | LessSimilar) -> None:
    assert parse(encode(tap)) == tap
    assert len(encode(tap).encode()) <= 64


@pytest.mark.parametrize("data", [None, "", "1", "1:v:1", "1:v:a:0:1", "2:v:1:0:1", "1:v:1:0:1:1", "x" * 64])
def test_buttons_of_other_versions_mean_nothing(data: str | None) -> None:
    assert parse(data) is None


def test_no_two_kinds_of_button_share_a_letter() -> None:
    assert len({kind.letter for kind in TAPS}) == len(TAPS)


def test_buttons_of_before_likeness_carry_similarities_still() -> None:
    assert parse("1:h:650") == ChooseThreshold(650)
    assert parse("1:t:1:-1000:0") == LowerThreshold(1, -1000, 0)
    assert parse("1:s:650") == ChooseLikeness(650)
    assert parse("1:s:-1") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.8", 0.8), ("0,8", 0.8), ("80%", 0.8), ("80", 0.8), ("1", 1.0), ("0.5%", 0.005), ("100 %", 1.0)]
    + [("very  Similar", 0.85), ("similar", 0.65), ("0", 0.0)]
    + [(text, None) for text in ("", "x", "101", "1.5", "-0.5", "250%", "0.8.1", "nan", "1e9")],
)
def test_a_threshold_is_read_as_people_write_it(text: str, value: float | None) -> None:
    assert parse_likeness(text) == value


def test_a_caption_escapes_what_the_feed_says_and_never_exceeds_what_telegram_takes() -> None:
    shown = caption(match(0.44, title="<b>&" * 900, brand='"Acme" & Sons' * 30, price="1.00", currency="EUR"))
    assert "<b>&<" not in shown
    assert "&lt;b&gt;&amp;" in shown
    plain = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&quot;", '"')
    assert len(plain.encode("utf-16-le")) // 2 <= 1024
    assert "€1.00" in shown
    assert "similar · 84%" in shown


@pytest.mark.parametrize(
    ("similarity", "words"),
    [(0.95, "the very one"), (0.5, "very similar · 90%"), (0.35, "similar · 70%"), (0.2, "somewhat similar · 40%"),
     (0.05, "hardly similar · 10%"), (-0.3, "hardly similar · 0%")],
)  # fmt: skip
def test_likeness_is_told_in_words_and_per_cent_and_never_as_a_cosine(similarity: float, words: str) -> None:
    assert caption(match(similarity, title="Lamp")) == f"Lamp\n{words}"


def test_a_product_without_a_title_is_shown_by_its_category_and_one_without_a_price_simply_has_none() -> None:
    assert caption(match(0.6)) == "Shoes\nvery similar · 100%"
    assert caption(match(0.6, category=None)) == "x\nvery similar · 100%"


def test_a_brand_that_the_title_begins_with_is_not_said_twice() -> None:
    named = caption(match(0.2, title="ACME Lamp", brand="Acme", price="1.00", currency="EUR"))
    assert named == "ACME Lamp\n<b>€1.00</b> · somewhat similar · 40%"
    assert "\nAcme · " in caption(match(0.2, title="Lamp", brand="Acme"))


def test_a_card_of_several_variants_names_the_lowest_price_and_what_is_gone_is_marked() -> None:
    shown = match(0.44, title="Lamp", price="12.00", currency="USD")
    assert "<b>from $9.50</b>" in caption(replace(shown, from_price="9.50"))
    assert "· out of stock ·" in caption(replace(shown, is_marked_gone=True))
    assert "out of stock" not in caption(shown)


@pytest.mark.parametrize(
    ("truth", "words"),
    [("kind", "of the same kind"), ("category", "of the same category"), ("product", "the same product")],
)
def test_what_a_percentage_means_is_worded_by_what_it_was_fitted_on(truth: str, words: str) -> None:
    shop = of_bot(likeness=LIKENESS.model_copy(update={"truth": truth}))
    for text in (how_to_use(shop), choose_threshold(None, shop)):
        assert f"87% means: of a hundred such matches, about 87 are {words}." in text
    assert "too few photos" in how_to_use(of_bot(likeness=Likeness.unknown()))


@pytest.mark.parametrize("auto", [-1.0, 0.0, 0.175, 0.325, 0.97])
def test_auto_is_shown_as_likeness_with_its_word_and_each_degree_is_a_button(auto: float) -> None:
    shop = of_bot(auto_threshold=auto)
    [first], *others = likenesses(shop, None).inline_keyboard
    assert first.text == f"✓ Auto: {word(shop.auto_likeness)} · {percent(shop.auto_likeness)}"
    assert [button.text for [button] in others] == ["somewhat similar · 35%", "similar · 65%", "very similar · 85%"]
    for [button], least in zip(others, (0.35, 0.65, 0.85), strict=True):
        assert parse(str(button.callback_data)) == ChooseLikeness(round(least * 1000))
    [_, [somewhat], [similar], _] = likenesses(shop, 0.65).inline_keyboard
    assert (somewhat.text, similar.text) == ("somewhat similar · 35%", "✓ similar · 65%")


def words_of(markup: InlineKeyboardMarkup | None) -> list[str]:
    assert markup is not None
    return [button.text for row in markup.inline_keyboard for button in row]


def test_where_nothing_was_found_is_not_offered_again() -> None:
    nothing = answer(("Toys", 0.5), ("Home", 0.4), ("Music", 0.1), scope=("Toys", "Home"), nearest=match(0.2))
    below = below_nothing(1, nothing, of_bot(), AUTO_CATEGORY, all_shown=False)
    assert words_of(below) == ["Show less similar ones", "🔎 Music"]
    _, _, _, *others = words_of(below_answer(1, nothing, of_bot(), AUTO_CATEGORY, all_shown=False))
    assert others == ["🔎 Toys", "🔎 Home", "🔎 Music"]  # each alone is another search
    assert "the closest product is somewhat similar (40%)" in nothing_similar(nothing, "predicted", of_bot(), 0.6)


@pytest.mark.parametrize(
    ("shown", "results", "all_shown", "offered"),
    [(0, 6, False, True), (2, 6, False, True), (3, 6, False, False), (2, 2, False, False), (2, 6, True, False)],
)
def test_less_similar_ones_are_offered_below_fewer_than_three(
    shown: int, results: int, all_shown: bool, offered: bool
) -> None:
    found = answer(("Toys", 0.9), scope=("Toys",), matches=(match(0.5),) * shown, nearest=match(0.2))
    markup = below_answer(1, found, of_bot(results=results), 3, all_shown=all_shown)
    assert ("Show less similar ones" in words_of(markup)) == offered
    if offered:
        assert parse(str(markup.inline_keyboard[1][0].callback_data)) == LessSimilar(1, 3)


def test_a_shop_with_nothing_to_compare_with_offers_nothing_less_similar() -> None:
    assert below_nothing(1, answer(("Toys", 0.9), scope=("Toys",)), of_bot(), AUTO_CATEGORY, all_shown=False) is None


@pytest.mark.parametrize(
    ("scope", "where"),
    [
        (("Toys", "Home", "Music"), "I looked in all three."),
        (("Toys", "Home", "Music", "Art"), "I looked in these and in others."),
        (("Toys",), "I looked in <b>Toys</b>."),
    ],
)
def test_less_than_half_sure_it_asks_instead_of_asserting(scope: tuple[str, ...], where: str) -> None:
    unsure = answer(("Toys", 0.4), ("Home", 0.35), ("Music", 0.2), ("Art", 0.05), scope=scope, matches=(match(0.5),))
    shop = of_bot(category_ids={"Art": 4, "Home": 1, "Music": 2, "Toys": 3})
    text = answered(unsure, "predicted", shop)
    assert text.startswith(f"Is this <b>Toys</b>, <b>Home</b> or <b>Music</b>? {where}\n")
    assert "🔎 Home" in words_of(below_answer(1, unsure, shop, AUTO_CATEGORY, all_shown=False))


def test_half_sure_it_says_what_it_sees() -> None:
    sure = answer(("Toys", 0.78), ("Home", 0.2), scope=("Toys", "Home"), matches=(match(0.5),))
    text = answered(sure, "predicted", of_bot())
    assert text == "This looks like <b>Toys</b> (78%). I also looked in <b>Home</b>.\nWas this helpful?"
    assert "Is this <b>Toys</b> or <b>Home</b>? I looked in both." in answered(
        answer(("Toys", 0.49), ("Home", 0.48), scope=("Home", "Toys")), "predicted", of_bot()
    )


def test_without_categories_everything_is_searched_and_the_words_say_so() -> None:
    shop = of_bot(category_ids={}, tells_categories=False)
    whole = answer(matches=(match(0.5), match(0.4)))
    assert answered(whole, None, shop) == "I looked through the whole shop.\nWas this helpful?"
    assert words_of(below_answer(1, whole, shop, AUTO_CATEGORY, all_shown=False)) == [
        "👍",
        "👎",
        "Show less similar ones",
    ]
    assert nothing_similar(answer(nearest=match(0.2)), None, shop, 0.6).startswith("I looked through the whole shop.\n")
    assert "no categories" in choose_category("Toys", shop)
    assert categories({}, None) is None
    assert "/category" not in how_to_use(shop)


def test_where_categories_are_not_told_apart_one_can_be_chosen_all_the_same() -> None:
    shop = of_bot(tells_categories=False)
    chosen = answer(scope=("Toys",), matches=(match(0.5),))
    assert "I look everywhere" in choose_category(None, shop)
    assert answered(chosen, "chat", shop).startswith("I looked in <b>Toys</b>, as you chose with /category.\n")
    assert answered(answer(scope=("Toys", "Home")), None, shop).startswith("I looked through the whole shop.\n")


def test_a_likeness_is_rounded_down_so_that_it_never_seems_to_pass_a_threshold_it_missed() -> None:
    assert percent(0.8999) == "89%"
    assert percent(0.29) == "29%"


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


async def test_showing_less_similar_ones_keeps_the_category_that_was_tapped(
    bot: BotProcess, anna: UserClient, rows: Rows
) -> None:
    await anna.text("/category balls")
    [message] = await anna.hear(1)
    await anna.tap(message, "1:h:1000", force=True)
    await anna.photo(jpeg(draw_product(CATEGORIES[1], "blue", 992)))
    reply = await hear_reply(anna)
    await anna.tap(reply.below, reply.button("Boxes"))
    other = await hear_reply(anna)
    await anna.tap(other.below, other.button("Show less"))
    assert (await hear_reply(anna)).products
    asked = rows("SELECT kind_of_query, category, category_source FROM queries ORDER BY id")
    assert tuple(asked[-1]) == ("lower_threshold", "Boxes", "tap")


async def test_who_sends_too_many_is_told_how_long_it_takes_and_nobody_else_waits(
    own_shop: Shop, anna: UserClient, sandbox: Sandbox, rows: Rows
) -> None:
    configure(own_shop, "bot", queue_limit_of_shopper=5)
    bot = await start_bot(own_shop, sandbox)
    photo = jpeg(draw_product(CATEGORIES[0], "red", 993))
    await add_fault(sandbox, method="sendMediaGroup", delay_s=1)
    for _ in range(20):
        await anna.photo(photo)
    async with UserClient(sandbox.url, 8) as ben:
        await ben.text("/start")
        await ben.hear(1, within_s=10)
    told = ""
    while "too many at once" not in told:
        event = await anna.next_event("message", "edited")
        told = event["message"].get("text", "")
    outcomes: list[str] = []
    while len(outcomes) < 20:  # in a thread: the sandbox, which the bot is talking to, runs in this loop
        outcomes = [row["outcome"] for row in await asyncio.to_thread(rows, "SELECT outcome FROM queries")]
    await bot.stop()
    assert 5 <= outcomes.count("busy") <= 15
    assert outcomes.count("answered") + outcomes.count("nothing_similar") == 20 - outcomes.count("busy")
    assert rows("SELECT count(*) FROM queries WHERE total_ms IS NULL")[0][0] == 0
