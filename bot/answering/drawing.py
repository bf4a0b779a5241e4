"""Pictures drawn for one message: a photo with its parts numbered, and where two photos agree."""

import asyncio
from dataclasses import dataclass

from PIL import Image

from bot.answering.looking import Looking
from imgrec.search.serving import Serving
from imgrec.search.why import as_jpeg, why_picture
from imgrec.vision.boxes import Box
from imgrec.vision.numbered import numbered_picture
from imgrec.vision.preprocessing import Preprocessing
from imgrec.vision.vectors import Floats

ENOUGH_PX = 800
"""The short side of a photo to be drawn."""


@dataclass(frozen=True)
class Parts:
    """The parts of a photo to choose from: drawn as a JPEG file, numbered there where there are several; its middle."""

    picture: bytes
    numbered: tuple[Box, ...]
    middle: Box


async def draw_parts(looking: Looking, photo: Image.Image) -> Parts:
    """Look for the things in a photo."""
    last_map, preprocessing = await looking.do(lambda serving: _last_map(serving, photo))
    return await asyncio.to_thread(_parts, photo, last_map, preprocessing)


async def draw_agreement(looking: Looking, photo: Image.Image, product: Image.Image) -> bytes:
    """Two photos side by side, lit where they agree, as a JPEG file."""
    heats, preprocessing = await looking.do(lambda serving: _agreement(serving, photo, product))
    return await asyncio.to_thread(lambda: as_jpeg(why_picture((photo, product), heats, preprocessing)))


def _last_map(serving: Serving, photo: Image.Image) -> tuple[Floats, Preprocessing]:
    _, maps = serving.see_where(serving.preprocessing.batch([photo]))
    return maps[0], serving.preprocessing


def _parts(photo: Image.Image, last_map: Floats, preprocessing: Preprocessing) -> Parts:
    from imgrec.search.regions import middle, regions  # brings scipy, which few bots ever need

    things = regions(photo, last_map, preprocessing)
    numbered = tuple(things) if len(things) > 1 else ()
    return Parts(as_jpeg(numbered_picture(photo, numbered)), numbered, middle(things))


def _agreement(
    serving: Serving, photo: Image.Image, product: Image.Image
) -> tuple[tuple[Floats, Floats], Preprocessing]:
    return serving.agreement(serving.preprocessing.batch([photo, product])), serving.preprocessing
