# ruff: noqa: PLR0917, PLR1714 - compiled loops take arrays by position and compare plain numbers
"""Waits, outcomes and sums of contacts by group: what `contacts.prepare` and `groups.tallied` define, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Flags = NDArray[np.int8]
    Floats = NDArray[np.float64]
    Int32s = NDArray[np.int32]
    Int64s = NDArray[np.int64]

MISSING: Final = np.iinfo(np.int64).min
"""A time or length that is not known."""
SERVED, ABANDONED, WAITING, DROPPED, UNSAID = range(5)

(
    N,
    N_QUEUED,
    N_SERVED,
    N_SERVED_QUEUED,
    N_ABANDONED,
    N_ABANDONED_QUEUED,
    N_WAITING,
    N_RESOLUTION,
    N_RESOLVED,
    N_CSAT,
    WAIT,
    SERVICE,
    CSAT,
    LIMITS,
) = range(14)
"""Columns of the sums; from `LIMITS` on four per threshold: in time (queued, offered), still open (queued, offered)."""


@njit(cache=True, nogil=True, inline="always")
def _at(values: Int64s, row: int) -> int:
    return values[row] if values.shape[0] else MISSING


@njit(cache=True, nogil=True, inline="always")
def _lacks(one: int, other: int) -> bool:
    return one == MISSING or other == MISSING


@njit(cache=True, nogil=True)
def _guess(start: int, done: int, gone: int, over: int, told: int, has_start: bool) -> int:
    """Return the outcome of a contact of which the file does not say it."""
    if start != MISSING or done != MISSING:
        return SERVED
    if gone != MISSING:
        return ABANDONED
    if over == MISSING and told == MISSING:
        return WAITING
    return ABANDONED if has_start else SERVED


@njit(cache=True, nogil=True)
def _by_outcome(what: int, came: int, start: int, gone: int) -> int:
    """Return the wait of a contact of which only the start of service, or the leaving, tells it."""
    until = start if what == SERVED else gone if what == ABANDONED else MISSING
    return MISSING if until == MISSING or came == MISSING else until - came


@njit(cache=True, nogil=True, inline="always")
def _read(
    row: int,
    outcome: Flags,
    queued: Flags,
    arrived: Int64s,
    wait_ended: Int64s,
    given: Int64s,
    started: Int64s,
    left: Int64s,
    ended: Int64s,
    has_start: bool,
) -> tuple[bool, int, bool, int, int, int]:
    """Return of a contact whether it counts, its outcome, whether it queued, wait, service, and the last time in it."""
    came, over, told = arrived[row], _at(wait_ended, row), _at(given, row)
    start, gone, done = _at(started, row), _at(left, row), _at(ended, row)
    what = outcome[row]
    if what == UNSAID:
        what = _guess(start, done, gone, over, told, has_start)
    length = told
    if not _lacks(over, came):
        length = over - came
    elif told == MISSING:
        length = _by_outcome(what, came, start, gone)
    if length == MISSING and what != WAITING and queued[row] == 0:
        length = 0
    last = max(came, over, start, gone, done)
    if not _lacks(came, length):
        last = max(last, came + length)
        if start == MISSING:
            start = came + length
    service = MISSING
    if what == SERVED and not _lacks(done, start) and done >= start:
        service = done - start
    kept = what != DROPPED and came != MISSING and (length == MISSING or length >= 0)
    if what == WAITING:
        length = MISSING
    in_line = queued[row] == 1 or (queued[row] < 0 and (what == WAITING or length > 0))
    return kept, what, in_line, length, service, last


@njit(cache=True, nogil=True)
def add_up(
    outcome: Flags,
    queued: Flags,
    arrived: Int64s,
    wait_ended: Int64s,
    given: Int64s,
    started: Int64s,
    left: Int64s,
    ended: Int64s,
    has_start: bool,
    group: Int32s,
    resolved: Flags,
    csat: Floats,
    unit: int,
    limits: Int64s,
    wait: Int64s,
    sums: Int64s,
) -> int:
    """Add a batch of n rows to the sums and return the last time in it; `add_waiting` adds what that decides.

    Parameters
    ----------
    outcome, queued : int8 arrays, length n
        What the file says: `SERVED` to `UNSAID`; 0, 1, or -1 where it says nothing.
    arrived, wait_ended, given, started, left, ended : int64 arrays, length n, or 0 where the file has none
        Microseconds, `MISSING` where unknown; `given` is the wait that the file tells.
    group : int32 array, length n
    resolved, csat : int8 and float64 arrays, length n or 0
        -1 and NaN where unknown; csat is summed in whole parts of `unit`.
    limits : int64 array
        Thresholds of the service level, microseconds.
    wait : int64 array, length n
        Set: the wait of those who queued and were served, else `MISSING`.
    sums : int64 array by group and column
    """
    last = MISSING
    for row in range(outcome.shape[0]):
        kept, what, in_line, length, service, latest = _read(
            row, outcome, queued, arrived, wait_ended, given, started, left, ended, has_start
        )
        last = max(last, latest)
        if not kept:
            wait[row] = MISSING
            continue
        # outcomes follow no order that a processor could guess: adding 0 is faster than a branch
        at = sums[group[row]]
        at[N] += 1
        at[N_QUEUED] += in_line
        at[SERVICE] += service if service != MISSING else 0
        if resolved.shape[0]:
            at[N_RESOLUTION] += resolved[row] >= 0
            at[N_RESOLVED] += resolved[row] > 0
        if csat.shape[0]:
            scored = np.isfinite(csat[row])
            at[N_CSAT] += scored
            at[CSAT] += np.int64(np.rint((csat[row] if scored else 0.0) * unit))
        is_served, is_known = what == SERVED, length != MISSING
        counts = is_served and in_line and is_known
        at[N_SERVED] += is_served
        at[N_SERVED_QUEUED] += counts
        at[WAIT] += length if counts else 0
        wait[row] = length if counts else MISSING
        for number in range(limits.shape[0]):
            in_time = is_served and is_known and length <= limits[number]
            at[LIMITS + 4 * number] += in_time and in_line
            at[LIMITS + 4 * number + 1] += in_time
        at[N_WAITING] += what == WAITING
        at[N_ABANDONED] += what == ABANDONED
        at[N_ABANDONED_QUEUED] += what == ABANDONED and in_line
    return last


@njit(cache=True, nogil=True)
def add_waiting(
    outcome: Flags,
    queued: Flags,
    arrived: Int64s,
    wait_ended: Int64s,
    given: Int64s,
    started: Int64s,
    left: Int64s,
    ended: Int64s,
    has_start: bool,
    group: Int32s,
    limits: Int64s,
    until: int,
    sums: Int64s,
) -> None:
    """Add, of those who wait still at `until`, who has not waited longer than each limit; see `add_up`."""
    for row in range(outcome.shape[0]):
        kept, what, in_line, _length, _service, _last = _read(
            row, outcome, queued, arrived, wait_ended, given, started, left, ended, has_start
        )
        if kept and what == WAITING:
            _within(sums[group[row]], LIMITS + 2, until - arrived[row], in_line, limits)


@njit(cache=True, nogil=True)
def _within(sums: Int64s, first: int, length: int, in_line: bool, limits: Int64s) -> None:
    for number in range(limits.shape[0]):
        if length <= limits[number]:
            sums[first + 4 * number] += in_line
            sums[first + 4 * number + 1] += 1


@njit(cache=True, nogil=True)
def whole_parts(begin: int, end: int, values: Floats, unit: int, out: Int64s) -> None:
    """Set the numbers from `begin` to `end` in whole parts of a unit, what is no number `MISSING`."""
    for row in range(begin, end):
        out[row] = np.int64(np.rint(values[row] * unit)) if np.isfinite(values[row]) else MISSING


@njit(cache=True, nogil=True)
def waits_by_group(group: Int32s, wait: Int64s, free: Int64s, out: Int64s) -> None:
    """Put the known waits of a batch side by side, those of each group from its place in `free` on, which moves."""
    for row in range(group.shape[0]):
        if wait[row] != MISSING:
            out[free[group[row]]] = wait[row]
            free[group[row]] += 1


@njit(cache=True, nogil=True)
def quantiles(first: int, last: int, begins: Int64s, waits: Int64s, shares: Floats, out: Floats) -> None:
    """Set the quantiles of the groups from `first` to `last`, by linear interpolation; `shares` must rise.

    `waits` is put in another order. Hoare, "Algorithm 65: Find", CACM 4 (1961).
    """
    for group in range(first, last):
        mine = waits[begins[group] : begins[group + 1]]
        low = 0
        for number in range(shares.shape[0]):
            if not mine.shape[0]:
                out[group, number] = np.nan
                continue
            place = shares[number] * (mine.shape[0] - 1)
            k = int(np.floor(place))
            find(mine, low, k)
            value = float(mine[k])
            if place > k:
                value += (float(mine[k + 1 :].min()) - value) * (place - k)
            out[group, number] = value
            low = k


@njit(cache=True, nogil=True)
def find(values: Int64s, low: int, k: int) -> None:
    """Put the k-th least value at k, none greater before it and none less behind; so far this holds of `low`."""
    high = values.shape[0] - 1
    while low < high:
        middle = values[(low + high) // 2]
        pivot = max(min(values[low], middle), min(max(values[low], middle), values[high]))
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            return
