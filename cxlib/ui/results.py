"""The numbers that pages show, each computed once per version of a data set and its parameters, and kept."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cxlib.fairness import (
    allocation,
    allocation_over_time,
    label_trap,
    overtakes,
    overtakes_by_contact,
    overtakes_over_time,
    passed_summary,
    tier_ranks,
    wait_curves,
    waits,
)
from cxlib.fairness.overtakes import POOL, Passers
from cxlib.fairness.tasks import with_tiers
from cxlib.matching import Catalogue, flag_history, line_items, plan_fit, reasons
from cxlib.texts import _
from cxlib.ui.held import Held
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.ui.scope import Scope

ALL: Final = "all"
"""The id of "no filter" in links."""
OF_QUEUES: Final = (
    *("contact_id", "tier", "queue", "location", "outcome", "queued"),
    *("arrived_at", "wait_ended_at", "wait_s", "started_at", "left_at", "ended_at"),
)
"""What of the contacts tells who waited, and who passed whom."""
WITHIN: Final = "within"
ONE_LINE: Final = "one"
"""Whether queues are compared each by itself, or all contacts as one line."""
MISSING: Final = "missing"
ZERO: Final = "zero"
"""Whether months without a row break a run, or count as no usage."""


def kept(scope: Scope, name: str, compute: Callable[[], pd.DataFrame | pa.Table], **parameters: Any) -> pd.DataFrame:
    """Return a result as a pandas frame, from memory or the disk where it was computed before."""
    key = _key(scope, name, parameters)
    found = frame_of(key)
    if found is None:
        seen = get_script_run_ctx(suppress_warning=True) is not None
        with st.spinner(_("Computing this once for the data set …")) if seen else nullcontext():
            found = store().cached(key, compute).to_pandas()
    return found


def there(scope: Scope, name: str, **parameters: Any) -> pd.DataFrame | None:
    """Return a result of `kept` where it was computed before, else None."""
    return frame_of(_key(scope, name, parameters))


def frame_of(key: dict[str, object]) -> pd.DataFrame | None:
    """Return a result that the store keeps, as a pandas frame of the caller's own; None where it keeps none.

    Those used last are held in memory as long as the store keeps them.
    """
    mark = store().result_mark(key)
    if mark is None:
        return None
    frame = _held.get(mark)
    if frame is None:
        table = store().result(key)
        if table is None:
            return None
        frame = table.to_pandas()
        if table.nbytes <= HELD_BYTES // 4:
            _held.put(mark, frame, max(table.nbytes, LEAST_HELD_BYTES))
    return frame.copy(deep=False)


HELD_BYTES: Final = 256 << 20
"""What all results held in memory may take; one of them at most a quarter of it."""
LEAST_HELD_BYTES: Final = 64 << 10
"""What the smallest of them counts for."""
_held = Held(HELD_BYTES)


def _key(scope: Scope, name: str, parameters: dict[str, Any]) -> dict[str, object]:
    return scope.key(name, **{each: value for each, value in parameters.items() if value != ALL})


def table(scope: Scope, name: str) -> pa.Table | None:
    """Return a whole table of the scope's version; None where the data set has none."""
    return store().load(scope.dataset.id, name, version=scope.version.number) if scope.has(name) else None


def zone(scope: Scope) -> str:
    """Return the time zone in which the contacts' times were read."""
    return _zone(str(store().root), scope.dataset.id, scope.version.number)


@lru_cache(maxsize=256)
def _zone(_root: str, dataset_id: str, version: int) -> str:
    found: str = store().zone(dataset_id, version=version)
    return found


def contact_months(scope: Scope) -> list[str]:
    """Return the months, such as 2026-04, in which contacts arrived, by the local calendar."""

    def compute() -> pd.DataFrame:
        contacts = table(scope, "contacts")
        arrived = contacts["arrived_at"] if contacts is not None else pa.chunked_array([], pa.timestamp("us", "UTC"))
        local = pc.strftime(pc.local_timestamp(pc.cast(arrived, pa.timestamp("us", zone(scope)))), format="%Y-%m")
        return pd.DataFrame({"month": sorted(set(pc.unique(local).drop_null().to_pylist()))})

    return [str(month) for month in kept(scope, "contact_months", compute)["month"]]


def values_of(scope: Scope, name: str, column: str) -> list[str]:
    """Return the distinct values of a text column, sorted, without what is missing."""

    def compute() -> pd.DataFrame:
        found = table(scope, name)
        if found is None or column not in found.column_names:
            return pd.DataFrame({"value": pd.Series([], dtype="str")})
        return pd.DataFrame({"value": sorted(map(str, pc.unique(found[column]).drop_null().to_pylist()))})

    return [str(value) for value in kept(scope, "values", compute, table=name, column=column)["value"]]


def columns_of(scope: Scope, name: str) -> tuple[str, ...]:
    """Return the columns that a table of the data set has."""
    return tuple(scope.version.tables[name].columns) if scope.has(name) else ()


def contacts_in(
    scope: Scope, columns: tuple[str, ...] | None = None, /, *, month: str = ALL, queue: str = ALL
) -> pa.Table:
    """Return the contacts of a month of the local calendar and of a queue, with the tier of their customer.

    The tier is that of the contact where the file has one, else that of the customer, else missing. `columns` names
    those that are needed, where not all are; those that the file lacks are left out.
    """
    if month == ALL:
        return _contacts(scope, columns, None, queue)
    first = pd.Period(month, "M")
    return contacts_of(scope, first.start_time.date(), first.end_time.date(), columns=columns, queue=queue)


def contacts_of(
    scope: Scope, first: dt.date, last: dt.date, *, columns: tuple[str, ...] | None = None, queue: str = ALL
) -> pa.Table:
    """Return the contacts from a local day to another, both included; see `contacts_in`."""
    after = last + dt.timedelta(days=1)
    return _contacts(scope, columns, (_begins(first, zone(scope)), _begins(after, zone(scope))), queue)


def _contacts(
    scope: Scope, columns: tuple[str, ...] | None, arrived: tuple[dt.datetime, dt.datetime] | None, queue: str
) -> pa.Table:
    if not scope.has("contacts"):
        raise KeyError("contacts")
    there = columns_of(scope, "contacts")
    if columns is not None:
        more = () if "tier" in there or "tier" not in columns else ("customer_id",)
        columns = tuple(name for name in dict.fromkeys((*columns, *more)) if name in there)
    found = store().load(scope.dataset.id, "contacts", version=scope.version.number, columns=columns, arrived=arrived)
    if queue != ALL:
        found = found.filter(pc.equal(found["queue"], queue))
    return found if "tier" in found.column_names else with_tiers(found, table(scope, "customers"))


def _begins(day: dt.date, name: str) -> dt.datetime:
    """Return the instant at which a local day begins."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(name)).astimezone(dt.UTC)


def waits_by(scope: Scope, by: str | dict[str, str], **where: str) -> pd.DataFrame:
    """Return `cxlib.fairness.waits` of the contacts chosen, at the settings of the data set."""
    sla, least = scope.settings.sla_s, scope.settings.min_group
    return kept(
        scope,
        "waits",
        lambda: waits(
            contacts_in(scope, OF_QUEUES, **where), by=by, thresholds=(sla,), min_group=least, ranks=ranks(scope)
        ),
        by=by,
        sla_s=sla,
        min_group=least,
        **where,
    )


def allocation_by(scope: Scope, by: str, **where: str) -> pd.DataFrame:
    """Return `cxlib.fairness.allocation` of the contacts chosen, at the settings of the data set."""
    options: dict[str, Any] = {"sla_s": scope.settings.sla_s, "min_group": scope.settings.min_group}
    return kept(
        scope,
        "allocation",
        lambda: allocation(
            contacts_in(scope, **where), by=by, customers=table(scope, "customers"), ranks=ranks(scope), **options
        ),
        by=by,
        **options,
        **where,
    )


def allocation_course(scope: Scope, by: str, **where: str) -> pd.DataFrame:
    """Return `cxlib.fairness.allocation_over_time` week by week."""
    options: dict[str, Any] = {"sla_s": scope.settings.sla_s, "min_group": scope.settings.min_group, "every": "week"}
    return kept(
        scope,
        "allocation_course",
        lambda: allocation_over_time(
            contacts_in(scope, **where),
            by=by,
            customers=table(scope, "customers"),
            ranks=ranks(scope),
            zone=zone(scope),
            **options,
        ),
        by=by,
        **options,
        **where,
    )


def passing(
    scope: Scope, what: str, *, by: str | dict[str, str] = "tier", pool: str = WITHIN, **where: str
) -> pd.DataFrame:
    """Return overtakes: `what` is ``pairs``, ``summary`` or ``hours`` (of the day of arrival).

    `pool` is ``within`` (each queue of each location by itself) or ``one``. Those served at once count as passing
    unless the label trap fires.
    """
    least = scope.settings.min_group
    passers: Passers = "queued" if trap(scope, **where)["warned"] else "all"
    options: dict[str, Any] = {"by": by, "pool": POOL if pool == WITHIN else None, "passers": passers}

    def compute() -> pd.DataFrame:
        chosen, order = contacts_in(scope, OF_QUEUES, **where), ranks(scope)
        if what == "pairs":
            return overtakes(chosen, ranks=order, **options)
        if what == "summary":
            return passed_summary(chosen, ranks=order, min_group=least, **options)
        return overtakes_over_time(
            chosen, every="hour_of_day", zone=zone(scope), ranks=order, min_group=least, **options
        )

    return kept(scope, f"passing {what}", compute, by=by, pool=pool, passers=passers, min_group=least, **where)


def passed_by_queue(scope: Scope, groups: dict[str, str], month: str) -> pd.DataFrame:
    """Return the share of each group's queued contacts that were passed at least once, by queue.

    Columns: queue, tier (the group), n and share_passed (missing below the least group).
    """
    least = scope.settings.min_group
    passers: Passers = "queued" if trap(scope, month=month)["warned"] else "all"

    def compute() -> pd.DataFrame:
        chosen = contacts_in(scope, OF_QUEUES, month=month)
        counted = overtakes_by_contact(chosen, by=groups, passers=passers)
        queues = chosen.select(["contact_id", "queue"]).to_pandas()
        queued = counted[counted["queued"]].merge(queues, on="contact_id")
        found = queued.assign(was=queued["passed"] > 0).groupby(["queue", "tier"], as_index=False)["was"]
        table = found.agg(["size", "mean"]).rename(columns={"size": "n", "mean": "share_passed"})
        return table.assign(share_passed=table["share_passed"].where(table["n"] >= least))

    return kept(scope, "passed_by_queue", compute, by=groups, month=month, passers=passers, min_group=least)


def curves(scope: Scope, **where: str) -> pd.DataFrame:
    """Return how the wait of each tier goes on, see `cxlib.fairness.wait_curves`."""
    least = scope.settings.min_group
    return kept(
        scope,
        "curves",
        lambda: wait_curves(contacts_in(scope, OF_QUEUES, **where), min_group=least),
        min_group=least,
        **where,
    )


def trap(scope: Scope, **where: str) -> dict[str, Any]:
    """Return the label trap of the contacts chosen: ``total_variation`` and ``warned``."""

    def compute() -> pd.DataFrame:
        found = label_trap(contacts_in(scope, OF_QUEUES, **where))
        return pd.DataFrame({"total_variation": [found.total_variation], "warned": [found.warned]})

    row = kept(scope, "trap", compute, **where).iloc[0]
    return {"total_variation": row["total_variation"], "warned": bool(row["warned"])}


def usage_months(scope: Scope) -> list[str]:
    """Return the months, such as 2026-04, of the usage."""

    def compute() -> pd.DataFrame:
        usage = table(scope, "usage")
        months = pc.unique(usage["month"]).to_pylist() if usage is not None else []
        return pd.DataFrame({"month": sorted(f"{month:%Y-%m}" for month in months if month is not None)})

    return [str(month) for month in kept(scope, "usage_months", compute)["month"]]


def catalogue(scope: Scope) -> Catalogue:
    """Return the data set's plans."""
    found: Catalogue = catalogue_of(scope.dataset.id, scope.version.number)
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def catalogue_of(dataset_id: str, version: int) -> Catalogue:
    """Return the plans of a version of a data set."""
    return Catalogue(store().load(dataset_id, "plans", version=version))


def fit(scope: Scope, month: str, absent: str = MISSING) -> pd.DataFrame:
    """Return `cxlib.matching.plan_fit` at the end of a month, at the settings of the data set.

    `absent` is ``missing`` or ``zero``: whether months without a row break a run or count as no usage.
    """
    options = _flag_options(scope, absent)
    return kept(
        scope,
        "fit",
        lambda: plan_fit(
            table(scope, "usage"), catalogue(scope), customers=table(scope, "customers"), as_of=month, **options
        ),
        month=month,
        **options,
    )


def flagged(scope: Scope, month: str, absent: str = MISSING) -> pd.DataFrame:
    """Return the rows of `fit` with a flag and their tier, the largest saving first; kept apart: they are few."""

    def compute() -> pd.DataFrame:
        every = fit(scope, month, absent)
        chosen = every[every["state"] == "flagged"].sort_values("saving", ascending=False, kind="stable")
        return _with_tier(scope, chosen)

    return kept(scope, "flagged", compute, month=month, **_flag_options(scope, absent))


def flagged_there(scope: Scope, month: str, absent: str = MISSING) -> bool:
    """Whether who is flagged at the end of a month was worked out before."""
    return there(scope, "flagged", month=month, **_flag_options(scope, absent)) is not None


def fit_counts(scope: Scope, month: str, absent: str = MISSING) -> pd.DataFrame:
    """Return the number of customers by state of `fit`, tier and plan held: state, tier, plan_id, n."""

    def compute() -> pd.DataFrame:
        every = _with_tier(scope, fit(scope, month, absent)[["customer_id", "state", "plan_id"]])
        return every.groupby(["state", "tier", "plan_id"], dropna=False, as_index=False).agg(n=("customer_id", "size"))

    return kept(scope, "fit_counts", compute, month=month, **_flag_options(scope, absent))


def _with_tier(scope: Scope, rows: pd.DataFrame) -> pd.DataFrame:
    customers = table(scope, "customers")
    if customers is None or "tier" not in customers.column_names:
        return rows.assign(tier=pd.Series(None, index=rows.index, dtype="str"))
    tiers = customers.select(["customer_id", "tier"]).to_pandas().astype("str")
    return rows.merge(tiers, on="customer_id", how="left")


def flag_course(scope: Scope, absent: str = MISSING) -> pd.DataFrame:
    """Return the flags standing at each month's end, see `cxlib.matching.flag_history`."""
    options = _flag_options(scope, absent)
    return kept(
        scope,
        "flag_course",
        lambda: flag_history(table(scope, "usage"), catalogue(scope), customers=table(scope, "customers"), **options),
        **options,
    )


def advice_options(scope: Scope) -> dict[str, Any]:
    """Return the settings of the data set that a recommendation depends on."""
    settings = scope.settings
    return {"horizon": settings.horizon, "months": settings.months, "min_saving": settings.min_saving}


def reasons_of(scope: Scope, flagged: pd.DataFrame, month: str, absent: str = MISSING) -> pd.DataFrame:
    """Return what the flagged customers' bills were made of, see `cxlib.matching.reasons`."""
    options = _flag_options(scope, absent)

    def compute() -> pd.DataFrame:
        every = fit(scope, month, absent)
        return reasons(
            every[every["state"] == "flagged"],
            table(scope, "usage"),
            catalogue(scope),
            month=month,
            months=scope.settings.months,
            customers=table(scope, "customers"),
        )

    return flagged[["customer_id"]].merge(kept(scope, "reasons", compute, month=month, **options), how="left")


def line_items_of(scope: Scope, customer_id: str, plan_ids: tuple[str, ...], month: str) -> pd.DataFrame:
    """Return a customer's bills on some plans line by line, in the months that a flag at `month` rests on."""
    usage = table(scope, "usage")
    if usage is None:
        raise KeyError("usage")
    return line_items(
        usage,
        catalogue(scope),
        customer_id=customer_id,
        plan_ids=list(plan_ids),
        months=window(month, scope.settings.months),
        customers=table(scope, "customers"),
    )


def _flag_options(scope: Scope, absent: str) -> dict[str, Any]:
    return {"months": scope.settings.months, "min_saving": scope.settings.min_saving, "absent": absent}


def window(month: str, n: int) -> list[str]:
    """Return the `n` months that end with `month`."""
    last = pd.Period(month, "M")
    return [str(last - back) for back in range(n - 1, -1, -1)]


def ranks(scope: Scope) -> dict[str, int] | None:
    """Return the rank of each tier, or None where none were given."""
    found = table(scope, "tiers")
    return None if found is None else tier_ranks(found)
