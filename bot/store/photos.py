"""Shoppers' photos that are kept, where the owner asks for it and the shopper agreed: files, and whose they are.

A file is named by its query in the log and by its content. Its row is there before it and goes after it, so no file is
without one for longer than a crash; what a crash leaves is found by `tidy`.
"""

import asyncio
import re
import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from bot.clock import now_s
from imgrec.async_database import AsyncDatabase
from imgrec.log.identity import Keys

_NAME = re.compile(r"\d+-[0-9a-f]{64}\.jpg")


class KeptPhotos:
    """The folder, and the table of what is in it. Only photos of private chats are ever kept."""

    def __init__(self, database: AsyncDatabase, keys: Keys, folder: Path) -> None:
        self._database = database
        self._keys = keys
        self._folder = folder
        self._turn = asyncio.Lock()

    async def keep(self, query_id: int, chat: int, jpeg: bytes) -> None:
        """Keep a query's photo, if its chat agrees at this moment. Raises OSError and sqlite3.Error."""
        name, key = f"{query_id}-{sha256(jpeg).hexdigest()}.jpg", self._keys.of("chat", chat)

        def note(connection: sqlite3.Connection) -> int:
            cursor = connection.execute(
                "INSERT OR REPLACE INTO kept_photos (file, chat_key, kept_s) SELECT ?1, ?2, ?3 "
                "WHERE EXISTS (SELECT 1 FROM chats WHERE chat_key = ?2 AND keeps_photos = 1)", (name, key, now_s()),
            )  # fmt: skip
            return cursor.rowcount

        async with self._turn:  # nothing is written between the two steps of deleting
            if await self._database.write(note) > 0:
                await asyncio.to_thread(self._write, name, jpeg)

    async def forget(self, chat: int) -> None:
        """Delete all of a private chat."""
        async with self._turn:
            await self._delete(
                await self._database.rows(
                    "SELECT file FROM kept_photos WHERE chat_key = ?", self._keys.of("chat", chat)
                )
            )

    async def tidy(self, before_s: float | None) -> None:
        """Delete those that were kept before this time, and files that nobody could be forgotten from."""
        async with self._turn:
            if before_s is not None:
                await self._delete(await self._database.rows("SELECT file FROM kept_photos WHERE kept_s < ?", before_s))
            known = {row["file"] for row in await self._database.rows("SELECT file FROM kept_photos")}
            await asyncio.to_thread(self._unlink, [name for name in self._names() if name not in known])

    async def _delete(self, rows: Iterable[sqlite3.Row]) -> None:
        names = [row["file"] for row in rows]
        await asyncio.to_thread(self._unlink, names)

        def drop(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM kept_photos WHERE file = ?", [(name,) for name in names])

        await self._database.write(drop)

    def _names(self) -> list[str]:
        there = self._folder.iterdir() if self._folder.is_dir() else ()
        return [file.name for file in there if _NAME.fullmatch(file.name)]

    def _write(self, name: str, jpeg: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / name
        file.touch(0o600)
        file.write_bytes(jpeg)

    def _unlink(self, names: Iterable[str]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)
