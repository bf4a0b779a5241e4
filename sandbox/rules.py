"""What Telegram accepts: texts, captions, keyboards, commands, webhooks; refusals use its words."""

import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sandbox.entities import FormattedText, checked_link
from sandbox.errors import bad_request
from sandbox.wire import Json

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_CALLBACK_DATA_BYTES = 64
MAX_CALLBACK_ANSWER = 200
MAX_INLINE_BUTTONS = 100
MAX_COMMANDS = 100
ALBUM_SIZE = (2, 10)

BUTTON_ACTIONS = (
    *("url", "callback_data", "web_app", "login_url", "switch_inline_query"),
    *("switch_inline_query_current_chat", "switch_inline_query_chosen_chat"),
    *("copy_text", "callback_game", "pay"),
)
TEXT_ACTIONS = ("url", "callback_data", "switch_inline_query", "switch_inline_query_current_chat")
WEBHOOK_PORTS = (80, 88, 443, 8443)
CHAT_ACTIONS = frozenset(
    {
        *("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice"),
        *("record_audio", "upload_audio", "upload_document", "choose_sticker", "find_location"),
        *("record_video_note", "upload_video_note", "cancel"),
    }
)


def check_text(text: FormattedText) -> FormattedText:
    """A message's text: 1 to 4,096 characters behind its entities."""
    if not text.text:
        raise bad_request("message text is empty")
    if text.length > MAX_TEXT:
        raise bad_request("message is too long")
    return text


def check_caption(caption: FormattedText) -> FormattedText:
    """A caption: at most 1,024 characters behind its entities."""
    if caption.length > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return caption


def check_album(kinds: list[str]) -> None:
    """The kinds of an album's items: 2 to 10, photos or documents, never both."""
    fewest, most = ALBUM_SIZE
    if not kinds:
        raise bad_request("there are no messages to send")
    if len(kinds) < fewest:
        raise bad_request(f"an album must include {fewest}-{most} items, got {len(kinds)}")
    if len(kinds) > most:
        raise bad_request(f"too many messages to send as an album: it must include {fewest}-{most} items")
    if len(set(kinds)) > 1:
        raise bad_request("document can't be mixed with other media types")


def check_reply_markup(markup: Any) -> tuple[Json | None, Json | None]:
    """A reply markup as (inline keyboard, other markup), of which at most one is there."""
    if markup is None or markup == {}:
        return None, None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        return _checked_inline_keyboard(markup["inline_keyboard"]), None
    if "keyboard" in markup:
        _check_rows(markup["keyboard"], "keyboard", "ReplyKeyboardMarkup")
    elif not (markup.get("remove_keyboard") is True or markup.get("force_reply") is True):
        raise bad_request(
            "reply markup must be an InlineKeyboardMarkup, ReplyKeyboardMarkup, "
            f"ReplyKeyboardRemove or ForceReply; got the fields {', '.join(sorted(markup))}"
        )
    return None, markup


def _checked_inline_keyboard(rows: Any) -> Json | None:
    _check_rows(rows, "inline_keyboard", "InlineKeyboardMarkup")
    buttons = [button for row in rows for button in row]
    if len(buttons) > MAX_INLINE_BUTTONS:
        raise bad_request("reply markup is too long")
    for button in buttons:
        _check_inline_button(button)
    return {"inline_keyboard": [row for row in rows if row]} if buttons else None


def _check_rows(rows: Any, field: str, kind: str) -> None:
    if not isinstance(rows, list):
        raise bad_request(f'field "{field}" of the {kind} must be of the type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad_request(f'field "{field}" of the {kind} must be an Array of Arrays')


def _check_inline_button(button: Any) -> None:
    problem = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(f"{problem}InlineKeyboardButton must be an Object")
    if "text" not in button:
        raise bad_request(f'{problem}Can\'t find field "text"')
    for field in ("text", *TEXT_ACTIONS):
        if not isinstance(button.get(field, ""), str):
            raise bad_request(f'{problem}Field "{field}" must be of type String')
    if not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    actions = [action for action in BUTTON_ACTIONS if action in button]
    if not actions:
        raise bad_request(f"{problem}Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(f"{problem}exactly one action is allowed, got {', '.join(actions)}")
    if "callback_data" in button:
        if not 1 <= len(button["callback_data"].encode()) <= MAX_CALLBACK_DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    elif "url" in button and not checked_link(button["url"]):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")


def check_commands(commands: Any) -> list[Json]:
    """The commands of a bot's menu: names of 1-32 of a-z, 0-9 and _, descriptions of 1-256 characters."""
    if not isinstance(commands, list) or not all(isinstance(command, dict) for command in commands):
        raise bad_request("expected an Array of BotCommand")
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    checked = []
    for command in commands:
        name = str(command.get("command", "")).removeprefix("/")
        description = str(command.get("description", ""))
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(description) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        checked.append({"command": name, "description": description})
    return checked


def check_language(code: str) -> str:
    """A user's language as their app tells it, such as en or pt-br; "" where it tells none."""
    if not re.fullmatch(r"([a-z]{2,3}(-[a-z0-9]{2,8})*)?", code):
        raise bad_request(f'language_code must be a code such as "de" or "pt-br", or empty for none; got "{code}"')
    return code


def check_webhook_url(url: str) -> None:
    """A webhook's address: HTTPS on one of Telegram's ports, or anything on loopback."""
    problem = "bad webhook: "
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise bad_request(f"{problem}invalid webhook URL specified") from None
    if is_loopback(host) and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https" or not host:
        raise bad_request(f"{problem}An HTTPS URL must be provided for webhook")
    if (port or 443) not in WEBHOOK_PORTS:
        raise bad_request(f"{problem}Webhook can be set up only on ports 80, 88, 443 or 8443")


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_secret_token(secret: str) -> None:
    """A webhook's secret: up to 256 of A-Z, a-z, 0-9, _ and -."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad_request("secret token contains unallowed characters")
