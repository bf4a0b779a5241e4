"""A feed opened for reading: plain or gzip, as its first bytes tell; its beginning at hand, its progress known."""

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from imgrec.errors import FeedError

HEAD_BYTES = 1 << 18
LONGEST_LINE = 4_000_000  # characters or bytes; the longest record of Amazon's is a tenth of that
_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class FeedFile:
    """One feed, read once from beginning to end; a context manager.

    `head` holds its first 256 KB, unpacked, and reading starts before them all the same, so pipes will do. `size` is
    the file's in bytes, None where it is unknown, and `position` how many of those have been read. Raises FeedError
    when the file cannot be opened, and while reading when it is damaged or cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = _Counted(path.open("rb", buffering=0))
            status = os.fstat(self._file.raw.fileno())
        except OSError as error:
            raise FeedError(f"The feed {path} cannot be read: {error.strerror}.") from None
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else None
        buffered = io.BufferedReader(self._file, HEAD_BYTES)
        self.is_gzip = buffered.peek(2)[:2] == _GZIP
        unpacked = gzip.GzipFile(fileobj=buffered) if self.is_gzip else buffered
        try:
            self._content = _Content(path, unpacked)
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

    def text(self) -> io.TextIOWrapper:
        """The feed as text with its line ends as they are.

        UTF-8, or UTF-16 where it begins with that mark. Bytes that do not decode become lone surrogates, so that one
        bad row is rejected and the others are not.
        """
        return io.TextIOWrapper(self.stream, self._encoding, errors="surrogateescape", newline="")

    @property
    def text_head(self) -> str:
        """`head` as text, as far as it is some."""
        return self.head.decode(self._encoding, "replace")

    @property
    def _encoding(self) -> str:
        return "utf-16" if self.head.startswith(_UTF16_MARKS) else "utf-8-sig"

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


class _Content(io.RawIOBase):
    """What a feed holds once unpacked: first the head that was looked at, then the rest. Damage becomes a FeedError."""

    def __init__(self, path: Path, unpacked: io.BufferedIOBase) -> None:
        self.path = path
        self._unpacked = unpacked
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
            return self._unpacked.read1(most)
        except EOFError:
            self.failure = self._broken("is cut off: its gzip data ends too early")
        except (zlib.error, gzip.BadGzipFile) as error:
            self.failure = self._broken(f"is damaged: {error}")
        except OSError as error:
            self.failure = self._broken(f"cannot be read: {error.strerror}")
        return b""

    def _broken(self, how: str) -> FeedError:
        return FeedError(
            f"The feed {self.path} {how.rstrip('.')}. Fetch it again and import again; nothing was retired."
        )
