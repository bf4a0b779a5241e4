"""The queue of updates that wait for one bot, by long polling or for its webhook."""

import time
from collections.abc import Callable

from sandbox.errors import ApiError, bad_request
from sandbox.record import UpdateBook
from sandbox.waiting import Bell
from sandbox.wire import Json

POLL_PAUSE_S = 3.0
OTHER_POLL = "other getUpdates request; make sure that only one bot instance is running"


class UpdateQueue:
    """Updates in order of their ids, each kept until the bot confirms it.

    Only one poll waits at a time: a second one ends the first with 409, as at Telegram.
    """

    def __init__(self, first_id: int = 1001, clock: Callable[[], float] = time.monotonic) -> None:
        self.bell = Bell()
        self.book = UpdateBook()
        self.pending: list[Json] = []
        self.allowed: list[str] = []
        self._clock = clock
        self._polls_under_way = 0
        self._last_poll_ended = -POLL_PAUSE_S
        self._next_id = first_id
        self._poll = 0
        self._ended_by = ""

    def push(self, kind: str, payload: Json) -> None:
        """Queue an update, unless the bot's `allowed_updates` leave out its kind."""
        if self.allowed and kind not in self.allowed:
            return
        self.pending.append({"update_id": self._next_id, kind: payload})
        self.book.made(self._next_id, kind, payload)
        self._next_id += 1
        self.bell.ring()

    def confirm(self, offset: int) -> None:
        """Forget the updates below `offset`; a negative one keeps that many of the last."""
        if offset < 0:
            kept = self.pending[offset:]
        else:
            kept = [update for update in self.pending if update["update_id"] >= offset]
        kept_ids = {update["update_id"] for update in kept}
        self.book.confirmed(update for update in self.pending if update["update_id"] not in kept_ids)
        self.pending = kept

    def clear(self) -> None:
        """Forget every update that waits."""
        self.book.confirmed(self.pending)
        self.pending = []

    def count_from(self, next_id: int) -> None:
        """Number the next updates from here on, as Telegram does after a week without any."""
        if self.pending:
            raise bad_request(f"{len(self.pending)} updates wait; ids begin anew only when none does")
        self._next_id = next_id

    def end_poll(self, ended_by: str) -> None:
        """End the poll that waits now, if any, with 409 and the reason."""
        self._poll += 1
        self._ended_by = ended_by
        self.bell.ring()

    @property
    def is_polled(self) -> bool:
        """Whether a bot waits for updates, or did until a moment ago."""
        return self._polls_under_way > 0 or self._clock() - self._last_poll_ended < POLL_PAUSE_S

    async def poll(
        self, offset: int, limit: int, timeout_s: float, is_gone: Callable[[], bool] = lambda: False
    ) -> list[Json]:
        """The next updates, waiting up to `timeout_s` for the first of them, or until who asked `is_gone`."""
        self.end_poll(OTHER_POLL)
        this_poll = self._poll
        if offset:
            self.confirm(offset)
        self._polls_under_way += 1
        try:
            await self.bell.wait_until(lambda: bool(self.pending) or self._poll != this_poll or is_gone(), timeout_s)
        finally:
            self._polls_under_way -= 1
            self._last_poll_ended = self._clock()
        if self._poll != this_poll:
            raise ApiError(409, f"Conflict: terminated by {self._ended_by}")
        if is_gone():
            return []
        self.book.handed_out(self.pending[:limit])
        return self.pending[:limit]
