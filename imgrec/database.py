"""SQLite as catalogue and log use it: write-ahead logging, a busy timeout, numbered migrations."""

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from imgrec.errors import ImgrecError

BUSY_TIMEOUT_MS = 10_000

CONNECTION_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA secure_delete = ON",  # what /forget removes must not linger in free pages
)


def connect(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open a database for writing, making it and its folder when absent, and bring its schema up to date.

    The connection is in autocommit mode: a caller that writes more than one row says `with connection:` after `BEGIN`.
    Raises ImgrecError when the file is not a database, or is newer than this version of imgrec.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.OperationalError) as error:
        raise ImgrecError(f"{path} cannot be opened as a database: {error}.") from None
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        _prepare(connection)
        migrate(connection, migrations, path)
    except sqlite3.OperationalError as error:  # locked, read-only, disk full: the file itself may be sound
        connection.close()
        raise ImgrecError(f"{path} cannot be written: {error}.") from None
    except sqlite3.DatabaseError as error:
        connection.close()
        raise ImgrecError(
            f"{path} cannot be used as a database: {error}. Move it away, or name another in config.yaml."
        ) from None
    except ImgrecError:
        connection.close()
        raise
    return connection


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open an existing database for reading; usable from any thread, one at a time.

    Raises ImgrecError when the file is not a database.
    """
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection)
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise ImgrecError(f"{path} cannot be read as a database: {error}.") from None
    return connection


def migrate(connection: sqlite3.Connection, migrations: Sequence[str], path: Path) -> None:
    """Apply the migrations a database lacks, each in a transaction of its own; `user_version` counts them."""
    version = version_of(connection)
    if version > len(migrations):
        raise ImgrecError(
            f"{path} has schema version {version}, newer than this imgrec knows ({len(migrations)}). "
            "Upgrade imgrec to open it."
        )
    for number, script in enumerate(migrations[version:], start=version + 1):
        # Another process may have migrated meanwhile: look again once we hold the write lock.
        connection.execute("BEGIN IMMEDIATE")
        try:
            if version_of(connection) < number:
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def version_of(connection: sqlite3.Connection) -> int:
    """How many migrations a database has had; 0 of one that is none of ours."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def version_problem(connection: sqlite3.Connection, migrations: Sequence[str], mend: str) -> str | None:
    """What to say of a database whose schema is not the one that is read here, or None; `mend` brings an old one up."""
    version = version_of(connection)
    if version == len(migrations):
        return None
    way_out = mend if version < len(migrations) else "Upgrade imgrec to read it."
    return f"has schema version {version}; this imgrec reads {len(migrations)}. {way_out}"


def utc_now() -> str:
    """The present moment as ISO 8601 in UTC, to the millisecond, as every time in our databases is written."""
    return utc_of(time.time())


def utc_of(moment_s: float) -> str:
    """The same of any moment, in seconds since 1970."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_the_minute(utc: str) -> str:
    """Such a time as people read it: 2026-12-01 13:25 UTC."""
    return f"{utc[:16].replace('T', ' ')} UTC"


def _prepare(connection: sqlite3.Connection) -> None:
    for pragma in CONNECTION_PRAGMAS:
        connection.execute(pragma)
    connection.row_factory = sqlite3.Row


def _statements(script: str) -> list[str]:
    """Split a script into its statements; `executescript` would commit the transaction we hold."""
    statements = [""]
    for part in script.split(";"):
        statements[-1] += f"{part};"
        if sqlite3.complete_statement(statements[-1]):  # not so when the semicolon stands in a comment
            statements.append("")
    return [statement for statement in statements if statement.strip(" \n;")]
