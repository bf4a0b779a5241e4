"""Feeds that are tables: text under a header, read row by row without losing any.

What stands between the columns is found by looking. Between commas, semicolons or pipes, a field may stand in quotes
and hold what it likes, line ends included. Between tabs a quote is a character like others, and a row is a line: there,
exporters write quotes as they come, and a lone one would swallow the rows behind it.
"""

import contextlib
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TextIO

from imgrec.catalogue.feed import Reason, Rejection
from imgrec.catalogue.formats.feed_file import HEAD_BYTES, LONGEST_LINE, FeedFile
from imgrec.catalogue.formats.table_rows import LONGEST_FIELD, TAB, Lines, Quoted, Unended, between_tabs
from imgrec.catalogue.prices import decimal_mark
from imgrec.errors import FeedError

Names = Mapping[str, Sequence[str]]
"""A format's fields -> what the columns that hold them are called, the surest first; see `plain`."""

_DELIMITERS = (",", ";", TAB, "|", "^", "~")
_SHOWN = 200
_MOST_ABOVE = 20  # lines above the header
_SEPARATOR = re.compile(r'^"?sep\s*=\s*(\\t|.)"?[\s,;|]*$', re.IGNORECASE)  # a line that Excel writes, and reads
_EXPLAINS = re.compile(
    r'^"?#(?:[\s#=*-]|\w[^,;|\t]*$|(?:required|optional)\b)', re.IGNORECASE
)  # as Meta's templates do
_BLANK = re.compile(r"[\s\0\x1a\ufeff]*")
_ENOUGH_COLUMNS = 3  # for a header, below a title
_MISFIT = "the row has another number of fields than the header"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: the line it ends on, and its fields by column. What the row is short of is blank."""

    line: int
    fields: dict[str, str]


@dataclass(frozen=True)
class Shape:
    """How a table is written: what stands between its columns, their names as they are compared, lines above them."""

    delimiter: str = ","
    columns: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    above: int = 0


class Table:
    """A feed's rows under its header, whose columns are called as the format calls its fields, where it knows them.

    Of a row with a quote in the wrong place only its first line is rejected, and reading goes on behind that. With
    `exact`, so is a row with another number of fields than the header; otherwise blank fields may be missing at its
    end. Rows of blank fields, and the header over again, are none. Raises FeedError when `required` fields have no
    column, and while reading when the file ends within quotes.
    """

    def __init__(self, feed: FeedFile, names: Names, required: Sequence[str], exact: bool = False) -> None:
        csv.field_size_limit(LONGEST_FIELD)
        self._feed = feed
        self._exact = exact
        self._shape = shape_of(feed.text_head)
        if unknown := feed.reading.columns.keys() - names.keys():
            raise FeedError(
                f"--map names the field {min(unknown)!r}, which {feed.path} as read here has no use for; fields are: "
                f"{', '.join(names)}."
            )
        self.columns = fields_of(feed, self._shape, names)
        missing = [field for field in required if field not in self.columns]
        if missing:
            raise FeedError(_lacks(feed, self._shape, missing, required))

    def __iter__(self) -> Iterator[TableRow | Rejection]:
        return self._rows(self._feed.text())

    def _rows(self, text: TextIO) -> Iterator[TableRow | Rejection]:
        lines = Lines(text)
        for _ in range(self._shape.above):
            lines.more()
            next(lines)
        split = (
            between_tabs(len(self.columns))
            if self._shape.delimiter == TAB
            else Quoted(self._shape.delimiter, len(self.columns))
        )
        lines.more()
        split(lines)  # the header
        while (begins := lines.number + 1) and lines.more():
            row = split(lines)
            if isinstance(row, Unended):
                raise FeedError(
                    f"{self._feed.path} ends within the quotes of a field that begins at line {begins}. "
                    "Fetch the feed again or mend that line; nothing was retired."
                )
            if isinstance(row, str):
                yield Rejection(begins, "", Reason.BAD_ROW, row)
            elif not all(map(_BLANK.fullmatch, row)) and not self._is_header(row):
                yield self._outcome(lines.number, row)

    def beginning(self, *fields: str) -> Iterator[str]:
        """What stands in these fields in the first rows, as far as they are not blank."""
        return (text for row in self._first_rows for field in fields if (text := row.fields.get(field, "").strip()))

    @cached_property
    def _first_rows(self) -> list[TableRow]:
        head = self._feed.text_head
        if len(self._feed.head) >= HEAD_BYTES:
            head = head[: head.rfind("\n") + 1]  # the last line is cut
        rows: list[TableRow] = []
        with contextlib.suppress(FeedError):  # within quotes
            rows.extend(row for row in self._rows(io.StringIO(head, newline="")) if isinstance(row, TableRow))
        return rows

    @property
    def header(self) -> str:
        """What its columns are called, to be shown."""
        return printable(", ".join(self._shape.written))

    def called(self, field: str) -> str:
        """What the column of a field is called in the feed, to be shown."""
        return printable(self._shape.written[self.columns.index(field)])

    def decimal_comma(self, *prices: str) -> bool:
        """Whether decimals stand behind commas in these columns, as the first rows show; beside semicolons they do."""
        mark = decimal_mark(self.beginning(*prices))
        return mark == "," or (mark is None and self._shape.delimiter == ";")

    def _is_header(self, row: list[str]) -> bool:
        written = self._shape.written
        return row[0].strip() == written[0] and tuple(field.strip() for field in row[: len(written)]) == written

    def _outcome(self, line: int, row: list[str]) -> TableRow | Rejection:
        columns = self.columns
        if len(row) != len(columns):
            if any(row[len(columns) :]) or (self._exact and len(row) < len(columns)):
                return Rejection(line, "", Reason.BAD_ROW, _MISFIT)
            row += [""] * (len(columns) - len(row))
        return TableRow(line, dict(zip(columns, row, strict=False)))


def shape_of(head: str) -> Shape:
    """How the table that begins so is written; without columns where it is none."""
    csv.field_size_limit(LONGEST_FIELD)
    told, above, begins = "", 0, 0
    while above < _MOST_ABOVE and begins < len(head):
        ends = begins + len(_first_line(head[begins : begins + LONGEST_LINE]))
        line = head[begins:ends].lstrip("\ufeff")
        separator = _SEPARATOR.match(line)
        if separator:
            told = TAB if separator[1] == "\\t" else separator[1]
        elif line.strip(' \t\r\n",;|') and not _EXPLAINS.match(line) and not _is_title(line, head[ends:]):
            break
        above, begins = above + 1, ends
    best: list[str] = []
    delimiter = told or ","
    for candidate in (told, *_DELIMITERS) if told else _DELIMITERS:
        columns = _header(head[begins:], candidate)
        if len(columns) > len(best):
            best, delimiter = columns, candidate
            if candidate == told and len(columns) > 1:
                break
    return Shape(delimiter, tuple(_numbered(best)), tuple(best), above)


def _is_title(line: str, below: str) -> bool:
    """Whether a line that stands alone is above a table, rather than its header."""
    following = next((text for text in below.splitlines()[:_MOST_ABOVE] if text.strip(' \t",;|')), "")
    return _filled(line) <= 1 and _filled(following) >= _ENOUGH_COLUMNS


def _filled(line: str) -> int:
    return max(sum(bool(name) for name in _header(line, delimiter)) for delimiter in _DELIMITERS)


def fields_of(feed: FeedFile, shape: Shape, names: Names) -> list[str]:
    """The columns by the fields they hold; those that hold none keep their names.

    What the owner says (`Reading.columns`) goes before what columns are called.
    """
    said = {field: plain(column) for field, column in feed.reading.columns.items() if field in names}
    columns = list(shape.columns)
    places: dict[int, str] = {}
    for field, known in names.items():
        wanted = [said[field]] if field in said else [plain(name) for name in known]
        place = next((columns.index(name) for name in wanted if name in columns), None)
        if place is None and field in said:
            raise FeedError(
                f"The feed {feed.path} has no column {printable(feed.reading.columns[field])!r}, which --map {field}= "
                f"names; its columns are: {printable(', '.join(shape.written))}."
            )
        if place is not None and (place not in places or field in said):
            places[place] = field
    taken = set(places.values())
    return [
        places.get(place, f"{column} (not used)" if column in taken else column)
        for place, column in enumerate(shape.columns)
    ]


def plain(column: str) -> str:
    """A column's name as it is compared: no capitals, marks or signs (`g:Image_Link` is `image link`)."""
    letters = unicodedata.normalize("NFKD", column.strip().removeprefix("g:"))
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
    return " ".join("".join(letter if letter.isalnum() else " " for letter in kept).split())


def printable(text: str) -> str:
    """A feed's text within a message."""
    return "".join(character if character.isprintable() else "?" for character in text[:_SHOWN])


def _first_line(text: str) -> str:
    return io.StringIO(text, newline="").readline()


def _header(text: str, delimiter: str) -> list[str]:
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []
    while len(names) > 1 and not names[-1].strip():
        names.pop()  # what ends every line with a delimiter has no column behind the last one
    return [name.strip().strip("\ufeff") for name in names]


def _numbered(names: Sequence[str]) -> list[str]:
    """Names as they are compared; the second of a name gets a number."""
    columns: list[str] = []
    for name in names:
        column = plain(name)
        before = sum(other.partition("#")[0] == column for other in columns)
        columns.append(f"{column}#{before + 1}" if before else column)
    return columns


def _lacks(feed: FeedFile, shape: Shape, missing: Sequence[str], required: Sequence[str]) -> str:
    found = printable(", ".join(shape.written)) or "nothing"
    return (
        f"The feed {feed.path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; its first line must "
        f"name at least {', '.join(required)} (found: {found}). If a column is only called otherwise, say which: "
        f"--map {missing[0]}=COLUMN."
    )
