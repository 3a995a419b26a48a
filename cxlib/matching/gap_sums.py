"""Gaps between bills and calculation added up: by likely cause, and by their share of the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.matching.gap_causes import CAUSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAP_EDGES: Final = (-0.5, -0.2, -0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Shares of the calculated bill between which `reconcile.ReconcileSummary` counts; 0 is counted by itself."""


def by_cause(kinds: NDArray[Any], gap: NDArray[np.int64], of_customers: NDArray[Any], money: int) -> pd.DataFrame:
    """Return customer-months, gaps and customers by cause, see `reconcile.ReconcileSummary`; money in smallest units.

    Parameters
    ----------
    kinds, gap : arrays of length G
        Position in `CAUSES` and gap of each customer-month outside the tolerance.
    of_customers : array
        Cause of each customer withheld.
    money : int
        Smallest units in one unit of money.
    """
    sums = np.array([gap[kinds == k].sum() for k in range(len(CAUSES))], dtype=np.int64)
    return pd.DataFrame(
        {
            "cause": pd.Series(CAUSES, dtype="str"),
            "customer_months": np.bincount(kinds.astype(np.int64), minlength=len(CAUSES)),
            "gap": sums / money,
            "gap_minor": sums,
            "customers": np.bincount(of_customers.astype(np.int64), minlength=len(CAUSES)),
        }
    )


def distribution(gap: NDArray[np.int64], calculated: NDArray[np.int64], money: int) -> pd.DataFrame:
    """Count gaps by their share of the calculated bill, see `reconcile.ReconcileSummary`.

    A gap of a bill of 0 is beyond every share.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(gap == 0, 0.0, gap / calculated)
    below = np.array([edge for edge in GAP_EDGES if edge < 0])
    above = np.array([edge for edge in GAP_EDGES if edge > 0])
    # classes below 0 hold their upper bound, those above 0 their lower one excluded: a gap of exactly 2 % is within 2 %
    place = np.where(
        gap < 0,
        np.searchsorted(below, share, side="right"),
        np.where(gap > 0, len(below) + 2 + np.searchsorted(above, share, side="left"), len(below) + 1),
    )
    lower = [np.nan, *below, 0.0, 0.0, *above]
    upper = [*below, 0.0, 0.0, *above, np.nan]
    counts = np.bincount(place, minlength=len(lower))
    sums = np.array([gap[place == k].sum() for k in range(len(lower))], dtype=np.int64)
    return pd.DataFrame(
        {"from_share": lower, "to_share": upper, "customer_months": counts, "gap": sums / money, "gap_minor": sums}
    )
