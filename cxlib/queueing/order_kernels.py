"""Compiled count of what each agent's choices say of the rule in force."""

# ruff: noqa: PLR0917 - compiled functions pass flat arrays by position

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, nogil=True)
def count_choices(arrived: Any, ended: Any, classes: Any, served: Any, agent: Any, half: Any, out: Any) -> None:
    """Add up pairs of different classes that waited at the same time and of whom the first to end was served.

    Parameters
    ----------
    arrived, ended : float64 arrays of length n
        Arrivals rising; only those who queued.
    classes, served, agent, half : int64, bool, int64 and int64 arrays of length n
        ``half`` is 0 or 1, by the time of arrival; an agent of -1 is the last one.
    out : int64 array, [agents + 1, 2, K, K, 2]
        Added to, by who served, half, class of the served, class of the other, and whether the served came later.
    """
    n = arrived.size
    for i in range(n):
        for j in range(i + 1, n):
            if arrived[j] >= ended[i]:
                break
            if classes[i] == classes[j] or ended[i] == ended[j] or arrived[i] >= ended[j]:
                continue
            first, other = (i, j) if ended[i] < ended[j] else (j, i)
            if served[first]:
                later = 1 if arrived[first] > arrived[other] else 0
                out[agent[first], half[first], classes[first], classes[other], later] += 1
