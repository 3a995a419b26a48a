from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.fairness.allocation import allocation, allocation_over_time

T0 = pd.Timestamp("2026-03-02 09:00:00", tz="UTC")


@pytest.fixture
def contacts(log):
    """Twelve contacts: eight of tier a (2 minutes of service each), four of tier b (10 minutes each)."""
    rows = [("a", 60 * i, 60 * i + 10, "served") for i in range(8)] + [("b", 0, 30, "served")] * 4
    out = log(rows, customer_id=pd.Series([f"a{i % 2}" for i in range(8)] + ["b0"] * 4, dtype="str"))
    minutes = pd.to_timedelta([2] * 8 + [10] * 4, unit="min")
    out["ended_at"] = (out["wait_ended_at"] + minutes).astype("datetime64[us, UTC]")
    out["resolved"] = pd.array([True, False, None, True] * 3, dtype="boolean")
    out["csat"] = [4.1, 4.2, np.nan, 3.3] * 3
    return out


@pytest.fixture
def customers():
    return pd.DataFrame(
        {
            "customer_id": ["a0", "a1", "a2", "a3", "b0", "b1", "c0"],
            "tier": ["a"] * 4 + ["b"] * 2 + ["c"],
            "region": ["N", "S", "N", "N", "S", "S", None],
            "monthly_value": [10.1, 10.2, 10, 10, 30, 29.7, 0],
        }
    )


def test_worked_by_hand(contacts, customers, on_engines):
    for frame, people in zip(on_engines(contacts).values(), on_engines(customers).values(), strict=True):
        table = allocation(frame, customers=people, min_group=1).set_index("tier")
        a, b, c = (table.loc[tier] for tier in "abc")
        assert list(table["n_customers"]) == [4, 2, 1]
        assert list(table["n"]) == [8, 4, 0]
        assert list(table["agent_time_s"]) == [960, 2400, 0]
        assert a["share_customers"] == 4 / 7
        assert b["share_agent_time"] == 2400 / 3360
        assert b["representation"] == pytest.approx((2400 / 3360) / (2 / 7), rel=1e-15)
        assert c["representation"] == 0
        assert list(table["value"]) == [40.3, 59.7, 0]
        assert list(table["share_value"]) == [40.3 / 100, 59.7 / 100, 0]
        assert list(table["contacts_per_customer"]) == [2, 2, 0]
        assert a["resolution"] == 4 / 6
        assert a["csat"] == pytest.approx((4.1 + 4.2 + 3.3) / 3)
        assert (a["mean_wait_s"], b["mean_wait_s"]) == (10, 30)
        assert (a["sla"], b["sla"]) == (1, 0)
        assert np.isnan(c["mean_wait_s"])


def test_a_column_that_only_customers_have(contacts, customers, on_engines):
    engines = on_engines(customers)
    for name, frame in on_engines(contacts).items():
        for people in (engines[name], customers):
            table = allocation(frame, by="region", customers=people, min_group=1)
            assert list(table["region"][:2]) == ["N", "S"]
            assert pd.isna(table["region"][2])
            assert list(table["n"]) == [4, 8, 0]
            assert list(table["n_customers"]) == [3, 3, 1]


def test_all_engines_agree_to_the_last_bit(contacts, customers, on_engines):
    more = pd.concat([contacts.assign(csat=contacts["csat"] + 0.001 * i) for i in range(30)], ignore_index=True)
    tables = [allocation(frame, by=["tier", "customer_id"], customers=customers) for frame in on_engines(more).values()]
    times = [allocation_over_time(frame, every="hour") for frame in on_engines(more).values()]
    for table, time in zip(tables[1:], times[1:], strict=True):
        pd.testing.assert_frame_equal(tables[0], table, check_exact=True)
        pd.testing.assert_frame_equal(times[0], time, check_exact=True)


def test_without_customers_their_shares_are_missing(contacts):
    table = allocation(contacts, min_group=1)
    assert table[["n_customers", "share_customers", "value", "share_value", "representation"]].isna().all(axis=None)
    assert list(table["share_contacts"]) == [8 / 12, 4 / 12]


def test_without_ends_of_service_agent_time_is_missing(contacts, customers):
    table = allocation(contacts.drop(columns="ended_at"), customers=customers)
    assert table[["agent_time_s", "share_agent_time", "representation"]].isna().all(axis=None)


def test_too_few_are_said(contacts, customers):
    table = allocation(contacts, customers=customers).set_index("tier")
    assert table["too_few"].all()
    rates = ["mean_wait_s", "sla", "abandonment", "resolution", "csat", "representation", "contacts_per_customer"]
    assert table[rates].isna().all(axis=None)
    assert table["share_contacts"].notna().all()


def test_tiers_read_as_one_group(contacts, customers):
    table = allocation(contacts, by={"a": "all", "b": "all", "c": "all"}, customers=customers)
    assert list(table["tier"]) == ["all"]
    assert table["n_customers"].item() == 7


def test_over_time_in_the_local_month(log):
    # 31 March 20:00 UTC is 1 April 04:00 in Shanghai
    contacts = log([("a", 0, 5, "served"), ("b", 0, 5, "served"), ("a", 0, 5, "served")])
    contacts["arrived_at"] = pd.to_datetime(
        ["2026-03-31 10:00:00", "2026-03-31 20:00:00", "2026-04-30 15:59:59"], utc=True
    )
    contacts["wait_ended_at"] = contacts["arrived_at"] + pd.Timedelta(seconds=5)
    table = allocation_over_time(contacts, zone="Asia/Shanghai")
    assert list(table["period"]) == [pd.Timestamp("2026-03-01"), pd.Timestamp("2026-04-01"), pd.Timestamp("2026-04-01")]
    assert list(table["tier"]) == ["a", "a", "b"]
    assert list(table["share_contacts"]) == [1, 0.5, 0.5]


@pytest.mark.parametrize(
    ("every", "period"),
    [
        ("hour", pd.Timestamp("2026-03-02 09:00")),
        ("day", pd.Timestamp("2026-03-02")),
        ("week", pd.Timestamp("2026-03-02")),
        ("month", pd.Timestamp("2026-03-01")),
        ("hour_of_day", 9),
        ("weekday", 0),
        ("hour_of_week", 9),
    ],
)
def test_every_period(log, every, period):
    assert allocation_over_time(log([("a", 0, 5, "served")]), every=every)["period"].item() == period


def test_what_cannot_be_is_named(log, customers):
    contacts = log([("a", 0, 5, "served")])
    with pytest.raises(CxError) as error:
        allocation(contacts, by="region")
    assert (error.value.code, error.value.column) == ("missing_column", "region")
    with pytest.raises(CxError) as error:
        allocation(contacts, by="region", customers=customers)
    assert (error.value.code, error.value.column) == ("missing_column", "customer_id")
    with pytest.raises(CxError, match="no choice"):
        allocation_over_time(contacts, every="fortnight")
    with pytest.raises(CxError, match="no time zone"):
        allocation_over_time(contacts, zone="Mars/Olympus")


def test_empty(log, customers):
    assert len(allocation(log([]))) == 0
    assert list(allocation(log([]), customers=customers)["n_customers"]) == [4, 2, 1]
    assert len(allocation_over_time(log([]))) == 0
