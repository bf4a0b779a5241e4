"""The bot's database opened: what a log of before kept for the bot is taken over, and all of a shopper can go."""

import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.clock import now_s
from bot.store.chats import Chats
from bot.store.files import TelegramFiles
from bot.store.history import History
from bot.store.inbox import Inbox, mark_done
from bot.store.journal import Journal
from bot.store.moving import closing, moving
from bot.store.outbox import Outbox
from bot.store.photos import KeptPhotos
from bot.store.saved import Saved
from bot.store.schema import MIGRATIONS
from bot.store.wishes import Wishes
from imgrec.async_database import AsyncDatabase, Write
from imgrec.database import connect, connect_read_only
from imgrec.log.writer import LogWriter

_LAST_LOG_VERSION_WITH_CHATS = 2


@dataclass
class Store:
    """Everything the bot remembers, and the log beside it."""

    database: AsyncDatabase
    log: LogWriter
    inbox: Inbox
    outbox: Outbox
    chats: Chats
    files: TelegramFiles
    journal: Journal
    wishes: Wishes
    photos: KeptPhotos
    history: History
    saved: Saved

    @classmethod
    async def open(cls, path: Path, log: LogWriter, bot_id: int, photos: Path) -> Self:
        """`photos`: the folder of shoppers' photos. Raises ImgrecError when the database cannot be used."""
        database = await AsyncDatabase.open(path, MIGRATIONS)
        last = await log.last_id()

        def after_the_log(connection: sqlite3.Connection) -> None:
            """A request has the number of its query in the log, so numbers go on from there."""
            connection.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT 'requests', 0 "
                "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'requests')"
            )
            connection.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'requests'", (last,))

        def all_is_due(connection: sqlite3.Connection) -> None:
            """Pauses end with the process that made them, also where the clock was set back meanwhile."""
            now = (now_s(),)
            connection.execute("UPDATE steps SET due_s = min(due_s, ?1) WHERE over_s IS NULL", now)
            connection.execute(
                "UPDATE inbox SET due_s = min(due_s, ?1), received_s = min(received_s, ?1) WHERE done_s IS NULL", now
            )

        await database.write(after_the_log)
        await database.write(all_is_due)
        return cls(
            database, log, Inbox(database, bot_id), Outbox(database), Chats(database, log.keys),
            TelegramFiles(database, bot_id), Journal(database, log), Wishes(database),
            KeptPhotos(database, log.keys, photos), History(database), Saved(database, log.keys),
        )  # fmt: skip

    async def close(self) -> None:
        """Move what the log still has to get, and close both."""
        await self.journal.close()
        await self.database.close()
        await self.log.close()

    async def tidy(self, kept_s: float | None = None) -> None:
        """Drop what is of no use any more, and what is older than so many seconds."""
        await self.inbox.tidy()
        await self.outbox.tidy(kept_s)
        await self.wishes.tidy()

    async def note_notice(self, chat: int, message_id: int) -> None:
        """Keep which message tells a chat how long it takes."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO notices VALUES (?, ?)", (chat, message_id))

        await self.database.write(write)

    async def forget_notice(self, chat: int) -> None:
        """There is no such message any more."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM notices WHERE chat_id = ?", (chat,))

        await self.database.write(write)

    def moving(self, before: int, after: int) -> Write:
        """A group became a supergroup, which is another chat to Telegram."""
        return moving(self.log.keys, before, after)

    async def close_chat(self, chat: int) -> list[str]:
        """The bot was removed from a chat, or blocked. Returns the lanes of the requests that are finished by this."""
        return await self.database.write(closing(chat))

    async def forget(self, chat: int, user: int, private: bool, until_seq: int) -> None:
        """Delete all there is of a user, and in a private chat all of the chat; what came in after it stays.

        So do the ids of what came in, which name nobody: Telegram may send it once more.
        """
        await self.database.write(self._forget(chat, user, private, until_seq))
        await self.photos.forget(user)  # a private chat has the number of its user
        await self.journal.forget(chat, user, private)

    def _forget(self, chat: int, user: int, private: bool, until_seq: int) -> Write:
        of_whom = "(user_id = ?1 OR (?2 AND chat_id = ?3))"
        own = self.log.keys.of("chat", user)  # a private chat has the number of its user

        def write(connection: sqlite3.Connection) -> None:
            values = (user, private, chat)
            connection.execute(
                f"DELETE FROM steps WHERE request_id IN (SELECT id FROM requests WHERE {of_whom}) "
                "OR (?2 AND chat_id = ?3)", values,
            )  # fmt: skip
            connection.execute(f"DELETE FROM requests WHERE {of_whom}", values)
            connection.execute(f"DELETE FROM wishes WHERE {of_whom}", values)
            connection.execute("DELETE FROM saved WHERE user_key = ?", (self.log.keys.of("user", user),))
            connection.execute(f"DELETE FROM journal WHERE {of_whom}", values)
            left = connection.execute(
                f"SELECT seq FROM inbox WHERE done_s IS NULL AND seq < ?4 AND {of_whom}", (*values, until_seq)
            ).fetchall()
            mark_done(connection, [row["seq"] for row in left])
            connection.execute("DELETE FROM chats WHERE chat_key = ?", (own,))
            if private:
                connection.execute("DELETE FROM notices WHERE chat_id = ?", (chat,))

        return write


def take_over_from_log(
    log_path: Path, path: Path, category_ids: Mapping[str, int], likeness_of: Callable[[float], float]
) -> None:
    """Copy chats' settings and Telegram's file ids out of a log of before, which gives them up when it is opened next.

    Thresholds that were set as similarities become the likeness they stand for in this shop. Doing it twice changes
    nothing. Raises ImgrecError.
    """
    if not log_path.is_file():
        return
    with contextlib.closing(connect_read_only(log_path)) as log:
        version = log.execute("PRAGMA user_version").fetchone()[0]
        if not 0 < version <= _LAST_LOG_VERSION_WITH_CHATS:
            return
        chats = [dict(row) for row in log.execute("SELECT * FROM chats")]
        files = [tuple(row) for row in log.execute("SELECT bot_id, photo_sha256, file_id FROM telegram_files")]
    with contextlib.closing(connect(path, MIGRATIONS)) as own:
        own.execute("BEGIN IMMEDIATE")
        own.executemany(
            "INSERT OR IGNORE INTO chats (chat_key, category_id, likeness, changed_utc) VALUES (?, ?, ?, ?)",
            [
                (
                    chat["chat_key"],
                    category_ids.get(chat["category"]),
                    _likeness(chat, likeness_of),
                    chat["changed_utc"],
                )
                for chat in chats
            ],
        )
        own.executemany("INSERT OR IGNORE INTO telegram_files VALUES (?, ?, ?)", files)
        own.execute("COMMIT")


def _likeness(chat: Mapping[str, object], likeness_of: Callable[[float], float]) -> float | None:
    likeness, threshold = chat.get("likeness"), chat["threshold"]
    if isinstance(likeness, float):
        return likeness
    return round(likeness_of(threshold), 4) if isinstance(threshold, float) else None
