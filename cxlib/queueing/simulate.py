"""A queue run again, or run for the first time, under a rule of one's choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cxlib.engine import threads
from cxlib.errors import CxError
from cxlib.queueing.kernels import serve
from cxlib.queueing.policies import Fcfs, Policy, Ranking
from cxlib.queueing.ranked_kernel import serve_ranked
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Schedule = tuple[ArrayLike, ArrayLike]
T = TypeVar("T")
MANY: Final = 50_000
"""From so many customers on two threads share the work; each draws from streams of its own: the result is the same."""


@dataclass(frozen=True)
class Arrivals:
    """Customers drawn for a queue: arrays of length n, times in one unit (the simulator calls it seconds).

    `courtesy` tells who has a need that a rule may answer with the first class, see `policies.Courtesy`.
    """

    arrived_s: NDArray[np.float64]
    service_s: NDArray[np.float64]
    classes: NDArray[np.int64]
    patience_s: NDArray[np.float64] | None
    courtesy: NDArray[np.bool_] | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """Customers and servers, checked once and then run under one rule after the other; see `kernels.serve`.

    A `deadline` of None: nobody leaves.
    """

    arrived: NDArray[np.float64]
    service: NDArray[np.float64]
    deadline: NDArray[np.float64] | None
    classes: NDArray[np.int64]
    n_classes: int
    shift_at: NDArray[np.float64]
    shift_servers: NDArray[np.int64]
    courtesy: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, arrivals: Arrivals, servers: int | Schedule, *, classes: int) -> Line:
        """Return the line of drawn customers of classes 0 .. `classes` - 1; raise as `simulate` does."""
        arrived = _numbers(arrivals.arrived_s, "arrived_s")
        n = arrived.size
        service = _numbers(arrivals.service_s, "service_s", length=n, minimum=0.0)
        deadline = _deadline(arrived, arrivals.patience_s)
        _in_order_of_time(arrived)
        codes, _order = _classes(arrivals.classes, range(classes), n)
        shift_at, shift_servers = _schedule(servers)
        return cls(
            arrived=arrived,
            service=service,
            deadline=deadline,
            classes=codes,
            n_classes=classes,
            shift_at=shift_at,
            shift_servers=shift_servers,
            courtesy=arrivals.courtesy,
        )

    def served(self, ranking: Ranking) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return when each is started (NaN: never), and by which server (-1: none)."""
        classes = self.classes
        if ranking.courtesy and self.courtesy is not None:
            classes = np.where(self.courtesy, 0, classes)
        if ranking.is_plain:
            plain = (ranking.level, ranking.advance_s, self.shift_at, self.shift_servers)
            deadline = np.empty(0) if self.deadline is None else self.deadline
            start, server = serve_ranked(self.arrived, self.service, deadline, classes, *plain)
            return start, server
        start, server = serve(
            self.arrived,
            self.service,
            np.full(self.arrived.size, np.inf) if self.deadline is None else self.deadline,
            classes,
            ranking.level,
            ranking.advance_s,
            ranking.rate,
            ranking.cap_s,
            ranking.most_passed,
            ranking.reserved,
            ranking.overflow,
            self.shift_at,
            self.shift_servers,
        )
        return start, server


def simulate(
    *,
    arrived_s: ArrayLike,
    service_s: ArrayLike,
    servers: int | Schedule,
    classes: ArrayLike | None = None,
    class_order: Sequence[Any] | None = None,
    patience_s: ArrayLike | None = None,
    courtesy: ArrayLike | None = None,
    policy: Policy | None = None,
) -> pd.DataFrame:
    """Serve given customers by a rule, without preemption, and say what became of each.

    Nothing is drawn here: the same arrays under two rules are common random numbers.

    Parameters
    ----------
    arrived_s : array of length n, seconds, ascending
    service_s : array of length n, seconds
        How long each customer is served, if he is.
    servers : int, or (times, counts)
        How many serve; as a schedule, ``counts[s]`` from ``times[s]`` (seconds, ascending) on and none before the
        first. A server sent home while busy finishes first; shifts are filled from server 0 upwards.
    classes : array of length n, optional
        The class of each customer: numbers or names. One class if absent.
    class_order : sequence, optional
        All classes, the one to be preferred first; default: those that occur, in ascending order.
    patience_s : array of length n, seconds, optional
        A customer not started within his patience leaves; infinity waits for ever. Absent: nobody leaves.
    courtesy : bool array of length n, optional
        Who has a need; it makes a difference under `policies.Courtesy` only.
    policy : one of `policies`, optional
        Default: first come, first served.

    Returns
    -------
    DataFrame
        One row per customer, in the given order: `arrived_s`, `class`, `start_s` (NaN: never served),
        `wait_end_s` (infinity: still waiting when nobody serves any more), `wait_s`, `abandoned`, `server` (-1:
        none), `end_s` (NaN: never served).

    Raises
    ------
    CxError
        Arrays of unequal length, numbers that are missing or negative, arrivals not in order, an unknown class,
        or a schedule that is none.
    """
    arrived = _numbers(arrived_s, "arrived_s")
    n = arrived.size
    service = _numbers(service_s, "service_s", length=n, minimum=0.0)
    deadline = _deadline(arrived, patience_s)
    _in_order_of_time(arrived)
    codes, order = _classes(classes, class_order, n)
    shift_at, shift_servers = _schedule(servers)
    line = Line(
        arrived=arrived,
        service=service,
        deadline=deadline,
        classes=codes,
        n_classes=len(order),
        shift_at=shift_at,
        shift_servers=shift_servers,
        courtesy=None if courtesy is None else _flags(courtesy, n),
    )
    start, server = line.served((policy or Fcfs()).ranking(order))
    end = _beside(lambda: start + service, n)
    never = np.isnan(start)
    wait_end = start.copy()
    if some_never := bool(never.any()):
        wait_end[never] = np.inf if deadline is None else deadline[never]
    return pd.DataFrame(
        {
            "arrived_s": arrived,
            "class": codes if classes is None else np.asarray(classes),
            "start_s": start,
            "wait_end_s": wait_end,
            "wait_s": wait_end - arrived,
            "abandoned": never & np.isfinite(wait_end) if some_never else never,
            "server": server,
            "end_s": end(),
        },
        copy=False,
    )


def draw_poisson(
    *,
    arrival_rates: Sequence[float],
    service_rate: float,
    customers: int,
    patience_rate: float = 0.0,
    random_state: int | np.random.Generator | None = None,
) -> Arrivals:
    """Draw customers of K classes with Poisson arrivals, exponential service and exponential patience.

    Parameters
    ----------
    arrival_rates : sequence of length K
        Customers per unit of time, class by class.
    service_rate, patience_rate : float
        Per unit of time; a `patience_rate` of 0 means that nobody leaves.
    customers : int
        How many in all.
    random_state : int or Generator, optional

    Returns
    -------
    Arrivals
        With classes 0 .. K-1.
    """
    rates = np.asarray(arrival_rates, dtype=np.float64)
    seeds = np.random.default_rng(random_state).integers(2**63, size=4)

    def first() -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        arrived = _exponential(seeds[0], customers)
        np.cumsum(arrived, out=arrived)
        arrived *= 1 / rates.sum()
        return arrived, _exponential(seeds[1], customers) / patience_rate if patience_rate > 0 else None

    def second() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        drawn = np.random.default_rng(seeds[2]).random(customers)
        edges = np.cumsum(rates / rates.sum())[:-1]
        codes = (drawn >= edges[0]).astype(np.int64) if edges.size else np.zeros(customers, dtype=np.int64)
        for edge in edges[1:]:
            codes += drawn >= edge
        np.random.default_rng(seeds[3]).standard_exponential(out=drawn)
        if service_rate != 1:
            drawn *= 1 / service_rate
        return drawn, codes

    begun = _beside(second, customers)
    arrived, patience = first()
    service, codes = begun()
    return Arrivals(arrived, service, codes, patience)


def _beside(work: Callable[[], T], n: int) -> Callable[[], T]:
    """Begin work on n customers in another thread where that is worth it; return what gives its result."""
    return threads.submit(work).result if n >= MANY else work


def _exponential(seed: int, n: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_exponential(n)


def simulate_mmc(
    *,
    arrival_rates: Sequence[float],
    service_rate: float,
    servers: int,
    customers: int,
    patience_rate: float = 0.0,
    policy: Policy | None = None,
    random_state: int | np.random.Generator | None = None,
) -> pd.DataFrame:
    """Draw customers by `draw_poisson` and serve them by `simulate`; classes 0 .. K-1, the first preferred."""
    drawn = draw_poisson(
        arrival_rates=arrival_rates,
        service_rate=service_rate,
        customers=customers,
        patience_rate=patience_rate,
        random_state=random_state,
    )
    return simulate(
        arrived_s=drawn.arrived_s,
        service_s=drawn.service_s,
        patience_s=drawn.patience_s,
        classes=drawn.classes,
        class_order=range(len(arrival_rates)),
        servers=servers,
        policy=policy,
    )


def _in_order_of_time(arrived: NDArray[np.float64]) -> None:
    if (arrived[1:] < arrived[:-1]).any():
        raise CxError(
            "arrivals_unsorted",
            N_("The arrivals are not in order of time."),
            hint=N_("Sort the contacts by arrival."),
            row=int(np.argmax(np.diff(arrived) < 0)) + 1,
        )


def _numbers(
    values: ArrayLike, name: str, *, length: int | None = None, minimum: float | None = None
) -> NDArray[np.float64]:
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 1 or (length is not None and array.size != length):
        raise CxError(
            "unequal_length",
            N_("{column} has {value} values where {length} are needed."),
            hint=N_("Give one value per contact."),
            column=name,
            value=array.size,
            length=length,
        )
    least, most = (array.min(), array.max()) if array.size else (0.0, 0.0)  # NaN where any is
    if not (np.isfinite(least) and np.isfinite(most) and (minimum is None or least >= minimum)):
        bad = ~np.isfinite(array) if minimum is None else ~(np.isfinite(array) & (array >= minimum))
        row = int(np.argmax(bad))
        raise CxError(
            "bad_number",
            N_("{column} has a value that cannot be used: {value}."),
            hint=N_("Times are needed for every contact, and durations are 0 or more."),
            column=name,
            row=row,
            value=float(array[row]),
        )
    return array


def _deadline(arrived: NDArray[np.float64], patience_s: ArrayLike | None) -> NDArray[np.float64] | None:
    """Return until when each would wait; None without patience."""
    if patience_s is None:
        return None
    patience = np.ascontiguousarray(patience_s, dtype=np.float64)
    _numbers(np.where(patience == np.inf, 0.0, patience), "patience_s", length=arrived.size, minimum=0.0)
    return arrived + patience


def _flags(values: ArrayLike, length: int) -> NDArray[np.bool_]:
    return _numbers(np.asarray(values, dtype=bool).astype(np.float64), "courtesy", length=length) > 0


def _classes(
    classes: ArrayLike | None, class_order: Sequence[Any] | None, length: int
) -> tuple[NDArray[np.int64], list[Any]]:
    if classes is None:
        return np.zeros(length, dtype=np.int64), list(class_order) if class_order is not None else [0]
    values = np.asarray(classes)
    if values.shape != (length,):
        raise CxError(
            "unequal_length",
            N_("{column} has {value} values where {length} are needed."),
            hint=N_("Give one value per contact."),
            column="classes",
            value=values.size,
            length=length,
        )
    if np.issubdtype(values.dtype, np.integer) and class_order == range(len(class_order or ())):
        codes = values.astype(np.int64, copy=False)
        if not length or (codes.min() >= 0 and codes.max() < len(class_order)):
            return codes, list(class_order)
        unknown = (codes < 0) | (codes >= len(class_order))
    else:
        index = pd.Index(class_order if class_order is not None else np.unique(values))
        class_order = index.tolist()
        codes = np.ascontiguousarray(index.get_indexer(pd.Index(values)), dtype=np.int64)
        unknown = codes < 0
    if unknown.any():
        raise CxError(
            "unknown_class",
            N_("A contact has a class that the order of classes does not name: {value}."),
            hint=N_("Name every class once, the preferred one first."),
            column="classes",
            row=int(np.argmax(unknown)),
            value=values[np.argmax(unknown)],
        )
    return codes, list(class_order)


def _schedule(servers: int | Schedule) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    if isinstance(servers, (int, np.integer)):
        times, counts = np.array([-np.inf]), np.array([servers], dtype=np.int64)
    else:
        times = np.ascontiguousarray(servers[0], dtype=np.float64)
        counts = np.ascontiguousarray(servers[1], dtype=np.int64)
    if (
        times.ndim != 1
        or times.shape != counts.shape
        or np.isnan(times).any()
        or np.any(np.diff(times) <= 0)
        or np.any(counts < 0)
    ):
        raise CxError(
            "bad_schedule",
            N_("The numbers of servers over time do not fit together."),
            hint=N_("Give ascending times, and as many counts of 0 or more."),
            column="servers",
        )
    return times, counts
