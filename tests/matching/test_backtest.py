"""The back-test counts what a plain calculation counts, looks ahead nowhere, and judges the advice on real data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score

from bench.companies import LADDER, TWO, megaline_usage, mobile_plans
from cxlib.errors import CxError
from cxlib.matching.backtest_report import backtest_report
from cxlib.matching.backtesting import RULES, WalkForwardSplit, backtest, regret_score
from cxlib.matching.catalogue import Catalogue
from cxlib.matching.recommender import PlanRecommender
from cxlib.matching.reconcile import withheld
from cxlib.matching.reliability import backtest_by, summarise_backtest

PLANS = pd.DataFrame(
    {
        "plan_id": ["small", "middle", "large"],
        "monthly_fee": [10.0, 18.0, 30.0],
        "included_minutes": [100.0, 200.0, 1000.0],
        "overage_price_minutes": [0.5, 0.25, 0.1],
    }
)


def plain_bill(minutes: float, plan: str) -> float:
    fee, included, price = PLANS.set_index("plan_id").loc[plan]
    return fee + max(0.0, minutes - included) * price


def random_usage(*, customers: int = 40, months: int = 9, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    level = random.lognormal(4.9, 0.7, customers)
    rows = [
        (f"c{i:03d}", f"2025-{month + 1:02d}", plan, float(round(level[i] * random.lognormal(0, 0.4))))
        for i in range(customers)
        for plan in [random.choice(PLANS["plan_id"])]
        for month in range(months)
        if random.random() > 0.04
    ]
    return pd.DataFrame(rows, columns=["customer_id", "month", "plan_id", "minutes"])


def test_regret_by_hand():
    # Months after the first: 100, 100, 100 | 150, 150, 150. Three months later: small 105, middle 54, large 90.
    used = [70, 100, 100, 100, 150, 150, 150]
    usage = pd.DataFrame(
        {
            "customer_id": "x",
            "month": [f"2025-{at:02d}" for at in range(1, 8)],
            "plan_id": "large",
            "minutes": np.array(used, dtype=float),
        }
    )
    row = backtest(PlanRecommender(PLANS), usage).iloc[0]
    assert (row["month"], row["best_plan_id"], row["cost_held"], row["cost_best"]) == (
        pd.Timestamp("2025-04-01"),
        "middle",
        90.0,
        54.0,
    )
    assert row["regret_stay"] == 36.0
    assert (row["plan_mean_all"], row["plan_flag"], row["regret_last_month"]) == ("small", "small", 51.0)
    assert row["difference"] == 36.0
    assert (row["interval_low"], row["interval_high"], row["covered"]) == (
        60.0,
        60.0,
        False,
    )  # its own months: small 30


def test_simple_rules_against_a_plain_calculation():
    usage = random_usage()
    rows = backtest(PlanRecommender(PLANS), usage)
    found = {(row.customer_id, row.month.strftime("%Y-%m")): row for row in rows.itertuples()}
    names = list(PLANS["plan_id"])
    expected = 0
    for customer, own in usage.groupby("customer_id"):
        good = own.sort_values("month").iloc[1:]
        month = [int(each[-2:]) for each in good["month"]]
        cost = np.array([[plain_bill(used, plan) for plan in names] for used in good["minutes"]])
        held = names.index(own["plan_id"].iloc[0])
        for at in range(3, len(good) - 2):
            if month[at + 2] - month[at - 1] != 3:
                continue
            expected += 1
            row = found[customer, good["month"].iloc[at - 1]]
            paid, past = cost[at : at + 3].sum(axis=0), cost[:at]
            saved = past[-3:, [held]] - past[-3:]
            fits = (saved > 0).all(axis=0) & (month[at - 1] - month[at - 3] == 2)
            chosen = {
                "stay": held,
                "last_month": past[-1].argmin(),
                "mean_3": past[-3:].sum(axis=0).argmin(),
                "mean_all": past.sum(axis=0).argmin(),
                "flag": np.where(fits, saved.sum(axis=0), 0).argmax() if fits.any() else held,
            }
            for rule, plan in chosen.items():
                assert getattr(row, f"plan_{rule}") == names[plan]
                assert getattr(row, f"regret_{rule}") == pytest.approx(paid[plan] - paid.min())
            assert row.difference == pytest.approx(paid[held] - min(np.delete(paid, held)))
    assert len(rows) == expected > 50


def test_what_is_said_of_the_other_plan_is_paid_for():
    usage = random_usage()
    plans = PLANS.assign(exit_fee=[0.0, 7.0, 3.0], activation_fee=[5.0, 0.0, 1.5])
    rows = backtest(PlanRecommender(plans), usage)
    fees = plans.set_index("plan_id")
    used = {key: part.set_index("month")["minutes"] for key, part in usage.groupby("customer_id")}
    for row in rows.itertuples():
        after = [(row.month + pd.DateOffset(months=k)).strftime("%Y-%m") for k in (1, 2, 3)]
        paid = {
            plan: sum(plain_bill(used[row.customer_id][month], plan) for month in after)
            + (plan != row.plan_id) * (fees.loc[row.plan_id, "exit_fee"] + fees.loc[plan, "activation_fee"])
            for plan in fees.index
        }
        assert row.saved_other == pytest.approx(paid[row.plan_id] - paid[row.other_plan_id])
        assert row.regret_recommended == pytest.approx(paid[row.plan_recommended] - min(paid.values()))
        switched = row.plan_recommended != row.plan_id
        assert (row.plan_recommended == row.other_plan_id) == switched
        assert row.strong == (switched and row.p_other >= 0.95)
        assert np.isnan(row.p_saves) != switched
        if switched:
            higher = fees.loc[row.plan_recommended, "monthly_fee"] > fees.loc[row.plan_id, "monthly_fee"]
            assert row.direction == ("under_provisioned" if higher else "over_provisioned")
        else:
            assert pd.isna(row.direction)
    assert rows["p_other"].between(0, 1).all()
    assert set(rows["direction"].dropna()) == {"under_provisioned", "over_provisioned"}


def test_who_takes_a_plan_has_its_promotion_and_who_holds_it_not():
    usage = random_usage()
    plans = PLANS.assign(promo_months=[0, 0, 2], promo_fee=[np.nan, np.nan, 1.0])
    rows = backtest(PlanRecommender(plans), usage)
    used = {key: part.set_index("month")["minutes"] for key, part in usage.groupby("customer_id")}
    for row in rows.itertuples():
        after = [(row.month + pd.DateOffset(months=k)).strftime("%Y-%m") for k in (1, 2, 3)]
        paid = {
            plan: sum(plain_bill(used[row.customer_id][month], plan) for month in after)
            - (plan == "large" != row.plan_id) * 2 * (30 - 1)
            for plan in plans["plan_id"]
        }
        assert row.cost_held == pytest.approx(paid[row.plan_id])
        assert row.cost_best == pytest.approx(min(paid.values()))
    assert {"small", "middle", "large"} == set(rows["plan_id"])


def test_the_same_fee_is_sideways():
    plans = PLANS.assign(monthly_fee=10.0)
    rows = backtest(PlanRecommender(plans), random_usage())
    assert set(rows["direction"].dropna()) == {"sideways"}


def test_segments_come_with_the_cases():
    usage = random_usage()
    customers = pd.DataFrame({"customer_id": ["c001", "c000"], "tier": ["x", None], "region": ["north", "south"]})
    rows = backtest(PlanRecommender(PLANS), usage, customers=customers.assign(plan_id="small"))
    assert "need" not in rows
    assert set(rows.loc[rows["customer_id"] == "c001", "tier"]) == {"x"}
    assert rows.loc[rows["customer_id"] != "c001", "tier"].isna().all()
    assert set(rows.loc[rows["customer_id"] == "c000", "region"]) == {"south"}


def test_some_customers_are_judged_as_among_all():
    usage = random_usage()
    every, some = (backtest(PlanRecommender(PLANS), usage, max_customers=n) for n in (None, 10))
    assert some["customer_id"].nunique() == 10
    mine = every[every["customer_id"].isin(some["customer_id"])].reset_index(drop=True)
    paid = ["customer_id", "month", "cost_held", "cost_best", *(f"regret_{rule}" for rule in RULES[:-1])]
    pd.testing.assert_frame_equal(some[paid], mine[paid])
    late = mine["month"] >= "2025-06-01"  # from when enough changes of others are known not to draw from one's own
    assert late.any()
    pd.testing.assert_frame_equal(some[late], mine[late])


def test_a_plan_is_judged_only_from_when_it_is_sold_and_keeps_its_price():
    # From July on there is a plan that beats all others; in August it is sold no more and has no price.
    new = {"plan_id": "new", "monthly_fee": 1.0, "included_minutes": 1e4, "overage_price_minutes": 0.1}
    dates = {"valid_from": "2025-06-01", "valid_to": "2025-07-31"}
    plans = pd.concat([PLANS, pd.DataFrame([new | dates])], ignore_index=True)
    rows = backtest(PlanRecommender(plans), random_usage())
    choices = [f"plan_{rule}" for rule in RULES if rule not in ("stay", "flag")]
    early, late = rows[rows["month"] < "2025-06-01"], rows[rows["month"] == "2025-06-01"]
    assert len(early) > 20 < len(late)
    assert not (early[[*choices, "best_plan_id"]] == "new").any(axis=None)
    assert (late[choices] == "new").all(axis=None)
    assert (late["cost_best"] == 3.0).all()


def test_later_months_change_no_choice():
    usage = random_usage()
    later = usage["month"] > "2025-07"
    changed = usage.assign(minutes=usage["minutes"].where(~later, usage["minutes"] * 5 + 3))
    early = [backtest(PlanRecommender(PLANS), each).query("month <= '2025-05-01'") for each in (usage, changed)]
    choices = [f"plan_{rule}" for rule in RULES] + ["p_saves", "interval_low", "interval_high"]
    pd.testing.assert_frame_equal(early[0][choices], early[1][choices])
    assert not early[0]["cost_held"].equals(early[1]["cost_held"])


def test_summary_by_hand():
    rows = pd.DataFrame(
        {"customer_id": ["a", "a", "b"], "difference": [8.0, -2.0, 4.0], "covered": [True, True, False]}
    )
    for rule in RULES:
        rows[f"regret_{rule}"] = [8.0, 0.0, 4.0]
    rows["regret_recommended"] = [0.0, 3.0, 4.0]
    rows["strong"] = [True, True, False]
    summary = summarise_backtest(rows).set_index("rule")
    assert list(summary.index) == list(RULES)
    assert summary.loc["stay", ["mean_regret", "hit_rate", "saved_share"]].tolist() == [4.0, 1 / 3, 0.0]
    row = summary.loc["recommended"]
    assert row[["customer_origins", "customers"]].tolist() == [3, 2]
    assert row["mean_regret"] == pytest.approx(7 / 3)
    assert row["saved_share"] == pytest.approx(5 / 12)
    assert row["coverage"] == pytest.approx(2 / 3)
    assert (row["strong_share"], row["strong_precision"]) == (pytest.approx(2 / 3), 0.5)
    assert row["strong_saved_share"] == pytest.approx(5 / 12)
    # Sums over customers around the mean: a 3 - 14/3, b 4 - 7/3, so +-5/3; error sqrt(2 * 2 * 25/9) / 3 = 10/9.
    assert row["regret_high"] - row["mean_regret"] == pytest.approx(12.7062 * 10 / 9, rel=1e-4)


def test_walk_forward_goes_forward():
    usage = random_usage().sample(frac=1, random_state=0)
    folds = list(WalkForwardSplit(2, horizon=3).split(usage))
    assert [usage["month"].iloc[train].max() for train, _ in folds] == ["2025-05", "2025-06"]
    assert [usage["month"].iloc[test].max() for _, test in folds] == ["2025-08", "2025-09"]
    assert all(set(train) < set(test) for train, test in folds)
    with pytest.raises(CxError) as refused:
        list(WalkForwardSplit(4, horizon=3).split(usage))
    assert refused.value.code == "too_few_months"


def test_cross_validation_scores_the_negative_regret():
    usage = random_usage()
    scores = cross_val_score(PlanRecommender(PLANS), usage, cv=WalkForwardSplit(2))
    rows = backtest(PlanRecommender(PLANS), usage)
    expected = [
        -rows.loc[rows["month"] == month, "regret_recommended"].mean() for month in ("2025-05-01", "2025-06-01")
    ]
    np.testing.assert_allclose(scores, expected)


def test_a_score_needs_months_after_the_origin():
    usage = random_usage()
    fitted = PlanRecommender(PLANS).fit(usage)
    with pytest.raises(CxError) as refused:
        regret_score(fitted, usage[usage["month"] <= "2025-05"])
    assert refused.value.code == "not_enough_data"


def test_who_would_not_have_been_advised_is_not_judged():
    usage = random_usage()
    billed = [plain_bill(minutes, plan) for minutes, plan in zip(usage["minutes"], usage["plan_id"], strict=True)]
    usage = usage.assign(billed_amount=billed)
    every = backtest(PlanRecommender(PLANS), usage)
    assert every.attrs["withheld"] == 0
    usage.loc[(usage["customer_id"] == "c007") & (usage["month"] == "2025-05"), "billed_amount"] += 50
    usage.loc[usage["customer_id"] == "c011", "billed_amount"] += 50
    told = []
    rows = backtest(PlanRecommender(PLANS), usage)
    assert rows.attrs["withheld"] == 1
    for origin, there in every.groupby("month"):
        then = usage[usage["month"] <= f"{origin:%Y-%m}"]
        doubtful = withheld(then, Catalogue(PLANS))["customer_id"]
        told += [(customer, origin) for customer in there["customer_id"] if customer not in set(doubtful)]
    assert sorted(zip(rows["customer_id"], rows["month"], strict=True)) == sorted(told)
    assert "c011" not in set(rows["customer_id"])
    trusting = backtest(PlanRecommender(PLANS, reconcile=False), usage)
    assert len(trusting) == len(every)
    report = backtest_report(usage, Catalogue(PLANS))
    assert report.as_dict()["withheld"] == 1
    assert "1 customer whose bills do not reconcile is not judged" in report.said


def test_without_another_plan_there_is_nothing_to_judge():
    report = backtest_report(random_usage(), Catalogue(PLANS.assign(on_sale=False)))
    assert report.said == "Nothing can be judged: no customer may take another plan than the one held."


def test_too_short_usage_gives_no_rows():
    usage = random_usage(months=5)
    rows = backtest(PlanRecommender(PLANS), usage)
    assert rows.empty
    assert {"customer_id", "regret_recommended", "covered"} <= set(rows.columns)


@pytest.fixture(scope="module")
def mobile_usage(real_data):
    return megaline_usage(real_data / "megaline")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("plans", "simple"),
    [(TWO, [37.2, 12.4, 7.9, 7.1, 9.5]), (LADDER, [71.3, 18.9, 8.9, 8.8, 19.8])],
    ids=["two plans", "ladder"],
)
def test_a_real_operator(mobile_usage, plans, simple):
    rows = backtest(PlanRecommender(mobile_plans(plans)), mobile_usage)
    summary = summarise_backtest(rows).set_index("rule")
    assert summary.loc["stay", ["customer_origins", "customers"]].tolist() == [360, 139]
    assert summary["mean_regret"].round(1).tolist()[:5] == simple
    ours = summary.loc["recommended"]
    assert ours["mean_regret"] <= 8.5
    assert set(backtest_by(rows, "direction")["direction"].dropna()) == {"under_provisioned", "over_provisioned"}
    assert backtest_by(rows, "month", rule="mean_all", min_group=1)["saved"].sum() == pytest.approx(
        summary.loc["mean_all", "saved"]
    )
    assert ours["mean_regret"] < summary.loc[["stay", "last_month", "flag"], "mean_regret"].min()
    assert 0.65 <= ours["coverage"] <= 0.9
    assert ours["strong_precision"] >= 0.93
    assert ours["strong_saved_share"] >= 0.5


@pytest.mark.real_data
def test_the_same_usage_advised_today(mobile_usage):
    advised = PlanRecommender(mobile_plans(TWO)).fit(mobile_usage).recommend(mobile_usage)
    assert len(advised) == 490
    assert (advised["state"] == "not_enough_data").sum() == (advised["months_known"] < 3).sum()
    known = advised[advised["months_known"] >= 3]
    assert (known["basis"] == "others").all()
    assert (known["interval_low"] <= known["interval_high"]).all()
    assert (known["expected_saving"] >= 0).all()


def test_the_public_name_is_the_function_whatever_was_imported_before():
    import cxlib.matching  # noqa: PLC0415

    assert callable(cxlib.matching.backtest)
    assert cxlib.matching.backtest is backtest
