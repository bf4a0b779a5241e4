"""The Bot API's methods by name, and those that need no file of their own.

Names are case-insensitive at Telegram, so the table holds them in lower case. A method takes the
`Call` and returns what goes into the answer's `result`, or raises `ApiError`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from sandbox import rules
from sandbox.calls import Call
from sandbox.editing import (
    delete_message,
    edit_message_caption,
    edit_message_media,
    edit_message_reply_markup,
    edit_message_text,
)
from sandbox.errors import bad_request
from sandbox.membership import member_json
from sandbox.receiving import delete_webhook, get_updates, get_webhook_info, set_webhook
from sandbox.sending import answer_guest_query, send_document, send_media_group, send_message, send_photo
from sandbox.wire import Json

Method = Callable[[Call], Awaitable[Any]]


def method_by_name(name: str) -> Method | None:
    """The method with this name in any case, None where there is none."""
    return METHODS.get(name.lower())


async def get_me(call: Call) -> Json:
    """Who the bot is."""
    return {
        **call.bot.user.to_json(),
        "can_join_groups": True,
        "can_read_all_group_messages": not call.bot.has_privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def get_chat(call: Call) -> Json:
    """All there is to know of a chat."""
    return call.bot.chat(call.text("chat_id")).to_full_json()


async def get_chat_member(call: Call) -> Json:
    """What somebody is in a chat; the bot too, unless a person who bears its number is there."""
    chat, user_id = call.bot.chat(call.text("chat_id")), call.integer("user_id")
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    members, user = call.bot.members, call.bot.person(user_id)
    if chat.type == "private":
        return member_json(user if user_id == chat.id else call.bot.user, "member")
    if user_id == call.bot.id and not members.knows(chat.id, user_id):
        return member_json(call.bot.user, members.of_bot(chat.id))
    return member_json(user, members.of(chat.id, user_id))


async def get_chat_administrators(call: Call) -> list[Json]:
    """The people who lead a group."""
    chat = call.bot.chat(call.text("chat_id"))
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    admins = call.bot.members.admins(chat.id)
    return [member_json(call.bot.person(user_id), status) for user_id, status in admins.items()]


async def get_file(call: Call) -> Json:
    """Where to download a file."""
    file = call.bot.files.downloadable(call.required("file_id"))
    return {**file.to_json(), "file_path": file.path}


async def send_chat_action(call: Call) -> bool:
    """Show "typing", "sending a photo" and the like."""
    chat, action = call.bot.reach(call.text("chat_id")), call.text("action").lower()
    if action not in rules.CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    call.bot.events.record("chat_action", chat.id, action=action)
    return True


async def answer_callback_query(call: Call) -> bool:
    """Answer the press of a button."""
    text = call.text("text")
    if len(text) > rules.MAX_CALLBACK_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    call.bot.answer_tap(call.text("callback_query_id"), text, call.text("url"), show_alert=call.flag("show_alert"))
    return True


async def set_my_commands(call: Call) -> bool:
    """Set the menu of commands for a scope and language."""
    call.bot.menus.set(*_menu(call), rules.check_commands(call.json("commands")))
    return True


async def get_my_commands(call: Call) -> list[Json]:
    """The menu set for exactly this scope and language."""
    return call.bot.menus.get(*_menu(call))


async def delete_my_commands(call: Call) -> bool:
    """Drop the menu of a scope and language."""
    call.bot.menus.drop(*_menu(call))
    return True


def _menu(call: Call) -> tuple[Json | None, str]:
    scope = call.json("scope")
    if not isinstance(scope, dict | None):
        raise bad_request("can't parse BotCommandScope: expected an Object")
    return scope, call.text("language_code")


async def log_out(call: Call) -> bool:
    """Leave the server; here it changes nothing."""
    return True


METHODS: dict[str, Method] = {
    "getme": get_me,
    "getupdates": get_updates,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "deletemycommands": delete_my_commands,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
    "sendmediagroup": send_media_group,
    "sendchataction": send_chat_action,
    "editmessagetext": edit_message_text,
    "editmessagecaption": edit_message_caption,
    "editmessagemedia": edit_message_media,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "answercallbackquery": answer_callback_query,
    "answerguestquery": answer_guest_query,
    "getfile": get_file,
    "getchat": get_chat,
    "getchatmember": get_chat_member,
    "getchatadministrators": get_chat_administrators,
    "logout": log_out,
    "close": log_out,
}
