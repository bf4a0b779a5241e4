"""Folders closed by SHA256SUMS: what is read from one is what was written, or it is not read.

Summing gigabytes takes seconds. So of each large array it is noted (SUMMED) how its file stood when it had its sum:
size, times and inode, as git's index has them. Whatever writes to a file, cuts it, copies it or puts another in its
place changes one of these, and it is summed again; while it stands as it did, it is not. What a disk changes of itself
is found by who sums it anew.
"""

import contextlib
import hashlib
import io
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from imgrec.generations import sha256_of, write_atomically

SUMS, SUMMED = "SHA256SUMS", ".summed"
MAPPED_FROM = 1 << 26
"""Bytes from which an array is mapped instead of read: 64 MiB."""

_LONGEST_HEADER = 4096


def seal(folder: Path) -> None:
    """Write SHA256SUMS over every file of a finished folder (`sha256sum -c` reads it), all of them on disk by then."""
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.name not in {SUMS, SUMMED})
    sums, summed = "", {}
    for file in files:
        with file.open("rb+") as written:
            os.fsync(written.fileno())
        status = file.stat()
        digest = sha256_of(file)
        sums += f"{digest}  {file.name}\n"
        if status.st_size >= MAPPED_FROM:
            summed[file.name] = _as_it_stands(file.name, digest, status)
    write_atomically(folder / SUMS, sums.encode())
    if summed:
        _note(folder, summed)


def recorded_sums(folder: Path) -> dict[str, str]:
    """What SHA256SUMS says, by file name. Raises OSError."""
    lines = (folder / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    parts = [line.partition("  ") for line in lines if line.strip()]
    return {name: digest for digest, _, name in parts}


class SealedFolder:
    """Reads files whole and checks the very bytes it returns.

    What happens to the files later does not matter, but for large arrays: they are mapped.
    """

    def __init__(self, folder: Path, anew: bool = False) -> None:
        """anew: also sum large arrays that stand as they did when they were summed. Raises OSError without sums."""
        self._folder = folder
        self._sums = recorded_sums(folder)
        self._anew = anew
        self._summed = _noted(folder)

    def read(self, name: str) -> bytes:
        """A file's content. Raises OSError, or ValueError when it differs from its sum."""
        content = (self._folder / name).read_bytes()
        self.check(name, content)
        return content

    def check(self, name: str, content: bytes | mmap.mmap) -> None:
        """Raises ValueError when this is not the content that was sealed under this name."""
        if hashlib.sha256(content).hexdigest() != self._sums.get(name):
            raise ValueError(f"{name} differs from its sum")

    def __contains__(self, name: str) -> bool:
        """Whether there was such a file when the folder was sealed."""
        return name in self._sums

    def array(self, name: str) -> NDArray[Any]:
        """The array in an .npy file (NEP 1), read-only, on the bytes that were checked. Raises as `read`.

        From MAPPED_FROM bytes on it is the file itself, mapped into memory, and summed unless it stands as it did when
        it last was. The system's page cache keeps it, which all processes share and which gives way where memory is
        short. So such a file must not be changed in place while it is open; removing it, or moving another in its
        place, does no harm (Windows refuses to remove it until it is closed).
        """
        file = self._folder / name
        content = self._mapped(name) if file.stat().st_size >= MAPPED_FROM else self.read(name)
        header = io.BytesIO(content[:_LONGEST_HEADER])
        if npy.read_magic(header) != (1, 0):
            raise ValueError(f"{name} is of another version of .npy")
        shape, is_fortran, dtype = npy.read_array_header_1_0(header)
        if dtype.hasobject:
            raise ValueError(f"{name} holds objects")
        flat = np.frombuffer(content, dtype, offset=header.tell())  # no copy
        return flat.reshape(shape, order="F" if is_fortran else "C")

    def _mapped(self, name: str) -> mmap.mmap:
        with (self._folder / name).open("rb") as file:
            # as it stood before it is read: whoever writes meanwhile makes it another
            stands = _as_it_stands(name, self._sums.get(name), os.fstat(file.fileno()))
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._anew or self._summed.get(name) != stands:
            self._sum(name, content, stands)
        return content

    def _sum(self, name: str, content: mmap.mmap, stands: str) -> None:
        noted = self._summed.pop(name, None)
        try:
            self.check(name, content)
            self._summed[name] = stands
        finally:
            if self._summed.get(name) != noted:
                with contextlib.suppress(OSError):  # where others may only read, each of them sums
                    _note(self._folder, self._summed)


def _as_it_stands(name: str, digest: str | None, status: os.stat_result) -> str:
    """A file's sum, and what tells that nobody has touched it since."""
    stands = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return f"{digest} {' '.join(map(str, stands))}  {name}"


def _note(folder: Path, summed: Mapping[str, str]) -> None:
    write_atomically(folder / SUMMED, "".join(f"{stands}\n" for stands in summed.values()).encode())


def _noted(folder: Path) -> dict[str, str]:
    """How files stood when they had their sums, by name; nothing where that is not known."""
    try:
        lines = (folder / SUMMED).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {line.partition("  ")[2]: line for line in lines}
