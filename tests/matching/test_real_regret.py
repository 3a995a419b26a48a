"""What the advice would have cost a real operator's customers: one model for both catalogues, whatever the seed."""

from __future__ import annotations

import pandas as pd
import pytest

from bench.companies import LADDER, TWO, megaline_usage, mobile_plans
from cxlib.matching import PlanRecommender, backtest, summarise_backtest
from cxlib.matching.clusters import clustered_share

SIMPLE = ["stay", "last_month", "mean_3", "mean_all", "flag"]


@pytest.fixture(scope="module")
def usage(real_data):
    return megaline_usage(real_data / "megaline")


def judged(usage, plans: list[tuple], seeds: range) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of all seeds, and what each rule comes to, averaged over seeds."""
    rows = [backtest(PlanRecommender(mobile_plans(plans), random_state=seed), usage) for seed in seeds]
    summaries = [summarise_backtest(each).set_index("rule").select_dtypes("number") for each in rows]
    return pd.concat(rows), sum(summaries) / len(summaries)


def check(usage, plans: list[tuple], seeds: range) -> None:
    rows, mean = judged(usage, plans, seeds)
    ours, simple = mean.loc["recommended"], mean.loc[SIMPLE, "mean_regret"].min()
    assert ours[["customer_origins", "customers"]].tolist() == [360, 139]
    assert ours["mean_regret"] <= 8.0
    assert ours["mean_regret"] <= simple + 0.5 if len(plans) == 2 else ours["mean_regret"] < simple
    assert 0.74 <= ours["coverage"] <= 0.86
    assert ours["strong_precision"] >= 0.93
    assert ours["strong_saved_share"] >= 0.55
    strong = rows[rows["strong"]]
    precise = clustered_share(strong["regret_recommended"] < strong["regret_stay"], strong["customer_id"].astype(str))
    assert 0.85 < precise.low < precise.value < precise.high <= 1.0


@pytest.mark.real_data
@pytest.mark.parametrize("plans", [TWO, LADDER], ids=["two plans", "seven plans"])
def test_regret_coverage_and_precision(usage, plans):
    check(usage, plans, range(2))


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("plans", [TWO, LADDER], ids=["two plans", "seven plans"])
def test_the_mean_of_ten_seeds(usage, plans):
    check(usage, plans, range(10))
