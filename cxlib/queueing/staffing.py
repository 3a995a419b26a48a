"""How many were on duty, told from who was busy while others waited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

INTERVAL_S: Final = 900.0
LEAST_WAITING_S: Final = 60.0
"""So long must somebody have waited in an interval for it to tell by itself how many were on duty."""
BUSY_SHARE: Final = 0.05
"""So many were busy at once for at least that part of an interval."""
WEEK: Final = 7
MOST_BREAK_S: Final = 1800.0
"""An agent who is idle for no longer than that between two contacts was on duty meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What a log shows of each interval, arrays of length n.

    `waiting_s` is how long somebody waited, `busy_waiting` how many were busy meanwhile (mean over that time, NaN if
    never), `busy_most` how many were busy at once (for a twentieth of the interval or more), `busy_mean` all along.
    """

    waiting_s: Floats
    busy_waiting: Floats
    busy_most: Floats
    busy_mean: Floats


def observe(begin_s: Floats, done_s: Floats, waits: tuple[Floats, Floats], edges_s: Floats) -> Observed:
    """Return who was busy and whether anybody waited, by interval.

    Parameters
    ----------
    begin_s, done_s : float64 arrays
        Of each service.
    waits : two float64 arrays
        Begin and end of each wait.
    edges_s : float64 array, ascending, length n + 1
        Of the intervals.
    """
    n = edges_s.size - 1
    times = np.concatenate([begin_s, done_s, *waits, edges_s])
    busy_step, waiting_step = np.zeros(times.size), np.zeros(times.size)
    busy_step[: begin_s.size], busy_step[begin_s.size : 2 * begin_s.size] = 1.0, -1.0
    at = 2 * begin_s.size
    waiting_step[at : at + waits[0].size], waiting_step[at + waits[0].size : at + 2 * waits[0].size] = 1.0, -1.0
    order = np.argsort(times, kind="stable")
    times, busy, waiting = times[order], np.cumsum(busy_step[order]), np.cumsum(waiting_step[order])
    length = np.diff(times, append=times[-1])
    place = np.searchsorted(edges_s, times, side="right") - 1
    inside = (place >= 0) & (place < n) & (length > 0)
    place, length, busy, waits_now = place[inside], length[inside], busy[inside], waiting[inside] > 0
    waited = np.bincount(place[waits_now], length[waits_now], minlength=n).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        busy_waiting = np.bincount(place[waits_now], (length * busy)[waits_now], minlength=n) / waited
    return Observed(
        waiting_s=waited,
        busy_waiting=busy_waiting,
        busy_most=_exceeded(place, busy, length, edges_s),
        busy_mean=np.bincount(place, length * busy, minlength=n) / np.diff(edges_s),
    )


def presence(agent: NDArray[np.int64], begin_s: Floats, done_s: Floats, edges_s: Floats) -> Floats:
    """Return how many agents were there in each interval on average: at work, or between two contacts of theirs.

    Parameters
    ----------
    agent : int64 array
        Who served, negative where it is not known; such services are left out.
    begin_s, done_s : float64 arrays of that length
    edges_s : float64 array, ascending, length n + 1
    """
    known = agent >= 0
    order = np.lexsort((begin_s[known], agent[known]))
    who, begin, done = agent[known][order], begin_s[known][order], done_s[known][order]
    if not who.size:
        return np.zeros(edges_s.size - 1)
    latest = done.copy()
    starts = np.flatnonzero(np.concatenate([[True], np.diff(who) != 0]))
    for a, b in zip(starts, [*starts[1:], who.size], strict=True):
        latest[a:b] = np.maximum.accumulate(done[a:b])
    new = np.concatenate([[True], (np.diff(who) != 0) | (begin[1:] - latest[:-1] > MOST_BREAK_S)])
    first = np.flatnonzero(new)
    last = np.append(first[1:], who.size) - 1
    times = np.concatenate([begin[first], latest[last]])
    step = np.concatenate([np.ones(first.size), -np.ones(first.size)])
    in_time = np.argsort(times, kind="stable")
    times, level = times[in_time], np.cumsum(step[in_time])
    there = np.concatenate([[0.0], np.cumsum(np.diff(times) * level[:-1])])
    found: Floats = np.diff(np.interp(edges_s, times, there)) / np.diff(edges_s)
    return found


def on_duty(
    seen: Observed, *, day: NDArray[np.int64], slot: NDArray[np.int64], present: Floats | None = None
) -> Floats:
    """Return how many were on duty in each interval, with fractions, float64 array of length n.

    While somebody waits, everybody who can is busy: those are counted. Where hardly anybody waited, it is the part
    of the agents present then who are busy when others wait; without names of agents, the number of the same time of
    the week on other days (else of the same time of day). It is no less than were busy at once, and none where nobody
    was busy.

    Parameters
    ----------
    day, slot : int64 arrays of length n
        Local day, in days since 1970, and place of the interval within its day.
    present : float64 array of length n, optional
        See `presence`.
    """
    told = seen.waiting_s >= LEAST_WAITING_S
    out = np.where(told, seen.busy_waiting, np.nan)
    if present is not None and present[told].sum() > 0:
        weight = seen.waiting_s[told]
        able = min(float((out[told] * weight).sum() / (present[told] * weight).sum()), 1.0)
        like = present * able
    else:
        week = (day % WEEK) * (slot.max(initial=0) + 1) + slot
        like = _medians(week, out)
        like = np.where(np.isnan(like), _medians(slot, out), like)
    guess = np.fmax(like, seen.busy_most)
    there = seen.busy_most > 0 if present is None else (seen.busy_most > 0) | (present >= 1)
    filled: Floats = np.where(told, np.fmax(out, 0.0), np.where(there, guess, 0.0))
    return filled


def _medians(key: NDArray[np.int64], values: Floats) -> Floats:
    """Return for each element the median of the known values that share its key, NaN where there is none."""
    out = np.full(key.size, np.nan)
    order = np.argsort(key, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
        known = values[rows][~np.isnan(values[rows])]
        if known.size:
            out[rows] = np.median(known)
    return out


def _exceeded(place: NDArray[np.int64], busy: Floats, length: Floats, edges_s: Floats) -> Floats:
    """Return the greatest number that was busy at once for `BUSY_SHARE` of each interval."""
    order = np.lexsort((-busy, place))
    place, busy, length = place[order], busy[order], length[order]
    total = np.cumsum(length)
    first = np.searchsorted(place, np.arange(edges_s.size - 1))
    before = np.concatenate([[0.0], total])[first]
    target = before + BUSY_SHARE * np.diff(edges_s)
    at = np.searchsorted(total, target)
    out = np.zeros(edges_s.size - 1)
    there = (at < place.size) & (first < place.size)
    there[there] &= place[at[there]] == np.flatnonzero(there)
    out[there] = busy[at[there]]
    return out


def as_schedule(edges_s: Floats, agents: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return a schedule for `simulate` in which a fraction of an agent is there for that part of the interval."""
    whole = np.floor(agents + 1e-9)
    rest = np.where(agents - whole > 1e-6, agents - whole, 0.0)
    length = np.diff(edges_s)
    times = np.column_stack([edges_s[:-1], edges_s[:-1] + rest * length]).ravel()
    counts = np.column_stack([whole + (rest > 0), whole]).ravel().astype(np.int64)
    keep = np.concatenate([(rest > 0)[:, None], np.ones((rest.size, 1), bool)], axis=1).ravel()
    times, counts = np.append(times[keep], edges_s[-1]), np.append(counts[keep], 0)
    changed = np.concatenate([[True], np.diff(counts) != 0])
    return times[changed], counts[changed]
