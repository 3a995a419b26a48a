"""Rosters as files: from when to when how many agents were on duty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib.errors import CxError
from cxlib.intake import read_text_table
from cxlib.texts import N_

if TYPE_CHECKING:
    from pathlib import Path

HEADERS: Final = {
    "from_at": ("from_at", "from", "start", "begin", "start_at", "shift_start", "开始", "开始时间", "上班"),
    "to_at": ("to_at", "to", "end", "until", "end_at", "shift_end", "结束", "结束时间", "下班"),
    "agents": ("agents", "staff", "servers", "headcount", "n", "坐席", "坐席数", "人数"),
}
"""What the columns of a roster may be called."""
MOST_ROWS: Final = 50_000


def read_roster(source: Path | bytes, *, zone: str = "UTC") -> list[list[Any]]:
    """Return the rows of a roster: a file with the columns from_at, to_at and agents, under one of `HEADERS`.

    Parameters
    ----------
    source : path or bytes
        CSV, TSV or a workbook, in any encoding that `read_text_table` reads.
    zone : str
        Of times that have none of their own; such as 2026-03-02 09:00.

    Returns
    -------
    list of [from, to, agents]
        Times as ISO texts in UTC. Without a column for agents each row is one agent.

    Raises
    ------
    CxError
        ``no_roster_columns``, ``bad_roster_row``, ``long_roster``, and those of `read_text_table`.
    """
    read = read_text_table(source)
    places = {" ".join(name.split()).casefold(): name for name in read.columns}
    found = {name: next((places[each] for each in known if each in places), None) for name, known in HEADERS.items()}
    if found["from_at"] is None or found["to_at"] is None:
        raise CxError(
            "no_roster_columns",
            N_("A roster needs a column for the beginning and one for the end."),
            hint=N_("Call them {known}."),
            known="from_at, to_at, agents",
        )
    if len(read.rejected):
        first = read.rejected.iloc[0]
        raise _bad_row(int(first["row"]), str(first["text"]))
    table = read.table.to_pandas().astype("str").set_index("__row")
    if len(table) > MOST_ROWS:
        raise CxError(
            "long_roster",
            N_("A roster of {value} rows is too long."),
            hint=N_("Bring the part that belongs to the period, at most {most} rows."),
            value=len(table),
            most=MOST_ROWS,
        )
    begin, end = (_times(table[found[name]], zone) for name in ("from_at", "to_at"))
    cells = table[found["agents"]] if found["agents"] is not None else pd.Series("1", index=table.index)
    many = pd.to_numeric(cells.str.strip().str.replace(",", ".", regex=False), errors="coerce")
    bad = begin.isna() | end.isna() | ~(end > begin) | ~(many >= 0)
    if bad.any():
        place = int(bad.to_numpy().argmax())
        row = table.iloc[place]
        told = ", ".join(str(row[name]) for name in found.values() if name is not None)
        raise _bad_row(int(str(table.index[place])), told)
    return [[start.isoformat(), stop.isoformat(), float(n)] for start, stop, n in zip(begin, end, many, strict=True)]


def _bad_row(row: int, value: str) -> CxError:
    return CxError(
        "bad_roster_row",
        N_("This row of the roster cannot be used: {value}"),
        hint=N_("Give a beginning, a later end, such as 2026-03-02 09:00, and a number of agents of 0 or more."),
        row=row,
        value=value,
    )


def _times(cells: pd.Series, zone: str) -> pd.Series:
    """Return times in UTC, NaT where a cell is none; a time that a clock change skips is one, too."""

    def one(cell: str) -> Any:
        try:
            at = pd.Timestamp(cell.strip())
            if at.tzinfo is None:
                at = at.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
            return at.tz_convert("UTC")
        except ValueError:
            return pd.NaT

    return pd.Series([one(str(cell)) for cell in cells], index=cells.index, dtype="datetime64[us, UTC]")
