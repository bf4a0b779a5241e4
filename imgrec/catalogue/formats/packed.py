"""Feeds that come packed: gzip, however often, and a zip archive that holds one feed."""

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import cast

from imgrec.errors import FeedError

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_DEEPEST = 3  # packings within each other
_PIECE = 1 << 17
_SPREADSHEETS = ("[Content_Types].xml", "mimetype")  # what only a spreadsheet's zip archive holds


def unpacked(path: Path, file: io.BufferedReader, warn: Callable[[str], None]) -> io.BufferedReader:
    """What is inside, as far as the first bytes tell that something is; `warn` hears of what is left unread.

    Raises FeedError when an archive holds no feed, or more than one; reading raises EOFError, zlib.error, OSError or
    zipfile.BadZipFile where it is damaged.
    """
    inside = file
    for _ in range(_DEEPEST):
        try:
            begins = inside.peek(len(_ZIP))
        except (EOFError, zlib.error, OSError, zipfile.BadZipFile):
            break  # whoever reads it will hear of it
        if begins.startswith(_GZIP):
            inside = io.BufferedReader(_Gunzip(inside, warn), _PIECE)
        elif begins.startswith(_ZIP):
            inside = io.BufferedReader(_only_member(path, inside), _PIECE)
        else:
            break
    return inside


class _Gunzip(io.RawIOBase):
    """The content of gzip files one behind the other; as with gunzip, what stands behind the last one is ignored."""

    def __init__(self, packed: io.BufferedReader, warn: Callable[[str], None]) -> None:
        self._packed = packed
        self._warn = warn
        self._ahead = b""
        self._member = zlib.decompressobj(wbits=31)
        self._at_end = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        while not self._at_end:
            self._ahead = self._ahead or self._packed.read1(_PIECE)
            is_last = not self._ahead
            piece = self._member.decompress(self._ahead, len(buffer))
            self._ahead = self._member.unconsumed_tail
            if self._member.eof:
                self._at_end = not self._has_another(self._member.unused_data)
            elif is_last and not piece:
                raise EOFError
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
        return 0

    def _has_another(self, ahead: bytes) -> bool:
        """Whether another gzip file follows, perhaps behind zeros that fill a block."""
        while len(ahead := ahead.lstrip(b"\0")) < len(_GZIP) and (more := self._packed.read1(_PIECE)):
            ahead += more
        if ahead.startswith(_GZIP):
            self._member, self._ahead = zlib.decompressobj(wbits=31), ahead
            return True
        if ahead.strip():
            self._warn("bytes that are no gzip stand behind its end and were ignored; the feed itself is whole.")
        return False


def _only_member(path: Path, file: io.BufferedReader) -> zipfile.ZipExtFile:
    if not file.seekable():
        raise FeedError(f"The feed {path} is a zip archive that comes through a pipe. Unpack it first.")
    try:
        archive = zipfile.ZipFile(file)
        if any(name in archive.namelist() for name in _SPREADSHEETS):
            raise FeedError(f"The feed {path} is a spreadsheet. Save it as CSV (UTF-8), and import that.")
        feeds = [member for member in archive.infolist() if _may_be_a_feed(member)]
        if len(feeds) != 1:
            named = ", ".join(sorted(member.filename for member in feeds)[:5]) or "none"
            raise FeedError(
                f"The feed {path} is a zip archive that must hold one feed, and holds {len(feeds)} ({named!r}). "
                "Unpack it, and import what is inside."
            )
        return cast("zipfile.ZipExtFile", archive.open(feeds[0]))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # of which some are of a password
        raise FeedError(f"The feed {path} is a zip archive that cannot be unpacked: {error}. Fetch it again.") from None


def _may_be_a_feed(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename)
    beside = name.name.startswith(".") or name.name.lower() in {"thumbs.db", "desktop.ini"} or "__MACOSX" in name.parts
    return not member.is_dir() and not beside
