# ruff: noqa: PLR0917, SIM110 - compiled loops take arrays by position
"""Counting overtakes: how often each contact passed others and was passed, by tier.

Contacts of one pool stand in order of arrival (equal arrivals in order of their ends), so a pass is an inversion of
the ends: an earlier contact with a strictly later end. Inversions are counted while the ends are merge-sorted, each
merge confined to the stretch where the two halves overlap. Waits are short beside the length of a log, so the halves
hardly overlap and the work is n log(contacts that wait at once), never more than n log(n).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Int8s = NDArray[np.int8]
    Int32s = NDArray[np.int32]
    Int64s = NDArray[np.int64]

RUN: Final = 24
"""Length of the runs that are sorted by insertion before the merges begin."""
MOST_TIED: Final = 64
"""Equal arrivals up to which their ends are sorted by insertion."""


@njit(cache=True, nogil=True)
def pool_order(pool: Int32s, n_pools: int) -> tuple[Int32s, Int64s]:
    """Return the stable order of rows by pool code (int32 array, length n) and where each pool begins (n_pools + 1)."""
    begins = np.zeros(n_pools + 1, np.int64)
    for code in pool:
        begins[code + 1] += 1
    for p in range(n_pools):
        begins[p + 1] += begins[p]
    free = begins[:-1].copy()
    order = np.empty(pool.shape[0], np.int32)
    for row, code in enumerate(pool):
        order[free[code]] = row
        free[code] += 1
    return order, begins


@njit(cache=True, nogil=True)
def rises(values: Int64s) -> bool:
    """Tell whether no value of the array is less than the one before it."""
    for at in range(1, values.shape[0]):
        if values[at] < values[at - 1]:
            return False
    return True


@njit(cache=True, nogil=True)
def settle_ties(order: Int32s, arrived: Int64s, ends: Int64s) -> bool:
    """Put rows of equal arrival in order of their ends, so that ties are no inversions.

    All three arrays (length n, arrivals rising) are of one pool and change in place. Returns False where so many
    arrivals are equal that a general sort is the better way; the arrays are then partly settled.
    """
    begin = 0
    for at in range(1, order.shape[0]):
        if arrived[at] != arrived[at - 1]:
            begin = at
            continue
        if at - begin > MOST_TIED:
            return False
        end, row, to = ends[at], order[at], at
        while to > begin and ends[to - 1] > end:
            ends[to], order[to] = ends[to - 1], order[to - 1]
            to -= 1
        ends[to], order[to] = end, row
    return True


@njit(cache=True, nogil=True)
def sort_and_count(
    ends: Int64s,
    items: Int32s,
    begin: int,
    end: int,
    width: int,
    passer: Int8s,
    passed: Int8s,
    n_tiers: int,
    passed_by: Int32s,
    passes_of: Int32s,
) -> None:
    """Sort ``ends[begin:end]`` with its `items`, counting every inversion that is a pass.

    Parameters
    ----------
    ends : int64 array, length n
        End of each wait; sorted in place between `begin` and `end`.
    items : int32 array, length n
        The contact that each end belongs to, a number below n; moved along.
    begin, end : int
        The stretch to sort.
    width : int
        Length of the runs that are sorted already; 0 sorts runs of `RUN` first.
    passer, passed : int8 array, length n, by contact
        Code of the tier as one who passes and as one who is passed; `n_tiers` where the contact cannot.
    n_tiers : int
    passed_by, passes_of : int32 arrays, n by n_tiers, by contact
        How often the contact was passed by each tier and passed each tier; added to.
    """
    if width == 0:
        width = RUN
        for lo in range(begin, end, RUN):
            _insert(ends, items, lo, min(lo + RUN, end), passer, passed, n_tiers, passed_by, passes_of)
    held_ends, held_items = np.empty(1024, np.int64), np.empty(1024, np.int32)
    while width < end - begin:
        for low in range(begin, end - width, 2 * width):
            middle = low + width
            if ends[middle - 1] <= ends[middle]:
                continue
            left = _first_above(ends, low, middle, ends[middle])
            right = _first_above(ends, middle, min(middle + width, end), ends[middle - 1] - 1)
            size = middle - left
            if size > held_ends.shape[0]:
                held_ends, held_items = np.empty(2 * size, np.int64), np.empty(2 * size, np.int32)
            held_ends[:size] = ends[left:middle]
            held_items[:size] = items[left:middle]
            _merge(
                ends[left:right],
                items[left:right],
                held_ends[:size],
                held_items[:size],
                passer,
                passed,
                n_tiers,
                passed_by,
                passes_of,
            )
        width *= 2


@njit(cache=True, nogil=True)
def _merge(
    ends: Int64s,
    items: Int32s,
    held_ends: Int64s,
    held_items: Int32s,
    passer: Int8s,
    passed: Int8s,
    n_tiers: int,
    passed_by: Int32s,
    passes_of: Int32s,
) -> None:
    """Merge the held earlier arrivals into the later ones that stand behind their place, and count."""
    came, stay = np.zeros(n_tiers + 1, np.int32), np.zeros(n_tiers + 1, np.int32)
    size = held_ends.shape[0]
    for at in range(size):
        stay[passed[held_items[at]]] += 1
    at, out, later = 0, 0, size
    while at < size:
        if later < ends.shape[0] and ends[later] < held_ends[at]:
            row = items[later]
            ends[out] = ends[later]
            if passer[row] < n_tiers:
                for k in range(n_tiers):
                    passes_of[row, k] += stay[k]
                came[passer[row]] += 1
            later += 1
        else:
            row = held_items[at]
            ends[out] = held_ends[at]
            if passed[row] < n_tiers:
                for k in range(n_tiers):
                    passed_by[row, k] += came[k]
                stay[passed[row]] -= 1
            at += 1
        items[out] = row
        out += 1


@njit(cache=True, nogil=True)
def _first_above(ends: Int64s, lo: int, hi: int, value: int) -> int:
    while lo < hi:
        half = (lo + hi) // 2
        if ends[half] > value:
            hi = half
        else:
            lo = half + 1
    return lo


@njit(cache=True, nogil=True)
def _insert(
    ends: Int64s,
    items: Int32s,
    lo: int,
    hi: int,
    passer: Int8s,
    passed: Int8s,
    n_tiers: int,
    passed_by: Int32s,
    passes_of: Int32s,
) -> None:
    for at in range(lo + 1, hi):
        end, row = ends[at], items[at]
        tier = passer[row]
        to = at
        while to > lo and ends[to - 1] > end:
            other = items[to - 1]
            if tier < n_tiers and passed[other] < n_tiers:
                passed_by[other, tier] += 1
                passes_of[row, passed[other]] += 1
            ends[to] = ends[to - 1]
            items[to] = other
            to -= 1
        ends[to] = end
        items[to] = row


@njit(cache=True, nogil=True)
def scatter(begin: int, end: int, order: Int32s, source: Int32s, to: Int32s) -> None:
    """Put the rows from `begin` to `end` of `source` where `order` says; both are n by n_tiers."""
    for at in range(begin, end):
        row = order[at]
        for tier in range(source.shape[1]):
            to[row, tier] = source[at, tier]


@njit(cache=True, nogil=True)
def pair_sums(passed_by: Int32s, passes_of: Int32s, passer: Int8s, passed: Int8s, left: Flags) -> Int64s:
    """Sum counts per contact over tier pairs (passer by passed).

    Returns five int64 arrays, n_tiers by n_tiers: passes; passes of contacts that left; contacts passed at least
    once; those of them that left; contacts that passed at least one.
    """
    n_tiers = passed_by.shape[1]
    sums = np.zeros((5, n_tiers, n_tiers), np.int64)
    for row in range(passed_by.shape[0]):
        own = passed[row]
        if own < n_tiers:
            for k in range(n_tiers):
                times = passed_by[row, k]
                if times > 0:
                    sums[0, k, own] += times
                    sums[2, k, own] += 1
                    if left[row]:
                        sums[1, k, own] += times
                        sums[3, k, own] += 1
        own = passer[row]
        if own < n_tiers:
            for k in range(n_tiers):
                sums[4, own, k] += passes_of[row, k] > 0
    return sums


@njit(cache=True, nogil=True)
def cell_sums(place: Int64s, passed: Int8s, times: Int64s, left: Flags, n_places: int, n_tiers: int) -> Int64s:
    """Sum the times passed (int64 array, length n) over cells, a place and the tier as one who is passed.

    Contacts that cannot be passed have tier `n_tiers` and are left out. Returns an int64 array, 7 by (places times
    tiers): contacts; times; contacts passed at least once; at least three times; those who left, of the passed; of the
    others; and the most times of one contact.
    """
    sums = np.zeros((7, n_places * n_tiers), np.int64)
    for row in range(place.shape[0]):
        tier = passed[row]
        if tier >= n_tiers:
            continue
        cell = place[row] * n_tiers + tier
        sums[0, cell] += 1
        was = times[row]
        if was > 0:
            sums[1, cell] += was
            sums[2, cell] += 1
            sums[3, cell] += was >= 3
            sums[4, cell] += left[row]
            sums[6, cell] = max(sums[6, cell], was)
        else:
            sums[5, cell] += left[row]
    return sums


@njit(cache=True, nogil=True)
def summed(cell: Int64s, values: Int64s, cells: int) -> Int64s:
    """Return the sums of values (int64 array, length n) by cell (int64 array, length n, 0 to cells - 1)."""
    sums = np.zeros(cells, np.int64)
    for row in range(cell.shape[0]):
        sums[cell[row]] += values[row]
    return sums


@njit(cache=True, nogil=True)
def hour_sums(
    hour: Int64s, other: Flags, passed_by: Int32s, priority: Flags, left: Flags, extra: Int64s, n_hours: int
) -> Int64s:
    """Sum up by hour what those without priority met.

    Parameters
    ----------
    hour : int64 array, length n
        0 to n_hours - 1.
    other, left : bool arrays, length n
        Whether the contact queued and has no priority; whether it gave up.
    passed_by : int32 array, n by K
    priority : bool array, length K
    extra : int64 array, length n
        By how much the wait was longer than in order of arrival; the least number where that is unknown.
    n_hours : int

    Returns
    -------
    int64 array, 6 by n_hours
        Contacts; those passed by priority; times; those who left, of the passed; contacts of known extra wait; its sum.
    """
    sums = np.zeros((6, n_hours), np.int64)
    unknown = np.iinfo(np.int64).min
    for row in range(hour.shape[0]):
        if not other[row]:
            continue
        at, times = hour[row], 0
        for k in range(priority.shape[0]):
            if priority[k]:
                times += passed_by[row, k]
        sums[0, at] += 1
        if times > 0:
            sums[1, at] += 1
            sums[2, at] += times
            sums[3, at] += left[row]
        if extra[row] != unknown:
            sums[4, at] += 1
            sums[5, at] += extra[row]
    return sums
