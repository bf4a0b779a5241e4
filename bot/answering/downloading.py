"""Photos fetched from Telegram."""

import asyncio

from telegram import Bot
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.reaction import LaterError
from bot.receiving.files import File
from bot.sending.verdicts import NotTaken, verdict
from bot.texts import short
from imgrec.errors import TooLargePhotoError

MOST_BYTES = 20 * 1024 * 1024
"""Telegram hands out no larger files."""
TRIES_OF_WHAT_MAY_BE_GONE = 4
_ASK_TIMEOUT_S = 5
_LONGEST_DOWNLOAD_S = 60
_DOWNLOAD_TIMEOUT_S = 6


class NoLongerThereError(Exception):
    """What is asked about cannot be had any more; says so to the shopper."""

    def __init__(self, words: str = short.NO_LONGER_THERE) -> None:
        super().__init__(words)
        self.words = words


async def download(bot: Bot, file: File, *, may_be_tried_again: bool) -> bytes:
    """A file's content.

    Raises LaterError when Telegram does not hand it out just now, NoLongerThereError when it never will again, and
    TooLargePhotoError.
    """
    try:
        async with asyncio.timeout(_LONGEST_DOWNLOAD_S):
            there = await bot.get_file(file.file_id, read_timeout=_ASK_TIMEOUT_S)
            content = bytes(await there.download_as_bytearray(read_timeout=_DOWNLOAD_TIMEOUT_S))
    except BadRequest as error:
        words = error.message.lower()
        if "too big" in words:
            raise TooLargePhotoError("Telegram hands out no file this large.") from None
        if "temporarily unavailable" in words and may_be_tried_again:  # which is also said of what is gone for good
            raise LaterError(error.message) from None
        raise NoLongerThereError from None
    except InvalidToken as error:  # what python-telegram-bot makes of a download's 404: its address has expired
        raise LaterError(error.message) from None
    except TelegramError as error:
        what = verdict(error)
        raise LaterError(str(error), what.wait_s if isinstance(what, NotTaken) else None) from None
    except TimeoutError:
        raise LaterError("The download takes too long.") from None
    if there.file_size and len(content) != there.file_size and may_be_tried_again:
        raise LaterError(f"The download has {len(content)} bytes of {there.file_size}.")
    return content
