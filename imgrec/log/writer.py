"""The log as the bot writes it: each query once and whole, and the votes on it."""

import json
import sqlite3
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from imgrec.async_database import AsyncDatabase
from imgrec.database import utc_now
from imgrec.log.forgetting import NOTE_FORGOTTEN, mark_of
from imgrec.log.identity import Keys, load_keys
from imgrec.log.schema import MIGRATIONS, Action, KindOfQuery, Outcome


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LoggedMatch(_Record):
    """One product of an answer."""

    product_id: int
    similarity: float
    likeness: float


class LoggedAnswer(_Record):
    """What is logged of an answer; nothing is predicted where the shop tells no categories apart.

    likeness: what people read of the threshold. matches: most similar first, the first of them of rank `first_rank`.
    """

    predicted_category: str | None
    probability: float | None
    category: str | None
    category_source: str | None
    scope: tuple[str, ...]
    threshold: float
    likeness: float
    threshold_source: str
    model: str
    index_generation: str
    best_similarity: float | None
    matches: tuple[LoggedMatch, ...] = ()
    first_rank: int = 1
    filters: str | None = None
    refinement: str | None = None


class LoggedTimes(_Record):
    """Where the time of a query went, in milliseconds; None: it did not come so far."""

    queue_ms: float | None = None
    see_ms: float | None = None
    search_ms: float | None = None
    send_ms: float | None = None
    total_ms: float | None = None


class QueryRecord(_Record):
    """A query as it ended. `doubtful`: how many sendings may have arrived twice."""

    id: int
    asked_utc: str
    kind: KindOfQuery
    outcome: Outcome
    language: str | None = None
    photo_unique_id: str | None = None
    parent: int | None = None
    answer: LoggedAnswer | None = None
    times: LoggedTimes = LoggedTimes()
    doubtful: int = 0


class LogWriter:
    """The log, opened for writing."""

    def __init__(self, database: AsyncDatabase, keys: Keys) -> None:
        self._database = database
        self.keys = keys

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open the log, making it when absent. Raises LogError or ImgrecError."""
        keys = load_keys(path)
        return cls(await AsyncDatabase.open(path, MIGRATIONS), keys)

    async def close(self) -> None:
        """Finish what is being written and close."""
        await self._database.close()

    @property
    def path(self) -> Path:
        """Of the file, for who only reads it."""
        return self._database.path

    async def record(self, query: QueryRecord, chat: int, user: int) -> None:
        """Write a query and its matches; one that is there already is left as it is.

        Raises sqlite3.OperationalError when the log cannot be written just now.
        """
        answer, times, chat_key = query.answer, query.times, self.keys.of("chat", chat)
        fields: dict[str, object] = {
            "id": query.id, "asked_utc": query.asked_utc, "chat_key": chat_key, "user_key": self.keys.of("user", user),
            "photo_unique_id": query.photo_unique_id and self.keys.of("photo", query.photo_unique_id),
            "language": query.language, "kind_of_query": query.kind, "outcome": query.outcome,
            "doubtful": query.doubtful,
            **{name: value if value is None else round(value, 1) for name, value in times},
        }  # fmt: skip
        if answer is not None:
            fields |= answer.model_dump(exclude={"matches", "first_rank"})
            fields |= {"scope": json.dumps(answer.scope, ensure_ascii=False), "n_matches": len(answer.matches)}

        def write(connection: sqlite3.Connection) -> None:
            cursor = connection.execute(
                f"INSERT OR IGNORE INTO queries ({', '.join(fields)}, parent_id) "
                f"VALUES ({', '.join('?' * len(fields))}, (SELECT id FROM queries WHERE id = ? AND chat_key = ?))",
                (*fields.values(), query.parent, chat_key),
            )
            if answer is not None and cursor.rowcount:
                connection.executemany(
                    "INSERT INTO matches (query_id, rank, product_id, similarity, likeness) VALUES (?, ?, ?, ?, ?)",
                    [
                        (query.id, rank, match.product_id, match.similarity, match.likeness)
                        for rank, match in enumerate(answer.matches, start=answer.first_rank)
                    ],
                )

        await self._database.write_once(write)

    async def vote(self, query_id: int, rank: int, chat: int, user: int, vote: int, voted_utc: str = "") -> bool | None:
        """Record a vote (+1 or -1) on a query of this chat.

        Returns whether it differs from the user's last one; None where the chat has no such query.
        """
        key = self.keys.of("user", user)

        def write(connection: sqlite3.Connection) -> bool | None:
            if not _one(
                connection, "SELECT 1 FROM queries WHERE id = ? AND chat_key = ?", query_id, self.keys.of("chat", chat)
            ):
                return None
            before = _one(
                connection, "SELECT vote FROM feedback WHERE query_id = ? AND rank = ? AND user_key = ?",
                query_id, rank, key,
            )  # fmt: skip
            if before and before["vote"] == vote:
                return False
            connection.execute(
                "INSERT INTO feedback (query_id, rank, user_key, vote, voted_utc) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET vote = excluded.vote, voted_utc = excluded.voted_utc",
                (query_id, rank, key, vote, voted_utc or utc_now()),
            )
            return True

        return await self._database.write_once(write)

    async def action(self, query_id: int, rank: int, chat: int, user: int, action: Action, done_utc: str) -> None:
        """Record what was done with a query of this chat or user; the same at the same time is there once."""
        key = self.keys.of("user", user)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO actions (query_id, rank, user_key, action, done_utc) SELECT id, ?2, ?3, ?4, ?5 "
                "FROM queries WHERE id = ?1 AND (chat_key = ?6 OR user_key = ?3) "
                "AND NOT EXISTS (SELECT 1 FROM actions WHERE "
                "query_id = ?1 AND rank = ?2 AND user_key = ?3 AND action = ?4 AND done_utc = ?5)",
                (query_id, rank, key, action, done_utc, self.keys.of("chat", chat)),
            )

        await self._database.write_once(write)

    async def move_chat(self, before: int, after: int) -> None:
        """A group has another id from now on: what it asked before is found by its new key."""
        keys = self.keys.of("chat", after), self.keys.of("chat", before)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE queries SET chat_key = ? WHERE chat_key = ?", keys)

        await self._database.write_once(write)

    async def last_vote(self, query_id: int, rank: int, user: int) -> int | None:
        """A user's vote, if there is one."""
        row = await self._database.row(
            "SELECT vote FROM feedback WHERE query_id = ? AND rank = ? AND user_key = ?",
            query_id, rank, self.keys.of("user", user),
        )  # fmt: skip
        return row["vote"] if row else None

    async def has(self, query_id: int, chat: int) -> bool:
        """Whether this chat asked this query."""
        return bool(
            await self._database.row(
                "SELECT 1 FROM queries WHERE id = ? AND chat_key = ?", query_id, self.keys.of("chat", chat)
            )
        )

    async def last_id(self) -> int:
        """The largest id that a query ever had; old buttons name ids, so none is given twice."""
        row = await self._database.row(
            "SELECT max(coalesce((SELECT max(id) FROM queries), 0), "
            "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'queries'), 0))"
        )
        return int(row[0]) if row else 0

    async def forget(self, chat: int, user: int, private: bool) -> int:
        """Delete all there is of a user: queries, matches and votes; of a private chat whatever was asked there.

        What stays are marks (`forgetting`), so that restoring a backup of before does not bring it back. Returns how
        many queries were deleted. Deleted bytes are overwritten, in the write-ahead log as well; where someone
        reads the log just then, that happens when it is next closed.
        """
        user_key, chat_key = self.keys.of("user", user), self.keys.of("chat", chat)
        forgotten = [user_key, chat_key] if private else [user_key]

        def write(connection: sqlite3.Connection) -> int:
            connection.executemany(NOTE_FORGOTTEN, [(mark_of(self.keys, key), utc_now()) for key in forgotten])
            cursor = connection.execute("DELETE FROM queries WHERE user_key = ?", (user_key,))
            connection.execute("DELETE FROM feedback WHERE user_key = ?", (user_key,))
            connection.execute("DELETE FROM actions WHERE user_key = ?", (user_key,))
            if private:
                connection.execute("DELETE FROM queries WHERE chat_key = ?", (chat_key,))
            return cursor.rowcount

        deleted = await self._database.write_once(write)
        await self._database.overwrite_deleted()
        return deleted

    async def delete_before(self, before_utc: str, most: int) -> int:
        """Delete so many of the queries asked before this moment, with matches, votes and actions; tells how many were.

        Their bytes are overwritten in the log, and in its write-ahead log by `overwrite_deleted`.
        """

        def write(connection: sqlite3.Connection) -> int:
            cursor = connection.execute(
                "DELETE FROM queries WHERE id IN "
                "(SELECT id FROM queries WHERE asked_utc < ? ORDER BY asked_utc LIMIT ?)", (before_utc, most),
            )  # fmt: skip
            return cursor.rowcount

        return await self._database.write_once(write)

    async def overwrite_deleted(self) -> None:
        """Clear the write-ahead log of what was deleted."""
        await self._database.overwrite_deleted()


def _one(connection: sqlite3.Connection, query: str, *values: object) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(query, values).fetchone()
    return row
