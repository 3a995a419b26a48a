"""How many agents it takes to serve a share of contacts in time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import special

from cxlib.errors import CxError
from cxlib.queueing.theory import erlang_a, erlang_b, erlang_c, fcfs_wait
from cxlib.texts import N_

if TYPE_CHECKING:
    from cxlib.queueing.calibration import Calibration

HOUR_S: Final = 3600.0
LEAST_LOG: Final = 42.0
"""States that weigh less than exp(-42) of the heaviest count for nothing."""


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """What a number of agents comes to; shares from 0 to 1, the wait in the unit of time of the rates.

    `served_within` and `abandon_share` are over all who arrive, `mean_wait` too (those who leave included), `occupancy`
    is the share of their time that agents are busy.
    """

    servers: int
    served_within: float
    abandon_share: float
    mean_wait: float
    occupancy: float


def sized(
    *, arrival_rate: float, service_rate: float, servers: int, within: float, patience_rate: float = 0.0
) -> Sizing:
    """Return what a number of agents comes to, first come first served, with Poisson arrivals.

    Parameters
    ----------
    arrival_rate, service_rate, patience_rate : float
        Per unit of time; service and patience are exponential, a `patience_rate` of 0 means that nobody leaves.
    servers : int
    within : float
        How long a wait is in time.

    Notes
    -----
    Where nobody leaves it is Erlang C (1917). Else Erlang A (Palm 1946): who finds k in line waits W, where
    ``exp(-patience_rate W)`` has a beta distribution with parameters servers x service_rate / patience_rate and k + 1,
    and is served if his own patience lasts. At a load of 1 or more without patience the line grows without end: nobody
    is served in time in the long run, and the wait is infinite.
    """
    if not (np.isfinite(within) and within >= 0):
        raise CxError(
            "bad_threshold",
            N_("“{value}” is no length of a wait."),
            hint=N_("Give seconds, 0 or more."),
            value=within,
        )
    rates: dict[str, Any] = {"arrival_rate": arrival_rate, "service_rate": service_rate, "servers": servers}
    load = arrival_rate / (servers * service_rate) if servers > 0 and service_rate > 0 else np.inf
    if patience_rate == 0:
        delayed, wait = erlang_c(**rates), fcfs_wait(**rates)
        spare = servers * service_rate - arrival_rate
        late = delayed * float(np.exp(-spare * within)) if load < 1 else 1.0
        return Sizing(
            servers=servers, served_within=1 - late, abandon_share=0.0, mean_wait=wait, occupancy=min(load, 1.0)
        )
    known = erlang_a(**rates, patience_rate=patience_rate)
    return Sizing(
        servers=servers,
        served_within=_served_within(arrival_rate, service_rate, servers, patience_rate, within),
        abandon_share=known.abandon_share,
        mean_wait=known.mean_wait,
        occupancy=load * (1 - known.abandon_share),
    )


def sizing(
    *,
    arrival_rate: float,
    service_rate: float,
    share: float,
    within: float,
    patience_rate: float = 0.0,
    most: int = 10_000,
) -> Sizing:
    """Return the fewest agents that serve a share (0 to 1) of all who arrive within a wait, see `sized`.

    Raises
    ------
    CxError
        ``bad_share``; ``no_staff_enough`` where not even `most` agents do.
    """
    if not 0 < share < 1:
        raise CxError(
            "bad_share",
            N_("“{value}” is no share that can be promised."),
            hint=N_("Give a share above 0 and below 1."),
            value=share,
        )
    options: dict[str, Any] = {"arrival_rate": arrival_rate, "service_rate": service_rate}
    options["patience_rate"] = patience_rate
    low, high = 0, 1
    while high <= most and sized(**options, servers=high, within=within).served_within < share:
        low, high = high, 2 * high
    if high > most and sized(**options, servers=most, within=within).served_within < share:
        raise CxError(
            "no_staff_enough",
            N_("Even {value} agents do not serve {share} in time."),
            hint=N_("Allow more agents, a longer wait or a smaller share."),
            value=most,
            share=share,
        )
    high = min(high, most)
    while high - low > 1:  # one agent more never serves fewer in time
        middle = (low + high) // 2
        low, high = (
            (low, middle) if sized(**options, servers=middle, within=within).served_within >= share else (middle, high)
        )
    return sized(**options, servers=high, within=within)


def busiest_hour(calibration: Calibration) -> tuple[float, float, float]:
    """Return what sizing needs to know of the hour of the day (local) in which most arrive.

    Returns
    -------
    arrivals per hour, on average over the days with anybody on duty in that hour; mean service and mean patience in
    seconds, over the whole log. Patience is taken for exponential: the time waited over the number who left, infinite
    where nobody did.
    """
    log = calibration.log
    staffed = np.unique(calibration.day[calibration.agents > 0] * 24 + calibration.hour[calibration.agents > 0])
    open_days = np.bincount(staffed % 24, minlength=24)
    hour = (log.local_s(log.arrived_s) // HOUR_S).astype(np.int64)
    came = np.bincount(hour[np.isin(hour, staffed)] % 24, minlength=24)
    a_day = np.divide(came, open_days, out=np.zeros(24), where=open_days > 0)
    waited = np.where(np.isfinite(log.ended_s), log.ended_s - log.arrived_s, 0.0)
    left = int(log.left.sum())
    return (
        float(a_day.max()),
        float(np.nanmean(np.where(log.served, log.done_s - log.ended_s, np.nan))),
        float(waited.sum() / left) if left else np.inf,
    )


def _served_within(
    arrival_rate: float, service_rate: float, servers: int, patience_rate: float, within: float
) -> float:
    blocked = erlang_b(arrival_rate=arrival_rate, service_rate=service_rate, servers=servers)
    if blocked == 0:
        return 1.0
    work, k = servers * service_rate, 0
    logs = [0.0]  # of the weight of k in line beside a full house, relative to nobody in line
    most = 0.0
    while logs[-1] > most - LEAST_LOG or arrival_rate > work + k * patience_rate:
        k += 1
        logs.append(logs[-1] + math.log(arrival_rate / (work + k * patience_rate)))
        most = max(most, logs[-1])
    below = float(np.log(1 / blocked - 1)) if blocked < 1 else -np.inf
    top = max(most, below)
    weight, line, free = np.exp(np.array(logs) - top), np.arange(len(logs)), float(np.exp(below - top))
    shape = work / patience_rate
    in_time = shape / (shape + line + 1) * special.betaincc(shape + 1, line + 1, np.exp(-patience_rate * within))
    return float((free + (weight * in_time).sum()) / (free + weight.sum()))
