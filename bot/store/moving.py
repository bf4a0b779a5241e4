"""What becomes of a chat's rows where it is another chat from now on, or closed to us."""

import sqlite3

from bot.clock import now_s
from bot.store.journal import note_move
from bot.store.outbox import State, finish_request
from bot.store.wishes import end_wishes
from imgrec.async_database import Work, Write
from imgrec.log.identity import Keys
from imgrec.log.schema import Outcome

_BY_ID = ("steps", "requests", "inbox", "wishes", "notices", "journal")


def moving(keys: Keys, before: int, after: int) -> Write:
    """A group became a supergroup, which is another chat to Telegram: all there is of it goes with it.

    Doing it twice changes nothing; what the supergroup has chosen already stays.
    """

    def move(connection: sqlite3.Connection) -> None:
        for table in _BY_ID:
            connection.execute(f"UPDATE OR REPLACE {table} SET chat_id = ? WHERE chat_id = ?", (after, before))
        connection.execute(
            "UPDATE inbox SET body = json_replace(body, '$.message.chat.id', ?1, "
            "'$.callback_query.message.chat.id', ?1) WHERE chat_id = ?1 AND body IS NOT NULL", (after,),
        )  # fmt: skip
        of_before, of_after = keys.of("chat", before), keys.of("chat", after)
        connection.execute("UPDATE OR IGNORE chats SET chat_key = ? WHERE chat_key = ?", (of_after, of_before))
        connection.execute("DELETE FROM chats WHERE chat_key = ?", (of_before,))
        note_move(connection, before, after)

    return move


def closing(chat: int) -> Work[list[str]]:
    """The bot was removed from a chat, or blocked: what was to be sent there is dropped, and its wishes end.

    Returns the lanes of the requests that are finished by this.
    """

    def close(connection: sqlite3.Connection) -> list[str]:
        end_wishes(connection, chat)
        connection.execute("DELETE FROM notices WHERE chat_id = ?", (chat,))
        connection.execute(
            "UPDATE steps SET state = ?, over_s = ?, content = NULL WHERE chat_id = ? AND state = ?",
            (State.REFUSED, now_s(), chat, State.WAITING),
        )
        answered = connection.execute(
            "SELECT id FROM requests WHERE chat_id = ? AND finished_s IS NULL AND record IS NOT NULL", (chat,)
        ).fetchall()
        lanes = [finish_request(connection, row["id"], Outcome.FAILED) for row in answered]
        return [lane for lane in lanes if lane is not None]

    return close
