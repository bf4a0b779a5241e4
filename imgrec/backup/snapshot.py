"""Copies of databases that are in use, by SQLite's own backup, each checked before anybody relies on it."""

import contextlib
import sqlite3
from pathlib import Path

from imgrec.database import CONNECTION_PRAGMAS, connect_read_only
from imgrec.errors import BackupError
from imgrec.progress import Reporter

KEPT_OF_BOT = frozenset({"chats", "saved", "telegram_files", "sqlite_sequence"})
"""What a backup keeps of the bot's database. All else is of messages that wait or are under way, and names people."""

_PAGES_AT_ONCE = 2048


def snapshot(database: Path, copy: Path, report: Reporter) -> int:
    """Copy a database as it is at one moment, whoever writes meanwhile. Returns the version of its schema.

    Raises BackupError when the copy is not sound, ImgrecError when the database cannot be read.
    """
    with contextlib.closing(connect_read_only(database)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        with report.stage(f"Copying {database.name}", None) as advance:
            source.backup(target, pages=_PAGES_AT_ONCE, progress=lambda *_: advance(1, ""))
        target.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    return check(copy, str(database))


def check(database: Path, named: str) -> int:
    """See that a database is sound, by SQLite's own checks. Returns the version of its schema. Raises BackupError."""
    try:
        with contextlib.closing(connect_read_only(database)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
            problem = "" if found == ["ok"] else found[0]
            if not problem and connection.execute("PRAGMA foreign_key_check").fetchone():
                problem = "rows refer to others that are not there"
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        problem = str(error)
    if problem:
        raise BackupError(f"{named} is damaged ({' '.join(problem.split())[:200]}). Nothing was changed.")
    return version


def leave_out_messages(copy: Path) -> None:
    """Empty every table of a copy of the bot's database but those of KEPT_OF_BOT, down to the bytes.

    So is who agreed that photos are kept: a backup must not bring back an agreement that was withdrawn since.
    """
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        for pragma in CONNECTION_PRAGMAS:
            connection.execute(pragma)
        connection.execute("PRAGMA foreign_keys = OFF")
        for table in tables(connection):
            if table not in KEPT_OF_BOT:
                connection.execute(f'DELETE FROM "{table}"')
        if any(row["name"] == "keeps_photos" for row in connection.execute("PRAGMA table_info(chats)")):
            connection.execute("UPDATE chats SET keeps_photos = NULL")  # a database of before has no such column
        connection.execute("VACUUM")


def tables(connection: sqlite3.Connection) -> list[str]:
    """The tables of a database."""
    return [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
