"""What is to be sent, and how far it is: a request's messages are steps, each with a state of its own."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.clock import DAY_S, now_s
from bot.found import Found
from bot.messages import Message, Pictures, Text, read_message
from bot.store.inbox import Waiting
from bot.store.journal import note_query
from imgrec.async_database import AsyncDatabase, Write
from imgrec.log.schema import Outcome
from imgrec.log.writer import QueryRecord

RANKS_KEPT_S = 30 * DAY_S
"""How long the buttons of an answer lead anywhere."""
_STEPS_KEPT_S = 2 * DAY_S


class State(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    SENDING = "sending"
    """Telegram was asked; after a crash it may have been sent, and is sent once more."""
    SENT = "sent"
    DOUBTFUL = "doubtful"
    """It may have been sent; it is not sent again unless the shopper says so."""
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Step:
    """One message to send. `request_id` None: it answers no photo. `thread_id`: the topic, in a forum.

    `is_asked`: somebody waits for it.
    """

    id: int
    request_id: int | None
    chat_id: int
    message: Message
    due_s: float
    until_s: float
    tries: int
    doubtful: int
    thread_id: int | None
    language: str | None
    is_asked: bool


class Outbox:
    """The tables of requests and steps."""

    def __init__(self, database: AsyncDatabase) -> None:
        self._database = database

    async def begin(self, waiting: Waiting, chat_id: int, user_id: int, language: str) -> int:
        """The number of the request that an update makes; the same one when it is handled again after a crash."""

        def insert(connection: sqlite3.Connection) -> int:
            connection.execute(
                "INSERT OR IGNORE INTO requests (seq, lane, chat_id, user_id, asked_s, language) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (waiting.seq, waiting.lane, chat_id, user_id, waiting.received_s, language),
            )
            [row] = connection.execute("SELECT id FROM requests WHERE seq = ?", (waiting.seq,)).fetchall()
            return int(row[0])

        return await self._database.write(insert)

    async def is_of(self, request_id: int, chat_id: int) -> bool:
        """Whether this chat asked it."""
        return bool(
            await self._database.row("SELECT 1 FROM requests WHERE id = ? AND chat_id = ?", request_id, chat_id)
        )

    async def found(self, request_id: int, chat_id: int) -> Found | None:
        """What an answer to this chat found; None where there is none, or it is no longer kept."""
        row = await self._database.row(
            "SELECT kept FROM requests WHERE id = ? AND chat_id = ? AND kept IS NOT NULL", request_id, chat_id
        )
        return Found.model_validate_json(row["kept"]) if row else None

    async def last_found(self, chat_id: int, since_s: float) -> tuple[int, Found] | None:
        """The last request of this chat that was answered, of those asked since then, and what was found."""
        row = await self._database.row(
            "SELECT id, kept FROM requests WHERE chat_id = ? AND asked_s >= ? AND kept IS NOT NULL "
            "ORDER BY id DESC LIMIT 1",
            chat_id, since_s,
        )  # fmt: skip
        return (row["id"], Found.model_validate_json(row["kept"])) if row else None

    async def refinement_of(self, request_id: int, chat_id: int) -> Found | None:
        """What the last answer found that goes by products pointed at in this one's."""
        row = await self._database.row(
            "SELECT kept FROM requests WHERE chat_id = ? AND kept ->> '$.ask.refines' = ? ORDER BY id DESC LIMIT 1",
            chat_id, request_id,
        )  # fmt: skip
        return Found.model_validate_json(row["kept"]) if row else None

    async def answered_by(self, message_id: int, chat_id: int) -> int | None:
        """The last request that this message of ours is part of the answer to."""
        row = await self._database.row(
            "SELECT request_id FROM steps WHERE chat_id = ? AND message_ids IS NOT NULL AND request_id IS NOT NULL "
            "AND EXISTS (SELECT 1 FROM json_each(message_ids) WHERE value = ?) ORDER BY id DESC LIMIT 1",
            chat_id, message_id,
        )  # fmt: skip
        return row["request_id"] if row else None

    async def asked_by(self, message_id: int, chat_id: int) -> int | None:
        """The last request that was answered in reply to this message."""
        row = await self._database.row(
            "SELECT id FROM requests WHERE chat_id = ? AND kept ->> '$.ask.reply_to' = ? ORDER BY id DESC LIMIT 1",
            chat_id, message_id,
        )  # fmt: skip
        return row["id"] if row else None

    async def doubtful_pictures(self, request_id: int, chat_id: int) -> Pictures | None:
        """The pictures of a request of this chat that may not have arrived."""
        row = await self._database.row(
            "SELECT steps.content FROM steps JOIN requests ON requests.id = request_id "
            "WHERE request_id = ? AND requests.chat_id = ? AND state = ? AND content IS NOT NULL ORDER BY steps.id",
            request_id, chat_id, State.DOUBTFUL,
        )  # fmt: skip
        message = read_message(row["content"]) if row else None
        return message if isinstance(message, Pictures) else None

    def no_longer_doubtful(self, request_id: int) -> Write:
        """The pictures that may not have arrived are sent again, by the shopper's wish."""

        def settle(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE steps SET state = ?, content = NULL WHERE request_id = ? AND state = ?",
                (State.SENT, request_id, State.DOUBTFUL),
            )

        return settle

    async def open_requests(self) -> Counter[str]:
        """How many requests of each lane have messages that are not sent yet."""
        rows = await self._database.rows(
            "SELECT lane, count(*) FROM requests WHERE finished_s IS NULL AND answered_s IS NOT NULL GROUP BY lane"
        )
        return Counter({row[0]: row[1] for row in rows})

    async def recover(self) -> list[int]:
        """After a start: what was being sent is to be sent once more. Returns the chats with something to send."""

        def again(connection: sqlite3.Connection) -> list[int]:
            connection.execute(
                "UPDATE steps SET state = ?, doubtful = doubtful + 1 WHERE state = ?", (State.WAITING, State.SENDING)
            )
            rows = connection.execute("SELECT DISTINCT chat_id FROM steps WHERE state = ?", (State.WAITING,)).fetchall()
            return [row[0] for row in rows]

        return await self._database.write(again)

    async def next_step(self, chat_id: int) -> Step | None:
        """What is to be sent next to a chat."""
        row = await self._database.row(
            "SELECT steps.*, requests.language, requests.seq FROM steps LEFT JOIN requests ON requests.id = request_id "
            "WHERE steps.chat_id = ? AND state IN ('waiting', 'sending') ORDER BY coalesce(place, steps.id) LIMIT 1",
            chat_id,
        )
        return _step(row) if row else None

    async def sending(self, step: Step) -> bool:
        """Note that Telegram is asked now: from here on it may have been sent.

        Returns whether pictures of the same request may not have arrived.
        """

        def change(connection: sqlite3.Connection) -> bool:
            connection.execute(
                "UPDATE steps SET state = ?, tries = ? WHERE id = ?", (State.SENDING, step.tries + 1, step.id)
            )
            doubtful = "SELECT 1 FROM steps WHERE request_id = ? AND state = ?"
            return connection.execute(doubtful, (step.request_id, State.DOUBTFUL)).fetchone() is not None

        return await self._database.write(change)

    async def again(self, step: Step, due_s: float, *, doubtful: bool) -> None:
        """Telegram did not take it, or (doubtful) did not say whether: try it again, at this time."""

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE steps SET state = ?, due_s = ?, doubtful = ? WHERE id = ?",
                (State.WAITING, due_s, step.doubtful + doubtful, step.id),
            )

        await self._database.write(change)

    async def replace(self, step: Step, messages: Sequence[Message]) -> None:
        """Send other messages in its place: an album in two halves, or a text where there are no pictures."""

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE steps SET state = ?, content = ? WHERE id = ?",
                (State.WAITING, messages[0].model_dump_json(), step.id),
            )
            connection.executemany(
                "INSERT INTO steps (request_id, chat_id, thread_id, content, due_s, until_s, place) "
                "SELECT request_id, chat_id, thread_id, ?, due_s, until_s, coalesce(place, id) + pow(0.5, "
                "  (SELECT count(*) FROM steps AS others WHERE others.request_id IS step.request_id)) "
                "FROM steps AS step WHERE id = ?",
                [(message.model_dump_json(), step.id) for message in messages[1:]],
            )

        await self._database.write(change)

    async def over(
        self, step: Step, state: State, message_ids: Sequence[int] = (), apology: Text | None = None
    ) -> str | None:
        """A step is over, and with the last of a request the request.

        Expired or refused, it takes what the request still had to send with it, and `apology` is sent instead. Returns
        the lane of the request that is finished by this, if one is.
        """

        def change(connection: sqlite3.Connection) -> str | None:
            now = now_s()
            keeps = state is State.DOUBTFUL and isinstance(step.message, Pictures)
            connection.execute(
                "UPDATE steps SET state = ?, message_ids = ?, over_s = ?, doubtful = ?, "
                "content = CASE WHEN ? THEN content END WHERE id = ?",
                (state, json.dumps(list(message_ids)), now, step.doubtful + (state is State.DOUBTFUL), keeps, step.id),
            )
            if state in {State.EXPIRED, State.REFUSED} and step.request_id is not None:
                connection.execute(
                    "UPDATE steps SET state = ?, over_s = ?, content = NULL WHERE request_id = ? AND state = 'waiting'",
                    (state, now, step.request_id),
                )
            if apology is not None:
                place = step.chat_id, step.thread_id
                add_steps(connection, place, [apology], None, now + _STEPS_KEPT_S)
            return _finish_if_over(connection, step.request_id) if step.request_id is not None else None

        return await self._database.write(change)

    async def tidy(self, kept_s: float | None = None) -> None:
        """Drop what nobody can ask for any more, and what is older than so many seconds."""
        now = now_s()
        requests_kept_s = RANKS_KEPT_S if kept_s is None else min(kept_s, RANKS_KEPT_S)

        def drop(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM steps WHERE over_s < ? AND request_id IS NULL", (now - _STEPS_KEPT_S,))
            # their steps go with them: by those it is found which answer is replied to
            connection.execute("DELETE FROM requests WHERE finished_s < ?", (now - requests_kept_s,))

        await self._database.write(drop)


def add_steps(
    connection: sqlite3.Connection, place: tuple[int, int | None], messages: Sequence[Message],
    request_id: int | None, until_s: float,
) -> None:  # fmt: skip
    """Within a transaction: send these to a chat and topic, one after the other."""
    connection.executemany(
        "INSERT INTO steps (request_id, chat_id, thread_id, content, due_s, until_s) VALUES (?, ?, ?, ?, ?, ?)",
        [(request_id, *place, message.model_dump_json(), now_s(), until_s) for message in messages],
    )


def begin_unasked(connection: sqlite3.Connection, lane: str, chat_id: int, user_id: int, language: str) -> int:
    """Within a transaction: the number of a request that no update makes, and nobody waits for."""
    cursor = connection.execute(
        "INSERT INTO requests (lane, chat_id, user_id, asked_s, language) VALUES (?, ?, ?, ?, ?)",
        (lane, chat_id, user_id, now_s(), language),
    )
    assert cursor.lastrowid is not None  # noqa: S101 - it was inserted
    return cursor.lastrowid


def answer_request(connection: sqlite3.Connection, record: QueryRecord, found: Found | None) -> None:
    """Within a transaction: what was found for a request; its steps are added beside this."""
    connection.execute(
        "UPDATE requests SET record = ?, kept = ?, answered_s = ? WHERE id = ?",
        (record.model_dump_json(), found and found.model_dump_json(), now_s(), record.id),
    )


def drop_unanswered(connection: sqlite3.Connection, seqs: Sequence[int]) -> None:
    """Within a transaction: of these updates, the requests that came to nothing. An album that was begun as several
    answers, before a crash, may have ended as one.
    """
    connection.executemany("DELETE FROM requests WHERE seq = ? AND answered_s IS NULL", [(seq,) for seq in seqs])


def finish_request(connection: sqlite3.Connection, request_id: int, outcome: Outcome | None = None) -> str | None:
    """Within a transaction: all that was to be sent was, or cannot be; the log gets its row. Returns the lane."""
    [*rows] = connection.execute(
        "SELECT requests.*, (SELECT coalesce(sum(doubtful), 0) FROM steps WHERE request_id = requests.id) AS doubtful "
        "FROM requests WHERE id = ? AND finished_s IS NULL AND record IS NOT NULL",
        (request_id,),
    ).fetchall()
    if not rows:  # forgotten meanwhile
        return None
    [row] = rows
    now, record = now_s(), QueryRecord.model_validate_json(row["record"])
    times = record.times.model_copy(
        update={"send_ms": (now - row["answered_s"]) * 1000, "total_ms": (now - row["asked_s"]) * 1000}
    )
    update = {"times": times, "doubtful": row["doubtful"], **({"outcome": outcome} if outcome else {})}
    note_query(connection, record.model_copy(update=update), row["chat_id"], row["user_id"])
    connection.execute("UPDATE requests SET record = NULL, finished_s = ? WHERE id = ?", (now, request_id))
    return str(row["lane"])


def _finish_if_over(connection: sqlite3.Connection, request_id: int) -> str | None:
    rows = connection.execute("SELECT state FROM steps WHERE request_id = ?", (request_id,)).fetchall()
    states = {row["state"] for row in rows}
    if states & {State.WAITING, State.SENDING}:
        return None
    outcome = Outcome.EXPIRED if State.EXPIRED in states else Outcome.FAILED if State.REFUSED in states else None
    return finish_request(connection, request_id, outcome)


def _step(row: sqlite3.Row) -> Step:
    return Step(
        row["id"], row["request_id"], row["chat_id"], read_message(row["content"]), row["due_s"], row["until_s"],
        row["tries"], row["doubtful"], row["thread_id"], row["language"], row["seq"] is not None,
    )  # fmt: skip
