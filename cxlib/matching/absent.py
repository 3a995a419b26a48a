"""Months without a row of usage, counted as no usage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from cxlib.engine.threads import blocks, run
from cxlib.matching.people import NEVER, CustomerTable
from cxlib.matching.usage import NO_PLAN, Usage

if TYPE_CHECKING:
    from cxlib.matching.catalogue import Catalogue


def with_zeros(usage: Usage, table: CustomerTable, catalogue: Catalogue, within: tuple[int, int]) -> Usage:
    """Fill the months without a row with zero usage, from the month of joining to that of leaving, `within` two months.

    What was used before the first month of the file is not known, so that nothing is filled there. Customers without
    any usage are filled too where the month of joining is known. What was used before joining or after the month of
    leaving is left out: those months are not the customer's. Filled months have the plan of the customer's row before,
    else of the one after.
    """
    ids = usage.customer_ids
    if table.table is not None:
        ids = pc.unique(pa.concat_arrays([ids, table.ids]))
        ids = ids.take(pc.sort_indices(ids))
    people = table.look_up(ids, plan_ids=catalogue.plan_ids, segments=())
    n = len(ids)
    at = pc.index_in(usage.customer_ids, value_set=ids).to_numpy()
    rows = np.zeros((2, n), np.int64)  # of each customer, from and to
    rows[:, at] = usage.starts[:-1], usage.starts[1:]
    begin = np.full(n, NEVER, np.int64)
    begin[at] = usage.month[usage.starts[:-1]]
    begin = np.maximum(np.where(people.joined < NEVER, people.joined, begin), within[0])
    length = np.maximum(0, np.minimum(people.left, within[1]).astype(np.int64) - begin + 1)
    kept = np.flatnonzero(length)
    starts = np.append(0, np.cumsum(length[kept]))
    total = int(starts[-1])
    quantity = np.empty((len(usage.quantity), total), usage.quantity.dtype)
    month, held = np.empty(total, np.int32), np.empty(total, np.int16)
    known = np.zeros(0, np.bool_) if usage.complete is None else usage.complete
    complete = np.empty(total if usage.complete is not None else 0, np.bool_)
    given = (rows[:, kept], begin[kept], usage.month, usage.quantity, usage.held, known)
    parts = blocks(len(kept), parts=1 + total // 500_000) if len(kept) else []
    run(_filled, [(*given, lo, hi, starts, month, quantity, held, complete) for lo, hi in parts])
    return replace(
        usage,
        customer_ids=ids.take(pa.array(kept)),
        starts=starts,
        month=month,
        quantity=quantity,
        held=held,
        complete=None if usage.complete is None else complete,
        billed=None,
    )


@njit(cache=True, nogil=True)
def _filled(  # noqa: PLR0917 - a kernel takes its arrays by position
    rows: Any,
    begin: Any,
    month: Any,
    quantity: Any,
    held: Any,
    complete: Any,
    lo: int,
    hi: int,
    starts: Any,
    all_months: Any,
    all_quantity: Any,
    all_held: Any,
    all_complete: Any,
) -> None:
    """Write the months of customers lo..hi, one after the other, from the rows that they have and from zeros."""
    for c in range(lo, hi):
        row, after = rows[0, c], rows[1, c]
        first, seen, plan = starts[c], False, NO_PLAN
        for i in range(first, starts[c + 1]):
            now = begin[c] + i - first
            while row < after and month[row] < now:
                row += 1
            there = row < after and month[row] == now
            if there:
                plan = held[row]
                if not seen:
                    all_held[first:i] = plan
                seen = True
            all_months[i] = now
            all_held[i] = plan
            for k in range(len(quantity)):
                all_quantity[k, i] = quantity[k, row] if there else 0
            if len(complete):
                all_complete[i] = complete[row] if there else True
