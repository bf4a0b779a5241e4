"""A real log in a folder of its own, and queries for it."""

from typing import Any

import pytest

from imgrec.database import connect_read_only, utc_now
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.log.writer import LoggedAnswer, LoggedMatch, LogWriter, QueryRecord

ANSWER = LoggedAnswer(
    predicted_category="Balls",
    probability=0.75,
    category="Balls",
    category_source="predicted",
    scope=("Balls", "Tents & Co"),
    threshold=0.5,
    likeness=0.65,
    threshold_source="auto",
    model="ab" * 32,
    index_generation="generation-000001",
    best_similarity=0.9,
    matches=(
        LoggedMatch(product_id=11, similarity=0.9, likeness=0.97),
        LoggedMatch(product_id=12, similarity=0.8, likeness=0.91),
    ),
)


async def ask(log: LogWriter, chat: int, user: int, **fields: Any) -> int:
    """Log a query of this chat as the next one; returns its id."""
    query = await log.last_id() + 1
    given = {"kind": KindOfQuery.PHOTO, "outcome": Outcome.ANSWERED, "photo_unique_id": f"photo {chat} {user}"}
    record = QueryRecord.model_validate({"id": query, "asked_utc": utc_now(), **given, **fields})
    await log.record(record, chat, user)
    return query


@pytest.fixture
def answer() -> LoggedAnswer:
    """An answer with two matches."""
    return ANSWER


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "log.db"


@pytest.fixture
async def log(path):
    writer = await LogWriter.open(path)
    yield writer
    await writer.close()


@pytest.fixture
def rows(path):
    """Look at a table with another connection, as a tool outside would."""

    def read(query: str) -> list[dict[str, object]]:
        connection = connect_read_only(path)
        try:
            return [dict(row) for row in connection.execute(query)]
        finally:
            connection.close()

    return read
