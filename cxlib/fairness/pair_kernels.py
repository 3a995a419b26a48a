# ruff: noqa: PLR0917 - compiled loops take arrays by position
"""Compiled loops over pairs of contacts that stood in one line at the same time.

Contacts of one pool stand in order of arrival and end. A contact's pairs with later arrivals are found by looking
forward until the first that came after its wait had ended, so the work grows with the pairs and not with their square.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Int8s = NDArray[np.int8]
    Int64s = NDArray[np.int64]

_SECOND: Final = 1_000_000


@njit(cache=True, nogil=True)
def later_in_line(arrived: Int64s, ends: Int64s, begin: int, stop: int, out: Int64s) -> None:
    """Write to ``out[begin:stop]`` how many of one pool arrived after each contact before its wait ended.

    `arrived` (rising between `begin` and `stop`) and `ends` are int64 arrays of length n, microseconds. Those who
    arrived at the same instant count where they stand behind.
    """
    for at in range(begin, stop):
        low, high = at + 1, stop
        while low < high:
            half = (low + high) // 2
            if arrived[half] < ends[at]:
                low = half + 1
            else:
                high = half
        out[at] = low - at - 1


@njit(cache=True, nogil=True)
def add_thresholds(
    arrived: Int64s,
    ends: Int64s,
    tier: Int8s,
    served: Flags,
    begin: int,
    end: int,
    stop: int,
    reach: int,
    steps: Int64s,
    pairs: Int64s,
) -> None:
    """Add for each pair of tiers what the pairs of contacts say of the difference of their head starts.

    Parameters
    ----------
    arrived, ends, tier, served : arrays, length n
        Contacts of one pool between `begin` and `stop`, in order of arrival and end; microseconds.
    begin, end, stop : int
        The earlier arrivals of the pairs, and where their pool ends.
    reach : int
        Differences from -reach to reach whole seconds are told apart.
    steps : int64 array, K by K by (2 reach + 1)
        Added to: by how much the number of violations changes at each difference (head start of the first tier
        less that of the second), the first element being the number at -reach. Only first < second is used.
    pairs : int64 array, K by K
        Added to.
    """
    for i in range(begin, end):
        for j in range(i + 1, stop):
            if arrived[j] >= ends[i]:
                break
            if tier[i] == tier[j] or ends[i] == ends[j] or arrived[i] >= ends[j]:
                continue
            first, other = (i, j) if ends[i] < ends[j] else (j, i)
            if not served[first]:
                continue
            if tier[first] < tier[other]:
                # violated while the difference is less than this
                needed = -((arrived[other] - arrived[first]) // _SECOND)
                pairs[tier[first], tier[other]] += 1
                if needed > -reach:
                    steps[tier[first], tier[other], 0] += 1
                    if needed <= reach:
                        steps[tier[first], tier[other], needed + reach] -= 1
            else:
                # violated from this difference on
                allowed = (arrived[other] - arrived[first]) // _SECOND + 1
                pairs[tier[other], tier[first]] += 1
                if allowed <= reach:
                    steps[tier[other], tier[first], max(allowed + reach, 0)] += 1


@njit(cache=True, nogil=True)
def beyond_rules(
    arrived: Int64s,
    ends: Int64s,
    tier: Int8s,
    may_pass: Flags,
    may_be_passed: Flags,
    begin: int,
    end: int,
    stop: int,
    rules: Int64s,
    counts: Int64s,
    by_excess: Int64s,
) -> None:
    """Count passes, and those that go beyond every rule.

    Parameters
    ----------
    arrived, ends, tier, may_pass, may_be_passed : arrays, length n
        Contacts of one pool between `begin` and `stop`, in order of arrival and end; microseconds.
    begin, end, stop : int
        Those who may be passed, and where their pool ends.
    rules : int64 array, rules by K
        Head starts by tier, microseconds. None of them allows a pass where the passer's arrival less its head start
        is later than that of the passed.
    counts : int64 array, K by K by (rules + 2)
        Passer by passed; added to: passes, those beyond each rule, those beyond all.
    by_excess : int64 array, length m
        Added to: passes beyond all by the whole seconds that they go beyond the most generous; the last counts more.
    """
    n_rules = rules.shape[0]
    for j in range(begin, end):
        if not may_be_passed[j]:
            continue
        for i in range(j + 1, stop):
            if arrived[i] >= ends[j]:
                break
            if not may_pass[i] or ends[i] >= ends[j] or arrived[i] == arrived[j]:
                continue
            counts[tier[i], tier[j], 0] += 1
            least = arrived[i] - arrived[j]
            for r in range(n_rules):
                excess = arrived[i] - arrived[j] - rules[r, tier[i]] + rules[r, tier[j]]
                counts[tier[i], tier[j], 1 + r] += excess > 0
                least = min(least, excess)
            if least > 0:
                counts[tier[i], tier[j], 1 + n_rules] += 1
                by_excess[min(least // _SECOND, by_excess.shape[0] - 1)] += 1


@njit(cache=True, nogil=True)
def list_beyond_rules(
    arrived: Int64s,
    ends: Int64s,
    tier: Int8s,
    may_pass: Flags,
    may_be_passed: Flags,
    begin: int,
    end: int,
    stop: int,
    rules: Int64s,
    from_s: int,
    out: Int64s,
) -> int:
    """Write the passes that go beyond all rules by `from_s` seconds or more to `out` and return how many there are.

    `out` is an int64 array, m by 3: place of the passer, place of the passed, microseconds beyond. What exceeds m is
    counted and not written. See `beyond_rules` for the others.
    """
    found = 0
    for j in range(begin, end):
        if not may_be_passed[j]:
            continue
        for i in range(j + 1, stop):
            if arrived[i] >= ends[j]:
                break
            if not may_pass[i] or ends[i] >= ends[j] or arrived[i] == arrived[j]:
                continue
            least = arrived[i] - arrived[j]
            for r in range(rules.shape[0]):
                least = min(least, arrived[i] - arrived[j] - rules[r, tier[i]] + rules[r, tier[j]])
            if least > 0 and least // _SECOND >= from_s:
                if found < out.shape[0]:
                    out[found, 0], out[found, 1], out[found, 2] = i, j, least
                found += 1
    return found


@njit(cache=True, nogil=True)
def first_passes(
    arrived: Int64s,
    ends: Int64s,
    may_pass: Flags,
    may_be_passed: Flags,
    begin: int,
    end: int,
    stop: int,
    out: Int64s,
) -> None:
    """Write to ``out[begin:end]`` when each contact was passed for the first times.

    `out` is an int64 array, n by k, full of values later than every end: the k earliest ends of waits of those who
    passed, rising. See `beyond_rules` for the others.
    """
    last = out.shape[1] - 1
    for j in range(begin, end):
        if not may_be_passed[j]:
            continue
        for i in range(j + 1, stop):
            if arrived[i] >= ends[j]:
                break
            if not may_pass[i] or ends[i] >= ends[j] or arrived[i] == arrived[j] or ends[i] >= out[j, last]:
                continue
            to = last
            while to > 0 and out[j, to - 1] > ends[i]:
                out[j, to] = out[j, to - 1]
                to -= 1
            out[j, to] = ends[i]


@njit(cache=True, nogil=True)
def stays(
    arrived: Int64s, ends: Int64s, left: Flags, passed_at: Int64s, edges: Int64s, rows: Int64s, out: Int64s
) -> int:
    """Cut waits where a contact was passed and where a band of time in line ends; return the number of pieces.

    Parameters
    ----------
    arrived, ends, left : arrays, length n
        Microseconds; whether the wait ended by leaving.
    passed_at : int64 array, n by k
        When the contact was passed for the first k times, as by `first_passes`.
    edges : int64 array
        Rising ends of the bands of time in line but the last, microseconds.
    rows : int64 array
        The contacts to cut.
    out : int64 array, m by 5
        Filled as far as it goes: contact, band, times passed so far (at most k), microseconds, whether it left then.
    """
    found = 0
    for row in rows:
        at, band, times = arrived[row], 0, 0
        while at < ends[row]:
            until = ends[row]
            if band < edges.shape[0]:
                until = min(until, arrived[row] + edges[band])
            if times < passed_at.shape[1]:
                until = min(until, passed_at[row, times])
            if until > at:
                if found < out.shape[0]:
                    out[found, 0], out[found, 1], out[found, 2] = row, band, times
                    out[found, 3], out[found, 4] = until - at, left[row] and until == ends[row]
                found += 1
                at = until
            while band < edges.shape[0] and at >= arrived[row] + edges[band]:
                band += 1
            while times < passed_at.shape[1] and at >= passed_at[row, times]:
                times += 1
    return found
