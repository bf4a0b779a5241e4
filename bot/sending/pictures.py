"""Products' photos as Telegram takes them: by its own id of them, or as a file within its limits."""

import io
import logging
from collections.abc import Mapping, Sequence

from PIL import Image
from telegram.constants import FileSizeLimit

from bot.messages import Picture
from imgrec.errors import PhotoError
from imgrec.vision.decode import decode_photo

log = logging.getLogger(__name__)

_ENOUGH_PX = 640
_LARGEST_PX = 1280
_MOST_WIDTH_AND_HEIGHT_PX = 10_000
_MOST_RATIO = 20
_TAKEN_AS_THEY_ARE = {"JPEG", "PNG", "WEBP"}


def read_pictures(pictures: Sequence[Picture], known: Mapping[str, str]) -> list[tuple[Picture, str | bytes]]:
    """Each picture with Telegram's id of it, or else its file; those that are missing or damaged are left out."""
    ready = [(picture, known.get(picture.sha256) or _read(picture)) for picture in pictures]
    return [(picture, photo) for picture, photo in ready if photo is not None]


def _read(picture: Picture) -> bytes | None:
    try:
        content = picture.photo.read_bytes()
        image = decode_photo(content, _ENOUGH_PX)  # a file that was cut shows only so
        return content if _is_within_limits(content) else _small_jpeg(image)
    except (OSError, PhotoError) as error:
        log.warning("The product photo %s is left out: %s", picture.photo, error)
        return None


def _is_within_limits(content: bytes) -> bool:
    with Image.open(io.BytesIO(content)) as image:
        width, height = image.size
        return (
            image.format in _TAKEN_AS_THEY_ARE
            and len(content) <= FileSizeLimit.PHOTOSIZE_UPLOAD
            and width + height <= _MOST_WIDTH_AND_HEIGHT_PX
            and max(width, height) <= _MOST_RATIO * min(width, height)
        )


def _small_jpeg(image: Image.Image) -> bytes:
    image.thumbnail((_LARGEST_PX, _LARGEST_PX))
    if max(image.size) > _MOST_RATIO * min(image.size):
        square = Image.new("RGB", (max(image.size), max(image.size)), "white")
        square.paste(image, ((square.width - image.width) // 2, (square.height - image.height) // 2))
        image = square
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
