"""Sums over the customers of a run, by class."""

# ruff: noqa: PLR0917 - compiled functions pass flat arrays by position

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

(N, N_QUEUED, N_SERVED, N_SERVED_QUEUED, WAITED, IN_TIME, OPEN, LEFT, ONCE, THRICE, PASSED, MOST) = range(12)
"""Columns of the sums; in time and open, those who wait still and not yet so long, are of queued customers."""
_MUCH = 3


@njit(cache=True, nogil=True)
def class_sums(arrived: Any, start: Any, ends: Any, classes: Any, passed: Any, inside: Any, sla_s: Any) -> Any:
    """Add up what became of the customers who arrived inside a stretch of time.

    Parameters
    ----------
    arrived, start, ends : float64 arrays of length n
        Arrival, start of service (NaN: never) and end of the wait (infinity: waiting still).
    classes : int64 array of length n
    passed : int32 array, [n, K]
        How often each was passed by each class.
    inside : float64 array, (first, end)
        Arrivals from the first on and before the end count.
    sla_s : float64 array of length K

    Returns
    -------
    sums, pairs : float64 [K, 12] and int64 [K, K]
        By class; passes by the passing and the passed class.
    """
    count = passed.shape[1]
    sums, pairs = np.zeros((count, 12)), np.zeros((count, count), dtype=np.int64)
    for j in range(arrived.size):
        if arrived[j] < inside[0] or arrived[j] >= inside[1]:
            continue
        at, wait, served = sums[classes[j]], ends[j] - arrived[j], not np.isnan(start[j])
        at[N] += 1
        at[N_SERVED] += served
        if not wait > 0:
            continue
        at[N_QUEUED] += 1
        if served:
            at[N_SERVED_QUEUED] += 1
            at[WAITED] += wait
            at[IN_TIME] += wait <= sla_s[classes[j]]
        elif np.isfinite(ends[j]):
            at[LEFT] += 1
        else:
            at[OPEN] += wait <= sla_s[classes[j]]
        times = 0
        for i in range(count):
            times += passed[j, i]
            pairs[i, classes[j]] += passed[j, i]
        at[ONCE] += times >= 1
        at[THRICE] += times >= _MUCH
        at[PASSED] += times
        at[MOST] = max(at[MOST], times)
    return sums, pairs


@njit(cache=True, nogil=True)
def waits_of(arrived: Any, start: Any, classes: Any, k: Any, inside: Any) -> Any:
    """Return the waits of those of a class who queued, were served, and arrived inside a stretch of time."""
    out, found = np.empty(arrived.size), 0
    for j in range(arrived.size):
        if classes[j] == k and start[j] > arrived[j] and arrived[j] >= inside[0] and arrived[j] < inside[1]:
            out[found] = start[j] - arrived[j]
            found += 1
    return out[:found].copy()
