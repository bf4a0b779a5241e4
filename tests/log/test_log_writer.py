"""Queries, matches and votes as the bot writes them, also many at once."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest
from log_helpers import ask

from imgrec.database import connect
from imgrec.errors import ImgrecError
from imgrec.log.identity import load_keys
from imgrec.log.reader import LogReader
from imgrec.log.schema import MIGRATIONS, KindOfQuery, Outcome
from imgrec.log.writer import LoggedTimes, LogWriter

ANNA, BEN = 1001, 2002


async def test_a_query_is_logged_whole_with_every_column_that_was_promised(log, answer, rows):
    times = LoggedTimes(queue_ms=1.26, see_ms=2, search_ms=3, send_ms=4, total_ms=12.345)
    query = await ask(log, ANNA, ANNA, answer=answer, times=times, doubtful=1)
    [row] = rows("SELECT * FROM queries")
    asked = row.pop("asked_utc")
    assert asked[:2] == "20"
    assert asked[-1] == "Z"
    assert row == {
        "id": query, "chat_key": log.keys.of("chat", ANNA), "user_key": log.keys.of("user", ANNA),
        "photo_unique_id": log.keys.of("photo", f"photo {ANNA} {ANNA}"), "kind_of_query": "photo", "parent_id": None,
        "predicted_category": "Balls", "probability": 0.75, "category": "Balls", "category_source": "predicted",
        "scope": json.dumps(["Balls", "Tents & Co"]), "threshold": 0.5, "likeness": 0.65, "threshold_source": "auto",
        "model": "ab" * 32, "index_generation": "generation-000001", "outcome": "answered", "n_matches": 2,
        "best_similarity": 0.9, "total_ms": 12.3, "queue_ms": 1.3, "see_ms": 2, "search_ms": 3, "send_ms": 4,
        "doubtful": 1, "filters": None, "refinement": None, "language": None,
    }  # fmt: skip
    assert rows("SELECT * FROM matches ORDER BY rank") == [
        {"query_id": query, "rank": 1, "product_id": 11, "similarity": 0.9, "likeness": 0.97},
        {"query_id": query, "rank": 2, "product_id": 12, "similarity": 0.8, "likeness": 0.91},
    ]


async def test_a_query_that_is_written_twice_as_after_a_crash_is_there_once(log, answer, rows):
    query = await ask(log, ANNA, ANNA, answer=answer)
    await ask(log, ANNA, ANNA, id=query, answer=answer, outcome=Outcome.FAILED)
    assert rows("SELECT outcome, n_matches FROM queries") == [{"outcome": "answered", "n_matches": 2}]
    assert rows("SELECT count(*) AS n FROM matches") == [{"n": 2}]


async def test_a_query_that_was_not_answered_has_its_outcome_and_no_answer(log, rows):
    await ask(log, ANNA, ANNA, outcome=Outcome.BUSY)
    [row] = rows("SELECT outcome, category, threshold, n_matches, see_ms FROM queries")
    assert row == {"outcome": "busy", "category": None, "threshold": None, "n_matches": 0, "see_ms": None}


async def test_a_tap_names_the_query_it_asks_again_unless_that_is_gone_or_anothers(log, rows):
    first = await ask(log, ANNA, ANNA)
    await ask(log, ANNA, ANNA, kind=KindOfQuery.OTHER_CATEGORY, parent=first)
    await ask(log, BEN, BEN, kind=KindOfQuery.OTHER_CATEGORY, parent=first)
    await ask(log, ANNA, ANNA, kind=KindOfQuery.LOWER_THRESHOLD, parent=999)
    parents = [row["parent_id"] for row in rows("SELECT parent_id FROM queries ORDER BY id")]
    assert parents == [None, first, None, None]


async def test_a_vote_counts_once_and_can_be_changed(log, rows):
    query = await ask(log, ANNA, ANNA)
    assert await log.last_vote(query, 0, ANNA) is None
    assert [await log.vote(query, 0, ANNA, ANNA, vote) for vote in (1, 1, -1, -1, 1)] == [
        True, False, True, False, True,
    ]  # fmt: skip
    assert await log.vote(query, 0, ANNA, BEN, -1)
    assert await log.vote(query, 1, ANNA, ANNA, -1, "2026-01-01T00:00:00.000Z")
    votes = rows("SELECT rank, user_key, vote FROM feedback")
    anna, ben = (log.keys.of("user", user) for user in (ANNA, BEN))
    assert {(row["rank"], row["user_key"], row["vote"]) for row in votes} == {(0, anna, 1), (0, ben, -1), (1, anna, -1)}
    assert rows("SELECT voted_utc FROM feedback WHERE rank = 1") == [{"voted_utc": "2026-01-01T00:00:00.000Z"}]
    assert [await log.last_vote(query, 0, user) for user in (ANNA, BEN)] == [1, -1]


async def test_a_vote_on_a_query_that_is_not_there_is_none(log, rows):
    assert await log.vote(5, 0, ANNA, ANNA, 1) is None
    query = await ask(log, ANNA, ANNA)
    assert await log.vote(query, 0, BEN, BEN, 1) is None  # Anna asked it, in her own chat
    assert [await log.has(query, chat) for chat in (ANNA, BEN)] == [True, False]
    assert rows("SELECT * FROM feedback") == []


async def test_a_log_of_before_keeps_what_it_holds(path, answer):
    key = load_keys(path).of("chat", ANNA)
    with closing(connect(path, MIGRATIONS[:1])) as old:
        old.execute(
            "INSERT INTO queries (asked_utc, chat_key, user_key, kind_of_query, threshold, outcome) "
            "VALUES ('2026-01-01T00:00:00.000Z', ?, 'user', 'photo', 0.25, 'answered')", (key,)
        )  # fmt: skip
    log = await LogWriter.open(path)
    assert await ask(log, ANNA, ANNA, answer=answer) == 2
    await log.close()
    with closing(sqlite3.connect(path)) as connection:
        likenesses = connection.execute("SELECT threshold, likeness, doubtful FROM queries ORDER BY id").fetchall()
    assert likenesses == [(0.25, None, 0), (0.5, 0.65, 0)]


async def test_concurrent_writers_keep_their_transactions_apart(log, answer, rows):
    async def shopper(number: int) -> None:
        matches = (answer.matches[0].model_copy(update={"product_id": number}),)
        given = answer.model_copy(update={"matches": matches})
        await ask(log, ANNA, number, id=number, answer=given)
        await asyncio.gather(log.vote(number, 0, ANNA, number, 1), log.vote(number, 1, ANNA, number, -1))

    await asyncio.gather(*(shopper(number) for number in range(1, 41)))
    written = rows(
        "SELECT queries.user_key, product_id, vote, outcome FROM queries "
        "JOIN matches ON matches.query_id = id JOIN feedback ON feedback.query_id = id AND feedback.rank = 0"
    )
    assert {(row["user_key"], row["product_id"]) for row in written} == {
        (log.keys.of("user", number), number) for number in range(1, 41)
    }
    assert {(row["vote"], row["outcome"]) for row in written} == {(1, "answered")}


async def test_two_writers_of_one_file_wait_for_each_other(log, path, rows):
    other = await LogWriter.open(path)
    writers = [(writer, number) for number in range(20) for writer in (log, other)]
    await asyncio.gather(
        *(ask(writer, ANNA, number, id=1 + place) for place, (writer, number) in enumerate(writers))
    )  # fmt: skip
    await other.close()
    assert rows("SELECT count(*) AS n FROM queries") == [{"n": 40}]


async def test_a_task_cancelled_while_it_writes_does_not_block_those_behind_it(log, rows):
    for turns in range(6):  # cancelled at the beginning of its transaction, in the middle, at the commit
        task = asyncio.create_task(log.vote(999, 0, ANNA, ANNA, 1))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await ask(log, ANNA, ANNA)
    assert rows("SELECT count(*) AS n FROM queries") == [{"n": 6}]


async def test_the_last_id_is_remembered_when_its_query_is_forgotten(log):
    forgotten = await ask(log, ANNA, ANNA)
    await log.forget(ANNA, ANNA, private=True)
    assert await log.last_id() == forgotten
    assert await log.vote(forgotten, 0, ANNA, ANNA, 1) is None


async def test_a_log_is_opened_again_with_all_that_was_in_it(path, answer):
    for number in (1, 2):
        log = await LogWriter.open(path)
        query = await ask(log, ANNA, ANNA, answer=answer)
        assert await log.vote(query, 0, ANNA, ANNA, 1)
        await log.close()
        with LogReader.open(path) as reader:
            assert reader.counts() == (number, number)


async def test_a_log_of_a_newer_version_is_not_written(path):
    await (await LogWriter.open(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ImgrecError, match=r"schema version 99, newer .* Upgrade imgrec"):
        await LogWriter.open(path)


async def test_a_place_where_no_log_can_be_is_an_error_of_ours(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ImgrecError, match="file"):
        await LogWriter.open(tmp_path / "file" / "log.db")
