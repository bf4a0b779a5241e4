"""What was asked in a span of days, and what came of it, as a shop's owner wants to know."""

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from imgrec.database import connect_read_only
from imgrec.log.schema import KindOfQuery, Outcome

_MOST_NAMED = 3
_DAY = "date(asked_utc, 'localtime')"
_ASKED = f"kind_of_query != '{KindOfQuery.MORE}' AND asked_utc >= date(?1, '-1 day') AND {_DAY} BETWEEN ?1 AND ?2"
"""Further pages of an answer are no questions of their own. Days are those of this machine."""


@dataclass(frozen=True)
class Day:
    """How the queries of a day ended; `failed`: all that were neither answered nor without anything similar."""

    day: date
    answered: int = 0
    nothing_similar: int = 0
    failed: int = 0

    @property
    def queries(self) -> int:
        """All of them."""
        return self.answered + self.nothing_similar + self.failed


@dataclass(frozen=True)
class Activity:
    """Some days up to today. `median_ms`, `slow_ms` (95 %): from a photo's arrival to its answer; None without one."""

    days: tuple[Day, ...]
    votes_for: int
    votes_against: int
    median_ms: float | None
    slow_ms: float | None
    categories: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]

    @property
    def queries(self) -> int:
        """How many."""
        return sum(day.queries for day in self.days)

    @property
    def answered(self) -> int:
        """How many were shown something."""
        return sum(day.answered for day in self.days)

    @property
    def nothing_similar(self) -> int:
        """How many found nothing that is similar enough."""
        return sum(day.nothing_similar for day in self.days)


def read_activity(log: Path, today: date, days: int) -> Activity:
    """The last so many days, today among them. Raises ImgrecError and sqlite3.DatabaseError."""
    first = today - timedelta(days=days - 1)
    span = first.isoformat(), today.isoformat()
    with contextlib.closing(connect_read_only(log)) as connection:
        votes_for, votes_against = connection.execute(
            "SELECT coalesce(sum(vote = 1), 0), coalesce(sum(vote = -1), 0) FROM feedback "
            "WHERE date(voted_utc, 'localtime') BETWEEN ? AND ?", span,
        ).fetchone()  # fmt: skip
        return Activity(
            _days(connection, first, days, span), votes_for, votes_against, _percentile(connection, 0.5, span),
            _percentile(connection, 0.95, span), _most(connection, "coalesce(category, predicted_category)", span),
            _most(connection, "language", span),
        )  # fmt: skip


def _days(connection: sqlite3.Connection, first: date, days: int, span: tuple[str, str]) -> tuple[Day, ...]:
    rows = connection.execute(
        f"SELECT {_DAY}, sum(outcome = '{Outcome.ANSWERED}'), sum(outcome = '{Outcome.NOTHING_SIMILAR}'), count(*) "
        f"FROM queries WHERE {_ASKED} GROUP BY 1", span,
    )  # fmt: skip
    there = {row[0]: row for row in rows}
    made = []
    for number in range(days):
        day = first + timedelta(days=number)
        _, answered, nothing, queries = there.get(day.isoformat(), (None, 0, 0, 0))
        made.append(Day(day, answered, nothing, queries - answered - nothing))
    return tuple(made)


def _percentile(connection: sqlite3.Connection, share: float, span: tuple[str, str]) -> float | None:
    where = f"FROM queries WHERE {_ASKED} AND total_ms IS NOT NULL"
    [count] = connection.execute(f"SELECT count(*) {where}", span).fetchone()
    if not count:
        return None
    place = round(share * (count - 1))
    [value] = connection.execute(
        f"SELECT total_ms {where} ORDER BY total_ms LIMIT 1 OFFSET ?3", (*span, place)
    ).fetchone()
    return float(value)


def _most(connection: sqlite3.Connection, what: str, span: tuple[str, str]) -> tuple[tuple[str, int], ...]:
    rows = connection.execute(
        f"SELECT {what}, count(*) FROM queries WHERE {_ASKED} AND {what} IS NOT NULL "
        "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?3", (*span, _MOST_NAMED),
    )  # fmt: skip
    return tuple((row[0], row[1]) for row in rows)
