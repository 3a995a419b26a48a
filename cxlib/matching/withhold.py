"""Advice taken back where the bills of a customer are not what the catalogue says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

NOT_RECONCILED: Final = "not_reconciled"
_NUMBERS: Final = (
    "expected_saving", "p_saves", "interval_low", "interval_high", "expected_cost_held", "expected_cost_advised",
    "switching_cost", "payback_months", "p_within",
)  # fmt: skip
_PLANS: Final = ("cheapest_plan_id", "safest_plan_id", "headroom_plan_id")


def withhold(advice: pd.DataFrame, withheld: pd.DataFrame) -> pd.DataFrame:
    """Return the advice without that to customers who are not reconciled.

    Parameters
    ----------
    advice : frame
        Of `PlanRecommender.recommend`.
    withheld : frame
        Of `reconcile.withheld`: customer_id.

    Returns
    -------
    pandas frame
        As `advice`; of those withheld, who would have been advised, state is ``not_reconciled``, the plan advised is
        the one held, strong is false, and all numbers and options are missing. Who lacks data stays so.
    """
    out = advice.copy()
    at = out["customer_id"].isin(withheld["customer_id"]) & (out["state"] != "not_enough_data")
    if not at.any():
        return out
    out.loc[at, "state"] = NOT_RECONCILED
    out.loc[at, "advised_plan_id"] = out.loc[at, "plan_id"]
    out.loc[at, "strong"] = False
    for name in _NUMBERS:
        if name in out:
            out.loc[at, name] = np.nan
    for name in _PLANS:
        if name in out:
            out.loc[at, name] = None
    return out
