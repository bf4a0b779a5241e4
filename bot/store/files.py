"""Photos that Telegram has already, by its ids of them: they need no second upload."""

import sqlite3
from collections.abc import Iterable, Mapping

from imgrec.async_database import AsyncDatabase


class TelegramFiles:
    """The table of file ids; each bot has its own."""

    def __init__(self, database: AsyncDatabase, bot_id: int) -> None:
        self._database = database
        self._bot_id = bot_id

    async def ids(self, photos: Iterable[str]) -> dict[str, str]:
        """Telegram's ids of those photos (named by SHA-256) that this bot has uploaded before."""
        wanted = list(photos)
        marks = ",".join("?" * len(wanted))
        rows = await self._database.rows(
            f"SELECT photo_sha256, file_id FROM telegram_files WHERE bot_id = ? AND photo_sha256 IN ({marks})",
            self._bot_id, *wanted,
        )  # fmt: skip
        return {row["photo_sha256"]: row["file_id"] for row in rows}

    async def remember(self, ids: Mapping[str, str]) -> None:
        """Keep what Telegram calls photos that were just uploaded."""

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT OR REPLACE INTO telegram_files (bot_id, photo_sha256, file_id) VALUES (?, ?, ?)",
                [(self._bot_id, photo, file_id) for photo, file_id in ids.items()],
            )

        if ids:
            await self._database.write(write)
