"""One import of one source as the catalogue notes it, so that one that was cut short is known as such."""

import sqlite3

from imgrec.catalogue.sources import delete_if_empty
from imgrec.database import utc_now


class ImportRun:
    """Begins when it is made. `unfinished_utc` is when an earlier one began that never came to its end.

    `on_sale` is how many products were on sale then, of those that the last import with a say in it had left so: what
    came in since does not count, or a feed of nothing but new ids would have its way when it comes a second time.
    """

    def __init__(self, connection: sqlite3.Connection, source_id: int) -> None:
        self._connection = connection
        self._source_id = source_id
        self.began_utc = utc_now()
        self.is_under_way = True
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT OR IGNORE INTO imports (source_id) VALUES (?)", (source_id,))
            before = connection.execute(
                "SELECT began_utc, settled_utc FROM imports WHERE source_id = ?", (source_id,)
            ).fetchone()
            connection.execute("UPDATE imports SET began_utc = ? WHERE source_id = ?", (self.began_utc, source_id))
        self.unfinished_utc: str | None = before["began_utc"]
        self.on_sale: int = connection.execute(
            "SELECT count(*) FROM products WHERE source_id = ? AND retired_utc IS NULL AND added_utc <= ?",
            (source_id, before["settled_utc"] or self.began_utc),
        ).fetchone()[0]

    def written(self) -> int:
        """How many products it has brought in or changed so far."""
        found: int = self._connection.execute(
            "SELECT count(*) FROM products WHERE source_id = ? AND changed_utc > ?", (self._source_id, self.began_utc)
        ).fetchone()[0]
        return found

    def undo(self) -> None:
        """Nothing came of it: it has not begun, and a source that is new with it is none."""
        self.is_under_way = False
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not delete_if_empty(connection, self._source_id):
                connection.execute(
                    "UPDATE imports SET began_utc = ? WHERE source_id = ?", (self.unfinished_utc, self._source_id)
                )

    def finish(self, settled: bool) -> None:
        """The feeds have been read to their end; `settled` when what they lack was retired."""
        self.is_under_way = False
        self._connection.execute(
            "UPDATE imports SET began_utc = NULL, imported_utc = ?1, settled_utc = iif(?2, ?1, settled_utc) "
            "WHERE source_id = ?3",
            (utc_now(), settled, self._source_id),
        )
