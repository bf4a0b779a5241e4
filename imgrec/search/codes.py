"""Vectors in eight bits a number, and how far each stands from what it was.

A row v becomes whole numbers c from -127 to 127 and a step s, its largest number divided by 127, so that s * c is near
v: a quarter of the bytes (scalar quantisation: A. Gersho and R. M. Gray, Vector Quantization and Signal Compression,
1992, chapter 5). What the codes leave out of a row, r = |v - s * c|, is measured and kept. A query q becomes codes d
and a step t in the same way. By the inequality of Cauchy and Schwarz

    |<q, v> - <t * d, s * c>|  <=  |q - t * d| * |v|  +  |t * d| * r

so that the product of the codes says between which two numbers the similarity lies. As vectors stand on the principal
axes of all photos, the first of them with the largest spread, most of a product is known after half of the numbers,
the leading ones. What the trailing ones can add is bounded by the same inequality, of their norms alone:

    <q, v>  <=  <q leading, v leading>  +  |q trailing| * |v trailing|

Searching exactly by approximations with such bounds: R. Weber, H.-J. Schek and S. Blott, A Quantitative Analysis and
Performance Study for Similarity-Search Methods in High-Dimensional Spaces, 1998, section 5.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from imgrec.vision.vectors import Floats, Table

Codes = NDArray[np.int8]

LONGEST = 1.0001
"""The L2 norm of a row is 1 or 0, but for rounding; of longer ones the bound would not hold."""

_FURTHEST = 127
_LEAST = 1e-30  # smaller than this is nothing: a step would not be a normal number
_UP = 1.00001
_ROUNDING = 1e-6
_ROWS_AT_ONCE = 2048


@dataclass(frozen=True)
class CodedRows(Table):
    """n vectors of k numbers, each row for itself.

    leading: int8 (n, l), the codes of a row's first numbers, half of all. trailing: int8 (n, k - l), the rest.
    step: float32 (n,), what one code of the row stands for. residual: float32 (n,), at least the norm of what the codes
    leave out. trailing_norm: float32 (n,), at least that of the trailing numbers.
    """

    leading: Codes
    trailing: Codes
    step: Floats
    residual: Floats
    trailing_norm: Floats

    @cached_property
    def largest_residual(self) -> float:
        """Of all rows; a bound with it is little wider than with each row's own, and costs nothing a row."""
        return float(self.residual.max(initial=0))

    @classmethod
    def of(cls, vectors: Floats) -> Self:
        """vectors: float32 (n, k), rows of L2 norm 1 or 0. Raises ValueError when one is longer, or not a number."""
        count, dim = vectors.shape
        leading, trailing = (np.empty((count, part), np.int8) for part in (_leading(dim), dim - _leading(dim)))
        coded = cls(leading, trailing, *np.empty((3, count), np.float32))
        for start in range(0, count, _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            codes, coded.step[rows], coded.residual[rows] = _coded(vectors[rows])
            leading[rows], trailing[rows] = np.split(codes, [leading.shape[1]], axis=1)
            coded.trailing_norm[rows] = _norms(vectors[rows, leading.shape[1] :])
        return coded


@dataclass(frozen=True)
class CodedQuery:
    """A query q of k numbers: codes d, int8 (1, ...), and the step t.

    length: |t * d|. trailing_norm: that of q's trailing numbers. slack: how far a bound is off by what the query's own
    codes leave out, and by rounding in float32.
    """

    leading: Codes
    trailing: Codes
    step: np.float32
    length: np.float32
    trailing_norm: np.float32
    slack: float

    @classmethod
    def of(cls, vector: Floats, of_rows: CodedRows) -> Self:
        """vector: float32 (k,), L2 norm 1, to be compared with these rows."""
        codes, [step], [residual] = _coded(vector[None])
        leading, trailing = np.split(codes, [of_rows.leading.shape[1]], axis=1)
        [length], [trailing_norm] = _norms(step * codes), _norms(vector[None, leading.shape[1] :])
        return cls(leading, trailing, step, length, trailing_norm, float(residual) * LONGEST + _ROUNDING)


def _leading(dim: int) -> int:
    """How many of so many numbers are read of every row: of 256 so many that a row's are two lines of a cache."""
    return -(-dim // 2)


def _coded(vectors: Floats) -> tuple[Codes, Floats, Floats]:
    """Codes, steps and residuals of rows (n, k)."""
    if not _norms(vectors).max(initial=0) <= LONGEST * _UP:
        raise ValueError("its vectors are not of length 1")
    step = np.abs(vectors).max(axis=1, initial=0) / np.float32(_FURTHEST)
    step[step < _LEAST] = 0
    codes = np.rint(vectors / np.where(step > 0, step, np.float32(np.inf))[:, None])
    return codes.astype(np.int8), step, _norms(vectors - codes * step[:, None])


def _norms(rows: Floats) -> Floats:
    """The L2 norm of each row, rounded up."""
    return np.asarray(np.linalg.norm(rows, axis=1) * np.float32(_UP) + np.float32(_ROUNDING), np.float32)
