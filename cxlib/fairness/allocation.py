"""Who gets how much service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS, Frame, missing, names, pandas, standard
from cxlib.fairness.contacts import prepare
from cxlib.fairness.groups import (
    MIN_GROUP,
    By,
    grouped,
    keys_of,
    ordered,
    score_rates,
    segmented,
    share,
    tallied,
    wait_rates,
    with_customers_columns,
    with_no_need,
)
from cxlib.fairness.periods import Every, period_starts, with_period
from cxlib.fairness.quick_tally import Tally, quick_tally

if TYPE_CHECKING:
    from collections.abc import Sequence

_SMALLEST: Final = 1_000_000
"""Values are summed in whole millionths of the currency, so that every engine gets the same sum."""


def allocation(
    contacts: Any,
    *,
    by: By = "tier",
    customers: Any = None,
    sla_s: float = 20,
    min_group: int = MIN_GROUP,
    ranks: Any = None,
) -> pd.DataFrame:
    """Return how service is shared between segments.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, or prepared contacts.
    by : str, list of str, or mapping from tier to group
        Columns of the contacts, or columns that only the customers have (joined by customer_id). By need, known
        customers without one are the segment ``"none"``.
    customers : frame, optional
        The typed table of customers. Without it, or where it lacks a column of `by`, nothing is known about shares of
        customers and value.
    sla_s : float
        Seconds T of the service level.
    min_group : int
        Fewer contacts than this make a rate or average missing. Shares of a whole are never missing for it.
    ranks : mapping or table of tiers, optional
        Orders the rows.

    Returns
    -------
    pandas frame, one row per segment that has contacts or customers
        The columns of `by`; n_customers (registered, with or without contact), share_customers; n (contacts offered),
        share_contacts; agent_time_s (started_at, else the end of the wait, to ended_at), share_agent_time; value (sum
        of monthly_value), share_value; representation = share_agent_time / share_customers; contacts_per_customer;
        n_queued, n_served, n_served_queued, n_abandoned, n_abandoned_queued, n_waiting, n_resolution, n_csat;
        abandonment, abandonment_offered, mean_wait_s, median_wait_s, p90_wait_s, sla, sla_offered, resolution, csat;
        too_few. What the files do not tell is missing.
    """
    keys = keys_of(by)
    tally = _tally(contacts, by, sla_s, customers=customers, ranks=ranks)
    table = tally.table
    people = registered(customers, by, keys)
    if people is not None:
        table = table.merge(people, on=keys, how="outer")
        counts = [name for name in table.columns if name not in {*keys, "median_us", "p90_us"}]
        table[counts] = table[counts].fillna(0)
        table = ordered(table, keys, tally.ranks)
    out = table[keys].copy()
    _add_shares(out, table, known=people, has_service="ended_at" in tally.there, min_group=min_group)
    counted = ["n_queued", "n_served", "n_served_queued", "n_abandoned", "n_abandoned_queued", "n_waiting"]
    for name in (*counted, "n_resolution", "n_csat"):
        out[name] = table[name].astype("int64")
    rates = wait_rates(table, [sla_s], min_group=min_group).rename(columns=_plain_sla)
    few = rates.pop("too_few")
    return pd.concat([out, rates, score_rates(table, min_group=min_group), few], axis=1)


def allocation_over_time(
    contacts: Any,
    *,
    by: By = "tier",
    every: Every = "month",
    zone: str = "UTC",
    sla_s: float = 20,
    min_group: int = MIN_GROUP,
    customers: Any = None,
    ranks: Any = None,
) -> pd.DataFrame:
    """Return how service is shared between segments, by when the contacts arrived.

    Parameters
    ----------
    every : str
        ``"hour"``, ``"day"``, ``"week"`` (from Monday) or ``"month"``; ``"hour_of_day"`` (0 to 23), ``"weekday"`` (0 is
        Monday) or ``"hour_of_week"`` (0 to 167, from Monday midnight).
    zone : str
        Name of the company's time zone.

    Returns
    -------
    pandas frame, one row per period and segment with contacts
        period (a number, or the local date and time, naive, at which it begins); the columns of `by`; n, n_queued,
        n_served_queued; share_contacts and share_agent_time within the period; abandonment, abandonment_offered,
        mean_wait_s, median_wait_s, p90_wait_s, sla, sla_offered, resolution, csat; too_few.

    See `allocation` for the other parameters.
    """
    keys = keys_of(by)
    tally = _tally(contacts, by, sla_s, customers=customers, ranks=ranks, every=every, zone=zone)
    table = tally.table.sort_values("period", kind="stable", ignore_index=True)
    out = pd.DataFrame({"period": period_starts(table["period"].to_numpy(), every), **{k: table[k] for k in keys}})
    for name in ("n", "n_queued", "n_served_queued"):
        out[name] = table[name]
    whole = table.groupby("period")[["n", "service_us"]].transform("sum")
    out["share_contacts"] = share(table["n"], whole["n"], at_least=1)
    if "ended_at" in tally.there:
        out["share_agent_time"] = share(table["service_us"], whole["service_us"], at_least=1)
    else:
        out["share_agent_time"] = np.nan
    rates = wait_rates(table, [sla_s], min_group=min_group).rename(columns=_plain_sla)
    few = rates.pop("too_few")
    return pd.concat([out, rates, score_rates(table, min_group=min_group), few], axis=1)


def _tally(
    contacts: Any,
    by: By,
    sla_s: float,
    *,
    customers: Any,
    ranks: Any,
    every: Every | None = None,
    zone: str = "UTC",
) -> Tally:
    """Return the tally by segment, and by period: in one pass where the contacts have all columns, else in narwhals."""
    quick = quick_tally(contacts, by=by, thresholds=[sla_s], every=every, zone=zone, ranks=ranks)
    if quick is not None:
        return quick
    keys = keys_of(by)
    prepared = with_customers_columns(prepare(contacts, ranks=ranks, keep=keys), customers, keys)
    frame = segmented(prepared, by)
    if every is not None:
        frame = with_period(frame, every, zone=zone, first=prepared.first_us, last=prepared.until_us)
        keys = ["period", *keys]
    table = tallied(prepared, keys, frame, [sla_s])
    return Tally(table=table, there=prepared.there, ranks=prepared.ranks)


def _plain_sla(name: str) -> str:
    if not name.startswith("sla_"):
        return name
    return "sla_offered" if name.endswith("_offered") else "sla"


def registered(customers: Any, by: By, keys: Sequence[str]) -> pd.DataFrame | None:
    """Return n_customers, value and n_value per segment, or None where the customers do not tell their segment."""
    if customers is None or not set(keys) <= set(names(customers)):
        return None
    missing(("customer_id",), names(customers), table="customers")
    frame: Frame = standard(
        customers, {"customer_id": "text", **dict.fromkeys(keys, "text"), "monthly_value": "number"}
    )
    value = (nw.col("monthly_value") * _SMALLEST).round(0).cast(nw.Int64)
    frame = grouped(frame, by)
    if "need" in keys:
        frame = with_no_need(frame, identified=False)
    table = frame.with_columns(value=value).group_by(*keys)
    found = pandas(
        table.agg(nw.len().alias("n_customers"), nw.col("value").sum(), nw.col("value").count().alias("n_value"))
    )
    return found.astype(dict.fromkeys(keys, "str"))


def _add_shares(
    out: pd.DataFrame, table: pd.DataFrame, *, known: pd.DataFrame | None, has_service: bool, min_group: int
) -> None:
    """Add customers, contacts, agent time, value, their shares and ratios to `out`."""
    unknown = np.full(len(table), np.nan)
    n_customers = table["n_customers"].to_numpy(np.float64) if known is not None else unknown
    out["n_customers"] = n_customers
    out["share_customers"] = share(n_customers, n_customers.sum(), at_least=1)
    out["n"] = table["n"].astype("int64")
    out["share_contacts"] = share(table["n"], table["n"].sum(), at_least=1)
    agent_us = table["service_us"].to_numpy(np.float64) if has_service else unknown
    out["agent_time_s"] = agent_us / MICROSECONDS
    out["share_agent_time"] = share(agent_us, agent_us.sum(), at_least=1)
    valued = known is not None and bool((table["n_value"] > 0).any())
    value = table["value"].to_numpy(np.float64) / _SMALLEST if valued else unknown
    out["value"] = value
    out["share_value"] = share(value, value.sum(), at_least=0)
    enough = np.where(n_customers >= min_group, out["share_customers"], np.nan)
    out["representation"] = share(out["share_agent_time"], enough, at_least=0)
    out["contacts_per_customer"] = share(table["n"], n_customers, at_least=min_group)
