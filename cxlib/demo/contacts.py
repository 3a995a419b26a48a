"""A quarter of contacts: who arrives when, who is on duty, and what the queues make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.demo import operator as op
from cxlib.queueing import HeadStart, simulate, smallest_staff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DAY_S: Final = 86_400
STAY_S: Final = 3600
"""The last shift stays this long after closing, for those who are still in line."""
COUNTER_NEED: Final = 2.0
"""How much more often customers with a need come to a counter than others."""


def draw_contacts(
    random: np.random.Generator,
    people: pd.DataFrame,
    *,
    queues: Sequence[op.Queue] = op.QUEUES,
    days: NDArray[np.int64] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw all contacts and run them through their queues.

    Parameters
    ----------
    people : DataFrame
        `tier`, `need`, `joined_on`, `left_on` and `eagerness`, one row per customer.
    queues : sequence of Queue
    days : ndarray of int, optional
        Local days, in days since 1970; default: the quarter.

    Returns
    -------
    contacts : DataFrame
        One row per contact by queue and arrival: `queue`, `channel`, `location`, `place` (of the customer in
        `people`), `tier`, `need`, `head_start_s` in force, `arrived_s` and the other times in whole seconds of UTC
        since 1970, `service_s`, `patience_s`, `abandoned`, `server`, `passed` (times), `topic`, `agent_id`.
    roster : DataFrame
        `queue`, `location`, `from_at`, `to_at` (UTC), `agents` on duty.
    """
    days = all_days() if days is None else days
    everyone = [_Callers(people, counter=counter) for counter in (False, True)]
    contacts, rosters = [], []
    for number, queue in enumerate(queues):
        arrived = _arrivals(random, queue, days)
        callers = everyone[queue.channel == "branch"]
        place = callers.draw(random, arrived)
        from_s, agents = roster(queue, days)
        run = _run(random, queue, arrived, people.iloc[place], (from_s, agents))
        run.insert(0, "place", place)
        run["passed"] = times_passed(run["arrived_s"], run["wait_end_s"], served=~run["abandoned"])
        run["topic"] = random.choice(queue.topics, size=len(run))
        run["agent_id"] = _agents(run, number)
        contacts.append(run.assign(queue=queue.name, channel=queue.channel, location=queue.location))
        rosters.append(_as_frame(queue, from_s, agents))
    return pd.concat(contacts, ignore_index=True), pd.concat(rosters, ignore_index=True)


def roster(queue: op.Queue, days: NDArray[np.int64] | None = None) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return when the number on duty changes (seconds of UTC since 1970) and to what.

    Each hour of the week has the fewest who keep abandonment to the planned share by Erlang A.
    """
    planned: dict[float, int] = {0.0: 0}
    times, counts = [], []
    for day in all_days() if days is None else days:
        rates = _hourly(queue, day)
        for hour in range(queue.opens, queue.closes):
            rate = rates[hour - queue.opens]
            if rate not in planned:
                planned[rate] = smallest_staff(
                    arrival_rate=rate / 3600,
                    service_rate=1 / queue.service_mean_s,
                    patience_rate=1 / op.PATIENCE_MEAN_S,
                    abandon_share=queue.abandon_share,
                )
            times.append(_at(day, hour * 3600))
            counts.append(planned[rate])
        times.append(_at(day, queue.closes * 3600 + STAY_S))
        counts.append(0)
    return np.array(times, dtype=np.float64), np.array(counts, dtype=np.int64)


def head_start_s(queue: op.Queue, tier: Any, need: Any) -> NDArray[np.float64]:
    """Return the head start that is in force for customers of a queue, by tier and need."""
    by_tier = np.array(queue.head_start_s)[op.rank_of(tier)]
    return np.where(np.asarray(need) != "", np.maximum(by_tier, queue.courtesy_s), by_tier)


def times_passed(arrived_s: pd.Series, wait_end_s: pd.Series, *, served: pd.Series) -> NDArray[np.int64]:
    """Count, per contact of one pool sorted by arrival, those who came later and were served earlier."""
    arrived, ended, is_served = arrived_s.to_numpy(), wait_end_s.to_numpy(), served.to_numpy()
    passed = np.zeros(arrived.size, dtype=np.int64)
    for lag in range(1, arrived.size):
        first, later = slice(None, -lag), slice(lag, None)
        overlap = arrived[later] < ended[first]
        if not overlap.any():
            break
        passed[first] += overlap & is_served[later] & (arrived[later] > arrived[first]) & (ended[later] < ended[first])
    return passed


class _Callers:
    """Customers by tier and day, from whom callers are drawn."""

    def __init__(self, people: pd.DataFrame, *, counter: bool) -> None:
        self._joined = people["joined_on"].to_numpy().astype("datetime64[D]")
        self._left = people["left_on"].to_numpy().astype("datetime64[D]")
        eager = people["eagerness"].to_numpy()
        self._weight = eager * np.where((people["need"] != "") & counter, COUNTER_NEED, 1.0)
        rank = op.rank_of(people["tier"])
        self._of_tier = [np.flatnonzero(rank == t) for t in range(len(op.TIERS))]

    def draw(self, random: np.random.Generator, arrived: NDArray[np.float64]) -> NDArray[np.int64]:
        local = arrived + op.UTC_OFFSET_S
        day, hour = (local // DAY_S).astype(np.int64), (local % DAY_S // 3600).astype(np.int64)
        place = np.empty(arrived.size, dtype=np.int64)
        edges = np.searchsorted(day, np.unique(day))
        for first, last in zip(edges, [*edges[1:], arrived.size], strict=True):
            place[first:last] = self._draw_day(random, np.datetime64(int(day[first]), "D"), hour[first:last])
        return place

    def _draw_day(self, random: np.random.Generator, day: np.datetime64, hour: NDArray[np.int64]) -> NDArray[np.int64]:
        here = (self._joined <= day) & ~(self._left <= day)
        sums = [np.cumsum(self._weight[who] * here[who]) for who in self._of_tier]
        calls = np.array([s[-1] for s in sums]) * np.array([op.TIER_HOURS[h] for h in op.HOURS])
        limits = np.cumsum(calls / calls.sum(axis=1, keepdims=True), axis=1)[hour - min(op.HOURS)]
        tier = (random.random(hour.size)[:, None] > limits[:, :-1]).sum(axis=1)
        place = np.empty(hour.size, dtype=np.int64)
        for t, who in enumerate(self._of_tier):
            of_tier = tier == t
            drawn = random.random(int(of_tier.sum())) * sums[t][-1]
            place[of_tier] = who[np.searchsorted(sums[t], drawn, side="right")]
        return place


def all_days() -> NDArray[np.int64]:
    """Return the local days of the quarter, in days since 1970."""
    return np.arange(op.FIRST_DAY.astype(int), op.LAST_DAY.astype(int) + 1)


def _at(day: int, second: float) -> float:
    return float(day * DAY_S + second - op.UTC_OFFSET_S)


def _hourly(queue: op.Queue, day: int) -> NDArray[np.float64]:
    """Return the contacts planned for each hour of a day."""
    shape = np.array([op.HOURS[h] for h in range(queue.opens, queue.closes)])
    known: NDArray[np.float64] = queue.daily * queue.weekdays[(day + 3) % 7] * shape / shape.sum()
    return known


def _arrivals(random: np.random.Generator, queue: op.Queue, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """Draw a Poisson process by the hour, busier or quieter by the day, in whole seconds."""
    times = []
    for day in days:
        busy = np.exp(op.DAY_NOISE * random.standard_normal())
        counts = random.poisson(_hourly(queue, day) * busy)
        begin = np.repeat(np.arange(queue.opens, queue.closes) * 3600, counts)
        times.append(_at(day, 0) + begin + random.integers(0, 3600, counts.sum()))
    return np.sort(np.concatenate(times)).astype(np.float64)


def _run(
    random: np.random.Generator, queue: op.Queue, arrived: NDArray[np.float64], callers: pd.DataFrame, servers: Any
) -> pd.DataFrame:
    n = arrived.size
    tier, need = callers["tier"].to_numpy(), callers["need"].to_numpy()
    ahead = head_start_s(queue, tier, need)
    spread = np.log1p(queue.service_cv**2)
    service = np.rint(queue.service_mean_s * np.exp(np.sqrt(spread) * random.standard_normal(n) - spread / 2))
    patience = np.rint(random.exponential(op.PATIENCE_MEAN_S, n))
    served = simulate(
        arrived_s=arrived,
        service_s=np.maximum(service, 5),
        patience_s=np.maximum(patience, 2),
        classes=ahead,
        servers=servers,
        policy=HeadStart({value: value for value in np.unique(ahead)}),
    )
    served = served.rename(columns={"class": "head_start_s"})
    return served.assign(tier=tier, need=need, service_s=np.maximum(service, 5), patience_s=np.maximum(patience, 2))


def _agents(run: pd.DataFrame, number: int) -> NDArray[Any]:
    """Name who served: an early and a late team per queue, whose members take turns to have a day off."""
    local = run["start_s"].fillna(0).to_numpy() + op.UTC_OFFSET_S
    day, late = (local // DAY_S).astype(np.int64), local % DAY_S >= 14 * 3600
    server = run["server"].to_numpy()
    team = max(server.max() + 1, 1) * 3 // 2 + 1
    member = (server + day) % team + team * late
    names = np.array([f"A{100 * (number + 1) + m:04d}" for m in range(2 * team)], dtype=object)
    served_by: NDArray[Any] = names[member]
    served_by[server < 0] = None
    return served_by


def _as_frame(queue: op.Queue, from_s: NDArray[np.float64], agents: NDArray[np.int64]) -> pd.DataFrame:
    times = pd.to_datetime(from_s, unit="s", utc=True).as_unit("us")
    on_duty = agents[:-1] > 0
    frame = pd.DataFrame({"from_at": times[:-1], "to_at": times[1:], "agents": agents[:-1]})[on_duty]
    # The last change of a day sends everybody home.
    frame.insert(0, "queue", queue.name)
    frame.insert(1, "location", queue.location)
    return frame
