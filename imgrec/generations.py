"""Folders that are swapped in whole: each generation is a folder, and a pointer file names the current one.

A reader sees the old generation or the new one, never half of each; a crash while building leaves the old one.
"""

import hashlib
import os
import shutil
import threading
from pathlib import Path

POINTER = "CURRENT"


def current(folder: Path) -> Path | None:
    """The folder that the pointer names, or None when there is no pointer or it names nothing that exists."""
    try:
        name = (folder / POINTER).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    generation = folder / name
    return generation if name not in {"", ".."} and Path(name).name == name and generation.is_dir() else None


def before_current(folder: Path) -> list[Path]:
    """The generations there are beside the current one, newest first; none where there is no pointer."""
    if not (folder / POINTER).is_file():
        return []
    present = current(folder)
    others = (path for path in folder.glob("generation-[0-9]*") if path.is_dir() and path != present)
    return sorted(others, reverse=True)


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
    taken = [int(path.name.rsplit("-", 1)[1]) for path in folder.glob("generation-[0-9]*") if path.is_dir()]
    return f"generation-{max(taken, default=0) + 1:06d}"


def remove_old(folder: Path, keep: int) -> None:
    """Remove all but the newest `keep` generations; a process that has opened one has all of it in memory."""
    for path in sorted(folder.glob("generation-[0-9]*"))[:-keep]:
        shutil.rmtree(path, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
