"""An index generation on disk: all that a shop knows, whole and by itself.

    index.json      IndexRecord: the model that looked, and everything that was fitted on the catalogue
    whitening.npy   float32 (d + 1, k): from the eye's features to the vectors that are searched
    head.npy        float32 (d + 1, categories): from the eye's features to logits; absent where the model's own serve
    vectors.npy     float32 (n, k), rows of L2 norm 1, category by category (IndexRecord.rows)
    photo.npy, product.npy, rank.npy    int64 (n,): photo ids, product ids, sales ranks
    colours.npy     float16 (n, 3, 4): dominant colours of each photo
    codes_*.npy     the vectors in eight bits, in five arrays (codes.py)

    SHA256SUMS      of all of these

One file for each array, whatever the number of categories. `CURRENT` beside the generations names the one in use. No
file is changed once it stands there: a generation is written elsewhere, sealed, and moved in whole. So what is large is
mapped, not copied (sums.py).
"""

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from imgrec.config import SearchSection
from imgrec.errors import SearchIndexError
from imgrec.figures import Estimate
from imgrec.generations import write_atomically
from imgrec.search.codes import CodedRows
from imgrec.search.likeness import Likeness
from imgrec.search.scoping import Scoping
from imgrec.search.sold import Sold
from imgrec.sums import SUMS, SealedFolder
from imgrec.vision.eye import Halves
from imgrec.vision.model_folder import Arithmetic
from imgrec.vision.vectors import Floats

RECORD, WHITENING, HEAD = "index.json", "whitening.npy", "head.npy"
NO_RANK = sys.maxsize

Ints = NDArray[np.int64]


class Frozen(BaseModel):
    """A part of the record."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(Frozen):
    """How good it is, estimated when it was built, on photos that what judged them had not been fitted on.

    Each for photos as the shop has them (`shop`) and as a telephone would take them (`telephone`); None of nothing.
    category, category_in_first_3: recognised. kind_first, kind_in_first_10: of queries whose kind the catalogue holds
    otherwise, those with one of that kind first, among ten. product_first: the very product first.
    """

    photos: int
    families: int
    category: dict[str, Estimate] = {}
    category_in_first_3: dict[str, Estimate] = {}
    kind_first: dict[str, Estimate] = {}
    kind_in_first_10: dict[str, Estimate] = {}
    product_first: Estimate | None = None
    shown_right: Estimate | None = Field(None, description="Of all matches the threshold shows, those that are right.")
    weakest: tuple[tuple[str, float], ...] = Field((), description="Categories least often recognised, and how often.")
    note: str = Field("", description="What is to be said beside these figures.")


class Knowledge(Frozen):
    """What was fitted on the catalogue."""

    labels: tuple[str, ...] = Field(description="Categories, in the order of the head's outputs; none: not told apart.")
    head: Literal["fitted", "own", "none"]
    temperature: float = Field(gt=0)
    sold: Sold | None = Field(None, description="Whether a photo shows anything sold; None: that is not doubted.")
    scoping: Scoping
    category_weight: float = Field(0.0, ge=0, description="Of a category's probability in the similarity; 0: none.")
    threshold: float = Field(ge=-1, le=1, description="What search.threshold `auto` means.")
    threshold_rule: str
    likeness: Likeness
    expected: Expected

    def threshold_by(self, search: SearchSection) -> float:
        """The least similarity in force with this configuration."""
        return self.threshold if search.threshold == "auto" else search.threshold

    def scoping_by(self, search: SearchSection) -> Scoping:
        """The scoping in force with this configuration: everything, where categories are not told apart."""
        if not self.labels:
            return "all"
        return self.scoping if search.scoping == "auto" else search.scoping


class IndexRecord(Frozen):
    """What an index was made from and what it knows; stored as index.json."""

    format: Literal[2] = 2
    model_sha256: str
    model_name: str
    arithmetic: tuple[Arithmetic, ...]
    """What the features were computed in; several only where they were measured to find the same."""
    built_utc: str
    made_of: str
    """The digest of all that went in: with the same, there is nothing to build."""
    photos: int
    categories: dict[str, int]
    """Category name -> id."""
    rows: dict[str, tuple[int, int]]
    """Category name -> its rows in the arrays, from and up to; those without a category stand last, in no entry."""
    knowledge: Knowledge


@dataclass(frozen=True)
class Shelves:
    """The arrays of a generation, all in one order."""

    vectors: Floats
    photo: Ints
    product: Ints
    rank: Ints
    colours: Halves

    def __len__(self) -> int:
        return len(self.photo)


def write_shelves(folder: Path, shelves: Shelves) -> None:
    """Write the arrays of a generation that is being built, and the codes of its vectors."""
    for field in fields(shelves):
        np.save(folder / f"{field.name}.npy", getattr(shelves, field.name), allow_pickle=False)
    coded = CodedRows.of(shelves.vectors)
    for field in fields(coded):
        np.save(folder / _codes_file(field.name), getattr(coded, field.name), allow_pickle=False)


def read_shelves(sealed: SealedFolder) -> Shelves:
    """Open the arrays: those of 64 MiB and more are mapped, the others read, where no rewritten file can reach them.

    A vector of 256 dimensions takes 1 kB, so they are mapped from 66,000 photos on, and its codes 270 bytes. Raises
    OSError or ValueError when an array is missing or damaged.
    """
    arrays: dict[str, Any] = {field.name: sealed.array(f"{field.name}.npy") for field in fields(Shelves)}
    shelves = Shelves(**arrays)
    if len({len(array) for array in arrays.values()}) != 1:
        raise ValueError("its arrays differ in length")
    return shelves


def read_codes(sealed: SealedFolder, vectors: Floats) -> CodedRows:
    """Open the codes of these vectors. A generation from before there were any has them made: 3 s for a million photos.

    Raises OSError or ValueError when they are damaged, or do not fit the vectors.
    """
    files = {field.name: _codes_file(field.name) for field in fields(CodedRows)}
    if not any(file in sealed for file in files.values()):
        return CodedRows.of(vectors)
    arrays: dict[str, Any] = {name: sealed.array(file) for name, file in files.items()}
    coded = CodedRows(**arrays)
    if {len(array) for array in arrays.values()} != {len(vectors)}:
        raise ValueError("its codes are of other vectors")
    return coded


def _codes_file(field: str) -> str:
    return f"codes_{field}.npy"


def write_record(folder: Path, record: IndexRecord) -> None:
    """Write index.json."""
    write_atomically(folder / RECORD, record.model_dump_json(indent=1).encode())


def read_record(folder: Path) -> IndexRecord:
    """Read index.json by itself, unchecked: to tell what there is, not to search.

    Raises SearchIndexError when it is missing, unreadable, or of an older imgrec.
    """
    try:
        return record_in(folder, (folder / RECORD).read_bytes())
    except OSError as error:
        raise damaged(folder, error) from None


def record_in(folder: Path, content: bytes) -> IndexRecord:
    """The record in the content of index.json. Raises SearchIndexError when it is unreadable, or of an older imgrec."""
    if b'"format":1' in content.replace(b" ", b""):
        raise SearchIndexError(
            f"The index {folder} was made by an older imgrec, when models knew the shop. Build it anew: imgrec index"
        )
    try:
        return IndexRecord.model_validate_json(content)
    except ValueError as error:
        raise damaged(folder, error) from None


def damaged(folder: Path, error: Exception) -> SearchIndexError:
    """What is said of a generation that cannot be read."""
    problem = " ".join(str(error).split())[:200]
    return SearchIndexError(f"The index {folder} is damaged ({problem}). Build it anew with: imgrec index --rebuild")


def unsealed(folder: Path) -> SearchIndexError:
    """What is said of a generation without sums: it might be read, but whether it is whole cannot be known."""
    return SearchIndexError(
        f"The index {folder} has no {SUMS}, so it cannot be trusted: it is damaged, or an older imgrec made it. Build "
        "it anew with: imgrec index --rebuild"
    )
