"""From what was sent to what was seen in it and found for it: photos downloaded, links followed, several made one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from PIL import Image
from telegram import Bot

from bot.answering.downloading import MOST_BYTES, NoLongerThereError, download
from bot.answering.keeping import keep_photo
from bot.answering.links import LinkError
from bot.reaction import LaterError
from bot.receiving.files import File
from bot.request import Request, Result
from bot.services import Services
from bot.texts import short
from imgrec.errors import OtherServingError, PhotoError, TooLargePhotoError
from imgrec.search.answer import Seen
from imgrec.search.serving import Serving

Trouble = PhotoError | LinkError | NoLongerThereError
"""What may be wrong with one thing that was sent."""

log = logging.getLogger(__name__)


async def find(bot: Bot, services: Services, query_id: int, request: Request, *, again: bool) -> Result:
    """Ask with what was seen before, where it still counts; else with what was sent, fetched anew.

    A link to the page of a product of the shop asks for what is similar to that.

    Raises Trouble, and LaterError; `again`: what may be gone for good is tried again.
    """
    if request.ask.product_id is not None:
        of_product = await services.looking.ask_of_product(request)
        if of_product is None:
            raise NoLongerThereError(short.NOTHING_KNOWN_OF_PRODUCT)
        return of_product
    if request.seen is not None:
        try:
            return await services.looking.ask(request.seen, request)
        except OtherServingError as error:
            log.info("%s", error)
    sources: list[File | str] = [*filter(None, [request.ask.link]), *request.ask.photos]
    if not sources:
        raise NoLongerThereError
    if len(sources) == 1:
        of_page = await _seen_of_page(services, sources[0])
        if of_page is not None:
            return await services.looking.ask(of_page, request)
        async with _fetched(bot, services, sources[0], again) as content:
            result = await services.looking.ask(content, request)
            if request.photo is not None:
                await keep_photo(services, query_id, request, content)
            return result
    seens = []
    for seen in await see_each(bot, services, sources, again=again):
        if not isinstance(seen, Seen):
            raise seen
        seens.append(seen)
    return await services.looking.ask(await combined(services, seens), request)


async def see_each(bot: Bot, services: Services, sources: Sequence[File | str], *, again: bool) -> list[Seen | Trouble]:
    """What is seen in each, or what is wrong with it. Raises LaterError."""
    found = await asyncio.gather(*(look(bot, services, one, again=again) for one in sources), return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, Trouble):
            raise one
    return [one for one in found if isinstance(one, Seen | Trouble)]


async def decoded(bot: Bot, services: Services, photo: File, enough_px: int, *, again: bool) -> Image.Image:
    """A photo that was sent, or the part of it that is meant, as pixels. Raises Trouble, and LaterError."""
    async with _fetched(bot, services, photo, again) as content:
        return await services.looking.decode(content, enough_px, photo.part)


async def combined(services: Services, seens: Sequence[Seen]) -> Seen:
    """Several photos of one thing as one. Raises LaterError where a new index came in between."""
    try:
        return await services.looking.do(lambda serving: serving.combined(seens))
    except OtherServingError as error:
        raise LaterError(str(error), 0) from None


async def look(bot: Bot, services: Services, source: File | str, *, again: bool) -> Seen:
    """What is seen in one of them. Raises Trouble, and LaterError; `again`: what may be gone is tried again."""
    of_page = await _seen_of_page(services, source)
    if of_page is not None:
        return of_page
    async with _fetched(bot, services, source, again) as content:
        return await services.looking.see(content, source.part if isinstance(source, File) else None)


async def _seen_of_page(services: Services, source: File | str) -> Seen | None:
    """What the index holds of a product of the shop, where a link leads to its page."""
    if isinstance(source, File):
        return None

    def see(serving: Serving) -> Seen | None:
        product_id = serving.catalogue.product_at(source)
        return None if product_id is None else serving.seen_of_product(product_id)

    return await services.looking.do(see)


@asynccontextmanager
async def _fetched(bot: Bot, services: Services, source: File | str, again: bool) -> AsyncIterator[bytes]:
    """The content of a file or behind a link, counted in memory for as long as it is used."""
    if isinstance(source, str):
        async with services.memory.holding(services.links.most_bytes):
            yield await services.links.fetch(source)
        return
    size = source.file_size or MOST_BYTES
    if size > MOST_BYTES:
        raise TooLargePhotoError("Telegram hands out no file this large.")
    async with services.memory.holding(size):
        yield await download(bot, source, may_be_tried_again=again)
