"""The reason of a flag, by a worked example."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from cxlib.matching import Catalogue, plan_fit
from cxlib.matching.reasons import reasons, say_reason

PLANS = pd.DataFrame(
    {
        "plan_id": ["S", "L"],
        "monthly_fee": [10.0, 30.0],
        "included_minutes": [100.0, 1000.0],
        "overage_price_minutes": [0.10, 0.10],
        "included_sms": [10.0, 10.0],
        "overage_price_sms": [0.01, 0.01],
        "currency": "EUR",
    }
)
USAGE = pd.DataFrame(
    {
        "customer_id": ["a"] * 3 + ["b"] * 3,
        "month": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"] * 2),
        "plan_id": ["S"] * 3 + ["L"] * 3,
        "minutes": [400.0, 400.0, 500.0, 50.0, 50.0, 50.0],
        "sms": [110.0, 10.0, 10.0, 0.0, 0.0, 0.0],
    }
)


@pytest.fixture
def found() -> pd.DataFrame:
    catalogue = Catalogue(PLANS)
    fit = plan_fit(USAGE, catalogue)
    return reasons(fit, USAGE, catalogue, month="2026-03").set_index("customer_id")


def test_a_small_plan_is_dear_for_its_overage(found: pd.DataFrame) -> None:
    # S: 3 x 10 + (300 + 300 + 400) x .10 + 100 x .01 = 131; L: 3 x 30 + 100 x .01 = 91.
    row = found.loc["a"]
    assert (row["paid"], row["fee"], row["overage"], row["meter"], row["meter_overage"]) == (
        131,
        30,
        101,
        "minutes",
        100,
    )
    assert row["other"] == 91
    assert say_reason(row, currency="EUR", months=3) == (
        "Paid €131.00 in 3 months, €101.00 of it for more than is included, most for Call minutes; L would have cost "
        "€91.00."
    )


def test_a_large_plan_is_dear_for_its_fee(found: pd.DataFrame) -> None:
    row = found.loc["b"]
    assert (row["paid"], row["overage"], row["other"]) == (90, 0, 30)
    assert pd.isna(row["meter"])
    assert say_reason(row, currency="EUR", months=3) == (
        "Paid €90.00 in 3 months, all of it the fee; S would have cost €30.00."
    )


def test_nobody_flagged_gives_no_rows() -> None:
    catalogue = Catalogue(PLANS)
    fit = plan_fit(USAGE, catalogue)
    nobody = fit[fit["state"] == "short"]
    for usage in (USAGE, pa.Table.from_pandas(USAGE)):
        found = reasons(nobody, usage, catalogue, month="2026-03")
        assert found.empty
        assert found["customer_id"].dtype == "str"
