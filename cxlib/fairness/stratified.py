"""Outcomes of a log by group, stratum and day: what comparisons under like conditions are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.engine.frames import local_clock, names, pandas
from cxlib.fairness.contacts import Contacts, prepare
from cxlib.fairness.groups import keys_of, segmented, with_customers_columns, with_no_need
from cxlib.fairness.outcomes import told, with_outcomes, with_repeats
from cxlib.fairness.standardising import Cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

STRATA: Final = ("queue", "weekday", "hour")
_CLOCK: Final = {"weekday": "local_weekday", "hour": "local_hour"}


@dataclass(frozen=True, kw_only=True)
class Stratified:
    """Sums of outcomes by group, stratum and local day.

    Attributes
    ----------
    table : pandas frame
        One row per cell, sorted by day: group (text), stratum and day (places in `strata` and among the days), and
        ``{outcome}_top``, ``{outcome}_base``.
    strata : pandas frame
        The columns that make a stratum.
    outcomes : list of str
        Those that the file tells.
    n_days : int
    score_width : float
        The largest score of satisfaction less the least; NaN without scores.
    ranks : dict or None
    """

    table: pd.DataFrame
    strata: pd.DataFrame
    outcomes: list[str]
    n_days: int
    score_width: float
    ranks: dict[str, int] | None

    @property
    def groups(self) -> list[str]:
        """Groups that have contacts: by rank where ranks are known, else the largest first."""
        sizes = self.table.groupby("group", sort=True)["n"].sum().sort_values(ascending=False, kind="stable")
        names = [str(name) for name in sizes.index]
        return sorted(names, key=lambda name: (self.ranks or {}).get(name, len(names) + 1)) if self.ranks else names

    def split(self, column: str) -> dict[str, Stratified]:
        """Return the same for each value of a column of the strata, in order of the values."""
        values = self.strata[column]
        parts = {}
        for value in sorted(values.dropna().unique()):
            places = np.flatnonzero((values == value).to_numpy())
            table = self.table[self.table["stratum"].isin(places)]
            table = table.assign(stratum=np.searchsorted(places, table["stratum"]))
            parts[str(value)] = replace(self, table=table, strata=self.strata.iloc[places].reset_index(drop=True))
        return parts

    def cells(self, outcome: str, reference: str, other: str) -> Cells:
        """Return the cells of two groups for one outcome; strata without a contact of it are kept, empty."""
        table = self.table[self.table["group"].isin([reference, other]) & (self.table[f"{outcome}_base"] > 0)]
        mine = (table["group"] == other).to_numpy()
        key = table["day"].to_numpy() * len(self.strata) + table["stratum"].to_numpy()
        cells, place = np.unique(key, return_inverse=True)
        sums = np.zeros((len(cells), 4))
        values = table[[f"{outcome}_top", f"{outcome}_base"]].to_numpy(np.float64)
        np.add.at(sums[:, :2], place[mine], values[mine])
        np.add.at(sums[:, 2:], place[~mine], values[~mine])
        day: NDArray[np.int64] = cells // max(len(self.strata), 1)
        return Cells(
            day=day,
            stratum=cells % max(len(self.strata), 1),
            sums=sums,
            n_days=self.n_days,
            n_strata=len(self.strata),
        )


def stratified(
    contacts: Any,
    *,
    by: str | Mapping[str, str],
    outcomes: Iterable[str] | None,
    strata: Sequence[str] | None,
    customers: Any = None,
    ranks: Any = None,
    zone: str = "UTC",
    sla_s: float = 20,
    only: tuple[str, str] | None = None,
    also: str | None = None,
) -> Stratified:
    """Count outcomes by group, stratum and day in one pass over the log.

    Parameters
    ----------
    by : str or mapping
        Column of the contacts, or of the customers, or a mapping from tier to group.
    strata : sequence of str, optional
        ``"weekday"`` and ``"hour"`` of the local clock, and columns. Default: queue, weekday and hour, the queue where
        the file has it.
    only : (column, value), optional
        Count only contacts with this value.
    also : str, optional
        One more column of the strata, to `Stratified.split` by.

    Raises
    ------
    CxError
        ``missing_column``, ``unknown_choice``, and those of `prepare`.
    """
    (key,) = keys_of(by)
    chosen = [name for name in (STRATA if strata is None else strata) if name != key]
    wanted = [key, *chosen, *([also] if also else []), *([only[0]] if only else [])]
    prepared = prepare(contacts, ranks=ranks, keep=[name for name in wanted if name not in _CLOCK])
    if strata is None:
        there = prepared.there | set(names(customers) if customers is not None else ())
        chosen = [name for name in [*chosen, *(["tier"] if key == "need" else [])] if name in there or name in _CLOCK]
    if also is not None and also not in chosen:
        chosen.append(also)
    columns = [name for name in chosen if name not in _CLOCK]
    prepared = with_customers_columns(prepared, customers, list(dict.fromkeys([key, *columns])))
    known = told(prepared, outcomes)
    frame = segmented(prepared, by)
    if "need" in columns:
        frame = with_no_need(frame, identified="customer_id" in prepared.there)
    if "repeat" in known:  # before anything is left out: who comes again may do so in another queue
        frame = with_repeats(frame, prepared)
    if only is not None:
        prepared.need(only[0])
        frame = frame.filter(nw.col(only[0]) == only[1])
    frame = with_outcomes(frame.filter(~nw.col(key).is_null()), known, sla_s=sla_s)
    frame = local_clock(frame, "arrived_us", zone=zone, first=prepared.first_us, last=prepared.until_us)
    within = [_CLOCK.get(name, name) for name in chosen]
    added = [nw.col(f"{name}_{part}").sum() for name in known for part in ("top", "base")]
    added += [nw.col("csat").min().alias("least"), nw.col("csat").max().alias("most")]
    table = pandas(frame.group_by(key, "local_day", *within).agg(nw.len().alias("n"), *added))
    return _laid_out(table.rename(columns={key: "group"}), dict(zip(within, chosen, strict=True)), prepared, known)


def _laid_out(table: pd.DataFrame, within: dict[str, str], contacts: Contacts, known: list[str]) -> Stratified:
    days, day = np.unique(table["local_day"].to_numpy(np.int64), return_inverse=True)
    if within:
        strata = table[list(within)].drop_duplicates().sort_values(list(within), na_position="last", ignore_index=True)
        stratum = pd.MultiIndex.from_frame(strata).get_indexer(pd.MultiIndex.from_frame(table[list(within)]))
    else:
        strata, stratum = pd.DataFrame(index=[0]), np.zeros(len(table), np.int64)
    width = float(table["most"].max() - table["least"].min())
    table = table.drop(columns=["local_day", "least", "most", *within]).assign(day=day, stratum=stratum)
    return Stratified(
        table=table.sort_values(["day", "stratum", "group"], kind="stable", ignore_index=True),
        strata=strata.rename(columns=within),
        outcomes=known,
        n_days=len(days),
        score_width=width,
        ranks=contacts.ranks,
    )
