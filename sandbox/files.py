"""The files of one bot: photos, documents and stickers, found by the ids Telegram would give them."""

import asyncio
import base64
import hashlib
import mimetypes
from dataclasses import dataclass
from typing import TypeVar

from sandbox.errors import bad_request
from sandbox.photos import Jpeg, photo_sizes, sticker_size
from sandbox.wire import Json

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
MAX_UPLOAD_BYTES = 50 * 1024 * 1024

WRONG_FILE = "wrong file identifier/HTTP URL specified"


@dataclass(frozen=True)
class Upload:
    """A file as it came in a request."""

    name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True)
class StoredFile:
    """One file with its ids, and the path below which the bot downloads it."""

    file_id: str
    unique_id: str
    path: str
    content: bytes

    def to_json(self) -> Json:
        """The fields every kind of file has in the Bot API."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_size": len(self.content),
        }


@dataclass(frozen=True)
class Photo:
    """A photo: its sizes from small to large, each a file of its own."""

    sizes: tuple[tuple[Jpeg, StoredFile], ...]
    sha256: str = ""
    """Of the file it was made from."""

    def to_json(self) -> list[Json]:
        """The Bot API's array of PhotoSize."""
        return [{**file.to_json(), "width": jpeg.width, "height": jpeg.height} for jpeg, file in self.sizes]


@dataclass(frozen=True)
class Document:
    """A file kept byte for byte, with its name and MIME type."""

    file: StoredFile
    name: str
    mime_type: str

    def to_json(self) -> Json:
        """The Bot API's Document."""
        return {**self.file.to_json(), "file_name": self.name, "mime_type": self.mime_type}


@dataclass(frozen=True)
class Sticker:
    """A static sticker: a WebP file kept byte for byte."""

    file: StoredFile
    width: int
    height: int
    emoji: str

    def to_json(self) -> Json:
        """The Bot API's Sticker."""
        kind = {"type": "regular", "is_animated": False, "is_video": False}
        return {**self.file.to_json(), **kind, "width": self.width, "height": self.height, "emoji": self.emoji}


Media = Photo | Document | Sticker
M = TypeVar("M", Photo, Document)


@dataclass(frozen=True)
class Refusal:
    """Why a photo cannot be sent, and whether Telegram says which one of an album it is."""

    description: str = "IMAGE_PROCESS_FAILED"
    is_named: bool = True

    def in_album(self, number: int) -> str:
        """What is said of an album whose item of this number, from 1 on, is refused."""
        if not self.is_named:
            return "group send failed"
        return f'failed to send message #{number} with the error message "{self.description}"'


class FileStore:
    """Files of one bot. The same content has the same ids, until all ids are expired."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._generation = 0
        self._files: dict[str, StoredFile] = {}
        self._paths: dict[str, StoredFile] = {}
        self._usable: dict[str, Media] = {}
        self._by_digest: dict[str, Media] = {}
        self.refusals: dict[str, Refusal] = {}  # photos that cannot be sent, by their SHA-256

    async def add(self, kind: str, upload: Upload) -> Photo | Document:
        """Keep a file as a photo, or else as a document."""
        return await self.add_photo(upload.content) if kind == "photo" else self.add_document(upload)

    async def add_photo(self, content: bytes) -> Photo:
        """Keep a picture as a photo; it is re-encoded outside the event loop."""
        digest = _digest("photo", content)
        known = self._by_digest.get(digest)
        if isinstance(known, Photo):
            return known
        jpegs = await asyncio.to_thread(photo_sizes, content)
        sizes = tuple((jpeg, self._keep("photo", jpeg.content, ".jpg", digest)) for jpeg in jpegs)
        photo = Photo(sizes, hashlib.sha256(content).hexdigest())
        self._by_digest[digest] = photo
        self._usable.update({file.file_id: photo for _, file in photo.sizes})
        return photo

    def add_document(self, upload: Upload) -> Document:
        """Keep a file as it is; a MIME type that says nothing is guessed from the name."""
        if not upload.content:
            raise bad_request("file must be non-empty")
        digest = _digest("document", upload.content, upload.name, upload.mime_type)
        known = self._by_digest.get(digest)
        if isinstance(known, Document):
            return known
        suffix = f".{upload.name.rpartition('.')[2]}" if "." in upload.name else ""
        mime_type = upload.mime_type
        if mime_type in ("", "application/octet-stream", "application/unknown"):
            mime_type = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
        stored = self._keep("document", upload.content, suffix, digest)
        document = Document(stored, upload.name, mime_type)
        self._by_digest[digest] = document
        self._usable[stored.file_id] = document
        return document

    def add_sticker(self, content: bytes, emoji: str) -> Sticker:
        """Keep a WebP picture as a static sticker."""
        digest = _digest("sticker", content, emoji)
        known = self._by_digest.get(digest)
        if isinstance(known, Sticker):
            return known
        sticker = Sticker(self._keep("sticker", content, ".webp", digest), *sticker_size(content), emoji)
        self._by_digest[digest] = self._usable[sticker.file.file_id] = sticker
        return sticker

    def sendable(self, file_id: str, kind: type[M]) -> M:
        """The document with this id, or the photo one of whose sizes has it, to be sent again."""
        found = self._usable.get(file_id)
        if found is None:
            raise bad_request(WRONG_FILE)
        if not isinstance(found, kind):
            raise bad_request(f"can't use file of type {type(found).__name__} as {kind.__name__}")
        return found

    def downloadable(self, file_id: str) -> StoredFile:
        """The file a bot may fetch by this id: a known one of at most 20 MB."""
        if file_id not in self._usable:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        file = self._files[file_id]
        if len(file.content) > MAX_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        return file

    def by_path(self, path: str) -> StoredFile | None:
        """The file below a download path, if the bot may fetch it."""
        file = self._paths.get(path)
        return file if file and len(file.content) <= MAX_DOWNLOAD_BYTES else None

    def get(self, file_id: str) -> StoredFile | None:
        """A file as a user sees it: of any size, and with an expired id too."""
        return self._files.get(file_id)

    def expire_all(self) -> None:
        """Make every id handed out so far unknown to the bot; what is uploaded again gets new ones."""
        self._generation += 1
        self._usable.clear()
        self._by_digest.clear()

    def refusal(self, media: Media) -> Refusal | None:
        """Why a photo cannot be sent, where it cannot."""
        return self.refusals.get(media.sha256) if isinstance(media, Photo) else None

    def _keep(self, kind: str, content: bytes, suffix: str, salt: str) -> StoredFile:
        unique_id = "AQAD" + _digest(kind, content, salt)[:16]
        file_id = "AgAC" + _digest(kind, content, salt, self._token, str(self._generation))
        file = StoredFile(file_id, unique_id, f"{kind}s/file_{len(self._paths)}{suffix}", content)
        self._files[file_id] = self._paths[file.path] = file
        return file


def _digest(kind: str, content: bytes, *salts: str) -> str:
    digest = hashlib.sha256("\0".join([kind, *salts, ""]).encode())
    digest.update(content)
    return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
