"""What came in from Telegram, kept until it is done."""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.clock import DAY_S, now_s
from bot.receiving.updates import Unreadable, Update
from imgrec.async_database import AsyncDatabase

_ALBUM_ENDS_AFTER_S = 1.0
"""Telegram sends an album's photos one by one and does not say which is the last."""
_IDS_KEPT_S = 2 * DAY_S
_MOST_STARTS_OF_POSTPONED = 10
_INSERT = """
    INSERT OR IGNORE INTO inbox (bot_id, update_id, stamp, lane, chat_id, user_id, album, photo_bytes, body,
        received_s, due_s, done_s, error)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True)
class Waiting:
    """An update whose turn has come, with the `others` of its album: they are handled as one, and done at once."""

    seq: int
    lane: str
    received_s: float
    starts: int
    update: Update
    others: tuple["Waiting", ...] = ()

    @property
    def parts(self) -> tuple["Waiting", ...]:
        """It, and the others."""
        return self, *self.others


@dataclass(frozen=True)
class Load:
    """How many photos wait, of whom. `turns_of_lane`: how many turns its photos take, of an album one."""

    of_lane: int
    of_chat: int
    in_all: int
    bytes_in_all: int
    turns_of_lane: int


class Inbox:
    """The table of updates."""

    def __init__(self, database: AsyncDatabase, bot_id: int) -> None:
        self._database = database
        self._bot_id = bot_id

    async def add(self, updates: Iterable[Update | Unreadable]) -> list[int]:
        """Commit updates that just came in; those that came before are known by id and stamp, and left out.

        Returns the ids of the new ones. When this returns, Telegram may be told that we have them.
        """
        now = now_s()
        rows = [self._row(update, now) for update in updates]

        def insert(connection: sqlite3.Connection) -> list[int]:
            return [row[1] for row in rows if connection.execute(_INSERT, row).rowcount]

        return await self._database.write(insert) if rows else []

    def _row(self, update: Update | Unreadable, now: float) -> tuple[Any, ...]:
        if isinstance(update, Unreadable):
            return self._bot_id, update.update_id, 0, None, None, None, None, None, None, now, now, now, update.why
        message, chat = update.message, update.chat
        image = message.image if message else None
        photo_bytes = image.file_size if image else 0 if message and message.link else None
        return (
            self._bot_id, update.update_id, update.stamp, update.lane, chat and chat.id, update.user_id,
            message and message.media_group_id, photo_bytes,
            update.model_dump_json(exclude_defaults=True), now, now, None, None,
        )  # fmt: skip

    async def next(self, busy: Collection[str], most: int) -> tuple[list[str], float | None]:
        """The lanes whose turn it is, longest waiting first, and when the next one's comes (None: nothing waits)."""
        heads = await self._database.rows(
            "SELECT lane, due_s, album FROM inbox WHERE seq IN (SELECT min(seq) FROM inbox WHERE done_s IS NULL "
            "GROUP BY lane) ORDER BY seq"
        )
        now = now_s()
        lanes: list[str] = []
        later: list[float] = []
        for head in heads:
            if head["lane"] in busy:
                continue
            due_s = head["due_s"]
            if head["album"] is not None:
                due_s = max(due_s, await self._album_is_whole_s(head["lane"], head["album"]))
            if due_s > now:
                later.append(due_s)
            elif len(lanes) < most:
                lanes.append(head["lane"])
        return lanes, min(later, default=None)

    async def _album_is_whole_s(self, lane: str, album: str) -> float:
        row = await self._database.row(
            "SELECT max(received_s) FROM inbox WHERE lane = ? AND album = ? AND done_s IS NULL", lane, album
        )
        return (row[0] if row and row[0] else 0) + _ALBUM_ENDS_AFTER_S

    async def take(self, lane: str) -> Waiting | None:
        """The lane's next update, or all of an album; notes that their handling begins."""

        def begin(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            waiting = "SELECT * FROM inbox WHERE lane = ? AND done_s IS NULL"
            rows = connection.execute(f"{waiting} ORDER BY seq LIMIT 1", (lane,)).fetchall()
            album = rows[0]["album"] if rows else None
            if album is not None:
                rows = connection.execute(f"{waiting} AND album = ? ORDER BY seq", (lane, album)).fetchall()
            connection.executemany(
                "UPDATE inbox SET starts = starts + 1 WHERE seq = ?", [(row["seq"],) for row in rows]
            )
            return rows

        rows = await self._database.write(begin)
        if not rows:
            return None
        first, *others = (_waiting(row, row["starts"] + 1) for row in rows)
        return replace(first, others=tuple(others))

    async def postpone(self, seq: int, seconds: float) -> None:
        """Handle it later; those behind it in its lane wait too.

        Its handling did end, so however often that happens it never counts as an update that kills the bot.
        """

        def wait(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE inbox SET due_s = ?, starts = min(starts, ?) WHERE seq = ?",
                (now_s() + seconds, _MOST_STARTS_OF_POSTPONED, seq),
            )

        await self._database.write(wait)

    async def load(self, lane: str, chat_id: int) -> Load:
        """How many photos wait."""
        row = await self._database.row(
            "SELECT count(*) FILTER (WHERE lane = ?1), count(*) FILTER (WHERE chat_id = ?2), count(*), "
            "coalesce(sum(photo_bytes), 0), count(DISTINCT CASE WHEN lane = ?1 THEN coalesce(album, seq) END) "
            "FROM inbox WHERE done_s IS NULL AND photo_bytes IS NOT NULL",
            lane,
            chat_id,
        )
        assert row is not None  # noqa: S101 - an aggregate has a row
        return Load(*row)

    async def newest_photos(self, lane: str, most: int) -> Sequence[Waiting]:
        """The photos of a lane that came in last, latest first, without those that are being looked at."""
        rows = await self._database.rows(
            "SELECT * FROM inbox WHERE lane = ? AND done_s IS NULL AND photo_bytes IS NOT NULL AND starts = 0 "
            "ORDER BY seq DESC LIMIT ?",
            lane, most,
        )  # fmt: skip
        return [_waiting(row, row["starts"]) for row in rows]

    async def tidy(self) -> None:
        """Drop the ids of updates that Telegram will not send again."""

        def drop(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM inbox WHERE done_s < ?", (now_s() - _IDS_KEPT_S,))

        await self._database.write(drop)


def _waiting(row: sqlite3.Row, starts: int) -> Waiting:
    return Waiting(row["seq"], row["lane"], row["received_s"], starts, Update.model_validate_json(row["body"]))


def is_done(connection: sqlite3.Connection, seq: int) -> bool:
    """Within a transaction: whether this update is done with already."""
    rows = connection.execute("SELECT 1 FROM inbox WHERE seq = ? AND done_s IS NOT NULL", (seq,)).fetchall()
    return bool(list(rows))


def mark_done(connection: sqlite3.Connection, seqs: Iterable[int], error: str | None = None) -> None:
    """Within a transaction: these updates are done with. Their ids stay for a while, and no word of whom they were."""
    connection.executemany(
        "UPDATE inbox SET lane = NULL, chat_id = NULL, user_id = NULL, album = NULL, photo_bytes = NULL, body = NULL, "
        "done_s = ?, error = ? WHERE seq = ?",
        [(now_s(), error, seq) for seq in seqs],
    )
