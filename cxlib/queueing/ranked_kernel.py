"""The event loop for rules that are no more than a level and an advance per class: the same as `serve`, but faster."""

# ruff: noqa: PLR0917 - compiled functions pass flat arrays by position

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from cxlib.queueing.kernels import _change_shift, _pop, _push

FEW: Final = 128
"""So many servers or fewer are kept in a list by when they are done, more in a heap: measured."""


def serve_ranked(
    arrived: Any,
    service: Any,
    deadline: Any,
    classes: Any,
    level: Any,
    advance: Any,
    shift_at: Any,
    shift_servers: Any,
) -> Any:
    """Serve n customers as `kernels.serve` does, with the same result to the last bit; see there for the parameters.

    A `deadline` without values: nobody leaves.

    Two things happen far more often than all others, and are done without going through every step of a moment:
    while somebody waits, the next server to be done takes the next customer; while nobody waits, who arrives is taken
    by the server who is idle longest. Anything else (shifts, services of no length, several at the same instant) goes
    the long way.
    """
    heap = None if shift_servers.max(initial=0) <= FEW else True
    n = arrived.size
    start, server = np.full(n, np.nan), np.full(n, -1, dtype=np.int64)  # made here: numpy asks for large pages
    _run(
        arrived, service, deadline, classes, level, advance, shift_at, shift_servers, heap,
        start, server, np.empty(n, dtype=np.int32),
    )  # fmt: skip
    return start, server


@njit(cache=True, nogil=True)
def _run(  # noqa: C901, PLR0912, PLR0915 - one loop, read from top to bottom; calls would copy its state
    arrived: Any,
    service: Any,
    deadline: Any,
    classes: Any,
    level: Any,
    advance: Any,
    shift_at: Any,
    shift_servers: Any,
    heap: Any,
    start: Any,
    server: Any,
    after: Any,
) -> None:
    """See `serve_ranked`; whether `heap` is None is known when it is compiled, once for each.

    `start` and `server` are filled; `after` is room for who stands behind whom.
    """
    n = arrived.size
    head, last = np.full(level.size, -1), np.empty(level.size, dtype=np.int64)  # who waits, class by class: a chain
    most = 1
    for s in range(shift_servers.size):
        most = max(most, shift_servers[s])
    free_at, free_id = np.empty(most), np.empty(most, dtype=np.int64)  # who is busy, by when done
    idle, is_busy = np.empty(most, dtype=np.int64), np.zeros(most, dtype=np.bool_)
    busy, idle_first, idle_count, on_duty = 0, 0, 0, 0
    i, s, waiting = 0, 0, 0
    next_shift = shift_at[0] if shift_at.size else np.inf
    while i < n or waiting > 0:
        top = busy - 1 if heap is None else 0  # who is done first
        if waiting > 0 and busy > 0 and free_at[top] < next_shift and free_id[top] < on_duty:
            now = free_at[top]
            while i < n and arrived[i] <= now:
                _join(i, classes[i], head, last, after)
                waiting += 1
                i += 1
            k, left = _first_class(now, arrived, deadline, head, after, level, advance)
            waiting -= left
            if k < 0:
                continue
            j = head[k]
            if service[j] > 0:
                head[k] = after[j]
                waiting -= 1
                start[j] = now
                server[j] = free_id[top]
                if heap is None:
                    _insert(free_at, free_id, busy - 1, now + service[j], free_id[top])
                else:
                    _replace(free_at, free_id, busy, now + service[j])
                continue
        elif waiting == 0 and arrived[i] < next_shift:
            now = arrived[i]
            while busy > 0 and free_at[busy - 1 if heap is None else 0] <= now:
                done = free_id[busy - 1 if heap is None else 0]
                if heap is not None:
                    _pop(free_at, free_id, busy)
                busy -= 1
                is_busy[done] = False
                if done < on_duty:
                    at = idle_first + idle_count
                    idle[at if at < most else at - most] = done
                    idle_count += 1
            if idle_count > 0 and service[i] > 0 and (i + 1 == n or arrived[i + 1] > now):
                who = idle[idle_first]
                idle_first = idle_first + 1 if idle_first + 1 < most else 0
                idle_count -= 1
                start[i] = now
                server[i] = who
                is_busy[who] = True
                if heap is None:
                    _insert(free_at, free_id, busy, now + service[i], who)
                else:
                    _push(free_at, free_id, busy, now + service[i], who)
                busy += 1
                i += 1
                continue
        now = arrived[i] if i < n else np.inf
        if busy > 0:
            now = min(now, free_at[busy - 1 if heap is None else 0])
        now = min(now, next_shift)
        if now == np.inf:
            break
        while busy > 0 and free_at[busy - 1 if heap is None else 0] <= now:
            done = free_id[busy - 1 if heap is None else 0]
            if heap is not None:
                _pop(free_at, free_id, busy)
            busy -= 1
            is_busy[done] = False
            if done < on_duty:
                at = idle_first + idle_count
                idle[at if at < most else at - most] = done
                idle_count += 1
        while next_shift <= now:
            idle_count = _change_shift(idle, idle_first, idle_count, is_busy, on_duty, shift_servers[s])
            on_duty = shift_servers[s]
            s += 1
            next_shift = shift_at[s] if s < shift_at.size else np.inf
        while i < n and arrived[i] <= now:
            _join(i, classes[i], head, last, after)
            waiting += 1
            i += 1
        while idle_count > 0 and waiting > 0:
            k, left = _first_class(now, arrived, deadline, head, after, level, advance)
            waiting -= left
            if k < 0:
                break
            j = head[k]
            head[k] = after[j]
            waiting -= 1
            who = idle[idle_first]
            idle_first = idle_first + 1 if idle_first + 1 < most else 0
            idle_count -= 1
            start[j] = now
            server[j] = who
            is_busy[who] = True
            if heap is None:
                _insert(free_at, free_id, busy, now + service[j], who)
            else:
                _push(free_at, free_id, busy, now + service[j], who)
            busy += 1


@njit(cache=True, nogil=True, inline="always")
def _join(i: Any, k: Any, head: Any, last: Any, after: Any) -> None:
    """Have a customer stand at the end of the line of his class."""
    after[i] = -1
    if head[k] < 0:
        head[k] = i
    else:
        after[last[k]] = i
    last[k] = i


@njit(cache=True, nogil=True, inline="always")
def _first_class(now: Any, arrived: Any, deadline: Any, head: Any, after: Any, level: Any, advance: Any) -> Any:
    """Return the class whose first in line is next (-1: nobody), and how many were found to have left."""
    best, best_level, best_key, best_j, left = -1, 0, 0.0, 0, 0
    for k in range(level.size):
        j = head[k]
        if deadline.size > 0:
            while j >= 0 and deadline[j] < now:
                j = after[j]
                left += 1
            head[k] = j
        if j < 0 or (best >= 0 and level[k] > best_level):
            continue
        key = arrived[j] - advance[k]
        if best < 0 or level[k] < best_level or key < best_key or (key == best_key and j < best_j):
            best, best_level, best_key, best_j = k, level[k], key, j
    return best, left


@njit(cache=True, nogil=True, inline="always")
def _insert(time: Any, who: Any, size: Any, new_time: Any, new_who: Any) -> None:
    """Put a server into a list of those who are busy, who is done first last."""
    at = size
    while at > 0 and (time[at - 1] < new_time or (time[at - 1] == new_time and who[at - 1] < new_who)):
        time[at], who[at] = time[at - 1], who[at - 1]
        at -= 1
    time[at], who[at] = new_time, new_who


@njit(cache=True, nogil=True, inline="always")
def _replace(time: Any, who: Any, size: Any, new_time: Any) -> None:
    """Give the server at the top of the heap a new time at which he is done."""
    same = who[0]
    at, child = 0, 1
    while child < size:
        other = child + 1
        if other < size and (time[other] < time[child] or (time[other] == time[child] and who[other] < who[child])):
            child = other
        if time[child] > new_time or (time[child] == new_time and who[child] > same):
            break
        time[at], who[at] = time[child], who[child]
        at, child = child, 2 * child + 1
    time[at], who[at] = new_time, same
