"""One writer at a time: whoever writes holds a lock beside what it writes, and the second learns who has it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from imgrec.database import utc_now
from imgrec.errors import BusyError


@contextlib.contextmanager
def writing(path: Path, command: str) -> Iterator[None]:
    """Hold the writer's lock of the database at `path` while `command` runs.

    The operating system frees the lock when its holder ends, however it ends. Raises BusyError when it is taken.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    holder = path.with_name(f".{path.name}.holder")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(f"{_named(holder)} is writing to {path}. Wait until it is done, or stop it.") from None
    try:
        holder.write_text(f"`{command}` (process {os.getpid()}, since {utc_now()})", encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _named(holder: Path) -> str:
    try:
        return holder.read_text(encoding="utf-8") or "Another process"
    except FileNotFoundError:
        return "Another process"
