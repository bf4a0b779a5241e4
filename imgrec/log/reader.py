"""The log as evaluation reads it."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from imgrec.database import connect_read_only, version_problem
from imgrec.errors import LogError
from imgrec.log.schema import MIGRATIONS


@dataclass(frozen=True)
class LoggedQuery:
    """A query, with the votes on its whole answer (each user's last one)."""

    id: int
    kind_of_query: str
    parent_id: int | None
    predicted_category: str | None
    category: str | None
    category_source: str | None
    threshold: float | None
    outcome: str
    total_ms: float | None
    votes_for: int
    votes_against: int


@dataclass(frozen=True)
class JudgedMatch:
    """A product of an answer that a shopper judged by itself (their last vote), and the likeness it was shown with."""

    likeness: float
    is_liked: bool
    user_key: str


class LogReader:
    """Opens the log for reading; a context manager."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises LogError when there is no log, or it is of another version."""
        if not path.is_file():
            raise LogError(f"There is no log at {path}. The bot writes one: python -m bot")
        connection = connect_read_only(path)
        problem = version_problem(connection, MIGRATIONS, "Start the bot once to bring it up to date: python -m bot")
        if problem:
            connection.close()
            raise LogError(f"The log {path} {problem}")
        return cls(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def queries(self) -> Iterator[LoggedQuery]:
        """Every query, oldest first."""
        rows = self._connection.execute(
            """
            SELECT id, kind_of_query, parent_id, predicted_category, category, category_source, threshold, outcome,
                   total_ms, coalesce(sum(vote = 1), 0), coalesce(sum(vote = -1), 0)
            FROM queries LEFT JOIN feedback ON query_id = id AND rank = 0 GROUP BY id ORDER BY id
            """
        )
        for row in rows:
            yield LoggedQuery(*row)

    def judged(self) -> Iterator[JudgedMatch]:
        """Every vote on a single product; logs of before likeness have none of it."""
        rows = self._connection.execute(
            "SELECT likeness, vote = 1, user_key FROM feedback JOIN matches USING (query_id, rank) "
            "WHERE likeness IS NOT NULL ORDER BY query_id, rank"
        )
        for likeness, is_liked, user_key in rows:
            yield JudgedMatch(likeness, bool(is_liked), user_key)

    def counts(self) -> tuple[int, int]:
        """How many queries and votes the log holds."""
        row = self._connection.execute(
            "SELECT (SELECT count(*) FROM queries), (SELECT count(*) FROM feedback)"
        ).fetchone()
        return row[0], row[1]

    def oldest_utc(self) -> str | None:
        """When the oldest query was asked; None where there is none."""
        row = self._connection.execute("SELECT min(asked_utc) FROM queries").fetchone()
        return None if row[0] is None else str(row[0])
