"""The folder of product photos, each named by the SHA-256 of its content."""

import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from imgrec.errors import TooLargePhotoError, TooSmallPhotoError, UnreadablePhotoError
from imgrec.generations import write_atomically
from imgrec.vision.decode import decode_photo
from imgrec.vision.perceptual_hash import perceptual_hash

SHORT_SIDE_PX = 512
_JPEG_QUALITY = 90
_MOST_OBLONG = 18  # Telegram refuses photos more than 20 times as long as wide, or of 10,000 px for both sides together
_ORIENTATION_TAG = 0x0112
_UPRIGHT = 1


@dataclass(frozen=True)
class StoredPhoto:
    """A photo in the store. Its file holds an upright RGB JPEG whose short side is at most 512 px.

    `perceptual_hash` (32 bytes) is None for photos stored by a version that made none, until `imgrec photos` does.
    """

    sha256: str
    width_px: int
    height_px: int
    perceptual_hash: bytes | None = field(compare=False)  # follows from the content


class PhotoStore:
    """Keeps photos by content: the same picture is stored once, and a file never changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the photo with this content lies."""
        return self.folder / sha256[:2] / f"{sha256}.jpg"

    def add(self, original: bytes, least_side_px: int = 1) -> StoredPhoto:
        """Store a photo given as the bytes of any image file.

        A JPEG that already is upright, RGB and small enough is kept byte for byte; anything else is encoded anew.
        Raises UnreadablePhotoError, TooLargePhotoError, or TooSmallPhotoError below `least_side_px`.
        """
        image = decode_photo(original, enough_px=SHORT_SIDE_PX)
        if min(image.size) < least_side_px:
            raise TooSmallPhotoError(
                f"The photo is {image.width} x {image.height} pixels; its short side must have {least_side_px}."
            )
        if max(image.size) > _MOST_OBLONG * min(image.size):
            raise TooLargePhotoError(
                f"The photo is {image.width} x {image.height} pixels, more than {_MOST_OBLONG} times as long as wide. "
                "Crop it."
            )
        content = original if _is_as_stored(original) else _encode(image)
        with Image.open(io.BytesIO(content)) as kept:
            width_px, height_px = kept.size
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if not path.exists():
            write_atomically(path, content)
        return StoredPhoto(sha256, width_px, height_px, perceptual_hash(content))

    def add_file(self, file: Path) -> StoredPhoto:
        """Store a photo from a local file. Raises as `add`, and UnreadablePhotoError when the file cannot be read."""
        try:
            original = file.read_bytes()
        except OSError as error:
            raise UnreadablePhotoError(f"{file} cannot be read: {error.strerror}.") from None
        return self.add(original)  # where the store itself cannot be written, that is not the photo's fault


def _is_as_stored(original: bytes) -> bool:
    with Image.open(io.BytesIO(original)) as image:
        return (
            image.format == "JPEG"
            and image.mode == "RGB"
            and min(image.size) <= SHORT_SIDE_PX
            and image.getexif().get(_ORIENTATION_TAG, _UPRIGHT) == _UPRIGHT
        )


def _encode(image: Image.Image) -> bytes:
    short = min(image.size)
    if short > SHORT_SIDE_PX:
        scale = SHORT_SIDE_PX / short
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return buffer.getvalue()
