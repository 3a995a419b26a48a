"""Rows that may be loaded but deserve a look, and what tables say about each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.intake.problems import joined, problem_frame
from cxlib.tables import USAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FAR: Final = 1000.0
"""A month beyond this factor of the customer's median smells of another unit."""
ALIKE: Final = 10.0
PAIRS: Final = (
    ("arrived_at", "wait_ended_at"),
    ("arrived_at", "started_at"),
    ("arrived_at", "left_at"),
    ("started_at", "ended_at"),
    ("joined_on", "left_on"),
    ("valid_from", "valid_to"),
)
TRAP_DISTANCE: Final = 0.5
ENDS: Final = ("wait_ended_at", "wait_s", "started_at", "left_at")

Found = tuple[int | None, str, str, str]


def row_warnings(typed: pa.Table, rows: pa.ChunkedArray, *, table: str) -> pd.DataFrame:
    """Return warnings about rows of a typed table whose row numbers in the file are `rows`."""
    numbers = rows.to_numpy()
    found = [each for pair in PAIRS for each in _backwards(typed, numbers, *pair)]
    if table == "usage":
        found += _far_months(typed, numbers)
    if table == "contacts":
        found += _endless(typed, numbers) + _trap(typed)
    return problem_frame(sorted(found, key=lambda each: each[0] or 0))


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
    frames += [_unknown(tables, name, "customer_id", "customers", "unknown_customer") for name in ("usage", "contacts")]
    if "usage" in tables:
        frames.append(_gaps(tables["usage"]))
    return joined(*frames)


def _backwards(typed: pa.Table, rows: NDArray[Any], start: str, end: str) -> list[Found]:
    if not {start, end} <= set(typed.column_names):
        return []
    wrong = pc.fill_null(pc.less(typed[end], typed[start]), False).to_numpy()
    values = typed[end].filter(wrong).to_pylist()
    return [(int(row), end, "ends_before_start", str(value)) for row, value in zip(rows[wrong], values, strict=True)]


def _endless(typed: pa.Table, rows: NDArray[Any]) -> list[Found]:
    known = np.zeros(len(rows), bool)
    for name in set(ENDS) & set(typed.column_names):
        known |= typed[name].is_valid().to_numpy()
    return [(int(row), "wait_ended_at", "no_wait", "") for row in rows[~known]]


def _far_months(typed: pa.Table, rows: NDArray[Any]) -> list[Found]:
    found: list[Found] = []
    codes = pc.dictionary_encode(typed["customer_id"]).combine_chunks().indices.to_numpy()
    for name in typed.column_names:
        if name in USAGE.names:
            continue
        values = typed[name].to_numpy()
        filled = (values > 0) & _suspect(values, codes)
        groups = pd.Series(values[filled]).groupby(codes[filled])
        several = groups.size() >= 3
        usual = groups.median().where(several).reindex(codes).to_numpy()
        # a small month is common; it is odd only where all others are alike
        second = groups.apply(lambda each: each.nsmallest(2).iloc[-1]).astype(float).reindex(codes).to_numpy()
        with np.errstate(invalid="ignore"):
            low = (values * FAR <= usual) & (second * ALIKE >= usual)
            far = filled & ((values >= FAR * usual) | low)
        found += [
            (int(row), name, "far_from_neighbours", f"{value:g}")
            for row, value in zip(rows[far], values[far], strict=True)
        ]
    return found


def _suspect(values: NDArray[Any], codes: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell whose months differ by the factor at all, so that few customers need a median."""
    if not len(values):
        return np.zeros(0, np.bool_)
    least = np.full(int(codes.max()) + 1, np.inf)
    most = np.zeros_like(least)
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    np.minimum.at(least, codes[starts], np.minimum.reduceat(np.where(values > 0, values, np.inf), starts))
    np.maximum.at(most, codes[starts], np.maximum.reduceat(np.nan_to_num(values), starts))
    suspects: NDArray[np.bool_] = (most >= FAR * least)[codes]
    return suspects


def _trap(typed: pa.Table) -> list[Found]:
    if not {"tier", "queued"} <= set(typed.column_names):
        return []
    frame = pd.DataFrame({name: typed[name].to_pandas() for name in ("tier", "queued")}).dropna(subset="queued")
    shares = frame.assign(tier=frame["tier"].fillna("")).groupby("queued")["tier"].value_counts(normalize=True)
    table = shares.unstack("queued").fillna(0.0)  # noqa: PD010 - a Series has no pivot_table
    if table.shape[1] != 2:
        return []
    distance = float((table.iloc[:, 0] - table.iloc[:, 1]).abs().sum() / 2)
    return [(None, "tier", "label_trap", f"{distance:.3f}")] if distance > TRAP_DISTANCE else []


def _unknown(tables: Mapping[str, pa.Table], name: str, column: str, known_in: str, rule: str) -> pd.DataFrame:
    if name not in tables or known_in not in tables or column not in tables[name].column_names:
        return problem_frame(())
    values = tables[name][column].drop_null()
    unknown = values.filter(pc.invert(pc.is_in(values, value_set=tables[known_in][column].combine_chunks())))
    counts = {each["values"]: each["counts"] for each in pc.value_counts(unknown).to_pylist()}
    return problem_frame([(None, f"{name}.{column}", rule, f"{value} ({n})") for value, n in sorted(counts.items())])


def _gaps(usage: pa.Table) -> pd.DataFrame:
    """Months missing between two months of the same customer, by month."""
    days = pc.cast(usage["month"], pa.date32())
    months = pc.add(pc.multiply(pc.year(days), 12), pc.subtract(pc.month(days), 1)).to_numpy()
    codes = pc.dictionary_encode(usage["customer_id"]).combine_chunks().indices.to_numpy()
    order = np.lexsort((months, codes))
    months, codes = months[order], codes[order]
    holes = np.flatnonzero((codes[1:] == codes[:-1]) & (months[1:] - months[:-1] > 1))
    missing: dict[int, int] = {}
    for at in holes.tolist():
        for month in range(int(months[at]) + 1, int(months[at + 1])):
            missing[month] = missing.get(month, 0) + 1
    named = [(f"{month // 12}-{month % 12 + 1:02d}", n) for month, n in sorted(missing.items())]
    return problem_frame([(None, "usage.month", "missing_month", f"{month} ({n})") for month, n in named])
