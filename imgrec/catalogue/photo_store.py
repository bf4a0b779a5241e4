"""The folder of product photos, each named by the SHA-256 of its content."""

import hashlib
import io
import os
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from imgrec.errors import TooLargePhotoError, TooSmallPhotoError, UnreadablePhotoError
from imgrec.generations import write_atomically
from imgrec.vision.guard import GuardedDecoder
from imgrec.vision.perceptual_hash import perceptual_hash

SHORT_SIDE_PX = 512
_JPEG_QUALITY = 90
_MOST_OBLONG = 18  # Telegram refuses photos more than 20 times as long as wide, or of 10,000 px for both sides together
_BYTES_BESIDE_PIXELS = 65_536


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

    def __init__(self, folder: Path, decoder: GuardedDecoder | None = None) -> None:
        self.folder = folder
        self._decoder = decoder or GuardedDecoder(os.cpu_count() or 1)

    def path(self, sha256: str) -> Path:
        """Where the photo with this content lies."""
        return self.folder / sha256[:2] / f"{sha256}.jpg"

    def add(self, original: bytes, least_side_px: int = 1) -> StoredPhoto:
        """Store a photo given as the bytes of any image file.

        A plain JPEG that already is small enough is kept byte for byte; anything else is encoded anew.
        Raises UnreadablePhotoError, TooLargePhotoError, CostlyPhotoError, or TooSmallPhotoError below `least_side_px`.
        """
        decoded = self._decoder.examine(original, enough_px=SHORT_SIDE_PX)
        image = decoded.image
        if min(image.size) < least_side_px:
            raise TooSmallPhotoError(
                f"The photo is {image.width} x {image.height} pixels; its short side must have {least_side_px}."
            )
        if max(image.size) > _MOST_OBLONG * min(image.size):
            raise TooLargePhotoError(
                f"The photo is {image.width} x {image.height} pixels, more than {_MOST_OBLONG} times as long as wide. "
                "Crop it."
            )
        if not (decoded.is_plain_jpeg and _is_small(image, original)):
            image = _fitting(image)
            original = _encode(image)
        sha256 = hashlib.sha256(original).hexdigest()
        path = self.path(sha256)
        if not path.exists():
            write_atomically(path, original)
        return StoredPhoto(sha256, image.width, image.height, perceptual_hash(original))

    def add_file(self, file: Path) -> StoredPhoto:
        """Store a photo from a local file. Raises as `add`, and UnreadablePhotoError when the file cannot be read."""
        try:
            original = file.read_bytes()
        except OSError as error:
            raise UnreadablePhotoError(f"{file} cannot be read: {error.strerror}.") from None
        return self.add(original)  # where the store itself cannot be written, that is not the photo's fault


def _is_small(image: Image.Image, original: bytes) -> bool:
    """Few pixels, and no more bytes than they would take: a file may carry megabytes of other things."""
    most_bytes = 3 * image.width * image.height + _BYTES_BESIDE_PIXELS
    return min(image.size) <= SHORT_SIDE_PX and len(original) <= most_bytes


def _fitting(image: Image.Image) -> Image.Image:
    short = min(image.size)
    if short <= SHORT_SIDE_PX:
        return image
    scale = SHORT_SIDE_PX / short
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return buffer.getvalue()
