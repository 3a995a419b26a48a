"""The tables of the synthetic operator as its systems would export them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.demo import operator as op
from cxlib.demo.truth import named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.tables import Table


def usage_table(ids: NDArray[Any], usage: pd.DataFrame) -> pd.DataFrame:
    """Return the usage as the billing system exports it, one row per customer and month.

    Parameters
    ----------
    ids : ndarray of str, length n
        Customer numbers by place.
    usage : DataFrame
        As `usage.bill_usage` returns it, by place and month.

    Returns
    -------
    DataFrame
        `customer_id`, `month` (its first day), `plan_id` held, the meters, `billed_amount` in `operator.CURRENCY`,
        `complete`; rows in the order of `usage`.
    """
    rows = named(ids, usage[["place", "m", "plan_id", *op.METERS, "billed_amount", "complete"]])
    return rows[["customer_id", "month", "plan_id", *op.METERS, "billed_amount", "complete"]]


def customer_table(people: pd.DataFrame, usage: pd.DataFrame) -> pd.DataFrame:
    """Return the customers as the operator's system has them, one row each in the order of `people`.

    Parameters
    ----------
    people : DataFrame
        One row per customer in the order of places, with tier and the plan held last.
    usage : DataFrame
        As `usage.bill_usage` returns it, by place and month.

    Returns
    -------
    DataFrame
        The columns of `people` that are exported, and `monthly_value`: the mean of what was billed in the last three
        complete months that have a row, in `operator.CURRENCY`; NaN where there is none.
    """
    recent = usage[usage["complete"]].groupby("place")[["place", "billed_amount"]].tail(3)
    value = recent.groupby("place")["billed_amount"].mean().round(2).reindex(range(len(people)))
    known = people[
        ["customer_id", "plan_id", "tier", "need", "region", "joined_on", "left_on", "contract_end", "consent"]
    ]
    return known.assign(monthly_value=value.to_numpy())


def tier_table() -> pd.DataFrame:
    """Return the tiers, highest rank first, with their names, and the rules and promises that are declared of them."""
    return pd.DataFrame(
        {
            "tier": op.TIERS,
            "rank": range(1, len(op.TIERS) + 1),
            "display_name_en": [en for en, _ in op.DISPLAY],
            "display_name_zh": [zh for _, zh in op.DISPLAY],
            "courtesy": False,
            "declared_rule": op.DECLARED_RULES,
            "promise_share": [share for share, _ in op.PROMISES],
            "promise_wait_s": [wait for _, wait in op.PROMISES],
        }
    )


def contact_table(random: np.random.Generator, contacts: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return the log as the operator's system has it, with a few entries that were no contacts at all."""
    known = contacts["identified"].to_numpy()
    served = ~contacts["abandoned"]

    def instant(seconds: pd.Series) -> pd.Series:
        return pd.to_datetime(seconds, unit="s", utc=True).dt.as_unit("us")

    log = pd.DataFrame(
        {
            "customer_id": _where(known, people["customer_id"].to_numpy(dtype=object)[contacts["place"]]),
            "tier": _where(known, contacts["tier"].to_numpy(dtype=object)),
            "need": _where(known, contacts["need"].to_numpy(dtype=object)),
            "queue": contacts["queue"],
            "channel": contacts["channel"],
            "location": contacts["location"],
            "agent_id": contacts["agent_id"],
            "arrived_at": instant(contacts["arrived_s"]),
            "wait_ended_at": instant(contacts["wait_end_s"]),
            "started_at": instant(contacts["start_s"]),
            "left_at": instant(contacts["wait_end_s"].mask(served)),
            "outcome": np.where(served, "served", "abandoned"),
            "queued": (contacts["wait_s"] > 0).astype("boolean"),
            "ended_at": instant(contacts["end_s"]),
            "topic": contacts["topic"],
            "resolved": contacts["resolved"],
            "csat": contacts["csat"],
        }
    )
    rows = random.choice(len(log), size=int(len(log) * op.DROPPED_SHARE), replace=False)
    no_contact = log.loc[rows, ["queue", "channel", "location", "arrived_at"]].assign(outcome="dropped")
    log = pd.concat([log, no_contact]).sort_values("arrived_at", kind="stable", ignore_index=True)
    log.insert(0, "contact_id", [f"C{number:06d}" for number in range(1, len(log) + 1)])
    return log


def typed(frame: pd.DataFrame, table: Table) -> pa.Table:
    """Return a frame with the product's physical types; an empty text is a missing one."""
    columns = {}
    for name in frame.columns:
        kind = _kind(table, name)
        if kind in {"id", "text", "category"}:
            values = frame[name].to_numpy(dtype=object)
            columns[name] = pa.array(values, type=pa.string(), mask=pd.isna(values) | (values == ""))
        elif kind in {"month", "date"}:
            columns[name] = pa.array(frame[name].to_numpy().astype("datetime64[D]"), type=pa.date32())
        elif kind == "time":
            columns[name] = pa.Array.from_pandas(frame[name], type=pa.timestamp("us", tz="UTC"))
        else:
            arrow = {"boolean": pa.bool_(), "integer": pa.int64()}.get(kind, pa.float64())
            columns[name] = pa.Array.from_pandas(frame[name], type=arrow)
    return pa.table(columns)


def _kind(table: Table, column: str) -> str:
    per_meter = None if column in table.names else table.meter_column(column)
    return per_meter[0].kind if per_meter else table[column].kind


def _where(known: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    kept = values.copy()
    kept[~known] = None
    return kept
