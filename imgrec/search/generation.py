"""An index generation on disk: all that a shop knows, whole and by itself.

    index.json      IndexRecord: the model that looked, and everything that was fitted on the catalogue
    whitening.npy   float32 (d + 1, k): from the eye's features to the vectors that are searched
    head.npy        float32 (d + 1, categories): from the eye's features to logits; absent where the model's own serve
    neighbours.npy, neighbours_label.npy    float16 (m, k), int64 (m,): photos that speak for their category
                    (neighbours.py); absent where the softmax alone does
    vectors.npy     float32 (n, k), rows of L2 norm 1, category by category (IndexRecord.rows)
    photo.npy, product.npy, rank.npy    int64 (n,): photo ids, product ids, sales ranks
    colours.npy     uint16 (n,): names of the product's colours (product_colours.py); in older generations float16
                    (n, 3, 4), the dominant colours of each photo
    codes_*.npy     the vectors in eight bits, in five arrays (codes.py)

    SHA256SUMS      of all of these
    .summed         how the files of large arrays stood when they were summed (sums.py), where there are any

One file for each array, whatever the number of categories. `CURRENT` beside the generations names the one in use. No
file is changed once it stands there: a generation is written elsewhere, sealed, and moved in whole. So what is large is
mapped, not copied (sums.py).
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from imgrec.config import SearchSection
from imgrec.errors import SearchIndexError
from imgrec.figures import Estimate
from imgrec.generations import write_atomically
from imgrec.search.codes import CodedRows
from imgrec.search.likeness import Likeness
from imgrec.search.product_colours import Names, bits_of, names_of_products
from imgrec.search.scoping import Scoping
from imgrec.search.sold import Sold
from imgrec.sums import SealedFolder
from imgrec.vision.model_folder import Arithmetic
from imgrec.vision.vectors import Bools, Floats, Ints, Table

RECORD, WHITENING, HEAD, VECTORS = "index.json", "whitening.npy", "head.npy", "vectors.npy"
NO_RANK = sys.maxsize


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
    hears_neighbours: bool = Field(False, description="Whether the nearest photos count beside the softmax.")
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

    @property
    def uncategorised(self) -> tuple[int, int]:
        """The rows of products without a category, from and up to."""
        return max((end for _, end in self.rows.values()), default=0), self.photos

    def spans(self, categories: Sequence[str] | None) -> list[tuple[int, int]]:
        """The rows that are searched for these categories: theirs, and those without one; None: all rows."""
        if categories is None:
            return [(0, self.photos)]
        named = [self.rows[name] for name in categories if name in self.rows]
        return [*named, self.uncategorised]


@dataclass(frozen=True)
class Register(Table):
    """What each row of a generation is of, wherever its vectors are: 26 bytes a photo."""

    photo: Ints
    product: Ints
    rank: Ints
    colours: Names

    def of_products(self, products: Ints) -> Bools:
        """The rows of these products, ids: bool (photos,)."""
        wanted = np.zeros(self._after_last, bool)  # a catalogue numbers its products from 1
        wanted[products[products < len(wanted)]] = True
        return wanted[self.product]

    @cached_property
    def _after_last(self) -> int:
        return int(self.product.max(initial=-1)) + 1

    def in_colours(self, colours: Sequence[str], without: Sequence[str]) -> Bools:
        """The rows of products that are of one of these colours, and of none of those: bool (photos,).

        colours, without: of COLOUR_NAMES; nothing listed leaves it open.
        """
        allowed = self.colours & bits_of(without) == 0
        if colours:
            allowed &= self.colours & bits_of(colours) != 0
        return np.asarray(allowed)


@dataclass(frozen=True)
class Shelves(Register):
    """The arrays of a generation whose vectors are here, too, all in one order."""

    vectors: Floats


def write_register(folder: Path, register: Register) -> None:
    """Write what each row is of, of a generation that is being built."""
    for field in fields(Register):
        np.save(folder / f"{field.name}.npy", getattr(register, field.name), allow_pickle=False)


def write_vectors(folder: Path, photos: int, dim: int, parts: Iterable[tuple[Ints, Floats]]) -> None:
    """Write the vectors of a generation that is being built, and their codes, part by part.

    parts: numbers of rows and their vectors, in any order. The files are mapped for as long as a part is written, so
    that no more memory is taken than a part needs.
    """
    nothing = CodedRows.of(np.empty((0, dim), np.float32))
    kinds = {VECTORS: np.empty((0, dim), np.float32), **_code_files(nothing)}
    for file, kind in kinds.items():
        npy.open_memmap(folder / file, "w+", kind.dtype, (photos, *kind.shape[1:]))
    for rows, vectors in parts:
        for file, values in {VECTORS: vectors, **_code_files(CodedRows.of(vectors))}.items():
            npy.open_memmap(folder / file, "r+")[rows] = values


def read_register(sealed: SealedFolder) -> Register:
    """Read what each row is of. Raises OSError or ValueError when that is missing or damaged."""
    return Register(**_arrays(sealed, Register))


def read_shelves(sealed: SealedFolder) -> Shelves:
    """Open the arrays: those of 64 MiB and more are mapped, the others read, where no rewritten file can reach them.

    A vector of 256 dimensions takes 1 kB, so they are mapped from 66,000 photos on, and its codes 270 bytes. Raises
    OSError or ValueError when an array is missing or damaged.
    """
    return Shelves(**_arrays(sealed, Shelves))


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


def _arrays(sealed: SealedFolder, kind: type[Register]) -> dict[str, Any]:
    arrays = {field.name: sealed.array(f"{field.name}.npy") for field in fields(kind)}
    if arrays["colours"].ndim > 1:  # of a generation from before titles counted
        arrays["colours"] = names_of_products(arrays["product"], arrays["colours"])
    if len({len(array) for array in arrays.values()}) != 1:
        raise ValueError("its arrays differ in length")
    return arrays


def _codes_file(field: str) -> str:
    return f"codes_{field}.npy"


def _code_files(coded: CodedRows) -> dict[str, NDArray[Any]]:
    return {_codes_file(field.name): getattr(coded, field.name) for field in fields(coded)}


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
