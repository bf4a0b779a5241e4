"""What was asked in a span of days, as the shop's owner sees it."""

from datetime import UTC, datetime, timedelta

from log_helpers import ask

from imgrec.log.activity import read_activity
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.log.writer import LoggedTimes


def utc(days_ago: int) -> str:
    """Noon of a day, as this machine counts days."""
    noon = datetime.now().astimezone().replace(hour=12, minute=0) - timedelta(days=days_ago)
    return noon.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_queries_are_counted_by_day_and_outcome_and_pages_are_no_queries(log, path, answer):
    today = datetime.now().astimezone().date()
    for days_ago, outcome in ((0, Outcome.ANSWERED), (0, Outcome.BUSY), (1, Outcome.NOTHING_SIMILAR), (9, "answered")):
        await ask(log, 1, 1, asked_utc=utc(days_ago), outcome=outcome, answer=answer, language="de")
    await ask(log, 1, 1, asked_utc=utc(0), kind=KindOfQuery.MORE, parent=1)
    await log.vote(1, 0, 1, 1, 1)
    await log.vote(1, 2, 1, 1, -1)
    week = read_activity(path, today, 7)
    assert [(day.answered, day.nothing_similar, day.failed) for day in week.days] == [(0, 0, 0)] * 5 + [
        (0, 1, 0), (1, 0, 1),
    ]  # fmt: skip
    assert (week.queries, week.answered, week.nothing_similar) == (3, 1, 1)
    assert (week.votes_for, week.votes_against) == (1, 1)
    assert (week.categories, week.languages) == ((("Balls", 3),), (("de", 3),))
    assert read_activity(path, today, 1).queries == 2


async def test_times_are_the_median_and_what_nineteen_of_twenty_stay_below(log, path):
    for number in range(101):
        await ask(log, 1, 1, asked_utc=utc(0), times=LoggedTimes(total_ms=float(number)))
    activity = read_activity(path, datetime.now().astimezone().date(), 1)
    assert (activity.median_ms, activity.slow_ms) == (50, 95)


async def test_a_log_of_nobody_has_days_without_anything(log, path):
    activity = read_activity(path, datetime.now().astimezone().date(), 3)
    assert [day.queries for day in activity.days] == [0, 0, 0]
    assert (activity.median_ms, activity.categories) == (None, ())
