"""Intervals and tests against statsmodels and scipy, and against figures worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, test_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from cxlib.engine.intervals import effective_number, holm, mean_of, newcombe, welch, wilson

test_proportions_2indep.__test__ = False  # not one of ours
COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(COUNTS)
def test_wilson_is_the_score_interval(counts):
    k, n = counts
    low, high = proportion_confint(k, n, method="wilson")
    found = wilson(k / n, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    assert found.low <= found.value <= found.high


@settings(deadline=None)
@given(COUNTS, COUNTS)
def test_newcombe_is_the_hybrid_of_two_score_intervals(one, two):
    low, high = confint_proportions_2indep(*one, *two, method="newcomb", compare="diff")
    found = newcombe(one[0] / one[1], one[1], two[0] / two[1], two[1])
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    both = (one[0] + two[0]) / (one[1] + two[1])
    if 0 < both < 1:
        table = [[one[0], one[1] - one[0]], [two[0], two[1] - two[0]]]
        assert found.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, abs=1e-9)
    else:
        assert found.p_value == 1.0


def test_newcombe_gives_the_published_example():
    """Newcombe (1998), table II, example (a): 56/70 against 48/80."""
    found = newcombe(56 / 70, 70, 48 / 80, 80)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


@settings(deadline=None)
@given(
    st.lists(st.integers(-1000, 1000), min_size=2, max_size=30),
    st.lists(st.integers(-1000, 1000), min_size=2, max_size=30),
)
def test_means_have_t_intervals(one, two):
    a, b = np.array(one, dtype=float), np.array(two, dtype=float)
    found = mean_of(a)
    assert (found.low, found.high) == pytest.approx(DescrStatsW(a).tconfint_mean(), rel=1e-9, abs=1e-9)
    gap = welch(a, b)
    if a.var() + b.var() > 0:
        compared = CompareMeans(DescrStatsW(a), DescrStatsW(b))
        low, high = compared.tconfint_diff(usevar="unequal")
        assert (gap.low, gap.high) == pytest.approx((low, high), rel=1e-6, abs=1e-6)
        assert gap.p_value == pytest.approx(compared.ttest_ind(usevar="unequal")[1], abs=1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=8), st.integers(0, 3))
def test_holm_corrects_what_is_known(p_values, missing):
    given_ = [*p_values, *[math.nan] * missing]
    found = holm(given_)
    assert np.isnan(found[len(p_values) :]).all()
    if p_values:
        assert found[: len(p_values)] == pytest.approx(multipletests(p_values, method="holm")[1])


def test_clusters_tell_less_than_their_rows():
    """Ten customers with four equal rows each are worth about ten rows; rows by themselves are worth all of them."""
    hits = np.repeat([1, 0, 1, 1, 0, 1, 0, 1, 1, 1], 4)
    share, n = 0.7, 10
    naive = share * (1 - share) / (n / (n - 1) * sum((4 * (h - share)) ** 2 for h in hits[::4]) / 40**2)
    assert effective_number(hits, np.repeat(np.arange(10), 4)) == pytest.approx(naive) == pytest.approx(9.0)
    assert effective_number(hits, np.arange(40)) == pytest.approx(39)
    assert effective_number(np.ones(12), np.repeat([0, 1, 2], 4)) == 3
    assert effective_number(np.zeros(0), np.zeros(0, dtype=int)) == 0


def test_nothing_comes_of_nothing():
    assert np.isnan(wilson(0.5, 0)).all()
    assert np.isnan(newcombe(0.5, 10, 0.5, 0)).all()
    assert np.isnan(mean_of(np.zeros(0))).all()
    assert mean_of(np.array([3.0])).value == 3
    assert np.isnan(mean_of(np.array([3.0])).low)
    assert np.isnan(welch(np.array([1.0]), np.array([1.0, 2.0]))).all()
    assert welch(np.zeros(3), np.zeros(3)).p_value == 1
    assert welch(np.zeros(3), np.ones(3)).p_value == 0
