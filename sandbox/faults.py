"""Faults on demand: calls that are refused, cut off, left hanging, answered with garbage, or late.

A fault is meant for one method, for downloads (`file`), for all of these (`*`), or for what is posted to a webhook
(`webhook`). It befalls the next calls, as many as were asked for, or a share of all of them, drawn with a seed.
"""

import random
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sandbox.bot_api import method_by_name
from sandbox.calls import Call
from sandbox.errors import ApiError, bad_request, too_many_requests
from sandbox.wire import Json

EVERYTHING, DOWNLOADS, WEBHOOK = "*", "file", "webhook"
LONGEST_DELAY_S = 600.0
USUAL_DELAY_S = 2.0
USUAL_ERROR = 500
DESCRIPTIONS = {
    400: "Bad Request: a fault was asked for",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: a fault was asked for",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
GARBAGE = "<html><head><title>It works!</title></head><body>This is no answer of the Bot"


class Kind(StrEnum):
    """What befalls a call. Before: it is not carried out; after: it is, and nobody is told."""

    REFUSE = "refuse"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    GARBAGE_BEFORE = "garbage_before"
    GARBAGE_AFTER = "garbage_after"
    LATE = "late"


KINDS_OF_WEBHOOK = (Kind.CUT_BEFORE, Kind.CUT_AFTER, Kind.LATE)


@dataclass(frozen=True)
class Fault:
    """What happens to one call. `delay_s` comes before the answer, or what there is in its place."""

    method: str
    kind: Kind
    error_code: int = 0
    description: str = ""
    retry_after: int = 0
    delay_s: float = 0.0

    @property
    def carries_out(self) -> bool:
        """Whether the method is carried out all the same."""
        return self.kind in (Kind.CUT_AFTER, Kind.HANG_AFTER, Kind.GARBAGE_AFTER, Kind.LATE)

    @property
    def cuts(self) -> bool:
        """Whether the connection is closed without an answer, at once or never."""
        return self.kind in (Kind.CUT_BEFORE, Kind.CUT_AFTER, Kind.HANG_BEFORE, Kind.HANG_AFTER)

    @property
    def hangs(self) -> bool:
        """Whether the caller waits for ever."""
        return self.kind in (Kind.HANG_BEFORE, Kind.HANG_AFTER)

    @property
    def is_garbage(self) -> bool:
        """Whether something comes back that is no answer."""
        return self.kind in (Kind.GARBAGE_BEFORE, Kind.GARBAGE_AFTER)

    def error(self) -> ApiError:
        """The answer of a call that is refused."""
        if self.error_code == 429 and not self.description:
            return too_many_requests(max(self.retry_after, 1))
        extra = {"retry_after": self.retry_after} if self.retry_after else {}
        description = self.description or DESCRIPTIONS.get(self.error_code, f"Error {self.error_code}")
        return ApiError(self.error_code, description, **extra)


class Share:
    """Faults that befall a share of the calls. The n-th call of a method meets the same with the same seed."""

    def __init__(self, share: float, faults: Sequence[Fault], seed: int) -> None:
        self.share, self.faults, self.seed = share, faults, seed
        self._draws: dict[str, random.Random] = {}

    def draw(self, method: str) -> Fault | None:
        """The fault of this call, if it meets one."""
        draw = self._draws.setdefault(method, random.Random(f"{self.seed} {method}"))  # noqa: S311 - no secret
        hit, fault = draw.random() < self.share, draw.choice(self.faults)
        return fault if hit else None


class Faults:
    """Those that wait for a call, in the order they were asked for, and those that befall a share of the calls."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._shares: dict[str, Share] = {}

    def add(self, call: Call) -> None:
        """Ask for faults with `method` and `kinds`, for `times` (1) calls each or for a `share` of all."""
        method, kinds = _method(call), _kinds(call)
        fault = Fault(
            method,
            kinds[0],
            call.integer("error_code", USUAL_ERROR),
            call.text("description"),
            call.integer("retry_after"),
            call.seconds("delay_s", LONGEST_DELAY_S),
        )
        if not 400 <= fault.error_code <= 599:
            raise bad_request(f"error_code must be 400-599, got {fault.error_code}")
        if method == WEBHOOK and (strange := [kind for kind in kinds if kind not in KINDS_OF_WEBHOOK]):
            raise bad_request(
                f"what is posted to a webhook can be {', '.join(KINDS_OF_WEBHOOK)}; not {', '.join(strange)}"
            )
        faults = [replace(fault, kind=kind, delay_s=_delay_s(fault, kind)) for kind in kinds]
        if call.text("share"):
            self._shares[method.lower()] = Share(_share(call), faults, call.integer("seed"))
        else:
            self._waiting[method.lower()].extend(faults * max(call.integer("times", 1), 1))

    def take(self, method: str) -> Fault | None:
        """The fault of this call of a method: one that waited and is used up, or one that was drawn.

        What was asked for the method itself comes before what was asked for all of them.
        """
        name = method.lower()
        names = (name,) if name == WEBHOOK else (name, EVERYTHING)
        for key in names:
            if waiting := self._waiting.get(key):
                return waiting.popleft()
        share = next((self._shares[key] for key in names if key in self._shares), None)
        return share.draw(name) if share else None

    def to_json(self) -> list[Json]:
        """How many faults still wait, by method; and the shares."""
        waiting = [{"method": faults[0].method, "times": len(faults)} for faults in self._waiting.values() if faults]
        shares = [
            {
                "method": share.faults[0].method,
                "share": share.share,
                "kinds": [str(fault.kind) for fault in share.faults],
                "seed": share.seed,
            }
            for share in self._shares.values()
        ]
        return [*waiting, *shares]

    def clear(self) -> None:
        """No more faults."""
        self._waiting.clear()
        self._shares.clear()


def _method(call: Call) -> str:
    method = call.required("method")
    if method not in (EVERYTHING, DOWNLOADS, WEBHOOK) and method_by_name(method) is None:
        raise bad_request(
            f'there is no method "{method}"; downloads of files are called "{DOWNLOADS}", '
            f'posts to a webhook "{WEBHOOK}", and "{EVERYTHING}" means all methods and downloads'
        )
    return method


def _kinds(call: Call) -> list[Kind]:
    """What is asked for; an error code alone means a refusal, a delay alone a late answer."""
    names = call.json("kinds") if call.text("kinds") else []
    if not isinstance(names, list):
        raise bad_request("expected an Array of String as kinds")
    if call.text("kind"):
        names = [*names, call.text("kind")]
    if not names and call.text("error_code"):
        names = [Kind.REFUSE]
    if not names and call.text("delay_s"):
        names = [Kind.LATE]
    try:
        kinds = [Kind(name) for name in names]
    except ValueError:
        raise bad_request(f"a fault's kind is one of {', '.join(Kind)}; got {', '.join(map(str, names))}") from None
    if not kinds:
        raise bad_request(
            "a fault needs kind, kinds, error_code or delay_s; others are drop_file_ids, refuse_photo, next_update_id"
        )
    return kinds


def _share(call: Call) -> float:
    try:
        share = float(call.text("share"))
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise bad_request(f'share must be 0 to 1, got "{call.text("share")}"')
    return share


def _delay_s(fault: Fault, kind: Kind) -> float:
    return fault.delay_s or (USUAL_DELAY_S if kind == Kind.LATE else 0.0)
