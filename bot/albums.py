"""Products as photos in a chat: an album of two to ten, or one photo; what Telegram has already is not sent again."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from telegram import Bot, InputMediaPhoto, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, TimedOut

from bot.texts import caption
from imgrec.log.writer import LogWriter
from imgrec.search.serving import Match

log = logging.getLogger(__name__)

MOST_IN_ALBUM = 10
_UPLOAD_TIMEOUT_S = 30


@dataclass(frozen=True)
class _Item:
    match: Match
    photo: Path

    @property
    def sha256(self) -> str:
        return self.photo.stem


async def send_products(bot: Bot, chat_id: int, reply_to: int, matches: Sequence[Match], uploads: LogWriter) -> bool:
    """Send these products below each other's captions, the most similar first, as a reply to the shopper's photo.

    A photo this bot uploaded before goes by Telegram's id of it; where Telegram no longer knows the id, it is uploaded
    again. Returns whether anything was sent: products whose photo file is gone are left out.
    """
    items = [_Item(match, match.product.photo) for match in matches if match.product.photo]
    known = await uploads.file_ids(bot.id, [item.sha256 for item in items])
    try:
        return await _send(bot, chat_id, reply_to, items, known, uploads)
    except BadRequest as error:
        if not known:
            raise
        log.info("Telegram refused an album with photos it has (%s); uploading them again.", error.message)
        await uploads.drop_file_ids(bot.id, known)
        return await _send(bot, chat_id, reply_to, items, {}, uploads)


async def _send(
    bot: Bot, chat_id: int, reply_to: int, items: Sequence[_Item], known: dict[str, str], uploads: LogWriter
) -> bool:
    contents = await asyncio.to_thread(_read, [item for item in items if item.sha256 not in known])
    ready = [(item, known.get(item.sha256) or contents.get(item.sha256)) for item in items]
    photos = [(item, photo) for item, photo in ready if photo is not None][:MOST_IN_ALBUM]
    if not photos:
        return False
    reply = ReplyParameters(reply_to, allow_sending_without_reply=True)
    try:
        if len(photos) == 1:
            item, photo = photos[0]
            sent: Sequence[Message] = [
                await bot.send_photo(
                    chat_id, photo, caption(item.match), parse_mode=ParseMode.HTML, reply_parameters=reply,
                    read_timeout=_UPLOAD_TIMEOUT_S, write_timeout=_UPLOAD_TIMEOUT_S,
                )
            ]  # fmt: skip
        else:
            album = [InputMediaPhoto(photo, caption(item.match), ParseMode.HTML) for item, photo in photos]
            sent = await bot.send_media_group(
                chat_id, album, reply_parameters=reply, read_timeout=_UPLOAD_TIMEOUT_S, write_timeout=_UPLOAD_TIMEOUT_S
            )
    except TimedOut as error:
        if isinstance(error.__cause__, httpx.ConnectTimeout | httpx.PoolTimeout):
            raise  # nothing was sent
        # Telegram may well have sent it; asking again could send it twice.
        log.warning("Telegram took over %s s to confirm an album; it is taken as sent.", _UPLOAD_TIMEOUT_S)
        return True
    uploaded = {
        item.sha256: message.photo[-1].file_id
        for (item, _), message in zip(photos, sent, strict=False)
        if message.photo and item.sha256 not in known
    }
    await uploads.remember_file_ids(bot.id, uploaded)
    return True


def _read(items: Sequence[_Item]) -> dict[str, bytes]:
    contents = {}
    for item in items:
        try:
            contents[item.sha256] = item.photo.read_bytes()
        except OSError as error:
            log.warning("The photo of product %s cannot be read: %s", item.match.product.product_id, error)
    return contents
