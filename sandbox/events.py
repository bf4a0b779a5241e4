"""What happened in the chats of one bot, as users see it: an ordered feed to follow."""

from typing import Any

from sandbox.waiting import Bell
from sandbox.wire import Json


class EventFeed:
    """Events of all chats, numbered from 1 in the order they happened."""

    def __init__(self) -> None:
        self.bell = Bell()
        self._events: list[Json] = []

    @property
    def last(self) -> int:
        """The number of the last event; 0 before the first."""
        return len(self._events)

    def all(self) -> tuple[Json, ...]:
        """Every event of every chat."""
        return tuple(self._events)

    def record(self, kind: str, chat_id: int, **details: Any) -> None:
        """Append an event; `details` are its further fields."""
        self._events.append({"event": len(self._events) + 1, "type": kind, "chat_id": chat_id, **details})
        self.bell.ring()

    def seen_by(self, user_id: int, chat_id: int, after: int) -> list[Json]:
        """Events of a chat behind number `after`; the answer to a tap is shown to who tapped alone."""
        return [
            event
            for event in self._events[max(after, 0) :]
            if event["chat_id"] == chat_id and event.get("user_id", user_id) == user_id
        ]

    async def wait_for(self, user_id: int, chat_id: int, after: int, wait_s: float) -> list[Json]:
        """Events behind number `after`, waiting up to `wait_s` for the first of them."""
        await self.bell.wait_until(lambda: bool(self.seen_by(user_id, chat_id, after)), wait_s)
        return self.seen_by(user_id, chat_id, after)
