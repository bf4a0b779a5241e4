"""Whose turn it is: which photo to ask for next, so that no host is pressed and none holds up the others."""

import heapq
import math
import random
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from imgrec.catalogue.photo_status import PhotoStatus, Unfetched
from imgrec.config import PhotosSection

_LANES = 64
_WAITING_A_HOST = 32
_SUCCESSES_TO_SPEED_UP = 10
_FAILURES_TO_GIVE_UP = 10
_MOST_DOUBLINGS = 30
_HOST_FAILURES = {PhotoStatus.UNREACHABLE, PhotoStatus.RATE_LIMITED}


@dataclass(eq=False)
class Host:
    """What is known of a server in this run. Times are of the caller's clock, in seconds."""

    name: str
    limit: int
    running: int = 0
    lanes: int = 0
    not_before: float = -math.inf
    successes: int = 0
    failures_in_a_row: int = 0
    given_up: Unfetched | None = None


@dataclass(eq=False)
class Lane:
    """Addresses of one host, in the order they will be asked for, and those that wait to be asked for again."""

    host: Host
    addresses: Iterator[str]
    again: list[tuple[float, int, "Turn"]] = field(default_factory=list)
    running: int = 0
    at_end: bool = False


@dataclass(eq=False)
class Turn:
    """A photo to ask for. Where `given_up` is set its host has been given up: ask no more, that is the outcome."""

    address: str
    lane: Lane
    attempts: int = 0
    given_up: Unfetched | None = None


class Schedule:
    """Hands out turns and learns how they went. Holds a few addresses of a few hosts, however many there are."""

    def __init__(self, lanes: Iterable[tuple[str, Iterator[str]]], settings: PhotosSection, rng: random.Random) -> None:
        """`lanes`: a host's name and its addresses, each address once; one host may have several lanes."""
        self.to_come = iter(lanes)
        self.settings = settings
        self.rng = rng
        self.lanes: deque[Lane] = deque()
        self.hosts: dict[str, Host] = {}
        self.pushed = 0

    def take(self, now: float) -> Turn | float | None:
        """The next turn; or for how long there will be none (inf: until one ends); or None when all is done."""
        while True:
            self._fill_up()
            if not self.lanes:
                return None
            wait = math.inf
            for _ in range(len(self.lanes)):
                lane = self.lanes[0]
                self.lanes.rotate(-1)
                ready_in = self._ready_in(lane, now)
                if ready_in <= 0:
                    turn = self._next(lane, now)
                    if turn:
                        return turn
                    ready_in = lane.again[0][0] - now if lane.again else math.inf
                wait = min(wait, ready_in)
            if not self._drop_finished():
                return wait

    def succeeded(self, turn: Turn) -> None:
        """The photo came."""
        host = self._ended(turn)
        host.failures_in_a_row = 0
        host.successes += 1
        if host.successes % _SUCCESSES_TO_SPEED_UP == 0:
            host.limit = min(host.limit + 1, self.settings.host_concurrency)

    def skipped(self, turn: Turn) -> None:
        """Nothing was asked, because the host has been given up."""
        self._ended(turn)

    def failed(self, turn: Turn, why: Unfetched, now: float) -> bool:
        """The attempt failed. Returns whether the turn comes again in this run; otherwise that is its outcome."""
        host = self._ended(turn)
        asked = why.retry_after_s or 0.0
        can_wait = asked <= self.settings.longest_wait_s
        if why.status is PhotoStatus.RATE_LIMITED:
            host.limit = max(1, host.limit // 2)
        if why.retry_after_s is not None and can_wait and why.status.is_transient:
            host.not_before = max(host.not_before, now + asked)
        if why.status.is_transient and can_wait and turn.attempts < self.settings.attempts:
            wait = max(asked, backoff_s(turn.attempts, self.settings, self.rng))
            self.pushed += 1
            heapq.heappush(turn.lane.again, (now + wait, self.pushed, turn))
            return True
        if why.status not in _HOST_FAILURES:
            host.failures_in_a_row = 0
            return False
        host.failures_in_a_row += 1
        if host.failures_in_a_row == _FAILURES_TO_GIVE_UP:
            host.given_up = Unfetched(why.status, f"{host.name} was given up for this run: {why.detail}")
        return False

    def _fill_up(self) -> None:
        while len(self.lanes) < _LANES and (lane := next(self.to_come, None)):
            name, addresses = lane
            host = self.hosts.setdefault(name, Host(name, self.settings.host_concurrency))
            host.lanes += 1
            self.lanes.append(Lane(host, addresses))

    def _drop_finished(self) -> bool:
        """Forget lanes that have come to their end, and hosts without lanes. Returns whether there were any."""
        finished = [lane for lane in self.lanes if lane.at_end and not lane.again and not lane.running]
        for lane in finished:
            self.lanes.remove(lane)
            lane.host.lanes -= 1
            if not lane.host.lanes:
                del self.hosts[lane.host.name]
        return bool(finished)

    def _ready_in(self, lane: Lane, now: float) -> float:
        """Seconds until the lane's host may be asked again, as far as the host is concerned."""
        if lane.host.given_up:
            return 0.0
        return lane.host.not_before - now if lane.host.running < lane.host.limit else math.inf

    def _next(self, lane: Lane, now: float) -> Turn | None:
        host = lane.host
        turn = None
        if lane.again and (host.given_up or lane.again[0][0] <= now):
            turn = heapq.heappop(lane.again)[-1]
        elif len(lane.again) < _WAITING_A_HOST and not lane.at_end:
            address = next(lane.addresses, None)
            lane.at_end = address is None
            turn = Turn(address, lane) if address is not None else None
        if turn:
            turn.given_up = host.given_up
            turn.attempts += not host.given_up
            lane.running += 1
            host.running += 1
            if not host.given_up:
                host.not_before = max(host.not_before, now + self.settings.host_interval_s)
        return turn

    def _ended(self, turn: Turn) -> Host:
        turn.lane.running -= 1
        turn.lane.host.running -= 1
        return turn.lane.host


def backoff_s(attempts: int, settings: PhotosSection, rng: random.Random) -> float:
    """How long to wait after so many failed attempts: doubled each time, and scattered, lest all come back at once."""
    doubled = settings.backoff_s * 2.0 ** min(attempts - 1, _MOST_DOUBLINGS)
    return min(doubled, settings.longest_wait_s) * rng.uniform(0.5, 1)
