"""Bytes of a photo to upright RGB pixels, within bounds that no file can break."""

import io
import struct
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from imgrec.errors import TooLargePhotoError, UnreadablePhotoError

MOST_PIXELS = 32_000_000
"""Pixels we decode at most. A JPEG may have more when its decoder can shrink it on the way (`draft`)."""

MOST_SHRUNK_PIXELS = 250_000_000
"""Pixels of such a JPEG; telephones reach 200 million. One made for it has its decoder hold several bytes for each."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
"""What shops and telephones use. Of Pillow's others some decode on opening (ICO) or start a program (EPS)."""

Image.MAX_IMAGE_PIXELS = None  # our own bound below is checked before anything is decoded

_DECODE_ERRORS = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, RuntimeError, struct.error,
)  # fmt: skip
_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode_photo(source: bytes | Path, enough_px: int) -> Image.Image:
    """Decode a photo: upright by its EXIF orientation, RGB, transparency laid on white, first frame of an animation.

    `enough_px` is the short side the caller needs; a JPEG much larger than that is shrunk while it is decoded
    (by 2, 4 or 8, never below twice `enough_px`), which is several times faster and keeps memory small.

    Raises UnreadablePhotoError when the bytes are no image of FORMATS or are cut short, and TooLargePhotoError when
    more than MOST_PIXELS would have to be decoded.
    """
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
            _shrink_while_decoding(image, 2 * enough_px)
            if image.width * image.height > MOST_PIXELS:
                raise TooLargePhotoError(
                    f"The photo has {image.width} x {image.height} pixels; at most {MOST_PIXELS:,} are decoded. "
                    "Scale it down."
                )
            return _flatten(_shrunk(_upright(image), 2 * enough_px))
    except _DECODE_ERRORS as error:
        raise UnreadablePhotoError(f"The photo does not decode as an image ({error}).") from None


def _shrink_while_decoding(image: Image.Image, least_px: int) -> None:
    """Ask a JPEG's decoder for a smaller size; other formats ignore this.

    Too large a one is left as it is, to be refused; a progressive one at the lower bound, as its decoder holds all of
    it whatever size is asked for.
    """
    short = min(image.size)
    most = MOST_PIXELS if "progressive" in image.info else MOST_SHRUNK_PIXELS
    if short > least_px and image.width * image.height <= most:
        scale = least_px / short
        image.draft("RGB", (max(1, round(image.width * scale)), max(1, round(image.height * scale))))


def _upright(image: Image.Image) -> Image.Image:
    """Turn it as its EXIF says. Pillow's own function writes the EXIF anew, which fails where a part of it is odd."""
    image.load()  # some formats keep EXIF behind the pixels, and TIFF turns itself
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except _DECODE_ERRORS:
        return image
    return image.transpose(_TURN[orientation]) if orientation in _TURN else image


def _shrunk(image: Image.Image, least_px: int) -> Image.Image:
    """A decoded image by a whole factor smaller, before its pixels are copied and converted: memory stays small."""
    factor = min(image.size) // least_px
    if (
        factor < 2
        or image.mode not in {"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"}
        or "transparency" in image.info
    ):
        return image
    return image.reduce(factor)


def _flatten(image: Image.Image) -> Image.Image:
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        with_alpha = image.convert("RGBA")
        white = Image.new("RGB", with_alpha.size, "white")
        white.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return white
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        return image.convert("F").point(lambda value: value / 257).convert("L").convert("RGB")
    return image.convert("RGB")
