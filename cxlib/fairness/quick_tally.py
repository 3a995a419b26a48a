"""The tally of `groups.tallied` from a typed table in one pass: the columns read once, the rest in compiled loops.

The definitions stand in `contacts.prepare` and `groups.tallied`; the tests hold both to the same numbers. The table is
taken a batch of rows at a time, as it lies in memory, so that nothing is copied that is there already.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cxlib.engine import threads
from cxlib.engine.frames import MICROSECONDS, Holds, arrow, standard
from cxlib.fairness import tally_kernels as k
from cxlib.fairness.clock import Calendar
from cxlib.fairness.contacts import Contacts, bad_outcome, columns_there, tier_ranks
from cxlib.fairness.groups import By, keys_of, limit_name, ordered, with_no_need
from cxlib.fairness.outcomes import EXACT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Int32s = NDArray[np.int32]
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
_BATCHES: Final = 4
"""Batches per core, at least: one that takes longer keeps nobody waiting."""


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
    table, levels = _with_codes(_read(contacts, keys, there), keys, by)
    calendar = None
    if every is not None:
        calendar = Calendar(table["arrived_at"], every, zone=zone)
        levels = [calendar.numbers, *levels]
    sizes = [len(each) for each in levels]
    if math.prod(sizes) >= 1 << 62:
        return None
    most = -(-table.num_rows // (_BATCHES * threads.cores()))
    batches = table.to_batches(max_chunksize=max(most, 1))
    logs = threads.run(_log_of, [(batch, keys, sizes, calendar) for batch in batches])
    cells = _cells(logs, sizes)
    limits = np.array([round(each * MICROSECONDS) for each in thresholds], np.int64)
    sums, shares = _added_up(logs, len(cells), limits)
    met = np.flatnonzero(sums[:, k.N])
    found = _named(levels, cells[met], ["period", *keys] if every is not None else keys)
    ranked = None if ranks is None else tier_ranks(ranks)
    tally = pd.concat([found, _columns(sums[met], shares[met], thresholds)], axis=1)
    return Tally(table=ordered(tally, list(found.columns), ranked), there=frozenset(there), ranks=ranked)


_NOT_TEXT: Final = {"outcome", "queued", "resolved", "wait_s", "csat", *_TIMES}


def _read(contacts: Any, keys: Sequence[str], there: Sequence[str]) -> pa.Table:
    """Return what the tally needs as one table of standard columns, see `_fits`."""
    holds: dict[str, Holds] = dict.fromkeys(keys, "text")
    if "need" in keys and "customer_id" in there:
        holds["customer_id"] = "text"
    others: dict[str, Holds] = {"outcome": "text", "queued": "flag", "resolved": "flag"}
    others |= {"wait_s": "number", "csat": "number"}
    others |= dict.fromkeys(_TIMES, "time")
    holds |= {name: kind for name, kind in others.items() if name in there}
    native = nw.to_native(contacts, pass_through=True)
    if "need" not in keys:
        if isinstance(native, Path):
            texts = [name for name, kind in holds.items() if kind == "text"]
            native = pq.read_table(native, columns=list(holds), read_dictionary=texts, memory_map=True)
        elif isinstance(native, duckdb.DuckDBPyRelation):
            native = native.project(", ".join('"' + name.replace('"', '""') + '"' for name in holds)).to_arrow_table()
        if isinstance(native, pa.Table) and all(_fits(native.schema.field(each).type, holds[each]) for each in holds):
            return native.select(list(holds))
    frame = standard(native, holds)
    if "need" in keys:
        frame = with_no_need(frame, identified="customer_id" in there)
    return arrow(nw.to_native(frame.select(*(name for name in holds if name != "customer_id" or name in keys))))


def _fits(kind: pa.DataType, holds: Holds) -> bool:
    """Whether a column can be taken as it is: text (or codes of text), flags, float64, and microseconds."""
    if holds == "text":
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
    if holds == "time":
        return bool(pa.types.is_int64(kind) or (pa.types.is_timestamp(kind) and kind.unit == "us"))
    return bool(pa.types.is_boolean(kind) if holds == "flag" else pa.types.is_float64(kind))


def _with_codes(table: pa.Table, keys: Sequence[str], by: By) -> tuple[pa.Table, list[Any]]:
    """Return the table with its texts as places among their values, and the values of each key."""
    levels: list[Any] = []
    for name in keys:
        values, codes = _coded(table[name])
        if isinstance(by, Mapping):  # tiers are read as their groups, others keep their own name
            names = {str(tier): str(group) for tier, group in by.items()}
            said = [value if value is None else names.get(value, value) for value in values]
            values = list(dict.fromkeys(said))
            codes = _replaced(codes, [values.index(each) for each in said], np.int32)
        levels.append(values)
        table = table.set_column(table.schema.get_field_index(name), name, codes)
    if "outcome" in table.column_names:
        values, codes = _coded(table["outcome"])
        bad = {place for place, value in enumerate(values) if value is not None and value not in _SAID}
        met = [values[place] for place in sorted(bad & set(pc.unique(codes).to_pylist()))] if bad else []
        if met:
            raise bad_outcome(min(map(str, met)))
        said_by = [k.UNSAID if value is None else _SAID.get(value, k.UNSAID) for value in values]
        codes = _replaced(codes, said_by, np.int8)
        table = table.set_column(table.schema.get_field_index("outcome"), "outcome", codes)
    return table, levels


def _coded(column: pa.ChunkedArray) -> tuple[list[str | None], pa.ChunkedArray]:
    """Return the values of a text column, None among them where some lack it, and each row's place among them."""
    chunks = column.chunks
    if not pa.types.is_dictionary(column.type):
        chunks = threads.run(lambda chunk: chunk.dictionary_encode(), [(chunk,) for chunk in chunks])
    if not chunks:
        return [None], pa.chunked_array([], pa.int32())
    whole = pa.chunked_array(chunks).unify_dictionaries()
    values = whole.chunk(0).dictionary.to_pylist()
    lacking = pa.scalar(len(values), pa.int32())
    codes = [chunk.indices.cast("int32") for chunk in whole.chunks]
    codes = [each.fill_null(lacking) if each.null_count else each for each in codes]
    return [*values, None] if column.null_count or not values else values, pa.chunked_array(codes)


def _replaced(codes: pa.ChunkedArray, by: Sequence[int], kind: Any) -> pa.ChunkedArray:
    """Return the codes with each replaced by what stands at its place."""
    table = np.array(by, kind)
    chunks = threads.run(lambda chunk: pa.array(np.take(table, chunk.to_numpy())), [(each,) for each in codes.chunks])
    return pa.chunked_array(chunks, pa.from_numpy_dtype(kind))


@dataclass(frozen=True)
class _Log:
    """A batch of rows as the kernels take it; `codes` are of their combination of keys, of base `sizes`."""

    told: tuple[Any, ...]
    scores: tuple[Any, ...]
    codes: Any
    wait: Int64s


def _log_of(batch: pa.RecordBatch, keys: Sequence[str], sizes: Sequence[int], calendar: Calendar | None) -> _Log:
    n = batch.num_rows
    times = {name: _plain(batch, name, k.MISSING, np.int64) for name in _TIMES}
    arrived = times["arrived_at"]
    said = _plain(batch, "outcome", k.UNSAID, np.int8)
    queued = _plain(batch, "queued", -1, np.int8)
    told = (
        said if said.size else _unknown(n, k.UNSAID),
        queued if queued.size else _unknown(n, -1),
        arrived,
        times["wait_ended_at"],
        _in_parts(_plain(batch, "wait_s", np.nan, np.float64), MICROSECONDS),
        times["started_at"],
        times["left_at"],
        times["ended_at"],
        "started_at" in batch.schema.names,
    )
    scores = (_plain(batch, "resolved", -1, np.int8), _plain(batch, "csat", np.nan, np.float64), EXACT)
    codes: list[Any] = [_plain(batch, name, 0, np.int32) for name in keys]
    if calendar is not None:
        codes.insert(0, calendar.places(arrived))
    kind = np.int32 if math.prod(sizes) <= _DENSE else np.int64
    whole = codes[0].astype(kind)
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        whole *= kind(size)
        whole += code
    return _Log(told, scores, _kept(whole), np.empty(n, np.int64))


def _plain(batch: pa.RecordBatch, name: str, missing: Any, kind: Any) -> NDArray[Any]:
    """Return a column of a batch as an array, what is missing replaced; empty where there is no such column."""
    if name not in batch.schema.names:
        return _kept(np.zeros(0, kind))
    column = batch.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.view("int64")
    elif pa.types.is_boolean(column.type):
        column = column.cast("int8")
    if column.null_count:
        column = column.fill_null(pa.scalar(missing, column.type))
    return _kept(column.to_numpy(zero_copy_only=False))


def _kept(values: NDArray[Any]) -> NDArray[Any]:
    """Return an array that is only read: kernels are compiled once for those, whoever they belong to."""
    values = values.view()
    values.flags.writeable = False
    return values


def _unknown(n: int, value: int) -> NDArray[Any]:
    return _kept(np.full(n, value, np.int8))


def _in_parts(values: NDArray[np.float64], unit: int) -> NDArray[Any]:
    """Return numbers in whole parts of a unit."""
    whole = np.empty(values.size, np.int64)
    k.whole_parts(0, values.size, values, unit, whole)
    return _kept(whole)


def _cells(logs: list[_Log], sizes: Sequence[int]) -> Int64s:
    """Return the combinations of keys as numbers of mixed base `sizes`; too many are narrowed to those that occur."""
    if math.prod(sizes) <= _DENSE:
        return np.arange(math.prod(sizes))
    cells, place = np.unique(np.concatenate([log.codes for log in logs]), return_inverse=True)
    ends = np.cumsum([0, *(log.codes.size for log in logs)])
    for number, log in enumerate(logs):
        codes = _kept(place[ends[number] : ends[number + 1]].astype(np.int32))
        logs[number] = _Log(log.told, log.scores, codes, log.wait)
    return cells


def _added_up(logs: Sequence[_Log], groups: int, limits: Int64s) -> tuple[Int64s, NDArray[np.float64]]:
    """Return the sums by group, and median and p90 by group in microseconds, in as many parts as the groups allow."""
    width, rows = k.LIMITS + 4 * len(limits), sum(log.wait.size for log in logs)
    workers = threads.cores() if groups * width <= rows else 1
    begins = np.cumsum([0, *(log.wait.size for log in logs)])
    shared = [[log for log, at in zip(logs, begins, strict=False) if at * workers // rows == w] for w in range(workers)]
    shared = [mine for mine in shared if mine]

    def add(mine: Sequence[_Log]) -> tuple[Int64s, int]:
        sums = np.zeros((groups, width), np.int64)
        lasts = [k.add_up(*log.told, log.codes, *log.scores, limits, log.wait, sums) for log in mine]
        return sums, max(lasts)

    found = threads.run(add, [(mine,) for mine in shared])
    counts = [sums[:, k.N_SERVED_QUEUED].copy() for sums, _last in found]
    total = found[0][0] if found else np.zeros((groups, width), np.int64)
    for other, _last in found[1:]:
        total += other
    if total[:, k.N_WAITING].any():
        until = max(last for _sums, last in found)
        for log in logs:
            k.add_waiting(*log.told, log.codes, limits, until, total)
    return total, _quantiles(shared, counts, total[:, k.N_SERVED_QUEUED])


def _quantiles(shared: Sequence[Sequence[_Log]], counts: Sequence[Int64s], whole: Int64s) -> NDArray[np.float64]:
    begins = np.concatenate([[0], np.cumsum(whole)])
    waits, free, tasks = np.empty(begins[-1], np.int64), begins[:-1].copy(), []

    def put(mine: Sequence[_Log], at: Int64s) -> None:
        for log in mine:
            k.waits_by_group(log.codes, log.wait, at, waits)

    for mine, n in zip(shared, counts, strict=True):
        tasks.append((mine, free.copy()))
        free += n
    threads.run(put, tasks)
    out, wanted = np.empty((whole.size, 2)), np.array([0.5, 0.9])
    threads.run(k.quantiles, [(a, b, begins, waits, wanted, out) for a, b in threads.blocks(whole.size)])
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
