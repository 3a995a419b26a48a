"""Intervals by whole days: which method when, what they cover, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cxlib.fairness.intervals import LEAST_DAYS, REASONS, Statistic, day_intervals
from cxlib.fairness.statistics import DIFFERENCE, LOG_RATIO, RATIO, STANDARDISED, STANDARDISED_LOG_RATIO


def random_days(days, estimates, *, seed=0, wait=60.0):
    """Sums of waits and contacts: days differ in how busy and how slow they are."""
    chance = np.random.default_rng(seed)
    n = chance.poisson(50 * np.exp(0.3 * chance.standard_normal((days, estimates)))) + 1
    slow = np.exp(0.3 * chance.standard_normal((days, estimates)) - 0.045)
    return np.stack([np.rint(n * wait * slow), n], axis=-1).astype(np.float64)


@pytest.mark.parametrize(
    ("days", "method", "reason"),
    [(1, "none", "too_few_days"), (6, "none", "too_few_days"), (7, "jackknife", ""), (27, "jackknife", ""),
     (28, "bootstrap", ""), (90, "bootstrap", "")],
)  # fmt: skip
def test_the_method_goes_by_the_days(days, method, reason):
    found = day_intervals(random_days(days, 2), RATIO)
    assert list(found.method) == [method] * 2
    assert list(found.reason) == [reason] * 2
    assert list(found.n_days) == [days] * 2
    assert np.isnan(found.low).all() == np.isnan(found.high).all() == (method == "none")
    assert np.isfinite(found.estimate).all()
    assert np.isnan(found.p_value(1.0)).all() == (method == "none")


def test_days_without_a_contact_of_the_group_are_no_days():
    sums = random_days(40, 1)
    sums[6:] = 0
    assert list(day_intervals(sums, RATIO).reason) == ["too_few_days"]
    assert day_intervals(sums, RATIO, n_days=LEAST_DAYS).method.item() == "jackknife"


def test_the_jackknife_of_a_mean_of_equal_days_is_the_t_interval_of_their_means():
    means = np.array([50, 52, 47, 60, 55, 49, 53, 58], dtype=np.float64)
    found = day_intervals(np.stack([100 * means, np.full(8, 100)], axis=-1)[:, None], RATIO)
    low, high = stats.t.interval(0.95, 7, loc=means.mean(), scale=stats.sem(means))
    assert (found.low.item(), found.high.item()) == pytest.approx((low, high), rel=1e-12)
    assert found.p_value(50.0).item() == pytest.approx(stats.ttest_1samp(means, 50).pvalue, rel=1e-12)


def test_a_naive_bootstrap_t_gives_the_same_interval():
    sums = random_days(30, 1)
    found = day_intervals(sums, Statistic(RATIO.value), draws=199, seed=7)
    chance = np.random.default_rng(7)
    ratio = lambda part: part[:, 0].sum() / part[:, 1].sum()  # noqa: E731
    error = lambda part: np.sqrt(  # noqa: E731
        29 / 30 * sum((ratio(np.delete(part, d, axis=0)) - ratio(part)) ** 2 for d in range(30))
    )
    days = sums[:, 0]
    studentised = []
    for times in chance.multinomial(30, np.full(30, 1 / 30), size=199):
        drawn = days[np.repeat(np.arange(30), times)]
        studentised.append((ratio(drawn) - ratio(days)) / error(drawn))
    tails = np.quantile(studentised, [0.975, 0.025])
    assert [found.low.item(), found.high.item()] == pytest.approx(list(ratio(days) - tails * error(days)), rel=1e-9)


@pytest.mark.parametrize(
    ("statistic", "k"),
    [(RATIO, 2), (DIFFERENCE, 4), (LOG_RATIO, 4), (STANDARDISED, 20), (STANDARDISED_LOG_RATIO, 20)],
)
def test_slopes_are_those_of_the_values(statistic, k):
    sums = np.random.default_rng(k).uniform(1, 5, (8, k))
    slope = statistic.gradient(sums)
    for i in range(k):
        step = np.eye(k)[i] * 1e-6
        assert (statistic.value(sums + step) - statistic.value(sums - step)) / 2e-6 == pytest.approx(
            slope[:, i], abs=1e-7
        )


@pytest.mark.parametrize("statistic", [RATIO, STANDARDISED])
def test_slopes_and_leaving_out_days_give_nearly_the_same(statistic):
    chance = np.random.default_rng(5)
    n = chance.integers(20, 60, (60, 1, 10))
    sums = random_days(60, 4) if statistic is RATIO else np.concatenate(
        [(n * chance.uniform(50, 70, n.shape)), n, n * chance.uniform(40, 60, n.shape), n], axis=2
    )  # fmt: skip
    by_slope, by_day = day_intervals(sums, statistic), day_intervals(sums, Statistic(statistic.value))
    width = by_day.high - by_day.low
    assert (np.abs(by_slope.low - by_day.low) / width).max() < 0.02
    assert (np.abs(by_slope.high - by_day.high) / width).max() < 0.02


def test_strata_with_one_side_alone_do_not_count():
    # strata: both sides (10 of the other at 30, 5 of the reference at 20), the other alone, the reference alone
    sums = np.array([300, 900, 0, 10, 9, 0, 100, 0, 40, 5, 0, 4], dtype=np.float64)
    assert STANDARDISED.value(sums) == 10
    assert np.exp(STANDARDISED_LOG_RATIO.value(sums)) == pytest.approx(1.5)
    assert np.isnan(STANDARDISED.value(np.array([1.0, 0, 2, 0, 0, 1, 0, 2])))


@pytest.mark.parametrize("days", [14, 40])
def test_intervals_cover_and_p_values_say_the_same(days):
    found = day_intervals(random_days(days, 600, seed=days), RATIO)
    covers = (found.low <= 60) & (found.high >= 60)
    assert 0.91 <= covers.mean() <= 0.98
    p = found.p_value(60) > 0.05
    assert p[covers].mean() > 0.995  # what the interval contains is not refused
    assert p[~covers].mean() < 0.5
    # naive intervals take contacts as independent and cover far less
    assert (found.high - found.low).mean() > 0.1 * 60 / np.sqrt(days)


def test_bounds_hold_and_what_does_not_vary_has_no_interval():
    sums = np.stack([np.arange(30) % 2, np.full(30, 2)], axis=-1)[:, None]
    shares = day_intervals(np.concatenate([sums, np.full((30, 1, 2), 5)], axis=1), RATIO, bounds=(0, 0.26))
    assert shares.high[0] == 0.26
    assert list(shares.reason) == ["", "no_variation"]
    assert shares.estimate[1] == 1
    assert np.isnan(shares.low[1])


def test_what_is_not_defined_is_missing():
    found = day_intervals(np.zeros((30, 2, 2)), RATIO)
    assert list(found.reason) == ["unknown"] * 2
    assert np.isnan(found.estimate).all()
    one_day = np.zeros((30, 1, 4))
    one_day[:, 0, :2] = 1, 2
    one_day[3, 0, 2:] = 1, 2
    assert day_intervals(one_day, DIFFERENCE).reason.item() == "too_few_days"  # one side is seen on one day only
    assert {*found.reason, "too_few_days", "no_variation"} <= set(REASONS)
    assert day_intervals(np.zeros((0, 2, 2)), RATIO).reason.tolist() == ["unknown"] * 2


def test_the_same_seed_gives_the_same_interval():
    sums = random_days(30, 3)
    first, again, other = (day_intervals(sums, RATIO, seed=seed) for seed in (1, 1, 2))
    assert (first.low == again.low).all()
    assert (first.low != other.low).any()
    alone = day_intervals(sums[:, :1], RATIO, seed=1)
    assert alone.low == pytest.approx(first.low[:1], rel=1e-12)
