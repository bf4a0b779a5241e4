"""Folders of files that are written whole and never changed: here, or in object storage.

A place is a path, or an address such as s3://BUCKET/FOLDER of anything that fsspec reaches. What is here is read and
written by the standard library alone; fsspec is imported, and has to be installed, for addresses only.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from imgrec.errors import StorageError
from imgrec.generations import write_atomically

Place = Path | str


class Folder(Protocol):
    """Files by their names below a folder, with `/` between the parts of a name.

    Anything may be asked by many threads and processes at the same time. What goes wrong with object storage is a
    StorageError, with files here an OSError.
    """

    def exists(self) -> bool:
        """Whether there is such a folder; in object storage: anything in it."""

    def has(self, name: str) -> bool:
        """Whether there is such a file."""

    def read(self, name: str) -> bytes:
        """A file's content. Raises FileNotFoundError."""

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, whole or not at all."""

    def files(self, below: str = "") -> dict[str, int]:
        """The names of all files there, or below a folder of it, in order, and their sizes in bytes."""

    def folders(self) -> list[str]:
        """The names of the folders there, in order; object storage has none that are empty."""

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is below it; either may be gone already."""


def folder_at(place: Place) -> Folder:
    """The folder at a place; nothing is looked for yet. Raises StorageError where its kind of storage is not known."""
    return RemoteFolder(place) if isinstance(place, str) else LocalFolder(place)


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        """Whether it is there."""
        return self._path.is_dir()

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self._path / name).is_file()

    def read(self, name: str) -> bytes:
        """A file's content."""
        return (self._path / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, with the folders it lacks."""
        write_atomically(self._path / name, content)

    def files(self, below: str = "") -> dict[str, int]:
        """Their names and sizes; not what a crash left half written."""
        found = {}
        for file in sorted((self._path / below).rglob("*")):
            with contextlib.suppress(FileNotFoundError):  # removed by another process meanwhile
                if file.is_file() and not file.name.startswith("."):
                    found[file.relative_to(self._path).as_posix()] = file.stat().st_size
        return found

    def folders(self) -> list[str]:
        """Their names."""
        return sorted(path.name for path in self._path.glob("*") if path.is_dir())

    def remove(self, name: str) -> None:
        """Remove a file or a folder."""
        path = self._path / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


class RemoteFolder:
    """A folder of what fsspec reaches. Objects appear there whole, so writing is atomic by itself."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise StorageError(f"{address} is in object storage, which needs: pip install 'imgrec[s3]'") from None
        with self._told():
            files, top = url_to_fs(self.address)
        self._files: Any = files
        self._top: str = top.rstrip("/")

    def exists(self) -> bool:
        """Whether anything is there."""
        with self._told():
            self._files.invalidate_cache()
            return bool(self._files.exists(self._top))

    def has(self, name: str) -> bool:
        """Whether there is such an object."""
        with self._told():
            self._files.invalidate_cache(self._path(str(PurePosixPath(name).parent)))
            return bool(self._files.isfile(self._path(name)))

    def read(self, name: str) -> bytes:
        """An object's content."""
        with self._told():
            content: bytes = self._files.cat_file(self._path(name))
            return content

    def write(self, name: str, content: bytes) -> None:
        """Put an object there."""
        with self._told(lacking_is_an_error=True):
            self._files.pipe_file(self._path(name), content)

    def files(self, below: str = "") -> dict[str, int]:
        """Their names and sizes, as they are now."""
        with self._told():
            self._files.invalidate_cache()  # others write here
            try:
                found = self._files.find(self._path(below), detail=True)
            except FileNotFoundError:
                return {}
        return {path[len(self._top) + 1 :]: int(about["size"] or 0) for path, about in sorted(found.items())}

    def folders(self) -> list[str]:
        """The first parts of names that have several."""
        return sorted({first for first, slash, _ in (name.partition("/") for name in self.files()) if slash})

    def remove(self, name: str) -> None:
        """Remove an object, or all that are below."""
        with self._told(), contextlib.suppress(FileNotFoundError):
            self._files.rm(self._path(name), recursive=True)

    def _path(self, name: str) -> str:
        return f"{self._top}/{name}" if name and name != "." else self._top

    @contextlib.contextmanager
    def _told(self, lacking_is_an_error: bool = False) -> Iterator[None]:
        """Every protocol's package has errors of its own, so all of them are meant."""
        try:
            yield
        except FileNotFoundError as error:
            if not lacking_is_an_error:
                raise
            raise StorageError(f"{self.address} cannot be written: {_in_a_line(error)}. Make the bucket.") from None
        except ImportError as error:
            raise StorageError(
                f"{self.address}: {_in_a_line(error)}. s3:// needs: pip install 'imgrec[s3]'; others the package named."
            ) from None
        except Exception as error:
            raise StorageError(
                f"{self.address} cannot be used: {_in_a_line(error)}. See to the address, the network, and what "
                "lets you in, such as AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL."
            ) from None


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
