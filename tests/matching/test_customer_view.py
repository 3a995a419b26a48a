"""One customer from all sides, against bills added up by hand and by plain arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import pandas as pd
import pyarrow as pa
import pytest

from cxlib.errors import CxError
from cxlib.matching import Catalogue, plan_fit
from cxlib.matching.customer_view import (
    bills_by_plan,
    cost_curve,
    counted_months,
    customer_rows,
    find_customers,
    plan_held,
    usage_by_month,
    what_if,
    why_not,
    without,
)
from cxlib.matching.strength import strength

PLANS = pd.DataFrame(
    {
        "plan_id": ["S", "L", "G", "O", "T"],
        "name": ["Small", "Large", "Grey", "Old", "Trusted"],
        "monthly_fee": [10.0, 30.0, 5.0, 1.0, 9.0],
        "on_sale": [True, True, True, False, True],
        "segment": [None, None, "senior", None, None],
        "min_tenure_months": [0, 0, 0, 0, 24],
        "included_minutes": [100.0, 1000.0, 400.0, 0.0, 100.0],
        "overage_price_minutes": [0.10, 0.10, 0.50, 1.0, 0.10],
        "included_sms": [10.0, math.inf, 0.0, 0.0, 10.0],
        "overage_price_sms": [0.05, 0.0, 0.05, 0.05, 0.05],
    }
)
MONTHS = ["2026-01", "2026-02", "2026-03", "2026-04"]
USED = {"minutes": [400.0, 50.0, 401.5, 100.0], "sms": [10.0, 30.0, 0.0, 10.0]}
USAGE = pd.DataFrame(
    {"customer_id": "a", "month": MONTHS, "plan_id": "S", **USED, "complete": [True, True, True, False]}
)
OTHER = USAGE.assign(customer_id="b")
CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["a", "b"],
        "plan_id": ["S", "S"],
        "need": ["none", "senior"],
        "joined_on": pd.to_datetime(["2025-06-01", "2020-01-01"]),
        "contract_end": pd.to_datetime([None, "2027-01-31"]),
    }
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(PLANS)


def naive(plan_id: str, minutes: float, sms: float) -> Fraction:
    """Return a bill in cents by plain arithmetic, each line rounded half up."""
    plan = PLANS.set_index("plan_id").loc[plan_id]
    lines = [Fraction(str(plan["monthly_fee"])) * 100]
    for meter, used in (("minutes", minutes), ("sms", sms)):
        limit = plan[f"included_{meter}"]
        over = Fraction(0) if math.isinf(limit) else max(Fraction(0), Fraction(str(used)) - Fraction(str(limit)))
        lines.append(over * Fraction(str(plan[f"overage_price_{meter}"])) * 100)
    return sum((Fraction(math.floor(line + Fraction(1, 2))) for line in lines), Fraction(0))


def test_the_rows_of_one_customer_are_found_in_any_frame() -> None:
    both = pd.concat([USAGE, OTHER])
    for frame in (both, pa.Table.from_pandas(both, preserve_index=False)):
        assert customer_rows(frame, "b")["customer_id"].to_pylist() == ["b"] * 4
    assert customer_rows(both, "c").num_rows == 0


def test_months_left_out_count_no_more() -> None:
    assert counted_months(USAGE) == MONTHS[:3]
    assert counted_months(without(USAGE, ["2026-02"])) == ["2026-01", "2026-03"]
    assert counted_months(without(USAGE.drop(columns="complete"), ["2026-02"]), until="2026-03") == [
        "2026-01",
        "2026-03",
    ]


def test_a_month_left_out_breaks_the_run_of_the_flag(catalogue: Catalogue) -> None:
    usage = USAGE.assign(minutes=400.0, complete=True)
    assert plan_fit(usage, catalogue, as_of="2026-04")["state"].tolist() == ["flagged"]
    assert plan_fit(without(usage, ["2026-03"]), catalogue, as_of="2026-04")["state"].tolist() == ["short"]


def test_usage_stands_beside_what_the_plan_held_includes(catalogue: Catalogue) -> None:
    usage = USAGE.assign(plan_id=["S", "L", "S", "S"])
    found = usage_by_month(usage, catalogue, excluded=["2026-03"])
    minutes = found[found["meter"] == "minutes"]
    assert minutes["included"].tolist() == [100, 1000, 100, 100]
    assert minutes["over"].tolist() == [300, 0, 301.5, 0]
    assert minutes["state"].tolist() == ["counted", "counted", "excluded", "incomplete"]
    assert found.loc[found["meter"] == "sms", "included"].tolist() == [10, math.inf, 10, 10]


def test_bills_on_every_plan_are_the_naive_ones(catalogue: Catalogue) -> None:
    found = bills_by_plan(USAGE, catalogue, month="2026-03", customers=CUSTOMERS).set_index("plan_id")
    for plan_id in PLANS["plan_id"]:
        expected = sum(naive(plan_id, USED["minutes"][i], USED["sms"][i]) for i in range(3))
        assert found.loc[plan_id, "total_minor"] == expected
        assert found.loc[plan_id, "a_month"] == pytest.approx(float(expected) / 300)
    assert found.loc["S", "total_minor"] == 4000 + 1100 + 4015
    assert found["held"].to_dict() == {"S": True, "L": False, "G": False, "O": False, "T": False}


def test_who_may_not_take_a_plan_is_told_why(catalogue: Catalogue) -> None:
    a = why_not(catalogue, customer_id="a", month="2026-03", customers=CUSTOMERS)
    assert a == [None, None, "reserved", "not_on_sale", "tenure"]
    b = why_not(catalogue, customer_id="b", month="2026-03", customers=CUSTOMERS)
    assert b == ["contract", "contract", "contract", "not_on_sale", "contract"]
    shown = bills_by_plan(OTHER, catalogue, month="2026-03", customers=CUSTOMERS).set_index("plan_id")
    assert pd.isna(shown.loc["S", "why_not"])  # the plan held needs no leave
    assert shown.loc["L", "why_not"] == "contract"


def test_a_plan_without_a_price_in_one_of_the_months_has_no_total() -> None:
    plans = PLANS.assign(valid_from=pd.to_datetime([None, "2026-02-01", None, None, None]))
    found = bills_by_plan(USAGE, Catalogue(plans), month="2026-03").set_index("plan_id")
    assert pd.isna(found.loc["L", "total"])
    assert found.loc["L", "total_minor"] == -1
    at_first = why_not(Catalogue(plans), customer_id="a", month="2026-01")
    assert at_first[1] == "no_price"


def test_the_cost_curve_bills_scaled_usage(catalogue: Catalogue) -> None:
    factors = [0.5, 1.0, 1.3]
    found = cost_curve(USAGE, catalogue, months=MONTHS[:3], factors=factors)
    for plan_id in PLANS["plan_id"]:
        for factor in factors:
            exact = Fraction(str(factor))
            bills = [
                naive(plan_id, float(Fraction(str(m)) * exact), float(Fraction(str(s)) * exact))
                for m, s in zip(USED["minutes"][:3], USED["sms"][:3], strict=True)
            ]
            cost = found[(found["plan_id"] == plan_id) & (found["factor"] == factor)]["cost"].item()
            assert cost == pytest.approx(float(sum(bills)) / 300, abs=1e-9)


def test_what_if_changes_only_the_meters_named(catalogue: Catalogue) -> None:
    found = what_if(USAGE, catalogue, changes={"minutes": 0.0}, months=["2026-02"]).set_index("plan_id")
    assert found.loc["S", "now"] == 11.0  # 10 + 20 messages at .05
    assert found.loc["S", "then"] == 11.0  # 50 minutes were included
    assert found.loc["O", "now"] == 1 + 50 + 1.5
    assert found.loc["O", "then"] == 1 + 1.5
    assert found.loc["O", "change"] == -50


def test_what_if_refuses_what_is_no_usage(catalogue: Catalogue) -> None:
    for changes in ({"kwh": 1.0}, {"minutes": -1.0}, {"minutes": math.nan}):
        with pytest.raises(CxError) as refused:
            what_if(USAGE, catalogue, changes=changes)
        assert refused.value.code == "bad_setting"


def test_nothing_left_to_bill_is_said(catalogue: Catalogue) -> None:
    with pytest.raises(CxError) as refused:
        bills_by_plan(USAGE, catalogue, month="2026-03", months=[])
    assert refused.value.code == "no_usage"


def test_the_plan_held_is_that_of_the_last_row_by_then(catalogue: Catalogue) -> None:
    usage = USAGE.assign(plan_id=["S", "L", "L", "G"])
    assert plan_held(usage, catalogue, month="2026-03") == "L"
    assert plan_held(usage, catalogue, month="2025-12") == "S"
    assert plan_held(USAGE.drop(columns="plan_id"), catalogue, month="2026-03", customers=CUSTOMERS) == "S"
    assert plan_held(USAGE.drop(columns="plan_id"), catalogue, month="2026-03") is None


def test_customers_are_found_by_the_start_of_their_number_first() -> None:
    ids = pa.array(["0012", "12", "120", "A12", "b"])
    assert find_customers(ids, " 12 ") == (["12", "120", "0012", "A12"], 4)
    assert find_customers(ids, "a1", most=1) == (["A12"], 1)
    assert find_customers(ids, "1", most=2) == (["12", "120"], 4)
    assert find_customers(ids, "(") == ([], 0)


@pytest.mark.parametrize(
    ("p", "said"), [(1.0, "strong"), (0.95, "strong"), (0.949, "likely"), (0.8, "likely"), (0.5, "unsure")]
)
def test_strength_in_words(p: float, said: str) -> None:
    assert strength(p) == said
    assert strength(math.nan) is None


FAMILY = pd.DataFrame(
    {
        "plan_id": ["F", "K", "R"],
        "monthly_fee": [20.0, 8.0, 9.0],
        "pooled": [True, False, False],
        "included_minutes": [200.0, 100.0, 100.0],
        "overage_price_minutes": [0.10, 0.10, 0.10],
        "cap_minutes": [None, 150.0, None],
        "rollover_months_minutes": [0, 0, 2],
    }
)


def test_lines_of_an_account_are_billed_together() -> None:
    lines = pd.DataFrame({"customer_id": ["a", "b"], "account_id": ["fam", "fam"], "plan_id": ["F", "F"]})
    usage = pd.DataFrame(
        {"customer_id": ["a", "a", "b", "b"], "month": MONTHS[:2] * 2, "plan_id": "F", "minutes": [150.0, 10, 100, 20]}
    )
    rows = customer_rows(usage, "fam", customers=lines)
    assert rows.num_rows == 4
    catalogue = Catalogue(FAMILY)
    found = bills_by_plan(rows, catalogue, month="2026-02", customers=lines).set_index("plan_id")
    assert found.loc["F", "total"] == 20 + 5 + 20  # 250 of 200 minutes, then 30
    assert found.loc["F", "held"]
    assert found.loc["K", "why_not"] == "pooled"
    used = usage_by_month(rows, catalogue, customers=lines)
    assert used["used"].tolist() == [250, 30]
    curve = cost_curve(rows, catalogue, factors=[2.0], customers=lines).set_index("plan_id")
    assert curve.loc["F", "cost"] == (20 + 30 + 20) / 2


def test_what_is_carried_over_from_months_that_are_not_shown_counts() -> None:
    usage = pd.DataFrame({"customer_id": "a", "month": MONTHS[:2], "plan_id": "R", "minutes": [40.0, 150.0]})
    found = bills_by_plan(usage, Catalogue(FAMILY), month="2026-02", months=["2026-02"]).set_index("plan_id")
    assert found.loc["R", "total"] == 9  # 60 minutes were left in January
    curve = cost_curve(usage, Catalogue(FAMILY), months=["2026-02"], factors=[1.0]).set_index("plan_id")
    assert curve.loc["R", "cost"] == 9


def test_a_plan_that_cannot_give_what_was_used_may_not_be_taken() -> None:
    usage = pd.DataFrame({"customer_id": "a", "month": MONTHS[:2], "plan_id": "R", "minutes": [140.0, 160.0]})
    found = bills_by_plan(usage, Catalogue(FAMILY), month="2026-02").set_index("plan_id")
    assert found.loc["K", "why_not"] == "cap"
    assert not found.loc["K", "may_take"]
    found = bills_by_plan(usage, Catalogue(FAMILY), month="2026-02", months=["2026-01"]).set_index("plan_id")
    assert found.loc["K", "may_take"]


def test_a_plan_taken_nobody_knows_when_does_not_cool_off():
    plans = pd.DataFrame(
        {
            "plan_id": ["a", "b"],
            "monthly_fee": [10.0, 20.0],
            "cool_off_months": [0, 3],
            "included_minutes": [1.0, 2.0],
            "overage_price_minutes": [0.1, 0.1],
        }
    )
    catalogue = Catalogue(plans)
    for held in ("a", "b"):
        assert why_not(catalogue, customer_id="x", month="2026-05", held=held) == [None, None]
    since = pd.DataFrame({"customer_id": ["x"], "plan_since": [pd.Timestamp("2026-04-01")]})
    known = why_not(catalogue, customer_id="x", month="2026-05", held="b", customers=since)
    assert known[0] == "cool_off"
