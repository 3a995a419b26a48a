"""The event loop of the simulator."""

# ruff: noqa: PLR0917 - compiled functions pass flat arrays by position

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def serve(  # noqa: C901, PLR0915 - one loop, read from top to bottom; calls would copy its state
    arrived: Any,
    service: Any,
    deadline: Any,
    classes: Any,
    level: Any,
    advance: Any,
    shift_at: Any,
    shift_servers: Any,
) -> Any:
    """Serve n customers by servers that come and go, without preemption.

    At each moment, in this order: servers who are done become free, shifts change, all who arrive join, and free
    servers (the longest idle first) take who is next by `_next_class`. Servers 0 .. m-1 are on duty while a shift
    has m; one who is sent home while busy finishes first. Who leaves is noticed only when his turn would come:
    leaving changes nothing for the others.

    Parameters
    ----------
    arrived, service, deadline : float64 arrays of length n
        `arrived` ascending; a customer not started by his deadline (infinity: never) leaves.
    classes : int64 array of length n
        0 .. K-1.
    level, advance : int64 and float64 arrays of length K
        The rule: the smallest (level, arrived - advance, place) is next.
    shift_at, shift_servers : float64 and int64 arrays
        From ``shift_at[s]`` on there are ``shift_servers[s]`` servers; none before the first.

    Returns
    -------
    start, server : float64 and int64 arrays of length n
        NaN and -1 where the customer was never started.
    """
    n = arrived.size
    start = np.full(n, np.nan)
    server = np.full(n, -1, dtype=np.int64)
    members, first = _members(classes, level.size)
    head, tail = first[:-1].copy(), first[:-1].copy()
    most = 1
    for s in range(shift_servers.size):
        most = max(most, shift_servers[s])
    free_at, free_id = np.empty(most), np.empty(most, dtype=np.int64)  # a heap of who is busy, by when done
    idle, is_busy = np.empty(most, dtype=np.int64), np.zeros(most, dtype=np.bool_)  # idle: a ring
    busy, idle_first, idle_count, on_duty = 0, 0, 0, 0
    i, s, waiting = 0, 0, 0
    while i < n or waiting > 0:
        now = arrived[i] if i < n else np.inf
        if busy > 0 and free_at[0] < now:
            now = free_at[0]
        if s < shift_at.size and shift_at[s] < now:
            now = shift_at[s]
        if now == np.inf:  # nobody will ever come to serve the rest
            break
        while busy > 0 and free_at[0] <= now:
            done = free_id[0]
            _pop(free_at, free_id, busy)
            busy -= 1
            is_busy[done] = False
            if done < on_duty:
                at = idle_first + idle_count
                idle[at if at < most else at - most] = done
                idle_count += 1
        while s < shift_at.size and shift_at[s] <= now:
            idle_count = _change_shift(idle, idle_first, idle_count, is_busy, on_duty, shift_servers[s])
            on_duty = shift_servers[s]
            s += 1
        while i < n and arrived[i] <= now:
            tail[classes[i]] += 1
            waiting += 1
            i += 1
        while idle_count > 0 and waiting > 0:
            k, left = _next_class(now, arrived, deadline, members, head, tail, level, advance)
            waiting -= left
            if k < 0:
                break
            j = members[head[k]]
            head[k] += 1
            waiting -= 1
            who = idle[idle_first]
            idle_first = idle_first + 1 if idle_first + 1 < most else 0
            idle_count -= 1
            start[j] = now
            server[j] = who
            is_busy[who] = True
            _push(free_at, free_id, busy, now + service[j], who)
            busy += 1
    return start, server


@njit(cache=True, nogil=True)
def _next_class(
    now: Any, arrived: Any, deadline: Any, members: Any, head: Any, tail: Any, level: Any, advance: Any
) -> Any:
    """Return the class whose first in line is next (-1: nobody), and how many were found to have left."""
    best, best_key, best_j, left = -1, 0.0, 0, 0
    for k in range(level.size):
        while head[k] < tail[k] and deadline[members[head[k]]] < now:
            head[k] += 1
            left += 1
        if head[k] == tail[k]:
            continue
        j = members[head[k]]
        key = arrived[j] - advance[k]
        if best >= 0:
            if level[k] > level[best]:
                continue
            if level[k] == level[best] and (key > best_key or (key == best_key and j > best_j)):
                continue
        best, best_key, best_j = k, key, j
    return best, left


@njit(cache=True, nogil=True)
def _members(classes: Any, count: Any) -> Any:
    """Return the places of each class's customers, class by class, and where each class begins."""
    first = np.zeros(count + 1, dtype=np.int64)
    for k in classes:
        first[k + 1] += 1
    for k in range(count):
        first[k + 1] += first[k]
    at = first[:-1].copy()
    members = np.empty(classes.size, dtype=np.int64)
    for j in range(classes.size):
        members[at[classes[j]]] = j
        at[classes[j]] += 1
    return members, first


@njit(cache=True, nogil=True)
def _change_shift(idle: Any, idle_first: Any, idle_count: Any, is_busy: Any, before: Any, after: Any) -> Any:
    """Send idle servers home or bring new ones; return how many are idle then."""
    size, kept = idle.size, 0
    for p in range(idle_count):
        who = idle[(idle_first + p) % size]
        if who < after:
            idle[(idle_first + kept) % size] = who
            kept += 1
    for who in range(before, after):
        if not is_busy[who]:
            idle[(idle_first + kept) % size] = who
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _push(time: Any, who: Any, size: Any, new_time: Any, new_who: Any) -> None:
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if time[parent] < new_time or (time[parent] == new_time and who[parent] < new_who):
            break
        time[at], who[at] = time[parent], who[parent]
        at = parent
    time[at], who[at] = new_time, new_who


@njit(cache=True, nogil=True)
def _pop(time: Any, who: Any, size: Any) -> None:
    last = size - 1
    last_time, last_who = time[last], who[last]
    at, child = 0, 1
    while child < last:
        other = child + 1
        if other < last and (time[other] < time[child] or (time[other] == time[child] and who[other] < who[child])):
            child = other
        if time[child] > last_time or (time[child] == last_time and who[child] > last_who):
            break
        time[at], who[at] = time[child], who[child]
        at, child = child, 2 * child + 1
    time[at], who[at] = last_time, last_who
