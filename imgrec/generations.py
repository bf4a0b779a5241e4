"""Folders that are swapped in whole: each generation is a folder, and a pointer file names the current one.

A reader sees the old generation or the new one, never half of each; a crash while building leaves the old one.
"""

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Collection
from pathlib import Path

POINTER = "CURRENT"
_GENERATIONS = "generation-[0-9]*"


def current(folder: Path) -> Path | None:
    """The folder that the pointer names, or None when there is no pointer or it names nothing that exists."""
    name = _pointed_to(folder)
    if name is None or name in {"", ".."} or Path(name).name != name:
        return None
    try:
        return folder / name if (folder / name).is_dir() else None
    except OSError:  # such as a name too long to be one
        return None


def before_current(folder: Path) -> list[Path]:
    """The generations before the one the pointer names, newest first; none where there is no pointer.

    Where it names no generation, all there are: whoever damaged it, those were whole.
    """
    name = _pointed_to(folder)
    if name is None:
        return []
    there = [path for path in folder.glob(_GENERATIONS) if path.is_dir()]
    is_one = re.fullmatch(r"generation-[0-9]{6,}", name)
    return sorted((path for path in there if path.name < name or not is_one), reverse=True)


def point_to(folder: Path, name: str) -> None:
    """Make `name` the current generation, atomically."""
    write_atomically(folder / POINTER, f"{name}\n".encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file's content so that a reader, or a crash, meets the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")  # threads may write the same path
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def swap_in(draft: Path, target: Path) -> None:
    """Put a finished folder in place; one that stood there is moved aside first and removed last."""
    old = target.with_name(f"{target.name}.old-{os.getpid()}")
    if target.exists():
        target.replace(old)
    draft.replace(target)
    shutil.rmtree(old, ignore_errors=True)


def next_name(folder: Path) -> str:
    """The name for a generation to come: generation-000001, -000002, ..."""
    taken = [int(path.name.rsplit("-", 1)[1]) for path in folder.glob(_GENERATIONS) if path.is_dir()]
    return f"generation-{max(taken, default=0) + 1:06d}"


def remove_all_but(folder: Path, kept: Collection[str | None]) -> None:
    """Remove all generations but those of these names.

    A process that has one open goes on with it: what is removed stays until it is closed. Windows keeps the files that
    are mapped; what is left of that generation is no longer whole, and is removed with the next one.
    """
    for path in folder.glob(_GENERATIONS):
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def _pointed_to(folder: Path) -> str | None:
    """What the pointer says, or None when there is none."""
    try:
        return (folder / POINTER).read_text(encoding="utf-8", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
