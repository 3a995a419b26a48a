"""From events to usage, exactly."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

from cxlib.errors import CxError
from cxlib.matching import merge_rollups, rollup_events

CALLS = pd.DataFrame(
    {
        "customer_id": ["2", "1", "1", "1", "1"],
        "occurred_at": ["2026-02-01", "2026-01-31", "2026-01-01", "2026-01-15", "2026-02-28"],
        "quantity": [3.0, 0.01, 0.0, 2.5, 7.99],
    }
)


def rows(frame):
    return [tuple(row) for row in frame.assign(month=frame["month"].dt.strftime("%Y-%m")).itertuples(index=False)]


def test_calls_are_raised_to_whole_minutes_and_nothing_stays_nothing():
    got = rollup_events(CALLS, meter="minutes", round_event=1)
    assert got.columns.tolist() == ["customer_id", "month", "minutes"]
    assert rows(got) == [("1", "2026-01", 4.0), ("1", "2026-02", 8.0), ("2", "2026-02", 3.0)]
    assert rows(rollup_events(pl.from_pandas(CALLS), meter="minutes", round_event=1)) == rows(got)


def test_sums_are_exact():
    assert rows(rollup_events(CALLS, meter="minutes"))[0] == ("1", "2026-01", 2.51)
    many = pd.DataFrame({"customer_id": "1", "occurred_at": "2026-01-01", "quantity": [0.1] * 1000})
    assert sum(many["quantity"]) != 100.0
    assert rows(rollup_events(many, meter="mb")) == [("1", "2026-01", 100.0)]


def test_steps_finer_than_the_quantities():
    got = rollup_events(CALLS, meter="minutes", round_event=0.25)
    assert rows(got)[0] == ("1", "2026-01", 0.25 + 2.5)
    assert rows(rollup_events(CALLS.assign(quantity=1.0), meter="minutes", round_event=0.4))[1] == ("1", "2026-02", 1.2)


def test_without_quantity_every_event_counts_one():
    assert rows(rollup_events(CALLS.drop(columns="quantity"), meter="sms"))[0] == ("1", "2026-01", 3.0)


def test_merging_fills_the_other_meters_of_an_active_month_with_zero():
    sms = rollup_events(CALLS.drop(columns="quantity").iloc[[0]].assign(occurred_at="2026-05-05"), meter="sms")
    merged = merge_rollups(rollup_events(CALLS, meter="minutes", round_event=1), sms)
    assert rows(merged) == [
        ("1", "2026-01", 4.0, 0.0),
        ("1", "2026-02", 8.0, 0.0),
        ("2", "2026-02", 3.0, 0.0),
        ("2", "2026-05", 0.0, 1.0),
    ]


@pytest.mark.parametrize(
    ("events", "code"),
    [
        (CALLS.drop(columns="occurred_at"), "missing_column"),
        (CALLS.assign(quantity=-1.0), "negative_usage"),
        (CALLS.assign(quantity=None), "not_a_number"),
        (CALLS.assign(customer_id=None), "missing_customer"),
        (CALLS.assign(occurred_at=None), "bad_month"),
        (CALLS.assign(quantity=9e14), "too_large"),
    ],
)
def test_bad_events(events, code):
    with pytest.raises(CxError) as refused:
        rollup_events(
            pd.concat([events] * 3000) if code == "too_large" else events, meter="minutes", round_event=0.000001
        )
    assert refused.value.code == code


def test_two_files_of_one_meter():
    sms = rollup_events(CALLS, meter="sms")
    with pytest.raises(CxError) as refused:
        merge_rollups(sms, sms)
    assert refused.value.code == "duplicate_meter"


def test_no_events():
    assert rollup_events(CALLS.iloc[:0], meter="sms").empty
