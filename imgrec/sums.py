"""Folders closed by SHA256SUMS: what is read from one is what was written, or it is not read."""

import hashlib
import io
import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from imgrec.generations import sha256_of, write_atomically

SUMS = "SHA256SUMS"
MAPPED_FROM = 1 << 26
"""Bytes from which an array is mapped instead of read: 64 MiB."""

_LONGEST_HEADER = 4096


def seal(folder: Path) -> None:
    """Write SHA256SUMS over every file of a finished folder (`sha256sum -c` reads it), all of them on disk by then."""
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.name != SUMS)
    for file in files:
        with file.open("rb+") as written:
            os.fsync(written.fileno())
    write_atomically(folder / SUMS, "".join(f"{sha256_of(file)}  {file.name}\n" for file in files).encode())


def recorded_sums(folder: Path) -> dict[str, str]:
    """What SHA256SUMS says, by file name. Raises OSError."""
    lines = (folder / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    parts = [line.partition("  ") for line in lines if line.strip()]
    return {name: digest for digest, _, name in parts}


class SealedFolder:
    """Reads files whole and checks the very bytes it returns.

    What happens to the files later does not matter, but for large arrays: they are mapped.
    """

    def __init__(self, folder: Path) -> None:
        """Raises OSError where there are no sums."""
        self._folder = folder
        self._sums = recorded_sums(folder)

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

        From MAPPED_FROM bytes on it is the file itself, mapped into memory: read once for its sum, then kept by the
        system's page cache, which all processes share and which gives way where memory is short. So such a file must
        not be changed in place while it is open; removing it, or moving another in its place, does no harm (Windows
        refuses to remove it until it is closed).
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
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.check(name, content)
        return content
