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
from cxlib.fairness.outcomes import ONCE_SERVED, told, with_outcomes, with_repeats
from cxlib.fairness.standardising import Cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

STRATA: Final = ("queue", "weekday", "hour")
OF_CUSTOMERS: Final = ONCE_SERVED
"""Outcomes that depend on who makes contact: a customer who comes often resembles himself on whatever days."""
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
    customers : pandas frame or None
        As `table`, with customer (a number) in the place of day and `OF_CUSTOMERS` in the place of the outcomes: of
        the contacts of known customers, where the file knows any.
    """

    table: pd.DataFrame
    strata: pd.DataFrame
    outcomes: list[str]
    n_days: int
    score_width: float
    ranks: dict[str, int] | None
    customers: pd.DataFrame | None = None

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
            table = _of_strata(self.table, places)
            people = None if self.customers is None else _of_strata(self.customers, places)
            strata = self.strata.iloc[places].reset_index(drop=True)
            parts[str(value)] = replace(self, table=table, strata=strata, customers=people)
        return parts

    def cells(self, outcome: str, reference: str, other: str) -> Cells:
        """Return the cells of two groups for one outcome; strata without a contact of it are kept, empty."""
        return self._cells(self.table.rename(columns={"day": "unit"}), self.n_days, outcome, (reference, other))

    def customer_cells(self, outcome: str, reference: str, other: str) -> Cells | None:
        """Return the same with a customer in the place of each day; None where nobody knows the customers."""
        if self.customers is None or f"{outcome}_base" not in self.customers:
            return None
        base = self.customers[f"{outcome}_base"] > 0
        both = self.customers[self.customers["group"].isin([reference, other]) & base]
        if both.empty:
            return None
        numbers, place = np.unique(both["customer"].to_numpy(), return_inverse=True)
        return self._cells(both.assign(unit=place), len(numbers), outcome, (reference, other))

    def _cells(self, table: pd.DataFrame, n: int, outcome: str, pair: tuple[str, str]) -> Cells:
        table = table[table["group"].isin(pair) & (table[f"{outcome}_base"] > 0)]
        mine = (table["group"] == pair[1]).to_numpy()
        key = table["unit"].to_numpy() * len(self.strata) + table["stratum"].to_numpy()
        cells, place = np.unique(key, return_inverse=True)
        sums = np.zeros((len(cells), 4))
        values = table[[f"{outcome}_top", f"{outcome}_base"]].to_numpy(np.float64)
        np.add.at(sums[:, :2], place[mine], values[mine])
        np.add.at(sums[:, 2:], place[~mine], values[~mine])
        units: NDArray[np.int64] = cells // max(len(self.strata), 1)
        return Cells(
            day=units, stratum=cells % max(len(self.strata), 1), sums=sums, n_days=n, n_strata=len(self.strata)
        )


def _of_strata(table: pd.DataFrame, places: NDArray[np.int64]) -> pd.DataFrame:
    table = table[table["stratum"].isin(places)]
    return table.assign(stratum=np.searchsorted(places, table["stratum"]))


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
    of_customers = [name for name in known if name in OF_CUSTOMERS]
    people = None
    if of_customers and "customer_id" in prepared.there and key != "customer_id":
        known_ones = frame.filter(~nw.col("customer_id").is_null())
        sums = [nw.col(f"{name}_{part}").sum() for name in of_customers for part in ("top", "base")]
        people = pandas(known_ones.group_by(key, "customer_id", *within).agg(*sums)).rename(columns={key: "group"})
    named = dict(zip(within, chosen, strict=True))
    return _laid_out(table.rename(columns={key: "group"}), named, prepared, known, people)


def _laid_out(
    table: pd.DataFrame, within: dict[str, str], contacts: Contacts, known: list[str], people: pd.DataFrame | None
) -> Stratified:
    days, day = np.unique(table["local_day"].to_numpy(np.int64), return_inverse=True)
    if within:
        strata = table[list(within)].drop_duplicates().sort_values(list(within), na_position="last", ignore_index=True)
        places = pd.MultiIndex.from_frame(strata)
        stratum = places.get_indexer(pd.MultiIndex.from_frame(table[list(within)]))
    else:
        strata, stratum = pd.DataFrame(index=[0]), np.zeros(len(table), np.int64)
    if people is not None:
        at = places.get_indexer(pd.MultiIndex.from_frame(people[list(within)])) if within else 0
        customer = pd.factorize(people["customer_id"], sort=True)[0]
        people = people.drop(columns=["customer_id", *within]).assign(customer=customer, stratum=at)
    width = float(table["most"].max() - table["least"].min())
    table = table.drop(columns=["local_day", "least", "most", *within]).assign(day=day, stratum=stratum)
    return Stratified(
        table=table.sort_values(["day", "stratum", "group"], kind="stable", ignore_index=True),
        strata=strata.rename(columns=within),
        outcomes=known,
        n_days=len(days),
        score_width=width,
        ranks=contacts.ranks,
        customers=people,
    )
