"""What users do reaches the bot as updates that python-telegram-bot understands."""

import asyncio
import io
from pathlib import Path

import httpx
import pytest
from PIL import Image
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto
from telegram.error import BadRequest, Conflict, InvalidToken

from sandbox import running_sandbox, user_api
from sandbox.bot_api import METHODS
from sandbox.client import UserClient
from sandbox.other_kinds import OTHER_KINDS

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("More", callback_data="more")]])


async def test_a_command_reaches_the_bot_with_its_entity(bot, anna):
    await anna.text("/start now")
    [update] = await bot.get_updates(timeout=1)
    assert update.message.text == "/start now"
    assert (update.effective_user.id, update.effective_chat.type) == (7, "private")
    assert [(e.type, e.offset, e.length) for e in update.message.entities] == [("bot_command", 0, 6)]


async def test_a_user_has_the_language_that_their_app_tells(bot, anna):
    for code in ("hi", "pt-br", ""):
        await anna.language(code)
        await anna.text("Hello")
    spoken = [update.effective_user.language_code for update in await bot.get_updates(timeout=1)]
    assert spoken == ["hi", "pt-br", None]
    with pytest.raises(httpx.HTTPStatusError, match="language_code must be a code"):
        await anna.language("German")


async def test_a_photo_reaches_the_bot_in_rising_sizes(bot, anna, picture):
    await anna.photo(picture(size=(2000, 1500)), caption="like this")
    [update] = await bot.get_updates(timeout=1)
    assert update.message.caption == "like this"
    assert [max(size.width, size.height) for size in update.message.photo] == [90, 320, 800, 1280]
    largest = update.message.photo[-1]
    content = await (await largest.get_file()).download_as_bytearray()
    assert Image.open(io.BytesIO(content)).size == (1280, 960)
    assert len(content) == largest.file_size


async def test_an_album_of_a_user_comes_as_separate_updates_with_one_group_id(bot, anna, picture):
    await anna.photo(picture("red"), picture("green"), picture("blue"), caption="these")
    updates = await bot.get_updates(timeout=1)
    assert len(updates) == 3
    assert len({update.message.media_group_id for update in updates}) == 1
    assert [update.message.caption for update in updates] == ["these", None, None]


async def test_a_document_round_trip_keeps_every_byte(bot, anna, picture):
    content = picture(kind="PNG")
    await anna.document(content, "shoe.png", "image/png")
    [update] = await bot.get_updates(timeout=1)
    document = update.message.document
    assert (document.file_name, document.mime_type) == ("shoe.png", "image/png")
    assert bytes(await (await document.get_file()).download_as_bytearray()) == content


async def test_documents_come_as_an_album_too(bot, anna):
    await anna.documents(("a.txt", b"1"), ("b.txt", b"2"), caption="both")
    updates = await bot.get_updates(timeout=1)
    assert len({update.message.media_group_id for update in updates}) == 1
    assert [update.message.document.file_name for update in updates] == ["a.txt", "b.txt"]
    assert [update.message.caption for update in updates] == ["both", None]


async def test_a_static_sticker_reaches_the_bot_as_the_file_it_is(bot, anna, picture):
    webp = picture(size=(512, 300), kind="WEBP")
    await anna.sticker(webp, emoji="👜")
    [update] = await bot.get_updates(timeout=1)
    sticker = update.message.sticker
    assert (sticker.is_animated, sticker.is_video, sticker.emoji) == (False, False, "👜")
    assert (sticker.width, sticker.height, sticker.type) == (512, 300, "regular")
    assert bytes(await (await sticker.get_file()).download_as_bytearray()) == webp
    with pytest.raises(BadRequest, match="Can't use file of type sticker as photo"):
        await bot.send_photo(7, sticker.file_id)


async def test_what_is_no_static_sticker_is_refused(anna, picture):
    for content, reason in ((picture(), "is a WebP picture"), (picture(size=(513, 9), kind="WEBP"), "512 x 512")):
        with pytest.raises(httpx.HTTPStatusError, match=reason):
            await anna.sticker(content)


@pytest.mark.parametrize("kind", OTHER_KINDS)
async def test_other_kinds_of_messages_are_understood_by_the_bot(bot, anna, kind):
    await anna.other(kind)
    [update] = await bot.get_updates(timeout=1)
    held = update.message.sticker if kind.endswith("sticker") else getattr(update.message, kind)
    assert held
    assert update.message.text is None
    assert not held.api_kwargs  # nothing that the Bot API does not know


async def test_an_unknown_kind_is_refused_with_those_there_are(anna):
    with pytest.raises(httpx.HTTPStatusError, match="kind must be one of voice, audio, "):
        await anna.other("smell")


async def test_a_document_over_20_mb_is_sent_but_cannot_be_fetched(bot, anna):
    await anna.document(bytes(20 * 1024 * 1024 + 1), "huge.bin")
    [update] = await bot.get_updates(timeout=1)
    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file(update.message.document.file_id)


async def test_the_same_picture_has_the_same_ids(anna, picture):
    [first] = await anna.photo(picture())
    [second] = await anna.photo(picture())
    assert first["photo"] == second["photo"]


async def test_a_tap_arrives_with_the_whole_message_and_its_answer_returns(bot, anna, chat, picture):
    [photo] = await anna.photo(picture())
    sent = await bot.send_message(chat, "Similar", reply_to_message_id=photo["message_id"], reply_markup=KEYBOARD)
    [message] = await anna.hear()
    await anna.tap(message, "more")
    query = (await bot.get_updates(timeout=1))[-1].callback_query
    assert (query.data, query.message.message_id) == ("more", sent.message_id)
    assert query.message.reply_to_message.photo[-1].file_id == photo["photo"][-1]["file_id"]
    assert await query.answer("There you go")
    event = await anna.next_event("callback_answered")
    assert (event["text"], event["show_alert"]) == ("There you go", False)


async def test_a_tap_is_not_taken_for_one_in_an_earlier_sandbox(make_bot):
    ids = []
    for _ in range(2):
        async with running_sandbox() as own, make_bot(own) as bot, UserClient(own.url, 7) as anna:
            await anna.text("Hello")
            sent = await bot.send_message(7, "Similar", reply_markup=KEYBOARD)
            await anna.tap({"message_id": sent.message_id}, "more")
            ids.append((await bot.get_updates(timeout=1))[-1].callback_query.id)
    assert ids[0] != ids[1]


async def test_a_button_that_is_not_there_cannot_be_tapped(bot, anna, chat):
    await bot.send_message(chat, "Similar", reply_markup=KEYBOARD)
    [message] = await anna.hear()
    with pytest.raises(httpx.HTTPStatusError, match='no button with data "less"'):
        await anna.tap(message, "less")


async def test_a_forced_tap_on_a_message_that_is_gone_is_inaccessible_to_the_bot(bot, anna, chat):
    await anna.tap({"message_id": 99}, "old", force=True)
    query = (await bot.get_updates(timeout=1))[-1].callback_query
    assert (query.message.message_id, query.message.is_accessible) == (99, False)


async def test_a_tap_below_an_inline_message_names_no_message_and_edits_by_its_id_are_recorded(
    sandbox, bot, anna, picture
):
    await anna.tap_inline("AgAAinline", "more")
    query = (await bot.get_updates(timeout=1))[-1].callback_query
    assert (query.message, query.inline_message_id, query.data) == (None, "AgAAinline", "more")
    assert await query.answer("Here")
    assert (await anna.next_event("callback_answered"))["text"] == "Here"
    assert await query.edit_message_text("More", reply_markup=KEYBOARD) is True
    with pytest.raises(BadRequest, match="can't be uploaded into an inline message"):
        await query.edit_message_media(InputMediaPhoto(picture()))
    async with UserClient(sandbox.url, 8) as ben:
        [known] = await ben.photo(picture())
    assert await query.edit_message_media(InputMediaPhoto(known["photo"][-1]["file_id"])) is True
    edits = [(call.method, call.carried_out) for call in sandbox.state.bots[sandbox.token].calls.calls
             if call.inline_message_id == "AgAAinline"]  # fmt: skip
    assert edits == [("editMessageText", True), ("editMessageMedia", False), ("editMessageMedia", True)]
    with pytest.raises(BadRequest, match="Message_id_invalid"):
        await bot.edit_message_reply_markup(inline_message_id="AgAAother", reply_markup=KEYBOARD)
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(7, "Hello")  # who taps has not spoken to the bot


async def test_a_long_poll_returns_as_soon_as_something_happens(bot, anna):
    poll = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.1)
    assert not poll.done()
    await anna.text("Hello")
    assert len(await asyncio.wait_for(poll, 1)) == 1


async def test_updates_stay_until_an_offset_confirms_them(bot, anna):
    for word in ("one", "two", "three"):
        await anna.text(word)
    first, *_ = await bot.get_updates(limit=1)
    assert first.message.text == "one"
    rest = await bot.get_updates(offset=first.update_id + 1)
    assert [update.message.text for update in rest] == ["two", "three"]
    assert [update.message.text for update in await bot.get_updates(offset=-1)] == ["three"]
    assert len(await bot.get_updates()) == 1


async def test_kinds_of_updates_that_are_not_allowed_are_dropped(bot, anna):
    await bot.get_updates(allowed_updates=["callback_query"])
    await anna.text("unheard")
    assert await bot.get_updates(allowed_updates=[]) == ()
    await anna.text("heard")
    assert len(await bot.get_updates()) == 1


async def test_a_second_poll_ends_the_first_with_a_conflict(bot, call):
    first = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.1)
    assert await call("getUpdates", timeout=0) == {"ok": True, "result": []}
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await asyncio.wait_for(first, 1)


async def test_a_group_speaks_through_its_own_chat(sandbox, bot):
    async with UserClient(sandbox.url, 8, chat_id=-100) as ben, UserClient(sandbox.url, 9, chat_id=-100) as cleo:
        await ben.text("/start", chat_type="supergroup")
        [update] = await bot.get_updates(timeout=1)
        assert (update.effective_chat.id, update.effective_chat.type) == (-100, "supergroup")
        await bot.send_message(-100, "Hello Ben", reply_markup=KEYBOARD)
        [message] = await cleo.hear()
        await cleo.tap(message, "more")
        query = (await bot.get_updates(offset=-1))[0].callback_query
        assert query.from_user.id == 9
        await query.answer("Only for Cleo")
        assert (await cleo.next_event("callback_answered"))["text"] == "Only for Cleo"
        assert "callback_answered" not in [event["type"] for event in await ben.events()]


async def test_users_see_all_that_happens_in_order(bot, anna, chat, picture):
    await bot.send_chat_action(chat, "typing")
    sent = await bot.send_message(chat, "One")
    await sent.edit_text("Two")
    await sent.delete()
    events = await anna.events()
    assert [event["type"] for event in events] == ["chat_action", "message", "edited", "deleted"]
    assert [event["event"] for event in events] == [2, 3, 4, 5]
    assert (events[1]["by"], events[2]["message"]["text"]) == ("bot", "Two")


async def test_the_feed_waits_for_the_next_event(bot, anna, chat):
    waiting = asyncio.create_task(anna.events(wait_s=5))
    await asyncio.sleep(0.1)
    await bot.send_message(chat, "At last")
    [event] = await asyncio.wait_for(waiting, 1)
    assert event["message"]["text"] == "At last"


async def test_a_reply_of_a_user_carries_the_message_it_replies_to(bot, anna, chat):
    sent = await bot.send_message(chat, "Which one?")
    await anna.text("That one", reply_to_message_id=sent.message_id)
    update = (await bot.get_updates(offset=-1))[0]
    assert update.message.reply_to_message.text == "Which one?"


async def test_parameters_come_by_query_form_or_json_and_methods_in_any_case(sandbox, chat):
    base = f"{sandbox.bot_url}{sandbox.token}"
    async with httpx.AsyncClient() as http:
        answers = [
            await http.get(f"{base}/sendmessage", params={"chat_id": chat, "text": "query"}),
            await http.post(f"{base}/SendMessage", data={"chat_id": chat, "text": "form"}),
            await http.post(f"{base}/sendMessage", json={"chat_id": chat, "text": "json"}),
            await http.post(f"{base}/sendMessage", data={"chat_id": chat}, files={"text": (None, "parts")}),
        ]
    assert [answer.json()["result"]["text"] for answer in answers] == ["query", "form", "json", "parts"]


async def test_unknown_tokens_methods_and_paths_are_refused(sandbox):
    async with httpx.AsyncClient(base_url=sandbox.url) as http:
        paths = ("/bot2:other/getMe", "/bot1:sandbox/getMoon", "/elsewhere", "/file/bot1:sandbox/none.jpg")
        answers = [await http.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [401, 404, 404, 404]
    assert answers[0].json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_python_telegram_bot_calls_an_unknown_token_invalid(sandbox, make_bot):
    stranger = make_bot(sandbox, "2:other")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


async def test_each_bot_lives_in_a_world_of_its_own(make_bot, picture):
    async with running_sandbox(["1:one", "2:two"]) as both:
        async with UserClient(both.url, 7) as to_one, UserClient(both.url, 7, bot_id=2) as to_two:
            await to_one.photo(picture())
            await to_two.text("Hello two")
        async with make_bot(both, "1:one") as one, make_bot(both, "2:two") as two:
            [update] = await one.get_updates()
            file_id = update.message.photo[-1].file_id
            assert await one.send_photo(7, file_id)
            with pytest.raises(BadRequest, match="Wrong file identifier"):
                await two.send_photo(7, file_id)
            with pytest.raises(BadRequest, match="Wrong file identifier"):
                await two.send_media_group(7, [InputMediaPhoto(file_id)] * 2)


GROUP_ADDRESSES = ("member", "bot", "topic", "migrate")
README = Path(user_api.__file__).with_name("README.md").read_text()


def test_the_readme_lists_every_method():
    listed = README[README.index("Methods:") : README.index("answer 404")].lower()
    assert {word.strip(".,") for word in listed.split()} >= set(METHODS)


def test_the_readme_lists_every_address_of_the_user_side():
    addresses = (
        "text",
        "photo",
        "document",
        "sticker",
        "other",
        "tap",
        "language",
        "block",
        "unblock",
        "messages",
        "file/<file_id>",
    )
    others = ("POST /faults", "DELETE /faults", "/privacy", *(f"/chat/<id>/{name}" for name in GROUP_ADDRESSES))
    for address in (*(f"/user/<id>/{name}" for name in addresses), *others):
        assert address in README
