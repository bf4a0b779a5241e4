"""Which photos a model was trained or chosen on, kept with it: nothing is estimated on those."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import ModelError
from imgrec.vision.model_folder import LEARNED

_DIGITS = 16
_NO_GROUP = re.compile(r"product \d+")  # what the catalogue says of a product whose feed names no group


@dataclass(frozen=True)
class LearnedPhotos:
    """Photos by the beginning of their content's SHA-256, and of their group's; bytes (n,) each, blank where none."""

    content: NDArray[np.bytes_]
    group: NDArray[np.bytes_]

    @classmethod
    def of(cls, contents: Sequence[str], groups: Sequence[str]) -> "LearnedPhotos":
        """Photos by the SHA-256 of their content in hex, and the names of their groups."""
        return cls(
            np.array([content[:_DIGITS].encode() for content in contents], f"S{_DIGITS}"),
            np.array([_digest(group) for group in groups], f"S{_DIGITS}"),
        )

    def knows(self, contents: Sequence[str], groups: Sequence[str]) -> NDArray[np.bool_]:
        """Which of these photos are among them, or of a group that is: bool, one for each."""
        asked = LearnedPhotos.of(contents, groups)
        of_group = np.isin(asked.group, self.group) & (asked.group != b"")
        return np.asarray(np.isin(asked.content, self.content) | of_group)

    def save(self, folder: Path) -> None:
        """Write them into a model's folder."""
        rows = np.empty(len(self.content), [("content", self.content.dtype), ("group", self.group.dtype)])
        rows["content"], rows["group"] = self.content, self.group
        np.save(folder / LEARNED, rows, allow_pickle=False)


def read_learned(folder: Path) -> LearnedPhotos | None:
    """The photos that the model in this folder learned from; None where it was not trained, or does not say.

    Raises ModelError when the file is damaged.
    """
    file = folder / LEARNED
    if not file.is_file():
        return None
    try:
        rows = np.load(file, allow_pickle=False)
        return LearnedPhotos(rows["content"], rows["group"])
    except (OSError, ValueError, EOFError, IndexError) as error:
        raise ModelError(f"{file} cannot be read ({error}). Copy or train the model again.") from None


def _digest(group: str) -> bytes:
    return b"" if _NO_GROUP.fullmatch(group) else hashlib.sha256(group.encode()).hexdigest()[:_DIGITS].encode()
