"""Measures of allocation with intervals: the values of `allocation` and `waits`, over time, and against before."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from small_logs import small_log

from cxlib.errors import CxError
from cxlib.fairness import allocation, allocation_change, allocation_measures, allocation_over_time, prepare, waits
from cxlib.fairness.measures import MEASURES, TYPICAL_WAITS

NAMES = ["share_contacts", "share_agent_time", "representation", "contacts_per_customer", "mean_wait_s", "sla"]
NAMES += ["sla_offered", "abandonment", "abandonment_offered", "resolution", "csat", "median_wait_s", "p90_wait_s"]


@pytest.fixture(scope="module")
def contacts():
    return small_log(5, days=40, per_day=40)


@pytest.fixture(scope="module")
def customers():
    tier = np.where(np.arange(1500) % 3 == 0, "A", "B")
    region = np.array(["N", "S", "W"])[np.arange(1500) % 3]
    return pd.DataFrame(
        {"customer_id": [f"P{i}" for i in range(1500)], "tier": tier, "region": region, "monthly_value": 1.0}
    )


def wide(table, column="value"):
    return table.pivot_table(index="tier", columns="measure", values=column, dropna=False)


def test_values_are_those_of_the_plain_tables(contacts, customers):
    table = wide(allocation_measures(contacts, customers=customers))
    plain = allocation(contacts, customers=customers).set_index("tier")
    for name in NAMES:
        assert table[name].tolist() == pytest.approx(plain[name].tolist(), rel=1e-12), name
    virtual = waits(contacts).set_index("tier")["virtual_wait_s"]
    assert table["virtual_wait_s"].tolist() == virtual.tolist()
    assert set(table.columns) == {*MEASURES, *TYPICAL_WAITS}


def test_over_time_too(contacts):
    table = allocation_measures(contacts, every="week", zone="Asia/Shanghai")
    plain = allocation_over_time(contacts, every="week", zone="Asia/Shanghai").set_index(["period", "tier"])
    rows = table.pivot_table(index=["period", "tier"], columns="measure", values="value", dropna=False)
    for name in ("share_contacts", "mean_wait_s", "p90_wait_s", "sla", "resolution"):
        both = pd.concat([rows[name], plain[name]], axis=1)
        assert both.iloc[:, 0].tolist() == pytest.approx(both.iloc[:, 1].tolist(), rel=1e-12, nan_ok=True)


def test_intervals_hold_their_values_and_say_how_they_came(contacts):
    table = allocation_measures(contacts)
    there = table["reason"] == ""
    assert set(table.loc[there, "method"]) == {"bootstrap"}
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"]))[there].all()
    assert table.loc[~there, ["low", "high"]].isna().all(axis=None)
    assert (table.loc[table["measure"] != "repeat", "n_days"] == 40).all()
    week = allocation_measures(contacts, every="week")
    assert set(week["method"]) == {"jackknife", "none"}
    day = allocation_measures(contacts, every="day")
    assert set(day.loc[day["n"] > 0, "reason"]) <= {"too_few", "too_few_days"}


def test_medians_are_covered():
    inside = {"median_wait_s": [], "virtual_wait_s": [], "p90_wait_s": []}
    # one law for all days: exponential waits with mean 60, and patience with mean 240
    for seed in range(24):
        chance = np.random.default_rng(seed)
        n = 30 * 40
        wait, patience = chance.exponential(60, n), chance.exponential(240, n)
        arrived = pd.Timestamp("2026-03-02", tz="UTC") + pd.to_timedelta(
            np.repeat(np.arange(30), 40) * 86_400.0 + chance.uniform(0, 3600, n), unit="s"
        )
        log = pd.DataFrame(
            {
                "contact_id": np.arange(n).astype(str),
                "tier": "A",
                "arrived_at": arrived.astype("datetime64[us, UTC]"),
                "wait_s": np.minimum(wait, patience),
                "outcome": np.where(wait <= patience, "served", "abandoned"),
            }
        )
        table = allocation_measures(log).set_index("measure")
        # those served waited the lesser of the two: exponential with mean 48
        truth = {"median_wait_s": 48 * np.log(2), "p90_wait_s": 48 * np.log(10), "virtual_wait_s": 60 * np.log(2)}
        for name, at in truth.items():
            inside[name].append(table.loc[name, "low"] <= at <= table.loc[name, "high"])
    for found in inside.values():
        assert np.mean(found) >= 0.86


def test_every_engine_gives_the_same(contacts, customers, on_engines):
    people = on_engines(customers)
    for by in ("tier", "region"):
        tables = [
            allocation_measures(frame, by=by, customers=people[name]) for name, frame in on_engines(contacts).items()
        ]
        for other in tables[1:]:
            pd.testing.assert_frame_equal(tables[0], other, check_exact=True)
    first, last = dt.date(2026, 3, 25), dt.date(2026, 4, 10)
    tables = [allocation_change(frame, first=first, last=last) for frame in on_engines(contacts).values()]
    for other in tables[1:]:
        pd.testing.assert_frame_equal(tables[0], other, check_exact=True)


def test_change_is_that_of_two_logs(contacts, customers):
    first, last = dt.date(2026, 3, 25), dt.date(2026, 4, 10)
    table = allocation_change(contacts, first=first, last=last, customers=customers, zone="Asia/Shanghai")
    day = contacts["arrived_at"].dt.tz_convert("Asia/Shanghai").dt.date
    now = contacts[(day >= first) & (day <= last)]
    before = contacts[(day >= first - dt.timedelta(days=17)) & (day < first)]
    for column, part in (("value", now), ("before", before)):
        plain = wide(allocation_measures(part, customers=customers, zone="Asia/Shanghai"))
        found = wide(table, column)
        names = [name for name in found.columns if name != "repeat"]  # what comes after a log's end is not known
        assert found[names].to_numpy() == pytest.approx(plain[names].to_numpy(), rel=1e-12)
    assert (table["change"] - (table["value"] - table["before"])).abs().max() < 1e-9
    assert (table["low"] <= table["change"]).all()
    nothing = allocation_change(contacts, first=dt.date(2026, 3, 2), last=dt.date(2026, 3, 20), zone="Asia/Shanghai")
    assert nothing[["before", "change", "low"]].isna().all(axis=None)
    assert nothing["value"].notna().any()
    with pytest.raises(CxError) as error:
        allocation_change(contacts, first=last, last=first)
    assert error.value.code == "bad_period"


def test_too_few_have_their_n_and_no_value(contacts):
    few = pd.concat([contacts[contacts["tier"] == "A"], contacts[contacts["tier"] == "B"].head(6)])
    table = allocation_measures(few)
    row = table[(table["tier"] == "B") & (table["measure"] == "sla_offered")].iloc[0]
    assert (row["n"], row["reason"], row["method"]) == (6, "too_few", "none")
    rates = table[(table["tier"] == "B") & ~table["measure"].str.startswith("share")]
    assert rates[["value", "low", "high"]].isna().all(axis=None)
    assert table.loc[table["measure"] == "share_contacts", "value"].notna().all()


def test_segments_and_prepared_contacts(contacts):
    merged = allocation_measures(prepare(contacts), by={"A": "all", "B": "all"})
    assert set(merged["tier"]) == {"all"}
    by_both = allocation_measures(contacts, by=["queue", "tier"], ranks={"B": 1, "A": 2})
    assert list(by_both[["queue", "tier"]].drop_duplicates()["tier"]) == ["B", "B", "A", "A"]


def test_an_empty_log(contacts):
    assert allocation_measures(contacts.head(0)).empty
    assert allocation_change(contacts.head(0), first=dt.date(2026, 3, 2), last=dt.date(2026, 3, 3)).empty


@pytest.mark.real_data
def test_the_bank_has_its_known_medians_inside_their_intervals(bank_calls):
    table = allocation_measures(bank_calls, by={"0": "regular", "1": "regular", "2": "VIP"}, zone="Asia/Jerusalem")
    rows = table[table["measure"] == "virtual_wait_s"].set_index("tier")
    assert rows["value"].to_dict() == {"VIP": 50, "regular": 92}
    assert (rows["n_days"] >= 27).all()
    assert (rows["low"] < rows["value"]).all()
    assert (rows["high"] > rows["value"]).all()
    assert rows.loc["VIP", "high"] < rows.loc["regular", "low"]


def test_only_the_measures_asked_for(contacts):
    whole = allocation_measures(contacts, every="hour_of_day")
    for name in ("mean_wait_s", "virtual_wait_s", "repeat"):
        alone = allocation_measures(contacts, every="hour_of_day", measures=[name])
        same = whole[whole["measure"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone.reset_index(drop=True), same)
    with pytest.raises(CxError) as error:
        allocation_measures(contacts, measures=["happiness"])
    assert error.value.code == "unknown_choice"
    bare = contacts.drop(columns=["resolved"])
    assert allocation_measures(bare, measures=["resolution"]).empty


def test_the_change_of_typical_waits_is_made_of_both_periods(contacts):
    last = contacts["arrived_at"].max().date()
    first = last - dt.timedelta(days=13)
    change = allocation_change(contacts, first=first, last=last)
    day = contacts["arrived_at"].dt.date
    two_weeks = dt.timedelta(days=14)
    halves = [contacts[day >= first], contacts[(day < first) & (day >= first - two_weeks)]]
    now, before = (allocation_measures(half).set_index(["tier", "measure"]).sort_index() for half in halves)
    rows = change.set_index(["tier", "measure"]).sort_index()
    for tier in ("A", "B"):
        for name in ("median_wait_s", "p90_wait_s", "virtual_wait_s"):
            one, two, found = now.loc[(tier, name)], before.loc[(tier, name)], rows.loc[(tier, name)]
            assert found[["value", "before"]].tolist() == [one["value"], two["value"]]
            assert found["change"] == pytest.approx(one["value"] - two["value"])
            down = np.hypot(one["value"] - one["low"], two["high"] - two["value"])
            up = np.hypot(one["high"] - one["value"], two["value"] - two["low"])
            assert found[["low", "high"]].tolist() == pytest.approx([found["change"] - down, found["change"] + up])
            assert found["reason"] == ""
    nothing = allocation_change(halves[0], first=first, last=last)
    assert nothing.loc[nothing["measure"] == "median_wait_s", ["before", "change", "low"]].isna().all(axis=None)
