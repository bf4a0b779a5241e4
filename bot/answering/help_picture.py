"""The picture that /help is sent with: a photo in a telephone, and similar products beside it, all of this shop.

There are no words in it, for it is the same in every language.
"""

import asyncio
import hashlib
import io
import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

from bot.answering.looking import Looking
from bot.reaction import LaterError
from imgrec.errors import PhotoError
from imgrec.search.answer import ServingId
from imgrec.search.serving import Serving
from imgrec.vision.decode import decode_photo

log = logging.getLogger(__name__)

_TRIED = 8
_SIMILAR = 4
_SIZE_PX = (1200, 640)
_FINER = 2  # it is drawn twice as large, for edges without steps
_PHONE_PX = (70, 40, 270, 560)
_SCREEN_PX = (84, 76, 242, 430)
_ARROW_PX = (470, 320)
_CARDS_PX = ((600, 44), (888, 44), (600, 332), (888, 332))
_CARD_PX = 264
_PAPER, _DARK, _BLUE, _TABLE = (238, 243, 249), (31, 41, 55), (42, 130, 228), (222, 196, 160)


class Example(NamedTuple):
    """A product's photo, and those of products that are like it."""

    photo: Path
    similar: tuple[Path, ...]


class HelpPicture:
    """Drawn once for each index, and kept in a folder of its own under the SHA-256 of its content."""

    def __init__(self, looking: Looking, folder: Path) -> None:
        self._looking = looking
        self._folder = folder
        self._drawn: tuple[ServingId, Path | None] | None = None

    async def file(self) -> Path | None:
        """Where it is; None where the shop has too few products to draw it of, or their photos cannot be read.

        None, too, while the index cannot be searched.
        """
        serving = self._looking.shop.serving
        if self._drawn is None or self._drawn[0] != serving:
            try:
                example = await self._looking.do(good_example)
            except LaterError:
                return None
            self._drawn = serving, None if example is None else await asyncio.to_thread(self._draw, example)
        return self._drawn[1]

    def _draw(self, example: Example) -> Path | None:
        try:
            content = drawn(example)
            self._folder.mkdir(parents=True, exist_ok=True)
            file = self._folder / f"{hashlib.sha256(content).hexdigest()}.jpg"
            file.write_bytes(content)
        except (OSError, PhotoError) as error:
            log.warning("The picture of /help cannot be drawn: %s", error)
            return None
        for other in self._folder.glob("*.jpg"):
            if other != file:
                other.unlink(missing_ok=True)
        return file


def good_example(serving: Serving) -> Example | None:
    """Of a few products, spread over the shop, the one that most is like; None where none has enough like it."""
    products = serving.index.register.product
    if not len(products):
        return None
    tried = np.unique(products[np.linspace(0, len(products) - 1, _TRIED, dtype=np.int64)])
    found = [_example_of(serving, int(product_id)) for product_id in tried]
    examples = [one for one in found if one is not None]
    return max(examples, key=lambda one: one[0])[1] if examples else None


def drawn(example: Example) -> bytes:
    """A JPEG. Raises PhotoError or OSError where a photo cannot be read."""
    width, height = _fine(*_SIZE_PX)
    picture = Image.new("RGB", (width, height), _PAPER)
    _draw_phone(picture, _read(example.photo))
    _draw_arrow(picture)
    for number, (place, photo) in enumerate(zip(_CARDS_PX, example.similar, strict=False), start=1):
        _draw_card(picture, _fine(*place), _read(photo), str(number))
    buffer = io.BytesIO()
    picture.resize(_SIZE_PX, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _example_of(serving: Serving, product_id: int) -> tuple[float, Example] | None:
    """How alike the products are that are most like this one, and what to draw of it."""
    product = serving.catalogue.products([product_id]).get(product_id)
    seen = serving.seen_of_product(product_id)
    if product is None or product.retired or product.photo is None or seen is None:
        return None
    matches = serving.answer(seen, None, -1.0, _SIMILAR, without=[product_id]).matches
    photos = tuple(match.product.photo for match in matches if match.product.photo)
    if len(photos) < _SIMILAR:
        return None
    return float(np.mean([match.likeness for match in matches])), Example(product.photo, photos)


def _draw_phone(picture: Image.Image, photo: Image.Image) -> None:
    """The photo lies on a table, a little askew, seen through a telephone."""
    left, top, width, height = _fine(*_PHONE_PX)
    _shadow(picture, (left, top, left + width, top + height), _fine(44)[0])
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((left, top, left + width, top + height), _fine(44)[0], fill=_DARK)
    x, y, screen_width, screen_height = _fine(*_SCREEN_PX)
    picture.paste(_on_table(photo, (screen_width, screen_height)), (x, y))
    _draw_frame(draw, (x, y, x + screen_width, y + screen_height))
    middle, shutter, radius = left + width // 2, y + screen_height + _fine(42)[0], _fine(24)[0]
    draw.circle((middle, shutter), radius, outline="white", width=_fine(4)[0])
    draw.circle((middle, shutter), radius - _fine(8)[0], fill="white")


def _on_table(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    side, ground = round(min(size) * 1.05), _ground_of(photo)
    thing = ImageOps.pad(photo, (side, side), color=ground).rotate(
        7, Image.Resampling.BICUBIC, expand=True, fillcolor=ground
    )
    edge = Image.new("L", thing.size)
    soft = _fine(12)[0]
    ImageDraw.Draw(edge).rectangle((2 * soft, 2 * soft, thing.width - 2 * soft, thing.height - 2 * soft), fill=255)
    sheet = Image.new("RGB", size, ground)
    place = (size[0] - thing.width) // 2, (size[1] - thing.height) // 2
    sheet.paste(thing, place, edge.filter(ImageFilter.GaussianBlur(soft)))
    return ImageChops.multiply(Image.new("RGB", size, _TABLE), sheet)


def _ground_of(photo: Image.Image) -> tuple[int, ...]:
    """What a photo's corners have in common: the colour to go on with where it ends."""
    width, height = photo.size
    corners = [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)]
    middle = np.median([np.asarray(photo.getpixel(corner)) for corner in corners], axis=0)
    return tuple(int(channel) for channel in middle)


def _draw_frame(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int]) -> None:
    """The corners of a viewfinder."""
    inset, arm, line = _fine(24, 40, 5)
    left, top, right, bottom = box[0] + inset, box[1] + inset, box[2] - inset, box[3] - inset
    for x, across in ((left, arm), (right, -arm)):
        for y, down in ((top, arm), (bottom, -arm)):
            draw.line([(x + across, y), (x, y), (x, y + down)], "white", line, joint="curve")


def _draw_arrow(picture: Image.Image) -> None:
    x, y = _fine(*_ARROW_PX)
    radius, arm, line = _fine(46, 16, 10)
    draw = ImageDraw.Draw(picture)
    draw.circle((x, y), radius, fill=_BLUE)
    draw.line([(x - arm // 2, y - arm), (x + arm // 2, y), (x - arm // 2, y + arm)], "white", line, joint="curve")


def _draw_card(picture: Image.Image, place: tuple[int, ...], photo: Image.Image, number: str) -> None:
    """A product on a card, with its number as below an answer."""
    side, round_px, inset, badge = _fine(_CARD_PX, 26, 14, 24)
    _shadow(picture, (place[0], place[1], place[0] + side, place[1] + side), round_px)
    corners = Image.new("L", (side, side))
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, side, side), round_px, fill=255)
    shown = ImageOps.pad(photo, (side, side), color=_ground_of(photo))
    picture.paste(shown, (place[0], place[1]), corners)
    centre, draw = (place[0] + inset + badge, place[1] + inset + badge), ImageDraw.Draw(picture)
    draw.circle(centre, badge, fill=_BLUE)
    draw.text(centre, number, "white", ImageFont.load_default(_fine(28)[0]), anchor="mm")


def _shadow(picture: Image.Image, box: tuple[int, int, int, int], round_px: int) -> None:
    """A soft one, a little below the box."""
    down, soft = _fine(6, 10)
    width, height = box[2] - box[0], box[3] - box[1]
    mask = Image.new("L", (width + 4 * soft, height + 4 * soft))
    ImageDraw.Draw(mask).rounded_rectangle((2 * soft, 2 * soft, 2 * soft + width, 2 * soft + height), round_px, fill=60)
    mask = mask.reduce(4).filter(ImageFilter.GaussianBlur(soft / 4)).resize(mask.size, Image.Resampling.BILINEAR)
    picture.paste(_DARK, (box[0] - 2 * soft, box[1] - 2 * soft + down), mask)


def _read(photo: Path) -> Image.Image:
    return decode_photo(photo.read_bytes(), _fine(_CARD_PX)[0])


def _fine(*lengths: int) -> tuple[int, ...]:
    return tuple(_FINER * length for length in lengths)
