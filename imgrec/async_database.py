"""SQLite from an event loop: one connection, whose transactions take turns and outwait a lock or a full disk."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Self, TypeVar

import aiosqlite

from imgrec.database import BUSY_TIMEOUT_MS, CONNECTION_PRAGMAS, connect

log = logging.getLogger(__name__)

Write = Callable[[aiosqlite.Connection], Awaitable[None]]
T = TypeVar("T")

_SHORT_WAIT_MS = 500
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


class AsyncDatabase:
    """Opened for writing; the file is made and brought up to date when it is opened."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, migrations: Sequence[str]) -> Self:
        """Raises ImgrecError when it cannot be used, with what to do."""
        (await asyncio.to_thread(connect, path, migrations)).close()
        connection = await aiosqlite.connect(path, isolation_level=None)
        for pragma in CONNECTION_PRAGMAS:
            await connection.execute(pragma)
        connection.row_factory = sqlite3.Row
        return cls(connection, path)

    async def close(self) -> None:
        """Finish what is being written and close."""
        async with self._turn:
            await self._connection.close()

    async def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """What a query finds."""
        async with self._turn:
            return list(await self._connection.execute_fetchall(query, values))

    async def row(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row that a query finds, if any."""
        return next(iter(await self.rows(query, *values)), None)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """A short transaction; others on this connection wait, for SQLite has one transaction a connection."""
        async with self._turn:
            try:  # around all of it: a task may be cancelled while it waits for any of these
                await self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                await self._connection.commit()
            except BaseException:
                with contextlib.suppress(sqlite3.OperationalError):  # a full disk may have rolled it back already
                    await self._connection.rollback()
                raise

    async def write(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        """Do this in a transaction, and do it again for as long as the file is locked or the disk is full."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                async with self.transaction() as connection:
                    return await work(connection)
            except sqlite3.OperationalError as error:
                if not may_pass(error):
                    raise
                if pause_s == _FIRST_PAUSE_S:
                    log.warning("%s cannot be written just now (%s); trying on.", self.path, error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def overwrite_deleted(self) -> None:
        """Clear the write-ahead log, so that deleted bytes are gone from the disk too.

        Where someone reads the database just then, that happens when it is next closed.
        """
        async with self._turn:
            await self._connection.execute(f"PRAGMA busy_timeout = {_SHORT_WAIT_MS}")
            await self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            await self._connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def may_pass(error: sqlite3.OperationalError) -> bool:
    """Whether a later try may work: the file is locked, the disk is full, or was made read-only meanwhile."""
    return (error.sqlite_errorcode & 0xFF) in {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
    }  # fmt: skip
