"""The log as evaluation reads it."""

import sqlite3
from contextlib import closing

import pytest
from log_helpers import ask

from imgrec.errors import ImgrecError, LogError
from imgrec.log.reader import LogReader
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.log.writer import LoggedTimes


async def test_every_query_is_read_oldest_first_with_the_votes_on_the_whole_answer(log, path, answer):
    first = await ask(log, 1, 1, answer=answer, times=LoggedTimes(total_ms=20))
    second = await ask(log, 1, 1, kind=KindOfQuery.OTHER_CATEGORY, parent=first, outcome=Outcome.FAILED)
    for user, vote in ((1, 1), (2, 1), (3, -1), (3, 1), (4, -1)):
        await log.vote(first, 0, 1, user, vote)
    await log.vote(first, 1, 1, 1, -1)  # on a single product: not on the answer
    with LogReader.open(path) as reader:
        one, two = reader.queries()
        assert reader.counts() == (2, 5)
    assert (one.id, one.votes_for, one.votes_against, one.total_ms) == (first, 3, 1, 20)
    assert (one.predicted_category, one.category, one.category_source, one.threshold, one.outcome) == (
        "Balls", "Balls", "predicted", 0.5, "answered",
    )  # fmt: skip
    assert (two.id, two.parent_id, two.kind_of_query, two.outcome) == (second, first, "other_category", "failed")
    assert (two.votes_for, two.votes_against, two.category, two.total_ms) == (0, 0, None, None)


async def test_votes_on_single_products_are_read_with_the_likeness_these_were_shown_with(log, path, answer):
    query = await ask(log, 1, 1, answer=answer)
    for user, rank, vote in ((1, 0, -1), (1, 1, -1), (1, 1, 1), (2, 1, -1), (1, 2, 1), (1, 9, 1)):
        await log.vote(query, rank, 1, user, vote)
    with LogReader.open(path) as reader:
        judged = list(reader.judged())
    assert sorted((match.likeness, match.is_liked) for match in judged) == [(0.91, True), (0.97, False), (0.97, True)]
    assert len({match.user_key for match in judged}) == 2


def test_no_log_is_refused_and_none_is_made(path):
    with pytest.raises(LogError, match=r"There is no log at .*log\.db.* python -m bot"):
        LogReader.open(path)
    assert not path.parent.exists()


@pytest.mark.parametrize(("version", "way_out"), [(99, "Upgrade imgrec"), (0, "python -m bot")])
def test_a_log_of_another_version_is_refused_with_the_way_out(tmp_path, version, way_out):
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        connection.execute("CREATE TABLE queries (id)")
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(LogError, match=rf"schema version {version}; this imgrec reads \d+\. .*{way_out}"):
        LogReader.open(tmp_path / "log.db")


def test_a_file_that_is_no_log_is_refused(tmp_path):
    (tmp_path / "log.db").write_bytes(b"no database" * 100)
    with pytest.raises(ImgrecError, match="not a database"):
        LogReader.open(tmp_path / "log.db")
