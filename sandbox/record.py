"""What the server knows for certain: each call a bot made, and each update it was given. For tests to judge by.

Times are seconds since 1970, by the server's clock.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.wire import Json

Clock = Callable[[], float]


@dataclass
class CallRecord:
    """One call of a method, or download (`file`)."""

    number: int
    method: str
    began: float
    chat_id: int | None = None
    inline_message_id: str = ""
    carried_out: bool = False
    message_ids: list[int] = field(default_factory=list)
    """Those that were written, or changed."""
    error_code: int = 0
    """0: none was given, nor would have been."""
    description: str = ""
    fault: str = ""
    ended: float | None = None
    """When its answer was written, or the connection closed."""
    replied: bool = False
    """Whether an answer that makes sense was written while the connection was open: the bot has it, or died."""


@dataclass
class UpdateRecord:
    """One update, from when something happened to when the bot had confirmed it."""

    update_id: int
    kind: str
    made: float
    chat_id: int | None = None
    message_id: int | None = None
    handed_out: list[float] = field(default_factory=list)
    """When it went out, by a poll or to a webhook; each time it did."""
    confirmed: float | None = None
    """When the bot asked for later ones, answered the webhook with 200, or had what waits dropped."""


class CallBook:
    """The calls of one bot, in the order they came."""

    def __init__(self, clock: Clock = time.time) -> None:
        self.calls: list[CallRecord] = []
        self._clock = clock

    def open(self, method: str, chat_id: str = "", inline_message_id: str = "") -> CallRecord:
        """A call has come."""
        chat = int(chat_id) if chat_id.lstrip("-").isdecimal() else None
        call = CallRecord(len(self.calls) + 1, method, self._clock(), chat, inline_message_id)
        self.calls.append(call)
        return call

    def close(self, call: CallRecord, *, replied: bool) -> None:
        """Nothing more comes of a call. What was noted first stands."""
        if call.ended is None:
            call.ended, call.replied = self._clock(), replied


class UpdateBook:
    """The updates of one bot, in the order they were made; ids may come again."""

    def __init__(self, clock: Clock = time.time) -> None:
        self.updates: list[UpdateRecord] = []
        self._waiting: dict[int, UpdateRecord] = {}
        self._clock = clock

    def made(self, update_id: int, kind: str, payload: Json) -> None:
        """Something happened that the bot is to hear of."""
        message = payload if kind == "message" else payload.get("message") or {}
        update = UpdateRecord(
            update_id, kind, self._clock(), (message.get("chat") or {}).get("id"), message.get("message_id")
        )
        self.updates.append(update)
        self._waiting[update_id] = update

    def handed_out(self, updates: Iterable[Json]) -> None:
        """These go out to the bot."""
        for update in updates:
            if found := self._waiting.get(update["update_id"]):
                found.handed_out.append(self._clock())

    def confirmed(self, updates: Iterable[Json]) -> None:
        """These are the bot's now."""
        for update in updates:
            if found := self._waiting.pop(update["update_id"], None):
                found.confirmed = self._clock()


def to_json(calls: CallBook, updates: UpdateBook) -> Json:
    """Both books, as the address of the record shows them."""
    return {
        "calls": [asdict(call) for call in calls.calls],
        "updates": [asdict(update) for update in updates.updates],
    }


def message_ids(result: Any) -> list[int]:
    """The messages a method's result speaks of."""
    items = result if isinstance(result, list) else [result]
    return [item["message_id"] for item in items if isinstance(item, dict) and "message_id" in item]
