"""Every measure of allocation with how many contacts tell it and how sure it is, over time and against before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS, Frame
from cxlib.errors import CxError
from cxlib.fairness.allocation import registered
from cxlib.fairness.contacts import Contacts, prepare
from cxlib.fairness.day_sums import DaySums, day_sums, with_local_day
from cxlib.fairness.groups import MIN_GROUP, By, keys_of, ordered, segmented, with_customers_columns
from cxlib.fairness.intervals import LEVEL, SEED, DayIntervals, day_intervals
from cxlib.fairness.outcomes import EXACT, told, with_outcomes, with_repeats
from cxlib.fairness.periods import Every, period_starts, with_period
from cxlib.fairness.statistics import DIFFERENCE, RATIO
from cxlib.fairness.typical_waits import typical_waits
from cxlib.texts import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure that is one sum over another.

    `label` is a text for the catalogues, `outcome` names the outcome that the file must tell, `whole` is whether the
    measure is a part of a whole, which is shown however few make it.
    """

    name: str
    label: str
    top: str
    base: str
    scale: float = 1
    most: float = 1
    outcome: str | None = None
    whole: bool = False


MEASURES: Final = {
    each.name: each
    for each in (
        Measure(name="share_contacts", label=N_("Share of contacts"), top="n", base="n_all", whole=True),
        Measure(
            name="share_agent_time",
            label=N_("Share of agent time"),
            top="handling_top",
            base="handling_all",
            outcome="handling",
            whole=True,
        ),
        Measure(
            name="representation",
            label=N_("Representation ratio"),
            top="handling_top",
            base="handling_due",
            most=np.inf,
            outcome="handling",
        ),
        Measure(name="contacts_per_customer", label=N_("Contacts per customer"), top="n", base="due", most=np.inf),
        Measure(
            name="mean_wait_s",
            label=N_("Mean wait"),
            top="wait_top",
            base="wait_base",
            scale=MICROSECONDS,
            most=np.inf,
            outcome="wait",
        ),
        Measure(name="sla", label=N_("Served in time"), top="sla_top", base="sla_base", outcome="sla"),
        Measure(
            name="sla_offered",
            label=N_("Served in time, of all contacts"),
            top="sla_offered_top",
            base="sla_offered_base",
            outcome="sla",
        ),
        Measure(
            name="abandonment",
            label=N_("Abandonment"),
            top="abandonment_top",
            base="abandonment_base",
            outcome="abandonment",
        ),
        Measure(
            name="abandonment_offered",
            label=N_("Abandonment, of all contacts"),
            top="abandonment_offered_top",
            base="n",
            outcome="abandonment",
        ),
        Measure(
            name="mean_handling_s",
            label=N_("Handling time"),
            top="handling_top",
            base="handling_base",
            scale=MICROSECONDS,
            most=np.inf,
            outcome="handling",
        ),
        Measure(
            name="resolution",
            label=N_("Resolved"),
            top="resolution_top",
            base="resolution_base",
            outcome="resolution",
        ),
        Measure(name="repeat", label=N_("Repeat contact"), top="repeat_top", base="repeat_base", outcome="repeat"),
        Measure(
            name="csat",
            label=N_("Satisfaction"),
            top="csat_top",
            base="csat_base",
            scale=EXACT,
            most=np.inf,
            outcome="csat",
        ),
    )
}
TYPICAL_WAITS: Final = {
    "median_wait_s": N_("Median wait"),
    "p90_wait_s": N_("Wait that nine in ten do not exceed"),
    "virtual_wait_s": N_("Median wait had nobody given up"),
}
"""Labels of the measures of `typical_waits`."""
_ADDED: Final = ("sla_offered_top", "sla_offered_base", "abandonment_offered_top")


def allocation_measures(
    contacts: Any,
    *,
    by: By = "tier",
    every: Every | None = None,
    customers: Any = None,
    ranks: Any = None,
    zone: str = "UTC",
    sla_s: float = 20,
    min_group: int = MIN_GROUP,
    measures: Collection[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return each measure of allocation by segment, with its n and an interval that resamples whole days.

    Parameters
    ----------
    by, customers, ranks, sla_s, min_group
        As for `allocation.allocation`; by need, known customers without one are the segment ``"none"``.
    every : str, optional
        As for `allocation_over_time`: the same for each period by itself.
    zone : str
        Name of the company's time zone, whose days are resampled.
    measures : collection of str, optional
        Of `MEASURES` and `TYPICAL_WAITS`; default: all that the file tells.
    level, seed
        As for `intervals.day_intervals`.

    Returns
    -------
    pandas frame, one row per period, segment and measure
        period (with `every`); the columns of `by`; measure (a key of `MEASURES` or `TYPICAL_WAITS`); n, the contacts
        that tell it; value, low, high (shares from 0 to 1, seconds, scores); n_days, method (bootstrap, jackknife,
        none) and reason, a key of `intervals.REASONS` where there is no interval, else empty. A rate or average of
        fewer than `min_group` contacts has no value. Segments that no contact belongs to are not listed.

    Notes
    -----
    Means and shares are ratios of sums over days. Customers are known, not sampled. Intervals of median_wait_s,
    p90_wait_s and virtual_wait_s: see `typical_waits`.
    """
    keys = keys_of(by)
    wanted = _wanted(measures)
    prepared, frame, known = _ready(contacts, by, customers, ranks, sla_s=sla_s)
    grouped_by = keys
    if every is not None:
        frame = with_period(frame, every, zone=zone, first=prepared.first_us, last=prepared.until_us)
        grouped_by = ["period", *keys]
    frame = with_local_day(frame, prepared, zone=zone)
    sums = day_sums(frame, grouped_by, ["n", *_summed(known)])
    parts = []
    whole = _completed(sums, _known_customers(customers, by, keys, min_group), keys)
    for name, measure in _told(whole, known).items():
        if name not in wanted:
            continue
        days = np.stack([whole.sums[measure.top] / measure.scale, whole.sums[measure.base]], axis=-1)
        seen = (whole.sums[_counted(measure)] > 0).sum(axis=0)
        found = day_intervals(days, RATIO, n_days=seen, level=level, bounds=(0, measure.most), seed=seed)
        n = whole.sums[_counted(measure)].sum(axis=0)
        parts.append(_rows(whole.groups, name, n, found, at_least=0 if measure.whole else min_group))
    if wanted & set(TYPICAL_WAITS):
        waits = typical_waits(prepared, frame, grouped_by, whole.groups, only=wanted, level=level, seed=seed)
        parts += [_rows(whole.groups, name, n, found, at_least=min_group) for name, (n, found) in waits.items()]
    if not parts:
        return pd.DataFrame(columns=[*grouped_by, "measure", "n", "value", "low", "high", "n_days", "method", "reason"])
    return _in_order(parts, grouped_by, keys, prepared, every)


def allocation_change(
    contacts: Any,
    *,
    first: dt.date,
    last: dt.date,
    by: By = "tier",
    customers: Any = None,
    ranks: Any = None,
    zone: str = "UTC",
    sla_s: float = 20,
    min_group: int = MIN_GROUP,
    level: float = LEVEL,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return each measure of allocation in a period beside the same number of days before it.

    Parameters
    ----------
    first, last : date
        First and last local day of the period.

    Returns
    -------
    pandas frame, one row per segment and measure
        The columns of `by`; measure; n, n_before; value, before; change (value - before) with low and high; n_days (of
        the period of which fewer days are seen), method, reason. What is too few, or has nothing before, is missing.

    Notes
    -----
    The interval of a change of typical waits is made of those of the two periods, whose days are others (Zou and Donner
    2008, Statistics in Medicine 27).

    Raises
    ------
    CxError
        ``bad_period``.

    See `allocation_measures` for the other parameters.
    """
    length = (last - first).days + 1
    if length < 1:
        raise CxError(
            "bad_period",
            N_("The period ends on {last}, before it begins on {first}."),
            hint=N_("Choose a last day that is not before the first."),
            first=first.isoformat(),
            last=last.isoformat(),
        )
    keys = keys_of(by)
    prepared, frame, known = _ready(contacts, by, customers, ranks, sla_s=sla_s)
    begins = int(np.datetime64(first, "D").astype(np.int64))
    frame = with_local_day(frame, prepared, zone=zone)
    day = nw.col("local_day")
    frame = frame.filter((day >= begins - length) & (day < begins + length))
    sums = day_sums(frame, keys, ["n", *_summed(known)])
    now = sums.days >= begins
    people = _known_customers(customers, by, keys, min_group)
    halves = [_completed(_of_days(sums, part), people, keys) for part in (now, ~now)]
    parts = []
    for name, measure in _told(halves[0], known).items():
        sides = [
            np.stack([half.sums[measure.top] / measure.scale, half.sums[measure.base]], axis=-1) for half in halves
        ]
        days = np.concatenate([sides[0], sides[1]], axis=-1)
        counts = [half.sums[_counted(measure)] for half in halves]
        seen = np.minimum(*((each > 0).sum(axis=0) for each in counts))
        found = day_intervals(days, DIFFERENCE, n_days=seen, level=level, seed=seed)
        values = [RATIO.value(side.sum(axis=0)) for side in sides]
        n, n_before = (each.sum(axis=0).astype(np.int64) for each in counts)
        least = 0 if measure.whole else min_group
        rows = _rows(sums.groups, name, np.minimum(n, n_before), found, at_least=least)
        rows = rows.rename(columns={"value": "change"}).assign(
            n=n,
            n_before=n_before,
            value=np.where(n >= least, values[0], np.nan),
            before=np.where(n_before >= least, values[1], np.nan),
        )
        ends = ["change", "low", "high", "n_days", "method", "reason"]
        rows = rows[[*keys, "measure", "n", "n_before", "value", "before", *ends]]
        parts.append(rows)
    waits = [
        typical_waits(prepared, frame.filter(part), keys, sums.groups, level=level, seed=seed)
        for part in (day >= begins, day < begins)
    ]
    parts += [
        _changed(sums.groups, name, *(side[name] for side in waits), at_least=min_group) for name in TYPICAL_WAITS
    ]
    return _in_order(parts, keys, keys, prepared, None)


def _changed(
    groups: pd.DataFrame,
    name: str,
    now: tuple[Any, DayIntervals],
    before: tuple[Any, DayIntervals],
    *,
    at_least: int,
) -> pd.DataFrame:
    """Return the rows of `allocation_change` for a measure that has an interval in each period."""
    (n, a), (n_before, b) = now, before
    enough = np.minimum(n, n_before) >= max(at_least, 1)
    change = np.where(enough, a.estimate - b.estimate, np.nan)
    told = enough & np.isfinite(a.low) & np.isfinite(b.low)
    below = np.hypot(a.estimate - a.low, b.high - b.estimate)
    above = np.hypot(a.high - a.estimate, b.estimate - b.low)
    reason = np.where(a.reason == "", b.reason, a.reason)
    return groups.assign(
        measure=name,
        n=n,
        n_before=n_before,
        value=np.where(n >= max(at_least, 1), a.estimate, np.nan),
        before=np.where(n_before >= max(at_least, 1), b.estimate, np.nan),
        change=change,
        low=np.where(told, change - below, np.nan),
        high=np.where(told, change + above, np.nan),
        n_days=np.minimum(a.n_days, b.n_days),
        method=np.where(told, np.where(a.method == "bootstrap", b.method, a.method), "none"),
        reason=np.where(told, "", np.where(~enough & (np.maximum(n, n_before) > 0), "too_few", reason)),
    )


def _wanted(measures: Collection[str] | None) -> set[str]:
    known = {*MEASURES, *TYPICAL_WAITS}
    for name in measures or ():
        if name not in known:
            raise CxError(
                "unknown_choice",
                N_("“{value}” is no choice."),
                hint=N_("Choose one of: {known}."),
                value=name,
                known=", ".join((*MEASURES, *TYPICAL_WAITS)),
            )
    return known if measures is None else set(measures)


def _ready(contacts: Any, by: By, customers: Any, ranks: Any, *, sla_s: float) -> tuple[Contacts, Frame, list[str]]:
    keys = keys_of(by)
    prepared = with_customers_columns(prepare(contacts, ranks=ranks, keep=keys), customers, keys)
    known = told(prepared)
    frame = segmented(prepared, by)
    if "repeat" in known:
        frame = with_repeats(frame, prepared)
    c = nw.col
    limit_us = round(sla_s * MICROSECONDS)
    in_time = (c("outcome") == "served") & (c("wait_us") <= limit_us).fill_null(False)
    still = (c("outcome") == "waiting") & (c("so_far_us") <= limit_us).fill_null(False)
    added = (in_time, ~still, c("outcome") == "abandoned")
    frame = with_outcomes(frame, known, sla_s=sla_s)
    frame = frame.with_columns(**{name: each.cast(nw.Int64) for name, each in zip(_ADDED, added, strict=True)})
    return prepared, frame, known


def _known_customers(customers: Any, by: By, keys: list[str], min_group: int) -> pd.DataFrame | None:
    """Return n_customers and share_customers per segment; 0 where they are too few to set anything in relation to."""
    people = registered(customers, by, keys)
    if people is None:
        return None
    n = people["n_customers"]
    enough = n >= min_group
    return people[keys].assign(n_customers=n.where(enough, 0), share_customers=(n / max(n.sum(), 1)).where(enough, 0))


def _summed(known: Sequence[str]) -> list[str]:
    return [*(f"{name}_{part}" for name in known for part in ("top", "base")), *_ADDED]


def _completed(sums: DaySums, people: pd.DataFrame | None, keys: list[str]) -> DaySums:
    """Return the sums with what makes shares of a whole and ratios to customers."""
    more = dict(sums.sums)
    periods = sums.groups["period"].to_numpy() if "period" in sums.groups else np.zeros(len(sums.groups), np.int64)
    same = (periods[:, None] == periods).astype(np.float64)
    more["n_all"] = more["n"] @ same
    if "handling_top" in more:
        more["handling_all"] = more["handling_top"] @ same
    if people is not None and len(sums.days):
        mine = sums.groups[keys].merge(people, on=keys, how="left").fillna({"n_customers": 0, "share_customers": 0})
        open_days = np.maximum((more["n_all"] > 0).sum(axis=0), 1)
        more["due"] = np.where(more["n_all"] > 0, mine["n_customers"].to_numpy(np.float64) / open_days, 0)
        if "handling_all" in more:
            more["handling_due"] = more["handling_all"] * mine["share_customers"].to_numpy(np.float64)
    return replace(sums, sums=more)


def _told(sums: DaySums, known: Sequence[str]) -> dict[str, Measure]:
    return {
        name: measure
        for name, measure in MEASURES.items()
        if (measure.outcome is None or measure.outcome in known) and {measure.top, measure.base} <= set(sums.sums)
    }


def _counted(measure: Measure) -> str:
    """Return the sum that counts the contacts which tell a measure."""
    if measure.top == "handling_top":
        return "handling_base"
    return "n" if measure.top == "n" else measure.base


def _of_days(sums: DaySums, chosen: Any) -> DaySums:
    """Return the sums with those of other days set to 0."""
    return replace(sums, sums={name: np.where(chosen[:, None], each, 0) for name, each in sums.sums.items()})


def _rows(groups: pd.DataFrame, name: str, n: Any, found: DayIntervals, *, at_least: int) -> pd.DataFrame:
    counts = np.asarray(n).astype(np.int64)
    few = counts < at_least
    unknown = ~np.isfinite(found.estimate)
    value = np.where(few, np.nan, found.estimate)
    gone = few | unknown
    return groups.assign(
        measure=name,
        n=counts,
        value=value,
        low=np.where(gone, np.nan, found.low),
        high=np.where(gone, np.nan, found.high),
        n_days=found.n_days,
        method=np.where(gone, "none", found.method),
        reason=np.where(few & (counts > 0), "too_few", np.where(unknown & (counts == 0), "unknown", found.reason)),
    )


def _in_order(
    parts: list[pd.DataFrame], grouped_by: list[str], keys: list[str], contacts: Contacts, every: Every | None
) -> pd.DataFrame:
    table = pd.concat(parts, ignore_index=True)
    table["_place"] = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    table = ordered(table, [*keys, "_place"], contacts.ranks)
    if every is not None:
        table = table.sort_values("period", kind="stable", ignore_index=True)
        table["period"] = period_starts(table["period"].to_numpy(np.int64), every)
    return table[[*grouped_by, *(name for name in table.columns if name not in {*grouped_by, "_place"})]]
