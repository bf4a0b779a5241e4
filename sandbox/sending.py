"""Bot API methods that write into a chat: texts, photos, documents and albums."""

from collections.abc import Sequence
from typing import Any

from sandbox import rules
from sandbox.calls import Call
from sandbox.entities import format_text
from sandbox.errors import bad_request
from sandbox.files import WRONG_FILE, Document, Photo
from sandbox.messages import Chat, Content, Message
from sandbox.wire import Json


async def send_message(call: Call) -> Json:
    """Send a text."""
    text = rules.check_text(format_text(call.text("text"), call.text("parse_mode"), call.json("entities")))
    return _send(call, [Content(text)])[0]


async def answer_guest_query(call: Call) -> Json:
    """Answer a mention with an article's text; other kinds of results are not imitated."""
    result = call.json("result")
    content = result.get("input_message_content") if isinstance(result, dict) else None
    if not isinstance(content, dict):
        raise bad_request("the sandbox takes results with input_message_content only")
    words = format_text(str(content.get("message_text") or ""), str(content.get("parse_mode") or ""))
    mention = call.bot.guests.answered(call.required("guest_query_id"))
    [message] = call.bot.post(call.bot.user, mention.chat, [Content(rules.check_text(words))], reply_to=mention)
    return {"inline_message_id": f"guest-{message.id}"}


async def send_photo(call: Call) -> Json:
    """Send a photo: an upload, or a `file_id` known from before."""
    return await _send_media(call, "photo")


async def send_document(call: Call) -> Json:
    """Send a file as it is: an upload, or a `file_id` known from before."""
    return await _send_media(call, "document")


async def send_media_group(call: Call) -> list[Json]:
    """Send an album of photos or of documents. Nothing is sent unless every item is sound."""
    if call.text("reply_markup"):
        raise bad_request("reply_markup is not allowed in sendMediaGroup: an album carries no buttons")
    call.required("media")
    items = call.json("media")
    if not isinstance(items, list):
        raise bad_request("expected an Array of InputMedia")
    rules.check_album([_media_type(item) for item in items])
    _chat_and_reply(call)
    contents = []
    for number, item in enumerate(items, start=1):
        contents.append(await read_item(call, item, number))
    return _send(call, contents)


async def read_item(call: Call, item: Json, number_in_album: int = 0) -> Content:
    """What an InputMedia stands for, its file uploaded or known from before; 0: it is in no album."""
    media = await _media(call, _media_type(item), str(item.get("media") or ""))
    if media is None:
        raise bad_request("can't parse InputMedia: media not found")
    caption = format_text(
        str(item.get("caption") or ""), str(item.get("parse_mode") or ""), item.get("caption_entities")
    )
    if refusal := call.bot.files.refusal(media):
        raise bad_request(refusal.in_album(number_in_album) if number_in_album else refusal.description)
    return Content(rules.check_caption(caption), media)


async def _send_media(call: Call, kind: str) -> Json:
    caption = rules.check_caption(
        format_text(call.text("caption"), call.text("parse_mode"), call.json("caption_entities"))
    )
    _chat_and_reply(call)
    media = await _media(call, kind, call.text(kind) or f"attach://{kind}")
    if media is None:
        raise bad_request(f"there is no {kind} in the request")
    if refusal := call.bot.files.refusal(media):
        raise bad_request(refusal.description)
    return _send(call, [Content(caption, media)])[0]


def _send(call: Call, contents: Sequence[Content]) -> list[Json]:
    chat, reply_to = _chat_and_reply(call)
    topic = call.bot.topic(chat, call.integer("message_thread_id"), reply_to)
    keyboard, reply_markup = rules.check_reply_markup(call.json("reply_markup"))
    if call.bot.flood is not None:
        call.bot.flood.pass_one(chat)
    messages = call.bot.post(
        call.bot.user, chat, contents, reply_to=reply_to, keyboard=keyboard, reply_markup=reply_markup, topic=topic
    )
    return [message.to_json() for message in messages]


def _media_type(item: Any) -> str:
    if not isinstance(item, dict):
        raise bad_request("can't parse InputMedia: expected an Object")
    kind = item.get("type")
    if kind not in ("photo", "document"):
        raise bad_request(f'can\'t parse InputMedia: type "{kind}" is unsupported')
    return str(kind)


async def _media(call: Call, kind: str, reference: str) -> Photo | Document | None:
    """The file behind `attach://name` or a `file_id`; None where no such file was uploaded.

    Addresses are refused: the sandbox never fetches anything.
    """
    if not reference:
        return None
    if not reference.startswith("attach://"):
        if "://" in reference:
            raise bad_request(WRONG_FILE)
        files = call.bot.files
        return files.sendable(reference, Photo) if kind == "photo" else files.sendable(reference, Document)
    upload = call.upload(reference.removeprefix("attach://"))
    return None if upload is None else await call.bot.files.add(kind, upload)


def _chat_and_reply(call: Call) -> tuple[Chat, Message | None]:
    """Where to write and which message to reply to."""
    chat = call.bot.reach(call.text("chat_id"))
    reply = call.json("reply_parameters") or {
        "message_id": call.integer("reply_to_message_id"),
        "allow_sending_without_reply": call.flag("allow_sending_without_reply"),
    }
    if not isinstance(reply, dict):
        raise bad_request("object expected as reply parameters")
    message_id = reply.get("message_id") or 0
    if not isinstance(message_id, int):
        raise bad_request('field "message_id" must be of type Number')
    if not message_id:
        return chat, None
    found = call.bot.messages.get((chat.id, message_id))
    if found is None and not reply.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return chat, found
