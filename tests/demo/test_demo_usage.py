"""Plans, usage and bills of the made-up operator, recomputed from what is written down of it."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cxlib.demo import build_demo
from cxlib.tables import TABLES

METERS = ["minutes", "sms", "data_mb"]
FIRST, LAST = pd.Timestamp("2025-07-01"), pd.Timestamp("2026-06-01")
PHYSICAL = {
    "id": pa.string(),
    "text": pa.string(),
    "category": pa.string(),
    "boolean": pa.bool_(),
    "month": pa.date32(),
    "date": pa.date32(),
    "time": pa.timestamp("us", tz="UTC"),
    "integer": pa.int64(),
}


def exact_bill(plan, row) -> Decimal:
    """The bill of one month in decimals, from the catalogue's row."""
    total = Decimal(str(plan["monthly_fee"]))
    for meter in METERS:
        if plan[f"included_{meter}"] == math.inf:
            continue
        over = max(Decimal(0), Decimal(str(row[meter])) - Decimal(str(plan[f"included_{meter}"])))
        units = over / Decimal(str(plan[f"unit_size_{meter}"]))
        if plan[f"round_up_{meter}"]:
            units = Decimal(math.ceil(units))
        total += units * Decimal(str(plan[f"overage_price_{meter}"]))
    return total


def version(plans, plan_id, month):
    fits = plans[(plans["plan_id"] == plan_id) & ~(plans["valid_from"] > month) & ~(plans["valid_to"] < month)]
    assert len(fits) == 1
    return fits.iloc[0]


@pytest.fixture(scope="session")
def plans(demo):
    table = demo.tables["plans"].to_pandas()
    return table.assign(valid_from=pd.to_datetime(table["valid_from"]), valid_to=pd.to_datetime(table["valid_to"]))


def test_the_same_seed_gives_the_same_company_and_another_seed_another():
    one, two, other = build_demo(customers=1500, seed=5), build_demo(customers=1500, seed=5), build_demo(customers=1500)
    for name, table in one.tables.items():
        assert table.equals(two.tables[name]), name
    for name in ("law", "fit", "contacts", "roster"):
        pd.testing.assert_frame_equal(getattr(one.truth, name), getattr(two.truth, name))
    assert not one.tables["usage"].equals(other.tables["usage"])
    assert not one.tables["contacts"].equals(other.tables["contacts"])


def test_tables_have_the_types_and_required_columns_of_the_product(demo):
    assert set(demo.tables) == {"usage", "plans", "customers", "contacts", "tiers"}
    for name, table in demo.tables.items():
        assert set(TABLES[name].required) <= set(table.column_names)
        for field in table.schema:
            if field.name in TABLES[name].names:
                kind = TABLES[name][field.name].kind
            else:
                kind = TABLES[name].meter_column(field.name)[0].kind
            assert field.type == PHYSICAL.get(kind, pa.float64()), (name, field.name)
        for required in TABLES[name].required:
            assert table[required].null_count == 0, (name, required)


def test_keys_are_unique_and_usage_is_sorted(demo, usage):
    for name, table in demo.tables.items():
        keys = table.select(list(TABLES[name].key)).to_pandas()
        assert not keys.duplicated().any(), name
    pd.testing.assert_frame_equal(usage, usage.sort_values(["customer_id", "month"], ignore_index=True))
    assert (
        demo.tables["contacts"]
        .sort_by([("arrived_at", "ascending"), ("contact_id", "ascending")])
        .equals(demo.tables["contacts"])
    )


def test_size_and_period(usage, customers):
    assert len(customers) == 24_000
    assert usage["month"].min() == FIRST
    assert usage["month"].max() == LAST
    assert usage["month"].nunique() == 12
    assert customers["customer_id"].str.startswith("0").all()  # numbers with leading zeros
    assert customers["tier"].nunique() == 4
    need = customers["need"].value_counts(normalize=True, dropna=False)
    assert 0.12 < need["senior"] < 0.16
    assert 0.02 < need["disabled"] < 0.04
    assert 0.88 < customers["consent"].mean() < 0.92
    assert set(usage["customer_id"]) <= set(customers["customer_id"])


def test_the_catalogue_is_one_that_people_would_recognise(plans):
    assert plans["plan_id"].nunique() == 13
    assert plans["currency"].unique().tolist() == ["CNY"]
    assert plans.loc[~plans["on_sale"], "plan_id"].tolist() == ["C45"]
    assert plans.loc[plans["segment"] == "senior", "plan_id"].tolist() == ["S25"]
    assert plans.loc[np.isinf(plans["included_data_mb"]), "plan_id"].tolist() == ["U199"]
    assert plans["plan_id"].value_counts()["E59"] == 2  # a price version from January on
    # Of two plans of one family the dearer includes more of everything.
    for small, large in (
        ("B08", "L19"),
        ("L19", "E39"),
        ("E39", "E59"),
        ("D69", "D99"),
        ("T49", "T89"),
        ("D69", "P129"),
    ):
        pair = plans.drop_duplicates("plan_id").set_index("plan_id").loc[[small, large]]
        included = pair[[f"included_{meter}" for meter in METERS]].to_numpy()
        assert (included[0] <= included[1]).all()
        assert pair["monthly_fee"].is_monotonic_increasing


def test_usage_and_money_are_exact_to_what_is_written(usage):
    assert (usage[["minutes", "sms"]] % 1 == 0).all(axis=None)
    assert (usage["data_mb"] == usage["data_mb"].round(1)).all()
    assert (usage["billed_amount"] == usage["billed_amount"].round(2)).all()
    assert (usage["billed_amount"] >= 0).all()


def test_what_was_billed_is_the_bill_but_where_it_is_written_down(demo, usage, plans):
    differs = demo.truth.unreconciled
    joined = usage.merge(differs, on=["customer_id", "month"], how="left", validate="1:1")
    sample = pd.concat(
        [joined.sample(1500, random_state=1), joined[joined["cause"].notna()].sample(300, random_state=2)]
    )
    for row in sample.to_dict("records"):
        known = 0 if pd.isna(row["difference"]) else Decimal(str(row["difference"]))
        calculated = exact_bill(version(plans, row["plan_id"], row["month"]), row)
        assert Decimal(str(row["billed_amount"])) == calculated + known
    assert 0.02 < len(differs) / len(usage) < 0.05
    assert set(differs["cause"]) == {"proration", "discount", "unmetered charge"}
    assert (differs.loc[differs["cause"] != "unmetered charge", "difference"] < 0).all()


def test_partial_months_are_those_of_joining_and_leaving(demo, customers):
    joined = demo.truth.partial.merge(customers, on="customer_id")
    begins = joined["joined_on"].dt.to_period("M") == joined["month"].dt.to_period("M")
    ends = joined["left_on"].dt.to_period("M") == joined["month"].dt.to_period("M")
    assert (begins | ends).all()
    assert 0.5 < joined["marked"].mean() < 0.7


def test_no_usage_before_joining_or_after_leaving(usage, customers):
    joined = usage.merge(customers, on="customer_id")
    assert (joined["month"] + pd.offsets.MonthEnd(0) >= joined["joined_on"]).all()
    assert not (joined["month"] > joined["left_on"]).any()


def test_dormant_months_have_no_row_or_a_row_of_zeros(demo, usage):
    dormant = demo.truth.dormant
    assert 0.04 < dormant["customer_id"].nunique() / 24_000 < 0.07
    rows = dormant.merge(usage, on=["customer_id", "month"], how="left")
    assert (rows.loc[rows["as_zero"], METERS] == 0).all(axis=None)
    assert rows.loc[~rows["as_zero"], "minutes"].isna().all()
    assert 0.3 < dormant["as_zero"].mean() < 0.7


def whole_months(demo, usage):
    """Months in use from first to last day, with the mean of their law."""
    rows = usage.merge(demo.truth.law, on=["customer_id", "month"], suffixes=("", "_mean"), validate="1:1")
    for other in (demo.truth.partial, demo.truth.dormant):
        seen = rows[["customer_id", "month"]].merge(other[["customer_id", "month"]], how="left", indicator=True)
        rows = rows[(seen["_merge"] == "left_only").to_numpy()]
    return rows


def test_usage_follows_its_law(demo, usage):
    rows = whole_months(demo, usage)
    for meter in METERS:
        ratio = rows[meter] / rows[f"{meter}_mean"]
        assert ratio.mean() == pytest.approx(1, abs=0.01)
        many = rows[f"{meter}_mean"] > 50  # where rounding to whole units is small
        assert ratio[many].std() == pytest.approx(0.4, abs=0.02)
        assert np.log(ratio[many & (ratio > 0)]).skew() == pytest.approx(0, abs=0.05)
    logs = (
        np.log((rows["minutes"] + 0.5) / rows["minutes_mean"]),
        np.log((rows["data_mb"] + 0.5) / rows["data_mb_mean"]),
    )
    assert np.corrcoef(*logs)[0, 1] == pytest.approx(0.5, abs=0.05)


def test_months_vary_by_about_two_fifths_within_a_customer(demo, usage):
    rows = whole_months(demo, usage)
    rows = rows[~rows["customer_id"].isin(demo.truth.regimes["customer_id"])]
    by_customer = rows.groupby("customer_id")[METERS].agg(["mean", "std", "count"])
    for meter in ("minutes", "data_mb"):
        full = by_customer[meter][by_customer[meter]["count"] == 12]
        full = full[full["mean"] > 30]
        assert (full["std"] / full["mean"]).mean() == pytest.approx(0.4, abs=0.03)


def test_a_fifth_change_their_ways_for_good(demo, usage):
    regimes = demo.truth.regimes
    assert len(regimes) / 24_000 == pytest.approx(0.2, abs=0.01)
    assert regimes["factor"].between(1 / 3.5, 3.5).all()
    assert not regimes["factor"].between(0.5001, 1.9999).any()
    rows = whole_months(demo, usage).merge(regimes, on="customer_id", suffixes=("", "_of_change"))
    rows["after"] = rows["month"] >= rows["month_of_change"]
    level = rows[rows["data_mb"] > 0].assign(log=lambda f: np.log(f["data_mb"]))
    change = level.pivot_table(index="customer_id", columns="after", values="log").dropna()
    known = np.log(regimes.set_index("customer_id")["factor"]).reindex(change.index)
    slope = np.polyfit(known, change[True] - change[False], 1)[0]
    assert slope == pytest.approx(1, abs=0.03)


def test_season_and_growth_are_there(demo):
    law = demo.truth.law[~demo.truth.law["customer_id"].isin(demo.truth.regimes["customer_id"])]
    course = law.groupby("month")[METERS].sum()
    year = course.loc["2026-07-01"] / course.loc["2025-07-01"]
    assert year["data_mb"] > 1.1  # growth over a year, the same season
    assert year["minutes"] < 1
    assert course.loc["2026-02-01", "sms"] > 1.2 * course.loc["2026-03-01", "sms"]  # new year's greetings


def test_expected_costs_are_the_means_of_many_bills(demo, plans):
    random = np.random.default_rng(3)
    truth = demo.truth
    chosen = truth.fit["customer_id"].sample(12, random_state=4)
    spread = math.log(1 + truth.noise_cv**2)
    means = truth.law[truth.law["month"] > LAST].set_index("customer_id")[METERS]
    cost = truth.expected_cost.set_index(["customer_id", "plan_id"])["expected_cost"]
    for customer in chosen:
        drawn = []
        for mean in means.loc[customer].to_numpy():
            normal = random.standard_normal((60_000, 3))
            drawn.append(mean * np.exp(math.sqrt(spread) * normal - spread / 2))
        used = np.concatenate(drawn)
        for plan in plans.drop_duplicates("plan_id", keep="last").to_dict("records"):
            bills = np.full(len(used), plan["monthly_fee"])
            for k, meter in enumerate(METERS):
                if np.isfinite(plan[f"included_{meter}"]):
                    units = np.maximum(used[:, k] - plan[f"included_{meter}"], 0) / plan[f"unit_size_{meter}"]
                    bills += plan[f"overage_price_{meter}"] * (np.ceil(units) if plan[f"round_up_{meter}"] else units)
            error = bills.std() / math.sqrt(len(bills))
            assert cost[customer, plan["plan_id"]] == pytest.approx(bills.mean(), abs=5 * error + 1e-3)


def test_true_mismatch_is_what_is_defined_and_befalls_a_quarter_to_two_fifths(demo, usage, customers, plans):
    fit, end = demo.truth.fit, pd.Timestamp("2026-06-30")
    joined = fit.merge(customers, on="customer_id", validate="1:1")
    last_plan = usage.groupby("customer_id")["plan_id"].last()
    assert (joined["held_plan_id"] == joined["customer_id"].map(last_plan)).all()
    assert (joined["plan_id"] == joined["held_plan_id"]).all()
    assert (joined["bound"] == (joined["contract_end"] > end)).all()
    assert (joined["active"] == ~(joined["left_on"] <= end)).all()

    options = demo.truth.expected_cost.merge(joined, on="customer_id").merge(
        plans.drop_duplicates("plan_id", keep="last"), left_on="plan_id_x", right_on="plan_id", suffixes=("", "_plan")
    )
    tenure = (
        (end.year - options["joined_on"].dt.year) * 12
        + end.month
        - options["joined_on"].dt.month
        - (options["joined_on"].dt.day > end.day)
    )
    eligible = (
        options["on_sale"]
        & (options["segment"].isna() | (options["segment"] == options["need"]))
        & (tenure >= options["min_tenure_months"])
        & ~options["bound"]
    )
    assert (eligible == options["may_take"]).all()
    cheapest = options[eligible].groupby("customer_id")["expected_cost"].min()
    held = joined.set_index("customer_id")["expected_held"]
    saving = (held - cheapest.reindex(held.index)).fillna(0).clip(lower=0)
    np.testing.assert_allclose(saving.to_numpy(), fit["expected_saving"])
    mismatched = saving >= np.maximum(3, 0.1 * held)
    assert (mismatched.to_numpy() == fit["mismatched"].to_numpy()).all()
    assert 0.25 < fit.loc[fit["active"], "mismatched"].mean() < 0.40
    assert 0.25 < fit["mismatched_if_free"].mean() < 0.40
    assert 0.05 < fit["bound"].mean() < 0.10


def test_some_changed_their_plan_and_the_new_one_is_on_the_bill(demo, usage):
    changes = demo.truth.plan_changes
    assert 500 < len(changes) < 2000
    rows = changes.merge(usage, on=["customer_id", "month"], suffixes=("", "_billed"), validate="1:1")
    assert (rows["plan_id"] == rows["plan_id_billed"]).all()
    plans_held = usage.groupby("customer_id")["plan_id"].nunique()
    assert (plans_held == 2).sum() == len(changes)
    assert plans_held.max() == 2


def test_value_and_contracts_make_sense(customers, usage):
    assert customers["monthly_value"].notna().mean() > 0.99
    spend = usage.groupby("customer_id")["billed_amount"].mean()
    value = customers.set_index("customer_id")["monthly_value"]
    assert np.corrcoef(spend.rank(), value.reindex(spend.index).fillna(0).rank())[0, 1] > 0.8
    assert value.groupby(customers.set_index("customer_id")["tier"]).median().idxmax() == "贵宾"
    assert not (customers["contract_end"] < customers["joined_on"]).any()
    assert not (customers["left_on"] < customers["joined_on"]).any()
