# ruff: noqa: PLR0917 - a kernel takes its arrays by position
"""Kernels for plans whose bill is more than a fee and one price: tiers, packs, minimums, and what came before.

All numbers are int64. Rows are a customer's months one after the other; a row is billed with what is carried over from
the rows before it. A month's lines are, for M meters: the fee, M overages, M packs, the fee of further lines, and what
tops the bill up to its minimum; each is rounded half up to the smallest unit of money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNPRICED, BEYOND, WITHIN = -1, 0, 1
"""No price in the month; usage beyond a cap, billed as within it; usage that can be had."""
STANDING: Final = 2**20
"""Months after which every promotion is over."""
LONG_AGO: Final = -(2**20)
"""The month in which a plan was taken, where that is not known."""


FEE, PROMO_MONTHS, PROMO_FEE, NEXT_PLAN, LINE_FEE, MIN_CHARGE = range(6)
"""Columns of `Rates.versions`: amounts, months (0 for none), position of the plan that follows (-1 for none)."""
(
    INCLUDED,  # -1 for unlimited
    UNIT,  # what started units are of; 1 where they do not matter
    FIRST,  # where the tiers begin and end
    STOP,
    DIVISOR,  # of the tiers' prices
    VOLUME,  # 1 where all of the overage has one price
    PACK_SIZE,  # 0 for none
    PACK_PRICE,
    PACK_DIVISOR,
    PACK_PERIOD,  # packs after which rounding repeats itself
    ROLLOVER,  # months
    CARRIED_FIRST,
    CAP,  # -1 for none
) = range(13)
"""Columns of `Rates.terms`."""
UP_TO, PRICE, PACK_SLOPE = range(3)
"""Columns of `Rates.tiers`: upper bound of the overage; price; whether a pack costs more than it saves, 1, 0 or -1."""


class Rates(NamedTuple):
    """Prices of V versions of P plans for M meters and T months: int64, in few arrays, as each one is counted.

    Quantities are in the kernel's units of each meter, money in the smallest unit.
    """

    version_of: NDArray[Any]  # [P, T], -1 where the plan has no price in the month
    versions: NDArray[Any]  # [V, 6]
    terms: NDArray[Any]  # [V * M, 13], by version, then meter
    tiers: NDArray[Any]  # [K, 3]
    pooled: NDArray[Any]  # [P], 0 or 1
    longest: int  # the longest rollover


@njit(cache=True, nogil=True, inline="always")
def overage(terms: Any, tiers: Any, at: int, over: Any) -> Any:
    """Price what exceeds allowance and packs: in tiers, half up."""
    unit = terms[at, UNIT]
    over = (over + unit - 1) // unit * unit
    first, stop = terms[at, FIRST], terms[at, STOP]
    top = np.int64(0)
    if terms[at, VOLUME]:
        k = first
        while over > tiers[k, UP_TO]:
            k += 1
        top = over * tiers[k, PRICE]
    else:
        below = np.int64(0)
        for k in range(first, stop):
            reach = min(over, tiers[k, UP_TO])
            top += (reach - below) * tiers[k, PRICE]
            below = reach
            if over <= reach:
                break
    return (top + terms[at, DIVISOR] // 2) // terms[at, DIVISOR]


@njit(cache=True, nogil=True, inline="always")
def packs_and_overage(terms: Any, tiers: Any, at: int, over: Any) -> tuple[Any, Any]:
    """Cover what exceeds the allowance by the cheapest number of packs, of equals the fewest, and overage.

    Where what is left for overage stays in one tier, the cost is linear in the number of packs but for rounding, so it
    is looked for from the end where it is least until no further number can be as cheap.
    """
    size, first, stop = terms[at, PACK_SIZE], terms[at, FIRST], terms[at, STOP]
    if size == 0:
        return np.int64(0), overage(terms, tiers, at, over)
    price, divisor, unit = terms[at, PACK_PRICE], terms[at, PACK_DIVISOR], terms[at, UNIT]
    most = (over + size - 1) // size
    packs, rest, number = (most * price + divisor // 2) // divisor, np.int64(0), most
    if first == stop:
        return packs, rest
    below = most  # the first number of packs that leaves less than the tier
    for tier in range(first, stop):
        reach = tiers[tier, UP_TO] // unit * unit
        begin = np.int64(0) if over <= reach else (over - reach + size - 1) // size
        packs, rest, number = _within_tier(terms, tiers, at, tier, over, min(begin, below), below, packs, rest, number)
        below = min(begin, below)
        if below == 0:
            break
    return packs, rest


@njit(cache=True, nogil=True, inline="always")
def _within_tier(
    terms: Any, tiers: Any, at: int, tier: int, over: Any, begin: Any, end: Any, packs: Any, rest: Any, number: Any
) -> tuple[Any, Any, Any]:
    """Improve on a number of packs among begin..end - 1, all of which leave an overage in one tier."""
    size, price, divisor = terms[at, PACK_SIZE], terms[at, PACK_PRICE], terms[at, PACK_DIVISOR]
    a_pack, a_unit = price / divisor, tiers[tier, PRICE] / terms[at, DIVISOR]
    rises = tiers[tier, PACK_SLOPE] >= 0
    base = 0.0
    if not terms[at, VOLUME]:
        before = np.int64(0)
        for k in range(terms[at, FIRST], tier):
            base += (tiers[k, UP_TO] - before) * (tiers[k, PRICE] / terms[at, DIVISOR])
            before = tiers[k, UP_TO]
        base -= before * a_unit
    for step in range(min(end - begin, terms[at, PACK_PERIOD])):
        k = begin + step if rises else end - 1 - step
        least = k * a_pack + base + (over - k * size) * a_unit
        best = packs + rest
        if least - 1.0 - 1e-9 * abs(least) - 1e-6 > best:
            break  # each of two lines was rounded by half a unit at most
        some, other = (k * price + divisor // 2) // divisor, overage(terms, tiers, at, over - k * size)
        if some + other < best or (some + other == best and k < number):
            packs, rest, number = some, other, k
    return packs, rest, number


@njit(cache=True, nogil=True, inline="always")
def _take(carried: Any, m: int, wanted: Any) -> Any:
    """Take what is wanted from what was carried over, that which lapses first; return what is still wanted."""
    for k in range(1, carried.shape[1]):
        taken = min(wanted, carried[m, k])
        carried[m, k] -= taken
        wanted -= taken
    return wanted


@njit(cache=True, nogil=True, inline="always")
def beyond(terms: Any, at: int, m: int, used: Any, carried: Any) -> Any:
    """Return what of a month's usage exceeds the allowance and what was carried over, and carry the rest on.

    `carried` [M, longest + 1] holds by meter what may still be used for 1, 2, ... months.
    """
    over, left, allowance = np.int64(0), np.int64(0), terms[at, INCLUDED]
    if allowance >= 0:
        wanted = _take(carried, m, used) if terms[at, CARRIED_FIRST] else used
        over, left = max(np.int64(0), wanted - allowance), max(np.int64(0), allowance - wanted)
        if not terms[at, CARRIED_FIRST]:
            over = _take(carried, m, over)
    last = carried.shape[1] - 1
    for k in range(1, last):
        carried[m, k] = carried[m, k + 1]
    if last > 0:
        carried[m, last] = 0
        if terms[at, ROLLOVER] > 0:
            carried[m, terms[at, ROLLOVER]] += left
    return over


@njit(cache=True, nogil=True, inline="always")
def rate(
    version_of: Any, versions: Any, terms: Any, tiers: Any, p: int, month: int, age: int, used: Any, i: int, count: int,
    carried: Any, line: Any,
) -> int:  # fmt: skip
    """Fill in the lines of row `i` on plan `p`, `age` months after it was taken, for `count` lines of an account."""
    line[:] = 0
    v = version_of[p, month]
    if v >= 0 and versions[v, NEXT_PLAN] >= 0 and age >= versions[v, PROMO_MONTHS]:
        v = version_of[versions[v, NEXT_PLAN], month]
        age = STANDING
    if v < 0:
        carried[:] = 0
        line[:] = -1
        return UNPRICED
    state, meters = WITHIN, used.shape[0]
    line[0] = versions[v, PROMO_FEE] if age < versions[v, PROMO_MONTHS] else versions[v, FEE]
    total = line[0]
    for m in range(meters):
        at, have = v * meters + m, np.int64(used[m, i])
        if terms[at, CAP] >= 0 and have > terms[at, CAP]:
            have = terms[at, CAP]
            state = BEYOND
        over = beyond(terms, at, m, have, carried)
        if over > 0:
            packs, rest = packs_and_overage(terms, tiers, at, over)
            line[1 + m], line[1 + meters + m] = rest, packs
            total += packs + rest
    line[1 + 2 * meters] = versions[v, LINE_FEE] * (count - 1)
    total += line[1 + 2 * meters]
    line[2 + 2 * meters] = max(np.int64(0), versions[v, MIN_CHARGE] - total)
    return state


@njit(cache=True, nogil=True)
def as_if_held(
    r: Any, starts: Any, month: Any, held: Any, used: Any, counts: Any, plans: Any, lo: int, hi: int,
    none: int, total: Any, state: Any, lines: Any,
) -> None:  # fmt: skip
    """Bill the rows of customers lo..hi on each of `plans` as if it had long been held.

    A chain of carried amounts begins with each stretch of consecutive months. `counts` [N] are lines of an account,
    empty where all are 1. Writes `total` [K, rows], `none` where a plan has no price or is pooled while the row's plan
    is not; `state` int8 [K, rows]; and `lines` [rows, K, 3 + 2 M] where it is not empty.
    """
    base = starts[lo]
    version_of, versions, terms, tiers, pooled = r.version_of, r.versions, r.terms, r.tiers, r.pooled
    carried, line = np.zeros((used.shape[0], r.longest + 1), np.int64), np.zeros(3 + 2 * used.shape[0], np.int64)
    for k in range(len(plans)):
        p = plans[k]
        for c in range(lo, hi):
            carried[:] = 0
            for i in range(starts[c], starts[c + 1]):
                if i > starts[c] and month[i] != month[i - 1] + 1:
                    carried[:] = 0
                found = rate(
                    version_of,
                    versions,
                    terms,
                    tiers,
                    p,
                    month[i],
                    STANDING,
                    used,
                    i,
                    counts[i] if len(counts) else 1,
                    carried,
                    line,
                )
                if held[i] >= 0 and pooled[held[i]] != pooled[p]:
                    found = UNPRICED
                    line[:] = -1
                state[k, i - base] = found
                total[k, i - base] = none if found == UNPRICED else line.sum()
                if len(lines):
                    lines[i - base, k] = line


@njit(cache=True, nogil=True)
def as_held(
    r: Any, starts: Any, month: Any, held: Any, taken: Any, used: Any, counts: Any, lo: int, hi: int,
    total: Any, state: Any, lines: Any,
) -> None:  # fmt: skip
    """Bill the rows of customers lo..hi on the plans that they held, promotions and what was carried over included.

    `held` below 0 has no price. `taken` [N] is the month in which the plan was taken. A gap or a change of plan ends a
    chain. Writes `total` [rows], -1 without a price, `state` int8 [rows], and `lines` [rows, 3 + 2 M] where it is not
    empty.
    """
    base = starts[lo]
    version_of, versions, terms, tiers = r.version_of, r.versions, r.terms, r.tiers
    carried, line = np.zeros((used.shape[0], r.longest + 1), np.int64), np.zeros(3 + 2 * used.shape[0], np.int64)
    for c in range(lo, hi):
        for i in range(starts[c], starts[c + 1]):
            if i == starts[c] or month[i] != month[i - 1] + 1 or held[i] != held[i - 1]:
                carried[:] = 0
            age, found = month[i] - taken[i], UNPRICED
            line[:] = -1
            if held[i] >= 0:
                found = rate(
                    version_of,
                    versions,
                    terms,
                    tiers,
                    held[i],
                    month[i],
                    age,
                    used,
                    i,
                    counts[i] if len(counts) else 1,
                    carried,
                    line,
                )
            state[i - base] = found
            total[i - base] = -1 if found == UNPRICED else line.sum()
            if len(lines):
                lines[i - base] = line


@njit(cache=True, nogil=True)
def carry_on(
    r: Any, starts: Any, month: Any, held: Any, taken: Any, used: Any, last: int, lo: int, hi: int, out: Any
) -> None:
    """Write what customers lo..hi have carried over when month `last` ends, on the plan held, [C, M, longest + 1]."""
    version_of, versions, terms, tiers = r.version_of, r.versions, r.terms, r.tiers
    carried, line = np.zeros((used.shape[0], r.longest + 1), np.int64), np.zeros(3 + 2 * used.shape[0], np.int64)
    for c in range(lo, hi):
        out[c] = 0
        for i in range(starts[c], starts[c + 1]):
            if month[i] > last:
                break
            if i == starts[c] or month[i] != month[i - 1] + 1 or held[i] != held[i - 1]:
                carried[:] = 0
            if held[i] >= 0:
                rate(
                    version_of,
                    versions,
                    terms,
                    tiers,
                    held[i],
                    month[i],
                    month[i] - taken[i],
                    used,
                    i,
                    1,
                    carried,
                    line,
                )
            if month[i] == last:
                out[c] = carried


@njit(cache=True, nogil=True)
def rate_paths(
    r: Any, plans: Any, used: Any, horizon: int, held: Any, age: Any, counts: Any, carried_at: Any,
    bills: Any, over: Any, within: Any,
) -> None:  # fmt: skip
    """Bill n months of paths of `horizon` months on each of `plans`, all at the prices of the rates' first month.

    Paths belong in equal shares to B customers: `held` [B] the plan held, -1 for none, `age` [B] months on it at the
    end of the month before the paths, `counts` [B] lines, `carried_at` [B, M, longest + 1]. A plan that is not held is
    taken when the path begins. Writes the rows `plans` of `bills` [P, n], -1 without a price, and of `over` and
    `within`, bool [P, n].
    """
    paths = used.shape[1] // horizon
    each = max(1, paths // max(1, len(held)))
    version_of, versions, terms, tiers, pooled = r.version_of, r.versions, r.terms, r.tiers, r.pooled
    carried, line = np.zeros((used.shape[0], r.longest + 1), np.int64), np.zeros(3 + 2 * used.shape[0], np.int64)
    for p in plans:
        for path in range(paths):
            b = path // each
            own = held[b] == p
            carried[:] = 0
            if own:
                carried[:] = carried_at[b]
            for h in range(horizon):
                i = path * horizon + h
                months = age[b] + h + 1 if own else h
                found = rate(version_of, versions, terms, tiers, p, 0, months, used, i, counts[b], carried, line)
                if held[b] >= 0 and pooled[held[b]] != pooled[p]:
                    found = UNPRICED
                bills[p, i] = -1 if found == UNPRICED else line.sum()
                over[p, i] = line[1:-2].sum() > 0
                within[p, i] = found == WITHIN


@njit(cache=True, nogil=True)
def taken_months(starts: Any, month: Any, held: Any, since: Any, joined: Any, lo: int, hi: int, out: Any) -> None:
    """Write for each row of customers lo..hi the month in which the plan held was taken, `LONG_AGO` if not known.

    It is the month of the first row on the plan where another plan was held before, or where the customer joined no
    earlier; for the last stretch on one plan it is `since` [C] where that is given (else `LONG_AGO`) and not before the
    last row on another plan. `joined` [C] is `LONG_AGO` where it is not known.
    """
    for c in range(lo, hi):
        start, stop = starts[c], starts[c + 1]
        last = stop - 1
        while last > start and held[last - 1] == held[last]:
            last -= 1
        told = since[c] if last == start or since[c] >= month[last - 1] else LONG_AGO
        taken = LONG_AGO
        for i in range(start, stop):
            if i == start:
                taken = month[i] if joined[c] >= month[i] else LONG_AGO
            elif held[i] != held[i - 1]:
                taken = month[i]
            out[i] = told if i >= last and told != LONG_AGO and told <= month[i] else taken
