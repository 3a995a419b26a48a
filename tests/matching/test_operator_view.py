"""What is given up, worked by hand, and sums that agree to the cent."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_cases import CUSTOMERS, advice, catalogue, usage
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from cxlib.errors import CxError
from cxlib.matching import hold_out_power, moves, operator_view, past_leaving, plan_fit
from cxlib.matching.power import detectable_rates


@pytest.fixture(scope="module")
def view():
    fit = plan_fit(usage(), catalogue(), customers=CUSTOMERS)
    return operator_view(fit, catalogue(), horizon=3, customers=CUSTOMERS)


def at(view, by, **keys):
    rows = view[view["by"] == by]
    for name, value in keys.items():
        rows = rows[rows[name].isna() if value is None else rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def test_those_who_would_move_are_the_flagged():
    rows = moves(plan_fit(usage(), catalogue(), customers=CUSTOMERS), catalogue(), customers=CUSTOMERS)
    assert rows[["customer_id", "new_plan_id", "direction", "left"]].to_numpy().tolist() == [
        ["a", "L", "under_provisioned", False],
        ["b", "S", "over_provisioned", False],
        ["d", "S", "over_provisioned", False],
        ["e", "L", "under_provisioned", True],
    ]
    assert rows["bill_minor"].tolist() == [9000, 6000, 6000, 12000]
    assert rows["given_up_minor"].tolist() == [3000, 3000, 3000, 6000]
    assert (rows["new_bill_minor"] == rows["bill_minor"] - rows["given_up_minor"]).all()


def test_the_headline_by_hand(view):
    """Value: a 90 - 12, b 60 - 27, d 60 (no cost known), e 150; taken of it: a 30 + 15, b 30 - 15, d 30, e 60 + 15."""
    row = at(view, "all")
    assert (row["customers"], row["customers_left"], row["customers_costed"]) == (4, 1, 3)
    assert (row["bill"], row["given_up"], row["new_bill"]) == (330, 150, 180)
    assert row["share_of_bill"] == pytest.approx(150 / 330)
    assert (row["value"], row["value_basis"]) == (78 + 33 + 60 + 150, "mixed")
    assert row["break_even_extra_churn"] == pytest.approx(165 / 321)
    assert row["break_even_prevented_churn"] == pytest.approx(165 / 156)
    assert np.isnan(row["margin_held"])
    assert np.isnan(row["margin_given_up"])


def test_the_rows_by_hand(view):
    over, under = at(view, "direction", direction="over_provisioned"), at(view, "tier", tier="T1")
    assert (over["customers"], over["given_up"], over["share_of_all"]) == (2, 60, 0.4)
    assert (under["margin_held"], under["margin_given_up"], under["value_basis"]) == (78, 45, "margin")
    assert under["break_even_extra_churn"] == pytest.approx(45 / 78)
    assert at(view, "tier", tier=None)["value_basis"] == "bill"
    pair = at(view, "plans", plan_id="S", new_plan_id="L")
    assert (pair["customers"], pair["given_up"], pair["direction"]) == (2, 90, pytest.approx(np.nan, nan_ok=True))


def test_break_even_by_trying_it_out():
    """Of 1,000 customers worth 78 each, an offer takes 30 from all: as much as 1,000 x 30 / 78 of them leaving."""
    n, value, given_up = 1000, 78.0, 30.0
    rows = advice(
        customer_id=[f"{i:04}" for i in range(n)], advised_plan_id=["X"] * n, expected_cost_held=[90.0] * n,
        expected_saving=[given_up] * n,
    )  # fmt: skip
    row = at(operator_view(rows, catalogue()), "all")
    assert row["value"] == n * value  # the cost of S is known, that of X is not
    leaving = row["break_even_extra_churn"] * n
    assert leaving * value == pytest.approx(n * given_up)
    kept = row["break_even_prevented_churn"] * n
    for without in (0.0, 0.25):  # the share that leaves without an offer
        stay = n * (1 - without)
        assert (stay + kept * (1 - without)) * (value - given_up) == pytest.approx(stay * value)


def test_those_who_left_can_be_left_out():
    fit = plan_fit(usage(), catalogue(), customers=CUSTOMERS)
    assert at(operator_view(fit, catalogue(), customers=CUSTOMERS, include_left=False), "all")["given_up"] == 90


def test_nobody_moves():
    view = operator_view(advice(customer_id=["a"]), catalogue())
    assert view["by"].tolist() == ["all"]
    row = view.iloc[0]
    assert (row["customers"], row["given_up_minor"]) == (0, 0)
    assert pd.isna(row["value_basis"])
    assert math.isnan(row["break_even_extra_churn"])
    assert math.isnan(row["share_of_all"])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("SLX"), st.sampled_from("SLX"), st.integers(0, 40_000), st.integers(-4_000, 4_000)),
        min_size=1,
        max_size=30,
    )
)
def test_rows_sum_to_the_headline_to_the_cent(drawn):
    """Expected amounts are means over 40 futures; each is rounded half up once, and all sums are of the rounded."""
    held, new = [each[0] for each in drawn], [each[1] for each in drawn]
    costs, savings = [each[2] / 40 / 100 for each in drawn], [each[3] / 40 / 100 for each in drawn]
    rows = advice(
        customer_id=[f"{i:02}" for i in range(len(drawn))], plan_id=held, advised_plan_id=new,
        expected_cost_held=costs, expected_saving=savings,
    )  # fmt: skip
    view = operator_view(rows, catalogue())
    cent = Decimal("0.01")
    shift = 10_000  # a half is rounded up, below 0 too
    expected = sum(
        (Decimal(each[3]) / 4000 + shift).quantize(cent, ROUND_HALF_UP) - shift for each in drawn if each[0] != each[1]
    )
    for _, part in view.groupby("by"):
        assert part["given_up_minor"].sum() == int(expected * 100)
        assert (part["bill_minor"] - part["given_up_minor"] == part["new_bill_minor"]).all()
    assert f"{view['given_up'].iloc[0]:.2f}" == f"{expected:.2f}"


@pytest.mark.parametrize(("base", "offer", "hold_out"), [(0.06, 900, 100), (0.03, 5000, 500), (0.3, 300, 300)])
def test_what_a_hold_out_would_notice_is_noticed_with_that_power(base, offer, hold_out):
    rise, fall = detectable_rates(base, offer=offer, hold_out=hold_out)
    for away in (rise, -fall):
        power = power_proportions_2indep(away, base, offer, ratio=hold_out / offer, return_results=False)
        assert power == pytest.approx(0.8, abs=2e-3)  # statsmodels adds the chance of the wrong side


def test_the_power_table():
    table = hold_out_power(1000, leaving=0.06, revenue_sd=40.0, shares=(0.1, 0.5))
    assert table[["hold_out", "offer"]].to_numpy().tolist() == [[100, 900], [500, 500]]
    for row in table.itertuples():
        solved = NormalIndPower().solve_power(nobs1=row.offer, ratio=row.hold_out / row.offer, alpha=0.05, power=0.8)
        assert row.revenue == pytest.approx(solved * 40, rel=1e-4)
    assert table["leaving_rise"].is_monotonic_decreasing
    few = hold_out_power(12, leaving=0.01, revenue_sd=1.0, shares=(0.1,)).iloc[0]
    assert few["hold_out"] == 1
    assert few[["leaving_rise", "leaving_fall", "revenue"]].isna().all()
    assert detectable_rates(0.0, offer=500, hold_out=500)[0] > 0
    assert math.isnan(detectable_rates(0.0, offer=500, hold_out=500)[1])


def test_bad_shares_are_refused():
    for call in (lambda: hold_out_power(10, leaving=0.1, shares=(1.0,)), lambda: hold_out_power(10, leaving=1.1)):
        with pytest.raises(CxError) as error:
            call()
        assert error.value.code == "bad_setting"


def test_past_leaving_counts_those_who_were_there():
    customers = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "joined_on": pd.to_datetime(["2020-01-01"] * 4 + ["2026-02-10", None]),
            "left_on": pd.to_datetime(["2025-12-31", "2026-01-01", "2026-03-31", "2026-04-01", None, None]),
        }
    )
    found = past_leaving(customers, until="2026-03", months=3)
    assert found.value == 2 / 4  # b and c of b, c, d, f
    assert math.isnan(past_leaving(customers.drop(columns="left_on"), until="2026-03", months=3).value)
