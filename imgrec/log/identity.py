"""Keyed hashes in place of Telegram's ids: the same chat always has the same key, and no key leads back to a chat."""

import contextlib
import hashlib
import hmac
import os
import secrets
import sqlite3
from pathlib import Path

from imgrec.errors import LogError

_SECRET_BYTES = 32
_KEY_HEX = 32


class Keys:
    """Hashes ids with the log's secret (HMAC-SHA-256, RFC 2104, cut to 128 bits)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, subject: str, identifier: int | str) -> str:
        """The key of a chat, user or photo: 32 hex digits. `subject` keeps equal ids of different things apart."""
        message = f"{subject}:{identifier}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:_KEY_HEX]


def secret_of(log: Path) -> Path:
    """Where the secret of the log at this path lies: beside it."""
    return log.with_name(f"{log.name}.secret")


def load_keys(log: Path) -> Keys:
    """The keys of the log at this path; its secret lies beside it, readable by its owner alone, made when absent.

    Without the secret the log's keys cannot be matched to chats any more, which is also how to make a copy anonymous.
    Raises LogError when it cannot be read.
    """
    file = secret_of(log)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            if _has_queries(log):
                raise LogError(
                    f"{log} holds queries, and its secret {file.name} is missing: nobody could be recognised in it, or "
                    "forgotten. Put the secret back beside it, or move the log away to begin a new one."
                )
            draft = file.with_name(f".{file.name}.{os.getpid()}")
            draft.touch(0o600)
            draft.write_bytes(secrets.token_bytes(_SECRET_BYTES))
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)  # whole or not at all, and the first of two processes wins
            draft.unlink()
        secret = file.read_bytes()
    except OSError as error:
        raise LogError(f"The log's secret {file} cannot be read: {error.strerror}.") from None
    if len(secret) != _SECRET_BYTES:
        raise LogError(f"The log's secret {file} is damaged. Restore it, or delete it and start with a new log.")
    return Keys(secret)


def _has_queries(log: Path) -> bool:
    if not log.is_file():
        return False
    try:
        with contextlib.closing(sqlite3.connect(f"{log.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT count(*) FROM queries").fetchone()[0])
    except sqlite3.DatabaseError:  # whoever opens it next says what is wrong with it
        return False
