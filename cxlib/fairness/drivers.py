"""Which conditions drive a like-for-like gap, one condition at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.fairness.groups import MIN_GROUP

_COLUMNS = ["condition", "value", "n_reference", "n_other", "contribution", "share_of_gap", "too_few"]


def gap_drivers(strata: pd.DataFrame, *, min_group: int = MIN_GROUP) -> pd.DataFrame:
    """Return what every value of every condition adds to a like-for-like gap.

    Parameters
    ----------
    strata : pandas frame
        What `gap_strata` returned.
    min_group : int
        With fewer contacts on either side a value is marked, not left out: what it adds is a part of the whole gap.

    Returns
    -------
    pandas frame, one row per condition and value, the strongest of a condition first
        condition (a column of the strata), value, n_reference, n_other, contribution (in the unit of the outcome; those
        of one condition add up to the gap), share_of_gap, too_few.
    """
    conditions = list(strata.columns[: strata.columns.get_loc("n_reference")])
    parts = []
    for name in conditions:
        sums = strata.groupby(name, as_index=False, dropna=False, observed=True)[
            ["n_reference", "n_other", "contribution", "share_of_gap"]
        ].sum(min_count=1)
        sums = sums.rename(columns={name: "value"}).assign(condition=name)
        sums["value"] = sums["value"].astype(object)
        parts.append(sums.iloc[np.argsort(-sums["contribution"].abs().to_numpy(), kind="stable")])
    if not parts:
        return pd.DataFrame(columns=_COLUMNS)
    table = pd.concat(parts, ignore_index=True)
    table["too_few"] = table[["n_reference", "n_other"]].min(axis=1) < min_group
    return table[_COLUMNS]
