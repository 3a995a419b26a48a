"""Rows that may be loaded but deserve a look, and what tables say about each other."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.intake.dates import OFFSET
from cxlib.intake.problems import joined, problem_block, problem_frame
from cxlib.intake.runs import far_from_usual, holes, run_starts
from cxlib.tables import TABLES, USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cxlib.intake.mapping import Mapping as ColumnsMapping
    from cxlib.intake.text_table import TextTable

PAIRS: Final = (
    ("arrived_at", "wait_ended_at"),
    ("arrived_at", "started_at"),
    ("arrived_at", "left_at"),
    ("arrived_at", "ended_at"),
    ("started_at", "ended_at"),
    ("joined_on", "left_on"),
    ("joined_on", "contract_end"),
    ("valid_from", "valid_to"),
)
TRAP_DISTANCE: Final = 0.5
ENDS: Final = ("wait_ended_at", "wait_s", "started_at", "left_at")
SLACK_S: Final = 2.0
"""By so many seconds a wait may differ from the times beside it: systems write them one after the other."""
MOST_NAMED: Final = 1000
"""At most so many unknown plans or customers are named one by one."""


def row_warnings(
    typed: pa.Table,
    rows: pa.ChunkedArray,
    *,
    table: str,
    mapping: ColumnsMapping | None = None,
    text: TextTable | None = None,
) -> pd.DataFrame:
    """Return warnings about rows of a typed table whose row numbers in the file are `rows`.

    Parameters
    ----------
    typed : pyarrow.Table
        Typed columns; ``usage`` by customer and month.
    mapping, text : optional
        As the file was read: with them, times that occurred twice when the clocks went back are named.
    """
    numbers = rows.to_numpy()
    found = [each for pair in PAIRS for each in _backwards(typed, numbers, *pair)]
    if table == "usage":
        starts = run_starts(typed["customer_id"])
        far = (each for _, each in far_months(typed, numbers, starts))
        found += [*far, _gaps_of(_holes(typed["month"], starts), "month")]
    if table == "contacts":
        found += [*_endless(typed, numbers), *_served_and_left(typed, numbers), *_contradicted(typed, numbers)]
        found += _trap(typed)
    if mapping is not None and text is not None:
        found += _repeated_times(typed, numbers, mapping, text)
    return joined(*found)


def check_references(tables: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Compare the tables of one data set with each other.

    Parameters
    ----------
    tables : dict
        Typed tables by name, such as ``{"usage": ..., "plans": ..., "customers": ...}``; any may be absent.

    Returns
    -------
    pandas.DataFrame
        row (always missing: typed tables have no rows of a file), column (``table.column``), rule, value (the
        plan, customer or month with the number of rows), hint, severity.
    """
    frames = [_unknown(tables, name, "plan_id", "plans", "unknown_plan") for name in ("usage", "customers")]
    referring = ("usage", "contacts", "offers")
    frames += [_unknown(tables, name, "customer_id", "customers", "unknown_customer") for name in referring]
    if "usage" in tables:
        frames.append(_gaps(tables["usage"], "usage.month"))
    return joined(*frames)


def _backwards(typed: pa.Table, rows: NDArray[Any], start: str, end: str) -> Iterator[pd.DataFrame]:
    if not {start, end} <= set(typed.column_names):
        return
    wrong = pc.fill_null(pc.less(typed[end], typed[start]), False)
    if pc.any(wrong).as_py():
        values = [str(value) for value in typed[end].filter(wrong).to_pylist()]
        yield problem_block(rows[wrong.to_numpy()], end, "ends_before_start", values)


def _endless(typed: pa.Table, rows: NDArray[Any]) -> Iterator[pd.DataFrame]:
    known = np.zeros(len(rows), bool)
    for name in set(ENDS) & set(typed.column_names):
        known |= typed[name].is_valid().to_numpy()
    if not known.all():
        yield problem_block(rows[~known], "wait_ended_at", "no_wait")


def _served_and_left(typed: pa.Table, rows: NDArray[Any]) -> Iterator[pd.DataFrame]:
    """Contacts that both start and are given up, by their times or by their outcome."""
    names = set(typed.column_names)
    if "started_at" not in names:
        return
    left = np.zeros(len(rows), bool)
    if "left_at" in names:
        left |= typed["left_at"].is_valid().to_numpy()
    if "outcome" in names:
        left |= pc.fill_null(pc.equal(typed["outcome"], "abandoned"), False).to_numpy()
    both = left & typed["started_at"].is_valid().to_numpy()
    if both.any():
        values = [str(value) for value in typed["started_at"].filter(pa.array(both)).to_pylist()]
        yield problem_block(rows[both], "started_at", "served_and_left", values)


def _contradicted(typed: pa.Table, rows: NDArray[Any]) -> Iterator[pd.DataFrame]:
    """Waits that are not the time between the two ends of the wait."""
    names = set(typed.column_names)
    end = next((name for name in ("wait_ended_at", "started_at") if name in names), None)
    if end is None or not {"arrived_at", "wait_s"} <= names:
        return
    arrived, ended = _seconds(typed["arrived_at"]), _seconds(typed[end])
    wait = typed["wait_s"].to_numpy()
    whole = all(not np.any(each[~np.isnan(each)] % 60) for each in (arrived, ended))
    with np.errstate(invalid="ignore"):
        apart = np.abs(ended - arrived - wait) > (60.0 if whole else SLACK_S)
    if apart.any():
        values = [f"{said:g} / {told:g}" for said, told in zip(wait[apart], (ended - arrived)[apart], strict=True)]
        yield problem_block(rows[apart], "wait_s", "wait_contradicted", values)


def _seconds(times: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return instants as seconds, NaN where there is none."""
    counts = pc.cast(times, pa.int64())
    seconds: NDArray[np.float64] = pc.divide(pc.cast(counts, pa.float64()), 1e6).to_numpy()
    return seconds


def far_months(typed: pa.Table, rows: NDArray[Any], starts: NDArray[np.int64]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield, by meter, the problems of values far from the others of their customer.

    Parameters
    ----------
    typed : pyarrow.Table
        Usage by customer and month.
    rows : array of int
        The file's number of each row.
    starts : int64 array
        Where the rows of each customer begin.
    """
    for name in typed.column_names:
        if name in USAGE.names:
            continue
        values = typed[name].to_numpy()
        far = far_from_usual(values, starts)
        if len(far):
            said = [f"{value:g}" for value in values[far]]
            yield name, problem_block(rows[far], name, "far_from_neighbours", said)


def _gaps(usage: pa.Table, column: str) -> pd.DataFrame:
    """Months missing between two months of the same customer, by month; the rows may be in any order."""
    customers = usage["customer_id"]
    starts = run_starts(customers)
    found = _holes(usage["month"], starts) if _ascending(customers.take(starts)) else None
    if found is None:
        keys = usage.select(["customer_id", "month"])
        order = pc.sort_indices(keys, [("customer_id", "ascending"), ("month", "ascending")])
        found = _holes(usage["month"].take(order), run_starts(customers.take(order)))
    return _gaps_of(found, column)


def _holes(months: pa.ChunkedArray, starts: NDArray[np.int64]) -> NDArray[np.int64] | None:
    days = pc.cast(pc.cast(months, pa.date32()), pa.int32())
    return holes(days.to_numpy(), starts)


def _gaps_of(missing: NDArray[np.int64] | None, column: str) -> pd.DataFrame:
    months, counts = np.unique(np.empty(0, np.int64) if missing is None else missing, return_counts=True)
    return named_gaps(dict(zip(months.tolist(), counts.tolist(), strict=True)), column)


def named_gaps(missing: Mapping[int, int], column: str) -> pd.DataFrame:
    """Return the problems of missing months, given as {year * 12 + month - 1: how often}."""
    if not missing:
        return problem_frame(())
    named = [f"{month // 12}-{month % 12 + 1:02d} ({n})" for month, n in sorted(missing.items())]
    return problem_block(None, column, "missing_month", named)


def _ascending(names: pa.ChunkedArray) -> bool:
    return pc.all(pc.less(names.slice(0, max(len(names) - 1, 0)), names.slice(1))).as_py() is not False


def _trap(typed: pa.Table) -> Iterator[pd.DataFrame]:
    if not {"tier", "queued"} <= set(typed.column_names):
        return
    tiers = pc.dictionary_encode(pc.fill_null(typed["tier"], "")).combine_chunks()
    tiers = tiers.combine_chunks() if isinstance(tiers, pa.ChunkedArray) else tiers
    codes, queued = tiers.indices.to_numpy(), typed["queued"]
    shares = []
    for side in (True, False):
        there = pc.fill_null(pc.equal(queued, side), False).to_numpy()
        if not there.any():
            return
        shares.append(np.bincount(codes[there], minlength=len(tiers.dictionary)) / there.sum())
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    if distance > TRAP_DISTANCE:
        yield problem_block(None, "tier", "label_trap", [f"{distance:.3f}"])


def _repeated_times(
    typed: pa.Table, rows: NDArray[Any], mapping: ColumnsMapping, text: TextTable
) -> Iterator[pd.DataFrame]:
    """Local times of the hour that occurred twice; they were read as the later one."""
    times = [
        each.name for each in TABLES[mapping.table].columns if each.kind == "time" and each.name in typed.column_names
    ]
    if mapping.zone in (None, "UTC"):
        return
    for name in times:
        micros = pc.cast(typed[name], pa.int64())
        least, most = pc.min_max(micros).as_py().values()
        if least is None:
            continue
        hit = np.zeros(len(rows), bool)
        values = pc.fill_null(micros, -(2**62)).to_numpy()
        for start, end in repeated_hours(str(mapping.zone), least / 1e6, most / 1e6):
            hit |= (values >= start * 1e6) & (values < end * 1e6)
        if not hit.any() or mapping.columns[name].constant is not None:
            continue
        lines, said = _texts(text, rows[hit], mapping.columns[name].sources)
        bare = [re.search(rf"[:.秒分][0-9.,]* ?([AaPp]\.?[Mm]\.? ?)?{OFFSET}$", each) is None for each in said]
        kept = [(line, each) for line, each, is_bare in zip(lines, said, bare, strict=True) if is_bare]
        if kept:
            yield problem_block(
                np.array([line for line, _ in kept]), name, "ambiguous_time", [each for _, each in kept]
            )


def repeated_hours(zone: str, first: float, last: float) -> list[tuple[float, float]]:
    """Return, in seconds of UTC, the second runs of the hours that clocks of a zone showed twice.

    Parameters
    ----------
    zone : str
        IANA name.
    first, last : float
        Between which instants, in seconds of UTC.
    """
    info, day = ZoneInfo(zone), 86_400

    def offset(at: float) -> float:
        moment = dt.datetime.fromtimestamp(at, dt.UTC).astimezone(info).utcoffset()
        return moment.total_seconds() if moment is not None else 0.0

    found = []
    at = int(first) // day * day - day
    before = offset(at)
    while at <= last + day:
        after = offset(at + day)
        if after < before:
            low, high = at, at + day
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            found.append((float(high), high + before - after))
        at, before = at + day, after
    return found


def _texts(text: TextTable, rows: NDArray[Any], sources: tuple[tuple[str, ...], ...]) -> tuple[list[int], list[str]]:
    """Return (row numbers, texts) of some rows: the first alternative that is filled."""
    taken = text.take(sorted(rows.tolist()))
    lines = taken.column(taken.num_columns - 1).to_pylist()
    groups = [[taken.column(header).to_pylist() for header in group] for group in sources]
    said = []
    for i in range(taken.num_rows):
        cells = ([column[i].strip() for column in group] for group in groups)
        said.append(next((" ".join(each) for each in cells if all(each)), ""))
    return lines, said


def _unknown(tables: Mapping[str, pa.Table], name: str, column: str, known_in: str, rule: str) -> pd.DataFrame:
    if name not in tables or known_in not in tables or column not in tables[name].column_names:
        return problem_frame(())
    values = tables[name][column].drop_null()
    unknown = values.filter(pc.invert(pc.is_in(values, value_set=tables[known_in][column].combine_chunks())))
    counts = {each["values"]: each["counts"] for each in pc.value_counts(unknown).to_pylist()}
    listed = sorted(counts) if len(counts) <= MOST_NAMED else sorted(counts, key=lambda each: (-counts[each], each))
    named, rest = listed[:MOST_NAMED], sum(counts[value] for value in listed[MOST_NAMED:])
    return named_unknown([(value, counts[value]) for value in named], rest, f"{name}.{column}", rule)


def named_unknown(counts: Sequence[tuple[str, int]], rest: int, column: str, rule: str) -> pd.DataFrame:
    """Return the problems of unknown values, each with its number of rows; `rest` counts the rows of all others."""
    said = [f"{value} ({n})" for value, n in counts]
    return problem_block(None, column, rule, [*said, *([f"… ({rest})"] if rest else [])])
