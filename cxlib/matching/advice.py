# ruff: noqa: PLR0917 - compiled functions take arrays by position
"""From the bills of a customer's possible futures to a choice between plans: one pass, no table left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

INTERVAL: Final = (0.1, 0.9)
SAFE_QUANTILE: Final = 0.9
LEAST_WITHIN: Final = 0.9
"""A plan with a cap may be advised if at least this share of the futures stays within it in every month."""


class Advice(NamedTuple):
    """What is advised to each of B customers. Plans are positions, -1 for none; money is in minor units."""

    other: NDArray[np.int32]  # the best plan besides the one held
    advised: NDArray[np.int32]  # `other`, or the plan held where the advice is to stay
    cheapest: NDArray[np.int32]
    safest: NDArray[np.int32]
    headroom: NDArray[np.int32]
    cost_held: NDArray[np.float64]  # expected over the horizon
    cost_other: NDArray[np.float64]  # the same, without what the switch costs
    p_saves: NDArray[np.float64]  # of `other`, what the switch costs deducted
    low: NDArray[np.float64]  # 80 % interval of the bill of the plan held less that of `other`
    middle: NDArray[np.float64]  # median of the same
    high: NDArray[np.float64]
    p_within: NDArray[
        np.float64
    ]  # share of the futures within the cap of `advised`, not a number where no plan has one


def new_advice(n: int) -> Advice:
    """Return room for the advice to `n` customers."""
    plans, numbers = np.full((5, n), -1, dtype=np.int32), np.full((7, n), np.nan)
    return Advice._make([*plans, *numbers])


@njit(cache=True, nogil=True)
def advise(
    bills: Any,
    fee: Any,
    within: Any,
    over: Any,
    draws: Any,
    horizon: int,
    held: Any,
    may: Any,
    switching: Any,
    least: int,
    at: Any,
    out: Any,
) -> None:
    """Choose between plans for each of B customers.

    Parameters
    ----------
    bills : int64 [P, B * K * horizon]
        Bill of each month of each of K possible futures on each plan, minor units; -1 where unpriced.
    fee : int64 [P]
        Fee of a month: a bill that equals it has no overage.
    within : bool [P, B * K * horizon]
        Whether each month stays within the cap of each plan; of no length where no plan has one.
    over : bool [P, B * K * horizon]
        Whether more than the fee is charged; of no length where every bill above the fee says so.
    draws : int64 [B]
        How many of the K futures are there.
    held : int32 [B]
    may : bool [B, P]
        Whether the customer may take the plan.
    switching : int64 [B, P]
        What taking the plan costs once.
    least : int
        Stay unless the expected saving over the horizon is above it.
    at : int64 [B]
        Where in `out` each customer stands.
    out : Advice
        Written to.
    """
    plans, customers, capped = bills.shape[0], len(draws), within.size > 0
    slots = bills.shape[1] // max(1, customers * horizon)
    cost = np.empty((plans, slots), np.int64)
    total = np.empty(plans, np.int64)
    high = np.empty(plans, np.float64)
    room = np.empty(plans, np.int64)
    inside = np.ones(plans, np.float64)
    allowed = np.empty(plans, np.bool_)
    top = np.empty(slots, np.int64)
    for b in range(customers):
        n, h, i, start = draws[b], held[b], at[b], b * slots * horizon
        for p in range(plans):
            allowed[p] = may[b, p] and p != h
            if not allowed[p] and p != h:
                continue
            if capped:
                inside[p] = _inside(within[p], start, horizon, n)
                allowed[p] = allowed[p] and inside[p] >= LEAST_WITHIN
            room[p] = _add_up(bills[p], fee[p], start, horizon, n, cost[p])
            if over.size > 0:
                room[p] = n * horizon - over[p, start : start + n * horizon].sum()
            extra = switching[b, p] if p != h else 0
            total[p] = cost[p, :n].sum() + extra * n
            high[p] = upper_quantile(cost[p, :n], SAFE_QUANTILE, top) + extra
        out.safest[i], out.headroom[i] = _options(h, allowed, total, high, room)
        _choose(cost[:, :n], total, h, allowed, switching[b], least, i, out)
        if capped:
            out.p_within[i] = inside[out.advised[i]]


@njit(cache=True, nogil=True)
def _choose(cost: Any, total: Any, held: int, allowed: Any, switching: Any, least: int, i: int, out: Any) -> None:
    """Choose the plan with the least total, and say how the plan held compares with the best other one."""
    n, other = cost.shape[1], -1
    for p in range(len(total)):
        if allowed[p] and (other < 0 or total[p] < total[other]):
            other = p
    out.cost_held[i] = total[held] / n
    out.other[i] = other
    out.advised[i] = out.cheapest[i] = held
    if other < 0:
        return
    extra = switching[other]
    out.cost_other[i] = total[other] / n - extra
    difference = cost[held] - cost[other]
    out.p_saves[i] = (difference > extra).sum() / n
    difference = np.sort(difference)
    out.low[i], out.high[i] = quantile(difference, INTERVAL[0]), quantile(difference, INTERVAL[1])
    out.middle[i] = quantile(difference, 0.5)
    if total[other] < total[held]:
        out.cheapest[i] = other
    if total[held] - total[other] > least * n:
        out.advised[i] = other


@njit(cache=True, nogil=True)
def quantile(ordered: Any, share: float) -> float:
    """Return a quantile of sorted numbers by linear interpolation."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


@njit(cache=True, nogil=True)
def upper_quantile(values: Any, share: float, top: Any) -> float:
    """Return a quantile near the top by linear interpolation, without sorting what lies below it.

    `top` is room for as many numbers as there are values.
    """
    n = len(values)
    place = share * (n - 1)
    below = int(place)
    wanted = n - below
    found = 0
    for value in values:
        if found == wanted and value <= top[wanted - 1]:
            continue
        at = min(found, wanted - 1)
        while at > 0 and top[at - 1] < value:
            top[at] = top[at - 1]
            at -= 1
        top[at] = value
        found = min(found + 1, wanted)
    low = top[wanted - 1]
    above = top[max(wanted - 2, 0)]
    return float(low + (place - below) * (above - low))


@njit(cache=True, nogil=True)
def _add_up(bills: Any, fee: int, start: int, horizon: int, n: int, cost: Any) -> int:
    """Add up a plan's bills by future, and return how many months are without overage."""
    at = start
    free = 0
    for k in range(n):
        sum_ = np.int64(0)
        for _ in range(horizon):
            sum_ += bills[at]
            free += bills[at] == fee
            at += 1
        cost[k] = sum_
    return free


@njit(cache=True, nogil=True)
def _inside(within: Any, start: int, horizon: int, n: int) -> float:
    """Return the share of the futures that stay within a plan's cap in every month."""
    inside = 0
    for k in range(n):
        kept = True
        for h in range(horizon):
            kept = kept and within[start + k * horizon + h]
        inside += kept
    return inside / n


@njit(cache=True, nogil=True)
def _options(held: int, allowed: Any, total: Any, high: Any, room: Any) -> tuple[int, int]:
    """Return the plan with the safest bill and that with the most headroom; the plan held wins ties."""
    safest, headroom = held, held
    for p in range(len(total)):
        if not allowed[p]:
            continue
        if high[p] < high[safest] or (high[p] == high[safest] and total[p] < total[safest]):
            safest = p
        if room[p] > room[headroom] or (room[p] == room[headroom] and total[p] < total[headroom]):
            headroom = p
    return safest, headroom
