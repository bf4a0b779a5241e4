"""The folder of product photos, each named by the SHA-256 of its content, here or in object storage."""

import hashlib
import io
import os
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from imgrec.errors import StorageError, TooLargePhotoError, TooSmallPhotoError, UnreadablePhotoError
from imgrec.folders import Place, folder_at
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

    def __init__(self, place: Place, decoder: GuardedDecoder | None = None) -> None:
        self.place = place
        self._folder = folder_at(place)
        self._decoder = decoder or GuardedDecoder(os.cpu_count() or 1)

    @property
    def is_here(self) -> bool:
        """Whether its files are this machine's, or a shared folder's, and not in object storage."""
        return isinstance(self.place, Path)

    @property
    def folder(self) -> Path:
        """The folder, for whoever needs its files. Raises StorageError where the photos are in object storage."""
        if isinstance(self.place, Path):
            return self.place
        raise StorageError(
            f"catalogue.photos is {self.place}, and this needs the photos in a folder here. Copy them into one, and "
            "name it in catalogue.photos."
        )

    def path(self, sha256: str) -> Path:
        """Where the photo with this content lies. Raises StorageError where that is object storage."""
        return self.folder / _name(sha256)

    def address(self, sha256: str) -> str:
        """Where it lies, for people to read: an absolute path, or an address."""
        return str(self.path(sha256).resolve()) if isinstance(self.place, Path) else f"{self.place}/{_name(sha256)}"

    def source(self, sha256: str) -> Path | bytes:
        """What a decoder takes: its path, or its content from object storage.

        Raises UnreadablePhotoError when object storage lacks it, as decoding does for a file that is not there, and
        StorageError.
        """
        if isinstance(self.place, Path):
            return self.path(sha256)
        try:
            return self._folder.read(_name(sha256))
        except FileNotFoundError:
            raise UnreadablePhotoError(f"There is no {self.address(sha256)}.") from None

    def has(self, sha256: str) -> bool:
        """Whether it is there."""
        return self._folder.has(_name(sha256))

    def exists(self) -> bool:
        """Whether there is such a folder at all."""
        return self._folder.exists()

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
        if not self.has(sha256):
            self._folder.write(_name(sha256), original)
        return StoredPhoto(sha256, image.width, image.height, perceptual_hash(original))

    def add_file(self, file: Path) -> StoredPhoto:
        """Store a photo from a local file. Raises as `add`, and UnreadablePhotoError when the file cannot be read."""
        try:
            original = file.read_bytes()
        except OSError as error:
            raise UnreadablePhotoError(f"{file} cannot be read: {error.strerror}.") from None
        return self.add(original)  # where the store itself cannot be written, that is not the photo's fault


def _name(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}.jpg"


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
