"""What the bot remembers, beyond what it is asked and answers: settings, file ids, and nothing of who is forgotten."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiosqlite
import pytest
from test_bot_outbox import (
    ANNA,
    BEN,
    BOT,
    GROUP,
    USEFUL_S,
    ask,
    logged,
    message,
    next_step,
    open_store,
    photo,
    take,
    turn,
)
from waiting import until

from bot.callback_data import Forget
from bot.dispatching import _MOST_STARTS
from bot.handlers.context import Context, Press
from bot.handlers.privacy import on_forget_tap
from bot.language import Languages
from bot.messages import Text
from bot.reaction import Reaction, commit
from bot.services import RecentPhotos
from bot.store.chats import ChatSettings
from bot.store.files import TelegramFiles
from bot.store.inbox import Load
from bot.store.journal import note_query, voting
from bot.store.outbox import State
from bot.store.store import Store, take_over_from_log
from imgrec.database import connect, utc_now
from imgrec.log.identity import load_keys
from imgrec.log.schema import MIGRATIONS as MIGRATIONS_OF_LOG
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.log.writer import LogWriter, QueryRecord


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path)
    yield opened
    await opened.close()


async def note(store: Store, query_id: int, chat: int = ANNA, user: int = ANNA) -> None:
    """A query that the log is to get."""
    record = QueryRecord(id=query_id, asked_utc=utc_now(), kind=KindOfQuery.PHOTO, outcome=Outcome.ANSWERED)
    await store.database.write(lambda connection: note_query(connection, record, chat, user))


async def vote(store: Store, query_id: int, vote: int, user: int = ANNA) -> None:
    await store.database.write(voting(query_id, 0, vote, ANNA, user))


async def forget(store: Store, update_id: int, chat: int = ANNA, user: int = ANNA) -> None:
    """The shopper confirms /forget, as the bot handles it."""
    await store.inbox.add([message(update_id, chat, user, text="/forget")])
    waiting = await take(store, str(chat))
    services: Any = SimpleNamespace(store=store, recent=RecentPhotos())
    assert waiting.update.message
    context = Context(None, services, waiting, ChatSettings(), Languages.load().of())  # type: ignore[arg-type]
    reaction = await on_forget_tap(context, Press(waiting.update.message, user), Forget(user, 1))
    await store.database.write(commit(waiting, reaction, USEFUL_S))
    await store.database.overwrite_deleted()


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("bot.db*"))


# --------------------------------------------------------------------------------------------- settings and file ids


async def test_each_setting_of_a_chat_is_set_by_itself_and_no_chat_is_named(store: Store, tmp_path: Path) -> None:
    chat = -1_001_234_567_890
    assert await store.chats.settings(chat) == ChatSettings()
    await store.database.write(store.chats.choose_category(chat, 3))
    await store.database.write(store.chats.choose_likeness(chat, 0.5))
    assert await store.chats.settings(chat) == ChatSettings(3, 0.5)
    await store.database.write(store.chats.choose_category(chat, None))
    assert await store.chats.settings(chat) == ChatSettings(None, 0.5)
    assert await store.chats.settings(ANNA) == ChatSettings()
    assert str(chat).encode() not in bytes_of(tmp_path)
    assert chat.to_bytes(8, "big", signed=True) not in bytes_of(tmp_path)


async def test_a_photos_id_is_that_of_one_bot_and_the_last_one_counts(store: Store) -> None:
    other = TelegramFiles(store.database, BOT + 1)
    await store.files.remember({"a": "1", "b": "2"})
    await store.files.remember({"a": "3"})
    await store.files.remember({})
    assert await store.files.ids(["a", "b", "c"]) == {"a": "3", "b": "2"}
    assert await other.ids(["a", "b"]) == {}
    assert await store.files.ids([]) == {}


# ------------------------------------------------------------------------------------------------- inbox and outbox


async def test_only_photos_that_wait_are_counted_for_a_shopper_a_chat_and_in_all(store: Store) -> None:
    of_chat = {"chat": GROUP}
    await store.inbox.add(
        [photo(1), message(2), photo(3), photo(4, user=ANNA, **of_chat), photo(5, user=BEN, **of_chat)]
    )
    assert await store.inbox.load("7", ANNA) == Load(2, 2, 4, 40, 2)
    assert await store.inbox.load(f"{GROUP} of 7", GROUP) == Load(1, 2, 4, 40, 1)
    assert [one.update.update_id for one in await store.inbox.newest_photos("7", 1)] == [3]
    await store.database.write(commit(await take(store), Reaction(), USEFUL_S))
    assert await store.inbox.load("7", ANNA) == Load(1, 1, 3, 30, 1)


async def test_how_often_its_handling_began_is_remembered_through_restarts(tmp_path: Path) -> None:
    for starts in (1, 2):
        store = await open_store(tmp_path)
        await store.inbox.add([message(1)])
        assert (await take(store)).starts == starts
        await store.close()


async def test_what_is_put_off_however_often_is_not_taken_for_what_kills_the_bot(store: Store) -> None:
    await store.inbox.add([message(1)])
    for _ in range(30):
        waiting = await take(store)
        await store.inbox.postpone(waiting.seq, 0)
    assert waiting.starts < _MOST_STARTS


async def test_an_answer_that_was_being_composed_when_the_bot_died_is_composed_once_more_and_sent_once(
    tmp_path: Path,
) -> None:
    store = await open_store(tmp_path)
    await store.inbox.add([photo(1)])
    begun = await store.outbox.begin(await take(store), ANNA, ANNA, "en")
    await store.close()
    again = await open_store(tmp_path)
    assert await again.inbox.add([photo(1)]) == []
    assert await ask(again, photo(1), Text(html="one")) == begun
    assert await again.outbox.recover() == [ANNA]
    await again.outbox.over(await next_step(again), State.SENT)
    assert [row["id"] for row in await logged(again)] == [begun]
    await again.close()


async def test_what_waits_for_a_group_is_sent_to_the_supergroup_it_became(store: Store) -> None:
    after = -100_000_050
    query_id = await ask(store, photo(1, GROUP, ANNA), Text(html="one"), Text(html="two"))
    await store.outbox.sending(await next_step(store, GROUP))
    await store.database.write(store.moving(GROUP, after))
    assert await store.outbox.next_step(GROUP) is None
    for _ in range(2):
        await store.outbox.over(await next_step(store, after), State.SENT)
    [row] = await logged(store)
    assert (row["id"], row["chat_key"]) == (query_id, store.log.keys.of("chat", after))


async def test_tidying_leaves_what_is_not_over(store: Store) -> None:
    await ask(store, photo(1), Text(html="done"))
    await store.outbox.over(await next_step(store), State.SENT)
    await ask(store, photo(2), Text(html="open"))
    long_ago = 40 * 24 * 3600
    await store.database.write(
        lambda connection: connection.execute("UPDATE requests SET finished_s = finished_s - ?", (long_ago,))
    )
    await store.tidy()
    assert (await next_step(store)).message == Text(html="open")
    assert await store.outbox.is_of(2, ANNA)
    assert not await store.outbox.is_of(1, ANNA)


async def test_an_album_from_before_the_clock_was_set_back_is_taken_as_soon_as_the_bot_is_back(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await store.inbox.add([photo(1, media_group_id="a"), photo(2, media_group_id="a")])
    await store.database.write(lambda connection: connection.execute("UPDATE inbox SET received_s = received_s + 3600"))
    await store.close()
    again = await open_store(tmp_path)
    await asyncio.sleep(1.1)
    lanes = await turn(again)
    await again.close()
    assert lanes == [str(ANNA)]


# ------------------------------------------------------------------------------------------------------------ journal


async def test_moving_what_is_in_the_log_already_changes_nothing(store: Store) -> None:
    for _ in range(2):  # as after a crash between the two databases
        await note(store, 1)
        await vote(store, 1, -1)
        [row] = await logged(store)
    assert (row["id"], await store.log.last_vote(1, 0, ANNA)) == (1, -1)


async def test_a_log_that_may_not_be_written_gets_all_of_it_in_order_once_it_may(store: Store) -> None:
    await store.log._database.rows("PRAGMA query_only = ON")  # as on a file system that was made read-only
    store.journal.start()
    for query_id in (1, 2):
        await note(store, query_id)
    for value in (1, -1):
        await vote(store, 2, value)
    store.journal.ring()
    await until(lambda: "4 queries and votes wait for it" in store.journal.trouble)
    assert "readonly database" in store.journal.trouble
    assert await store.journal.last_vote(2, 0, ANNA) == -1
    await store.log._database.rows("PRAGMA query_only = OFF")
    await until(lambda: not store.journal.trouble)
    assert [row["id"] for row in await store.log._database.rows("SELECT id FROM queries ORDER BY id")] == [1, 2]
    assert await store.log.last_vote(2, 0, ANNA) == -1


async def test_a_vote_on_what_was_forgotten_does_not_hold_up_the_others(store: Store) -> None:
    await vote(store, 99, 1)
    await note(store, 1)
    assert [row["id"] for row in await logged(store)] == [1]


async def test_closing_does_not_wait_for_a_database_that_is_locked(store: Store, tmp_path: Path) -> None:
    await note(store, 1)
    await store.database.rows("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.wait_for(store.journal.close(), 2)


# ------------------------------------------------------------------------------------------------------------ /forget


async def test_no_byte_of_what_a_shopper_wrote_is_left_once_it_is_forgotten(store: Store, tmp_path: Path) -> None:
    await store.inbox.add([message(1, text="SECRET one"), photo(2, GROUP, ANNA, caption="SECRET two")])
    await ask(store, photo(3, BEN, BEN), Text(html="for Ben"))
    await store.database.write(commit(await take(store), Reaction([Text(html="SECRET three")]), USEFUL_S))
    assert b"SECRET one" in bytes_of(tmp_path)  # in the write-ahead log, until it is overwritten
    await forget(store, 4)
    assert b"SECRET" not in bytes_of(tmp_path)
    assert (await next_step(store, BEN)).message == Text(html="for Ben")


async def test_forgetting_in_a_group_leaves_the_group_its_settings_and_others_their_answers(store: Store) -> None:
    await store.database.write(store.chats.choose_likeness(GROUP, 0.5))
    await ask(store, photo(1, GROUP, BEN), Text(html="for Ben"))
    await ask(store, photo(2, GROUP, ANNA), Text(html="for Anna"))
    await store.forget(GROUP, ANNA, False, 99)
    assert await store.chats.settings(GROUP) == ChatSettings(likeness=0.5)
    step = await next_step(store, GROUP)
    await store.outbox.over(step, State.SENT)
    assert step.message == Text(html="for Ben")
    assert await store.outbox.next_step(GROUP) is None


async def test_an_answer_under_way_when_it_is_forgotten_leaves_no_trace(store: Store) -> None:
    await ask(store, photo(1), Text(html="one"), Text(html="two"))
    step = await next_step(store)
    await store.outbox.sending(step)
    await forget(store, 2)
    assert await store.outbox.over(step, State.SENT, [11]) is None
    assert await logged(store) == []
    left = await store.database.rows("SELECT content FROM steps")
    assert left
    assert not any("two" in step["content"] for step in left)


async def test_what_waits_for_the_log_while_it_is_forgotten_does_not_come_into_it_afterwards(store: Store) -> None:
    for query_id in range(1, 9):
        await note(store, query_id)
    store.journal.start()
    await forget(store, 1)
    assert await logged(store) == []


async def test_what_was_forgotten_and_comes_once_more_is_not_handled_again(store: Store) -> None:
    """A webhook's 200 may be lost, or the bot die before the next poll confirms: Telegram repeats the update then."""
    await ask(store, photo(1), Text(html="one"))
    await forget(store, 2)
    assert await store.inbox.add([photo(1)]) == []


async def test_another_update_of_a_known_id_is_new(store: Store) -> None:
    """Telegram's ids begin anew after a quiet week, those of a test server whenever it starts."""
    assert await store.inbox.add([photo(1)]) == [1]
    assert await store.inbox.add([photo(1), photo(1, date=2)]) == [1]
    assert (await take(store)).update.message


# ------------------------------------------------------------------------------------- what a log of before has kept


async def test_of_likeness_and_an_older_threshold_likeness_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    keys = load_keys(path)
    with closing(connect(path, MIGRATIONS_OF_LOG[:2])) as old:
        for chat, threshold, likeness in ((ANNA, 0.25, 0.65), (BEN, 0.25, None), (GROUP, None, 0.35)):
            old.execute(
                "INSERT INTO chats (chat_key, threshold, likeness, changed_utc) VALUES (?, ?, ?, ?)",
                (keys.of("chat", chat), threshold, likeness, utc_now()),
            )
    take_over_from_log(path, tmp_path / "bot.db", {}, lambda similarity: similarity / 3)
    store = await open_store(tmp_path)
    likenesses = [(await store.chats.settings(chat)).likeness for chat in (ANNA, BEN, GROUP)]
    assert likenesses == [0.65, 0.0833, 0.35]
    await store.close()
    with closing(sqlite3.connect(path)) as log:  # and has given up what is not its own
        tables = {name for (name,) in log.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables == {"queries", "matches", "feedback", "actions", "forgotten", "sqlite_sequence"}


async def test_where_there_is_no_log_or_a_new_one_nothing_is_taken_over(tmp_path: Path) -> None:
    def never(similarity: float) -> float:
        raise AssertionError(similarity)

    take_over_from_log(tmp_path / "log.db", tmp_path / "bot.db", {}, never)
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240
    await (await LogWriter.open(tmp_path / "log.db")).close()
    take_over_from_log(tmp_path / "log.db", tmp_path / "bot.db", {}, never)
    assert not (tmp_path / "bot.db").exists()


# ------------------------------------------------------------------------------------------------ writing as a whole


def begun(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO notices VALUES (1, 1)")


async def test_work_that_fails_leaves_nothing_of_itself_and_is_not_done_again(store: Store) -> None:
    tries = 0

    def work(connection: sqlite3.Connection) -> None:
        nonlocal tries
        tries += 1
        begun(connection)
        connection.execute("INSERT INTO notices VALUES (1, 2)")

    with pytest.raises(sqlite3.IntegrityError):
        await store.database.write(work)
    assert tries == 1
    assert await store.database.rows("SELECT * FROM notices") == []
    await store.database.write(begun)
    assert len(await store.database.rows("SELECT * FROM notices")) == 1


async def test_work_that_is_cancelled_is_done_whole_or_not_at_all_and_lets_the_next_in(store: Store) -> None:
    has_begun, may_go_on = threading.Event(), threading.Event()

    def work(connection: sqlite3.Connection) -> None:
        begun(connection)
        has_begun.set()
        may_go_on.wait(10)
        connection.execute("INSERT INTO notices VALUES (2, 2)")

    writing = asyncio.create_task(store.database.write(work))
    await asyncio.to_thread(has_begun.wait, 10)
    waiting = asyncio.create_task(store.database.write(lambda connection: connection.execute("DELETE FROM notices")))
    following = asyncio.create_task(store.database.rows("SELECT chat_id FROM notices ORDER BY chat_id"))
    await asyncio.sleep(0)
    writing.cancel()
    waiting.cancel()
    await asyncio.gather(writing, waiting, return_exceptions=True)
    may_go_on.set()
    assert [row["chat_id"] for row in await following] == [1, 2]


async def test_a_transaction_is_one_turn_of_the_databases_thread(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    turns, execute = [], aiosqlite.Connection._execute

    async def counted(connection: aiosqlite.Connection, work: Any, *values: Any) -> Any:
        turns.append(work)
        return await execute(connection, work, *values)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    assert await store.inbox.add([message(1), message(2), message(3)]) == [1, 2, 3]
    assert len(turns) == 1


async def test_writers_on_a_full_disk_take_turns_with_readers_and_each_writes_once(store: Store) -> None:
    [[pages]] = await store.database.rows("PRAGMA page_count")
    await store.database.rows(f"PRAGMA max_page_count = {pages}")
    adding = [
        asyncio.create_task(store.inbox.add([message(number, number, text="x" * 8000)])) for number in range(1, 6)
    ]
    await asyncio.sleep(0.15)
    assert not any(task.done() for task in adding)
    assert await asyncio.wait_for(store.database.rows("SELECT * FROM inbox"), 1) == []
    await store.database.rows("PRAGMA max_page_count = 1000000")
    assert [await task for task in adding] == [[1], [2], [3], [4], [5]]
