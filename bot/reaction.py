"""What handling an update comes to: messages to send and rows to write, committed as one with the update being done."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.clock import now_s
from bot.found import Found
from bot.messages import Message
from bot.store.inbox import Waiting, is_done, mark_done
from bot.store.outbox import add_steps, answer_request, drop_unanswered, finish_request
from imgrec.async_database import Write
from imgrec.log.writer import QueryRecord


class LaterError(Exception):
    """It cannot be handled just now, for a reason that may pass; `wait_s`: until when not to try."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Reaction:
    """`toast`: a short notice over the chat, for a tap. `record`: of the query that the messages answer, with what was
    found for it. `forgets`: what it deletes has to be gone from the disk too. `beside`: what else it comes to, such as
    the other answers to an album.
    """

    messages: Sequence[Message] = ()
    writes: Sequence[Write] = ()
    toast: str | None = None
    record: QueryRecord | None = None
    found: Found | None = None
    forgets: bool = False
    beside: tuple["Reaction", ...] = ()

    @property
    def parts(self) -> tuple["Reaction", ...]:
        """It, and what is beside it."""
        return self, *self.beside


def together(reactions: Sequence[Reaction]) -> Reaction:
    """Several as one: the first, and the others beside it."""
    first, *beside = [replace(part, beside=()) for one in reactions for part in one.parts] or [Reaction()]
    return replace(first, beside=tuple(beside))


def commit(waiting: Waiting, reaction: Reaction, useful_for_s: float, error: str | None = None) -> Write:
    """Everything an update comes to, in one transaction: after a crash all of it is there, or none.

    Its messages are of use for so many seconds from when the update came in.
    """

    def write(connection: sqlite3.Connection) -> None:
        if is_done(connection, waiting.seq):
            return  # forgotten meanwhile
        for one in reaction.parts:
            _write(connection, waiting, one, useful_for_s)
        seqs = [part.seq for part in waiting.parts]
        drop_unanswered(connection, seqs)
        mark_done(connection, seqs, error)

    return write


def _write(connection: sqlite3.Connection, waiting: Waiting, reaction: Reaction, useful_for_s: float) -> None:
    for one in reaction.writes:
        one(connection)
    chat, record = waiting.update.chat, reaction.record
    if record is not None:
        answer_request(connection, record, reaction.found)
    if chat is not None:
        # one that came in long ago, before the bot was down, is told something all the same
        until_s = max(waiting.received_s, now_s() - useful_for_s / 2) + useful_for_s
        place = chat.id, waiting.update.thread_id
        add_steps(connection, place, reaction.messages, None if record is None else record.id, until_s)
    if record is not None and not reaction.messages:
        finish_request(connection, record.id)
