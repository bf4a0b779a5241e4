"""A real log in a folder of its own."""

import pytest

from imgrec.database import connect_read_only
from imgrec.log.writer import LoggedAnswer, LoggedMatch, LogWriter

ANSWER = LoggedAnswer(
    predicted_category="Balls",
    probability=0.75,
    category="Balls",
    category_source="predicted",
    scope=["Balls", "Tents & Co"],
    threshold=0.5,
    likeness=0.65,
    threshold_source="auto",
    model="ab" * 32,
    index_generation="generation-000001",
    best_similarity=0.9,
    matches=[LoggedMatch(11, 0.9, 0.97), LoggedMatch(12, 0.8, 0.91)],
)


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
