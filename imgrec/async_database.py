"""SQLite from an event loop: one connection, whose transactions take turns and outwait a lock or a full disk."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import aiosqlite

from imgrec.database import BUSY_TIMEOUT_MS, CONNECTION_PRAGMAS, connect

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Write = Work[None]
"""What is written in a transaction. It runs in the database's thread, so it touches nothing that others change."""

_SHORT_WAIT_MS = 500
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


class AsyncDatabase:
    """Opened for writing; the file is made and brought up to date when it is opened."""

    def __init__(self, connection: "_Connection", path: Path) -> None:
        self.path = path
        self._connection = connection
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, migrations: Sequence[str]) -> Self:
        """Raises ImgrecError when it cannot be used, with what to do."""
        (await asyncio.to_thread(connect, path, migrations)).close()
        connection = _Connection(partial(sqlite3.connect, path, isolation_level=None), iter_chunk_size=64)
        await connection
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
        return await self._in_turn(lambda connection: connection.execute(query, values).fetchall())

    async def row(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row that a query finds, if any."""
        return next(iter(await self.rows(query, *values)), None)

    async def write_once(self, work: Work[T]) -> T:
        """Do this in a transaction. Raises sqlite3.OperationalError where the file is locked or the disk is full."""
        return await self._in_turn(lambda connection: _transacted(connection, work))

    async def write(self, work: Work[T]) -> T:
        """Do this in a transaction, and do it again for as long as the file is locked or the disk is full."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await self.write_once(work)
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
        await self._in_turn(_checkpoint)

    async def _in_turn(self, work: Work[T]) -> T:
        async with self._turn:  # whoever is cancelled while waiting for it has done nothing
            return await self._connection.run(work)


def may_pass(error: sqlite3.OperationalError) -> bool:
    """Whether a later try may work: the file is locked, the disk is full, or was made read-only meanwhile."""
    return (error.sqlite_errorcode & 0xFF) in {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
    }  # fmt: skip


class _Connection(aiosqlite.Connection):
    """Does several statements in one go: aiosqlite's going to its thread and back costs more than most of SQL does."""

    async def run(self, work: Work[T]) -> T:
        done: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return done


def _transacted(connection: sqlite3.Connection, work: Work[T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = work(connection)
        connection.commit()
    except BaseException:
        with contextlib.suppress(sqlite3.OperationalError):  # a full disk may have rolled it back already
            connection.rollback()
        raise
    return done


def _checkpoint(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_SHORT_WAIT_MS}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
