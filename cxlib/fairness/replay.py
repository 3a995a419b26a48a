"""A stretch of one line as the customers lived it, and every overtake of one of them."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.engine.frames import MICROSECONDS, arrow, opened
from cxlib.errors import CxError
from cxlib.fairness.contacts import Contacts, prepare
from cxlib.fairness.groups import By, keys_of
from cxlib.fairness.lines import POOL, STILL_WAITING, Lines, labels, lines_of
from cxlib.fairness.overtakes import OvertakeCounts, Passers, count_overtakes
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

MOST_SHOWN: Final = 300


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Who stood in a line during a stretch of time.

    Attributes
    ----------
    contacts : pandas frame, one row per contact, in order of arrival
        contact_id; customer_id and agent_id where the file has them; the tier; arrived_at, wait_ended_at (UTC; missing
        where the wait has no end); wait_s; outcome (served, abandoned, waiting); queued; passed and passes, the times
        in all, those outside the stretch included; place (0, 1, ... by arrival: one bar a row) and lane (0, 1, ...:
        the least number of rows in which no two bars overlap).
    n_shown, n_in_line : int
        Rows of `contacts`, and how many stood in line at any moment of the stretch.
    from_at, to_at : Timestamp, UTC
    """

    contacts: pd.DataFrame
    n_shown: int
    n_in_line: int
    from_at: pd.Timestamp
    to_at: pd.Timestamp
    counts: OvertakeCounts

    def passes_of(self, contact_id: str) -> pd.DataFrame:
        """Return every overtake of one of the contacts: who passed it and whom it passed, in order of time.

        Returns
        -------
        pandas frame
            direction (``"passed_by"`` or ``"passes"``); contact_id, the tier, arrived_at, wait_ended_at and outcome of
            the other; at, when it happened: the passer's wait ended; later_by_s, by how much the passer arrived
            later; shown, whether the other is in `contacts`.

        Raises
        ------
        CxError
            ``no_contact`` where the contact is not among those shown.
        """
        return _passes_of(self, contact_id)


def replay(
    contacts: Any,
    *,
    from_at: Any,
    to_at: Any,
    where: Mapping[str, str | None] | None = None,
    queue: str | None = None,
    by: By = "tier",
    pool: Sequence[str] | None = POOL,
    passers: Passers = "all",
    ranks: Any = None,
    most: int = MOST_SHOWN,
) -> Replay:
    """Return who stood in one line between two instants, and how each fared.

    A contact is shown that arrived before `to_at` and whose wait ended at `from_at` or later; one that was served at
    once is shown where it arrived in the stretch.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, or prepared contacts.
    from_at, to_at : timestamp with a zone, or text that says one
    where : mapping of column to value, optional
        The line: ``{"queue": "counter", "location": "Station"}``; None stands for a missing value.
    queue : str, optional
        Short for ``where={"queue": queue}``.
    most : int
        Contacts shown, the earliest arrivals first; what is counted does not depend on it.

    Raises
    ------
    CxError
        ``missing_column``, ``bad_stretch`` where the end is not after the begin, and those of `overtakes`.

    See `overtakes` for the other parameters.
    """
    start, stop = _instant(from_at), _instant(to_at)
    if not start < stop:
        raise CxError(
            "bad_stretch",
            N_("The stretch of time ends before it begins."),
            hint=N_("Choose a later end."),
            value=str(to_at),
        )
    line = {**({} if queue is None else {"queue": queue}), **(where or {})}
    begin_us, end_us = (each.value // 1000 for each in (start, stop))
    near = _lines(contacts, line, before=end_us, until=begin_us, by=by, pool=pool, ranks=ranks)
    shown = _in_line(near, begin_us, end_us)
    if shown.any():
        # whoever passed one of them came before its wait ended, and had not been served before it came
        last, first = int(near.ends[shown].max()), int(near.arrived[shown].min())
        near = _lines(contacts, line, before=last, until=min(first, begin_us), by=by, pool=pool, ranks=ranks)
        shown = _in_line(near, begin_us, end_us)
    counts = count_overtakes(near, passers=passers)
    rows = np.flatnonzero(shown)
    rows = rows[np.lexsort((near.ends[rows], near.arrived[rows]))][:most]
    frame = _frame(counts, rows)
    return Replay(
        contacts=frame, n_shown=len(frame), n_in_line=int(shown.sum()), from_at=start, to_at=stop, counts=counts
    )


def _instant(value: Any) -> pd.Timestamp:
    at = pd.to_datetime(value, errors="coerce")
    if not isinstance(at, pd.Timestamp):
        raise CxError("bad_stretch", N_("“{value}” is no time."), hint=N_("Give a day and a time."), value=str(value))
    return at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")


def _lines(
    contacts: Any,
    line: Mapping[str, str | None],
    *,
    before: int,
    until: int,
    by: By,
    pool: Sequence[str] | None,
    ranks: Any,
) -> Lines:
    """Return the contacts of a line that arrived before one instant and did not end their waits before another."""
    keep = [*keys_of(by), *(pool or ()), *line]
    few = contacts if isinstance(contacts, Contacts) else _near(contacts, line, before=before, until=until)
    prepared = prepare(few, ranks=ranks, keep=keep)
    prepared.need(*line)
    c = nw.col
    frame = prepared.frame.filter(c("arrived_us") <= before).filter(c("end_us").is_null() | (c("end_us") >= until))
    for name, value in line.items():
        frame = frame.filter(c(name).is_null() if value is None else c(name) == value)
    chosen = Contacts(
        frame=frame,
        there=prepared.there,
        counts=prepared.counts,
        first_us=prepared.first_us,
        until_us=prepared.until_us,
        ranks=prepared.ranks,
    )
    return lines_of(chosen, by=by, pool=pool)


def _near(contacts: Any, line: Mapping[str, str | None], *, before: int, until: int) -> Any:
    """Return the rows that may matter, so that not a whole log is prepared for an hour of it."""
    native = nw.to_native(contacts, pass_through=True)
    frame: Any = nw.from_native(native if isinstance(native, pa.Table) else opened(contacts))
    schema, c = frame.collect_schema(), nw.col
    tests: list[nw.Expr] = []
    if isinstance(schema.get("arrived_at"), nw.Datetime):
        tests.append(c("arrived_at") <= _like(before, schema["arrived_at"]))
    if isinstance(schema.get("wait_ended_at"), nw.Datetime):
        ended = c("wait_ended_at")
        tests.append(ended.is_null() | (ended >= _like(until, schema["wait_ended_at"])))
    if tests:
        frame = frame.filter(*tests)  # times first: they leave little to compare texts in
    for name, value in line.items():
        if isinstance(schema.get(name), nw.String):
            frame = frame.filter(c(name).is_null() if value is None else c(name) == value)
    found = nw.to_native(frame)
    return arrow(found) if isinstance(found, duckdb.DuckDBPyRelation) else found


def _like(us: int, dtype: Any) -> Any:
    """Return an instant as a literal of a column's kind, with a zone or without."""
    last = pd.Timestamp.max.value // 1000 - 1
    at = pd.Timestamp(min(us, last), unit="us", tz="UTC")
    return nw.lit((at if dtype.time_zone else at.tz_localize(None)).to_pydatetime(warn=False)).cast(dtype)


def _in_line(lines: Lines, begin: int, end: int) -> NDArray[np.bool_]:
    shown: NDArray[np.bool_] = lines.known & (lines.arrived < end) & (lines.ends >= begin)
    return shown


def _frame(counts: OvertakeCounts, rows: NDArray[np.int64]) -> pd.DataFrame:
    lines = counts.lines
    more = [name for name in ("customer_id", "agent_id") if name in lines.prepared.there]
    out: pd.DataFrame = lines.columns("contact_id", *more).take(rows).to_pandas(ignore_metadata=True)
    out = out.astype("str")
    ended = np.where(lines.ends[rows] == STILL_WAITING, np.iinfo(np.int64).min, lines.ends[rows])
    out[lines.key] = labels(lines.tier[rows], lines.tiers)
    out["arrived_at"], out["wait_ended_at"] = _times(lines.arrived[rows]), _times(ended)
    out["wait_s"] = np.where(lines.ends[rows] == STILL_WAITING, np.nan, (ended - lines.arrived[rows]) / MICROSECONDS)
    out["outcome"] = labels(lines.outcome[rows], ["served", "abandoned", "waiting"])
    out["queued"] = lines.queued[rows]
    out["passed"], out["passes"] = counts.times_passed[rows], counts.times_passing[rows]
    out["place"] = np.arange(len(rows))
    out["lane"] = _lanes(lines.arrived[rows], lines.ends[rows])
    return out


def _times(us: NDArray[np.int64]) -> pd.Series[Any]:
    """Return instants; the least number stands for none."""
    return pd.Series(us.astype("datetime64[us]")).dt.tz_localize("UTC")


def _lanes(arrived: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a row for each bar, given in order of arrival, in which it overlaps no other: the first that is free."""
    lanes = np.zeros(len(arrived), np.int64)
    free: list[int] = []
    busy: list[tuple[int, int]] = []
    for at, (begin, end) in enumerate(zip(arrived.tolist(), ends.tolist(), strict=True)):
        while busy and busy[0][0] <= begin:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lanes[at] = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (end, int(lanes[at])))
    return lanes


def _passes_of(shown: Replay, contact_id: str) -> pd.DataFrame:
    counts = shown.counts
    lines, n_tiers = counts.lines, len(counts.lines.tiers)
    ids = lines.columns("contact_id")["contact_id"].to_pandas()
    mine = np.flatnonzero((ids == contact_id).to_numpy())
    if not mine.size or contact_id not in set(shown.contacts["contact_id"]):
        raise CxError(
            "no_contact",
            N_("The contact “{value}” is not among those shown."),
            hint=N_("Choose one of them, or another stretch of time."),
            value=contact_id,
        )
    own = int(mine[0])
    same = _same_pool(lines, own)
    a, e = lines.arrived, lines.ends
    may_pass, may_be_passed = counts.passer < n_tiers, counts.passed < n_tiers
    by = same & may_pass & (a > a[own]) & (e < e[own]) & may_be_passed[own]
    of = same & may_be_passed & (a < a[own]) & (e > e[own]) & may_pass[own]
    rows = np.concatenate([np.flatnonzero(by), np.flatnonzero(of)])
    passes = np.repeat([False, True], [int(by.sum()), int(of.sum())])
    at = np.where(passes, e[own], e[rows])
    ended = np.where(e[rows] == STILL_WAITING, np.iinfo(np.int64).min, e[rows])
    out = pd.DataFrame(
        {
            "direction": np.where(passes, "passes", "passed_by").astype(str),
            "contact_id": ids.to_numpy()[rows],
            lines.key: labels(lines.tier[rows], lines.tiers),
            "arrived_at": _times(a[rows]),
            "wait_ended_at": _times(ended),
            "outcome": labels(lines.outcome[rows], ["served", "abandoned", "waiting"]),
            "at": _times(at),
            "later_by_s": np.abs(a[rows] - a[own]) / MICROSECONDS,
        }
    ).astype({"contact_id": "str", "direction": "str"})
    out["shown"] = out["contact_id"].isin(shown.contacts["contact_id"])
    return out.sort_values(["at", "later_by_s", "contact_id"], kind="stable", ignore_index=True)


def _same_pool(lines: Lines, row: int) -> NDArray[np.bool_]:
    same = np.zeros(len(lines), bool)
    place = int(np.flatnonzero(lines.order == row)[0])
    for begin, end in lines.spans:
        if begin <= place < end:
            same[lines.order[begin:end]] = True
    return same
