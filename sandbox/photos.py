"""An uploaded picture into the JPEG sizes Telegram keeps of a photo, or checked as a sticker."""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from sandbox.errors import bad_request

LONG_SIDES_PX = (90, 320, 800, 1280)
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_SIDES_SUM_PX = 10_000
MAX_RATIO = 20
JPEG_QUALITY = 87
STICKER_SIDE_PX = 512

UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Jpeg:
    """One size of a photo."""

    width: int
    height: int
    content: bytes


def photo_sizes(content: bytes) -> list[Jpeg]:
    """The sizes of a photo from small to large: those below the picture's own size, then the full one.

    The full size has a long side of at most 1280 px. Refuses what Telegram refuses: a file over
    10 MB, one that is no picture, width + height over 10,000 px, or sides apart by more than 20.
    """
    if len(content) > MAX_PHOTO_BYTES:
        raise bad_request(
            f"file of size {len(content)} bytes is too big for a photo; the maximum size is {MAX_PHOTO_BYTES} bytes"
        )
    picture = _decode(content)
    long_side = max(picture.size)
    sides = [side for side in LONG_SIDES_PX if side < long_side][: len(LONG_SIDES_PX) - 1]
    return [_shrink(picture, side) for side in [*sides, min(long_side, LONG_SIDES_PX[-1])]]


def sticker_size(content: bytes) -> tuple[int, int]:
    """Width and height of a static sticker. Refuses what is no WebP picture, moves, or exceeds 512 x 512 px."""
    try:
        with Image.open(io.BytesIO(content), formats=["WEBP"]) as opened:
            size, moves = opened.size, getattr(opened, "is_animated", False)
    except UNREADABLE as error:
        raise bad_request("a static sticker is a WebP picture") from error
    if moves or max(size) > STICKER_SIDE_PX:
        raise bad_request(f"a static sticker has {STICKER_SIDE_PX} x {STICKER_SIDE_PX} px at most and does not move")
    return size


def _decode(content: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(content)) as opened:
            width, height = opened.size
            if width + height > MAX_SIDES_SUM_PX or max(width, height) > MAX_RATIO * min(width, height):
                raise bad_request("PHOTO_INVALID_DIMENSIONS")
            upright = ImageOps.exif_transpose(opened)
            if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
                rgba = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
            return upright.convert("RGB")
    except UNREADABLE as error:
        raise bad_request("IMAGE_PROCESS_FAILED") from error


def _shrink(picture: Image.Image, long_side_px: int) -> Jpeg:
    scale = long_side_px / max(picture.size)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    small = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return Jpeg(*size, buffer.getvalue())
