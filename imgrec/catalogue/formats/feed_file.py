"""A feed opened for reading: plain or packed, as its first bytes tell; its beginning at hand, its progress known."""

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from imgrec.catalogue.formats.packed import unpacked
from imgrec.catalogue.formats.text_encoding import encoding_of
from imgrec.errors import FeedError

HEAD_BYTES = 1 << 18
LONGEST_LINE = 4_000_000  # characters or bytes; the longest record of Amazon's is a tenth of that
_UTF8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Reading:
    """What a feed's owner says of it that looking might not tell.

    `encoding` is Python's name of one; `columns` maps fields to the columns of a table that hold them; `site` is the
    shop's address without a slash at its end, for feeds that name products' pages without it.
    """

    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    site: str | None = None


class FeedFile:
    """One feed, read once from beginning to end; a context manager.

    `head` holds its first 256 KB, unpacked, and reading starts before them all the same, so pipes will do. `size` is
    the file's in bytes, None where it is unknown, and `position` how many of those have been read. `warnings` says what
    is odd about the feed and no error, each once. Raises FeedError when the file cannot be opened, and while reading
    when it is damaged or cut off.
    """

    def __init__(self, path: Path, reading: Reading | None = None) -> None:
        self.path = path
        self.reading = reading or Reading()
        self.warnings: list[str] = []
        try:
            self._file = _Counted(path.open("rb", buffering=0))
            status = os.fstat(self._file.raw.fileno())
        except OSError as error:
            raise FeedError(f"The feed {path} cannot be read: {error.strerror}.") from None
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else None
        try:
            self._content = _Content(path, unpacked(path, io.BufferedReader(self._file, HEAD_BYTES), self.warn))
        except FeedError:
            self._file.raw.close()
            raise
        self.head = self._content.head
        self.stream = io.BufferedReader(self._content, HEAD_BYTES)

    @property
    def damage(self) -> FeedError | None:
        """What is wrong with the file where its end is already within the head, and too early."""
        return self._content.failure

    @property
    def position(self) -> int:
        """Bytes of the file read so far, compressed as they are."""
        return self._file.count

    def warn(self, what: str) -> None:
        """Note what is odd, once, as the end of a sentence that begins with the feed's name."""
        if what not in self.warnings:
            self.warnings.append(what)

    def text(self) -> io.TextIOWrapper:
        """The feed as text with its line ends as they are.

        Bytes that do not decode become lone surrogates, so that one bad row is rejected and the others are not.
        """
        return io.TextIOWrapper(self.stream, self.encoding(), errors="surrogateescape", newline="")

    @cached_property
    def text_head(self) -> str:
        """`head` as text, as far as it is some."""
        return self.head.decode(self.reading.encoding or encoding_of(self.head)[0], "replace")

    def encoding(self, declared: str | None = None) -> str:
        """Python's name of the encoding: what the owner says, or what is found; warns where that may be wrong.

        `declared` is Python's name of the one that the feed itself declares.
        """
        if self.reading.encoding:
            return self.reading.encoding
        encoding, note = encoding_of(self.head, declared)
        if note:
            self.warn(note)
        return encoding

    def lines(self) -> Iterator[tuple[int, bytes | None]]:
        """(number, content) of every line that is not blank; None for one that is too long to be held."""
        number = 0
        while line := self.stream.readline(LONGEST_LINE):
            number += 1
            if number == 1:
                line = line.removeprefix(_UTF8_MARK)
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                while (rest := self.stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                    pass
                yield number, None
            elif not line.isspace():
                yield number, line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.raw.close()


class _Counted(io.RawIOBase):
    """A file that counts the bytes read of it."""

    def __init__(self, raw: io.FileIO) -> None:
        self.raw = raw
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        read = self.raw.readinto(buffer) or 0
        self.count += read
        return read

    def seekable(self) -> bool:
        return self.raw.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self.raw.seek(offset, whence)

    def tell(self) -> int:
        return self.raw.tell()


class _Content(io.RawIOBase):
    """What a feed holds once unpacked: first the head that was looked at, then the rest. Damage becomes a FeedError."""

    def __init__(self, path: Path, inside: io.BufferedReader) -> None:
        self.path = path
        self._inside = inside
        self.failure: FeedError | None = None
        head = bytearray()
        while len(head) < HEAD_BYTES and (more := self._more(HEAD_BYTES - len(head))):
            head += more
        if not head and self.failure:
            raise self.failure
        self.head = bytes(head)
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        if self._given < len(self.head):
            piece = self.head[self._given : self._given + len(buffer)]
            self._given += len(piece)
        else:
            piece = self._more(len(buffer))
            if not piece and self.failure:
                raise self.failure
        buffer[: len(piece)] = piece
        return len(piece)

    def _more(self, most: int) -> bytes:
        if self.failure:
            return b""
        try:
            return self._inside.read1(most)
        except EOFError:
            self.failure = self._broken("is cut off: its packed data ends too early")
        except (zlib.error, zipfile.BadZipFile) as error:
            self.failure = self._broken(f"is damaged: {error}")
        except OSError as error:
            self.failure = self._broken(f"cannot be read: {error.strerror}")
        return b""

    def _broken(self, how: str) -> FeedError:
        return FeedError(
            f"The feed {self.path} {how.rstrip('.')}. Fetch it again and import again; nothing was retired."
        )
