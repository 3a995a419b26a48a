"""Kernels over columns of whole numbers: bills and the flag.

All arrays of one call are int32 or all are int64, whichever `tariffs.tariff_for` found to be safe, so that nothing
overflows. Rows are usage rows sorted by customer and month; work goes by chunks of rows that fit the processor's
cache, plan by plan, without branches in the innermost loops.
"""

# ruff: noqa: PLR0917, PLW3301 - a kernel takes its arrays by position, and min of three is two comparisons here
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import overload

if TYPE_CHECKING:
    from numpy.typing import NDArray

FREE, WHOLE, PART, STARTED_WHOLE, STARTED_PART = range(5)
"""How a line is priced: not at all; a whole number of money units per unit of usage; a fraction of them; the same
two per started unit."""


class Tariff(NamedTuple):
    """Prices in the kernel's units. V versions of P plans, M meters, T months; `kind` is int32 or int64."""

    version_of: NDArray[Any]  # int32 [P, T], -1 where the plan has no price in the month
    sole: NDArray[Any]  # int32 [P], the one version that holds in all months, else -1
    fee: NDArray[Any]  # kind [V]
    mode: NDArray[Any]  # uint8 [V, M]
    included: NDArray[Any]  # kind [V, M]
    price: NDArray[Any]  # kind [V, M], numerator of the reduced price
    half: NDArray[Any]  # kind [V, M], half the denominator
    magic: NDArray[Any]  # uint64 [V, M], division by the denominator
    shift: NDArray[Any]  # uint64 [V, M]
    trio: NDArray[Any]  # int32 [V, 3], meters in mode WHOLE that are added up together
    trio_included: NDArray[Any]  # kind [V, 3]
    trio_price: NDArray[Any]  # kind [V, 3], 0 where there are fewer
    alone: NDArray[Any]  # bool [V, M], meters that are added one by one
    unit_less: NDArray[Any]  # kind [V, M], unit size less one
    unit_magic: NDArray[Any]  # uint64 [V, M], division by the unit size
    unit_shift: NDArray[Any]  # uint64 [V, M]
    unpriced: NDArray[Any]  # kind [1], dearer than every bill


class Rows(NamedTuple):
    """Usage rows: N rows of M meters."""

    quantity: NDArray[Any]  # kind [M, N]
    month: NDArray[Any]  # int16 [N], from the first month of the tariff
    held: NDArray[Any]  # int16 [N], position of the plan held


class Offers(NamedTuple):
    """Who may take which plan when."""

    open_to_all: NDArray[Any]  # bool [P], on sale in all months to everybody
    on_sale: NDArray[Any]  # bool [P, T]
    segment: NDArray[Any]  # int32 [V], -1 for everybody
    min_tenure: NDArray[Any]  # int32 [V], months
    customer: NDArray[Any]  # int32 [N] of the row; empty where all plans are open to all
    in_region: NDArray[Any]  # bool [V, codes + 1], by the customer's region, the last for those in none that is named
    tier: NDArray[Any]  # int32 [C], a segment's code, -2 where there is none
    need: NDArray[Any]  # int32 [C]
    region: NDArray[Any]  # int32 [C]
    joined: NDArray[Any]  # int32 [C], month whose end completes 0 months; far ahead where not known


def _quotient(x: Any, magic: Any, shift: Any) -> Any:
    """Divide by an invariant through a multiplication (Granlund and Montgomery 1994); exact for every x >= 0."""
    raise NotImplementedError


@overload(_quotient, inline="always")
def _quotient_of(x: Any, magic: Any, shift: Any) -> Any:  # noqa: ARG001
    if x == types.int32:
        return _narrow_quotient
    return _wide_quotient


def _narrow_quotient(x: Any, magic: Any, shift: Any) -> Any:
    upper = (np.uint64(np.uint32(x)) * np.uint64(np.uint32(magic))) >> np.uint64(32)
    return np.int32(np.uint32(upper) >> np.uint32(shift))


def _wide_quotient(x: Any, magic: Any, shift: Any) -> Any:
    low, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    a = np.uint64(x)
    a1, a0, b1, b0 = a >> low, a & mask, magic >> low, magic & mask
    middle = a1 * b0 + ((a0 * b0) >> low)
    upper = a1 * b1 + (middle >> low) + ((a0 * b1 + (middle & mask)) >> low)
    return np.int64(upper >> shift)


@njit(cache=True, nogil=True, inline="always")
def _add_line(cost: Any, used: Any, t: Any, v: int, m: int) -> None:
    """Add the line of one meter at version `v` to the cost of every row."""
    _line(
        cost, used, t.mode[v, m], t.included[v, m], t.price[v, m], t.half[v, m], t.magic[v, m], t.shift[v, m],
        t.unit_less[v, m], t.unit_magic[v, m], t.unit_shift[v, m],
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _line(
    cost: Any, used: Any, mode: int, included: Any, price: Any, half: Any, magic: Any, shift: Any,
    less: Any, unit_magic: Any, unit_shift: Any,
) -> None:  # fmt: skip
    kind = cost.dtype.type
    if mode == WHOLE:
        for i in range(len(cost)):
            over = max(kind(used[i] - included), kind(0))
            cost[i] += kind(over * price)
    elif mode == PART:
        for i in range(len(cost)):
            over = max(kind(used[i] - included), kind(0))
            cost[i] += _quotient(kind(kind(over * price) + half), magic, shift)
    elif mode == STARTED_WHOLE:
        for i in range(len(cost)):
            over = max(kind(used[i] - included), kind(0))
            units = _quotient(kind(over + less), unit_magic, unit_shift)
            cost[i] += kind(units * price)
    elif mode == STARTED_PART:
        for i in range(len(cost)):
            over = max(kind(used[i] - included), kind(0))
            units = _quotient(kind(over + less), unit_magic, unit_shift)
            cost[i] += _quotient(kind(kind(units * price) + half), magic, shift)


@njit(cache=True, nogil=True)
def _three_lines(
    cost: Any, fee: Any, u: Any, v: Any, w: Any, u0: Any, v0: Any, w0: Any, u1: Any, v1: Any, w1: Any
) -> None:
    """Set the cost to the fee and three lines at once: a third of the memory traffic.

    Scalars are passed one by one, because a view made for every plan and chunk would cost as much as the work.
    """
    kind = cost.dtype.type
    for i in range(len(cost)):
        a = kind(max(kind(u[i] - u0), kind(0)) * u1)
        b = kind(max(kind(v[i] - v0), kind(0)) * v1)
        c = kind(max(kind(w[i] - w0), kind(0)) * w1)
        cost[i] = kind(kind(kind(fee + a) + b) + c)


@njit(cache=True, nogil=True, inline="always")
def _version_cost(cost: Any, used: Any, t: Any, v: int) -> None:
    """Bill a chunk's usage at one price version."""
    n = len(cost)
    if t.trio[v, 0] >= 0:
        _three_lines(
            cost, t.fee[v], used[t.trio[v, 0], :n], used[t.trio[v, 1], :n], used[t.trio[v, 2], :n],
            t.trio_included[v, 0], t.trio_included[v, 1], t.trio_included[v, 2],
            t.trio_price[v, 0], t.trio_price[v, 1], t.trio_price[v, 2],
        )  # fmt: skip
    else:
        cost[:] = t.fee[v]
    for m in range(used.shape[0]):
        if t.alone[v, m]:
            _add_line(cost, used[m, :n], t, v, m)


@njit(cache=True, nogil=True)
def _versions_cost(cost: Any, spare: Any, used: Any, months: Any, t: Any, p: int) -> None:
    """Bill a chunk's usage on a plan whose price changes, or that has none in some months."""
    cost[:] = t.unpriced[0]
    before = -1
    for month in range(t.version_of.shape[1]):
        v = t.version_of[p, month]
        if v < 0 or v == before:
            continue
        before = v
        _version_cost(spare, used, t, v)
        for i in range(len(cost)):
            if t.version_of[p, months[i]] == v:
                cost[i] = spare[i]


@njit(cache=True, nogil=True, inline="always")
def _cost(cost: Any, spare: Any, used: Any, months: Any, t: Any, p: int) -> None:
    """Bill a chunk's usage on plan `p` into `cost`; `spare` is room of the same length."""
    if t.sole[p] >= 0:
        _version_cost(cost, used, t, t.sole[p])
    else:
        _versions_cost(cost, spare, used, months, t, p)


@njit(cache=True, nogil=True)
def _load(rows: Any, lo: int, n: int, used: Any, months: Any) -> None:
    """Copy a chunk into the thread's own arrays, as views of shared ones would have threads count references."""
    for m in range(used.shape[0]):
        for i in range(n):
            used[m, i] = rows.quantity[m, lo + i]
    for i in range(n):
        months[i] = rows.month[lo + i]


@njit(cache=True, nogil=True, inline="always")
def _open_to(offers: Any, v: int, month: int, c: int) -> bool:
    """Whether a version that is on sale is for customer `c` at the end of the month."""
    segment, tenure, region = offers.segment[v], offers.min_tenure[v], offers.region[c]
    by_segment = segment < 0 or offers.tier[c] == segment or offers.need[c] == segment
    by_tenure = tenure <= 0 or month - offers.joined[c] >= tenure
    return bool(by_segment and by_tenure and offers.in_region[v, region if region >= 0 else -1])


@njit(cache=True, nogil=True)
def _may_take(may: Any, rows: Any, t: Any, offers: Any, p: int, lo: int) -> None:
    """Mark the rows from `lo` whose customer could take plan `p` at the end of the month, contracts apart."""
    for j in range(len(may)):
        month = rows.month[lo + j]
        v = t.version_of[p, month]
        may[j] = v >= 0 and offers.on_sale[p, month] and _open_to(offers, v, month, offers.customer[lo + j])


@njit(cache=True, nogil=True)
def open_offers(version_of: Any, offers: Any, month: int, out: Any) -> None:
    """Write whether each customer could take each plan at the end of a month, contracts apart, bool [C, P]."""
    for c in range(out.shape[0]):
        for p in range(out.shape[1]):
            v = version_of[p, month]
            out[c, p] = v >= 0 and offers.on_sale[p, month] and _open_to(offers, v, month, c)


@njit(cache=True, nogil=True)
def bill_all_rows(rows: Any, t: Any, lo: int, hi: int, out: Any) -> None:
    """Bill rows lo..hi on every plan into `out`, int64 [P, N]; -1 where the plan has no price in the month."""
    step = 2048
    cost, spare = np.empty(step, rows.quantity.dtype), np.empty(step, rows.quantity.dtype)
    used, month = np.empty((rows.quantity.shape[0], step), rows.quantity.dtype), np.empty(step, np.int16)
    for a in range(lo, hi, step):
        n = min(step, hi - a)
        _load(rows, a, n, used, month)
        for p in range(len(t.sole)):
            _cost(cost[:n], spare[:n], used, month, t, p)
            for i in range(n):
                out[p, a + i] = np.int64(cost[i]) if cost[i] != t.unpriced[0] else np.int64(-1)


@njit(cache=True, nogil=True)
def bill_some_rows(rows: Any, t: Any, plans: Any, lo: int, hi: int, out: Any) -> None:
    """Bill rows lo..hi on each of `plans` into its row of `out`, int64 [P, hi - lo]; `t.unpriced` without a price."""
    step = 2048
    cost, spare = np.empty(step, rows.quantity.dtype), np.empty(step, rows.quantity.dtype)
    used, month = np.empty((rows.quantity.shape[0], step), rows.quantity.dtype), np.empty(step, np.int16)
    for a in range(lo, hi, step):
        n = min(step, hi - a)
        _load(rows, a, n, used, month)
        for p in plans:
            _cost(cost[:n], spare[:n], used, month, t, p)
            for i in range(n):
                out[p, a - lo + i] = cost[i]


@njit(cache=True, nogil=True)
def bill_lines(rows: Any, t: Any, plans: Any, lo: int, hi: int, out: Any) -> None:
    """Write fee and lines of rows lo..hi on each of `plans` into `out`, int64 [hi - lo, K, 1 + M]; -1: no price."""
    meters = rows.quantity.shape[0]
    line = np.empty(hi - lo, rows.quantity.dtype)
    for k in range(len(plans)):
        p = plans[k]
        out[:, k, :] = -1
        before = -1
        for month in range(t.version_of.shape[1]):
            v = t.version_of[p, month]
            if v < 0 or v == before:
                continue
            before = v
            for i in range(hi - lo):
                if t.version_of[p, rows.month[lo + i]] == v:
                    out[i, k, 0] = t.fee[v]
            for m in range(meters):
                line[:] = 0
                _add_line(line, rows.quantity[m, lo:hi], t, v, m)
                for i in range(hi - lo):
                    if t.version_of[p, rows.month[lo + i]] == v:
                        out[i, k, 1 + m] = line[i]


@njit(cache=True, nogil=True)
def savings(
    rows: Any, t: Any, offers: Any, ready: Any, lo: int, hi: int, months: int, floor: Any,
    best: Any, low: Any, plan: Any, paid: Any,
) -> None:  # fmt: skip
    """Find for each row lo..hi the plan that was cheaper in each of the last `months` rows and saved most.

    Writes into arrays of length ``hi - lo``: `best` the saving over the window, `low` its smallest month, `plan` the
    plan's position or -1, `paid` the bill of the plan held. `floor` is an array of one: what each month must save
    more than. That the window's rows are one customer's consecutive months is the caller's knowledge. `ready`
    [P, hi - lo] are the bills where they are known already, else it is empty.
    """
    plans, back = len(t.sole), months - 1
    step = max(256, min(4096, 640_000 // (plans * rows.quantity.itemsize))) + back
    table, least = np.empty((plans, step), rows.quantity.dtype), np.empty(step, rows.quantity.dtype)
    total, held, top = np.empty_like(least), np.empty_like(least), np.empty_like(least)
    bottom, found = np.empty_like(least), np.empty_like(least)
    used, month = np.empty((rows.quantity.shape[0], step), rows.quantity.dtype), np.empty(step, np.int16)
    may = np.empty(step, np.bool_)
    for a in range(lo, hi, step - back):
        b = min(hi, a + step - back)
        s = max(lo, a - back)
        n = b - s
        _load(rows, s, n, used, month)
        for p in range(plans):
            if ready.shape[1] > 0:
                table[p, :n] = ready[p, s - lo : b - lo]
            else:
                _cost(table[p, :n], least[:n], used, month, t, p)
        own = rows.held[s:b]
        for j in range(n):
            held[j] = table[own[j], j]
        top[:] = 0
        bottom[:] = 0
        found[:] = -1
        for p in range(plans):
            if months == 3 and offers.open_to_all[p]:
                _three_months(table[p, :n], held[:n], p, floor[0], top[:n], bottom[:n], found[:n])
                continue
            _window(table[p, :n], held[:n], least[:n], total[:n], months)
            if not offers.open_to_all[p]:
                _may_take(may[:n], rows, t, offers, p, s)
                for j in range(n):
                    least[j] = least[j] if may[j] else floor[0]
            _keep_best(least[back:n], total[back:n], p, floor[0], top[back:n], bottom[back:n], found[back:n])
        best[a - lo : b - lo] = top[a - s : n]
        low[a - lo : b - lo] = bottom[a - s : n]
        plan[a - lo : b - lo] = found[a - s : n]
        paid[a - lo : b - lo] = held[a - s : n]


@njit(cache=True, nogil=True)
def _three_months(cost: Any, held: Any, p: int, floor: Any, top: Any, bottom: Any, found: Any) -> None:
    """Do `_window` and `_keep_best` for three months in one pass."""
    kind = cost.dtype.type
    n = max(len(cost) - 2, 0)
    c2, c1, c0, h2, h1, h0 = cost[2:], cost[1 : n + 1], cost[:n], held[2:], held[1 : n + 1], held[:n]
    most, least, at = top[2:], bottom[2:], found[2:]
    for j in range(n):
        a, b, c = kind(h0[j] - c0[j]), kind(h1[j] - c1[j]), kind(h2[j] - c2[j])
        low, total = min(a, min(b, c)), kind(kind(a + b) + c)
        better = (low > floor) & (total > most[j])
        most[j] = total if better else most[j]
        least[j] = low if better else least[j]
        at[j] = kind(p) if better else at[j]


@njit(cache=True, nogil=True)
def _window(cost: Any, held: Any, least: Any, total: Any, months: int) -> None:
    """Take the least and the sum of a plan's savings over each row and the rows before it."""
    kind = cost.dtype.type
    for j in range(len(cost)):
        least[j] = kind(held[j] - cost[j])
        total[j] = least[j]
    for k in range(1, months):
        n = max(len(cost) - k, 0)
        into, adding, c, h = least[k:], total[k:], cost[:n], held[:n]
        for j in range(n):
            saved = kind(h[j] - c[j])
            into[j] = min(into[j], saved)
            adding[j] = kind(adding[j] + saved)


@njit(cache=True, nogil=True)
def _keep_best(least: Any, total: Any, p: int, floor: Any, top: Any, bottom: Any, found: Any) -> None:
    kind = least.dtype.type
    for j in range(len(least)):
        better = (least[j] > floor) & (total[j] > top[j])
        top[j] = total[j] if better else top[j]
        bottom[j] = least[j] if better else bottom[j]
        found[j] = kind(p) if better else found[j]


@njit(cache=True, nogil=True)
def summary(
    rows: Any, t: Any, offers: Any, bound: Any, ready: Any, lo: int, hi: int, held_sums: Any, plan_sums: Any
) -> None:
    """Add rows lo..hi to sums of int64; `ready` as in `savings`.

    `held_sums` [P, 5], per plan held: rows, paid, rows with a cheaper plan, rows with another as cheap at best, the sum
    of the cheapest. `plan_sums` [P, 2], per plan: what all rows cost on it, rows without a price. `bound` [N] marks
    rows whose customer may take no other plan; empty where nobody is bound.
    """
    plans = len(t.sole)
    step = max(256, min(2048, 320_000 // (plans * rows.quantity.itemsize)))
    table, spare = np.empty((plans, step), rows.quantity.dtype), np.empty(step, rows.quantity.dtype)
    used, month = np.empty((rows.quantity.shape[0], step), rows.quantity.dtype), np.empty(step, np.int16)
    may = np.ones(step, np.bool_)
    other, none = np.empty(step, rows.quantity.dtype), t.unpriced[0]
    for a in range(lo, hi, step):
        n = min(step, hi - a)
        other[:n] = none
        _load(rows, a, n, used, month)
        for p in range(plans):
            cost = table[p, :n]
            if ready.shape[1] > 0:
                cost[:] = ready[p, a - lo : a - lo + n]
            else:
                _cost(cost, spare[:n], used, month, t, p)
            if offers.open_to_all[p]:
                may[:n] = True
            else:
                _may_take(may[:n], rows, t, offers, p, a)
            for j in range(n):
                if cost[j] == none:
                    plan_sums[p, 1] += 1
                else:
                    plan_sums[p, 0] += cost[j]
                bars = rows.held[a + j] == p or (len(bound) > 0 and bound[a + j])
                if not bars and may[j] and cost[j] < other[j]:
                    other[j] = cost[j]
        for j in range(n):
            p = rows.held[a + j]
            paid = table[p, j]
            held_sums[p, 0] += 1
            held_sums[p, 1] += paid
            held_sums[p, 2] += other[j] < paid
            held_sums[p, 3] += other[j] == paid
            held_sums[p, 4] += min(paid, other[j])
