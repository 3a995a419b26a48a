"""Median, p90 and Kaplan-Meier median of waits with intervals: quantiles are no sums, but shares below them are."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS, Frame, pandas
from cxlib.fairness.groups import tallied
from cxlib.fairness.intervals import LEVEL, SEED, DayIntervals, Statistic, day_intervals
from cxlib.fairness.statistics import RATIO
from cxlib.fairness.waits import virtual_waits

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from cxlib.fairness.contacts import Contacts

    Floats = NDArray[np.float64]

QUANTILES: Final = {"median_wait_s": (0.5, "median_us"), "p90_wait_s": (0.9, "p90_us")}
_MOST_STEPS: Final = 1000


def typical_waits(
    contacts: Contacts,
    frame: Frame,
    keys: Sequence[str],
    groups: pd.DataFrame,
    *,
    only: Collection[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
) -> dict[str, tuple[NDArray[np.int64], DayIntervals]]:
    """Return median_wait_s, p90_wait_s and virtual_wait_s of groups of prepared contacts that have local_day.

    Parameters
    ----------
    contacts : Contacts
    frame : narwhals frame
        Theirs, or a part of it, with the keys and local_day.
    keys : sequence of str
        Columns to group by.
    groups : pandas frame
        The groups, in the order of the result.
    only : collection of str, optional
        Those that are wanted; default: all three.

    Returns
    -------
    dict of measure to (contacts that tell it, intervals)

    Notes
    -----
    Estimates are those of `waits.waits`. Intervals are by inversion, from waits in whole seconds: the share of waits
    below the quantile is a ratio of sums over days and has an interval by days; its ends are read off the distribution
    of all days (Woodruff 1952, JASA 47). For the Kaplan-Meier median the same is done with the curve at the median
    (Brookmeyer and Crowley 1982, Biometrics 38), whose change with a day's events and contacts in line is known
    (Greenwood 1926).
    """
    exact = tallied(contacts, keys, frame, ())[[*keys, "median_us", "p90_us"]]
    exact = exact.merge(virtual_waits(frame, keys), on=list(keys), how="left") if len(exact) else exact
    exact = groups[list(keys)].merge(exact, on=list(keys), how="left")
    steps = _steps(frame, keys)
    days, day = np.unique(steps["local_day"].to_numpy(np.int64), return_inverse=True)
    steps["day"] = day
    place = pd.MultiIndex.from_frame(groups[list(keys)]).get_indexer(pd.MultiIndex.from_frame(steps[list(keys)]))
    order = np.argsort(place, kind="stable")
    edges = np.searchsorted(place[order], np.arange(len(groups) + 1))
    wanted = [name for name in (*QUANTILES, "virtual_wait_s") if only is None or name in only]
    found: dict[str, list[tuple[int, DayIntervals]]] = {name: [] for name in wanted}
    for row, (low, high) in zip(exact.to_dict("records"), itertools.pairwise(edges), strict=True):
        part = steps.iloc[np.sort(order[low:high])]
        served = part[part["event"] > 0]
        for name, (q, column) in QUANTILES.items():
            if name not in found:
                continue
            value = float(row[column]) / MICROSECONDS
            found[name].append(_quantile(served, q, value, len(days), level=level, seed=seed))
        if "virtual_wait_s" not in found:
            continue
        virtual = float(row.get("virtual_wait_s", np.nan))
        found["virtual_wait_s"].append(_virtual(part, virtual, len(days), level=level, seed=seed))
    return {
        name: (np.array([n for n, _ in each], np.int64), _joined([i for _, i in each])) for name, each in found.items()
    }


def _steps(frame: Frame, keys: Sequence[str]) -> pd.DataFrame:
    """Return queued contacts by group, day and whole second in line: n, and event (those served), sorted by second."""
    c = nw.col
    time = nw.when(c("outcome") == "waiting").then(c("so_far_us")).otherwise(c("wait_us"))
    steps = (
        frame.filter(c("queued"))
        .with_columns(_us=time, event=(c("outcome") == "served").cast(nw.Int64))
        .filter(~c("_us").is_null())
        .with_columns(second=c("_us") // MICROSECONDS)
        .group_by(*keys, "local_day", "second")
        .agg(nw.len().alias("n"), c("event").sum())
    )
    return pandas(steps).sort_values(["second", "local_day"], kind="stable", ignore_index=True)


def _quantile(
    served: pd.DataFrame, q: float, value: float, days: int, *, level: float, seed: int
) -> tuple[int, DayIntervals]:
    count = served["event"].to_numpy(np.int64)
    n = int(count.sum())
    if n == 0:
        return 0, _times(_unknown(), np.nan, np.nan, np.nan)
    times, upto = served["second"].to_numpy(np.float64), np.cumsum(count)
    about = _read_off(times, upto, q)
    # half of those at the quantile itself count as below: waits in whole seconds tie
    below = count * ((times < about) + 0.5 * (times == about))
    sums = np.zeros((days, 1, 2))
    np.add.at(sums[:, 0, 0], served["day"].to_numpy(), below)
    np.add.at(sums[:, 0, 1], served["day"].to_numpy(), count)
    share = day_intervals(sums, RATIO, level=level, bounds=(0, 1), seed=seed)
    low, high = (
        _read_off(times, upto, float(np.clip(q + end - share.estimate[0], 0, 1)))
        for end in (share.low[0], share.high[0])
    )
    return n, _times(share, value, low - about, high - about)


def _read_off(times: Floats, upto: NDArray[np.int64], q: float) -> float:
    """Return the quantile by linear interpolation, of sorted times that occur as often as `upto` rises."""
    if np.isnan(q):
        return np.nan
    at = q * (upto[-1] - 1)
    before, after = (times[np.searchsorted(upto, k, side="right")] for k in (np.floor(at), np.ceil(at)))
    return float(before + (after - before) * (at - np.floor(at)))


def _virtual(steps: pd.DataFrame, value: float, days: int, *, level: float, seed: int) -> tuple[int, DayIntervals]:
    n = int(steps["n"].sum())
    if n == 0:
        return 0, _times(_unknown(), np.nan, np.nan, np.nan)
    if not np.isfinite(value):
        return n, _times(_unknown(), value, np.nan, np.nan)
    times, step = np.unique(steps["second"].to_numpy(np.float64), return_inverse=True)
    lines = np.bincount(step, weights=steps["n"].to_numpy(np.float64))
    events = np.bincount(step, weights=steps["event"].to_numpy(np.float64))
    unserved = np.cumprod(1 - events / (n - np.cumsum(lines) + lines))
    about = _reached(times, unserved, 0.5)
    upto = int(np.searchsorted(times, about, side="right"))
    sums, seen = _by_step(steps, step, upto, days)
    share = day_intervals(sums, _UNSERVED, n_days=seen, level=level, bounds=(0, 1), seed=seed)
    low, high = (_reached(times, unserved, 0.5 + end - share.estimate[0]) for end in (share.high[0], share.low[0]))
    return n, _times(share, value, low - about, high - about)


def _by_step(steps: pd.DataFrame, step: NDArray[np.intp], upto: int, days: int) -> tuple[Floats, int]:
    """Return served and in line per day and step up to one, [days, 1, 2 x steps], and the days with a contact.

    Beyond `_MOST_STEPS`, neighbouring steps are taken as one.
    """
    wide = -(-upto // _MOST_STEPS)
    bins = -(-upto // wide)
    day, place = steps["day"].to_numpy(), np.minimum(step // wide, bins)  # the last place is of later steps
    lines, events = np.zeros((days, bins + 1)), np.zeros((days, bins + 1))
    np.add.at(lines, (day, place), steps["n"].to_numpy(np.float64))
    np.add.at(events, (day, place), steps["event"].to_numpy(np.float64))
    at_risk = lines[:, ::-1].cumsum(axis=1)[:, ::-1]
    sums = np.concatenate([events[:, :bins], at_risk[:, :bins]], axis=1)[:, None, :]
    return sums, int((lines.sum(axis=1) > 0).sum())


def _reached(times: Floats, unserved: Floats, share: float) -> float:
    """Return the least time at which at most a share is unserved; inf where that is never so."""
    if np.isnan(share):
        return float("nan")
    found = np.flatnonzero(unserved <= share + 1e-12)  # the products carry the rounding of their factors
    return float(times[found[0]]) if found.size else float("inf")


def _curve(s: Floats) -> Floats:
    events, at_risk = np.split(s, 2, axis=-1)
    out: Floats = np.prod(np.where(at_risk > 0, 1 - events / np.where(at_risk > 0, at_risk, 1), 1), axis=-1)
    return out


def _curve_slope(s: Floats) -> Floats:
    events, at_risk = np.split(s, 2, axis=-1)
    left = at_risk - events
    some = (at_risk > 0) & (left > 0)
    left, line = np.where(some, left, 1), np.where(some, at_risk, 1)
    slopes = np.concatenate([np.where(some, -1 / left, 0), np.where(some, events / (line * left), 0)], axis=-1)
    out: Floats = _curve(s)[..., None] * slopes
    return out


_UNSERVED: Final = Statistic(_curve, _curve_slope)
"""Share unserved after some steps of the Kaplan-Meier curve; sums: served at each step, then in line at each."""


def _unknown() -> DayIntervals:
    return day_intervals(np.zeros((1, 1, 2)), RATIO)


def _times(share: DayIntervals, value: float, below: float, above: float) -> DayIntervals:
    """Return the interval of a time in seconds from how far the ends are from it, where its share has one."""
    none = share.method == "none"
    ends = [np.where(none, np.nan, np.round(value + away, 9)) for away in (min(below, 0), max(above, 0))]
    return DayIntervals(
        estimate=np.array([np.round(value, 9)]),
        low=ends[0],
        high=ends[1],
        n_days=share.n_days,
        method=share.method,
        reason=share.reason,
        error=np.full(1, np.nan),
        draws=None,
    )


def _joined(each: list[DayIntervals]) -> DayIntervals:
    def column(name: str) -> Any:
        return np.concatenate([getattr(one, name) for one in each]) if each else np.zeros(0)

    names = ("estimate", "low", "high", "n_days", "method", "reason", "error")
    return DayIntervals(draws=None, **{name: column(name) for name in names})
