"""Turns are fair to hosts and kind to them. Time is a number here, so nothing waits."""

# ruff: noqa: S311 - drawn by lot, not for secrecy

import math
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from imgrec.catalogue.photo_status import PhotoStatus, Unfetched
from imgrec.catalogue.schedule import Schedule, Turn, backoff_s
from imgrec.config import PhotosSection

BUSY = Unfetched(PhotoStatus.SERVER_ERROR, "HTTP 503")
GONE = Unfetched(PhotoStatus.GONE, "HTTP 410")
NO_HOST = Unfetched(PhotoStatus.UNREACHABLE, "no such host")


def limited(retry_after_s: float | None = None) -> Unfetched:
    return Unfetched(PhotoStatus.RATE_LIMITED, "HTTP 429", retry_after_s)


def schedule(hosts: dict[str, int], **settings: float) -> Schedule:
    lanes = ((host, iter([f"{host}/{n}" for n in range(count)])) for host, count in hosts.items())
    return Schedule(lanes, PhotosSection(**{"backoff_s": 1.0, **settings}), random.Random(1))


def take_all(plan: Schedule, now: float = 0.0) -> list[Turn]:
    """Every turn there is at this moment."""
    turns = []
    while isinstance(turn := plan.take(now), Turn):
        turns.append(turn)
    return turns


def run_through(plan: Schedule, outcome: Unfetched | None = None, until: float = 1e6) -> tuple[list[str], float]:
    """Take turns one at a time, each with this outcome, until all is done. Returns the addresses asked for and when."""
    now, asked = 0.0, []
    while (turn := plan.take(now)) is not None:
        assert now < until
        if isinstance(turn, float):
            assert turn > 0
            assert math.isfinite(turn)
            now += turn
            continue
        asked.append(turn.address)
        if turn.given_up:
            plan.skipped(turn)
        elif outcome:
            plan.failed(turn, outcome, now)
        else:
            plan.succeeded(turn)
    return asked, now


def test_hosts_take_turns_and_each_has_its_limit():
    plan = schedule({"a": 9, "b": 9, "c": 1}, host_concurrency=2)
    turns = take_all(plan)
    assert [turn.address for turn in turns] == ["a/0", "b/0", "c/0", "a/1", "b/1"]
    assert plan.take(0.0) == math.inf
    plan.succeeded(turns[0])
    assert [turn.address for turn in take_all(plan)] == ["a/2"]


def test_every_address_has_its_turn_once_and_then_all_is_done():
    asked, _ = run_through(schedule({f"host {n}": n % 7 + 1 for n in range(200)}))
    assert Counter(asked) == Counter(f"host {n}/{i}" for n in range(200) for i in range(n % 7 + 1))


def test_requests_to_a_host_keep_their_distance():
    plan = schedule({"a": 3, "b": 1}, host_interval_s=0.5)
    assert len(take_all(plan, now=10.0)) == 2
    assert plan.take(10.1) == pytest.approx(0.4)
    assert len(take_all(plan, now=10.5)) == 1


def test_a_failure_that_may_pass_comes_again_later_each_time_and_then_no_more():
    plan = schedule({"a": 1}, attempts=4)
    turn, now, waits = plan.take(0.0), 0.0, []
    while plan.failed(turn, BUSY, now):
        waits.append(plan.take(now))
        now += waits[-1]
        turn = plan.take(now)
    assert turn.attempts == 4
    assert len(waits) == 3
    for wait, longest in zip(waits, (1, 2, 4), strict=True):
        assert longest / 2 <= wait <= longest
    assert plan.take(now) is None


def test_a_failure_for_good_does_not_come_again():
    plan = schedule({"a": 1})
    assert not plan.failed(plan.take(0.0), GONE, 0.0)
    assert plan.take(0.0) is None


def test_waits_double_up_to_the_longest():
    settings = PhotosSection(backoff_s=1.0, longest_wait_s=10.0)
    rng = random.Random(1)
    for attempts, longest in ((1, 1), (2, 2), (4, 8), (5, 10), (2000, 10)):
        assert all(longest / 2 <= backoff_s(attempts, settings, rng) <= longest for _ in range(50))


def test_the_whole_host_is_left_alone_for_as_long_as_it_asks():
    plan = schedule({"a": 3, "b": 2}, host_concurrency=1)
    first, other = take_all(plan)
    assert plan.failed(first, limited(retry_after_s=30.0), 0.0)
    plan.succeeded(other)
    assert [turn.address for turn in take_all(plan, 29.0)] == ["b/1"]
    assert plan.take(29.0) == pytest.approx(1.0)
    assert plan.take(30.0).address == "a/0"


def test_a_server_that_asks_for_more_than_the_longest_wait_is_not_waited_for():
    plan = schedule({"a": 2}, longest_wait_s=60.0, host_concurrency=1)
    assert not plan.failed(plan.take(0.0), limited(retry_after_s=3600.0), 0.0)
    assert plan.take(0.0).address == "a/1"


def test_a_host_that_limits_gets_fewer_at_a_time_and_more_again_when_it_is_well():
    plan = schedule({"a": 2000}, host_concurrency=8)
    turns = take_all(plan)
    assert len(turns) == 8
    plan.failed(turns.pop(), limited(), 0.0)
    plan.failed(turns.pop(), limited(), 0.0)
    for turn in turns:
        plan.succeeded(turn)
    turns = take_all(plan)
    assert len(turns) == 2
    for _ in range(60):
        for turn in turns:
            plan.succeeded(turn)
        turns = take_all(plan)
    assert len(turns) == 8


def test_a_dead_host_is_given_up_and_does_not_hold_up_the_others():
    plan = schedule({"dead": 5000, "well": 40}, attempts=2)
    now, outcomes, asked = 0.0, Counter(), 0
    while (turn := plan.take(now)) is not None:
        if isinstance(turn, float):
            now += turn
        elif turn.given_up:
            assert turn.given_up.status is PhotoStatus.UNREACHABLE
            assert "dead was given up" in turn.given_up.detail
            outcomes["given up"] += 1
            plan.skipped(turn)
        elif turn.lane.host.name == "dead":
            asked += 1
            outcomes["failed"] += not plan.failed(turn, NO_HOST, now)
        else:
            outcomes["well"] += 1
            plan.succeeded(turn)
    assert outcomes["well"] == 40
    assert outcomes["failed"] + outcomes["given up"] == 5000
    assert asked < 100
    assert now < 60


def test_a_host_that_answers_now_and_then_is_never_given_up():
    plan = schedule({"a": 100}, attempts=1, host_concurrency=1)
    for number in range(100):
        turn = plan.take(0.0)
        assert not turn.given_up
        if number % 10 == 9:
            plan.failed(turn, GONE, 0.0)  # an answer, too
        else:
            plan.failed(turn, NO_HOST, 0.0)
    assert plan.take(0.0) is None


def test_few_addresses_are_held_however_many_there_are():
    drawn = Counter()

    def endless(host: str) -> Iterator[str]:
        while True:
            drawn[host] += 1
            yield f"{host}/{drawn[host]}"

    def hosts() -> Iterator[tuple[str, Iterator[str]]]:
        for number in range(10**9):
            yield f"host {number}", endless(f"host {number}")

    plan = Schedule(hosts(), PhotosSection(), random.Random(1))
    now = 0.0
    for _ in range(1500):  # everything fails, so everything is to come again
        turn = plan.take(now)
        if isinstance(turn, Turn):
            plan.failed(turn, BUSY, now)
        else:
            now += turn
    assert len(drawn) <= 64
    assert max(drawn.values()) < 200
    assert len(plan.hosts) <= 64
