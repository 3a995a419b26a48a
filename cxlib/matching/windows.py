# ruff: noqa: PLR0917, C901 - a kernel takes its arrays by position
"""Kernels over customers: from the best saving of each row to flags, their age and their history."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit

FLAGGED, FITS, CHANGED, SHORT = range(4)
NO_STATUS, NEW, STANDING, RESOLVED = range(4)
FIXED, OWN, ANY = range(3)
LONGEST: Final = 120
"""The longest window, in months."""


class Customers(NamedTuple):
    """Customers as contiguous rows, and what their rows came to."""

    starts: Any  # int64 [C + 1]
    month: Any  # int16 [N], from the first month
    streak: Any  # int8 [N], consecutive complete months on one plan that end here
    whole: Any  # int8 [N], consecutive complete months that end here
    free: Any  # int32 [C], month from whose end no contract binds
    cooling: Any  # bool [N], the plan held was taken too recently to be left; empty where nobody is bound so


class Fits(NamedTuple):
    """One value per customer."""

    row: Any  # int64, the row of the window's last month, else the last one before; -1 where there is none
    month: Any  # int32, the window's last month
    state: Any  # int8
    better: Any  # int32, -1
    way: Any  # int8, direction: the better plan's fee is higher, lower, the same; -1
    saving: Any  # int64
    least: Any  # int64, the smallest month of the saving
    since: Any  # int32
    status: Any  # int8
    paid: Any  # int64


@njit(cache=True, nogil=True)
def streaks(starts: Any, month: Any, held: Any, complete: Any, lo: int, hi: int, streak: Any, whole: Any) -> None:
    """Count for the rows of customers lo..hi the consecutive complete months that end there."""
    for c in range(lo, hi):
        for i in range(starts[c], starts[c + 1]):
            good = len(complete) == 0 or complete[i]
            follows = i > starts[c] and month[i] == month[i - 1] + 1
            run = whole[i - 1] if follows else 0
            same = streak[i - 1] if follows and held[i] == held[i - 1] else 0
            whole[i] = min(run + 1, LONGEST) if good else 0
            streak[i] = min(same + 1, LONGEST) if good else 0


@njit(cache=True, nogil=True, inline="always")
def _flag(people: Any, c: int, i: int, months: int, plan: Any, base: int) -> bool:
    bound = people.free[c] > people.month[i] or (len(people.cooling) > 0 and people.cooling[i])
    return bool(plan[i - base] >= 0 and people.streak[i] >= months and not bound)


@njit(cache=True, nogil=True)
def _way(better: int, held: int) -> int:
    return 0 if better > held else 1 if better < held else 2


@njit(cache=True, nogil=True)
def fit_block(
    people: Any, lo: int, hi: int, as_of: int, last: int, months: int, best: Any, low: Any, plan: Any, paid: Any,
    held: Any, fee_at: Any, out: Any,
) -> None:  # fmt: skip
    """Fill `out` for customers lo..hi from the results of `kernels.savings` over their rows.

    `as_of` is FIXED (the month `last`), OWN (each one's last month up to `last`) or ANY (the latest month up to `last`
    at which the customer was flagged, else OWN). `fee_at` is [P, months].
    """
    base = people.starts[lo]
    for c in range(lo, hi):
        start, i = people.starts[c], people.starts[c + 1] - 1
        while i >= start and people.month[i] > last:
            i -= 1
        if i < start:
            out.row[c] = -1
            continue
        if as_of == ANY:
            k = i
            while k >= start and not _flag(people, c, k, months, plan, base):
                k -= 1
            i = k if k >= start else i
        end = last if as_of == FIXED else people.month[i]
        there = people.month[i] == end
        flagged = there and _flag(people, c, i, months, plan, base)
        before = i - 1 if there else i
        was = before >= start and people.month[before] == end - 1 and _flag(people, c, before, months, plan, base)
        out.row[c], out.month[c] = i, end
        out.better[c], out.way[c], out.saving[c], out.least[c], out.since[c] = -1, -1, 0, 0, 0
        out.status[c] = RESOLVED if was else NO_STATUS
        if flagged:
            out.better[c], out.saving[c], out.least[c] = plan[i - base], best[i - base], low[i - base]
            out.state[c], out.status[c] = FLAGGED, STANDING if was else NEW
            out.way[c] = _way(fee_at[plan[i - base], end], fee_at[held[i], end])
            k, since = i, 1
            while k > start and people.month[k - 1] == people.month[k] - 1:
                k -= 1
                if not _flag(people, c, k, months, plan, base):
                    break
                since += 1
            out.since[c] = since
        elif not there or people.whole[i] < months:
            out.state[c] = SHORT
        else:
            out.state[c] = CHANGED if people.streak[i] < months else FITS
        cost, k = np.int64(0), i
        while k >= start and people.month[k] > end - months:
            cost += paid[k - base]
            k -= 1
        out.paid[c] = cost


@njit(cache=True, nogil=True)
def history_block(
    people: Any, lo: int, hi: int, last: int, months: int, best: Any, plan: Any, held: Any, fee_at: Any, out: Any
) -> None:
    """Add the flags of customers lo..hi to `out`, int64 [months + 1, 3, 4]: standing, new, resolved, saving.

    The second axis is the direction: the better plan's fee is higher, lower, the same. `fee_at` is [P, months].
    """
    base = people.starts[lo]
    for c in range(lo, hi):
        before, before_way = -2, 0
        for i in range(people.starts[c], people.starts[c + 1]):
            month = people.month[i]
            if month > last:
                break
            if not _flag(people, c, i, months, plan, base):
                continue
            way = _way(fee_at[plan[i - base], month], fee_at[held[i], month])
            stands = before == month - 1
            if not stands:
                out[month, way, 1] += 1
                if before >= 0:
                    out[before + 1, before_way, 2] += 1
            out[month, way, 0] += 1
            out[month, way, 3] += best[i - base]
            before, before_way = month, way
        if before >= 0:
            out[before + 1, before_way, 2] += 1
