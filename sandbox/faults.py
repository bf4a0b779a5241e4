"""Faults on demand: the next calls of a method fail, or their answers come late."""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from sandbox.bot_api import method_by_name
from sandbox.calls import Call
from sandbox.errors import ApiError, bad_request, too_many_requests

Json = dict[str, Any]

DESCRIPTIONS = {
    400: "Bad Request: a fault was asked for",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: a fault was asked for",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


@dataclass(frozen=True)
class Fault:
    """What happens to one call.

    With an error code the method is not carried out. With a delay alone it is, and its answer
    comes late: a message that is there although the bot saw a timeout.
    """

    method: str
    error_code: int = 0
    description: str = ""
    retry_after: int = 0
    delay_s: float = 0.0

    def error(self) -> ApiError | None:
        """The answer instead of the method's, if any."""
        if not self.error_code:
            return None
        if self.error_code == 429 and not self.description:
            return too_many_requests(max(self.retry_after, 1))
        extra = {"retry_after": self.retry_after} if self.retry_after else {}
        description = self.description or DESCRIPTIONS.get(self.error_code, f"Error {self.error_code}")
        return ApiError(self.error_code, description, **extra)


class Faults:
    """Faults that wait for a call of their method, in the order they were asked for."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def add(self, call: Call) -> None:
        """Ask for a fault with `method`, `times` (1), and `error_code` or `delay_s`."""
        fault = Fault(
            call.required("method"),
            call.integer("error_code"),
            call.text("description"),
            call.integer("retry_after"),
            call.seconds("delay_s", 600),
        )
        if fault.method != "file" and method_by_name(fault.method) is None:
            raise bad_request(f'there is no method "{fault.method}"; downloads of files are called "file"')
        if fault.error_code and not 400 <= fault.error_code <= 599:
            raise bad_request(f"error_code must be 400-599, got {fault.error_code}")
        if not fault.error_code and not fault.delay_s:
            raise bad_request("a fault needs error_code, delay_s or drop_file_ids")
        self._waiting[fault.method.lower()].extend([fault] * max(call.integer("times", 1), 1))

    def take(self, method: str) -> Fault | None:
        """The fault meant for this call of a method, which is used up by it."""
        waiting = self._waiting.get(method.lower())
        return waiting.popleft() if waiting else None

    def to_json(self) -> list[Json]:
        """How many faults still wait, by method."""
        return [{"method": faults[0].method, "times": len(faults)} for faults in self._waiting.values() if faults]

    def clear(self) -> None:
        """Forget the faults that wait."""
        self._waiting.clear()
