"""Contacts by group: counts and exact sums on any engine, and the rates made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS, Frame, names, on_one_engine, pandas, standard
from cxlib.errors import CxError
from cxlib.fairness.outcomes import EXACT
from cxlib.texts import N_

if TYPE_CHECKING:
    from cxlib.fairness.contacts import Contacts

By = str | Sequence[str] | Mapping[str, str]

MIN_GROUP: Final = 10
"""Contacts below which a rate or an average says too little."""

NO_NEED: Final = "none"
"""The need of known customers who have none; that of unknown ones is missing."""


def keys_of(by: By) -> list[str]:
    """Return the columns that `by` groups on: a mapping groups on the tier."""
    if isinstance(by, str):
        return [by]
    return ["tier"] if isinstance(by, Mapping) else list(by)


def grouped(frame: Frame, by: By) -> Frame:
    """Return the frame with tiers read as their groups, where `by` is a mapping; others keep their own name."""
    if not isinstance(by, Mapping):
        return frame
    name: nw.Expr = nw.col("tier")
    for tier, group in by.items():
        name = nw.when(nw.col("tier") == str(tier)).then(nw.lit(str(group))).otherwise(name)
    return frame.with_columns(tier=name)


def with_customers_columns(contacts: Contacts, customers: Any, keys: Sequence[str]) -> Contacts:
    """Return the contacts with the columns of `keys` that only the customers have, joined by customer_id."""
    lacking = [name for name in keys if name not in contacts.there]
    if not lacking:
        return contacts
    if customers is None or not set(lacking) <= set(names(customers)):
        contacts.need(*lacking)
    contacts.need("customer_id")
    columns = [name for name in contacts.frame.collect_schema().names() if name not in lacking]
    few = standard(customers, {"customer_id": "text", **dict.fromkeys(lacking, "text")}).unique("customer_id")
    left, right = on_one_engine(nw.to_native(contacts.frame.select(*columns)), nw.to_native(few))
    joined: Any = nw.from_native(left).join(nw.from_native(right), on="customer_id", how="left")
    return replace(contacts, frame=joined, there=contacts.there | set(lacking))


def with_no_need(frame: Frame, *, identified: bool) -> Frame:
    """Return the frame with need `NO_NEED` where a known customer has none; `identified`: it has customer_id."""
    none = nw.col("need").is_null()
    if identified:
        none = none & ~nw.col("customer_id").is_null()
    return frame.with_columns(need=nw.when(none).then(nw.lit(NO_NEED)).otherwise(nw.col("need")))


def segmented(contacts: Contacts, by: By) -> Frame:
    """Return the frame of contacts that have the columns of `by`: tiers read as groups, no need told from unknown."""
    frame = grouped(contacts.frame, by)
    return with_no_need(frame, identified="customer_id" in contacts.there) if "need" in keys_of(by) else frame


def tallied(contacts: Contacts, keys: Sequence[str], frame: Frame, thresholds: Sequence[float]) -> pd.DataFrame:
    """Return counts, exact sums and quantiles of the contacts per group, sorted by tier rank and group.

    Columns: the keys; n, n_queued, n_served, n_served_queued, n_abandoned, n_abandoned_queued, n_waiting,
    n_resolution, n_resolved, n_csat; wait_us, service_us, csat (sums), median_us, p90_us; per threshold ``in_{T}``
    and ``in_{T}_offered`` (served within it), ``open_{T}`` and ``open_{T}_offered`` (still waiting, not yet so long).
    """
    c = nw.col
    served, left, waiting = (c("outcome") == each for each in ("served", "abandoned", "waiting"))
    queued = c("queued")
    one = {
        "n_queued": queued,
        "n_served": served,
        "n_served_queued": served & queued & ~c("wait_us").is_null(),
        "n_abandoned": left,
        "n_abandoned_queued": left & queued,
        "n_waiting": waiting,
        "n_resolution": ~c("resolved").is_null(),
        "n_resolved": c("resolved").fill_null(False),
        "n_csat": ~c("csat").is_null(),
    }
    for limit in thresholds:
        limit_us = round(limit * MICROSECONDS)
        in_time = served & (c("wait_us") <= limit_us).fill_null(False)
        still = waiting & (c("so_far_us") <= limit_us).fill_null(False)
        name = limit_name(limit)
        one |= {f"in_{name}": in_time & queued, f"in_{name}_offered": in_time}
        one |= {f"open_{name}": still & queued, f"open_{name}_offered": still}
    whole = frame.with_columns(
        **{name: test.cast(nw.Int64) for name, test in one.items()},
        wait_of_served=nw.when(served & queued).then(c("wait_us")),
        score=(c("csat") * EXACT).round(0).cast(nw.Int64),
    )
    waits = c("wait_of_served")
    result = whole.group_by(*keys).agg(
        nw.len().alias("n"),
        *(c(name).sum().alias(name) for name in one),
        waits.sum().alias("wait_us"),
        waits.median().alias("median_us"),
        waits.quantile(0.9, interpolation="linear").alias("p90_us"),
        c("service_us").sum().alias("service_us"),
        c("score").sum().alias("csat"),
    )
    table = pandas(result)
    whole_numbers = [name for name in table.columns if name not in {*keys, "median_us", "p90_us"}]
    table[whole_numbers] = table[whole_numbers].fillna(0).astype("int64")
    return ordered(table, keys, contacts.ranks)


def ordered(table: pd.DataFrame, keys: Sequence[str], ranks: Mapping[str, int] | None) -> pd.DataFrame:
    """Return the rows by rank of their tier where ranks are known, then by name; missing names last."""
    order = table.assign(_rank=table["tier"].map(dict(ranks)) if ranks and "tier" in table.columns else 0)
    return table.loc[order.sort_values(["_rank", *keys], kind="stable", na_position="last").index].reset_index(
        drop=True
    )


def limit_name(limit: float) -> str:
    """Return a threshold as it stands in the names of columns: 20 for 20 s, 7.5 for 7.5 s."""
    if not limit >= 0:
        raise CxError(
            "bad_threshold",
            N_("“{value}” is no length of a wait."),
            hint=N_("Give seconds, 0 or more."),
            value=limit,
        )
    return f"{limit:g}"


def share(part: Any, whole: Any, *, at_least: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return part / whole; missing where the whole is 0 or fewer than `at_least`."""
    top, bottom = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    enough = (bottom >= at_least) & (bottom > 0)
    out: np.ndarray[Any, np.dtype[np.float64]] = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=out, where=enough)
    return out


def wait_rates(table: pd.DataFrame, thresholds: Sequence[float], *, min_group: int) -> pd.DataFrame:
    """Return the waits, service levels and abandonment of a tally, too few left missing, and which rows had too few.

    Columns: abandonment (over queued), abandonment_offered, mean_wait_s, median_wait_s, p90_wait_s (of those who queued
    and were served), ``sla_{T}`` (over queued) and ``sla_{T}_offered``, too_few.
    """
    served = table["n_served_queued"].to_numpy()
    out = pd.DataFrame(index=table.index)
    out["abandonment"] = share(table["n_abandoned_queued"], table["n_queued"], at_least=min_group)
    out["abandonment_offered"] = share(table["n_abandoned"], table["n"], at_least=min_group)
    out["mean_wait_s"] = share(table["wait_us"], served, at_least=min_group) / MICROSECONDS
    for name in ("median", "p90"):
        # whole nanoseconds: engines interpolate alike but round the last bit differently
        seconds = np.round(table[f"{name}_us"].to_numpy(np.float64) / MICROSECONDS, 9)
        out[f"{name}_wait_s"] = np.where(served >= max(min_group, 1), seconds, np.nan)
    few = (table["n_queued"] < min_group) | (table["n"] < min_group) | (served < min_group)
    for limit in map(limit_name, thresholds):
        for suffix, base in (("", "n_queued"), ("_offered", "n")):
            whole = table[base] - table[f"open_{limit}{suffix}"]
            out[f"sla_{limit}{suffix}"] = share(table[f"in_{limit}{suffix}"], whole, at_least=min_group)
            few |= whole < min_group
    return out.assign(too_few=few.to_numpy(dtype=bool))


def score_rates(table: pd.DataFrame, *, min_group: int) -> pd.DataFrame:
    """Return resolution (a share) and csat (a mean) of a tally, over the contacts for which they are known."""
    return pd.DataFrame(
        {
            "resolution": share(table["n_resolved"], table["n_resolution"], at_least=min_group),
            "csat": share(table["csat"], table["n_csat"], at_least=min_group) / EXACT,
        },
        index=table.index,
    )
