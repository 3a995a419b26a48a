"""What the table of customers says about those in the usage, as columns for the kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.errors import CxError
from cxlib.matching.kernels import Offers
from cxlib.matching.months import month_numbers
from cxlib.matching.usage import NO_PLAN, as_texts, columns_of, plan_positions
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue

NEVER: Final = 2**24
"""A month beyond every calendar."""
NO_SEGMENT: Final = -2


@dataclass(frozen=True)
class People:
    """C customers in the order of the usage; months as in `months`, `NEVER` where not known."""

    plan: NDArray[np.int16]  # the plan of the table of customers, `NO_PLAN` or `UNKNOWN_PLAN`
    tier: NDArray[np.int32]  # code of the segment of that name, `NO_SEGMENT` where no plan is for it
    need: NDArray[np.int32]
    joined: NDArray[np.int32]
    left: NDArray[np.int32]
    free: NDArray[np.int32]  # from the end of this month no contract binds; 0 where there is none


class CustomerTable:
    """A table of customers, looked up by name."""

    def __init__(self, customers: Any) -> None:
        names = ["customer_id", "plan_id", "tier", "need", "joined_on", "left_on", "contract_end"]
        self.table = None if customers is None else columns_of(customers, names)
        if self.table is None:
            return
        if "customer_id" not in self.table.column_names:
            raise CxError(
                "missing_column",
                N_("The customers have no column {column}."),
                hint=N_("Add it, or map one of the file's columns to it."),
                column="customer_id",
            )
        self.ids = as_texts(self.table["customer_id"]).cast(pa.large_string()).combine_chunks()
        if pc.count_distinct(self.ids, mode="all").as_py() < len(self.ids):
            counts = pc.value_counts(self.ids)
            twice = counts.field(0)[pc.index(pc.greater(counts.field(1), 1), value=True).as_py()].as_py()
            raise CxError(
                "duplicate_customer",
                N_("Customer {value} is there twice."),
                hint=N_("Keep one row per customer."),
                column="customer_id",
                value=twice,
            )

    def look_up(self, customer_ids: pa.LargeStringArray, *, plan_ids: Sequence[str], segments: Sequence[str]) -> People:
        """Return what is known of the named customers."""
        n = len(customer_ids)
        if self.table is None:
            nobody, never = np.full(n, NO_SEGMENT, np.int32), np.full(n, NEVER, np.int32)
            return People(np.full(n, NO_PLAN, np.int16), nobody, nobody, never, never, np.zeros(n, np.int32))
        rows = pc.index_in(customer_ids, value_set=self.ids)
        plan = self._taken("plan_id", rows)
        held = np.full(n, NO_PLAN, np.int16) if plan is None else plan_positions(plan, plan_ids)
        return People(
            plan=held,
            tier=self._segment("tier", rows, segments),
            need=self._segment("need", rows, segments),
            joined=self._month("joined_on", rows, NEVER),
            left=self._month("left_on", rows, NEVER),
            free=self._month("contract_end", rows, 0),
        )

    def plan_of(self, customer_id: str) -> str | None:
        """Return the plan of a customer as the table calls it."""
        plan = self._taken("plan_id", pc.index_in(pa.array([customer_id], pa.large_string()), value_set=self.ids))
        return None if plan is None else str(plan[0].as_py())

    def _taken(self, name: str, rows: pa.Int32Array) -> pa.ChunkedArray | None:
        if self.table is None or name not in self.table.column_names:
            return None
        column = self.table[name]
        return None if pa.types.is_null(column.type) else column.take(rows)

    def _segment(self, name: str, rows: pa.Int32Array, segments: Sequence[str]) -> NDArray[np.int32]:
        column = self._taken(name, rows)
        if column is None or not segments:
            return np.full(len(rows), NO_SEGMENT, np.int32)
        found = pc.index_in(as_texts(column).cast(pa.large_string()), value_set=pa.array(segments, pa.large_string()))
        return np.asarray(found.fill_null(NO_SEGMENT).to_numpy(), dtype=np.int32)

    def _month(self, name: str, rows: pa.Int32Array, missing: int) -> NDArray[np.int32]:
        column = self._taken(name, rows)
        if column is None:
            return np.full(len(rows), missing, np.int32)
        months = month_numbers(column)
        return np.where(months < 0, np.int32(missing), months)


def segments_of(catalogue: Catalogue) -> list[str]:
    """Return the tiers and needs that plans are reserved for."""
    named = (version.segment for found in catalogue.versions.values() for version in found)
    return sorted({segment for segment in named if segment is not None})


def offers_of(
    catalogue: Catalogue, people: People, starts: NDArray[np.int64], version_of: NDArray[np.int32], first: int
) -> Offers:
    """Return who may take which plan when, contracts apart.

    A plan may be taken at the end of a month if it is on sale on the month's last day, if it is for everybody or for
    the customer's tier or need, and if the customer joined at least `min_tenure_months` calendar months before; who
    joined when is not known may not take a plan that asks for tenure.
    """
    versions = [version for found in catalogue.versions.values() for version in found]
    codes = {segment: code for code, segment in enumerate(segments_of(catalogue))}
    segment = np.array([-1 if v.segment is None else codes[v.segment] for v in versions], dtype=np.int32)
    tenure = np.array([v.min_tenure_months for v in versions], dtype=np.int32)
    months = range(version_of.shape[1])
    on_sale = np.array(
        [[catalogue.on_sale(each, first + k) for k in months] for each in catalogue.plan_ids], dtype=bool
    )
    open_to_all: NDArray[np.bool_] = np.all(on_sale, axis=1, keepdims=True)[:, 0]
    for p in range(len(catalogue)):
        used = version_of[p][version_of[p] >= 0]
        open_to_all[p] &= bool((segment[used] < 0).all() and (tenure[used] <= 0).all())
    rows = np.diff(starts)
    return Offers(
        open_to_all=open_to_all,
        on_sale=on_sale,
        segment=segment,
        min_tenure=tenure,
        customer=np.repeat(np.arange(len(rows), dtype=np.int32), 0 if open_to_all.all() else rows),
        tier=people.tier,
        need=people.need,
        joined=people.joined - np.int32(first),
    )
