"""The log as the bot writes it: queries, matches and votes; and the bot's memory of chats and uploads."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiosqlite

from imgrec.database import BUSY_TIMEOUT_MS, CONNECTION_PRAGMAS, connect, utc_now
from imgrec.log.identity import Keys, load_keys
from imgrec.log.schema import MIGRATIONS, KindOfQuery, Outcome

_SHORT_WAIT_MS = 500


@dataclass(frozen=True)
class ChatSettings:
    """What a chat has chosen; None leaves it to the shop. At most one of threshold (a cosine) and likeness is there."""

    category: str | None = None
    threshold: float | None = None
    likeness: float | None = None


@dataclass(frozen=True)
class LoggedMatch:
    """One product of an answer."""

    product_id: int
    similarity: float
    likeness: float


@dataclass(frozen=True)
class LoggedAnswer:
    """What is logged of an answer; nothing is predicted where the shop tells no categories apart.

    likeness: what people read of the threshold. matches: most similar first.
    """

    predicted_category: str | None
    probability: float | None
    category: str | None
    category_source: str | None
    scope: Sequence[str]
    threshold: float
    likeness: float
    threshold_source: str
    model: str
    index_generation: str
    best_similarity: float | None
    matches: Sequence[LoggedMatch]


class LogWriter:
    """One connection to the log; transactions of different tasks take turns."""

    def __init__(self, connection: aiosqlite.Connection, keys: Keys) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self.keys = keys

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open the log, making it when absent. Raises LogError or ImgrecError."""
        keys = load_keys(path)
        (await asyncio.to_thread(connect, path, MIGRATIONS)).close()
        connection = await aiosqlite.connect(path, isolation_level=None)
        for pragma in CONNECTION_PRAGMAS:
            await connection.execute(pragma)
        connection.row_factory = sqlite3.Row
        return cls(connection, keys)

    async def close(self) -> None:
        """Finish what is being written and close."""
        async with self._turn:
            await self._connection.close()

    async def begin_query(
        self, kind: KindOfQuery, chat: int, user: int, photo_unique_id: str | None, parent: int | None = None
    ) -> int:
        """Record that something was asked, and return its id. Until it is finished it counts as failed."""
        async with self._transaction() as connection:
            cursor = await connection.execute(
                "INSERT INTO queries "
                "(asked_utc, chat_key, user_key, photo_unique_id, kind_of_query, parent_id, outcome) "
                "VALUES (?, ?, ?, ?, ?, (SELECT id FROM queries WHERE id = ? AND chat_key = ?), ?)",
                (
                    utc_now(), self.keys.of("chat", chat), self.keys.of("user", user),
                    photo_unique_id and self.keys.of("photo", photo_unique_id), kind,
                    parent, self.keys.of("chat", chat), Outcome.FAILED,
                ),
            )  # fmt: skip
        assert cursor.lastrowid is not None  # noqa: S101 - an INSERT has one
        return cursor.lastrowid

    async def record_answer(self, query_id: int, answer: LoggedAnswer) -> None:
        """Add to a query what was found for it."""
        async with self._transaction() as connection:
            cursor = await connection.execute(
                "UPDATE queries SET predicted_category = ?, probability = ?, category = ?, category_source = ?, "
                "scope = ?, threshold = ?, likeness = ?, threshold_source = ?, model = ?, index_generation = ?, "
                "n_matches = ?, best_similarity = ? WHERE id = ?",
                (
                    answer.predicted_category, answer.probability, answer.category, answer.category_source,
                    json.dumps(list(answer.scope), ensure_ascii=False), answer.threshold, answer.likeness,
                    answer.threshold_source, answer.model, answer.index_generation,
                    len(answer.matches), answer.best_similarity, query_id,
                ),
            )  # fmt: skip
            if not cursor.rowcount:  # forgotten meanwhile
                return
            await connection.executemany(
                "INSERT INTO matches (query_id, rank, product_id, similarity, likeness) VALUES (?, ?, ?, ?, ?)",
                [
                    (query_id, rank, match.product_id, match.similarity, match.likeness)
                    for rank, match in enumerate(answer.matches, start=1)
                ],
            )

    async def finish_query(self, query_id: int, outcome: Outcome, total_ms: float) -> None:
        """Record how a query ended, and how long after the photo arrived."""
        async with self._transaction() as connection:
            await connection.execute(
                "UPDATE queries SET outcome = ?, total_ms = ? WHERE id = ?", (outcome, round(total_ms, 1), query_id)
            )

    async def vote(self, query_id: int, rank: int, chat: int, user: int, vote: int) -> bool | None:
        """Record a vote (+1 or -1) on a query of this chat.

        Returns whether it differs from the user's last one; None where the chat has no such query.
        """
        key = self.keys.of("user", user)
        async with self._transaction() as connection:
            if not await self._one(
                "SELECT 1 FROM queries WHERE id = ? AND chat_key = ?", query_id, self.keys.of("chat", chat)
            ):
                return None
            before = await self._one(
                "SELECT vote FROM feedback WHERE query_id = ? AND rank = ? AND user_key = ?", query_id, rank, key
            )
            if before and before["vote"] == vote:
                return False
            await connection.execute(
                "INSERT INTO feedback (query_id, rank, user_key, vote, voted_utc) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET vote = excluded.vote, voted_utc = excluded.voted_utc",
                (query_id, rank, key, vote, utc_now()),
            )
            return True

    async def settings(self, chat: int) -> ChatSettings:
        """What this chat has chosen."""
        row = await self._one(
            "SELECT category, threshold, likeness FROM chats WHERE chat_key = ?", self.keys.of("chat", chat)
        )
        return ChatSettings(row["category"], row["threshold"], row["likeness"]) if row else ChatSettings()

    async def set_category(self, chat: int, category: str | None) -> None:
        """Remember a chat's category; None: as predicted."""
        await self._set(chat, category=category)

    async def set_likeness(self, chat: int, likeness: float | None) -> None:
        """Remember how alike products have to be, 0 to 1; None: as the shop has it. Ends a threshold set before."""
        await self._set(chat, likeness=likeness, threshold=None)

    async def set_threshold(self, chat: int, threshold: float | None) -> None:
        """Remember a threshold as a cosine, as old buttons carry it; None: as the shop has it. Ends a likeness."""
        await self._set(chat, threshold=threshold, likeness=None)

    async def forget(self, chat: int, user: int, private: bool) -> int:
        """Delete all there is of a user: queries, matches and votes, and of a private chat its settings too.

        Returns how many queries were deleted. Deleted bytes are overwritten, in the write-ahead log as well; where
        someone reads the log just then, that happens when it is next closed.
        """
        chat_key, user_key = self.keys.of("chat", chat), self.keys.of("user", user)
        async with self._transaction() as connection:
            cursor = await connection.execute("DELETE FROM queries WHERE user_key = ?", (user_key,))
            await connection.execute("DELETE FROM feedback WHERE user_key = ?", (user_key,))
            if private:
                await connection.execute("DELETE FROM queries WHERE chat_key = ?", (chat_key,))
                await connection.execute("DELETE FROM chats WHERE chat_key = ?", (chat_key,))
        async with self._turn:
            await self._connection.execute(f"PRAGMA busy_timeout = {_SHORT_WAIT_MS}")
            await self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            await self._connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        return cursor.rowcount

    async def file_ids(self, bot_id: int, photos: Iterable[str]) -> dict[str, str]:
        """Telegram's file ids of those photos (named by SHA-256) that this bot has uploaded before."""
        wanted = list(photos)
        marks = ",".join("?" * len(wanted))
        async with self._turn:
            rows = await self._connection.execute_fetchall(
                f"SELECT photo_sha256, file_id FROM telegram_files WHERE bot_id = ? AND photo_sha256 IN ({marks})",
                (bot_id, *wanted),
            )
        return {row["photo_sha256"]: row["file_id"] for row in rows}

    async def remember_file_ids(self, bot_id: int, file_ids: dict[str, str]) -> None:
        """Keep what Telegram calls photos that were just uploaded."""
        async with self._transaction() as connection:
            await connection.executemany(
                "INSERT OR REPLACE INTO telegram_files (bot_id, photo_sha256, file_id) VALUES (?, ?, ?)",
                [(bot_id, photo, file_id) for photo, file_id in file_ids.items()],
            )

    async def drop_file_ids(self, bot_id: int, photos: Iterable[str]) -> None:
        """Forget ids that Telegram no longer accepts."""
        async with self._transaction() as connection:
            await connection.executemany(
                "DELETE FROM telegram_files WHERE bot_id = ? AND photo_sha256 = ?",
                [(bot_id, photo) for photo in photos],
            )

    async def _set(self, chat: int, **values: str | float | None) -> None:
        names = [*values, "changed_utc"]
        changes = ", ".join(f"{name} = excluded.{name}" for name in names)
        async with self._transaction() as connection:
            await connection.execute(
                f"INSERT INTO chats (chat_key, {', '.join(names)}) VALUES (?{', ?' * len(names)}) "
                f"ON CONFLICT DO UPDATE SET {changes}",
                (self.keys.of("chat", chat), *values.values(), utc_now()),
            )

    async def _one(self, query: str, *values: object) -> sqlite3.Row | None:
        cursor = await self._connection.execute(query, values)
        return await cursor.fetchone()

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """A short transaction; others on this connection wait, for SQLite has one transaction a connection."""
        async with self._turn:
            try:  # around all of it: a task may be cancelled while it waits for any of these
                await self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                await self._connection.commit()
            except BaseException:
                await self._connection.rollback()
                raise
