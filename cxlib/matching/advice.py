# ruff: noqa: PLR0917 - compiled functions take arrays by position
"""From the bills of a customer's possible futures to a choice between plans: one pass, no table left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

INTERVAL = (0.1, 0.9)
SAFE_QUANTILE = 0.9


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
    high: NDArray[np.float64]


def new_advice(n: int) -> Advice:
    """Return room for the advice to `n` customers."""
    plans, numbers = np.full((5, n), -1, dtype=np.int32), np.full((5, n), np.nan)
    return Advice._make([*plans, *numbers])


@njit(cache=True, nogil=True)
def advise(
    bills: Any, fee: Any, draws: Any, horizon: int, held: Any, may: Any, switching: Any, least: int, at: Any, out: Any
) -> None:
    """Choose between plans for each of B customers.

    Parameters
    ----------
    bills : int64 [P, B * K * horizon]
        Bill of each month of each of K possible futures on each plan, minor units; -1 where unpriced.
    fee : int64 [P]
        Fee of a month: a bill that equals it has no overage.
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
    plans, customers = bills.shape[0], len(draws)
    slots = bills.shape[1] // max(1, customers * horizon)
    cost = np.empty((plans, slots), np.int64)
    total = np.empty(plans, np.int64)
    high = np.empty(plans, np.float64)
    within = np.empty(plans, np.int64)
    for b in range(customers):
        n, h, i = draws[b], held[b], at[b]
        for p in range(plans):
            _total(bills, fee[p], p, b * slots * horizon, horizon, n, cost, total, within)
            extra = switching[b, p] if p != h else 0
            total[p] += extra * n
            high[p] = quantile(np.sort(cost[p, :n]), SAFE_QUANTILE) + extra
        other = -1
        for p in range(plans):
            if p != h and may[b, p] and (other < 0 or total[p] < total[other]):
                other = p
        out.cost_held[i] = total[h] / n
        out.other[i] = other
        out.advised[i] = out.cheapest[i] = h
        if other >= 0:
            extra = switching[b, other]
            out.cost_other[i] = total[other] / n - extra
            difference = cost[h, :n] - cost[other, :n]
            out.p_saves[i] = (difference > extra).sum() / n
            difference = np.sort(difference)
            out.low[i], out.high[i] = quantile(difference, INTERVAL[0]), quantile(difference, INTERVAL[1])
            if total[other] < total[h]:
                out.cheapest[i] = other
            if total[h] - total[other] > least * n:
                out.advised[i] = other
        out.safest[i], out.headroom[i] = _options(h, may[b], total, high, within)


@njit(cache=True, nogil=True)
def quantile(ordered: Any, share: float) -> float:
    """Return a quantile of sorted numbers by linear interpolation."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


@njit(cache=True, nogil=True)
def _total(bills: Any, fee: int, p: int, start: int, horizon: int, n: int, cost: Any, total: Any, within: Any) -> None:
    """Add up a plan's bills by future and over all, and count the months without overage."""
    total[p] = 0
    within[p] = 0
    at = start
    for k in range(n):
        sum_ = np.int64(0)
        for _ in range(horizon):
            sum_ += bills[p, at]
            within[p] += bills[p, at] == fee
            at += 1
        cost[p, k] = sum_
        total[p] += sum_


@njit(cache=True, nogil=True)
def _options(held: int, may: Any, total: Any, high: Any, within: Any) -> tuple[int, int]:
    """Return the plan with the safest bill and that with the most headroom; the plan held wins ties."""
    safest, headroom = held, held
    for p in range(len(total)):
        if p == held or not may[p]:
            continue
        if high[p] < high[safest] or (high[p] == high[safest] and total[p] < total[safest]):
            safest = p
        if within[p] > within[headroom] or (within[p] == within[headroom] and total[p] < total[headroom]):
            headroom = p
    return safest, headroom
