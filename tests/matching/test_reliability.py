"""What a back-test adds up to: by hand, against a plain calculation, and the same in parts as in all."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.matching.clusters import clustered_mean
from cxlib.matching.reliability import BINS, backtest_by, calibration, reliability_curve, summarise_backtest
from cxlib.matching.rules import RULES


def judged(n: int, seed: int = 0, customers: int = 30) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in random.integers(0, customers, n)],
            "month": pd.to_datetime("2025-01-01") + pd.to_timedelta(31 * random.integers(0, 4, n), "D"),
            "tier": pd.Series(random.choice(["x", "y"], n)).where(random.random(n) > 0.2),
            "direction": pd.Series(random.choice(["under_provisioned", "over_provisioned"], n)),
            "p_other": random.random(n),
            "saved_other": random.normal(0, 5, n).round(2),
            "difference": random.normal(0, 5, n).round(2),
            "covered": random.random(n) < 0.7,
        }
    )
    rows["strong"] = rows["p_other"] >= 0.8
    for rule in RULES:
        rows[f"regret_{rule}"] = np.maximum(0, random.normal(2, 4, n)).round(2)
    rows.loc[rows.index % 7 == 0, ["p_other", "saved_other", "difference"]] = np.nan
    return rows


def test_a_summary_by_hand():
    rows = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b"],
            "difference": [8.0, -2.0, math.nan],
            "covered": [True, False, False],
            "strong": [True, True, False],
        }
    )
    for rule in RULES:
        rows[f"regret_{rule}"] = [8.0, 0.0, 4.0]
    rows["regret_recommended"] = [0.0, 3.0, 4.0]
    summary = summarise_backtest(rows).set_index("rule")
    ours, stay = summary.loc["recommended"], summary.loc["stay"]
    assert ours[["saved", "mean_saved", "saved_share"]].tolist() == [5.0, 5 / 3, 5 / 12]
    assert (ours["coverage"], ours["strong"], ours["strong_customers"]) == (0.5, 2, 1)
    assert (ours["strong_precision"], ours["strong_saved"]) == (0.5, 5.0)
    assert (stay["difference"], stay["hit_rate"]) == (pytest.approx(-5 / 3), pytest.approx(1 / 3))
    # Differences -8, 3, 0: around their mean -5/3 the customers sum up to -5/3 and 5/3.
    error = math.sqrt(2 * 2 * 25 / 9) / 3
    assert stay["difference_high"] - stay["difference"] == pytest.approx(12.7062 * error, rel=1e-4)
    assert ours[["difference", "difference_low", "difference_high"]].isna().all()
    assert summary.drop("recommended")[["coverage", "strong", "strong_precision"]].isna().all(axis=None)


def test_a_difference_is_that_of_the_same_cases():
    rows = judged(200)
    summary = summarise_backtest(rows).set_index("rule")
    for rule in RULES[:-1]:
        paired = clustered_mean(rows["regret_recommended"] - rows[f"regret_{rule}"], rows["customer_id"])
        found = summary.loc[rule, ["difference", "difference_low", "difference_high"]]
        assert tuple(found) == pytest.approx(paired[:3])
        assert found["difference"] == pytest.approx(
            summary.loc["recommended", "mean_regret"] - summary.loc[rule, "mean_regret"]
        )


@pytest.mark.parametrize("by", ["tier", "direction", "month"])
@pytest.mark.parametrize("rule", ["recommended", "mean_all"])
def test_the_parts_make_the_whole(by: str, rule: str):
    rows = judged(300)
    parts, whole = backtest_by(rows, by, rule=rule, min_group=1), summarise_backtest(rows).set_index("rule").loc[rule]
    n = parts["customer_origins"]
    assert n.sum() == len(rows)
    assert parts["saved"].sum() == pytest.approx(whole["saved"])
    assert (parts["mean_regret"] * n).sum() == pytest.approx(whole["mean_regret"] * len(rows))
    assert (parts["hit_rate"] * n).sum() == pytest.approx(whole["hit_rate"] * len(rows))
    if rule == "recommended":
        assert parts["strong"].sum() == whole["strong"]
        assert parts["strong_saved"].sum() == pytest.approx(whole["strong_saved"])
    if by == "tier":
        assert parts[by].tolist()[:2] == ["x", "y"]
        assert parts[by].isna().tolist() == [False, False, True]


def test_few_customers_are_counted_and_not_judged():
    rows = judged(60).assign(tier=["few"] * 20 + ["many"] * 40, strong=False)
    rows.loc[:19, "customer_id"] = [f"f{i % 9}" for i in range(20)]
    rows.loc[20:24, "strong"] = True
    found = backtest_by(rows, "tier", min_group=10).set_index("tier")
    few, many = found.loc["few"], found.loc["many"]
    assert few[["customers", "customer_origins", "enough"]].tolist() == [9, 20, False]
    assert few.drop(["customers", "customer_origins", "enough", "strong", "strong_customers"]).isna().all()
    assert many["enough"]
    assert math.isfinite(many["mean_regret"])
    assert many["strong"] == 5
    assert math.isnan(many["strong_precision"])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 120))
def test_the_curve_is_a_plain_count(seed: int, n: int):
    rows = judged(n, seed)
    found = reliability_curve(rows, min_group=3)
    known = [(p, s, c) for p, s, c in zip(rows["p_other"], rows["saved_other"], rows["customer_id"], strict=True)]
    known = [each for each in known if not math.isnan(each[0])]
    assert found["n"].sum() == len(known)
    for row, (low, high) in zip(found.itertuples(), itertools.pairwise(BINS), strict=True):
        here = [each for each in known if low <= each[0] < high or (high == 1 and each[0] == 1)]
        assert row.n == len(here)
        assert row.customers == len({c for _p, _s, c in here})
        if here:
            assert row.predicted == pytest.approx(sum(p for p, _s, _c in here) / len(here))
        if row.customers >= 3:
            assert row.observed == pytest.approx(sum(s > 0 for _p, s, _c in here) / len(here))
            assert row.observed_low <= row.observed <= row.observed_high
        else:
            assert math.isnan(row.observed)
            assert not row.enough


def test_a_sure_thing_stands_in_the_last_bin():
    rows = judged(3).assign(p_other=[1.0, 0.95, 0.0], saved_other=[1.0, 1.0, -1.0], customer_id=["a", "b", "c"])
    found = reliability_curve(rows, min_group=1)
    assert found["n"].tolist() == [1, *[0] * 9, 2]
    assert found["observed"].iloc[[0, -1]].tolist() == [0.0, 1.0]


def test_promises_beside_what_came():
    rows = judged(4).assign(p_other=[0.9, 0.5, 0.8, math.nan], saved_other=[3.0, -1.0, 0.0, math.nan])
    found = calibration(rows.assign(customer_id=["a", "b", "c", "d"]))
    assert (found["n"], found["customers"]) == (3, 3)
    assert found["predicted"] == pytest.approx(2.2 / 3)
    assert found["observed"] == pytest.approx(1 / 3)  # nothing saved is no saving
    assert found["gap"] == pytest.approx(1 / 3 - 2.2 / 3)
    assert found["gap_low"] < found["gap"] < found["gap_high"]


def test_probabilities_that_are_right_lie_on_the_slope():
    random = np.random.default_rng(11)
    p = random.random(20_000)
    rows = pd.DataFrame(
        {
            "customer_id": np.arange(20_000) // 2,
            "p_other": p,
            "saved_other": np.where(random.random(20_000) < p, 1.0, -1.0),
        }
    )
    found = reliability_curve(rows)
    held = (found["observed_low"] <= found["predicted"]) & (found["predicted"] <= found["observed_high"])
    assert held.sum() >= len(found) - 2
    gap = calibration(rows)
    assert gap["gap_low"] < 0 < gap["gap_high"]


def test_no_cases_have_no_figures():
    rows = judged(5).iloc[:0]
    assert summarise_backtest(rows)["customer_origins"].tolist() == [0] * len(RULES)
    assert summarise_backtest(rows)["mean_regret"].isna().all()
    assert backtest_by(rows, "tier").empty
    assert reliability_curve(rows)["n"].sum() == 0
    assert calibration(rows)["n"] == 0
