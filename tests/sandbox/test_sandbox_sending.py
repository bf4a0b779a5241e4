"""What a bot writes is checked by Telegram's rules and reaches the users."""

import asyncio
import io

import pytest
from PIL import Image
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import BadRequest, RetryAfter

from sandbox import running_sandbox
from sandbox.client import UserClient
from sandbox.flood import FloodGate
from sandbox.messages import Chat
from sandbox.photos import photo_sizes


def keyboard(data: str = "vote") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Vote", callback_data=data)]])


async def test_an_album_comes_back_as_messages_with_one_group_id(bot, anna, chat, picture):
    media = [InputMediaPhoto(picture("red"), caption="<b>Red</b> shoe", parse_mode="HTML")]
    media += [InputMediaPhoto(picture(colour)) for colour in ("green", "blue")]
    sent = await bot.send_media_group(chat, media)
    assert len({message.media_group_id for message in sent}) == 1
    assert (sent[0].caption, sent[0].caption_entities[0].type) == ("Red shoe", "bold")
    seen = await anna.hear(3)
    assert [message["message_id"] for message in seen] == [message.message_id for message in sent]
    content = await anna.file(seen[2]["photo"][-1]["file_id"])
    red, _, blue = Image.open(io.BytesIO(content)).getpixel((0, 0))
    assert blue > 200 > 50 > red


async def test_an_album_can_be_sent_again_by_its_file_ids(bot, chat, picture):
    sent = await bot.send_media_group(chat, [InputMediaPhoto(picture(c)) for c in ("red", "blue")])
    ids = [message.photo[-1].file_id for message in sent]
    again = await bot.send_media_group(chat, [InputMediaPhoto(file_id) for file_id in ids])
    assert [message.photo[-1].file_id for message in again] == ids


@pytest.mark.parametrize(("count", "reason"), [(0, "no messages"), (1, "must include 2-10"), (11, "too many")])
async def test_an_album_of_none_one_or_eleven_is_refused(call, chat, count, reason):
    answer = await call("sendMediaGroup", chat_id=chat, media=[{"type": "photo", "media": "x"}] * count)
    assert answer["error_code"] == 400
    assert reason in answer["description"]


async def test_an_album_of_photos_and_documents_is_refused(bot, chat, picture):
    media = [InputMediaPhoto(picture()), InputMediaDocument(picture(), filename="a.jpg")]
    with pytest.raises(BadRequest, match="can't be mixed"):
        await bot.send_media_group(chat, media)


async def test_an_album_with_one_broken_picture_is_not_sent_at_all(bot, anna, chat, picture):
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await bot.send_media_group(chat, [InputMediaPhoto(picture()), InputMediaPhoto(b"no picture")])
    assert await anna.events() == []


async def test_an_album_carries_no_buttons(call, chat):
    answer = await call("sendMediaGroup", chat_id=chat, media="[]", reply_markup=keyboard().to_dict())
    assert "reply_markup is not allowed" in answer["description"]


async def test_a_document_of_the_bot_keeps_its_name_and_bytes(bot, anna, chat):
    sent = await bot.send_document(chat, b"title,price\n", filename="list.csv", caption="Prices")
    assert (sent.document.file_name, sent.document.mime_type) == ("list.csv", "text/csv")
    [message] = await anna.hear()
    assert await anna.file(message["document"]["file_id"]) == b"title,price\n"


async def test_captions_count_1024_utf16_units_behind_their_entities(bot, chat, picture):
    assert await bot.send_photo(chat, picture(), caption=f"<b>{'🙂' * 512}</b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="caption is too long"):
        await bot.send_photo(chat, picture(), caption="🙂" * 512 + "x")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "message text is empty"), ("  \n", "message text is empty"), ("x" * 4097, "message is too long")],
)
async def test_a_text_has_1_to_4096_characters(call, chat, text, reason):
    assert (await call("sendMessage", chat_id=chat, text=text))["description"] == f"Bad Request: {reason}"
    assert (await call("sendMessage", chat_id=chat, text="x" * 4096))["ok"]


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ({"inline_keyboard": [[{"text": "a", "callback_data": "é" * 33}]]}, "BUTTON_DATA_INVALID"),
        ({"inline_keyboard": [[{"text": "a", "callback_data": ""}]]}, "BUTTON_DATA_INVALID"),
        ({"inline_keyboard": [[{"text": "a"}]]}, "Text buttons are unallowed"),
        ({"inline_keyboard": [[{"text": "a", "callback_data": "b", "url": "http://a.b"}]]}, "exactly one"),
        ({"inline_keyboard": [[{"text": "a", "url": "nowhere"}]]}, "Wrong HTTP URL"),
        ({"inline_keyboard": [{"text": "a", "callback_data": "b"}]}, "must be an Array of Arrays"),
        ({"inline_keyboard": [[{"callback_data": "b"}]]}, 'Can\'t find field "text"'),
        ([], "object expected as reply markup"),
        ({"buttons": []}, "got the fields buttons"),
    ],
)
async def test_a_keyboard_out_of_shape_is_refused(call, chat, markup, reason):
    answer = await call("sendMessage", chat_id=chat, text="Vote", reply_markup=markup)
    assert answer["error_code"] == 400
    assert reason in answer["description"]


async def test_callback_data_holds_64_bytes(bot, chat):
    assert await bot.send_message(chat, "Vote", reply_markup=keyboard("x" * 64))


async def test_a_keyboard_that_is_not_inline_is_shown_to_the_user_alone(bot, anna, chat):
    sent = await bot.send_message(chat, "Pick", reply_markup=ReplyKeyboardMarkup([["Shoes", "Bags"]]))
    assert sent.reply_markup is None
    event = await anna.next_event("message")
    assert event["reply_markup"]["keyboard"][0][0]["text"] == "Shoes"


async def test_photos_keep_telegrams_limits(bot, chat, picture):
    with pytest.raises(BadRequest, match="Photo_invalid_dimensions"):
        await bot.send_photo(chat, picture(size=(2100, 100)))
    with pytest.raises(BadRequest, match="too big for a photo"):
        await bot.send_photo(chat, picture(kind="BMP") + bytes(10 * 1024 * 1024))


def test_a_small_picture_is_not_enlarged(picture):
    assert [(size.width, size.height) for size in photo_sizes(picture(size=(200, 100)))] == [(90, 45), (200, 100)]


async def test_media_by_address_is_refused_since_nothing_is_fetched(bot, chat):
    with pytest.raises(BadRequest, match="Wrong file identifier"):
        await bot.send_photo(chat, "http://127.0.0.1/shoe.jpg")


async def test_a_document_cannot_be_sent_as_a_photo(bot, chat, picture):
    sent = await bot.send_document(chat, picture(), filename="a.jpg")
    with pytest.raises(BadRequest, match="Can't use file of type document as photo"):
        await bot.send_photo(chat, sent.document.file_id)


async def test_a_chat_must_have_spoken_first(bot):
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(7, "Hello?")


async def test_a_reply_needs_its_message_unless_told_otherwise(bot, chat):
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(chat, "Yes", reply_parameters=ReplyParameters(99))
    parameters = ReplyParameters(99, allow_sending_without_reply=True)
    assert (await bot.send_message(chat, "Yes", reply_parameters=parameters)).reply_to_message is None


async def test_an_edit_must_change_something(bot, chat):
    sent = await bot.send_message(chat, "Vote", reply_markup=keyboard())
    with pytest.raises(BadRequest, match="Message is not modified: specified new message content and reply"):
        await sent.edit_text("<b></b>Vote ", parse_mode="HTML", reply_markup=keyboard())
    with pytest.raises(BadRequest, match="Message is not modified"):
        await sent.edit_reply_markup(keyboard())
    assert (await sent.edit_text("Vote")).reply_markup is None


async def test_an_edit_fits_the_kind_of_its_message(bot, anna, chat, picture):
    photo = await bot.send_photo(chat, picture(), caption="Red")
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await photo.edit_text("Blue")
    assert (await photo.edit_caption("Blue")).caption == "Blue"
    text = await bot.send_message(chat, "Red")
    with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
        await text.edit_caption("Blue")
    heard = await anna.text("mine")
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("yours", chat, heard["message_id"])


async def test_a_photo_takes_the_place_of_another_with_caption_and_buttons(bot, anna, chat, picture):
    sent = await bot.send_photo(chat, picture("red"), caption="Red", reply_markup=keyboard())
    assert sent.reply_markup == keyboard()
    blue = InputMediaPhoto(picture("blue"), caption="<b>Blue</b>", parse_mode="HTML")
    edited = await sent.edit_media(blue, reply_markup=keyboard("other"))
    assert (edited.id, edited.caption, edited.reply_markup) == (sent.id, "Blue", keyboard("other"))
    event = await anna.next_event("edited")
    content = await anna.file(event["message"]["photo"][-1]["file_id"])
    assert Image.open(io.BytesIO(content)).getpixel((0, 0))[2] > 200
    by_id = InputMediaPhoto(sent.photo[-1].file_id)
    assert (await edited.edit_media(by_id)).photo == sent.photo
    with pytest.raises(BadRequest, match="Message is not modified"):
        await edited.edit_media(by_id)


async def test_media_to_put_in_place_are_checked_as_those_sent(call, bot, chat, picture):
    album = await bot.send_media_group(chat, [InputMediaPhoto(picture(colour)) for colour in ("red", "blue")])
    with pytest.raises(BadRequest, match="Can't change media type in the album"):
        await album[0].edit_media(InputMediaDocument(picture(), filename="a.jpg"))
    text = await bot.send_message(chat, "Wait")
    for media, reason in (
        ("", 'parameter "media" is required'), ("[]", "expected an Object"), ({"type": "voice"}, "unsupported"),
        ({"type": "photo"}, "media not found"), ({"type": "photo", "media": "x"}, "wrong file identifier"),
        ({"type": "photo", "media": album[0].photo[-1].file_id, "caption": "x" * 1025}, "caption is too long"),
    ):  # fmt: skip
        answer = await call("editMessageMedia", chat_id=chat, message_id=text.id, media=media)
        assert reason in answer["description"], media
    assert (await text.edit_media(InputMediaPhoto(album[0].photo[-1].file_id))).text is None


async def test_a_deleted_message_is_gone(bot, chat):
    sent = await bot.send_message(chat, "Soon gone")
    assert await sent.delete()
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await sent.delete()
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await sent.edit_text("Still here?")


async def test_a_callback_answer_holds_200_characters_and_comes_in_time(sandbox, bot, anna, chat):
    sent = await bot.send_message(chat, "Vote", reply_markup=keyboard())
    query_id = await anna.tap({"message_id": sent.message_id}, "vote")
    with pytest.raises(BadRequest, match="Message_too_long"):
        await bot.answer_callback_query(query_id, "x" * 201)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query("77")
    world = sandbox.state.bot_by_token(sandbox.token)
    now = world.clock()
    world.clock = lambda: now + 16
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(query_id)


async def test_the_bot_knows_itself_its_chats_and_its_commands(bot, chat):
    assert (bot.id, bot.username) == (1, "sandbox1_bot")
    assert (await bot.get_chat(chat)).first_name == "User 7"
    await bot.set_my_commands([("start", "Begin")])
    assert [command.command for command in await bot.get_my_commands()] == ["start"]
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()
    with pytest.raises(BadRequest, match="Bot_command_invalid"):
        await bot.set_my_commands([("Start!", "Begin")])


async def test_the_flood_limit_is_off_unless_asked_for(bot, chat):
    await asyncio.gather(*(bot.send_message(chat, f"{n}") for n in range(8)))


async def test_with_the_flood_limit_a_sixth_message_at_once_has_to_wait(make_bot):
    async with running_sandbox(flood=True) as sandbox, UserClient(sandbox.url, 7) as anna:
        await anna.text("Hello")
        async with make_bot(sandbox) as bot:
            for n in range(5):
                await bot.send_message(7, f"{n}")
            with pytest.raises(RetryAfter):
                await bot.send_message(7, "one too many")


def test_a_group_takes_twenty_messages_a_minute():
    now = 0.0
    gate, group = FloodGate(clock=lambda: now), Chat(-1, "group", "Group 1")
    for _ in range(20):
        gate.pass_one(group)
    now = 59.5
    with pytest.raises(Exception, match="retry after 1"):
        gate.pass_one(group)
    now = 60.0
    gate.pass_one(group)
