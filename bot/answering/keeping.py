"""A shopper's photo kept for the shop, where the owner wants photos and the shopper agreed; asking whether they do."""

import logging
import sqlite3
from collections.abc import Sequence

from bot.composing import keyboards
from bot.messages import Message, Text
from bot.request import Request
from bot.services import Services
from bot.texts import short
from imgrec.async_database import Write
from imgrec.errors import ImgrecError

log = logging.getLogger(__name__)


def asking_to_keep(services: Services, request: Request) -> tuple[Sequence[Message], Sequence[Write]]:
    """The question, where it was never asked, and a note that it was: who does not answer does not agree."""
    if not _is_wanted(services, request) or request.settings.keeps_photos is not None:
        return (), ()
    question = Text(html=request.say(short.MAY_PHOTOS_BE_KEPT), keyboard=keyboards.keeping_photos(request.say, None))
    return [question], [services.store.chats.let_photos_be_kept(request.chat, False)]


async def keep_photo(services: Services, query_id: int, request: Request, photo: bytes) -> None:
    """Keep the photo of a query, if its shopper agreed. That it cannot be kept is no reason not to answer."""
    if not _is_wanted(services, request) or not request.settings.keeps_photos:
        return
    try:
        await services.store.photos.keep(query_id, request.chat, await services.looking.redrawn(photo))
    except (ImgrecError, OSError, sqlite3.Error) as error:
        log.error("A shopper's photo could not be kept: %s", error)


def _is_wanted(services: Services, request: Request) -> bool:
    """In groups never: a private chat is the one that has the number of its user."""
    return services.privacy.keep_photos and request.chat == request.user
