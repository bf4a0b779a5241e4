"""Photos that a feed names as files, found as people and their machines write names."""

import os
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

_WINDOWS_ROOT = re.compile(r"^(?:[A-Za-z]:|[\\/]{2}[^\\/]+)[\\/]")
_FILE_ADDRESS = re.compile(r"^file:(?://localhost)?/*", re.IGNORECASE)


def find_photo(folder: Path, named: str) -> Path | None:
    r"""The file that a feed in this folder names; None where there is none.

    Taken as it is written first, then with `\` as `/` (Windows), with letters and marks composed otherwise (Macs), in
    other capitals or with other spaces, as an address writes it (`a%20b.jpg`). Of a path from a Windows drive, such as
    `C:\shop\photos\a.jpg`, the end counts that lies here; one that begins with `/` may begin in the feed's folder.
    Raises ValueError when it leads out of the folder: a feed is untrusted, and what it names is shown to everybody.
    """
    folder = Path(os.path.normpath(folder.absolute()))
    outside = True
    for written in _spellings(named):
        file = Path(os.path.normpath(folder / written))
        if not file.is_relative_to(folder):
            continue
        outside = False
        if found := _existing(folder, file):
            return found
    if outside:
        beneath = Path(os.path.normpath(folder / named.lstrip("/")))
        if named.startswith("/") and beneath.is_relative_to(folder) and (found := _existing(folder, beneath)):
            return found
        raise ValueError(named)
    return None


def _spellings(named: str) -> Iterator[str]:
    yield from _without_backslashes(named)
    plain = unquote(_FILE_ADDRESS.sub("", named).partition("?")[0])
    if plain != named:
        yield from _without_backslashes(plain)


def _without_backslashes(named: str) -> Iterator[str]:
    yield named
    if "\\" in named or _WINDOWS_ROOT.match(named):
        parts = [part for part in re.split(r"[\\/]+", _WINDOWS_ROOT.sub("", named)) if part not in {"", "."}]
        starts = range(len(parts)) if _WINDOWS_ROOT.match(named) else [0]
        yield from ("/".join(parts[start:]) for start in starts)


def _existing(folder: Path, file: Path) -> Path | None:
    try:
        if file.exists():
            return file
        found = folder
        for name in file.relative_to(folder).parts:
            alike = _alike(found, found.stat().st_mtime_ns).get(_folded(name))
            if alike is None:
                return None
            found /= alike
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return None
    return found


@lru_cache(maxsize=64)
def _alike(folder: Path, _changed_ns: int) -> dict[str, str]:
    """What lies in a folder, by its name as names are compared."""
    return {_folded(name): name for name in sorted((path.name for path in folder.iterdir()), reverse=True)}


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
