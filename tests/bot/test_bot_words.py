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
    ENGLISH,
    LIKENESS,
    BotProcess,
    add_fault,
    answer,
    configure,
    hear_reply,
    match,
    notice_of,
    of_bot,
    result,
    start_bot,
)
from PIL import Image
from telegram import InlineKeyboardMarkup
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg

from bot.callback_data import ChooseLikeness, Forget, More, OtherCategory, Tap, Vote, encode, parse
from bot.composing.choosing import category_buttons, likeness_buttons
from bot.composing.keyboards import below_answer
from bot.found import found
from bot.handlers.thresholds import parse_likeness
from bot.request import Result
from bot.texts.answers import answered, caption, nothing_similar
from bot.texts.choices import choose_category, choose_threshold, how_to_use
from bot.texts.writing import word
from imgrec.search.likeness import Likeness
from sandbox import Sandbox
from sandbox.client import UserClient

Rows = Callable[..., list[sqlite3.Row]]


async def test_start_help_and_anything_else_say_what_to_send(bot: BotProcess, anna: UserClient) -> None:
    for text in ("/start", "/help", "hello?", "/nonsense"):
        await anna.text(text)
        [message] = await anna.hear(1)
        assert "photo" in message.get("text", message.get("caption"))
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
    assert set(buttons) == {"✓ Auto", *(f"{name} · 32" for name in CATEGORIES)}
    await anna.tap(message, buttons["Boxes · 32"])
    edited = (await anna.next_event("edited"))["message"]
    assert "Boxes" in edited["text"]
    await anna.tap(edited, buttons["Boxes · 32"])  # nothing changes, and that is no error
    await anna.next_event("callback_answered")
    await anna.text("/category shoes and hats")
    [message] = await anna.hear(1)
    assert "shoes and hats" in message["text"]
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
    [question] = await anna.hear(1)
    await anna.tap(question, encode(Forget(ANNA, 1)))
    assert "deleted" in (await anna.next_event("edited"))["message"]["text"]
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
        assert await notice_of(anna, message, data, force=True)


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


@pytest.mark.parametrize("tap", [Vote(1, 0, -1), Vote(1, 99, 1), OtherCategory(2**62, 2**31), More(2**62, 100)])
def test_a_button_means_what_it_was_made_for_and_fits_in_64_bytes(tap: Tap) -> None:
    assert parse(encode(tap)) == tap
    assert len(encode(tap).encode()) <= 64


@pytest.mark.parametrize(
    "data",
    ["1:s:-1", "1:s:1001", "1:v:1:-1:1", "1:v:1:0:2", "1:v:1:101:1", "1:m:1:0", "1:o:1:-7", "1:o:1:101", "1:h:650"],
)
def test_what_no_button_of_ours_can_bear_means_nothing(data: str) -> None:
    assert parse(data) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.8", 0.8), ("0,8", 0.8), ("80%", 0.8), ("80", 0.8), ("1", 1.0), ("0.5%", 0.005), ("100 %", 1.0)]
    + [("very  Similar", 0.85), ("similar", 0.65), ("0", 0.0)]
    + [(text, None) for text in ("", "x", "101", "1.5", "-0.5", "250%", "0.8.1", "nan", "1e9")],
)
def test_a_threshold_is_read_as_people_write_it(text: str, value: float | None) -> None:
    assert parse_likeness(text, ENGLISH) == value


def test_a_caption_escapes_what_the_feed_says_and_never_exceeds_what_telegram_takes() -> None:
    shown = caption(ENGLISH, match(0.44, title="<b>&" * 900, brand='"Acme" & Sons' * 30, price="1.00", currency="EUR"))
    assert "<b>&<" not in shown
    assert "&lt;b&gt;&amp;" in shown
    plain = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&quot;", '"')
    assert len(plain.encode("utf-16-le")) // 2 <= 1024
    assert "€1.00" in shown
    assert "similar · 84%" in shown
    of_emoji = caption(ENGLISH, match(0.44, title="👩‍👩‍👧" * 900, brand="🎈" * 300, price="1.00", currency="EUR"))
    assert len(of_emoji.encode("utf-16-le")) // 2 <= 1024


@pytest.mark.parametrize(
    ("similarity", "words"),
    [(0.95, "the very one"), (0.5, "very similar · 90%"), (0.35, "similar · 70%"), (0.2, "somewhat similar · 40%"),
     (0.05, "hardly similar · 10%"), (-0.3, "hardly similar · 0%")],
)  # fmt: skip
def test_likeness_is_told_in_words_and_per_cent_and_never_as_a_cosine(similarity: float, words: str) -> None:
    assert caption(ENGLISH, match(similarity, title="Lamp")) == f"Lamp\n{words}"


def test_a_product_without_a_title_is_shown_by_its_category_and_one_without_a_price_simply_has_none() -> None:
    assert caption(ENGLISH, match(0.6)) == "Shoes\nvery similar · 100%"
    assert caption(ENGLISH, match(0.6, category=None)) == "x\nvery similar · 100%"


def test_a_brand_that_the_title_begins_with_is_not_said_twice() -> None:
    named = caption(ENGLISH, match(0.2, title="ACME Lamp", brand="Acme", price="1.00", currency="EUR"))
    assert named == "ACME Lamp\n<b>€1.00</b> · somewhat similar · 40%"
    assert "\nAcme · " in caption(ENGLISH, match(0.2, title="Lamp", brand="Acme"))


def test_a_card_of_several_variants_names_the_lowest_price_and_what_is_gone_is_marked() -> None:
    shown = match(0.44, title="Lamp", price="12.00", currency="USD")
    assert "<b>from $9.50</b>" in caption(ENGLISH, replace(shown, from_price="9.50"))
    assert "· out of stock ·" in caption(ENGLISH, replace(shown, is_marked_gone=True))
    assert "out of stock" not in caption(ENGLISH, shown)


@pytest.mark.parametrize(
    ("truth", "words"),
    [("kind", "of the same kind"), ("category", "of the same category"), ("product", "the same product")],
)
def test_what_a_percentage_means_is_worded_by_what_it_was_fitted_on(truth: str, words: str) -> None:
    shop = of_bot(likeness=LIKENESS.model_copy(update={"truth": truth}))
    for text in (how_to_use(ENGLISH, shop, in_group=False), choose_threshold(ENGLISH, None, shop)):
        assert f"87% means: of a hundred such matches, about 87 are {words}." in text
    assert "too few photos" in how_to_use(ENGLISH, of_bot(likeness=Likeness.unknown()), in_group=False)


@pytest.mark.parametrize("auto", [-1.0, 0.0, 0.175, 0.325, 0.97])
def test_auto_is_shown_as_likeness_with_its_word_and_each_degree_is_a_button(auto: float) -> None:
    shop = of_bot(auto_threshold=auto)
    [first], *others = likeness_buttons(ENGLISH, shop, None).inline_keyboard
    assert first.text == f"✓ Auto: {word(ENGLISH, shop.auto_likeness)} · {ENGLISH.percent(shop.auto_likeness)}"
    assert [button.text for [button] in others] == ["somewhat similar · 35%", "similar · 65%", "very similar · 85%"]
    for [button], least in zip(others, (0.35, 0.65, 0.85), strict=True):
        assert parse(str(button.callback_data)) == ChooseLikeness(round(least * 1000))
    [_, [somewhat], [similar], _] = likeness_buttons(ENGLISH, shop, 0.65).inline_keyboard
    assert (somewhat.text, similar.text) == ("somewhat similar · 35%", "✓ similar · 65%")
    [_, [own], *_] = likeness_buttons(ENGLISH, shop, 0.2).inline_keyboard
    assert (own.text, parse(str(own.callback_data))) == ("✓ hardly similar · 20%", ChooseLikeness(200))


def words_of(markup: InlineKeyboardMarkup | None) -> list[str]:
    assert markup is not None
    return [button.text for row in markup.inline_keyboard for button in row]


def below(of: Result) -> InlineKeyboardMarkup | None:
    return below_answer(ENGLISH, 1, of, found(of))


def test_where_nothing_was_found_is_not_offered_again() -> None:
    nothing = result(answer(("Toys", 0.5), ("Home", 0.4), ("Music", 0.1), scope=("Toys", "Home"), nearest=match(0.2)))
    assert words_of(below(nothing)) == ["Show less similar ones", "🔎 Music"]
    assert "the closest product is somewhat similar (40%)" in nothing_similar(ENGLISH, nothing)
    something = answer(("Toys", 0.5), ("Home", 0.4), scope=("Toys", "Home"), matches=(match(0.5),))
    assert words_of(below(result(something)))[3:] == ["🔎 Toys", "🔎 Home"]  # each alone is another search


@pytest.mark.parametrize(
    ("similarities", "rows"),
    [
        ((0.5, 0.5), [["👍", "👎"]]),
        ((0.5, 0.2), [["👍", "👎"], ["Show less similar ones"]]),
        ((0.5,) * 7, [["👍", "👎", "More"]]),
        ((0.5,) * 6, [["👍", "👎"]]),
    ],
)
def test_more_is_offered_until_the_threshold_and_then_less_similar_ones_in_a_row_that_holds_these_words(
    similarities: tuple[float, ...], rows: list[list[str]]
) -> None:
    matches = tuple(match(similarity) for similarity in similarities)
    shown = tuple(one for one in matches[:6] if one.similarity >= 0.3)
    of = replace(answer(("Toys", 0.9), scope=("Toys",), matches=matches), matches=shown)
    numbers = [str(number) for number in range(1, len(shown) + 1)]
    markup = below(result(of))
    assert markup is not None
    assert [[button.text for button in row] for row in markup.inline_keyboard] == [numbers, *rows]


def test_ten_products_have_their_numbers_in_two_rows() -> None:
    markup = below(result(answer(("Toys", 0.9), scope=("Toys",), matches=(match(0.5),) * 10)))
    assert markup is not None
    assert [len(row) for row in markup.inline_keyboard] == [5, 5, 2]


def test_a_shop_with_nothing_to_compare_with_offers_nothing() -> None:
    assert below(result(answer(("Toys", 0.9), scope=("Toys",)))) is None


@pytest.mark.parametrize(
    ("scope", "where"),
    [
        (("Toys", "Home", "Music"), "I looked in all of them."),
        (("Toys", "Home", "Music", "Art"), "I looked there and in others."),
        (("Toys",), "I looked there and in others."),
        (("Art",), "I looked in <b>Art</b>."),
    ],
)
def test_less_than_half_sure_it_asks_instead_of_asserting(scope: tuple[str, ...], where: str) -> None:
    unsure = answer(("Toys", 0.4), ("Home", 0.35), ("Music", 0.2), ("Art", 0.05), scope=scope, matches=(match(0.5),))
    of = result(unsure, of_bot(category_ids={"Art": 4, "Home": 1, "Music": 2, "Toys": 3}))
    if scope == ("Toys",):
        where = "I looked in <b>Toys</b>."
    asked = "Is this <b>Toys</b>, <b>Home</b>, or <b>Music</b>?"
    assert answered(ENGLISH, of).startswith(f"{asked} {where}\n")
    assert "🔎 Home" in words_of(below(of))


def test_what_the_shop_may_not_sell_is_doubted_and_the_categories_stay_within_reach() -> None:
    strange = answer(("Toys", 0.3), ("Home", 0.05), ("Music", 0.001), scope=("Toys",), matches=(match(0.4),), sold=0.36)
    of = result(strange)
    doubt = "I am not sure that there is anything like this here."
    assert answered(ENGLISH, of).startswith(f"{doubt} I looked in <b>Toys</b>.\n\n<i>Similar</i>")
    assert "🔎 Home" in words_of(below(of))
    none = nothing_similar(ENGLISH, result(replace(strange, matches=())))
    assert none.startswith("There seems to be nothing like this here. I looked in <b>Toys</b>.\n")
    chosen = answered(ENGLISH, result(strange, category="Toys"))
    assert chosen.startswith(f"I looked in <b>Toys</b>, as you chose with /category. {doubt}")
    tapped = answered(ENGLISH, result(strange, category="Toys", tapped=3))
    assert doubt not in tapped  # they know better


def test_half_sure_it_says_what_it_sees() -> None:
    sure = answer(("Toys", 0.78), ("Home", 0.2), scope=("Toys", "Home"), matches=(match(0.5, title="Yo-yo"),))
    text = answered(ENGLISH, result(sure))
    assert text == "This looks like <b>Toys</b> (78%). I also looked in <b>Home</b>.\n\n<i>Very similar</i>\n1. Yo-yo"
    unsure = result(answer(("Toys", 0.49), ("Home", 0.48), scope=("Home", "Toys")))
    assert "Is this <b>Toys</b> or <b>Home</b>? I looked in all of them." in answered(ENGLISH, unsure)


def test_products_are_listed_with_their_link_price_and_brand() -> None:
    one = match(0.5, title="<Lamp>", url="https://shop.example/?a=1&b=2", price="9.50", currency="USD", brand="Acme")
    shown = answered(ENGLISH, result(answer(matches=(one, match(0.4, title="B" * 90)))))
    with_price = "&lt;Lamp&gt;</a>\N{NO-BREAK SPACE}·\N{NO-BREAK SPACE}<b>$9.50</b>"  # on a line together
    assert shown.splitlines()[2:] == [
        "<i>Very similar</i>",
        f'1. <a href="https://shop.example/?a=1&amp;b=2">{with_price} · Acme',
        "<i>Similar</i>",
        f"2. {'B' * 71}…",
    ]


def test_without_categories_everything_is_searched_and_the_words_say_so() -> None:
    shop = of_bot(category_ids={}, tells_categories=False)
    whole = result(answer(matches=(match(0.5), match(0.4))), shop)
    assert answered(ENGLISH, whole).startswith("I looked through the whole shop.\n\n<i>Very similar</i>\n1. ")
    assert words_of(below(whole)) == ["1", "2", "👍", "👎"]
    nothing = nothing_similar(ENGLISH, result(answer(nearest=match(0.2)), shop))
    assert nothing.startswith("I looked through the whole shop.\n")
    assert "no categories" in choose_category(ENGLISH, "Toys", shop)
    assert category_buttons(ENGLISH, {}, {}, None, 0) is None
    assert "/category" not in how_to_use(ENGLISH, shop, in_group=False)


def test_where_categories_are_not_told_apart_one_can_be_chosen_all_the_same() -> None:
    shop = of_bot(tells_categories=False)
    chosen = result(answer(scope=("Toys",), matches=(match(0.5),)), shop, category="Toys")
    assert "I look everywhere" in choose_category(ENGLISH, None, shop)
    assert answered(ENGLISH, chosen).startswith("I looked in <b>Toys</b>, as you chose with /category.\n")
    everywhere = result(answer(scope=("Toys", "Home")), shop)
    assert answered(ENGLISH, everywhere).startswith("I looked in <b>Toys</b> and <b>Home</b>.")


def test_a_likeness_is_rounded_down_so_that_it_never_seems_to_pass_a_threshold_it_missed() -> None:
    assert ENGLISH.percent(0.8999) == "89%"
    assert ENGLISH.percent(0.29) == "29%"


async def test_a_button_opens_and_judges_only_what_its_own_chat_has_asked(
    bot: BotProcess, anna: UserClient, sandbox: Sandbox, rows: Rows
) -> None:
    """A client may send any callback data, and queries are numbered in order."""
    await anna.photo(jpeg(draw_product(CATEGORIES[0], "red", 990)))
    await hear_reply(anna)
    async with UserClient(sandbox.url, 66) as eve:
        await eve.text("/start")
        [message] = await eve.hear(1)
        assert "too old" in await notice_of(eve, message, "1:v:1:0:-1", force=True)
        for data in ("1:c:1:1", "1:m:1:1", "1:o:1:1", "1:p:1"):
            assert "too old" in await notice_of(eve, message, data, force=True)
    assert rows("SELECT count(*) FROM feedback")[0][0] == 0
    assert rows("SELECT count(*) FROM queries")[0][0] == 1


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


async def test_showing_less_similar_ones_keeps_to_the_category_that_was_tapped(
    bot: BotProcess, anna: UserClient, rows: Rows
) -> None:
    await anna.text("/category balls")
    await anna.text("/threshold 100%")
    await anna.hear(2)
    await anna.photo(jpeg(draw_product(CATEGORIES[1], "blue", 992)))
    reply = await hear_reply(anna)
    await anna.tap(reply.below, reply.button("Boxes"))
    other = await hear_reply(anna)
    await anna.tap(other.below, other.button("Show less"))
    assert (await hear_reply(anna)).products
    asked = rows("SELECT kind_of_query, category, category_source FROM queries ORDER BY id")
    assert [tuple(row) for row in asked[1:]] == [("other_category", "Boxes", "tap"), ("more", "Boxes", "tap")]


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
