"""Rows of one product brought together wherever they stand in a feed, in constant memory."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from types import TracebackType
from typing import Self

from imgrec.catalogue.feed import Reason, Unusable
from imgrec.catalogue.formats.tables import TableRow

_MOST_ROWS = 5_000  # of one family; Shopify allows 2,048 variants and 250 photos


class Gathering:
    """Takes rows, each with the family it belongs to, and gives them back family by family; a context manager.

    Rows wait in a database of their own, which goes to disk where it grows. Families come in the order in which their
    first rows stand in the feed, and so do the rows of each.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        self._fields = fields
        self._database = sqlite3.connect("")  # a file of its own, gone when it is closed
        columns = ", ".join(f"f{number} TEXT" for number in range(len(fields)))
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
            f"CREATE TABLE held (family TEXT, line INTEGER, {columns});"
            "CREATE TABLE also_called (name TEXT PRIMARY KEY, family TEXT) WITHOUT ROWID;"
        )
        self._insert = f"INSERT INTO held VALUES (?, ?, {', '.join('?' * len(fields))})"

    def add(self, family: str, row: TableRow) -> None:
        """Hold a row back. Raises Unusable when it came from bytes that did not decode."""
        try:
            values = (row.fields.get(field, "") for field in self._fields)
            self._database.execute(self._insert, (family, row.line, *values))
        except UnicodeEncodeError:
            raise Unusable(Reason.BAD_ENCODING, "the row's text does not decode") from None

    def call(self, family: str, names: Iterable[str]) -> None:
        """Rows of a family of one of these names belong to `family`, too."""
        self._database.executemany(
            "INSERT OR IGNORE INTO also_called VALUES (?, ?)", [(name, family) for name in names if name != family]
        )

    def families(self) -> Iterator[tuple[list[TableRow], list[TableRow]]]:
        """(the rows of a family, those beyond the 5,000th) of one family after the other."""
        columns = ", ".join(f"f{number}" for number in range(len(self._fields)))
        found = self._database.execute(
            f"""
            WITH placed AS (
                SELECT coalesce((SELECT also.family FROM also_called also WHERE name = held.family), family) AS family,
                       line, {columns} FROM held
            )
            SELECT min(line) OVER (PARTITION BY family) AS first, family, line, {columns} FROM placed
            ORDER BY first, family, line
            """
        )
        for _, rows in groupby(found, key=lambda row: row[1]):
            family: list[TableRow] = []
            beyond: list[TableRow] = []
            for _, _, line, *values in rows:
                row = TableRow(line, dict(zip(self._fields, values, strict=True)))
                (family if len(family) < _MOST_ROWS else beyond).append(row)
            yield family, beyond

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
