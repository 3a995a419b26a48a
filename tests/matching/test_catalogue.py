"""What a catalogue accepts, and what it refuses by name."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cxlib.errors import CxError
from cxlib.matching import Catalogue
from cxlib.matching.months import month_number


def plan(**other):
    return {"plan_id": "S", "monthly_fee": 10.0, "included_minutes": 100.0, "overage_price_minutes": 0.05} | other


def refusal(*rows, **keywords):
    with pytest.raises(CxError) as refused:
        Catalogue(pd.DataFrame(list(rows)), **keywords)
    assert refused.value.said
    return refused.value


def test_wide_and_long_say_the_same():
    wide = Catalogue(
        pd.DataFrame(
            [
                plan(
                    included_sms=math.inf, overage_price_sms=None, unit_size_sms=None, round_up_sms=None, currency="EUR"
                ),
                plan(plan_id="L", included_sms=5.0, overage_price_sms=0.1, unit_size_sms=10.0, round_up_sms=True),
            ]
        )
    )
    long = Catalogue(
        pa.table(
            {
                "plan_id": ["S", "S", "L", "L"],
                "monthly_fee": [10.0] * 4,
                "currency": ["EUR", "EUR", None, None],
                "meter": ["minutes", "sms", "minutes", "sms"],
                "included": [100.0, math.inf, 100.0, 5.0],
                "overage_price": [0.05, None, 0.05, 0.1],
                "unit_size": [None, None, None, 10.0],
                "round_up": [None, None, None, True],
            }
        )
    )
    assert wide.plan_ids == long.plan_ids == ("S", "L")
    assert wide.meters == long.meters == ("minutes", "sms")
    assert wide.currency == long.currency == "EUR"
    assert wide.versions == long.versions
    terms = wide.versions["L"][0].terms[1]
    assert (terms.included, terms.overage_price, terms.unit_size, terms.round_up) == (5, Fraction(1, 10), 10, True)


def test_versions_follow_each_other():
    catalogue = Catalogue(
        pl.DataFrame(
            [
                plan(monthly_fee=12.0, valid_from=dt.date(2026, 3, 15), valid_to=None, on_sale=True),
                plan(valid_from=dt.date(2026, 1, 1), valid_to=None, on_sale=True),
                plan(plan_id="M", valid_from=dt.date(2026, 2, 10), valid_to=dt.date(2026, 4, 20), on_sale=True),
            ]
        )
    )
    fees = {
        month: [
            None if (v := catalogue.version(each, month_number(month))) is None else int(v.monthly_fee) for each in "SM"
        ]
        for month in ("2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05")
    }
    assert fees == {
        "2025-12": [None, None],
        "2026-01": [10, None],
        "2026-02": [10, 10],
        "2026-03": [12, 10],  # the version that came in the middle of the month
        "2026-04": [12, 10],
        "2026-05": [12, None],
    }
    assert catalogue.on_sale("M", month_number("2026-03"))
    assert not catalogue.on_sale("M", month_number("2026-04"))  # gone before the month's last day


def test_a_plan_that_is_there_twice():
    error = refusal(plan(), plan())
    assert (error.code, error.value) == ("duplicate_plan", "S")


def test_overlapping_versions():
    first = plan(valid_from="2026-01-01", valid_to="2026-06-30")
    error = refusal(first, plan(valid_from="2026-06-30", valid_to="2026-12-31"))
    assert error.code == "overlapping_versions"
    assert "S" in str(error)
    assert "2026-06-30" in str(error)


@pytest.mark.parametrize(
    ("changed", "code", "column"),
    [
        ({"monthly_fee": None}, "missing_price", "monthly_fee"),
        ({"overage_price_minutes": None}, "missing_price", "overage_price_minutes"),
        ({"included_minutes": None}, "missing_allowance", "included_minutes"),
        ({"included_minutes": -1.0}, "negative", "included_minutes"),
        ({"monthly_fee": -0.01}, "negative", "monthly_fee"),
        ({"monthly_fee": math.inf}, "not_a_number", "monthly_fee"),
        ({"overage_price_minutes": 0.1234567}, "too_many_decimals", "overage_price_minutes"),
        ({"unit_size_minutes": 0.0}, "bad_unit", "unit_size_minutes"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-31"}, "bad_version", "valid_to"),
        ({"plan_id": None}, "missing_plan_id", "plan_id"),
    ],
)
def test_what_cannot_be_right_is_refused(changed, code, column):
    error = refusal(plan(plan_id="other"), plan(**changed))
    assert (error.code, error.column) == (code, column)


def test_two_currencies():
    error = refusal(plan(currency="EUR"), plan(plan_id="L", currency="CNY"))
    assert (error.code, error.value) == ("two_currencies", "EUR, CNY")


def test_no_plan():
    assert refusal().code == "no_plans"


def test_a_missing_column():
    with pytest.raises(CxError) as refused:
        Catalogue(pd.DataFrame([{"plan_id": "S"}]))
    assert (refused.value.code, refused.value.column) == ("missing_column", "monthly_fee")


def test_a_long_file_that_contradicts_itself():
    rows = [
        {"plan_id": "S", "monthly_fee": fee, "meter": m, "included": 1.0, "overage_price": 1.0}
        for fee, m in [(10.0, "minutes"), (11.0, "sms")]
    ]
    assert refusal(*rows).code == "conflicting_plan"
    assert refusal(rows[0], rows[0]).code == "duplicate_plan"


def test_a_long_file_that_leaves_a_meter_out():
    rows = [
        {"plan_id": "S", "monthly_fee": 10.0, "meter": "minutes", "included": 1.0, "overage_price": 1.0},
        {"plan_id": "S", "monthly_fee": 10.0, "meter": "sms", "included": 1.0, "overage_price": 1.0},
        {"plan_id": "L", "monthly_fee": 10.0, "meter": "sms", "included": 1.0, "overage_price": 1.0},
    ]
    error = refusal(*rows)
    assert error.code == "missing_price"
    assert "L" in str(error)
    assert "minutes" in str(error)
