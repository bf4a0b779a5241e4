"""Intervals by resampling, against scipy's and against what must hold of any."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from imgrec.bootstrap import Resampling, estimate_of
from imgrec.figures import Estimate, Share


def test_the_interval_of_a_mean_is_that_of_scipy():
    values = np.random.default_rng(1).gamma(2, size=150)
    theirs = bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2))
    ours = Resampling(range(150), seed=0, resamples=20_000).mean(values)
    assert (ours.value, ours.count) == (pytest.approx(values.mean()), 150)
    spread = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.05 * spread)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.05 * spread)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    values = np.random.default_rng(1).normal(size=60)
    first, again, other = (Resampling(range(60), seed).mean(values) for seed in (5, 5, 6))
    assert first == again
    assert first.value == other.value
    assert first.low != other.low


def test_photos_of_one_group_are_drawn_together_so_that_copies_add_no_certainty():
    values = np.random.default_rng(1).normal(size=80)
    single = Resampling(range(80), 0).mean(values)
    copies = Resampling(np.repeat(np.arange(80), 9), 0).mean(np.repeat(values, 9))
    assert copies.value == pytest.approx(single.value)
    assert (copies.low, copies.high) == (pytest.approx(single.low), pytest.approx(single.high))
    alone = Resampling(range(720), 0).mean(np.repeat(values, 9))
    assert alone.high - alone.low < 0.5 * (copies.high - copies.low)


def test_groups_need_not_stand_side_by_side_and_may_be_named():
    sorted_ = Resampling(["a", "a", "b", "c", "c"], 0).mean([1, 0, 1, 0, 0])
    mixed = Resampling(["c", "a", "b", "c", "a"], 0).mean([0, 1, 1, 0, 0])
    assert mixed == sorted_


def test_a_difference_is_paired_so_that_what_both_share_cancels_out():
    rng = np.random.default_rng(1)
    baseline = rng.normal(0, 10, 200)
    better = baseline + rng.normal(1, 0.1, 200)
    resampling = Resampling(range(200), 0)
    paired = resampling.difference(better, baseline)
    assert paired.value == pytest.approx(1, abs=0.05)
    assert paired.high - paired.low < 0.1
    assert paired.differs
    assert resampling.mean(better).high - resampling.mean(better).low > 2
    assert not resampling.difference(baseline, baseline).differs


def test_a_ratio_is_of_sums_and_counts_those_that_have_a_bottom():
    ratio = Resampling(range(4), 0).ratio([1, 0, 3, 0], [2, 0, 4, 2])
    assert (ratio.value, ratio.count) == (0.5, 3)
    assert 0 <= ratio.low < 0.5 < ratio.high <= 1


def test_where_all_are_right_the_interval_is_wilsons_for_as_many_groups():
    resampling = Resampling([1, 1, 2, 3, 4], 0)
    low, high = Share(4, 4).interval
    assert resampling.share([True] * 5) == Estimate(1.0, low, high, 5)
    assert resampling.share([False] * 5).high == pytest.approx(Share(0, 4).interval[1])
    some = resampling.share([True, True, False, False, False], among=[True, True, True, False, False])
    assert (some.value, some.count) == (pytest.approx(2 / 3), 3)


def test_a_figure_of_nothing_is_unknown():
    nothing = Estimate(None, None, None, 0)
    empty = Resampling([], 0)
    assert empty.mean([]) == empty.share([]) == empty.ratio([], []) == nothing
    assert Resampling([1, 2], 0).ratio([0, 0], [0, 0]) == nothing
    assert not nothing.differs
    assert str(nothing) == "unknown"
    assert nothing.as_json() == {"value": None, "low": None, "high": None, "count": 0}


def test_resamples_without_anything_to_take_a_figure_of_are_left_out():
    assert estimate_of(0.5, np.array([0.4, np.nan, 0.6]), 2) == Estimate(0.5, 0.405, 0.595, 2)
