"""Waits that queueing theory gives for Poisson arrivals and exponential service: M/M/c and its classes.

Rates are per unit of time, waits are in the same unit. Classes come in the order in which they are preferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class ErlangA:
    """What Erlang A says: shares (0 to 1), a mean wait over all who arrive, and a mean number in line."""

    abandon_share: float
    delayed_share: float
    mean_wait: float
    mean_queue: float


def erlang_b(*, arrival_rate: float, service_rate: float, servers: int) -> float:
    """Share of arrivals that find all servers busy where nobody may wait (Erlang 1917)."""
    load = _load(arrival_rate, service_rate, servers)
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(*, arrival_rate: float, service_rate: float, servers: int) -> float:
    """Share of arrivals that must wait where nobody leaves (Erlang 1917); 1 where the load is 1 or more."""
    load = _load(arrival_rate, service_rate, servers)
    if load >= servers:
        return 1.0
    blocked = erlang_b(arrival_rate=arrival_rate, service_rate=service_rate, servers=servers)
    return servers * blocked / (servers - load * (1 - blocked))


def erlang_a(*, arrival_rate: float, service_rate: float, servers: int, patience_rate: float) -> ErlangA:
    """Abandonment and wait where the patience of those who wait is exponential (Palm 1946).

    The chain of the number n in the system is born at `arrival_rate` and dies at
    ``min(n, servers) service_rate + max(0, n - servers) patience_rate``.
    """
    load = _load(arrival_rate, service_rate, servers)
    _positive(patience_rate, "patience_rate")
    blocked = erlang_b(arrival_rate=arrival_rate, service_rate=service_rate, servers=servers)
    if load == 0 or blocked == 0:
        return ErlangA(0.0, 0.0, 0.0, 0.0)
    # Probabilities of servers, servers + 1, ... in the system, relative to that of exactly `servers`.
    below, term, total, in_line, k = 1 / blocked - 1, 1.0, 1.0, 0.0, 0
    while term > 1e-18 * total or arrival_rate > servers * service_rate + k * patience_rate:
        k += 1
        term *= arrival_rate / (servers * service_rate + k * patience_rate)
        total += term
        in_line += k * term
        if total > 1e280:
            below, term, total, in_line = below * 1e-280, term * 1e-280, total * 1e-280, in_line * 1e-280
    mean_queue = in_line / (below + total)
    return ErlangA(
        abandon_share=patience_rate * mean_queue / arrival_rate,
        delayed_share=total / (below + total),
        mean_wait=mean_queue / arrival_rate,
        mean_queue=mean_queue,
    )


def fcfs_wait(*, arrival_rate: float, service_rate: float, servers: int) -> float:
    """Mean wait first come first served; infinite where the load is 1 or more."""
    load = _load(arrival_rate, service_rate, servers)
    if load >= servers:
        return np.inf
    delayed = erlang_c(arrival_rate=arrival_rate, service_rate=service_rate, servers=servers)
    return delayed / (servers * service_rate - arrival_rate)


def priority_waits(*, arrival_rates: ArrayLike, service_rate: float, servers: int) -> NDArray[np.float64]:
    """Mean wait of each class under strict non-preemptive priority (Cobham 1954).

    Infinite for the classes from which on the load is 1 or more.
    """
    rates = _rates(arrival_rates)
    delayed = erlang_c(arrival_rate=float(rates.sum()), service_rate=service_rate, servers=servers)
    before = np.concatenate([[0.0], np.cumsum(rates)]) / (servers * service_rate)
    first_wait = delayed / (servers * service_rate)
    stable = before[1:] < 1
    waits = np.full(rates.size, np.inf)
    waits[stable] = first_wait / ((1 - before[:-1][stable]) * (1 - before[1:][stable]))
    return waits


def accumulating_waits(
    *, arrival_rates: ArrayLike, weights: ArrayLike, service_rate: float, servers: int
) -> NDArray[np.float64]:
    """Mean wait of each class where priority grows with the wait, at `weights` per unit of time (Kleinrock 1964).

    Infinite for all where the load is 1 or more.
    """
    rates, slopes = _rates(arrival_rates), np.asarray(weights, dtype=np.float64)
    if slopes.shape != rates.shape:
        raise CxError(
            "unequal_length",
            N_("{column} has {value} values where {length} are needed."),
            hint=N_("Give one weight per class."),
            column="weights",
            value=slopes.size,
            length=rates.size,
        )
    for slope in slopes:
        _positive(slope, "weights")
    share = rates / (servers * service_rate)
    base = fcfs_wait(arrival_rate=float(rates.sum()), service_rate=service_rate, servers=servers)
    waits = np.full(rates.size, np.inf)
    if np.isinf(base):
        return waits
    for p in np.argsort(slopes, kind="stable"):
        slower, faster = slopes < slopes[p], slopes > slopes[p]
        gained = np.sum(share[slower] * waits[slower] * (1 - slopes[slower] / slopes[p]))
        lost = np.sum(share[faster] * (1 - slopes[p] / slopes[faster]))
        waits[p] = (base - gained) / (1 - lost)
    return waits


def smallest_staff(
    *, arrival_rate: float, service_rate: float, patience_rate: float, abandon_share: float, most: int = 10_000
) -> int:
    """Fewest servers at which Erlang A loses no more than `abandon_share` (0 to 1) of the arrivals."""
    for servers in range(1, most + 1):
        known = erlang_a(
            arrival_rate=arrival_rate, service_rate=service_rate, servers=servers, patience_rate=patience_rate
        )
        if known.abandon_share <= abandon_share:
            return servers
    raise CxError(
        "no_staff_enough",
        N_("Even {value} servers do not keep abandonment to {share}."),
        hint=N_("Allow more servers or a larger share."),
        value=most,
        share=abandon_share,
    )


def _load(arrival_rate: float, service_rate: float, servers: int) -> float:
    if not (np.isfinite(arrival_rate) and arrival_rate >= 0):
        raise _unusable("arrival_rate", arrival_rate)
    _positive(service_rate, "service_rate")
    if servers < 1 or int(servers) != servers:
        raise _unusable("servers", servers)
    return arrival_rate / service_rate


def _rates(arrival_rates: ArrayLike) -> NDArray[np.float64]:
    rates = np.atleast_1d(np.asarray(arrival_rates, dtype=np.float64))
    for rate in rates:
        if not (np.isfinite(rate) and rate >= 0):
            raise _unusable("arrival_rates", rate)
    return rates


def _positive(value: float, name: str) -> None:
    if not (np.isfinite(value) and value > 0):
        raise _unusable(name, value)


def _unusable(name: str, value: float) -> CxError:
    return CxError(
        "bad_rate",
        N_("{column} cannot be {value}."),
        hint=N_("Rates are positive numbers per unit of time; servers are 1 or more."),
        column=name,
        value=value,
    )
