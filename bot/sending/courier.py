"""One message brought to Telegram: what came of it is told by the return value, never by an exception of a library."""

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputMediaPhoto,
    InputTextMessageContent,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram import Message as Sent
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from bot.messages import Drawing, Edit, Guest, Json, Menu, Message, Picture, Pictures, Text
from bot.sending.pictures import read_pictures
from bot.sending.verdicts import Refused, Verdict, verdict
from bot.store.files import TelegramFiles

log = logging.getLogger(__name__)

_TEXT_TIMEOUT_S = 10
_PICTURES_TIMEOUT_S = 15
_UPLOAD_TIMEOUT_S = 30
_NUMBER = re.compile(r"#(\d+)")
_NOTHING_TO_CHANGE = (
    "message is not modified", "message to edit not found", "message can't be edited", "message_id_invalid",
    "there is no text in the message to edit",
)  # fmt: skip
"""A tap that a client made up may also name a picture of ours, which has no text."""

_TITLE_OF_GUEST = "imgrec"
"""Telegram wants one, and shows it nowhere."""

_Ready = list[tuple[Picture, str | bytes]]


@dataclass(frozen=True)
class Delivered:
    """It is in the chat. `file_ids`: what Telegram calls the photos that were uploaded, by their SHA-256."""

    message_ids: tuple[int, ...]
    file_ids: dict[str, str] = field(default_factory=dict)


class Place(NamedTuple):
    """Where to send: a chat, and in a forum its topic."""

    chat_id: int
    thread_id: int | None = None


@dataclass(frozen=True)
class Instead:
    """It cannot be sent as it is; these can be tried."""

    messages: tuple[Message, ...]


class Courier:
    """Speaks to Telegram for the outbox."""

    def __init__(self, bot: Bot, files: TelegramFiles) -> None:
        self._bot = bot
        self._files = files

    async def bring(self, message: Message, to: Place, *, after_doubtful: bool) -> Delivered | Instead | Verdict:
        """Send or edit a message; `after_doubtful`: the pictures before it may not have arrived."""
        try:
            match message:
                case Text():
                    return await self._text(message, to, after_doubtful)
                case Drawing():
                    return await self._drawing(message, to)
                case Edit():
                    return await self._edit(message, to.chat_id)
                case Pictures():
                    return await self._pictures(message, to)
                case Guest():
                    return await self._guest(message)
                case Menu():
                    return await self._menu(message, to.chat_id)
        except TelegramError as error:
            return verdict(error)

    async def _text(self, message: Text, to: Place, after_doubtful: bool) -> Delivered:
        keyboard = (after_doubtful and message.where_doubtful) or message.keyboard
        sent = await self._bot.send_message(
            to.chat_id, message.html, ParseMode.HTML, message_thread_id=to.thread_id,
            reply_parameters=_reply(message.reply_to), reply_markup=_markup(keyboard),
            link_preview_options=LinkPreviewOptions(is_disabled=True), read_timeout=_TEXT_TIMEOUT_S,
        )  # fmt: skip
        return Delivered((sent.message_id,))

    async def _drawing(self, message: Drawing, to: Place) -> Delivered | Instead:
        """Send a picture that is not a product's; where a chat takes no pictures, its words."""
        try:
            sent = await self._bot.send_photo(
                to.chat_id, message.image, message.caption, parse_mode=ParseMode.HTML, message_thread_id=to.thread_id,
                reply_parameters=_reply(message.reply_to), reply_markup=_markup(message.keyboard),
                read_timeout=_PICTURES_TIMEOUT_S, write_timeout=_UPLOAD_TIMEOUT_S,
            )  # fmt: skip
        except BadRequest as error:
            if "chat not found" in error.message.lower() or not message.caption:
                raise
            log.warning("Telegram refuses a drawing, and gets its words: %s", error)
            return Instead((Text(html=message.caption, keyboard=message.keyboard, reply_to=message.reply_to),))
        return Delivered((sent.message_id,))

    async def _edit(self, message: Edit, chat_id: int) -> Delivered:
        try:
            if message.html is None:
                await self._bot.edit_message_reply_markup(
                    chat_id, message.message_id, reply_markup=_markup(message.keyboard), read_timeout=_TEXT_TIMEOUT_S
                )
            else:
                await self._bot.edit_message_text(
                    message.html, chat_id, message.message_id, parse_mode=ParseMode.HTML,
                    reply_markup=_markup(message.keyboard), link_preview_options=LinkPreviewOptions(is_disabled=True),
                    read_timeout=_TEXT_TIMEOUT_S,
                )  # fmt: skip
        except BadRequest as error:
            if not any(words in error.message.lower() for words in _NOTHING_TO_CHANGE):
                raise
        return Delivered((message.message_id,))

    async def _guest(self, message: Guest) -> Delivered:
        text = InputTextMessageContent(
            message.html, ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)
        )
        article = InlineQueryResultArticle("answer", _TITLE_OF_GUEST, text)
        await self._bot.answer_guest_query(message.query_id, article, read_timeout=_TEXT_TIMEOUT_S)
        return Delivered(())

    async def _menu(self, message: Menu, chat_id: int) -> Delivered:
        scope = BotCommandScopeChat(chat_id)
        if message.commands:
            menu = [BotCommand(*command) for command in message.commands]
            await self._bot.set_my_commands(menu, scope, read_timeout=_TEXT_TIMEOUT_S)
        else:
            await self._bot.delete_my_commands(scope, read_timeout=_TEXT_TIMEOUT_S)
        return Delivered(())

    async def _pictures(self, message: Pictures, to: Place) -> Delivered | Instead | Refused:
        """Send an album. A picture that is missing, damaged or refused costs itself alone."""
        known = await self._files.ids([picture.sha256 for picture in message.items])
        left = list(message.items)
        while left:
            ready = await asyncio.to_thread(read_pictures, left, known)
            if not ready:
                break
            try:
                sent = await self._send(ready, to, message)
            except BadRequest as error:
                if "chat not found" in error.message.lower():
                    raise
                picture = _named(error, ready)
                if picture is not None and picture.sha256 in known:
                    del known[picture.sha256]  # Telegram does not know this id any more
                elif picture is not None:
                    log.warning("Telegram refuses the product photo %s: %s", picture.photo, error)
                    left = [other for other, _ in ready if other != picture]
                elif any(picture.sha256 in known for picture, _ in ready):
                    log.info("Telegram refuses an album of photos it has (%s); uploading them again.", error.message)
                    known = {}
                else:
                    return _halves(message, [picture for picture, _ in ready])
                continue
            return Delivered(tuple(one.message_id for one in sent), _new_ids(ready, sent))
        return Instead((_as_text(message),)) if message.keyboard else Delivered(())  # the list follows an album

    async def _send(self, ready: _Ready, to: Place, message: Pictures) -> Sequence[Sent]:
        reply = _reply(message.reply_to)
        if len(ready) == 1:
            [(picture, photo)] = ready
            return [
                await self._bot.send_photo(
                    to.chat_id, photo, picture.caption, parse_mode=ParseMode.HTML, message_thread_id=to.thread_id,
                    reply_parameters=reply, reply_markup=_markup(message.keyboard), read_timeout=_PICTURES_TIMEOUT_S,
                    write_timeout=_UPLOAD_TIMEOUT_S,
                )
            ]  # fmt: skip
        album = [InputMediaPhoto(photo, picture.caption, ParseMode.HTML) for picture, photo in ready]
        return await self._bot.send_media_group(
            to.chat_id, album, message_thread_id=to.thread_id, reply_parameters=reply,
            read_timeout=_PICTURES_TIMEOUT_S, write_timeout=_UPLOAD_TIMEOUT_S,
        )  # fmt: skip


def _named(error: BadRequest, ready: _Ready) -> Picture | None:
    """The picture that Telegram says it is about, as in "failed to send message #3", if it says so; the only one."""
    if len(ready) == 1:
        return ready[0][0]
    number = _NUMBER.search(error.message)
    place = int(number[1]) - 1 if number else -1
    return ready[place][0] if 0 <= place < len(ready) else None


def _new_ids(ready: _Ready, sent: Sequence[Sent]) -> dict[str, str]:
    return {
        picture.sha256: message.photo[-1].file_id
        for (picture, photo), message in zip(ready, sent, strict=False)
        if isinstance(photo, bytes) and message.photo
    }


def _halves(message: Pictures, pictures: Sequence[Picture]) -> Instead:
    """Where Telegram refuses an album and does not say which picture it is about: each half for itself."""
    middle = len(pictures) // 2
    halves = (tuple(pictures[:middle]), tuple(pictures[middle:]))
    return Instead(tuple(message.model_copy(update={"items": half}) for half in halves))


def _as_text(message: Pictures) -> Text:
    """A product in words, where there is no picture of it."""
    return Text(html=message.items[0].caption, keyboard=message.keyboard, reply_to=message.reply_to)


def _reply(message_id: int | None) -> ReplyParameters | None:
    return None if message_id is None else ReplyParameters(message_id, allow_sending_without_reply=True)


def _markup(keyboard: Json | None) -> InlineKeyboardMarkup | None:
    return None if keyboard is None else InlineKeyboardMarkup.de_json(keyboard, None)
