"""Feeds that are tables: CSV or tab-separated text under a header, read row by row without losing any."""

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from imgrec.catalogue.feed import Reason, Rejection
from imgrec.catalogue.formats.feed_file import LONGEST_LINE, FeedFile
from imgrec.errors import FeedError

_SHOWN = 200
_LONGEST_FIELD = 1_000_000
_MOST_LINES = 10_000  # within one quoted field


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: the line it ends on, and its fields by column. What the row is short of is blank."""

    line: int
    fields: dict[str, str]


def read_table(
    feed: FeedFile, required: Sequence[str], delimiter: str = ",", exact: bool = False
) -> Iterator[TableRow | Rejection]:
    """Yield every row of a table under its header; `required` columns must be there.

    Of a row with a quote in the wrong place only its first line is rejected, and reading goes on behind that. With
    `exact`, so is a row with another number of fields than the header; otherwise blank fields may be missing or too
    many at its end. Raises FeedError when the header does not do, or the file ends within quotes.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    lines = _Lines(feed.text())
    header = _header(lines, feed, required, delimiter)
    while (begins := lines.number + 1) and lines.more():
        row = _next_row(lines, delimiter)
        if isinstance(row, _Unended):
            raise FeedError(
                f"{feed.path} ends within the quotes of a field that begins at line {begins}. "
                "Fetch the feed again or mend that line; nothing was retired."
            )
        if isinstance(row, str):
            yield Rejection(begins, "", Reason.BAD_ROW, row)
        elif row:
            fits = len(row) == len(header) if exact else not any(row[len(header) :])
            if fits:
                row += [""] * (len(header) - len(row))
                yield TableRow(lines.number, dict(zip(header, row, strict=False)))
            else:
                yield Rejection(lines.number, "", Reason.BAD_ROW, _MISFIT)


_MISFIT = "the row has another number of fields than the header"


def header_of(head: str, delimiter: str = ",") -> list[str]:
    """The column names that a table's beginning names, as they are compared; none where it is no table's."""
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        return _columns(next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), []))
    except csv.Error:
        return []


def _columns(names: Sequence[str]) -> list[str]:
    """A header's names as they are compared: no capitals, single spaces; the second of a name gets a number."""
    columns: list[str] = []
    for name in names:
        column = " ".join(name.split()).casefold()
        before = sum(other.partition("#")[0] == column for other in columns)
        columns.append(f"{column}#{before + 1}" if before else column)
    return columns


def printable(text: str) -> str:
    """A feed's text within a message."""
    return "".join(character if character.isprintable() else "?" for character in text[:_SHOWN])


class _Unended:
    """The file ended within quotes."""


class _Lines:
    """A text's lines, of which those of a bad row can be taken back."""

    def __init__(self, stream: TextIO) -> None:
        self.number = 0
        self._stream = stream
        self._taken: list[str] = []
        self._back: deque[str] = deque()

    def more(self) -> bool:
        """Whether there is another line; forgets which ones were taken before."""
        self._taken.clear()
        if not self._back and (line := self._stream.readline(LONGEST_LINE)):
            self._back.append(line)
        return bool(self._back)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._stream.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(self._taken) == _MOST_LINES:
            raise csv.Error(f"a quoted field goes on for more than {_MOST_LINES:,} lines")
        self.number += 1
        self._taken.append(line)
        return line

    def take_back(self) -> None:
        """All of the row's lines but its first are yet to be read."""
        self._back.extendleft(reversed(self._taken[1:]))
        self.number -= len(self._taken) - 1


def _next_row(lines: _Lines, delimiter: str) -> list[str] | str | _Unended:
    """The next row's fields, or what is wrong with it."""
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return _Unended()
        lines.take_back()
        return f"not valid CSV: {error}"


def _header(lines: _Lines, feed: FeedFile, required: Sequence[str], delimiter: str) -> list[str]:
    first = _next_row(lines, delimiter) if lines.more() else []
    if not isinstance(first, list):
        raise FeedError(f"{feed.path}, line 1: not a valid header. Mend it and import again.")
    header = _columns(first)
    missing = [column for column in required if column not in header]
    if missing:
        raise FeedError(
            f"The feed {feed.path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; its first line "
            f"must name at least {','.join(required)} (found: {printable(','.join(first)) or 'nothing'})."
        )
    return header
