"""The tally of `groups.tallied` from a typed table in one pass: the columns read once, the rest in compiled loops.

The definitions stand in `contacts.prepare` and `groups.tallied`; the tests hold both to the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.engine import threads
from cxlib.engine.frames import MICROSECONDS, Holds, arrow, standard
from cxlib.fairness import tally_kernels as k
from cxlib.fairness.clock import local_hours, period_numbers
from cxlib.fairness.contacts import Contacts, bad_outcome, columns_there, tier_ranks
from cxlib.fairness.groups import By, grouped, keys_of, limit_name, ordered, with_no_need
from cxlib.fairness.outcomes import EXACT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    Int64s = NDArray[np.int64]

_SAID: Final = {"served": k.SERVED, "abandoned": k.ABANDONED, "waiting": k.WAITING, "dropped": k.DROPPED}
_TIMES: Final = ("arrived_at", "wait_ended_at", "started_at", "left_at", "ended_at")
_COUNTS: Final = {
    "n": k.N,
    "n_queued": k.N_QUEUED,
    "n_served": k.N_SERVED,
    "n_served_queued": k.N_SERVED_QUEUED,
    "n_abandoned": k.N_ABANDONED,
    "n_abandoned_queued": k.N_ABANDONED_QUEUED,
    "n_waiting": k.N_WAITING,
    "n_resolution": k.N_RESOLUTION,
    "n_resolved": k.N_RESOLVED,
    "n_csat": k.N_CSAT,
}
_DENSE: Final = 1 << 22
"""Combinations of keys up to which each has its place, whether it occurs or not."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The table of `groups.tallied`, the columns that the file had, and the ranks of the tiers."""

    table: pd.DataFrame
    there: frozenset[str]
    ranks: dict[str, int] | None


def quick_tally(
    contacts: Any,
    *,
    by: By,
    thresholds: Sequence[float],
    every: str | None = None,
    zone: str = "UTC",
    ranks: Any = None,
) -> Tally | None:
    """Return the tally of a typed table of contacts by text columns of its own, else None.

    Parameters
    ----------
    every, zone : str
        Also by period, see `periods.with_period`.

    See `groups.tallied` for the others and for the columns.

    Raises
    ------
    CxError
        As `contacts.prepare` and `periods.with_period` do.
    """
    keys = keys_of(by)
    if isinstance(contacts, Contacts):
        return None
    there = columns_there(contacts)
    if not set(keys) <= set(there) or any(name in _NOT_TEXT for name in keys):
        return None
    table = _read(contacts, by, keys, there)
    waits_given = _numbers(table, "wait_s", MICROSECONDS)
    rows = table.num_rows
    times = {name: _whole(table, name) for name in _TIMES}
    arrived = times["arrived_at"]
    state, wait, service = np.empty(rows, np.int8), np.empty(rows, np.int64), np.empty(rows, np.int64)
    said, queued = _outcomes(table), _flags(table, "queued")
    queued = queued if queued.size else np.full(rows, -1, np.int8)
    told = (arrived, times["wait_ended_at"], waits_given, times["started_at"], times["left_at"], times["ended_at"])
    arrays = (said, queued, *told, "started_at" in there, state, wait, service)
    lasts = threads.run(k.derive, [(a, b, *arrays) for a, b in threads.blocks(rows)])
    until = max(lasts, default=0)
    coded: list[tuple[Any, Any]] = [_coded(table, name) for name in keys]
    if every is not None:
        coded.insert(0, _periods(arrived, every, zone, some_lack=table["arrived_at"].null_count > 0))
    levels, codes = zip(*coded, strict=True)
    sizes = [len(each) for each in levels]
    if math.prod(sizes) >= 1 << 62:
        return None
    group, cells = _combined(codes, sizes)
    limits = np.array([round(each * MICROSECONDS) for each in thresholds], np.int64)
    rest = (state, wait, service, _flags(table, "resolved"), _numbers(table, "csat", EXACT), limits, until)
    sums = _added_up(rows, group, len(cells), rest, k.LIMITS + 4 * len(limits))
    shares = _quantiles(group, state, wait, sums[:, k.N_SERVED_QUEUED])
    met = np.flatnonzero(sums[:, k.N])
    found = _named(levels, cells[met], ["period", *keys] if every is not None else keys)
    ranked = None if ranks is None else tier_ranks(ranks)
    tally = pd.concat([found, _columns(sums[met], shares[met], thresholds)], axis=1)
    return Tally(table=ordered(tally, list(found.columns), ranked), there=frozenset(there), ranks=ranked)


_NOT_TEXT: Final = {"outcome", "queued", "resolved", "wait_s", "csat", *_TIMES}


def _read(contacts: Any, by: By, keys: Sequence[str], there: Sequence[str]) -> pa.Table:
    """Return what the tally needs as one table of standard columns; the outcomes and keys as text."""
    holds: dict[str, Holds] = dict.fromkeys(keys, "text")
    if "need" in keys and "customer_id" in there:
        holds["customer_id"] = "text"
    others: dict[str, Holds] = {"outcome": "text", "queued": "flag", "resolved": "flag"}
    others |= {"wait_s": "number", "csat": "number"}
    others |= dict.fromkeys(_TIMES, "time")
    holds |= {name: kind for name, kind in others.items() if name in there}
    frame = grouped(standard(contacts, holds), by)
    if "need" in keys:
        frame = with_no_need(frame, identified="customer_id" in there)
    return arrow(nw.to_native(frame.select(*(name for name in holds if name != "customer_id" or name in keys))))


def _whole(table: pa.Table, name: str) -> Int64s:
    if name not in table.column_names:
        return np.zeros(0, np.int64)
    column = table[name].fill_null(k.MISSING) if table[name].null_count else table[name]
    whole: Int64s = column.combine_chunks().to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return whole


def _flags(table: pa.Table, name: str) -> NDArray[np.int8]:
    if name not in table.column_names:
        return np.zeros(0, np.int8)
    codes: NDArray[np.int8] = table[name].cast("int8").fill_null(-1).combine_chunks().to_numpy()
    return codes


def _numbers(table: pa.Table, name: str, unit: int) -> Int64s:
    """Return a column of numbers in whole parts of a unit."""
    if name not in table.column_names:
        return np.zeros(0, np.int64)
    values = table[name].combine_chunks().to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
    whole = np.empty(values.size, np.int64)
    threads.run(k.whole_parts, [(a, b, values, unit, whole) for a, b in threads.blocks(values.size)])
    return whole


def _outcomes(table: pa.Table) -> NDArray[np.int8]:
    if "outcome" not in table.column_names:
        return np.full(table.num_rows, k.UNSAID, np.int8)
    values, code = _coded(table, "outcome")
    bad = [value for value in values if value is not None and value not in _SAID]
    if bad:
        raise bad_outcome(min(bad))
    return np.array([k.UNSAID if value is None else _SAID[value] for value in values], np.int8)[code]


def _coded(table: pa.Table, name: str) -> tuple[list[str | None], NDArray[np.int32]]:
    """Return the values of a text column and each row's place among them."""
    coded = table[name].dictionary_encode(null_encoding="encode").combine_chunks()
    values = coded.dictionary.to_pylist()
    return values or [None], coded.indices.to_numpy(zero_copy_only=False)


def _periods(arrived: Int64s, every: str, zone: str, *, some_lack: bool) -> tuple[Int64s, Int64s]:
    """Return the periods from first to last, or those that occur, and each row's place among them."""
    if some_lack:
        known = arrived[arrived != k.MISSING]
        arrived = np.maximum(arrived, known.min()) if known.size else np.zeros(arrived.size, np.int64)
    numbers = period_numbers(local_hours(arrived, zone=zone), every)
    first, last = (int(numbers.min()), int(numbers.max())) if numbers.size else (0, 0)
    if last - first < _DENSE:
        numbers -= first
        return np.arange(first, last + 1), numbers
    values, code = np.unique(numbers, return_inverse=True)
    return values, code


def _combined(codes: Sequence[Any], sizes: Sequence[int]) -> tuple[NDArray[np.int32], Int64s]:
    """Return the place of each row's combination of codes, and the combinations as numbers of mixed base `sizes`."""
    dense = math.prod(sizes) <= _DENSE
    whole = codes[0].astype(np.int32 if dense else np.int64)
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        whole *= size
        whole += code.astype(whole.dtype, copy=False)
    if dense:
        return whole, np.arange(math.prod(sizes))
    cells, group = np.unique(whole, return_inverse=True)
    return group.astype(np.int32), cells


def _added_up(rows: int, group: NDArray[np.int32], groups: int, rest: tuple[Any, ...], width: int) -> Int64s:
    """Return the sums by group, added up in as many parts as their size is worth."""
    blocks = threads.blocks(rows, parts=threads.cores() if groups * width <= rows else 1)
    each = [np.zeros((groups, width), np.int64) for _block in blocks]
    threads.run(k.add_up, [(a, b, group, *rest, sums) for (a, b), sums in zip(blocks, each, strict=True)])
    for other in each[1:]:
        each[0] += other
    return each[0]


def _quantiles(group: NDArray[np.int32], state: Any, wait: Int64s, counts: Int64s) -> NDArray[np.float64]:
    """Return median and p90 by group, in microseconds."""
    begins = np.concatenate([[0], np.cumsum(counts)])
    waits = k.waits_by_group(group, state, wait, begins)
    out = np.empty((counts.size, 2))
    shares = np.array([0.5, 0.9])
    threads.run(k.quantiles, [(a, b, begins, waits, shares, out) for a, b in threads.blocks(counts.size)])
    return out


def _named(levels: Sequence[Any], cells: Int64s, keys: Sequence[str]) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name, values in reversed(list(zip(keys, levels, strict=True))):
        cells, code = np.divmod(cells, len(values))
        if isinstance(values, np.ndarray):
            columns[name] = values[code]
        else:
            columns[name] = pd.Series(np.array([*values, None], dtype=object)[code], dtype="str")
    return pd.DataFrame({name: columns[name] for name in keys})


def _columns(sums: Int64s, shares: NDArray[np.float64], thresholds: Sequence[float]) -> pd.DataFrame:
    """Return the sums and quantiles under the names of `groups.tallied`."""
    columns: dict[str, Any] = {name: sums[:, place] for name, place in _COUNTS.items()}
    for number, limit in enumerate(map(limit_name, thresholds)):
        for place, name in enumerate(("in_{}", "in_{}_offered", "open_{}", "open_{}_offered")):
            columns[name.format(limit)] = sums[:, k.LIMITS + 4 * number + place]
    columns |= {"wait_us": sums[:, k.WAIT], "median_us": shares[:, 0], "p90_us": shares[:, 1]}
    return pd.DataFrame(columns | {"service_us": sums[:, k.SERVICE], "csat": sums[:, k.CSAT]})
