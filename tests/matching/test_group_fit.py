"""Groups beside all others: counts by hand, tests by statsmodels, too few said as such."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from cxlib.matching import group_fit

SIZES = {"T1": (40, 20), "T2": (100, 20), "T3": (60, 13), None: (9, 3)}
"""Customers and flagged customers by tier."""


def people():
    rows = []
    for tier, (n, flagged) in SIZES.items():
        for i in range(n):
            saving = 5.0 + i if i < flagged else 0.0
            rows.append((f"{tier}-{i:03}", tier, "flagged" if i < flagged else "fits", saving))
    rows += [(f"short-{i}", "T1", "short", 0.0) for i in range(7)]
    frame = pd.DataFrame(rows, columns=["customer_id", "tier", "state", "saving"])
    return frame[["customer_id", "state", "saving"]], frame[["customer_id", "tier"]]


@pytest.fixture(scope="module")
def table():
    fit, customers = people()
    return group_fit(fit, customers=customers, by="tier")


def rows_of(table, measure):
    return table[table["measure"] == measure].set_index("group")


def test_flag_rates_by_hand(table):
    rates = rows_of(table, "flag_rate")
    assert rates["n"].to_dict() == {"T1": 40, "T2": 100, "T3": 60, np.nan: 9}
    one = rates.loc["T1"]
    assert (one["value"], one["rest_n"], one["rest"]) == (0.5, 169, 36 / 169)
    assert (one["low"], one["high"]) == pytest.approx(proportion_confint(20, 40, method="wilson"))
    gap = confint_proportions_2indep(20, 40, 36, 169, method="newcomb", compare="diff")
    assert (one["difference_low"], one["difference_high"]) == pytest.approx(gap)
    known = rates["p_value"].dropna()
    assert rates["p_holm"].dropna().tolist() == pytest.approx(multipletests(known, method="holm")[1].tolist())
    assert rates["verdict"].to_list() == ["more", "cannot_tell", "cannot_tell", "too_few"]


def test_too_few_are_counted_and_nothing_else(table):
    few = table[table["group"].isna()]
    assert few["n"].tolist() == [9, 9]
    assert few[["value", "low", "high", "difference", "p_value", "p_holm"]].isna().all(axis=None)
    assert set(few["verdict"]) == {"too_few"}


def test_savings_by_hand(table):
    savings = rows_of(table, "saving")
    amounts = {tier: np.array([5.0 + i if i < k else 0.0 for i in range(n)]) for tier, (n, k) in SIZES.items()}
    rest = np.concatenate([amounts[tier] for tier in (None, "T1", "T3")])
    two = savings.loc["T2"]
    assert two["value"] == amounts["T2"].mean()
    assert two["rest"] == pytest.approx(rest.mean())
    compared = CompareMeans(DescrStatsW(amounts["T2"]), DescrStatsW(rest))
    assert (two["difference_low"], two["difference_high"]) == pytest.approx(compared.tconfint_diff(usevar="unequal"))
    assert two["p_value"] == pytest.approx(compared.ttest_ind(usevar="unequal")[1])


def test_two_groups_are_one_comparison():
    fit, customers = people()
    both = group_fit(
        fit, customers=customers.assign(need=np.where(customers["tier"] == "T1", "senior", None)), by="need"
    )
    for _, part in both.groupby("measure"):
        assert part["p_holm"].tolist() == part["p_value"].tolist()
        assert part["difference"].iloc[0] == pytest.approx(-part["difference"].iloc[1])
    assert set(both[both["measure"] == "flag_rate"]["verdict"]) == {"more", "less"}


def test_coverage_counts_customers_not_rows():
    fit, customers = people()
    rng = np.random.default_rng(5)
    ids = customers["customer_id"].to_numpy()[:200]
    held = rng.random(200) < 0.8
    rows = pd.DataFrame({"customer_id": np.repeat(ids, 4), "covered": np.repeat(held, 4), "difference": 1.0})
    rows.loc[0, "difference"] = np.nan
    found = group_fit(fit, customers=customers, by="tier", backtest=rows)
    cover = rows_of(found, "coverage")
    one = cover.loc["T1"]
    assert (one["n"], one["n_rows"]) == (40, 159)
    width = {k: proportion_confint(n * held[:40].mean(), n, method="wilson") for k, n in (("few", 40), ("all", 159))}
    spread = one["high"] - one["low"]
    assert spread > 1.5 * (width["all"][1] - width["all"][0])
    assert spread == pytest.approx(width["few"][1] - width["few"][0], rel=0.05)


def test_nobody_at_all():
    fit, customers = people()
    assert group_fit(fit.head(0), customers=customers).empty
    unknown = group_fit(fit, customers=None)
    assert unknown["group"].isna().all()
    assert set(unknown["verdict"]) == {"cannot_tell"}
