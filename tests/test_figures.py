"""Shares with Wilson intervals, estimates, and percentiles, against values worked out by hand."""

import pytest

from imgrec.figures import Estimate, Share, counted, percentiles


def test_the_interval_is_that_of_wilson():
    # Centre (0.8 + z²/20) / (1 + z²/10), half-width z·sqrt(0.8·0.2/10 + z²/400) / (1 + z²/10), z = 1.95996
    assert Share(8, 10).interval == pytest.approx((0.49016, 0.94332), abs=1e-5)
    assert Share(0, 10).interval == pytest.approx((0, 0.27753), abs=1e-5)
    assert Share(10, 10).interval == pytest.approx((0.72247, 1), abs=1e-5)


def test_a_share_is_of_cases_that_hit_and_one_of_nothing_is_none():
    assert Share(0, 0).as_json() == {"hits": 0, "count": 0, "share": None, "low": None, "high": None}
    assert str(Share(0, 0)) == "none yet"
    assert str(Share(8, 10)) == "80.0% (8 of 10; 95 % interval 49.0% to 94.3%)"
    assert (Share.of([]), Share.of([True, False, True])) == (Share(0, 0), Share(2, 3))


def test_an_estimate_is_written_with_its_interval_and_one_of_nothing_is_unknown():
    assert str(Estimate(0.8376, 0.8081, 0.8666, 600)) == "83.8% (80.8% to 86.7%)"
    assert str(Estimate(None, None, None, 0)) == "unknown"


def test_one_is_counted_in_the_singular():
    assert [counted(count, "vote") for count in (0, 1, 2000)] == ["0 votes", "1 vote", "2,000 votes"]
    assert [counted(count, "query", "queries") for count in (1, 2)] == ["1 query", "2 queries"]


def test_percentiles_are_those_of_the_values_whatever_their_order():
    values = [float(value) for value in range(100, -1, -1)]
    assert percentiles(values) == {"p50": 50, "p90": 90, "p95": 95, "p99": 99}
    assert percentiles([3.14159], [50]) == {"p50": 3.1}
    assert percentiles([]) == {"p50": None, "p90": None, "p95": None, "p99": None}
