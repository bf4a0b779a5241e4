"""What a restore takes over from the shop it replaces: whom it has forgotten since, and messages that wait."""

import contextlib
import sqlite3
from pathlib import Path

from imgrec.errors import BackupError, ImgrecError
from imgrec.log.forgetting import forget_again_in_log, forget_again_in_settings, read_marks
from imgrec.log.identity import Keys


def forget_again(living_log: Path, living_secret: Path, log: Path | None, secret: Path | None, bot: Path | None) -> int:
    """Take out of a restored log and bot's database whom the living log has forgotten since. Returns how many queries.

    Each of the restored files may be None, for not all are in every backup. Raises BackupError when it cannot be told
    who that is: the living log cannot be read, or its keys were made with another secret.
    """
    marks = _living_marks(living_log)
    if marks and secret is not None and living_secret.is_file() and living_secret.read_bytes() != secret.read_bytes():
        raise BackupError(
            f"{living_log} has forgotten shoppers, and was kept with another secret than the backup, so they cannot be "
            "found in it. Move the log and its secret away to restore all the same; those shoppers are back then."
        )
    if log is not None:
        marks = _later(marks, read_marks(log))
    holder = secret or living_secret
    if not marks or not holder.is_file():
        return 0
    keys = Keys(holder.read_bytes())
    if bot is not None:
        forget_again_in_settings(bot, keys, marks)
    return forget_again_in_log(log, keys, marks) if log is not None else 0


def keep_inbox(living: Path, restored: Path) -> int:
    """Put what came in, and has not been answered, into the restored database of the bot. Returns how many messages.

    Telegram was told that we have it. Numbers that were given are not given again. Raises BackupError when the two are
    of different versions and messages wait.
    """
    with contextlib.closing(sqlite3.connect(restored.resolve().as_uri(), isolation_level=None, uri=True)) as connection:
        try:
            connection.execute("ATTACH ? AS living", (f"{living.resolve().as_uri()}?mode=ro",))
            waiting: int = connection.execute("SELECT count(*) FROM living.inbox WHERE done_s IS NULL").fetchone()[0]
        except sqlite3.DatabaseError:  # damaged, or of no bot: what waited there is lost
            return 0
        versions = [connection.execute(f"PRAGMA {name}.user_version").fetchone()[0] for name in ("main", "living")]
        if versions[0] != versions[1]:
            if waiting:
                raise BackupError(
                    f"{waiting:,} messages wait in {living}, and the backup is of another version of the bot. Start "
                    "the bot once to have them answered, then restore; or move that file away to give them up."
                )
            return 0
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO main.inbox SELECT * FROM living.inbox")
        for name, number in connection.execute("SELECT name, seq FROM living.sqlite_sequence").fetchall():
            if not connection.execute(
                "UPDATE main.sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (number, name)
            ).rowcount:
                connection.execute("INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", (name, number))
        connection.execute("COMMIT")
        return waiting


def _living_marks(log: Path) -> dict[str, str]:
    if not log.is_file():
        return {}
    try:
        return read_marks(log)
    except (ImgrecError, sqlite3.DatabaseError):
        raise BackupError(
            f"{log} cannot be read, so nobody can tell whom it has forgotten since the backup. Move it away to restore "
            "all the same; whoever was forgotten since is back then."
        ) from None


def _later(some: dict[str, str], others: dict[str, str]) -> dict[str, str]:
    return {mark: max(some.get(mark, ""), others.get(mark, "")) for mark in some.keys() | others.keys()}
