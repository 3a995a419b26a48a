"""Compile the kernels, or load them compiled, before the first reader needs them."""

from __future__ import annotations

import pandas as pd

from cxlib.fairness import overtakes
from cxlib.matching import Catalogue, plan_fit


def warm() -> None:
    """Run each kernel once on a few rows; what is compiled stays on the disk beside the code."""
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
        {"customer_id": "1", "month": ["2026-01", "2026-02", "2026-03"], "plan_id": "S", "minutes": [400.0] * 3}
    )
    plan_fit(usage, Catalogue(plans))
