"""The products that shoppers have saved."""

import sqlite3
from typing import NamedTuple

from imgrec.async_database import AsyncDatabase, Write
from imgrec.database import utc_now
from imgrec.log.identity import Keys


class SavedProduct(NamedTuple):
    """A product somebody saved. `number`: it is kept under, the latest has the largest; where it was found."""

    number: int
    product_id: int
    query_id: int
    rank: int


class Saved:
    """The table of saved products; users appear by keyed hashes only."""

    def __init__(self, database: AsyncDatabase, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def of(self, user: int, product_id: int) -> SavedProduct | None:
        """This product, if this user has saved it."""
        row = await self._database.row(
            "SELECT id, product_id, query_id, rank FROM saved WHERE user_key = ? AND product_id = ?",
            self._keys.of("user", user), product_id,
        )  # fmt: skip
        return SavedProduct(*row) if row else None

    async def page(self, user: int, before: int | None, most: int) -> list[SavedProduct]:
        """The latest products of a user, or the latest of those that were saved before number `before`."""
        rows = await self._database.rows(
            "SELECT id, product_id, query_id, rank FROM saved WHERE user_key = ?1 AND (?2 IS NULL OR id < ?2) "
            "ORDER BY id DESC LIMIT ?3",
            self._keys.of("user", user), before, most,
        )  # fmt: skip
        return [SavedProduct(*row) for row in rows]

    async def count(self, user: int, since: int = 0) -> int:
        """How many a user has saved, from this number on."""
        row = await self._database.row(
            "SELECT count(*) FROM saved WHERE user_key = ? AND id >= ?", self._keys.of("user", user), since
        )
        return int(row[0]) if row else 0

    def save(self, user: int, product_id: int, query_id: int, rank: int) -> Write:
        """Save a product; one that is saved already stays as it is."""
        values = (self._keys.of("user", user), product_id, query_id, rank, utc_now())

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR IGNORE INTO saved (user_key, product_id, query_id, rank, saved_utc) VALUES (?, ?, ?, ?, ?)",
                values,
            )

        return write

    def remove(self, user: int, product_id: int) -> Write:
        """Save it no longer."""
        values = (self._keys.of("user", user), product_id)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM saved WHERE user_key = ? AND product_id = ?", values)

        return write
