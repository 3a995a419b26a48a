"""The event loop of the simulator."""

# ruff: noqa: PLR0917 - compiled functions pass flat arrays by position

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def serve(  # noqa: C901, PLR0912, PLR0915 - one loop, read from top to bottom; calls would copy its state
    arrived: Any,
    service: Any,
    deadline: Any,
    classes: Any,
    level: Any,
    advance: Any,
    rate: Any,
    cap: Any,
    most_passed: Any,
    reserved: Any,
    overflow: Any,
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
    rate : float64 array of length K, or 0
        With it the largest (rate x time waited) is next, in the place of the smallest advanced arrival.
    cap : float
        Who has waited as long as that is of level 0; infinity: nobody.
    most_passed : int
        Nobody is chosen who would pass somebody that was passed so often before; -1: whoever.
    reserved : int64 array of length K, or 0
        How many servers are kept for each class: the first for class 0, then those for class 1, and so on.
    overflow : bool
        Whether they take others where none of theirs waits.
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
    times_passed = np.zeros(n if most_passed >= 0 else 0, dtype=np.int64)
    kept_for = _kept_for(reserved, most)
    everybody = -1
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
            at, only = idle_first, everybody
            if kept_for.size:
                at, only = _next_server(
                    idle, idle_first, idle_count, kept_for, overflow, now, deadline, members, head, tail
                )
                if at < 0:
                    break
            k, left = _next_class(
                now, arrived, deadline, members, head, tail, level, advance, rate, cap, most_passed, times_passed, only
            )
            waiting -= left
            if k < 0:
                break
            j = members[head[k]]
            head[k] += 1
            waiting -= 1
            if most_passed >= 0:
                _count_passes(j, k, arrived, members, head, tail, times_passed)
            who = idle[at]
            while at != idle_first:  # whoever was idle longer moves up
                before = at - 1 if at > 0 else most - 1
                idle[at] = idle[before]
                at = before
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
    now: Any,
    arrived: Any,
    deadline: Any,
    members: Any,
    head: Any,
    tail: Any,
    level: Any,
    advance: Any,
    rate: Any,
    cap: Any,
    most_passed: Any,
    times_passed: Any,
    only: Any,
) -> Any:
    """Return the class whose first in line is next (-1: nobody), and how many were found to have left."""
    left = 0
    if most_passed >= 0:  # who may be passed is known when all who left are out of the way
        for k in range(level.size):
            left += _let_go(k, now, deadline, members, head, tail)
    best, best_level, best_key, best_j = -1, 0, 0.0, 0
    for k in range(level.size):
        left += _let_go(k, now, deadline, members, head, tail)
        if head[k] == tail[k] or (only >= 0 and k != only):
            continue
        j = members[head[k]]
        at = level[k] if now - arrived[j] < cap else 0
        key = arrived[j] - advance[k] if rate.size == 0 else -rate[k] * (now - arrived[j])
        if best >= 0:
            if at > best_level:
                continue
            if at == best_level and (key > best_key or (key == best_key and j > best_j)):
                continue
        if most_passed >= 0 and _passes_too_often(j, k, most_passed, arrived, members, head, tail, times_passed):
            continue
        best, best_level, best_key, best_j = k, at, key, j
    return best, left


@njit(cache=True, nogil=True, inline="always")
def _let_go(k: Any, now: Any, deadline: Any, members: Any, head: Any, tail: Any) -> Any:
    """Take those who have left out of the front of a class, and return how many."""
    left = 0
    while head[k] < tail[k] and deadline[members[head[k]]] < now:
        head[k] += 1
        left += 1
    return left


@njit(cache=True, nogil=True)
def _passes_too_often(
    j: Any, k: Any, most_passed: Any, arrived: Any, members: Any, head: Any, tail: Any, times_passed: Any
) -> Any:
    """Tell whether j of class k would pass somebody who was passed `most_passed` times.

    The first in line of a class has been passed as often as any other of it, or more often.
    """
    for other in range(head.size):
        if other != k and head[other] < tail[other]:
            first = members[head[other]]
            if arrived[first] < arrived[j] and times_passed[first] >= most_passed:
                return True
    return False


@njit(cache=True, nogil=True)
def _count_passes(j: Any, k: Any, arrived: Any, members: Any, head: Any, tail: Any, times_passed: Any) -> None:
    """Note that j of class k passes all of other classes who came before."""
    for other in range(head.size):
        if other == k:
            continue
        for place in range(head[other], tail[other]):
            waits = members[place]
            if arrived[waits] >= arrived[j]:
                break
            times_passed[waits] += 1


@njit(cache=True, nogil=True)
def _kept_for(reserved: Any, most: Any) -> Any:
    """Return the class that each server is kept for, -1 for those of all; empty where none is kept."""
    total = 0
    for count in reserved:
        total += count
    out = np.full(most if total > 0 else 0, -1, dtype=np.int64)
    who = 0
    for k in range(reserved.size):
        for _ in range(reserved[k]):
            if who < out.size:
                out[who] = k
                who += 1
    return out


@njit(cache=True, nogil=True)
def _next_server(
    idle: Any,
    idle_first: Any,
    idle_count: Any,
    kept_for: Any,
    overflow: Any,
    now: Any,
    deadline: Any,
    members: Any,
    head: Any,
    tail: Any,
) -> Any:
    """Return the place in the ring of the idle server who takes the next, and the class he must take (-1: any).

    First whoever is kept for a class of which somebody waits, then the servers of all, then, with overflow, those kept
    for others; the longest idle first each time. A place of -1: nobody may take anybody.
    """
    size = idle.size
    for turn in range(3 if overflow else 2):
        for p in range(idle_count):
            at = (idle_first + p) % size
            k = kept_for[idle[at]]
            if turn == 0 and k >= 0:
                place = head[k]
                while place < tail[k] and deadline[members[place]] < now:
                    place += 1
                if place < tail[k]:
                    return at, k
            if (turn == 1 and k < 0) or (turn == 2 and k >= 0):
                return at, -1
    return -1, -1


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
