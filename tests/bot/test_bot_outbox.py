"""Inbox, outbox and journal by themselves: what is kept, in what order, and what a crash leaves."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.messages import Message, Text
from bot.reaction import Reaction, commit
from bot.receiving.updates import Unreadable, Update, read_update
from bot.store.chats import ChatSettings
from bot.store.inbox import Waiting
from bot.store.journal import voting
from bot.store.outbox import State, Step
from bot.store.schema import MIGRATIONS
from bot.store.store import Store, take_over_from_log
from imgrec.database import connect, utc_now
from imgrec.errors import ImgrecError
from imgrec.log.identity import load_keys
from imgrec.log.schema import MIGRATIONS as MIGRATIONS_OF_LOG
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.log.writer import LogWriter, QueryRecord

ANNA, BEN, GROUP = 7, 8, -50
BOT = 5
USEFUL_S = 60.0


def message(update_id: int, chat: int = ANNA, user: int = ANNA, **fields: Any) -> Update:
    """An update as Telegram sends it, with more than we keep."""
    kind = "private" if chat > 0 else "supergroup"
    raw = {
        "update_id": update_id,
        "message": {
            "message_id": 100 + update_id, "date": 1, "chat": {"id": chat, "type": kind, "first_name": "Anna"},
            "from": {"id": user, "is_bot": False, "first_name": "Anna", "username": "anna"}, **fields,
        },
    }  # fmt: skip
    read = read_update(raw)
    assert isinstance(read, Update)
    return read


def photo(update_id: int, chat: int = ANNA, user: int = ANNA, **fields: Any) -> Update:
    size = {"file_id": f"f{update_id}", "file_unique_id": f"u{update_id}", "width": 90, "height": 90, "file_size": 10}
    return message(update_id, chat, user, photo=[size, {**size, "file_id": "large", "width": 900}], **fields)


async def open_store(folder: Path) -> Store:
    return await Store.open(folder / "bot.db", await LogWriter.open(folder / "log.db"), BOT, folder / "shoppers")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path)
    yield opened
    await opened.close()


async def turn(store: Store, busy: Sequence[str] = ()) -> list[str]:
    return (await store.inbox.next(busy, 64))[0]


async def take(store: Store, lane: str = str(ANNA)) -> Waiting:
    waiting = await store.inbox.take(lane)
    assert waiting
    return waiting


async def ask(store: Store, update: Update, *messages: Message) -> int:
    """A photo that is answered with these messages; returns the request's number."""
    await store.inbox.add([update])
    waiting = await take(store, update.lane)
    assert update.chat
    query_id = await store.outbox.begin(waiting, update.chat.id, update.user_id, "en")
    record = QueryRecord(id=query_id, asked_utc=utc_now(), kind=KindOfQuery.PHOTO, outcome=Outcome.ANSWERED)
    await store.database.write(commit(waiting, Reaction(messages, record=record), USEFUL_S))
    return query_id


async def next_step(store: Store, chat: int = ANNA) -> Step:
    step = await store.outbox.next_step(chat)
    assert step
    return step


async def logged(store: Store) -> list[dict[str, Any]]:
    store.journal.start()
    for _ in range(200):
        if not await store.database.rows("SELECT 1 FROM journal"):
            break
        await asyncio.sleep(0.01)
    rows = await store.log._database.rows("SELECT * FROM queries ORDER BY id")
    return [dict(row) for row in rows]


# ------------------------------------------------------------------------------------------------------------- inbox


async def test_an_update_is_known_by_its_id_and_not_by_the_largest_there_was(store: Store) -> None:
    assert await store.inbox.add([message(900), message(901)]) == [900, 901]
    assert await store.inbox.add([message(901), message(3)]) == [3]  # ids begin anew after a quiet week
    assert await store.inbox.add([message(900)]) == []


async def test_those_of_one_lane_wait_for_each_other_and_others_do_not(store: Store) -> None:
    await store.inbox.add(
        [message(1), message(2, BEN, BEN), message(3), message(4, GROUP, ANNA), message(5, GROUP, BEN)]
    )
    assert await turn(store) == ["7", "8", "-50 of 7", "-50 of 8"]
    assert await turn(store, ["7"]) == ["8", "-50 of 7", "-50 of 8"]
    first = await take(store)
    assert first.update.update_id == 1
    await store.inbox.postpone(first.seq, 60)
    assert "7" not in await turn(store)  # the third waits behind the first
    await store.database.write(commit(first, Reaction(), USEFUL_S))
    assert (await take(store)).update.update_id == 3


async def test_the_photos_of_an_album_are_waited_for_and_taken_together(store: Store) -> None:
    await store.inbox.add([photo(1, media_group_id="a"), photo(2, media_group_id="a"), photo(3)])
    lanes, due_s = await store.inbox.next((), 64)
    assert lanes == []
    assert due_s
    assert 0 < due_s - time.time() <= 1
    await asyncio.sleep(max(due_s - time.time(), 0) + 0.01)
    assert await turn(store) == ["7"]
    assert [part.update.update_id for part in (await take(store)).parts] == [1, 2]


async def test_only_what_we_need_is_kept_and_nothing_of_what_is_done(store: Store, tmp_path: Path) -> None:
    await store.inbox.add([message(1, text="hello there")])
    [row] = await store.database.rows("SELECT * FROM inbox")
    assert "hello there" in row["body"]
    assert "Anna" not in row["body"]
    await store.database.write(commit(await take(store), Reaction(), USEFUL_S))
    [row] = await store.database.rows("SELECT * FROM inbox")
    assert row["body"] is None
    assert row["done_s"]


@pytest.mark.parametrize(
    "raw",
    [
        {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": 7}, "text": "secret"}},
        {"update_id": 1, "message": "secret"},
        {"update_id": 1, "callback_query": {"from": {"id": 1}}},
        {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 2**70, "type": "private"}}},
        {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 7, "type": "private"}, "photo": [1, 2]}},
    ],
)
async def test_an_update_that_makes_no_sense_is_done_at_once_and_only_its_id_is_kept(store: Store, raw: Any) -> None:
    read = read_update(raw)
    assert isinstance(read, Unreadable)
    assert await store.inbox.add([read]) == [1]
    [row] = await store.database.rows("SELECT * FROM inbox")
    assert (row["body"], row["update_id"]) == (None, 1)
    assert row["error"]
    assert "secret" not in str(tuple(row))
    assert await turn(store) == []


@pytest.mark.parametrize("raw", [None, 1, [], {}, {"update_id": "1"}, {"update_id": 2**80}, {"update_id": True}])
def test_what_has_no_id_is_no_update(raw: object) -> None:
    assert read_update(raw) is None


async def test_ids_are_forgotten_when_telegram_cannot_send_them_again(store: Store) -> None:
    await store.inbox.add([message(1), message(2)])
    await store.database.write(commit(await take(store), Reaction(), USEFUL_S))
    three_days = 3 * 24 * 3600
    await store.database.write(
        lambda connection: connection.execute("UPDATE inbox SET done_s = done_s - ?", (three_days,))
    )
    await store.tidy()
    assert [row[0] for row in await store.database.rows("SELECT update_id FROM inbox")] == [2]


# ------------------------------------------------------------------------------------------------------------ outbox


async def test_a_request_is_finished_with_its_last_message_and_is_in_the_log_then(store: Store) -> None:
    query_id = await ask(store, photo(1), Text(html="one"), Text(html="two"))
    assert await store.outbox.open_requests() == {"7": 1}
    first = await next_step(store)
    await store.outbox.sending(first)
    assert await store.outbox.over(first, State.SENT, [11]) is None
    assert await logged(store) == []
    second = await next_step(store)
    assert second.message == Text(html="two")
    await store.outbox.sending(second)
    assert await store.outbox.over(second, State.SENT, [12]) == "7"
    assert await store.outbox.next_step(ANNA) is None
    [row] = await logged(store)
    assert (row["id"], row["outcome"], row["doubtful"]) == (query_id, "answered", 0)
    assert row["total_ms"] >= row["send_ms"] >= 0


async def test_after_a_crash_what_was_sent_is_not_sent_again_and_what_may_have_been_is_once_more(
    tmp_path: Path,
) -> None:
    store = await open_store(tmp_path)
    await ask(store, photo(1), Text(html="one"), Text(html="two"), Text(html="three"))
    first = await next_step(store)
    await store.outbox.sending(first)
    await store.outbox.over(first, State.SENT)
    await store.outbox.sending(await next_step(store))
    await store.close()  # as good as a crash: nothing is written when it is closed

    again = await open_store(tmp_path)
    assert await again.outbox.recover() == [ANNA]
    second = await next_step(again)
    assert (second.message, second.doubtful) == (Text(html="two"), 1)
    for _ in range(2):
        step = await next_step(again)
        await again.outbox.sending(step)
        await again.outbox.over(step, State.SENT)
    assert [row["doubtful"] for row in await logged(again)] == [1]
    await again.close()


async def test_an_update_handled_again_after_a_crash_is_the_same_request(store: Store) -> None:
    await store.inbox.add([photo(1)])
    numbers = {await store.outbox.begin(await take(store), ANNA, ANNA, "en") for _ in range(3)}
    assert len(numbers) == 1


async def test_what_comes_too_late_takes_the_rest_of_its_answer_along_and_is_said_once(store: Store) -> None:
    await ask(store, photo(1), Text(html="one"), Text(html="two"))
    await ask(store, photo(2), Text(html="three"))
    step = await next_step(store)
    assert await store.outbox.over(step, State.EXPIRED, apology=Text(html="too late")) == "7"
    left = []
    while step := await store.outbox.next_step(ANNA):  # type: ignore[assignment]
        left.append(step.message)
        await store.outbox.over(step, State.SENT)
    assert left == [Text(html="three"), Text(html="too late")]
    assert [row["outcome"] for row in await logged(store)] == ["expired", "answered"]


async def test_a_step_replaced_by_two_keeps_its_place_before_later_answers(store: Store) -> None:
    await ask(store, photo(1), Text(html="album"), Text(html="below"))
    await ask(store, photo(2), Text(html="later"))
    await store.outbox.replace(await next_step(store), [Text(html="left"), Text(html="right")])
    await store.outbox.replace(await next_step(store), [Text(html="left of left"), Text(html="right of left")])
    sent = []
    while step := await store.outbox.next_step(ANNA):
        assert isinstance(step.message, Text)
        sent.append(step.message.html)
        await store.outbox.over(step, State.SENT)
    assert sent == ["left of left", "right of left", "right", "below", "later"]


async def test_numbers_of_requests_go_on_after_those_of_the_log(tmp_path: Path) -> None:
    log = await LogWriter.open(tmp_path / "log.db")
    record = QueryRecord(id=41, asked_utc=utc_now(), kind=KindOfQuery.PHOTO, outcome=Outcome.ANSWERED)
    await log.record(record, ANNA, ANNA)
    await log.close()
    store = await open_store(tmp_path)
    assert await ask(store, photo(1), Text(html="one")) == 42
    await store.close()


# ----------------------------------------------------------------------------------------------------------- journal


async def test_while_the_log_cannot_be_written_entries_wait_and_then_come_in_order(
    store: Store, tmp_path: Path
) -> None:
    query_id = await ask(store, photo(1), Text(html="one"))
    with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as other:
        await store.log._database.rows("PRAGMA busy_timeout = 20")
        other.execute("BEGIN IMMEDIATE")
        store.journal.start()
        await store.outbox.over(await next_step(store), State.SENT)
        await store.database.write(voting(query_id, 0, -1, ANNA, ANNA))
        store.journal.ring()
        assert await store.journal.last_vote(query_id, 0, ANNA) == -1
        await asyncio.sleep(0.1)
        assert len(await store.database.rows("SELECT 1 FROM journal")) == 2
        assert "2 queries and votes wait for it" in store.journal.trouble
        other.execute("ROLLBACK")
    for _ in range(300):
        if await store.log.last_vote(query_id, 0, ANNA):
            break
        await asyncio.sleep(0.01)
    assert await store.log.last_vote(query_id, 0, ANNA) == -1
    assert [row["id"] for row in await logged(store)] == [query_id]


async def test_a_vote_that_comes_before_its_answer_is_known_to_be_sent_waits_for_it(store: Store) -> None:
    query_id = await ask(store, photo(1), Text(html="one"))
    await store.database.write(voting(query_id, 0, 1, ANNA, ANNA))
    store.journal.start()
    await asyncio.sleep(0.1)
    assert await store.journal.last_vote(query_id, 0, ANNA) == 1
    await store.outbox.over(await next_step(store), State.SENT)
    await logged(store)
    assert await store.log.last_vote(query_id, 0, ANNA) == 1


# -------------------------------------------------------------------------------------------- the database as a whole


async def test_what_is_written_outwaits_a_lock_and_a_full_disk(store: Store, tmp_path: Path) -> None:
    await store.database.rows("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        adding = asyncio.create_task(store.inbox.add([message(1)]))
        await asyncio.sleep(0.2)
        assert not adding.done()
        other.execute("ROLLBACK")
    assert await adding == [1]
    [[pages]] = await store.database.rows("PRAGMA page_count")
    await store.database.rows(f"PRAGMA max_page_count = {pages}")
    adding = asyncio.create_task(store.inbox.add([message(n, text="x" * 3000) for n in range(2, 12)]))
    await asyncio.sleep(0.2)
    assert not adding.done()
    await store.database.rows("PRAGMA max_page_count = 1000000")
    assert len(await adding) == 10


async def test_forgetting_takes_all_of_the_shopper_and_nothing_of_others_or_of_what_came_later(store: Store) -> None:
    for update in (photo(1), photo(2, BEN, BEN), photo(3, GROUP, ANNA), photo(4, GROUP, BEN)):
        await ask(store, update, Text(html=f"answer {update.update_id}"))
        assert update.chat
        await store.database.write(store.chats.choose_likeness(update.chat.id, 0.5))
    await store.inbox.add([message(5, text="/forget"), message(6, text="later")])
    forget = await take(store)
    await store.forget(ANNA, ANNA, True, forget.seq)
    await store.database.write(commit(forget, Reaction(), USEFUL_S))
    requests = await store.database.rows("SELECT chat_id, user_id FROM requests ORDER BY id")
    assert [tuple(row) for row in requests] == [(BEN, BEN), (GROUP, BEN)]
    steps = [
        json.loads(row["content"])["html"] for row in await store.database.rows("SELECT content FROM steps ORDER BY id")
    ]
    assert steps == ["answer 2", "answer 4"]
    assert [await store.chats.settings(chat) for chat in (ANNA, BEN, GROUP)] == [
        ChatSettings(), ChatSettings(likeness=0.5), ChatSettings(likeness=0.5),
    ]  # fmt: skip
    assert (await take(store)).update.update_id == 6


@pytest.mark.parametrize("version", [1, 2])
async def test_what_a_log_of_before_kept_for_the_bot_is_taken_over_once(tmp_path: Path, version: int) -> None:
    path, own = tmp_path / "log.db", tmp_path / "bot.db"
    keys = load_keys(path)
    with closing(connect(path, MIGRATIONS_OF_LOG[:version])) as old:
        for chat, category, threshold in ((ANNA, "Balls", 0.25), (BEN, "gone", None)):
            old.execute(
                "INSERT INTO chats (chat_key, category, threshold, changed_utc) VALUES (?, ?, ?, ?)",
                (keys.of("chat", chat), category, threshold, utc_now()),
            )
        old.execute("INSERT INTO telegram_files VALUES (5, 'photo', 'file')")
    for _ in range(2):
        take_over_from_log(path, own, {"Balls": 3}, lambda similarity: 2 * similarity)
    store = await open_store(tmp_path)
    assert await store.chats.settings(ANNA) == ChatSettings(3, 0.5)
    assert await store.chats.settings(BEN) == ChatSettings()
    assert await store.files.ids(["photo", "other"]) == {"photo": "file"}
    await store.database.write(store.chats.choose_category(ANNA, 4))
    take_over_from_log(path, own, {"Balls": 3}, lambda similarity: similarity)  # the log has given it up by now
    assert await store.chats.settings(ANNA) == ChatSettings(4, 0.5)
    await store.close()


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "bot.db", MIGRATIONS)) as newer:
        newer.execute("PRAGMA user_version = 99")
    log = await LogWriter.open(tmp_path / "log.db")
    with pytest.raises(ImgrecError, match="schema version 99, newer than this imgrec knows"):
        await Store.open(tmp_path / "bot.db", log, BOT, tmp_path / "shoppers")
    await log.close()
