"""A table's text split into rows of fields, none of which takes others with it when it is damaged."""

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import TextIO

from imgrec.catalogue.formats.feed_file import LONGEST_LINE

TAB = "\t"
LONGEST_FIELD = 1_000_000
_MOST_LINES = 10_000  # within one quoted field
_SPACES_AROUND_QUOTES = r'(?P<before>^|{0})[ \t]+(?=")|(?<=")[ \t]+(?={0}|[\r\n]|$)'
_LINES_IN_TABS = "a text in quotes goes on in the next line, which a table between tabs cannot have; export it as CSV"


class Unended:
    """The file ended within quotes."""


Split = list[str] | str | Unended
"""The next row's fields, or what is wrong with it."""


class Lines:
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

    def hold(self, *signs: str) -> bool:
        """Whether one of these stands in the lines of this row."""
        return any(sign in line for line in self._taken for sign in signs)

    def take_back(self, but: int = 1) -> None:
        """All of the row's lines but so many are yet to be read."""
        self._back.extendleft(reversed(self._taken[but:]))
        self.number -= len(self._taken) - but
        del self._taken[but:]


class Quoted:
    """Splits rows whose fields may stand in quotes.

    PHP writes a quote behind a backslash as it is, where others double it, and people write spaces around quotes; a
    row that makes no sense otherwise, and does so, is read so.
    """

    def __init__(self, delimiter: str, columns: int) -> None:
        self._delimiter = delimiter
        self._columns = columns
        self._spaced = f'{delimiter} "'
        self._spaces = re.compile(_SPACES_AROUND_QUOTES.format(re.escape(delimiter)))

    def __call__(self, lines: Lines) -> Split:
        """The next row."""
        row = self._next(lines)
        if isinstance(row, list) and len(row) == self._columns and not (lines.hold(self._spaced) and _is_spaced(row)):
            return row
        mends = self._mends(lines)
        for mend, skips_spaces in mends:
            lines.take_back(0)
            mended = self._next(lines, mend, skips_spaces)
            if isinstance(mended, list) and len(mended) == self._columns:
                return mended
        if mends:
            lines.take_back(0)
            row = self._next(lines)
        if isinstance(row, str):
            lines.take_back()
        return row

    def _mends(self, lines: Lines) -> list[tuple[Callable[[str], str], bool]]:
        """Other ways to read the row: what becomes of a line, and whether spaces before a quote are skipped."""
        mends: list[tuple[Callable[[str], str], bool]] = [(self._as_php, False)] if lines.hold('\\"') else []
        if lines.hold('" ', ' "', '"\t', '\t"'):
            mends += [(str, True), (self._without_spaces, False)]
        return mends

    def _as_php(self, line: str) -> str:
        return line.replace('\\"', '""')

    def _without_spaces(self, line: str) -> str:
        return self._spaces.sub(lambda found: found["before"] or "", line)

    def _next(self, lines: Lines, read: Callable[[str], str] = str, skips_spaces: bool = False) -> Split:
        source = lines if read is str else map(read, lines)
        try:
            return next(csv.reader(source, delimiter=self._delimiter, strict=True, skipinitialspace=skips_spaces), [])
        except csv.Error as error:
            return Unended() if "unexpected end of data" in str(error) else f"not valid CSV: {error}"


def between_tabs(columns: int) -> Callable[[Lines], Split]:
    """Splits lines at tabs. Quotes around a field come off where nothing else could be meant."""

    def split(lines: Lines) -> Split:
        line = next(lines).rstrip("\r\n")
        row = line.split(TAB)
        if any(len(field) > LONGEST_FIELD for field in row):
            return f"not valid: a field is longer than {LONGEST_FIELD:,} characters"
        if '"' not in line:
            return row
        if len(row) > columns and len(joined := _one_line(line)) == columns:
            return joined  # tabs within quotes
        if len(row) <= columns and _is_open(row[-1]):
            joined_lines = _several_lines(lines, line, columns - 1 if len(row) < columns else 0)
            if joined_lines or len(row) < columns:
                return joined_lines or _LINES_IN_TABS
        return [_unquoted(field) if field.startswith('"') else field for field in row]

    def _several_lines(lines: Lines, line: str, fewer_tabs: int) -> list[str] | None:
        """The row that goes on in the lines below, none of which can be one of its own; None where there is none."""
        text, most = line, max(0, fewer_tabs - 1)
        while len(text) < LONGEST_FIELD and (following := next(lines, "")) and following.count(TAB) <= most:
            text += "\n" + following.rstrip("\r\n")
            if '"' in following and len(row := _one_line(text)) == columns:
                return row
            if following.count('"') % 2:
                break
        lines.take_back()
        return None

    return split


def _is_spaced(row: list[str]) -> bool:
    """Whether quotes became part of a field because spaces stand before them."""
    return any(field.startswith(' "') and field.rstrip().endswith('"') for field in row)


def _one_line(text: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=TAB, strict=True), [])
    except csv.Error:
        return []


def _is_open(field: str) -> bool:
    """Whether a quote begins the field and none ends it."""
    return field.startswith('"') and _unquoted(field) == field


def _unquoted(field: str) -> str:
    inside = field[1:-1]
    if len(field) > 1 and field.endswith('"') and '"' not in inside.replace('""', ""):
        return inside.replace('""', '"')
    return field
