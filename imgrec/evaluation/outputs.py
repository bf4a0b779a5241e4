"""What the network puts out for the catalogue's photos, kept on disk: computed once for each picture and model file.

    CACHE/MODEL-PRECISION-1/PART.npz    sha256: bytes (n,); logits: float32 (n, categories); pooled: float32 (n, d)

A folder is named by the model's SHA-256, so a model trained or calibrated anew has one of its own. Temperature and
whitening are applied afterwards, and figures with and without them cost nothing more.
"""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from imgrec.catalogue.store import Catalogue
from imgrec.progress import Advance, Reporter
from imgrec.search.build import decoded
from imgrec.search.ranking import Bools
from imgrec.vision.recogniser import Recogniser
from imgrec.vision.vectors import Floats

_FORMAT = 1
"""To be raised when decoding or preprocessing changes."""

_PHOTOS_A_PART = 512
_KEPT_MODELS = 12

Known = dict[bytes, tuple[Floats, Floats]]
"""A photo's content -> its logits and its pooled outputs."""


@dataclass(frozen=True)
class Outputs:
    """Outputs of n photos in the order asked for. Rows of photos that cannot be read are zero.

    logits: float32 (n, categories). pooled: float32 (n, d). readable: bool (n,).
    """

    logits: Floats
    pooled: Floats
    readable: Bools

    def take(self, rows: Bools) -> "Outputs":
        """Those of some of the photos."""
        return Outputs(self.logits[rows], self.pooled[rows], self.readable[rows])


def default_cache() -> Path:
    """A folder in the user's cache; it may be deleted at any time."""
    return platformdirs.user_cache_path("imgrec") / "outputs"


def network_outputs(
    recogniser: Recogniser,
    catalogue: Catalogue,
    contents: Sequence[str],
    cache: Path,
    report: Reporter,
    recompute: bool = False,
) -> Outputs:
    """Run the network over stored photos, named by the SHA-256 of their content, or take what the cache has of them.

    Kept every few hundred photos: interrupted, the same call goes on where it stopped.
    """
    folder = cache / f"{recogniser.model.sha256[:24]}-{recogniser.precision}-{_FORMAT}"
    if recompute:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()  # the least recently used are removed first
    known = _read(folder)
    wanted = [content.encode() for content in contents]
    missing = sorted(set(wanted) - known.keys())
    if missing:
        title = f"Recognising photos with {recogniser.model.settings.name} ({recogniser.precision})"
        with report.stage(title, len(missing)) as advance:
            for part in _computed(missing, catalogue, recogniser, advance):
                _write(folder, part)
                known |= part
        _remove_old(cache)
    return _gathered(wanted, known)


def _computed(missing: list[bytes], catalogue: Catalogue, recogniser: Recogniser, advance: Advance) -> Iterator[Known]:
    """Outputs of those that can be read, a few hundred at a time."""
    part: Known = {}
    for names, pixels in decoded(missing, catalogue, recogniser):
        readable = [(name, square) for name, square in zip(names, pixels, strict=True) if square is not None]
        if readable:
            logits, pooled = recogniser.outputs(np.stack([square for _, square in readable]))
            part |= {name: (logits[row], pooled[row]) for row, (name, _) in enumerate(readable)}
        advance(len(names), "")
        if len(part) >= _PHOTOS_A_PART:
            yield part
            part = {}
    if part:
        yield part


def _write(folder: Path, part: Known) -> None:
    """Write a part whole or not at all, named by what it holds, so that two commands at once do no harm."""
    names = np.array(list(part), "S64")
    file = folder / f"{hashlib.sha256(names.tobytes()).hexdigest()[:16]}.npz"
    draft = file.with_suffix(f".{os.getpid()}.draft")
    with draft.open("wb") as stream:
        np.savez(
            stream, sha256=names,
            logits=np.stack([logits for logits, _ in part.values()]),
            pooled=np.stack([pooled for _, pooled in part.values()]),
        )  # fmt: skip
    draft.replace(file)


def _read(folder: Path) -> Known:
    known: Known = {}
    for file in folder.glob("*.npz"):
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                names, logits, pooled = arrays["sha256"], arrays["logits"], arrays["pooled"]
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            continue  # damaged: computed again
        known |= {bytes(name): (logits[row], pooled[row]) for row, name in enumerate(names)}
    return known


def _remove_old(cache: Path) -> None:
    by_age = sorted(
        (folder for folder in cache.iterdir() if folder.is_dir()), key=lambda folder: folder.stat().st_mtime
    )
    for folder in by_age[:-_KEPT_MODELS]:
        shutil.rmtree(folder, ignore_errors=True)


def _gathered(wanted: Sequence[bytes], known: Known) -> Outputs:
    readable = np.array([name in known for name in wanted], bool)
    if not readable.any():
        return Outputs(np.zeros((len(wanted), 0), np.float32), np.zeros((len(wanted), 0), np.float32), readable)
    logits, pooled = next(iter(known.values()))
    nothing = np.zeros_like(logits), np.zeros_like(pooled)
    rows = [known.get(name, nothing) for name in wanted]
    return Outputs(np.stack([row for row, _ in rows]), np.stack([row for _, row in rows]), readable)
