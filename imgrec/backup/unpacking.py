"""The archive of a backup, read as if a stranger had sent it: each member is foreseen, plain, and equals its sum."""

import gzip
import hashlib
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from imgrec.backup.manifest import MANIFEST, MANIFEST_SUM, Manifest, read_manifest
from imgrec.errors import BackupError
from imgrec.progress import Reporter

_GZIP = b"\x1f\x8b"
_LONGEST_MANIFEST = 1 << 29
_AT_ONCE = 1 << 20


class Archive:
    """A backup opened for reading. Raises BackupError when it is none, or of a newer imgrec."""

    def __init__(self, path: Path, tar: tarfile.TarFile) -> None:
        self.path = path
        self._tar = tar
        content, digest = (self._small(name) for name in (MANIFEST, MANIFEST_SUM))
        self.manifest: Manifest = read_manifest(content, digest, str(path))

    def unpack(self, place_of: Callable[[str], Path], report: Reporter) -> None:
        """Write every file to the place for its name, and see that all are there and equal their sums.

        Raises BackupError where one does not, is missing, comes twice, or is not a plain file of the manifest.
        """
        lacking = dict(self.manifest.files)
        with report.stage("Checking the backup, files", len(lacking)) as advance:
            while member := self._next():
                expected = lacking.pop(member.name, None)
                if expected is None or not _is_plain(member) or member.size != expected.bytes:
                    raise self._damaged(f"{member.name!r} does not belong into it")
                place = place_of(member.name)
                place.parent.mkdir(parents=True, exist_ok=True)
                with self._open(member) as content, place.open("wb") as file:
                    digest = hashlib.sha256()
                    while block := content.read(_AT_ONCE):
                        digest.update(block)
                        file.write(block)
                if digest.hexdigest() != expected.sha256:
                    raise self._damaged(f"{member.name} differs from its sum")
                advance(1, "")
        if lacking:
            raise self._damaged(f"it ends too early, {len(lacking):,} files are missing, such as {next(iter(lacking))}")

    def _small(self, name: str) -> bytes:
        member = self._next()
        if member is None or member.name != name or not _is_plain(member) or member.size > _LONGEST_MANIFEST:
            raise BackupError(f"{self.path} is no backup of imgrec: it does not begin with {MANIFEST}.")
        with self._open(member) as content:
            return content.read()

    def _next(self) -> tarfile.TarInfo | None:
        try:
            return self._tar.next()
        except ValueError as error:
            raise self._damaged(str(error)) from None

    def _open(self, member: tarfile.TarInfo) -> IO[bytes]:
        content = self._tar.extractfile(member)
        if content is None:
            raise self._damaged(f"{member.name!r} is no file")
        return content

    def _damaged(self, problem: str) -> BackupError:
        return damaged(self.path, problem)


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The backup at a path. Raises BackupError, also while it is read."""
    try:
        with path.open("rb") as stream:
            is_packed = stream.read(2) == _GZIP
        with tarfile.open(path, "r:gz" if is_packed else "r:") as tar:
            yield Archive(path, tar)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise damaged(path, str(error)) from None


def damaged(path: Path, problem: str) -> BackupError:
    """What is said of an archive that is not what was written."""
    return BackupError(
        f"{path} is damaged, or no backup of imgrec ({' '.join(problem.split())[:200]}); nothing was changed. Copy it "
        "here again, or take another one."
    )


def see_that_there_is_room(manifest: Manifest, folder: Path) -> None:
    """Raise BackupError where what a backup holds does not fit."""
    wanted = sum(file.bytes for file in manifest.files.values())
    free = shutil.disk_usage(folder).free
    if wanted > free:
        raise BackupError(
            f"The backup holds {wanted / 1e6:,.0f} MB, and at {folder} there are {free / 1e6:,.0f} MB. Make room first."
        )


def _is_plain(member: tarfile.TarInfo) -> bool:
    return member.type in (tarfile.REGTYPE, tarfile.AREGTYPE)
