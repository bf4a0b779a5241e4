"""The rows that can be among the most similar: all are read, in codes; only those that may belong are compared.

Exact, by the bounds of codes.py, in three steps:

1. From the leading ones of its codes each row gets an upper bound: its similarity is no higher.
2. Of those with the highest bounds the other codes are read, too, which also say how similar they are at least. As many
   products as are wanted reach some similarity, so the answer ends there or above.
3. Of the rows whose bounds reach that the other codes are read as well. That brings the end closer, and what still
   reaches it is compared. What was left out is less similar than all of the answer.

No product of larger matrices is in it: OpenBLAS would let other threads spin for a tenth of a second after it.

The product of 8-bit codes is SimSIMD's (https://github.com/ashvardanian/SimSIMD): it has a kernel for each generation
of processors, takes the best one at run time, and lets go of the GIL. A search takes as many threads as there are
processors for this process, but no more than four, the caller's included (beside.py): from there memory is what bounds
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import simsimd

from imgrec.search.beside import in_parallel
from imgrec.search.codes import CodedQuery, CodedRows, Codes
from imgrec.vision.vectors import Bools, Doubles, Floats, Ints

_ROUNDING = 1e-5
"""What is closer than this to where the answer ends is compared too: some of it may come out equal."""

_FIRST_LOOK = 2
_FURTHER = 4
_SCATTERED = 4  # one row in so many is fetched by itself; of more, all are read
_PEAKS = 32
_ROWS_AT_ONCE = 16_384  # what is worked out about them stays in a core's own cache
_COMPARED_AT_ONCE = 512
_FORBIDDEN = 1e30


@dataclass(frozen=True)
class Block:
    """Some rows of a scope: at which positions, which rows, and which of them may be found (None: all)."""

    at: slice
    rows: slice | Ints
    allowed: Bools | None


@dataclass(frozen=True)
class Scope:
    """The rows that are searched, at positions from 0: all of some spans, or some single ones.

    starts, ends: int64 (spans,), rows from and up to, in order, none twice. allowed: bool, by row; None: all may be
    found. single: int64, rows in order; the others are then not read.
    """

    starts: Ints
    ends: Ints
    allowed: Bools | None = None
    single: Ints | None = None

    @classmethod
    def of_spans(cls, spans: Sequence[tuple[int, int]], allowed: Bools | None = None) -> Self:
        """spans: rows from and up to, which may touch or overlap. allowed: bool (n,), those that may be found."""
        joined: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            elif start < end:
                joined.append((start, end))
        bounds = np.array(joined, np.int64).reshape(-1, 2)
        scope = cls(bounds[:, 0], bounds[:, 1], allowed)
        if allowed is not None:
            found = sum(np.count_nonzero(allowed[start:end]) for start, end in joined)
            if found * _SCATTERED < len(scope):
                return cls.of_rows(
                    np.concatenate([start + np.flatnonzero(allowed[start:end]) for start, end in joined])
                )
        return scope

    @classmethod
    def of_rows(cls, rows: Ints) -> Self:
        """rows: int64, in order."""
        none = np.empty(0, np.int64)
        return cls(none, none, None, rows)

    def __len__(self) -> int:
        return int((self.ends - self.starts).sum()) if self.single is None else len(self.single)

    def rows(self, positions: Ints) -> Ints:
        """Which rows stand at these positions."""
        if self.single is not None:
            return self.single[positions]
        if len(self.starts) == 1:
            return np.asarray(positions + self.starts[0], np.int64)
        behind = np.cumsum(self.ends - self.starts)
        span = np.searchsorted(behind, positions, side="right")
        return np.asarray(positions + (self.ends - behind)[span], np.int64)

    def blocks(self) -> list[Block]:
        """All of it, in pieces."""
        if self.single is not None:
            return [Block(at, self.single[at], None) for at in _pieces(0, len(self.single), _ROWS_AT_ONCE)]
        blocks = []
        begin = 0
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            for rows in _pieces(start, end, _ROWS_AT_ONCE):
                at = slice(begin, begin + rows.stop - rows.start)
                blocks.append(Block(at, rows, None if self.allowed is None else self.allowed[rows]))
                begin = at.stop
        return blocks


@dataclass(frozen=True)
class Steps:
    """A number for each row that changes only where a category ends.

    ends: int64 (m,), the rows up to which each goes, ascending. values: float32 (m,).
    """

    ends: Ints
    values: Floats

    def of(self, rows: slice | Ints) -> Floats:
        """Those of these rows: float32 (rows,)."""
        if not isinstance(rows, slice):
            return self.values[np.searchsorted(self.ends, rows, side="right")]
        first, last = np.searchsorted(self.ends, (rows.start, rows.stop - 1), side="right")
        ends = np.minimum(self.ends[first : last + 1], rows.stop)
        return np.repeat(self.values[first : last + 1], np.diff(ends, prepend=rows.start))


@dataclass(frozen=True)
class Rows:
    """All n rows that can be searched: their vectors, float32 (n, k); their codes; the product of each, int64 (n,)."""

    vectors: Floats
    coded: CodedRows
    product: Ints

    def contenders(self, vector: Floats, scope: Scope, top: int, lift: Steps | None = None) -> tuple[Ints, Doubles]:
        """Those of the `top` most similar products in scope, and of all that come close to the last; and their cosines.

        A product counts by its most similar row. vector: float32 (k,), L2 norm 1. lift: what is added to a row's
        cosine before it is compared with others; None: nothing.
        """
        bounds = _Bounds.by_leading(self, vector, scope, lift)
        reaching = bounds.reaching(bounds.end(top))
        near = (bounds.at(reaching) if len(reaching) * _SCATTERED < len(scope) else bounds).closer()
        rows = near.scope.rows(near.reaching(near.end(top)))
        return rows, self._cosines(vector, rows)

    def _cosines(self, vector: Floats, rows: Ints) -> Doubles:
        """In float64, so that a row's is the same whatever else is compared."""
        cosines, exact = np.empty(len(rows)), vector.astype(np.float64)
        for at in _pieces(0, len(rows), _COMPARED_AT_ONCE):
            cosines[at] = np.einsum("rk,k->r", self.vectors[rows[at]].astype(np.float64), exact)
        return cosines


class _Heights:
    """Numbers by position, float32 (n,), of which the high ones are asked for again and again.

    They stand in columns of _PEAKS, and columns whose peak is too low are not looked into.
    """

    def __init__(self, values: Floats) -> None:
        self.values = values
        self._columns = values[: len(values) // _PEAKS * _PEAKS].reshape(_PEAKS, -1)

    @cached_property
    def _peaks(self) -> Floats:
        return np.asarray(self._columns.max(axis=0, initial=-np.inf), np.float32)

    def highest(self, count: int) -> Ints:
        """The positions of at least so many of the highest, and of not many more."""
        among = self._peaks if len(self._peaks) >= 2 * count else self.values
        return self.reaching(float(np.partition(among, -count)[-count]))

    def reaching(self, least: float) -> Ints:
        """The positions of those as high as this, and of none that may not be found; ascending."""
        least = max(least, -_FORBIDDEN / 2)
        wanted = np.flatnonzero(self._peaks >= least)
        if len(wanted) * _SCATTERED > len(self._peaks):
            return np.flatnonzero(self.values >= least)
        row, column = np.nonzero(self._columns[:, wanted] >= least)
        left_over = np.flatnonzero(self.values[self._columns.size :] >= least)
        return np.append(row * len(self._peaks) + wanted[column], self._columns.size + left_over)


@dataclass(frozen=True)
class _Bounds:
    """What is known of the rows in scope while a query is answered.

    upper: by position, plus the margin no less than a row's similarity; far below all others where it may not be found.
    margin: what the codes of the query, and of the row that they leave out most of, may miss. is_close: whether all
    codes are read.
    """

    among: Rows
    query: CodedQuery
    scope: Scope
    upper: _Heights
    margin: float
    is_close: bool = False

    @classmethod
    def by_leading(cls, among: Rows, vector: Floats, scope: Scope, lift: Steps | None) -> Self:
        """Read the leading codes; what the trailing ones add is the most they can."""
        coded, upper = among.coded, np.empty(len(scope), np.float32)
        query = CodedQuery.of(vector, coded)

        def read(block: Block) -> None:
            out, rows = upper[block.at], block.rows
            part = _products(query.leading, coded.leading[rows])
            np.multiply(part, coded.step[rows], out=out)
            out *= query.step
            out += np.multiply(coded.trailing_norm[rows], query.trailing_norm, out=part)
            if lift is not None:
                out += lift.of(rows)
            if block.allowed is not None:  # without a branch, which would be mispredicted
                out -= np.multiply(~block.allowed, _FORBIDDEN, out=part, dtype=np.float32)

        in_parallel(read, scope.blocks())
        furthest = 0 if lift is None else float(np.abs(lift.values).max(initial=0))
        margin = query.slack + float(query.length) * coded.largest_residual + _ROUNDING * (1 + furthest)
        return cls(among, query, scope, _Heights(upper), margin)

    def closer(self) -> "_Bounds":
        """The same by all codes: what the trailing ones say is put in the place of the most they could."""
        query, coded, upper = self.query, self.among.coded, np.empty(len(self.scope), np.float32)
        if self.is_close or not coded.trailing.shape[1]:
            return self

        def read(block: Block) -> None:
            out, rows = upper[block.at], block.rows
            part = _products(query.trailing, coded.trailing[rows])
            np.multiply(part, coded.step[rows], out=out)
            out *= query.step
            out -= np.multiply(coded.trailing_norm[rows], query.trailing_norm, out=part)
            out += self.upper.values[block.at]

        in_parallel(read, self.scope.blocks())
        return replace(self, upper=_Heights(upper), is_close=True)

    def at(self, positions: Ints) -> "_Bounds":
        """The same of the rows at these positions alone."""
        scope = Scope.of_rows(self.scope.rows(positions))
        return replace(self, scope=scope, upper=_Heights(self.upper.values[positions]))

    def end(self, top: int) -> float:
        """A similarity that `top` products reach; -inf where there are no more than these."""
        look = _FIRST_LOOK * top
        while True:
            is_all = look >= len(self.scope)
            some = self.at(self.reaching(-np.inf) if is_all else self.upper.highest(look))
            reached = some.closer().lower()
            order = np.argsort(-reached)
            firsts = np.sort(np.unique(self.among.product[some.scope.rows(order)], return_index=True)[1])
            if len(firsts) >= top:
                return float(reached[order[firsts[top - 1]]])
            if is_all:
                return -np.inf
            look *= _FURTHER

    def reaching(self, end: float) -> Ints:
        """The positions of the rows that can reach this."""
        return self.upper.reaching(end - self.margin)

    def lower(self) -> Doubles:
        """What each row's similarity is at least, once all codes are read: float64, by position."""
        missing = self.query.length * self.among.coded.residual[self.scope.rows(np.arange(len(self.scope)))]
        return np.asarray(self.upper.values - missing.astype(np.float64) - self.query.slack, np.float64)


def _products(query: Codes, rows: Codes) -> Floats:
    """Those of codes (1, k) and (n, k): float32 (n,). Whole numbers up to 2 ** 24, so no digit is lost below k = 1040.

    It returns a new array: with `out=` SimSIMD 6.5 drops a reference to None with each call, until Python dies of it.
    """
    products: Floats = np.asarray(simsimd.cdist(query, rows, "dot", out_dtype="float32"))
    return products.reshape(-1)


def _pieces(start: int, end: int, most: int) -> list[slice]:
    return [slice(at, min(end, at + most)) for at in range(start, end, most)]
