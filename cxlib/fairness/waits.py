"""Waits, service levels and abandonment by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS, Frame, pandas
from cxlib.fairness.contacts import prepare
from cxlib.fairness.groups import MIN_GROUP, By, grouped, keys_of, tallied, wait_rates

if TYPE_CHECKING:
    from collections.abc import Sequence

_COUNTS = ["n", "n_queued", "n_served", "n_served_queued", "n_abandoned", "n_abandoned_queued", "n_waiting"]


def waits(
    contacts: Any,
    *,
    by: By = "tier",
    thresholds: Sequence[float] = (20, 60, 90),
    min_group: int = MIN_GROUP,
    ranks: Any = None,
) -> pd.DataFrame:
    """Return how long each group waited, how many were served in time, and how many left.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, or prepared contacts.
    by : str, list of str, or mapping
        Columns to group by; a mapping reads several tiers as one group and groups by ``tier``.
    thresholds : sequence of float
        Seconds T of the service levels.
    min_group : int
        Fewer contacts than this make a rate or average missing.
    ranks : mapping or table of tiers, optional
        Orders the rows.

    Returns
    -------
    pandas frame, one row per group
        The grouping columns; n (offered), n_queued, n_served, n_served_queued, n_abandoned, n_abandoned_queued,
        n_waiting; abandonment (over queued) and abandonment_offered; mean_wait_s, median_wait_s, p90_wait_s of those
        who queued and were served (quantiles by linear interpolation); ``sla_{T}`` over queued and
        ``sla_{T}_offered``, the share served within T or less, where those still waiting count once they waited more
        than T; virtual_wait_s, the Kaplan-Meier median over queued contacts (inf where it is not reached); too_few,
        whether anything in the row is missing for being too few.
    """
    prepared = prepare(contacts, ranks=ranks, keep=keys_of(by))
    keys = keys_of(by)
    prepared.need(*keys)
    frame = grouped(prepared.frame, by)
    table = tallied(prepared, keys, frame, thresholds)
    rates = wait_rates(table, thresholds, min_group=min_group)
    medians = virtual_waits(frame, keys)
    joined = table[keys].merge(medians, on=keys, how="left")
    enough = table["n_queued"].to_numpy() >= min_group
    few = rates.pop("too_few")
    rates["virtual_wait_s"] = np.where(enough, joined["virtual_wait_s"], np.nan)
    return pd.concat([table[[*keys, *_COUNTS]], rates, few], axis=1)


def virtual_waits(frame: Frame, keys: Sequence[str]) -> pd.DataFrame:
    """Return the median virtual wait per group of prepared contacts, in seconds; inf where it is not reached.

    Kaplan and Meier (1958) over queued contacts: service is the event; those who left, or wait still, are censored.
    The median is the least t at which at most half are unserved.
    """
    table = service_steps(frame, keys)
    rows = [
        (*(name if isinstance(name, tuple) else (name,)), _median(group))
        for name, group in table.groupby(list(keys), dropna=False, sort=False)
    ]
    return pd.DataFrame(rows, columns=[*keys, "virtual_wait_s"]).astype(dict(table.dtypes[list(keys)]))


def service_steps(frame: Frame, keys: Sequence[str]) -> pd.DataFrame:
    """Return the queued contacts of prepared ones by how long they were in line, sorted by that.

    Columns: the keys, time_us (until the wait ended, or so far), n (contacts), event (those of them that were served).
    """
    c = nw.col
    time = nw.when(c("outcome") == "waiting").then(c("so_far_us")).otherwise(c("wait_us"))
    steps = (
        frame.filter(c("queued"))
        .with_columns(time_us=time, event=(c("outcome") == "served").cast(nw.Int64))
        .filter(~c("time_us").is_null())
        .group_by(*keys, "time_us")
        .agg(nw.len().alias("n"), c("event").sum())
    )
    return pandas(steps).sort_values("time_us", kind="stable")


def _median(steps: pd.DataFrame) -> float:
    n = steps["n"].to_numpy(np.float64)
    at_risk = n.sum() - np.cumsum(n) + n
    unserved = np.cumprod(1 - steps["event"].to_numpy(np.float64) / at_risk)
    reached = np.flatnonzero(unserved <= 0.5 + 1e-12)  # the products carry the rounding of their factors
    return float(steps["time_us"].iloc[reached[0]]) / MICROSECONDS if reached.size else float("inf")
