"""What the log still has to get: queries and votes are noted here with what they belong to, and moved over after it."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable

from pydantic import BaseModel, ConfigDict

from imgrec.async_database import AsyncDatabase, Write
from imgrec.database import utc_now
from imgrec.log.schema import Action
from imgrec.log.writer import LogWriter, QueryRecord

log = logging.getLogger(__name__)

_AT_ONCE = 100
_TO_MOVE = f"""
    SELECT * FROM journal WHERE kind IN ('query', 'move') OR json_extract(entry, '$.query_id') NOT IN
        (SELECT id FROM requests WHERE finished_s IS NULL) ORDER BY kind != 'query', id LIMIT {_AT_ONCE}
"""
"""A vote may come before all of its answer is known to be sent; then it waits, and comes after the query."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_CLOSES_WITHIN_S = 1.0


class VoteRecord(BaseModel):
    """A vote (+1 or -1) on a query's answer, or on the product of a rank."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    query_id: int
    rank: int
    vote: int
    voted_utc: str


class ActionRecord(BaseModel):
    """Something done with a query's answer (rank 0), or with the product of a rank."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    query_id: int
    rank: int
    action: Action
    done_utc: str


class MoveRecord(BaseModel):
    """A group that is another chat from now on."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    before: int


class Journal:
    """Moves entries to the log, queries before the votes on them. While it cannot be written, they wait."""

    def __init__(self, database: AsyncDatabase, writer: LogWriter) -> None:
        self._database = database
        self._writer = writer
        self._bell = asyncio.Event()
        self._moving = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.on_moved: Callable[[BaseModel], None] = _tell_nobody
        """Called with each query, vote and action that the log has got."""
        self.trouble = ""
        """What is wrong with the log, if anything is."""

    def start(self) -> None:
        """Begin to move; what is there from before goes first."""
        self._bell.set()
        self._task = asyncio.create_task(self._run(), name="journal")

    def ring(self) -> None:
        """There is something to move."""
        self._bell.set()

    async def close(self) -> None:
        """Move what can be moved at once; the rest waits for the next start."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(sqlite3.Error, TimeoutError):
            async with asyncio.timeout(_CLOSES_WITHIN_S):
                await self._move_all()

    async def forget(self, chat: int, user: int, private: bool) -> None:
        """Delete what the log has of a user, or of a private chat. What waits for it here must be deleted before."""
        async with self._moving:
            await self._writer.forget(chat, user, private)

    async def last_vote(self, query_id: int, rank: int, user: int) -> int | None:
        """A user's vote that the log does not have yet."""
        rows = await self._database.rows(
            "SELECT entry FROM journal WHERE kind = 'vote' AND user_id = ? ORDER BY id DESC", user
        )
        votes = (VoteRecord.model_validate_json(row["entry"]) for row in rows)
        return next((vote.vote for vote in votes if (vote.query_id, vote.rank) == (query_id, rank)), None)

    async def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            await self._bell.wait()
            self._bell.clear()
            try:
                await self._move_all()
                pause_s, self.trouble = _FIRST_PAUSE_S, ""
            except sqlite3.Error as error:
                [[waiting]] = await self._database.rows("SELECT count(*) FROM journal")
                self.trouble = f"The log cannot be written ({error}); {waiting} queries and votes wait for it."
                log.warning("%s", self.trouble)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                self._bell.set()

    async def _move_all(self) -> None:
        while await self._move_some():
            pass

    async def _move_some(self) -> bool:
        async with self._moving:
            rows = await self._database.rows(_TO_MOVE)
            for row in rows:
                await self._move(row)

            def drop(connection: sqlite3.Connection) -> None:
                connection.executemany("DELETE FROM journal WHERE id = ?", [(row["id"],) for row in rows])

            if rows:
                await self._database.write(drop)
            return bool(rows)

    async def _move(self, row: sqlite3.Row) -> None:
        """Doing it twice, as after a crash, changes nothing."""
        chat, user = row["chat_id"], row["user_id"]
        match row["kind"]:
            case "query":
                query = QueryRecord.model_validate_json(row["entry"])
                await self._writer.record(query, chat, user)
                self.on_moved(query)
            case "vote":
                vote = VoteRecord.model_validate_json(row["entry"])
                await self._writer.vote(vote.query_id, vote.rank, chat, user, vote.vote, vote.voted_utc)
                self.on_moved(vote)
            case "action":
                done = ActionRecord.model_validate_json(row["entry"])
                await self._writer.action(done.query_id, done.rank, chat, user, done.action, done.done_utc)
                self.on_moved(done)
            case "move":
                await self._writer.move_chat(MoveRecord.model_validate_json(row["entry"]).before, chat)


def _tell_nobody(entry: BaseModel) -> None:
    """Until somebody wants to know."""


def note_query(connection: sqlite3.Connection, record: QueryRecord, chat: int, user: int) -> None:
    """Within a transaction: the log is to get this query."""
    _note(connection, "query", record, chat, user)


def note_move(connection: sqlite3.Connection, before: int, after: int) -> None:
    """Within a transaction: the log is to know a group by its new id."""
    _note(connection, "move", MoveRecord(before=before), after, 0)


def voting(query_id: int, rank: int, vote: int, chat: int, user: int) -> Write:
    """The log is to get this vote."""
    record = VoteRecord(query_id=query_id, rank=rank, vote=vote, voted_utc=utc_now())
    return lambda connection: _note(connection, "vote", record, chat, user)


def noting(query_id: int, rank: int, action: Action, chat: int, user: int) -> Write:
    """The log is to get this action."""
    done = ActionRecord(query_id=query_id, rank=rank, action=action, done_utc=utc_now())
    return lambda connection: _note(connection, "action", done, chat, user)


def _note(connection: sqlite3.Connection, kind: str, entry: BaseModel, chat: int, user: int) -> None:
    connection.execute(
        "INSERT INTO journal (chat_id, user_id, kind, entry) VALUES (?, ?, ?, ?)",
        (chat, user, kind, entry.model_dump_json()),
    )
