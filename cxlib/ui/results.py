"""The numbers that pages show, each computed once per version of a data set and its parameters, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.fairness import label_trap, overtakes, overtakes_over_time, passed_summary, tier_ranks, wait_curves, waits
from cxlib.fairness.overtakes import POOL, Passers
from cxlib.ui.session import store

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.ui.scope import Scope

ALL: Final = "all"
"""The id of "no filter" in links."""
WITHIN: Final = "within"


def kept(scope: Scope, name: str, compute: Callable[[], pd.DataFrame | pa.Table], **parameters: Any) -> pd.DataFrame:
    """Return a result as a pandas frame, from the disk where it was computed before."""
    frame: pd.DataFrame = store().cached(scope.key(name, **parameters), compute).to_pandas()
    return frame


def table(scope: Scope, name: str) -> pa.Table | None:
    """Return a whole table of the scope's version; None where the data set has none."""
    return store().load(scope.dataset.id, name, version=scope.version.number) if scope.has(name) else None


def zone(scope: Scope) -> str:
    """Return the time zone in which the contacts' times were read."""
    for version in reversed(store().versions(scope.dataset.id)):
        if version.number <= scope.version.number:
            for record in version.imports:
                if record.table == "contacts" and isinstance(record.mapping, dict) and record.mapping.get("zone"):
                    return str(record.mapping["zone"])
    return "UTC"


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


def contacts_in(scope: Scope, *, month: str = ALL, queue: str = ALL) -> pa.Table:
    """Return the contacts of a month of the local calendar and of a queue, with the tier of their customer.

    The tier is that of the contact where the file has one, else that of the customer.
    """
    found = table(scope, "contacts")
    if found is None:
        raise KeyError("contacts")
    if month != ALL:
        first, after = _bounds(month, zone(scope))
        arrived = found["arrived_at"]
        found = found.filter(pc.and_(pc.greater_equal(arrived, first), pc.less(arrived, after)))
    if queue != ALL:
        found = found.filter(pc.equal(found["queue"], queue))
    if "tier" not in found.column_names and "customer_id" in found.column_names:
        customers = table(scope, "customers")
        if customers is not None and "tier" in customers.column_names:
            found = found.join(customers.select(["customer_id", "tier"]), "customer_id")
    return found


def _bounds(month: str, name: str) -> tuple[pa.Scalar, pa.Scalar]:
    start = pd.Timestamp(f"{month}-01", tz=ZoneInfo(name))
    kind = pa.timestamp("us", "UTC")
    return tuple(
        pa.scalar(at.tz_convert("UTC").to_pydatetime(), kind) for at in (start, start + pd.DateOffset(months=1))
    )  # type: ignore[return-value]


def waits_by(scope: Scope, by: str | dict[str, str], **where: str) -> pd.DataFrame:
    """Return `cxlib.fairness.waits` of the contacts chosen, at the settings of the data set."""
    sla, least = scope.settings.sla_s, scope.settings.min_group
    return kept(
        scope,
        "waits",
        lambda: waits(contacts_in(scope, **where), by=by, thresholds=(sla,), min_group=least, ranks=ranks(scope)),
        by=by,
        sla_s=sla,
        min_group=least,
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
        chosen, order = contacts_in(scope, **where), ranks(scope)
        if what == "pairs":
            return overtakes(chosen, ranks=order, **options)
        if what == "summary":
            return passed_summary(chosen, ranks=order, min_group=least, **options)
        return overtakes_over_time(
            chosen, every="hour_of_day", zone=zone(scope), ranks=order, min_group=least, **options
        )

    return kept(scope, f"passing {what}", compute, by=by, pool=pool, passers=passers, min_group=least, **where)


def curves(scope: Scope, **where: str) -> pd.DataFrame:
    """Return how the wait of each tier goes on, see `cxlib.fairness.wait_curves`."""
    least = scope.settings.min_group
    return kept(
        scope, "curves", lambda: wait_curves(contacts_in(scope, **where), min_group=least), min_group=least, **where
    )


def trap(scope: Scope, **where: str) -> dict[str, Any]:
    """Return the label trap of the contacts chosen: ``total_variation`` and ``warned``."""

    def compute() -> pd.DataFrame:
        return label_trap(contacts_in(scope, **where))

    row: dict[str, Any] = kept(scope, "trap", compute, **where).iloc[0].to_dict()
    return row


def ranks(scope: Scope) -> dict[str, int] | None:
    """Return the rank of each tier, or None where none were given."""
    found = table(scope, "tiers")
    return None if found is None else tier_ranks(found)
