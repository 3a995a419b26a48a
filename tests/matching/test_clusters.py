"""Intervals of means and shares where rows of one customer resemble each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cxlib.matching.clusters import clustered_mean, clustered_share

ROWS = st.lists(st.tuples(st.integers(-50, 50), st.sampled_from("abcdefg")), min_size=1, max_size=40)


def test_a_mean_by_hand():
    # Mean 4; sums over customers around it: a (1 + 3) - 8 = -4, b 8 - 4 = 4. Error sqrt(2 / 1 * 32) / 3 = 8 / 3.
    found = clustered_mean([1, 3, 8], ["a", "a", "b"])
    assert found[0] == 4
    assert found.high - 4 == pytest.approx(stats.t.ppf(0.975, 1) * 8 / 3)
    assert (found.n, found.clusters) == (3, 2)


def test_with_one_row_each_it_is_the_usual_interval():
    values = np.array([3.0, 9.0, 4.0, 4.5, 7.0])
    found = clustered_mean(values, range(5))
    usual = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(usual)


@pytest.mark.parametrize(("hits", "n"), [(1, 12), (6, 12), (11, 12), (0, 12), (12, 12)])
def test_a_share_of_independent_rows_has_the_exact_interval(hits: int, n: int):
    found = clustered_share(np.arange(n) < hits, range(n))
    exact = stats.binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_who_comes_again_is_no_new_evidence():
    hits, whose = np.arange(20) < 15, np.arange(20)
    once = clustered_share(hits, whose)
    again = clustered_share(np.tile(hits, 50), np.tile(whose, 50))
    assert again.n == 1000
    assert (again.low, again.high) == pytest.approx((once.low, once.high), abs=0.03)
    mean, repeated = clustered_mean(hits, whose), clustered_mean(np.tile(hits, 50), np.tile(whose, 50))
    assert (repeated.low, repeated.high) == pytest.approx((mean.low, mean.high))


def test_where_all_agree_the_customers_count():
    # 0.025 ** (1 / 8): eight customers who always hit, whatever the number of rows.
    found = clustered_share([True] * 80, [f"c{i % 8}" for i in range(80)])
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 8))


@given(ROWS)
def test_an_interval_holds_its_value(rows: list[tuple[int, str]]):
    values, whose = zip(*rows, strict=True)
    mean = clustered_mean(values, whose)
    share = clustered_share([v > 0 for v in values], whose)
    if len(set(whose)) < 2:
        assert np.isnan([mean.low, mean.high, share.low, share.high]).all()
    else:
        assert mean.low <= mean.value <= mean.high
        assert 0 <= share.low <= share.value <= share.high <= 1
        assert share.low < share.high


def test_nothing_has_no_mean():
    for found in (clustered_mean([], []), clustered_share([], [])):
        assert np.isnan(found.value)
        assert (found.n, found.clusters) == (0, 0)


def test_the_intervals_hold_as_often_as_they_say():
    random = np.random.default_rng(3)
    held = {"mean": 0, "share": 0}
    for _trial in range(500):
        customers = random.beta(2, 1, 60)
        whose = np.repeat(np.arange(60), random.integers(1, 7, 60))
        hits = random.random(len(whose)) < customers[whose]
        # The share over rows of customers whose number of rows says nothing about them is 2 / 3.
        for name, found in (("mean", clustered_mean(hits, whose)), ("share", clustered_share(hits, whose))):
            held[name] += found.low <= 2 / 3 <= found.high
    assert 0.92 <= held["mean"] / 500 <= 0.98
    assert 0.93 <= held["share"] / 500 <= 0.99
