"""Seasons are found where a year or more shows them, help there, and do no harm where there are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.matching import Catalogue, PlanRecommender, backtest
from cxlib.matching.history import read_history
from cxlib.matching.months import month_number
from cxlib.matching.pasts import offset_of
from cxlib.matching.seasons import seasons_at

PLANS = pd.DataFrame(
    {
        "plan_id": ["small", "middle", "large"],
        "monthly_fee": [10.0, 18.0, 30.0],
        "included_kwh": [100.0, 200.0, 1000.0],
        "overage_price_kwh": [0.5, 0.25, 0.1],
    }
)
WINTER = np.array([2.0, 1.8, 1.3, 0.9, 0.7, 0.6, 0.5, 0.5, 0.7, 1.0, 1.5, 1.9])
"""January to December."""


def company(
    *, months: int, season: np.ndarray, growth: float = 0.0, customers: int = 150, seed: int = 0
) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    calendar = pd.date_range("2023-01-01", periods=months, freq="MS")
    course = season[calendar.month - 1] * np.exp(growth * np.arange(months))
    used = random.lognormal(4.9, 0.5, customers)[:, None] * course * random.lognormal(0, 0.15, (customers, months))
    return pd.DataFrame(
        {
            "customer_id": np.repeat([f"c{each:03d}" for each in range(customers)], months),
            "month": np.tile(calendar, customers),
            "plan_id": np.repeat(random.choice(PLANS["plan_id"], customers), months),
            "kwh": used.round(1).ravel(),
        }
    )


def factors(usage: pd.DataFrame, origin: str, *, drop_first_month: bool = True) -> np.ndarray:
    history = read_history(usage, Catalogue(PLANS), drop_first_month=drop_first_month)
    month = month_number(origin)
    return seasons_at(month, history, offset_of(history.used[history.month <= month]))[:, 0]


def regret(usage: pd.DataFrame, *, seasonal: bool) -> float:
    rows = backtest(PlanRecommender(PLANS, seasonal=seasonal), usage)
    return float(rows.loc[rows["month"] >= "2024-02-01", "regret_recommended"].mean())


def test_two_years_show_the_season_and_leave_growth_alone():
    usage = company(months=25, season=WINTER, growth=0.02)
    found = factors(usage, "2025-01")
    # What is added before logarithms dampens the season, and two years count for two thirds.
    assert np.corrcoef(np.log(found), np.log(WINTER))[0, 1] > 0.99
    slope = np.polyfit(np.log(WINTER), np.log(found), 1)[0]
    assert 0.5 < slope < 2 / 3
    assert np.log(found).mean() == pytest.approx(0.0, abs=1e-9)


def test_one_year_counts_for_half():
    usage = company(months=13, season=WINTER)
    slope = np.polyfit(np.log(WINTER), np.log(factors(usage, "2024-01")), 1)[0]
    assert 0.35 < slope < 0.5


def test_less_than_a_year_says_nothing():
    usage = company(months=20, season=WINTER)
    assert (factors(usage, "2023-12") == 1).all()  # the first month is left out
    assert (factors(usage, "2023-12", drop_first_month=False) != 1).all()
    assert (factors(usage[usage["month"] != "2024-03-01"], "2024-08") == 1).all()  # a month that nobody has
    few = usage[usage["customer_id"] < "c020"]
    assert (factors(few, "2024-08") == 1).all()


def test_later_months_do_not_matter():
    usage = company(months=25, season=WINTER)
    past = usage[usage["month"] <= "2024-06-01"]
    np.testing.assert_array_equal(factors(usage, "2024-06"), factors(past, "2024-06"))


def test_no_season_is_found_where_there_is_none():
    found = factors(company(months=25, season=np.ones(12), growth=0.03), "2025-01")
    assert np.abs(np.log(found)).max() < 0.02


def test_it_helps_where_planted_and_does_no_harm_elsewhere():
    planted = company(months=30, season=WINTER, customers=80)
    assert regret(planted, seasonal=True) < 0.8 * regret(planted, seasonal=False)
    plain = company(months=30, season=np.ones(12), customers=80)
    assert regret(plain, seasonal=True) <= regret(plain, seasonal=False) + 0.05
