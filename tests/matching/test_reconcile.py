"""Reconciliation: by hand, against the definition written out naively, and against what the demo plants."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_company import frames, random_company

from cxlib.demo import build_demo
from cxlib.errors import CxError
from cxlib.matching import Catalogue, bill, reconcile, reconcile_customers, reconcile_summary, withheld

PLANS = pd.DataFrame(
    {
        "plan_id": ["S", "L"],
        "monthly_fee": [31.0, 60.0],
        "included_minutes": [100.0, 1000.0],
        "overage_price_minutes": [0.1, 0.1],
        "included_data_mb": [1024.0, np.inf],
        "overage_price_data_mb": [7.0, np.nan],
        "unit_size_data_mb": [1024.0, 1024.0],
        "round_up_data_mb": [True, True],
    }
)
CATALOGUE = Catalogue(PLANS)


def months_of(billed, *, minutes=50.0, data_mb=0.0, plan="S", customer="1", start=1, complete=None):
    """Return usage of one customer in consecutive months of 2026."""
    n = len(billed)

    def each(value):
        return list(value) if isinstance(value, list) else [value] * n

    table = pd.DataFrame(
        {
            "customer_id": customer,
            "month": [f"2026-{start + k:02d}" for k in range(n)],
            "plan_id": each(plan),
            "minutes": np.array(each(minutes), dtype=float),
            "data_mb": np.array(each(data_mb), dtype=float),
            "billed_amount": np.array(billed, dtype=float),
        }
    )
    return table if complete is None else table.assign(complete=complete)


def causes(usage, **options):
    return [None if pd.isna(each) else each for each in reconcile(usage, CATALOGUE, **options)["cause"]]


def test_a_bill_by_hand():
    # S: 31 + (150 - 100) x .10 = 36; data 2,000 MB: one started GB more, 7.
    usage = months_of([36.0, 43.0, 44.5], minutes=150.0, data_mb=[0.0, 2000.0, 2000.0])
    found = reconcile(usage, CATALOGUE)
    assert found["calculated"].tolist() == [36.0, 43.0, 43.0]
    assert found["gap_minor"].tolist() == [0, 0, 150]
    assert found["gap"].tolist() == [0.0, 0.0, 1.5]
    assert found["within"].tolist() == [True, True, False]
    customers = reconcile_customers(usage, CATALOGUE)
    assert customers[["months_compared", "months_outside", "gap_minor"]].to_numpy().tolist() == [[3, 1, 150]]
    assert customers["reconciled"].tolist() == [False]


@pytest.mark.parametrize(
    ("billed", "options", "within"),
    [
        (32.0, {}, True),  # exactly one unit of money
        (32.01, {}, False),
        (32.01, {"tolerance_amount": 1.01}, True),
        (31.01, {"tolerance_amount": 0, "tolerance_share": 0}, False),
        (31.62, {"tolerance_amount": 0, "tolerance_share": 0.02}, True),  # exactly 2 %
        (31.63, {"tolerance_amount": 0, "tolerance_share": 0.02}, False),
        (30.0, {}, True),
        (29.99, {}, False),
    ],
)
def test_the_edge_of_the_tolerance(billed, options, within):
    assert reconcile(months_of([billed]), CATALOGUE, **options)["within"].tolist() == [within]


def test_only_the_last_complete_months_with_an_amount_withhold():
    usage = pd.concat(
        [
            months_of([99, 31, 31, 31], customer="long ago"),
            months_of([31, 99, 31, 31], customer="just inside"),
            months_of([31, 31, 31, 99], customer="not complete", complete=[True, True, True, False]),
            months_of([99, 31, np.nan, 31], customer="one not known"),
            months_of([np.nan] * 4, customer="none known"),
        ]
    )
    found = reconcile_customers(usage, CATALOGUE).set_index("customer_id")
    assert found["reconciled"].dropna().to_dict() == {
        "long ago": True,
        "just inside": False,
        "not complete": True,
        "one not known": False,
    }
    assert found["months_compared"].to_dict()["none known"] == 0
    assert withheld(usage, CATALOGUE)["customer_id"].tolist() == ["just inside", "one not known"]
    assert withheld(usage, CATALOGUE, months=4)["customer_id"].tolist() == ["just inside", "long ago", "one not known"]
    assert withheld(usage, CATALOGUE, until="2026-02", months=1)["customer_id"].tolist() == ["just inside"]


def test_without_amounts_nothing_is_withheld():
    usage = months_of([31, 31]).drop(columns="billed_amount")
    for each in (usage, usage.assign(billed_amount=np.nan), usage.assign(billed_amount=None)):
        assert reconcile(each, CATALOGUE).empty
        assert withheld(each, CATALOGUE).empty
        assert reconcile_customers(each, CATALOGUE)["reconciled"].isna().tolist() == [True]
        summary = reconcile_summary(each, CATALOGUE)
        assert (summary.customers, summary.compared, summary.share) == (1, 0, None)
        assert summary.gaps["customer_months"].sum() == 0
    full = months_of([31, 31])
    pairs = [(measure(usage, CATALOGUE), measure(full, CATALOGUE)) for measure in (reconcile, reconcile_customers)]
    pairs.append((withheld(usage, CATALOGUE), withheld(full.assign(billed_amount=99.0), CATALOGUE)))
    for empty, whole in pairs:
        assert empty.dtypes.to_dict() == whole.dtypes.to_dict()


def test_a_bill_for_some_days_of_the_first_month():
    people = pd.DataFrame({"customer_id": ["1"], "joined_on": [pd.Timestamp("2026-01-11")]})
    # January has 31 days, so a day of the fee of 31 is 1.00: ten days are missing.
    assert causes(months_of([21, 31, 31]), customers=people) == ["proration", None, None]


def test_a_bill_for_some_days_where_no_date_is_known():
    neighbour = months_of([31] * 6, customer="0")
    joined = months_of([31 * 12 / 31, 31], start=3)  # 12 of the 31 days of March
    assert causes(pd.concat([neighbour, joined]))[6:] == ["proration", None]
    left = months_of([31, 31, 15.5], start=2)  # half of April
    assert causes(pd.concat([neighbour, left]))[6:] == [None, None, "proration"]
    middle = months_of([31, 31 * 12 / 31, 31, 31, 31, 31])
    assert causes(pd.concat([neighbour, middle]))[7] != "proration"


def test_a_change_of_plan_in_the_middle_of_a_month():
    # 10 days of L in March are in the bill that the usage puts down to S: (60 - 31) x 10 / 31.
    usage = months_of([31, 31, round(31 + 29 * 10 / 31, 2), 60, 60], plan=["S", "S", "S", "L", "L"])
    assert causes(usage) == [None, None, "proration", None, None]


def test_a_few_smallest_units_are_rounding():
    assert causes(months_of([31.02, 30.99, 31.0])) == ["rounding", "rounding", None]


def test_per_unit_in_the_place_of_started_units():
    # 1,500 MB above 1,024: one started GB costs 7.00; 476 / 1024 of a GB 3.25.
    assert causes(months_of([round(31 + 7 * 476 / 1024, 2)], data_mb=1500.0)) == ["rounding"]


def test_events_rounded_up_one_by_one():
    # 150, 161 and 140 minutes; rounding calls up makes 7, 12 and 6 minutes more, at .10.
    minutes = [150.0, 161.0, 140.0]
    billed = [31 + 5.0 + 0.7, 31 + 6.1 + 1.2, 31 + 4.0 + 0.6]
    assert causes(months_of(billed, minutes=minutes), tolerance_amount=0.1, tolerance_share=0) == ["rounding"] * 3


def test_a_charge_that_no_meter_counts():
    assert causes(months_of([31, 31, 54.37, 31])) == [None, None, "missing_meter", None]


@pytest.mark.parametrize("factor", [1.13, 0.9, 1.0 / 1.17])
def test_a_tax_or_a_discount(factor):
    minutes = [150.0, 420.0, 90.0, 730.0]
    billed = [round((31 + max(0, used - 100) * 0.1) * factor, 2) for used in minutes]
    assert causes(months_of(billed, minutes=minutes)) == ["price"] * 4


def test_another_fee():
    assert causes(months_of([36.5, 46.5, 56.5], minutes=[100.0, 200.0, 300.0])) == ["price"] * 3


def test_a_discount_that_just_began():
    assert causes(months_of([31, 31, 24.8])) == [None, None, "price"]


def test_a_price_that_the_catalogue_does_not_know_yet():
    usage = pd.concat([months_of([31, 31, 34.37], customer=str(k)) for k in range(8)])
    assert causes(usage) == [None, None, "price"] * 8


def test_less_than_calculated_for_no_reason():
    assert causes(months_of([31, 31, 17.43, 31])) == [None, None, "unknown", None]


def test_the_cause_of_a_customer_is_that_behind_most_money():
    found = withheld(months_of([31.0, 36.0, 36.0, 95.11]), CATALOGUE)
    assert found[["cause", "gap_minor", "months_outside"]].to_numpy().tolist() == [["missing_meter", 6411, 3]]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.from_pandas, pa.Table.from_pandas])
def test_any_frame_in_any_order(make):
    usage = pd.concat([months_of([31, 31, 99], customer="b"), months_of([31, 50, 31], customer="a")])
    expected = reconcile(usage, CATALOGUE)
    shuffled = make(usage.sample(frac=1, random_state=3).reset_index(drop=True))
    pd.testing.assert_frame_equal(reconcile(shuffled, CATALOGUE), expected)
    assert withheld(shuffled, CATALOGUE)["customer_id"].tolist() == ["a", "b"]


def test_amounts_with_more_places_than_money_are_rounded():
    assert reconcile(months_of([31.005, 31.0049, -0.005]), CATALOGUE)["gap_minor"].tolist() == [1, 0, -3101]


def test_what_cannot_be_compared_is_named():
    with pytest.raises(CxError) as caught:
        reconcile(months_of([31, 1 / 3]), CATALOGUE)
    assert (caught.value.code, caught.value.column) == ("too_many_decimals", "billed_amount")
    assert "customer 1 in 2026-02" in str(caught.value)
    for wrong in ({"tolerance_share": -1}, {"tolerance_amount": -0.5}, {"until": "soon"}):
        with pytest.raises(CxError) as caught:
            reconcile(months_of([31]), CATALOGUE, **wrong)
        assert caught.value.code in {"bad_setting", "bad_month"}
    with pytest.raises(CxError):
        withheld(months_of([31]), CATALOGUE, months=0)


def cents(value):
    return int((Decimal(str(value)) * 100).quantize(Decimal(1), ROUND_HALF_UP))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 3),  # customer
            st.integers(1, 9),  # month
            st.sampled_from(["S", "L"]),
            st.integers(0, 3000),
            st.integers(0, 9000),
            st.one_of(st.none(), st.integers(-500, 20_000)),
            st.booleans(),
        ),
        min_size=1,
        unique_by=lambda row: row[:2],
    ),
    months=st.integers(1, 4),
)
def test_the_definition_word_by_word(rows, months):
    usage = pd.DataFrame(
        [
            (str(c), f"2026-{m:02d}", plan, minutes / 4, data / 2, None if billed is None else billed / 100, whole)
            for c, m, plan, minutes, data, billed, whole in rows
        ],
        columns=["customer_id", "month", "plan_id", "minutes", "data_mb", "billed_amount", "complete"],
    ).astype({"billed_amount": "float64"})
    expected = {}
    for c, _, _, _, _, _, _ in rows:
        judged = []
        for _, _m, plan, minutes, data, billed, whole in sorted(row for row in rows if row[0] == c):
            if billed is None or not whole:
                continue
            fee, included = {"S": (3100, 100), "L": (6000, 1000)}[plan]
            over = max(Decimal(0), Decimal(minutes) / 4 - included) * 10
            gigabytes = -(-max(Decimal(0), Decimal(data) / 2 - 1024) // 1024) if plan == "S" else 0
            calculated = fee + int(over.quantize(Decimal(1), ROUND_HALF_UP)) + 700 * int(gigabytes)
            judged.append(abs(billed - calculated) > max(Decimal(calculated) / 50, 100))
        expected[str(c)] = any(judged[-months:]) if judged else None
    found = reconcile_customers(usage, CATALOGUE, months=months)
    said = zip(found["customer_id"], found["reconciled"], strict=True)
    assert {customer: None if pd.isna(good) else not good for customer, good in said} == expected
    assert withheld(usage, CATALOGUE, months=months)["customer_id"].tolist() == sorted(
        customer for customer, bad in expected.items() if bad
    )
    summary = reconcile_summary(usage, CATALOGUE, months=months)
    known = reconcile(usage, CATALOGUE)
    assert summary.withheld == sum(bool(bad) for bad in expected.values())
    assert summary.causes["customers"].sum() == summary.withheld
    assert summary.gaps["gap_minor"].sum() == known["gap_minor"].sum()
    assert summary.gaps["customer_months"].sum() == len(known) == summary.customer_months
    assert summary.causes["customer_months"].sum() == (~known["within"]).sum() == len(known) - summary.within
    assert summary.causes["gap_minor"].sum() == known.loc[~known["within"], "gap_minor"].sum()


@pytest.mark.parametrize("seed", range(6))
def test_what_is_calculated_is_the_bill_whatever_plans_say(seed):
    """Tiers, packs, minimums, rollover, promotions and accounts: amounts of the lines of an account are added up."""
    rng = np.random.default_rng(seed)
    plans, usage, customers = frames(*random_company(rng))
    catalogue = Catalogue(plans)
    usage = usage.assign(billed_amount=np.round(rng.random(len(usage)) * 60, 2))
    rows, bills = reconcile(usage, catalogue, customers=customers), bill(usage, catalogue, customers=customers)
    for name in ("customer_id", "month", "plan_id"):
        assert rows[name].tolist() == bills[name].tolist()
    assert rows["calculated"].tolist() == bills["total"].tolist()
    assert round(100 * rows["billed"].sum()) == round(100 * usage["billed_amount"].sum())
    assert rows["cause"].isna().tolist() == (rows["gap_minor"] == 0).tolist()
    kept_back = reconcile_customers(usage, catalogue, customers=customers)["reconciled"] == False  # noqa: E712
    assert len(withheld(usage, catalogue, customers=customers)) == kept_back.sum()


RATES = pd.DataFrame(
    {
        "plan_id": ["S", "M", "L"],
        "monthly_fee": [19.0, 35.0, 59.0],
        "included_minutes": [100.0, 400.0, 1500.0],
        "overage_price_minutes": [0.12, 0.1, 0.08],
        "included_data_mb": [2048.0, 8192.0, 20480.0],
        "overage_price_data_mb": [6.0, 5.0, 4.0],
        "unit_size_data_mb": [1024.0] * 3,
        "round_up_data_mb": [True] * 3,
        "included_sms": [50.0, 200.0, 1000.0],
        "overage_price_sms": [0.08] * 3,
    }
)
DIFFERENCES = {
    "days of the first month": "proration",
    "discount from some month on": "price",
    "tax": "price",
    "another fee": "price",
    "data per unit": "rounding",
    "calls rounded up": "rounding",
    "one charge now and then": "missing_meter",
    "messages not in the usage": "missing_meter",
    "credit now and then": "unknown",
    "none": None,
}


def test_causes_planted_in_a_company_without_a_table_of_customers():
    rng = np.random.default_rng(11)
    people = pd.DataFrame({"plan": rng.choice(["S", "M", "L"], 1200), "kind": rng.choice(list(DIFFERENCES), 1200)})
    people["start"] = np.where(people["kind"] == "days of the first month", rng.integers(2, 7, 1200), 1)
    people["level"] = rng.lognormal(0, 0.8, 1200)
    usage = people.loc[people.index.repeat(12)].assign(m=np.tile(np.arange(1, 13), 1200)).query("m >= start")
    who, kind, m = usage.index.to_numpy(), usage["kind"].to_numpy(), usage["m"].to_numpy()
    size, n = usage["level"].to_numpy() * rng.lognormal(0, 0.4, len(usage)), len(usage)
    hidden = np.where(kind == "messages not in the usage", 0.0, 1.0)
    usage = pd.DataFrame(
        {
            "customer_id": [f"{each:05d}" for each in who],
            "month": [f"2025-{each:02d}" for each in m],
            "plan_id": usage["plan"].to_numpy(),
            "minutes": np.rint(180 * size),
            "data_mb": np.round(4000 * size, 1),
            "sms": np.rint(40 * size) * hidden,
        }
    )
    terms = RATES.set_index("plan_id").loc[usage["plan_id"]].reset_index()
    bills = bill(usage, Catalogue(RATES))
    total, first = bills["total"].to_numpy(), m == people["start"].to_numpy()[who]

    def more(meter, used):
        over = [np.maximum(0, each - terms[f"included_{meter}"]) for each in (used, usage[meter])]
        return ((over[0] - over[1]) * terms[f"overage_price_{meter}"]).to_numpy()

    gigabytes = np.maximum(0, usage["data_mb"] - terms["included_data_mb"]) / 1024
    rate, since = rng.choice([0.05, 0.1, 0.2], 1200)[who], rng.integers(1, 12, 1200)[who]
    days = pd.to_datetime(usage["month"]).dt.days_in_month.to_numpy()
    rare = rng.random(n) < 0.12
    gap = {
        "days of the first month": -1 * first * bills["fee"].to_numpy() * rng.integers(1, 28, n) / days,
        "discount from some month on": -total * rate * (m >= since),
        "tax": total * 0.19,
        "another fee": rng.choice([2.5, 3, 5, -4], 1200)[who],
        "data per unit": ((gigabytes - np.ceil(gigabytes)) * terms["overage_price_data_mb"]).to_numpy(),
        "calls rounded up": more("minutes", usage["minutes"] + np.rint(usage["minutes"] * rng.uniform(0.03, 0.12, n))),
        "one charge now and then": rare * rng.uniform(3, 60, n),
        "messages not in the usage": more("sms", np.rint(80 * size)),
        "credit now and then": -1 * rare * rng.uniform(3, 30, n),
        "none": np.zeros(n),
    }
    usage["billed_amount"] = np.round(total + np.select([kind == each for each in gap], list(gap.values())), 2)
    rows = reconcile(usage, Catalogue(RATES))
    outside = (~rows["within"]).to_numpy()
    true, said = pd.Series(kind)[outside].map(DIFFERENCES), rows.loc[outside, "cause"]
    assert (kind[outside] != "none").all()
    right = (said == true).groupby(kind[outside]).agg(["mean", "size"])
    assert set(right.index) == set(DIFFERENCES) - {"none"}
    assert (right["size"] > 50).all()
    assert (right["mean"] >= 0.93).all(), right
    precision = (said == true).groupby(said).mean()
    assert (precision >= 0.95).all(), precision


PLANTED = {"proration": "proration", "discount": "price", "unmetered charge": "missing_meter"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_the_demo_plants_is_found_with_its_cause(seed):
    demo = build_demo(seed=seed, customers=1500)
    usage, catalogue = demo.tables["usage"], Catalogue(demo.tables["plans"])
    rows = reconcile(usage, catalogue, customers=demo.tables["customers"])
    planted = demo.truth.unreconciled.assign(month=lambda frame: frame["month"].astype("datetime64[us]"))
    both = rows.merge(planted, on=["customer_id", "month"], how="outer", suffixes=("", "_planted"))
    # Every planted gap is found to the cent, and no other.
    assert (both["gap"] - both["difference"].fillna(0)).abs().max() < 1e-9
    outside = both[~both["within"].astype(bool)]
    likely = outside["cause_planted"].map(PLANTED)
    for cause in PLANTED.values():
        said, true = outside["cause"] == cause, likely == cause
        assert (said & true).sum() >= 0.97 * max(said.sum(), true.sum()) > 0
    whole = both[both["complete"].astype(bool)].groupby("customer_id").tail(3)
    assert withheld(usage, catalogue, customers=demo.tables["customers"])["customer_id"].tolist() == sorted(
        set(whole.loc[~whole["within"].astype(bool), "customer_id"])
    )


def test_without_dates_of_joining_the_demo_s_causes_are_still_found():
    demo = build_demo(seed=4, customers=1500)
    rows = reconcile(demo.tables["usage"], Catalogue(demo.tables["plans"]))
    planted = demo.truth.unreconciled.assign(month=lambda frame: frame["month"].astype("datetime64[us]"))
    both = rows.merge(planted, on=["customer_id", "month"], suffixes=("", "_planted"))
    right = both["cause"] == both["cause_planted"].map(PLANTED)
    assert right[~both["within"]].mean() >= 0.9
