"""Compile the kernels, or load them compiled, before the first reader needs them."""

from __future__ import annotations

import pandas as pd

from cxlib.fairness import overtakes
from cxlib.matching import Catalogue, bill, flag_history, plan_fit


def warm() -> None:
    """Run each kernel once on a few rows; what is compiled stays on the disk beside the code."""
    from cxlib.matching import PlanRecommender  # noqa: PLC0415 - takes seconds to import

    contacts = pd.DataFrame(
        {
            "contact_id": ["1", "2"],
            "tier": ["a", "b"],
            "queue": ["q", "q"],
            "arrived_at": pd.to_datetime(["2026-03-02 09:00", "2026-03-02 09:01"], utc=True),
            "wait_s": [120.0, 30.0],
            "outcome": ["served", "served"],
        }
    )
    overtakes(contacts)
    plans = pd.DataFrame(
        {
            "plan_id": ["S", "L"],
            "monthly_fee": [10.0, 20.0],
            "included_minutes": [100.0, 500.0],
            "overage_price_minutes": [0.1, 0.05],
        }
    )
    usage = pd.DataFrame(
        {
            "customer_id": [str(i) for i in range(4) for _month in range(8)],
            "month": [f"2026-{month:02d}" for _i in range(4) for month in range(1, 9)],
            "plan_id": "S",
            "minutes": [100.0 * (i + 1) + month for i in range(4) for month in range(8)],
        }
    )
    catalogue = Catalogue(plans)
    plan_fit(usage, catalogue)
    plan_fit(usage.assign(minutes=3e9), catalogue)  # wide numbers have kernels of their own
    flag_history(usage, catalogue)
    bill(usage, catalogue)
    PlanRecommender(catalogue).fit(usage).recommend(usage)
