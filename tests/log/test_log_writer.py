"""Queries, matches and votes as the bot writes them, also many at once."""

import asyncio
import dataclasses
import json
import sqlite3
from contextlib import closing

import pytest

from imgrec.database import connect
from imgrec.errors import ImgrecError
from imgrec.log.identity import load_keys
from imgrec.log.reader import LogReader
from imgrec.log.schema import MIGRATIONS, KindOfQuery, Outcome
from imgrec.log.writer import ChatSettings, LoggedMatch, LogWriter

ANNA, BEN, GROUP = 1001, 2002, -3003


async def ask(log: LogWriter, chat: int = ANNA, user: int = ANNA, **options) -> int:
    return await log.begin_query(options.pop("kind", KindOfQuery.PHOTO), chat, user, "unique-photo", **options)


async def test_a_query_is_logged_with_every_column_that_was_promised(log, answer, rows):
    query = await ask(log)
    assert rows("SELECT outcome FROM queries") == [{"outcome": "failed"}]
    await log.record_answer(query, answer)
    await log.finish_query(query, Outcome.ANSWERED, 12.345)
    [row] = rows("SELECT * FROM queries")
    asked = row.pop("asked_utc")
    assert asked[:2] == "20"
    assert asked[-1] == "Z"
    assert row == {
        "id": query, "chat_key": log.keys.of("chat", ANNA), "user_key": log.keys.of("user", ANNA),
        "photo_unique_id": log.keys.of("photo", "unique-photo"), "kind_of_query": "photo", "parent_id": None,
        "predicted_category": "Balls", "probability": 0.75, "category": "Balls", "category_source": "predicted",
        "scope": json.dumps(["Balls", "Tents & Co"]), "threshold": 0.5, "likeness": 0.65, "threshold_source": "auto",
        "model": "ab" * 32, "index_generation": "generation-000001", "outcome": "answered", "n_matches": 2,
        "best_similarity": 0.9, "total_ms": 12.3,
    }  # fmt: skip
    assert rows("SELECT * FROM matches ORDER BY rank") == [
        {"query_id": query, "rank": 1, "product_id": 11, "similarity": 0.9, "likeness": 0.97},
        {"query_id": query, "rank": 2, "product_id": 12, "similarity": 0.8, "likeness": 0.91},
    ]


async def test_a_tap_names_the_query_it_asks_again_unless_that_is_gone(log, rows):
    first = await ask(log)
    await ask(log, kind=KindOfQuery.OTHER_CATEGORY, parent=first)
    await ask(log, kind=KindOfQuery.LOWER_THRESHOLD, parent=999)
    assert [row["parent_id"] for row in rows("SELECT parent_id FROM queries ORDER BY id")] == [None, first, None]


async def test_a_vote_counts_once_and_can_be_changed(log, rows):
    query = await ask(log)
    assert [await log.vote(query, 0, ANNA, ANNA, vote) for vote in (1, 1, -1, -1, 1)] == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert await log.vote(query, 0, ANNA, BEN, -1)
    assert await log.vote(query, 1, ANNA, ANNA, -1)
    votes = rows("SELECT rank, user_key, vote FROM feedback")
    anna, ben = (log.keys.of("user", user) for user in (ANNA, BEN))
    assert {(row["rank"], row["user_key"], row["vote"]) for row in votes} == {(0, anna, 1), (0, ben, -1), (1, anna, -1)}


async def test_a_vote_on_a_query_that_is_not_there_is_none(log, rows):
    assert await log.vote(5, 0, ANNA, ANNA, 1) is None
    query = await ask(log)
    assert await log.vote(query, 0, BEN, BEN, 1) is None  # Anna asked it, in her own chat
    assert rows("SELECT * FROM feedback") == []


async def test_a_chat_keeps_its_settings_and_each_is_set_by_itself(log):
    assert await log.settings(ANNA) == ChatSettings()
    await log.set_category(ANNA, "Tents & Co")
    await log.set_threshold(ANNA, 0.25)
    assert await log.settings(ANNA) == ChatSettings("Tents & Co", 0.25)
    await log.set_category(ANNA, None)
    assert await log.settings(ANNA) == ChatSettings(None, 0.25)
    assert await log.settings(BEN) == ChatSettings()


async def test_of_likeness_and_an_older_threshold_the_one_chosen_last_holds(log):
    await log.set_threshold(ANNA, 0.25)
    await log.set_likeness(ANNA, 0.65)
    assert await log.settings(ANNA) == ChatSettings(likeness=0.65)
    await log.set_threshold(ANNA, 0.25)
    assert await log.settings(ANNA) == ChatSettings(threshold=0.25)
    await log.set_likeness(ANNA, None)
    assert await log.settings(ANNA) == ChatSettings()


async def test_a_log_of_before_likeness_keeps_what_it_holds_and_the_thresholds_of_its_chats(path, answer):
    with closing(connect(path, MIGRATIONS[:1])) as old:
        key = load_keys(path).of("chat", ANNA)
        old.execute("INSERT INTO chats VALUES (?, 'Balls', 0.25, '2026-01-01T00:00:00.000Z')", (key,))
        old.execute(
            "INSERT INTO queries (asked_utc, chat_key, user_key, kind_of_query, threshold, outcome) "
            "VALUES ('2026-01-01T00:00:00.000Z', ?, 'user', 'photo', 0.25, 'answered')", (key,)
        )  # fmt: skip
    log = await LogWriter.open(path)
    assert await log.settings(ANNA) == ChatSettings("Balls", threshold=0.25)
    await log.record_answer(await ask(log), answer)
    await log.close()
    with closing(sqlite3.connect(path)) as connection:
        likenesses = connection.execute("SELECT threshold, likeness FROM queries ORDER BY id").fetchall()
    assert likenesses == [(0.25, None), (0.5, 0.65)]


async def test_file_ids_belong_to_a_bot_and_stale_ones_can_be_dropped(log):
    await log.remember_file_ids(1, {"photo-a": "file-1", "photo-b": "file-2"})
    await log.remember_file_ids(1, {"photo-a": "file-3"})
    assert await log.file_ids(1, ["photo-a", "photo-b", "photo-c"]) == {"photo-a": "file-3", "photo-b": "file-2"}
    assert await log.file_ids(2, ["photo-a"]) == {}
    assert await log.file_ids(1, []) == {}
    await log.drop_file_ids(1, ["photo-a"])
    assert await log.file_ids(1, ["photo-a", "photo-b"]) == {"photo-b": "file-2"}


async def test_concurrent_writers_keep_their_transactions_apart(log, answer, rows):
    async def shopper(number: int) -> None:
        query = await ask(log, user=number)
        await log.record_answer(
            query,
            dataclasses.replace(answer, matches=[LoggedMatch(number, 0.5, 0.6), LoggedMatch(number + 1, 0.4, 0.5)]),
        )
        if number % 3 == 0:  # a second record of the same answer fails, and takes nothing else with it
            with pytest.raises(sqlite3.IntegrityError):
                await log.record_answer(query, dataclasses.replace(answer, predicted_category="wrong"))
        await asyncio.gather(log.vote(query, 0, ANNA, number, 1), log.set_category(number, f"category {number}"))
        await log.finish_query(query, Outcome.ANSWERED, 1)

    await asyncio.gather(*(shopper(number) for number in range(1, 41)))
    written = rows(
        "SELECT queries.user_key, product_id, vote, outcome, predicted_category FROM queries "
        "JOIN matches ON matches.query_id = id AND matches.rank = 1 JOIN feedback ON feedback.query_id = id"
    )
    assert {(row["user_key"], row["product_id"]) for row in written} == {
        (log.keys.of("user", number), number) for number in range(1, 41)
    }
    assert {(row["vote"], row["outcome"], row["predicted_category"]) for row in written} == {(1, "answered", "Balls")}
    assert [await log.settings(number) for number in (1, 40)] == [
        ChatSettings("category 1"), ChatSettings("category 40"),
    ]  # fmt: skip


async def test_two_writers_of_one_file_wait_for_each_other(log, path, rows):
    other = await LogWriter.open(path)
    await asyncio.gather(*(ask(writer, user=number) for number in range(20) for writer in (log, other)))
    await other.close()
    assert rows("SELECT count(*) AS n FROM queries") == [{"n": 40}]


async def test_a_task_cancelled_while_it_writes_does_not_block_those_behind_it(log, rows):
    for turns in range(6):  # cancelled at the beginning of its transaction, in the middle, at the commit
        task = asyncio.create_task(log.vote(999, 0, ANNA, ANNA, 1))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await ask(log)
    assert rows("SELECT count(*) AS n FROM queries") == [{"n": 6}]


async def test_an_answer_to_a_query_forgotten_meanwhile_is_dropped(log, answer, rows):
    query = await ask(log)
    await log.forget(ANNA, ANNA, private=True)
    await log.record_answer(query, answer)
    await log.finish_query(query, Outcome.ANSWERED, 1)
    assert rows("SELECT * FROM matches") == rows("SELECT * FROM queries") == []


async def test_the_id_of_a_forgotten_query_is_never_given_to_another(log):
    forgotten = await ask(log, user=ANNA)
    await log.forget(ANNA, ANNA, private=True)
    assert await ask(log, user=BEN) > forgotten
    assert await log.vote(forgotten, 0, ANNA, ANNA, 1) is None


async def test_a_log_is_opened_again_with_all_that_was_in_it(path, answer):
    for number in (1, 2):
        log = await LogWriter.open(path)
        query = await ask(log)
        await log.record_answer(query, answer)
        assert await log.vote(query, 0, ANNA, ANNA, 1)
        await log.set_category(ANNA, "Balls")
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
