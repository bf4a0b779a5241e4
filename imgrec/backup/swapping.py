"""Files put in place of others: the old ones stay aside until all of the new ones stand, and come back if not."""

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from imgrec.errors import BackupError

ASIDE = ".before-restore"
_BESIDE_A_DATABASE = ("", "-wal", "-shm")


class Swap(AbstractContextManager["Swap"]):
    """Moves files in; when an error ends it, an interruption included, everything is moved back."""

    def __init__(self) -> None:
        self._moved: list[tuple[Path, Path]] = []  # from, to
        self._asides: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def put(self, new: Path, target: Path) -> None:
        """Put a file in place of the one at `target`, if there is one; what SQLite keeps beside it goes with it."""
        target.parent.mkdir(parents=True, exist_ok=True)
        for ending in _BESIDE_A_DATABASE:
            old, aside = (path.with_name(path.name + ending) for path in (target, aside_of(target)))
            if old.exists():
                self._asides.append(aside)
                self._move(old, aside)
        self._move(new, target)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for origin, moved in reversed(self._moved):
                if moved.exists():
                    moved.replace(origin)
            return
        for aside in self._asides:
            aside.unlink(missing_ok=True)

    def _move(self, origin: Path, target: Path) -> None:
        self._moved.append((origin, target))
        origin.replace(target)


def aside_of(target: Path) -> Path:
    """Where the old file waits meanwhile."""
    return target.with_name(target.name + ASIDE)


def see_that_none_was_cut_short(*targets: Path) -> None:
    """Raise BackupError where an earlier swap was killed halfway, which left the old files aside."""
    for target in targets:
        if aside_of(target).exists():
            raise BackupError(
                f"{aside_of(target)} is what stood at {target} before a restore that was killed halfway. Move it back "
                "there, or delete it if you do not want it any more; then restore again."
            )
