"""Bot API methods that change or remove a message."""

from dataclasses import replace
from typing import Literal

from sandbox import rules
from sandbox.calls import Call
from sandbox.entities import format_text
from sandbox.errors import bad_request
from sandbox.membership import ADMINS
from sandbox.messages import Content, Message
from sandbox.sending import read_item
from sandbox.wire import Json

Result = Json | Literal[True]
"""The message as it is now; of one known by its `inline_message_id` alone, that it was done."""


async def edit_message_text(call: Call) -> Result:
    """Give a message another text; without a keyboard it loses the one it had."""
    text = rules.check_text(format_text(call.text("text"), call.text("parse_mode"), call.json("entities")))
    if _is_inline(call):
        return True
    message = _own_message(call)
    if message.content.media is not None:
        raise bad_request("there is no text in the message to edit")
    return _edit(call, message, Content(text))


async def edit_message_caption(call: Call) -> Result:
    """Give a photo or document another caption; without a keyboard it loses the one it had."""
    caption = rules.check_caption(
        format_text(call.text("caption"), call.text("parse_mode"), call.json("caption_entities"))
    )
    if _is_inline(call):
        return True
    message = _own_message(call)
    if message.content.media is None:
        raise bad_request("there is no caption in the message to edit")
    return _edit(call, message, replace(message.content, text=caption))


async def edit_message_media(call: Call) -> Result:
    """Put another photo or document, with its caption, in place of what a message holds, be it a text."""
    call.required("media")
    content = await read_item(call, call.json("media"))
    if _is_inline(call):
        return True
    message = _own_message(call)
    if message.album_id and type(message.content.media) is not type(content.media):
        raise bad_request("can't change media type in the album")
    return _edit(call, message, content)


async def edit_message_reply_markup(call: Call) -> Result:
    """Give a message another inline keyboard, or none."""
    if _is_inline(call):
        return True
    message = _own_message(call)
    return _edit(call, message, message.content)


async def delete_message(call: Call) -> bool:
    """Remove a message: the bot's own, one of the other side in a private chat, and any where the bot is an admin."""
    message = _message(call, "message to delete not found")
    is_others = message.sender != call.bot.user and message.chat.type != "private"
    if is_others and call.bot.members.of_bot(message.chat.id) not in ADMINS:
        raise bad_request("message can't be deleted")
    call.bot.delete(message)
    return True


def _edit(call: Call, message: Message, content: Content) -> Json:
    call.bot.edit(message, content, _inline_keyboard(call))
    return message.to_json()


def _inline_keyboard(call: Call) -> Json | None:
    keyboard, other_markup = rules.check_reply_markup(call.json("reply_markup"))
    if other_markup is not None:
        raise bad_request("inline keyboard expected")
    return keyboard


def _is_inline(call: Call) -> bool:
    """Whether a message is named by an `inline_message_id`: what it holds is unknown, so the call alone is checked."""
    inline_message_id = call.text("inline_message_id")
    if inline_message_id and inline_message_id not in call.bot.inline_messages:
        raise bad_request("MESSAGE_ID_INVALID")
    if inline_message_id and call.uploads:
        raise bad_request("a file can't be uploaded into an inline message: pass a file_id")
    _inline_keyboard(call)
    return bool(inline_message_id)


def _own_message(call: Call) -> Message:
    message = _message(call, "message to edit not found")
    if message.sender != call.bot.user:
        raise bad_request("message can't be edited")
    return message


def _message(call: Call, otherwise: str) -> Message:
    chat, message_id = call.bot.reach(call.text("chat_id")), call.integer("message_id")
    if not message_id:
        raise bad_request("message identifier is not specified")
    found = call.bot.messages.get((chat.id, message_id))
    if found is None:
        raise bad_request(otherwise)
    return found
