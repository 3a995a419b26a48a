# ruff: noqa: PLR0917 - compiled loops take arrays by position
"""The exact minimum of a sum of functions of differences, one per pair of tiers, over whole numbers.

Head starts of K tiers violate ``sum over a < b of f_ab(x_a - x_b)`` pairs, each f_ab a table. The search is branch and
bound (Land and Doig 1960) over boxes of head starts: within a box each difference lies in an interval, and the sum of
the least values of the tables over these intervals bounds the violations from below. Least and greatest values over
intervals come from sparse tables in constant time. So the minimum is proven, however rugged the tables are, unless the
number of boxes reaches its limit; that is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int64s = NDArray[np.int64]

MOST_BOXES: Final = 4_000_000
_MORE: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class JointMinimum:
    """Where the sum is least.

    Attributes
    ----------
    at : int64 array, length K
        Of all minimisers the one whose first element is smallest, of those the one whose second is, and so on; the
        last is 0.
    low, high : int64 arrays, length K
        Least and greatest value of each element among all minimisers.
    value : int
    proven : bool
        False where the search was stopped; `at` is then the best that was found, `low` and `high` span the best that
        were found.
    """

    at: Int64s
    low: Int64s
    high: Int64s
    value: int
    proven: bool


def joint_minimum(tables: Int64s, *, most_boxes: int = MOST_BOXES) -> JointMinimum:
    """Minimise ``sum over a < b of tables[a, b, x_a - x_b + reach]`` over whole x with the last element 0.

    Parameters
    ----------
    tables : int64 array, K by K by (2 reach + 1)
        Beyond its ends a table goes on with its last value. Only a < b is read.
    most_boxes : int
        Boxes looked at before the search is stopped.
    """
    n = tables.shape[0]
    reach = tables.shape[2] // 2
    # Gaps between neighbouring values above reach + 1 can be closed without changing any term.
    bound = (n - 1) * (reach + 1)
    least, most = _sparse(tables, True), _sparse(tables, False)
    low, high = np.full(n, -bound), np.full(n, bound)
    low[-1] = high[-1] = 0
    start = _descend(tables, bound)
    best, left = _least(tables, least, low, high, start, most_boxes)
    value = int(_value(tables, best))
    proven = left > 0
    span = (best.copy(), best.copy())
    at = best.copy()
    for k in range(n - 1):
        found = best.copy() if k == 0 else at.copy()
        first, last = found.copy(), found.copy()
        left = _minimisers(least, most, low, high, value, first, last, max(left, 1))
        proven = proven and left > 0
        if k == 0:
            span = first, last
        at[k] = first[k]
        low[k] = high[k] = first[k]
        if proven:
            at, left = _least(tables, least, low, high, low.copy(), left)
            proven = left > 0 and int(_value(tables, at)) == value
    return JointMinimum(at=at if proven else best, low=span[0], high=span[1], value=value, proven=proven)


@njit(cache=True, nogil=True)
def _sparse(tables: Int64s, smallest: bool) -> Int64s:
    """Return, by pair and power of two, the least (or greatest) value from each place over so many places."""
    n, width = tables.shape[0], tables.shape[2]
    levels = 1
    while (1 << levels) <= width:
        levels += 1
    out = np.zeros((n, n, levels, width), np.int64)
    for a in range(n):
        for b in range(a + 1, n):
            out[a, b, 0] = tables[a, b]
            for level in range(1, levels):
                half = 1 << (level - 1)
                for at in range(width - 2 * half + 1):
                    one, other = out[a, b, level - 1, at], out[a, b, level - 1, at + half]
                    out[a, b, level, at] = min(one, other) if smallest else max(one, other)
    return out


@njit(cache=True, nogil=True)
def _value(tables: Int64s, x: Int64s) -> int:
    n, reach = tables.shape[0], tables.shape[2] // 2
    total = 0
    for a in range(n):
        for b in range(a + 1, n):
            total += tables[a, b, min(max(x[a] - x[b], -reach), reach) + reach]
    return total


@njit(cache=True, nogil=True)
def _over_box(sparse: Int64s, low: Int64s, high: Int64s, smallest: bool) -> int:
    """Return the sum over pairs of the least (or greatest) value of each table over a box."""
    n, reach = sparse.shape[0], sparse.shape[3] // 2
    total = 0
    for a in range(n):
        for b in range(a + 1, n):
            first = min(max(low[a] - high[b], -reach), reach) + reach
            last = min(max(high[a] - low[b], -reach), reach) + reach
            level = 0
            while (2 << level) <= last - first + 1:
                level += 1
            one, other = sparse[a, b, level, first], sparse[a, b, level, last - (1 << level) + 1]
            total += min(one, other) if smallest else max(one, other)
    return total


@njit(cache=True, nogil=True)
def _descend(tables: Int64s, bound: int) -> Int64s:
    """Return a good start: from nothing for anybody, each element in turn is set to its best, while that helps."""
    n = tables.shape[0]
    x = np.zeros(n, np.int64)
    value = _value(tables, x)
    better = True
    while better:
        better = False
        for k in range(n - 1):
            best = x[k]
            for try_ in range(-bound, bound + 1):
                x[k] = try_
                now = _value(tables, x)
                if now < value:
                    value, best, better = now, try_, True
            x[k] = best
    return x


@njit(cache=True, nogil=True)
def _widest(low: Int64s, high: Int64s) -> int:
    at = 0
    for k in range(low.shape[0]):
        if high[k] - low[k] > high[at] - low[at]:
            at = k
    return at


@njit(cache=True, nogil=True)
def _least(tables: Int64s, least: Int64s, low: Int64s, high: Int64s, start: Int64s, boxes: int) -> tuple[Int64s, int]:
    """Return a minimiser within a box and how many of the boxes allowed are left (0: stopped)."""
    n = low.shape[0]
    best, value = start.copy(), _value(tables, start)
    depth = 64 * n
    lows, highs, bounds = np.empty((depth, n), np.int64), np.empty((depth, n), np.int64), np.empty(depth, np.int64)
    lows[0], highs[0], bounds[0] = low, high, _over_box(least, low, high, True)
    size = 1
    middle = np.empty(n, np.int64)
    while size > 0 and boxes > 0:
        size -= 1
        boxes -= 1
        if bounds[size] >= value:
            continue
        for k in range(n):
            middle[k] = lows[size, k] + (highs[size, k] - lows[size, k]) // 2
        now = _value(tables, middle)
        if now < value:
            value = now
            best[:] = middle
        at = _widest(lows[size], highs[size])
        if lows[size, at] == highs[size, at]:
            continue
        lows[size + 1], highs[size + 1] = lows[size], highs[size]
        highs[size, at] = middle[at]
        lows[size + 1, at] = middle[at] + 1
        bounds[size] = _over_box(least, lows[size], highs[size], True)
        bounds[size + 1] = _over_box(least, lows[size + 1], highs[size + 1], True)
        if bounds[size] < bounds[size + 1]:  # the better half is looked at first
            for k in range(n):
                lows[size, k], lows[size + 1, k] = lows[size + 1, k], lows[size, k]
                highs[size, k], highs[size + 1, k] = highs[size + 1, k], highs[size, k]
            bounds[size], bounds[size + 1] = bounds[size + 1], bounds[size]
        size += 2
    return best, boxes if size == 0 else 0


@njit(cache=True, nogil=True)
def _minimisers(
    least: Int64s,
    most: Int64s,
    low: Int64s,
    high: Int64s,
    value: int,
    first: Int64s,
    last: Int64s,
    boxes: int,
) -> int:
    """Widen `first` and `last`, which span one minimiser, to all in a box; return how many boxes are left."""
    n = low.shape[0]
    depth = 64 * n
    lows, highs = np.empty((depth, n), np.int64), np.empty((depth, n), np.int64)
    lows[0], highs[0] = low, high
    size = 1
    while size > 0 and boxes > 0:
        size -= 1
        boxes -= 1
        known = True
        for k in range(n):
            known = known and lows[size, k] >= first[k] and highs[size, k] <= last[k]
        if known or _over_box(least, lows[size], highs[size], True) > value:
            continue
        at = _widest(lows[size], highs[size])
        if lows[size, at] == highs[size, at] or _over_box(most, lows[size], highs[size], False) <= value:
            for k in range(n):
                first[k] = min(first[k], lows[size, k])
                last[k] = max(last[k], highs[size, k])
            continue
        half = lows[size, at] + (highs[size, at] - lows[size, at]) // 2
        lows[size + 1], highs[size + 1] = lows[size], highs[size]
        # the outer half first: it may widen the span by much
        if abs(lows[size, at]) > abs(highs[size, at]):
            lows[size, at] = half + 1
            highs[size + 1, at] = half
        else:
            highs[size, at] = half
            lows[size + 1, at] = half + 1
        size += 2
    return boxes if size == 0 else 0
