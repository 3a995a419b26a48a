"""A real operator: every figure that independent calculations agree on."""

from __future__ import annotations

import pandas as pd
import pytest

from cxlib.matching import (
    Catalogue,
    PlanRecommender,
    bill,
    campaign,
    candidates,
    count_changes,
    exclusions,
    fit_summary,
    flag_changes,
    flag_history,
    merge_rollups,
    operator_view,
    plan_fit,
    rollup_events,
)

pytestmark = pytest.mark.real_data


def events(path, day, quantity=None):
    names = {"user_id": "customer_id", day: "occurred_at"} | ({quantity: "quantity"} if quantity else {})
    return pd.read_csv(path, usecols=list(names), dtype={"user_id": str}).rename(columns=names)


@pytest.fixture(scope="module")
def company(real_data):
    folder = real_data / "megaline"
    usage = merge_rollups(
        rollup_events(events(folder / "megaline_calls.csv", "call_date", "duration"), meter="minutes", round_event=1),
        rollup_events(events(folder / "megaline_messages.csv", "message_date"), meter="sms"),
        rollup_events(events(folder / "megaline_internet.csv", "session_date", "mb_used"), meter="data_mb"),
    )
    users = pd.read_csv(folder / "megaline_users.csv", dtype={"user_id": str})
    customers = users.rename(
        columns={"user_id": "customer_id", "plan": "plan_id", "reg_date": "joined_on", "churn_date": "left_on"}
    )
    plans = pd.read_csv(folder / "megaline_plans.csv").rename(
        columns={
            "plan_name": "plan_id", "usd_monthly_pay": "monthly_fee", "minutes_included": "included_minutes",
            "messages_included": "included_sms", "mb_per_month_included": "included_data_mb",
            "usd_per_minute": "overage_price_minutes", "usd_per_message": "overage_price_sms",
            "usd_per_gb": "overage_price_data_mb",
        }
    )  # fmt: skip
    return usage, Catalogue(plans.assign(unit_size_data_mb=1024, round_up_data_mb=True)), customers


def flags(fit):
    flagged = fit[fit["state"] == "flagged"]
    return len(flagged), *(int((flagged["plan_id"] == plan).sum()) for plan in ("surf", "ultimate"))


def test_active_months(company):
    usage, catalogue, customers = company
    assert (len(usage), usage["customer_id"].nunique()) == (2293, 490)
    summary = fit_summary(usage, catalogue, customers=customers).set_index("plan_id")
    assert summary["paid_minor"].sum() == 14755718
    assert summary["all_on_minor"].to_dict() == {"surf": 14125007, "ultimate": 16524900}
    assert summary["cheapest_minor"].sum() == 10562566
    assert summary["mismatched"].to_dict() == {"surf": 490, "ultimate": 479}
    assert summary["ties"].to_dict() == {"surf": 36, "ultimate": 10}
    months = usage.groupby("customer_id")["month"].apply(set)
    assert (months.map(len) >= 3).sum() == 343
    autumn = set(pd.to_datetime(["2018-10-01", "2018-11-01", "2018-12-01"]))
    assert months.map(autumn.issubset).sum() == 330


def test_flags_of_active_months(company):
    usage, catalogue, customers = company
    assert flags(plan_fit(usage, catalogue, customers=customers, as_of="any")) == (110, 51, 59)
    assert flags(plan_fit(usage, catalogue, customers=customers, as_of="own")) == (79, 31, 48)
    fit = plan_fit(usage, catalogue, customers=customers)
    assert flags(fit) == (76, 31, 45)
    flagged = fit[fit["state"] == "flagged"]
    assert flagged["month"].unique().tolist() == [pd.Timestamp("2018-12-01")]
    assert flagged.groupby("direction")["saving_minor"].sum().to_dict() == {
        "under_provisioned": 702924,
        "over_provisioned": 519762,
    }
    assert (fit["state"] != "short").sum() == 330
    for least, count in [(5, 75), (10, 67)]:
        assert flags(plan_fit(usage, catalogue, customers=customers, as_of="2018-12", min_saving=least))[0] == count


def test_standing_flags_by_month(company):
    usage, catalogue, customers = company
    standing = flag_history(usage, catalogue, customers=customers).groupby("month")["standing"].sum()
    assert standing.tolist() == [0, 0, 0, 0, 6, 12, 23, 33, 42, 54, 66, 76]


def test_worked_rows(company):
    usage, catalogue, _ = company
    bills = bill(usage, catalogue, plans="all").set_index(["customer_id", "month", "plan_id"])["total"]
    rows = {
        ("1001", "2018-10-01"): (90.09, 70.0),
        ("1010", "2018-08-01"): (74.11, 70.0),
        ("1007", "2018-10-01"): (244.62, 119.0),
        ("1030", "2018-11-01"): (40.0, 70.0),
    }
    for (customer, month), amounts in rows.items():
        got = [bills[customer, pd.Timestamp(month), plan] for plan in ("surf", "ultimate")]
        assert tuple(got) == amounts


def test_absent_months_as_zero(company):
    usage, catalogue, customers = company
    summary = fit_summary(usage, catalogue, customers=customers, absent="zero").set_index("plan_id")
    assert summary["customer_months"].sum() == 3313
    assert summary["paid_minor"].sum() == 18440367
    assert summary["mismatched"].to_dict() == {"surf": 482, "ultimate": 831}
    fit = plan_fit(usage, catalogue, customers=customers, absent="zero")
    assert len(fit) == 500
    assert flags(fit) == (95, 29, 66)
    assert fit["saving_minor"].sum() == 1476283
    assert flags(plan_fit(usage, catalogue, customers=customers, absent="zero", as_of="any"))[0] == 153


def test_the_operators_view_of_december(company):
    usage, catalogue, customers = company
    fit = plan_fit(usage, catalogue, customers=customers)
    view = operator_view(fit, catalogue, customers=customers)
    headline = view.iloc[0]
    assert (headline["by"], headline["customers"], headline["given_up_minor"]) == ("all", 76, 1222686)
    ways = view[view["by"] == "direction"].set_index("direction")["given_up_minor"]
    assert ways.to_dict() == {"under_provisioned": 702924, "over_provisioned": 519762}
    pairs = view[view["by"] == "plans"].set_index(["plan_id", "new_plan_id"])["customers"]
    assert pairs.to_dict() == {("surf", "ultimate"): 31, ("ultimate", "surf"): 45}
    flagged = fit[fit["state"] == "flagged"]
    assert headline["bill"] == pytest.approx(flagged["paid"].sum())
    assert headline["break_even_extra_churn"] == pytest.approx(12226.86 / flagged["paid"].sum())
    assert view["margin_held"].isna().all()
    assert set(view["value_basis"]) == {"bill"}


def test_flags_of_december_since_november(company):
    usage, catalogue, customers = company
    counts = count_changes(flag_changes(usage, catalogue, month="2018-12", customers=customers))
    assert counts["new"].sum() + counts["standing"].sum() == 76
    assert counts["standing"].sum() + counts["resolved"].sum() == 66
    assert counts["saving_minor"].sum() == 1222686


def test_a_campaign_of_the_real_operator(company):
    usage, catalogue, customers = company
    advice = PlanRecommender(catalogue).fit(usage, customers=customers).recommend(usage)
    rows = candidates(advice, catalogue, customers=customers)
    drawn_up = campaign(rows, hold_out=0.1, seed=7)
    assert exclusions(rows, drawn_up)["customers"].sum() + len(drawn_up) == len(advice)
    gone = set(customers.loc[customers["left_on"].notna(), "customer_id"])
    assert not gone & set(drawn_up["customer_id"])
    view = operator_view(advice[advice["customer_id"].isin(drawn_up["customer_id"])], catalogue)
    assert view["given_up_minor"].iloc[0] == drawn_up["saving_minor"].sum()
    assert abs((drawn_up["group"] == "hold_out").sum() - len(drawn_up) / 10) < 1
