"""Bytes of a photo to upright RGB pixels, within bounds that no honest file meets.

What comes from others is decoded by guard.py instead, which adds the bounds that no file can break.
"""

import io
import struct
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import ExifTags, Image, ImageChops, UnidentifiedImageError

from imgrec.errors import PhotoError, TooLargePhotoError, UnreadablePhotoError
from imgrec.vision.colours import Colours
from imgrec.vision.jpeg import bytes_held, number_of_scans, with_end

MOST_BYTES = 260_000_000
"""Memory that a photo may take while it is decoded, as its header tells, with its own bytes."""

MOST_RESULT_PIXELS = 24_000_000
"""Pixels that are handed on at most. Only what is far too oblong has more: photos are shrunk by their short side."""

MOST_JPEG_PIXELS = 250_000_000
"""Pixels of a JPEG that is shrunk while it is decoded (`draft`), in little memory; telephones reach 200 million."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
"""What shops and telephones use. Of Pillow's others some decode on opening (ICO) or start a program (EPS)."""

_HEIF = "HEIF"
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_MOST_SCANS = 32
_BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
_BYTES_BESIDE = {"WEBP": 12, "AVIF": 6, _HEIF: 4, "TIFF": 4}
"""Bytes a pixel that decoders hold beside Pillow's own image, at most: measured."""

Image.MAX_IMAGE_PIXELS = None  # our own bound is checked before anything is decoded

_DECODE_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, ArithmeticError, AttributeError, AssertionError,
    RuntimeError, struct.error,
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


@dataclass(frozen=True)
class Decoded:
    """A photo's pixels, and whether its file is a plain JPEG.

    One that every program shows as these pixels say: RGB without a profile of other colours, upright, whole, and of few
    scans. Its file may be kept and sent on as it is.
    """

    image: Image.Image
    is_plain_jpeg: bool


def decode_photo(source: bytes | Path, enough_px: int) -> Image.Image:
    """Decode a photo: upright by its EXIF orientation, sRGB, transparency laid on white, first frame of an animation.

    `enough_px` is the short side the caller needs; a photo much larger than that is shrunk, a JPEG while it is decoded
    (by 2, 4 or 8), others by a whole factor, never below twice `enough_px`. That is faster and keeps memory small.

    Raises UnreadablePhotoError when the bytes are no image of FORMATS or are cut short, and TooLargePhotoError when
    decoding would take more than MOST_BYTES.
    """
    return _decoded(source, 2 * enough_px, FORMATS).image


def examine_photo(source: bytes | Path, enough_px: int, formats: tuple[str, ...] = FORMATS) -> Decoded:
    """Decode a photo as `decode_photo` does, and tell whether its file is a plain JPEG. Raises the same."""
    decoded = _decoded(source, 2 * enough_px, formats)
    return replace(decoded, is_plain_jpeg=decoded.is_plain_jpeg and _has_few_scans(source))


def _decoded(source: bytes | Path, least_px: int, formats: tuple[str, ...]) -> Decoded:
    """Plain here is also what has too many scans: to count them, all of the file has to be read again."""
    try:
        return _examine(source, least_px, formats)
    except PhotoError:
        raise
    except _DECODE_ERRORS as error:
        mended = _without_its_end(source, least_px, formats)
        if mended is None:
            raise UnreadablePhotoError(_what_is_wrong(source, error, formats)) from None
        return Decoded(mended, is_plain_jpeg=False)


def _examine(source: bytes | Path, least_px: int, formats: tuple[str, ...]) -> Decoded:
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=formats) as image:
        is_jpeg = image.format == "JPEG" and image.mode == "RGB"
        _shrink_while_decoding(image, least_px, len(source) if isinstance(source, bytes) else 0)
        factor = max(1, min(image.size) // least_px)
        if image.width * image.height > MOST_RESULT_PIXELS * factor**2:
            raise TooLargePhotoError(
                f"The photo has {image.width} x {image.height} pixels, too oblong for one. Crop it."
            )
        colours = Colours(image)
        rgb = colours.rgb(image, factor)
        orientation = _orientation(image)
        plain = is_jpeg and not colours.translated and orientation not in _TURN
        rgb.info.clear()  # what the file says of its pixels is done
        return Decoded(rgb.transpose(_TURN[orientation]) if orientation in _TURN else rgb, plain)


def _shrink_while_decoding(image: Image.Image, least_px: int, held: int) -> None:
    """Ask a JPEG's decoder for a smaller size. Raises TooLargePhotoError when what it then decodes is too large."""
    width, height = image.size
    if image.format in {"JPEG", "MPO"} and image.fp is not None:  # type: ignore[attr-defined]
        held += bytes_held(image, image.fp)  # type: ignore[attr-defined]
        short = min(image.size)
        if short > least_px and width * height <= MOST_JPEG_PIXELS:
            scale = least_px / short
            image.draft("RGB", (max(1, round(width * scale)), max(1, round(height * scale))))
    a_pixel = _BYTES_A_PIXEL.get(image.mode, 4) + _BYTES_BESIDE.get(image.format or "", 0)
    need = held + image.width * image.height * a_pixel
    if need > MOST_BYTES:
        raise TooLargePhotoError(
            f"The photo has {width} x {height} pixels, which take {need / 1e6:,.0f} MB to decode; at most "
            f"{MOST_BYTES / 1e6:,.0f} MB are spent on one. Scale it down."
        )


def _has_few_scans(source: bytes | Path) -> bool:
    try:
        return number_of_scans(source if isinstance(source, bytes) else source.read_bytes()) <= _MOST_SCANS
    except OSError:  # gone meanwhile
        return False


def _orientation(image: Image.Image) -> int | None:
    """As its EXIF says, which some formats keep behind the pixels; TIFF turns itself.

    Pillow's own function to turn a photo writes the EXIF anew, which fails where a part of it is odd.
    """
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except _DECODE_ERRORS:
        return None
    return orientation if isinstance(orientation, int) else None


def _without_its_end(source: bytes | Path, least_px: int, formats: tuple[str, ...]) -> Image.Image | None:
    """A JPEG of which only the end is missing, as every viewer shows it; None for whatever else does not decode."""
    if not _beginning(source).startswith(b"\xff\xd8"):
        return None
    try:
        ended = with_end(source if isinstance(source, bytes) else source.read_bytes())
        if ended is None:
            return None
        image, other = (_examine(content, least_px, formats).image for content in ended)
    except _DECODE_ERRORS:
        return None
    return None if ImageChops.difference(image, other).getbbox() else image


def _what_is_wrong(source: bytes | Path, error: Exception, formats: tuple[str, ...]) -> str:
    beginning = _beginning(source)
    if beginning[4:8] == b"ftyp" and beginning[8:] in _HEIF_BRANDS and _HEIF not in formats:
        return "The photo is HEIC, which needs: pip install 'imgrec[heic]'. Or save it as JPEG."
    if beginning.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        return "The photo is JPEG XL, which is not decoded. Save it as JPEG, PNG or WebP."
    if isinstance(error, UnidentifiedImageError):
        return f"The photo does not decode as an image: it is none of {', '.join(formats)}."
    return f"The photo does not decode as an image ({error})."


def _beginning(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source[:12]
    try:
        with source.open("rb") as file:
            return file.read(12)
    except OSError:
        return b""
