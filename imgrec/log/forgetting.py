"""What stays of a shopper who was forgotten: a mark, so that restoring an older backup does not bring them back.

A mark is the keyed hash of a user's or private chat's key. It leads to no id, and whoever has no secret cannot even
tell that it belongs to a key.
"""

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from imgrec.database import connect, connect_read_only
from imgrec.log.identity import Keys
from imgrec.log.schema import MIGRATIONS

NOTE_FORGOTTEN = (
    "INSERT INTO forgotten (mark, forgotten_utc) VALUES (?, ?) "
    "ON CONFLICT DO UPDATE SET forgotten_utc = max(forgotten_utc, excluded.forgotten_utc)"
)
"""Takes a mark and the time."""

_OF_LOG = (
    ("queries", "user_key", "asked_utc"),
    ("queries", "chat_key", "asked_utc"),
    ("feedback", "user_key", "voted_utc"),
    ("actions", "user_key", "done_utc"),
)
_OF_BOT = (("chats", "chat_key", "changed_utc"), ("saved", "user_key", "saved_utc"))


def mark_of(keys: Keys, key: str) -> str:
    """The mark of a key: 32 hex digits."""
    return keys.of("forgotten", key)


def read_marks(log: Path) -> dict[str, str]:
    """Mark -> when it was made, in the log at this path; none in one of before. Raises sqlite3.DatabaseError."""
    with contextlib.closing(connect_read_only(log)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'forgotten'").fetchone():
            return {}
        return {row["mark"]: row["forgotten_utc"] for row in connection.execute("SELECT * FROM forgotten")}


def forget_again_in_log(log: Path, keys: Keys, marks: Mapping[str, str]) -> int:
    """Delete what a log has of those marked, from before they were, and keep the marks. Returns how many queries."""
    with contextlib.closing(connect(log, MIGRATIONS)) as connection:
        before = connection.execute("SELECT count(*) FROM queries").fetchone()[0]
        connection.execute("BEGIN IMMEDIATE")
        _delete(connection, _OF_LOG, keys, marks)
        connection.executemany(NOTE_FORGOTTEN, marks.items())
        connection.execute("COMMIT")
        connection.execute("VACUUM")
        after = connection.execute("SELECT count(*) FROM queries").fetchone()[0]
    return int(before - after)


def forget_again_in_settings(bot: Path, keys: Keys, marks: Mapping[str, str]) -> None:
    """Delete from the bot's database what those marked had chosen and saved, from before they were.

    A database of before may lack a table; the bot makes it when it is started next.
    """
    with contextlib.closing(sqlite3.connect(bot, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        _delete(connection, tuple(place for place in _OF_BOT if place[0] in there), keys, marks)
        connection.execute("COMMIT")


def _delete(
    connection: sqlite3.Connection, places: tuple[tuple[str, str, str], ...], keys: Keys, marks: Mapping[str, str]
) -> None:
    for table, column, when in places:
        found = connection.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()
        forgotten = [(key, marks[mark]) for (key,) in found if (mark := mark_of(keys, key)) in marks]
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ? AND {when} <= ?", forgotten)
