"""Which photos a model was trained or chosen on, kept with it: nothing is estimated on those."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import ModelError
from imgrec.vision.model_folder import LEARNED
from imgrec.vision.vectors import Bools

_DIGITS = 16
_NO_GROUP = re.compile(r"product \d+")  # what the catalogue says of a product whose feed names no group


@dataclass(frozen=True)
class LearnedPhotos:
    """Photos by the first 64 bits of the SHA-256 of their content, and of their group; uint64 (n,) each, 0: none."""

    content: NDArray[np.uint64]
    group: NDArray[np.uint64]

    @classmethod
    def of(cls, contents: Sequence[str], groups: Sequence[str]) -> "LearnedPhotos":
        """Photos by the SHA-256 of their content in hex, and the names of their groups."""
        return cls(_numbers([content[:_DIGITS] for content in contents]), _numbers([_digest(name) for name in groups]))

    def knows(self, contents: Sequence[str], groups: Sequence[str]) -> Bools:
        """Which of these photos are among them, or of a group that is: bool, one for each."""
        asked = LearnedPhotos.of(contents, groups)
        of_group = np.isin(asked.group, self.group) & (asked.group != 0)
        return np.asarray(np.isin(asked.content, self.content) | of_group)

    def save(self, folder: Path) -> None:
        """Write them into a model's folder."""
        rows = np.empty(len(self.content), [("content", np.uint64), ("group", np.uint64)])
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
        columns = rows["content"], rows["group"]
        if columns[0].dtype.kind == "S":  # hexadecimal digits, in models of before
            columns = _numbers(columns[0].tolist()), _numbers(columns[1].tolist())
        return LearnedPhotos(*columns)
    except (OSError, ValueError, EOFError, IndexError) as error:
        raise ModelError(f"{file} cannot be read ({error}). Copy or train the model again.") from None


def _digest(group: str) -> str:
    return "" if _NO_GROUP.fullmatch(group) else hashlib.sha256(group.encode()).hexdigest()[:_DIGITS]


def _numbers(digits: Iterable[str | bytes]) -> NDArray[np.uint64]:
    """Of hexadecimal digits; 0 of none."""
    return np.array([int(number or "0", 16) for number in digits], np.uint64)
