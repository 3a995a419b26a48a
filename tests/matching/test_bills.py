"""Bills, by hand and against exact arithmetic of another kind."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, localcontext

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.matching import Catalogue, bill, bill_all, line_items

CENT = Decimal("0.01")


def decimal_bill(plan, used):
    """Return fee and overage lines of one month as Decimals, by the words of the definition."""
    with localcontext() as context:
        context.prec = 60
        lines = [Decimal(repr(plan["monthly_fee"])).quantize(CENT, ROUND_HALF_UP)]
        for meter, quantity in used.items():
            if plan[f"included_{meter}"] == math.inf:
                lines.append(Decimal(0))
                continue
            over = max(Decimal(0), Decimal(repr(float(quantity))) - Decimal(repr(plan[f"included_{meter}"])))
            size, price = Decimal(repr(plan[f"unit_size_{meter}"])), Decimal(repr(plan[f"overage_price_{meter}"]))
            if plan[f"round_up_{meter}"]:
                amount = (over / size).to_integral_value(ROUND_CEILING) * price
                lines.append(amount.quantize(CENT, ROUND_HALF_UP))
            else:
                cents, rest = divmod(over * price * 200 + size, size * 2)  # half up without a division that rounds
                assert rest >= 0
                lines.append(cents * CENT)
        return lines


def random_plan(rng, name, meters):
    plan = {
        "plan_id": name,
        "monthly_fee": float(np.round(rng.choice([0, 100, 1e6]) * rng.random(), rng.integers(0, 4))),
    }
    for meter in meters:
        price = float(np.round(rng.choice([0, 1, 20]) * rng.random(), rng.integers(0, 7)))
        included = [0, float(rng.integers(0, 1000)), float(np.round(rng.random() * 1000, 3)), math.inf]
        plan |= {
            f"included_{meter}": float(rng.choice(included)),
            f"overage_price_{meter}": price,
            f"unit_size_{meter}": float(rng.choice([1, 1024, 0.5, 100, 7, 0.001, 3])),
            f"round_up_{meter}": bool(rng.random() < 0.5),
        }
    return plan


def random_usage(rng, n, plans, meter):
    """Draw usage: 0, whole, fractional, huge, and what a plan includes to the unit."""
    edges = [plan[f"included_{meter}"] for plan in plans if plan[f"included_{meter}"] < math.inf] or [0.0]
    size = float(rng.choice([1e3, 1e5, 1e9]))
    drawn = np.round(rng.random(n) * size, int(rng.integers(0, 4)))
    return np.where(rng.random(n) < 0.2, 0.0, np.where(rng.random(n) < 0.2, rng.choice(edges, n), drawn))


def refused_for_size(quantities, catalogue):
    try:
        bill_all(quantities, catalogue, "2026-03")
    except CxError as error:
        return error.code == "too_large"
    return False


def test_every_bill_equals_the_decimal_bill():
    """At least 10,000 customer-months on random catalogues, on all plans, to the smallest unit."""
    rng = np.random.default_rng(20260301)
    customer_months = 0
    while customer_months < 10_000:
        meters = [f"m{k}" for k in range(rng.integers(0, 5))]
        plans = [random_plan(rng, f"p{k}", meters) for k in range(rng.integers(1, 5))]
        plans.append(plans[0] | {"plan_id": "twin"})
        used = {meter: random_usage(rng, 100, plans, meter) for meter in meters}
        quantities = np.array([used[m] for m in meters]).reshape(len(meters), 100).T
        catalogue = Catalogue(pd.DataFrame(plans))
        if refused_for_size(quantities, catalogue):  # huge usage in tiny units at prices of six decimals
            assert quantities.max() > 1e5
            continue
        got = bill_all(quantities, catalogue, "2026-03")
        for row in range(100):
            month = {meter: used[meter][row] for meter in meters}
            expected = [sum(decimal_bill(plan, month)) for plan in plans]
            assert got[row].tolist() == [int(total * 100) for total in expected], (plans, month)
        customer_months += 100


@pytest.mark.parametrize("digits", [0, 2, 3])
def test_lines_round_half_up_each(digits):
    unit = 10.0**-digits
    plans = pd.DataFrame(
        [
            {
                "plan_id": "S",
                "monthly_fee": 2.5 * unit,
                "included_a": 0.0,
                "overage_price_a": unit,
                "included_b": 0.0,
                "overage_price_b": unit,
            }
        ]
    )
    catalogue = Catalogue(plans, minor_digits=digits)
    got = bill_all(np.array([[0.5, 0.5], [0.49, 1.49]]), catalogue, "2026-03")
    assert got.tolist() == [[3 + 1 + 1], [3 + 0 + 1]]


def phone_plans():
    return pd.DataFrame(
        {
            "plan_id": ["surf", "ultimate"],
            "monthly_fee": [20.0, 70.0],
            "included_minutes": [500.0, 3000.0],
            "overage_price_minutes": [0.03, 0.01],
            "included_sms": [50.0, 1000.0],
            "overage_price_sms": [0.03, 0.01],
            "included_data_mb": [15360.0, 30720.0],
            "overage_price_data_mb": [10.0, 7.0],
            "unit_size_data_mb": [1024.0, 1024.0],
            "round_up_data_mb": [True, True],
        }
    )


def test_four_bills_by_hand():
    """645 - 500 = 145 min x .03 = 4.35; 59 - 50 = 9 x .03 = .27; 22525.63 MB over are 22 GB: 220; in all 244.62."""
    usage = pd.DataFrame(
        {
            "customer_id": ["1001", "1007", "1010", "1030"],
            "month": ["2018-10", "2018-10", "2018-08", "2018-11"],
            "plan_id": ["surf", "surf", "surf", "ultimate"],
            "minutes": [393.0, 645.0, 637.0, 472.0],
            "sms": [53.0, 59.0, 0.0, 11.0],
            "data_mb": [22330.49, 37885.63, 19811.84, 16646.68],
        }
    )
    held = bill(usage, Catalogue(phone_plans()))
    assert held.columns.tolist() == [
        "customer_id", "month", "plan_id", "fee", "overage_minutes", "overage_sms", "overage_data_mb", "total",
        "total_minor",
    ]  # fmt: skip
    assert held["total"].tolist() == [90.09, 244.62, 74.11, 70.0]
    assert held.iloc[1, 3:7].tolist() == [20.0, 4.35, 0.27, 220.0]
    every = bill(usage, Catalogue(phone_plans()), plans="all")
    assert every["total_minor"].tolist() == [9009, 7000, 24462, 11900, 7411, 7000, 4000, 7000]
    assert every["plan_id"].tolist() == ["surf", "ultimate"] * 4
    one = bill(usage.drop(columns="plan_id"), Catalogue(phone_plans()), plans=["ultimate"])
    assert one["total"].tolist() == [70.0, 119.0, 70.0, 70.0]


def test_line_items_give_the_reason():
    usage = pd.DataFrame(
        {
            "customer_id": ["7", "7", "8"],
            "month": ["2018-10", "2018-11", "2018-10"],
            "plan_id": "surf",
            "minutes": [645.0, 1.0, 9.0],
            "sms": [59.0, 0.0, 0.0],
            "data_mb": [37885.63, 0.0, 0.0],
        }
    )
    items = line_items(
        usage, Catalogue(phone_plans()), customer_id="7", plan_ids=["surf", "ultimate"], months=["2018-10"]
    )
    assert items.columns.tolist() == ["month", "plan_id", "item", "amount", "amount_minor"]
    assert items["month"].unique().tolist() == [pd.Timestamp("2018-10-01")]
    amounts = {(row.plan_id, row.item): row.amount for row in items.itertuples()}
    assert amounts == {
        ("surf", "fee"): 20.0, ("surf", "overage_minutes"): 4.35, ("surf", "overage_sms"): 0.27,
        ("surf", "overage_data_mb"): 220.0, ("surf", "total"): 244.62,
        ("ultimate", "fee"): 70.0, ("ultimate", "overage_minutes"): 0.0, ("ultimate", "overage_sms"): 0.0,
        ("ultimate", "overage_data_mb"): 49.0, ("ultimate", "total"): 119.0,
    }  # fmt: skip
    with pytest.raises(CxError) as refused:
        line_items(usage, Catalogue(phone_plans()), customer_id="9", plan_ids=["surf"])
    assert refused.value.code == "unknown_customer"
    with pytest.raises(CxError) as refused:
        line_items(usage, Catalogue(phone_plans()), customer_id="7", plan_ids=["gone"])
    assert refused.value.code == "unknown_plan"


def test_each_month_is_billed_at_its_own_price():
    plans = pd.DataFrame(
        [
            {
                "plan_id": "S",
                "monthly_fee": 10.0,
                "valid_from": "2026-01-01",
                "included_minutes": 0.0,
                "overage_price_minutes": 0.5,
            },
            {
                "plan_id": "S",
                "monthly_fee": 12.0,
                "valid_from": "2026-03-01",
                "included_minutes": 10.0,
                "overage_price_minutes": 1.0,
            },
            {
                "plan_id": "N",
                "monthly_fee": 5.0,
                "valid_from": "2026-03-01",
                "included_minutes": math.inf,
                "overage_price_minutes": None,
            },
        ]
    )
    usage = pd.DataFrame({"customer_id": "1", "month": ["2026-02", "2026-03"], "plan_id": "S", "minutes": [20.0, 20.0]})
    catalogue = Catalogue(plans)
    assert bill(usage, catalogue)["total"].tolist() == [20.0, 22.0]
    every = bill(usage, catalogue, plans="all")
    assert list(zip(every["plan_id"], every["total"], strict=True)) == [("S", 20.0), ("S", 22.0), ("N", 5.0)]
    months = np.array([2026 * 12 + 1, 2026 * 12 + 2])
    assert bill_all(np.array([[20], [20]]), catalogue, months).tolist() == [[2000, -1], [2200, 500]]


def test_whole_numbers_may_say_their_decimals():
    catalogue = Catalogue(phone_plans())
    floats = bill_all(np.array([[645.0, 59.0, 37885.63]]), catalogue, "2018-10")
    whole = bill_all(np.array([[645, 59, 3788563]]), catalogue, "2018-10", decimals=[0, 0, 2])
    assert floats.tolist() == whole.tolist() == [[24462, 11900]]
    assert bill_all(np.zeros((0, 3)), catalogue, "2018-10").shape == (0, 2)


def test_numbers_beyond_the_range_are_refused_not_wrapped():
    plans = pd.DataFrame([{"plan_id": "S", "monthly_fee": 1.0, "included_a": 0.0, "overage_price_a": 900_000.0}])
    for used in (1e11, 9e13):
        with pytest.raises(CxError) as refused:
            bill_all(np.array([[used]]), Catalogue(plans), "2026-03")
        assert refused.value.code == "too_large"
    almost = bill_all(np.array([[3e10]]), Catalogue(plans), "2026-03")
    assert almost.tolist() == [[100 + 30_000_000_000 * 90_000_000]]


def test_a_plan_held_without_a_price_in_the_month_is_named():
    plans = pd.DataFrame(
        [
            {
                "plan_id": "S",
                "monthly_fee": 10.0,
                "valid_from": "2026-02-01",
                "included_minutes": 0.0,
                "overage_price_minutes": 0.5,
            }
        ]
    )
    usage = pd.DataFrame({"customer_id": "1", "month": ["2026-01"], "plan_id": "S", "minutes": [20.0]})
    with pytest.raises(CxError) as refused:
        bill(usage, Catalogue(plans))
    assert refused.value.code == "no_price"
    assert "2026-01" in str(refused.value)
