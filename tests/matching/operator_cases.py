"""A small company with round numbers, for the tests of the operator's view and of campaigns."""

from __future__ import annotations

import pandas as pd

from cxlib.matching import Catalogue

PLANS = pd.DataFrame(
    {
        "plan_id": ["S", "L", "X"],
        "monthly_fee": [10.0, 20.0, 20.0],
        "included_minutes": [100.0, 500.0, 400.0],
        "overage_price_minutes": [0.1, 0.1, 0.2],
        "unit_cost": [4.0, 9.0, None],
    }
)
MONTHS = ("2026-01", "2026-02", "2026-03")
USED = {"a": ("S", 300), "b": ("L", 50), "c": ("S", 50), "d": ("X", 50), "e": ("S", 400)}
"""Plan held and minutes of every month. On S and L: a 30, 20; b 10, 20; c 10, 20; d 10, 20 (X 20); e 40, 20 (X 20)."""
CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d", "e"],
        "tier": ["T1", "T2", "T1", None, "T2"],
        "monthly_value": [None, None, None, None, 50.0],
        "left_on": [None, None, None, None, "2026-03-10"],
    }
)


def catalogue() -> Catalogue:
    return Catalogue(PLANS)


def usage() -> pd.DataFrame:
    rows = [(who, month, plan, float(used)) for who, (plan, used) in USED.items() for month in MONTHS]
    return pd.DataFrame(rows, columns=["customer_id", "month", "plan_id", "minutes"])


def advice(**columns: list) -> pd.DataFrame:
    """Rows as `PlanRecommender.recommend` returns them, for which a test says what matters."""
    n = len(columns["customer_id"])
    held = columns.get("plan_id", ["S"] * n)
    plain = {
        "month": [pd.Timestamp("2026-03-01")] * n,
        "plan_id": held,
        "advised_plan_id": held,
        "state": [
            "switch" if a != h else "stay" for a, h in zip(columns.get("advised_plan_id", held), held, strict=True)
        ],
        "expected_saving": [0.0] * n,
        "p_saves": [None] * n,
        "strong": [False] * n,
        "safest_plan_id": columns.get("advised_plan_id", held),
        "headroom_plan_id": columns.get("advised_plan_id", held),
        "expected_cost_held": [90.0] * n,
        "interval_low": [0.0] * n,
        "left": [False] * n,
    }
    return pd.DataFrame(plain | columns)
