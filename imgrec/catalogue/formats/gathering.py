"""Rows of one product brought together wherever they stand in a feed, in constant memory."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Self

from imgrec.catalogue.feed import Reason, Unusable
from imgrec.catalogue.formats.tables import TableRow

_BETWEEN = "\x1f"  # fields, ASCII's own separator of such
_ROWS_AT_ONCE = 500
_MOST_ROWS = 5_000  # of one family; Shopify allows 2,048 variants and 250 photos


class Gathering:
    """Takes rows, each with the family it belongs to, and gives them back family by family; a context manager.

    Rows wait in a database of their own, which goes to disk where it grows. Families come in the order in which their
    first rows stand in the feed, and so do the rows of each; their fields are stripped.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        self._fields = fields
        self._database = sqlite3.connect("")  # a file of its own, gone when it is closed
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
            "CREATE TABLE held (family TEXT, line INTEGER, content TEXT);"
            "CREATE TABLE also_called (name TEXT PRIMARY KEY, family TEXT) WITHOUT ROWID;"
        )
        self._waiting: list[tuple[str, int, str]] = []

    def add(self, family: str, row: TableRow) -> None:
        """Hold a row back. Raises Unusable when it came from bytes that did not decode."""
        values = [row.fields.get(field, "").strip() for field in self._fields]
        content = _BETWEEN.join(values)
        if content.count(_BETWEEN) >= len(values):  # a control character, which no text has any use for
            content = _BETWEEN.join(value.replace(_BETWEEN, " ") for value in values)
        try:
            content.encode()
        except UnicodeEncodeError:
            raise Unusable(Reason.BAD_ENCODING, "the row's text does not decode") from None
        self._waiting.append((family, row.line, content))
        if len(self._waiting) == _ROWS_AT_ONCE:
            self._hold()

    def call(self, family: str, names: Iterable[str]) -> None:
        """Rows of a family of one of these names belong to `family`, too."""
        self._database.executemany(
            "INSERT OR IGNORE INTO also_called VALUES (?, ?)", [(name, family) for name in names if name != family]
        )

    def families(self) -> Iterator[tuple[list[TableRow], list[TableRow]]]:
        """(the rows of a family, those beyond the 5,000th) of one family after the other."""
        self._hold()
        self._database.execute(  # keys are sorted, not the rows themselves
            """
            CREATE TABLE placed AS
                WITH keys AS (
                    SELECT coalesce((SELECT also.family FROM also_called also WHERE name = held.family), family)
                           AS family, line, rowid AS number FROM held
                )
                SELECT min(line) OVER (PARTITION BY family) AS first, family, number FROM keys
                ORDER BY first, family, line
            """
        )
        found = self._database.execute(
            "SELECT placed.family, line, content FROM placed CROSS JOIN held ON held.rowid = number "
            "ORDER BY placed.rowid"
        )
        for _, rows in groupby(found, key=itemgetter(0)):
            family: list[TableRow] = []
            beyond: list[TableRow] = []
            for _, line, content in rows:
                row = TableRow(line, dict(zip(self._fields, content.split(_BETWEEN), strict=True)))
                (family if len(family) < _MOST_ROWS else beyond).append(row)
            yield family, beyond

    def _hold(self) -> None:
        self._database.executemany("INSERT INTO held VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
