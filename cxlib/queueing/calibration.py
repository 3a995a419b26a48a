"""What a queue has to do, told from its log: who comes when, for how long, how patient, and how many serve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.engine.frames import MICROSECONDS, missing, names, pandas, standard
from cxlib.errors import CxError
from cxlib.queueing.patience import Patience
from cxlib.queueing.pool_log import UNKNOWN, PoolLog, pool_log
from cxlib.queueing.simulate import Arrivals
from cxlib.queueing.staffing import INTERVAL_S, as_schedule, observe, on_duty, presence
from cxlib.queueing.workload import Workload
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from cxlib.fairness.groups import By

    Floats = NDArray[np.float64]
    Int64s = NDArray[np.int64]

LEAST_SERVICES: Final = 30
"""A class with fewer known service times takes them from all classes."""
LEAST_LEFT: Final = 10
"""A class of which fewer left takes its patience from all classes."""
CAUTIONS: Final = {
    "label_trap": N_(
        "Tiers of contacts that did not queue are not believed; they are drawn as among those that queued in that hour."
    ),
    "no_tier": N_("{share} of the contacts have no known tier; theirs is drawn as among the others in that hour."),
    "nobody_left": N_("Nobody left unserved: everybody is taken to wait as long as it takes."),
    "patience_of_all": N_("Too few left in {classes}: their patience is that of all together."),
    "overload": N_(
        "More work arrives than those on duty can do ({share} of it), and nobody leaves: the line grows until the "
        "period ends."
    ),
    "end_unknown": N_("{n} contacts without an end of the wait are left out."),
    "no_service": N_("{share} of the services have no known length; theirs are drawn from the others."),
    "few_days": N_("The period has {n} days only: what is drawn is no better known than they tell."),
}
"""What a reader should know before he believes a simulation."""
LEAST_DAYS: Final = 7
DAY_S: Final = 86_400.0
QUARTER_S: Final = 900.0
SLOTS: Final = 96


@dataclass(frozen=True)
class Caution:
    """One of `CAUTIONS`, and what it says: a share (0 to 1), a number, names of classes."""

    code: str
    share: float = 0.0
    n: int = 0
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A queue as its log shows it, ready to be run under other rules.

    Attributes
    ----------
    log : PoolLog
    edges_s : float64 array, length n + 1
        Of the quarter hours, seconds since ``log.origin_us``.
    day, slot : int64 arrays, length n
        Local day (since 1970) and quarter hour of the day of each.
    agents : float64 array, length n
        On duty in each, with fractions.
    waiting_s : float64 array, length n
        How long somebody waited in each: where it is long, the log itself tells how many were on duty.
    from_roster : bool
    patience : tuple of Patience, by class
    services_s : tuple of float64 arrays, by class
        Times that an agent was taken up by a contact, from the end of its wait.
    chances : float64 array, [24, K]
        Shares of the classes by local hour of arrival, for contacts of unknown class.
    believed : bool array, by contact
        Whether the class of each contact is believed.
    cautions : tuple of Caution
        What a reader should know first.
    """

    log: PoolLog
    edges_s: Floats
    day: Int64s
    slot: Int64s
    agents: Floats
    waiting_s: Floats
    from_roster: bool
    patience: tuple[Patience, ...]
    services_s: tuple[Floats, ...]
    chances: Floats
    believed: NDArray[np.bool_]
    cautions: tuple[Caution, ...]

    @property
    def class_order(self) -> tuple[str, ...]:
        """The classes, the one that is served first first."""
        return self.log.class_order

    @property
    def hour(self) -> Int64s:
        """Local hour of the day of each quarter hour."""
        return self.slot * 24 // SLOTS

    @property
    def n_days(self) -> int:
        """Local days on which anybody arrived."""
        return int(np.unique(np.floor(self.log.local_s(self.log.arrived_s) / DAY_S)).size)

    @property
    def load(self) -> float:
        """Work that arrives over work that those on duty can do, in the quarter hours with anybody on duty."""
        staffed = float((self.agents * np.diff(self.edges_s)).sum())
        mean = np.array([each.mean() for each in self.services_s])
        work = float((np.bincount(self._draw_classes(np.random.default_rng(0)), minlength=len(mean)) * mean).sum())
        return work / staffed if staffed > 0 else np.inf

    @property
    def staff(self) -> pd.DataFrame:
        """On duty by quarter hour: from_at, to_at (UTC), agents, waiting_s; without those with nobody."""
        start = pd.to_datetime(self.edges_s * 1e6 + self.log.origin_us, unit="us", utc=True).as_unit("us")
        table = pd.DataFrame(
            {"from_at": start[:-1], "to_at": start[1:], "agents": self.agents, "waiting_s": self.waiting_s}
        )
        return table[table["agents"] > 0].reset_index(drop=True)

    def staff_by_hour(self) -> pd.DataFrame:
        """Return the mean number on duty by local hour, over the days with anybody on duty then: hour, agents."""
        there = self.agents > 0
        table = pd.DataFrame({"hour": self.hour[there], "agents": self.agents[there]})
        return table.groupby("hour")["agents"].mean().reset_index()

    def with_servers(self, change: float, *, hours: Mapping[int, float] | None = None) -> Calibration:
        """Return the same queue with so many more (or fewer) on duty whenever anybody is.

        Parameters
        ----------
        change : float
        hours : mapping of local hour to further change, optional

        Raises
        ------
        CxError
            ``no_staff_left``.
        """
        by_hour = np.array([float((hours or {}).get(hour, 0.0)) for hour in range(24)])
        agents = np.where(self.agents > 0, self.agents + change + by_hour[self.hour], 0.0)
        agents = np.maximum(agents, 0.0)
        if not agents.any():
            raise CxError("no_staff_left", N_("With that, nobody is left on duty."), hint=N_("Take away fewer agents."))
        return replace(self, agents=agents)

    def with_staff(self, roster: Any) -> Calibration:
        """Return the same queue with a roster: a frame with from_at, to_at (times with a zone) and agents."""
        return replace(self, agents=_from_roster(roster, self.edges_s, self.log.origin_us), from_roster=True)

    def replayed(self) -> Workload:
        """Return the log as it was: own arrivals and service times; only what the log does not tell is drawn.

        Not told are the patience of those who were served before they lost it, the service of those who left, and
        classes that are not believed.
        """
        log = self.log
        waited = np.where(np.isfinite(log.ended_s), log.ended_s - log.arrived_s, 0.0)
        own = np.where(log.served, log.done_s - log.ended_s, np.nan)

        def draw(random: np.random.Generator) -> Arrivals:
            classes = self._draw_classes(random)
            service = np.where(np.isnan(own), self._draw_service(random, classes), np.maximum(own, 0.0))
            patience = np.where(log.left, waited, self._draw_patience(random, classes, waited))
            return Arrivals(log.arrived_s, service, classes, patience, log.needs if log.has_needs else None)

        return self._workload(draw)

    def drawn(self, *, volume: float = 1.0) -> Workload:
        """Return the queue with everything drawn: the same days, each as busy as it was, but other contacts.

        Arrivals are a Poisson process whose rate follows the quarter hours of that weekday, times how busy the day was;
        service times are those of the class in the log, patience is its curve.

        Parameters
        ----------
        volume : float
            How many times as many contacts.
        """
        if not (np.isfinite(volume) and volume > 0):
            raise CxError(
                "bad_volume",
                N_("“{value}” times as many contacts is not possible."),
                hint=N_("Give a number above 0."),
                value=volume,
            )
        rates = self._rates() * volume
        length = np.diff(self.edges_s)
        whole = self._whole_seconds
        needs = self._need_shares()

        def draw(random: np.random.Generator) -> Arrivals:
            counts = random.poisson(rates)
            n = int(counts.sum())
            cell = np.repeat(np.arange(counts.size), counts.ravel())
            place, classes = cell // rates.shape[1], cell % rates.shape[1]
            arrived = self.edges_s[place] + random.random(n) * length[place]
            arrived = np.floor(arrived) if whole else arrived
            order = np.argsort(arrived, kind="stable")
            arrived, classes = arrived[order], classes[order].astype(np.int64)
            service = self._draw_service(random, classes)
            patience = self._draw_patience(random, classes, np.zeros(n))
            courtesy = random.random(n) < needs[classes] if self.log.has_needs else None
            return Arrivals(arrived, service, classes, np.rint(patience) if whole else patience, courtesy)

        return self._workload(draw)

    @property
    def _whole_seconds(self) -> bool:
        log = self.log
        return bool((log.arrived_s == np.floor(log.arrived_s)).all())

    def _draw_classes(self, random: np.random.Generator) -> Int64s:
        return _with_classes(self.log, self.believed, self.chances, random)

    def _draw_service(self, random: np.random.Generator, classes: Int64s) -> Floats:
        out, at = np.empty(classes.size), random.random(classes.size)
        for k, known in enumerate(self.services_s):
            mine = classes == k
            out[mine] = known[(at[mine] * known.size).astype(np.int64)]
        return out

    def _draw_patience(self, random: np.random.Generator, classes: Int64s, longer_than_s: Floats) -> Floats:
        out = np.empty(classes.size)
        for k, patience in enumerate(self.patience):
            mine = classes == k
            out[mine] = patience.draw(random, longer_than_s[mine])
        return out

    def _rates(self) -> Floats:
        """Return how many of each class to expect in each quarter hour, [n, K]."""
        log, k = self.log, len(self.class_order)
        place = np.searchsorted(self.edges_s, log.arrived_s, side="right") - 1
        counts = np.zeros((self.slot.size, k))
        known = self.believed
        np.add.at(counts, (place[known], log.classes[known]), 1.0)
        if not known.all():
            hour = self.hour[place[~known]]
            np.add.at(counts, place[~known], self.chances[hour])
        open_, days = self._open(place), self.day - self.day.min()
        key = (self.day + 3) % 7 * SLOTS + self.slot
        total = np.zeros((7 * SLOTS, k))
        np.add.at(total, key[open_], counts[open_])
        opened = np.bincount(key[open_], minlength=7 * SLOTS)
        profile = np.where(open_[:, None], (total / np.maximum(opened, 1)[:, None])[key], 0.0)
        came = np.bincount(days, counts.sum(axis=1))
        usual = np.bincount(days, profile.sum(axis=1))
        busy = np.divide(came, usual, out=np.zeros_like(came), where=usual > 0)
        rates: Floats = profile * busy[days][:, None]
        return rates

    def _open(self, place: Int64s) -> NDArray[np.bool_]:
        """Return which quarter hours lie between the first and the last arrival of their day."""
        open_ = np.zeros(self.slot.size, bool)
        for _day, places in pd.Series(place).groupby(self.day[place]):
            open_[places.min() : places.max() + 1] = True
        return open_

    def _need_shares(self) -> Floats:
        known = self.believed
        out = [
            self.log.needs[known & (self.log.classes == k)].mean() if (known & (self.log.classes == k)).any() else 0.0
            for k in range(len(self.class_order))
        ]
        return np.array(out)

    def _workload(self, draw: Any) -> Workload:
        shift_at, shift_servers = as_schedule(self.edges_s, self.agents)
        return Workload(
            class_order=self.class_order,
            draw=draw,
            shift_at=shift_at,
            shift_servers=shift_servers,
        )


def calibrate(
    contacts: Any,
    *,
    where: Mapping[str, str | None] | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    by: By = "tier",
    ranks: Any = None,
    zone: str = "UTC",
    roster: Any = None,
) -> Calibration:
    """Tell from a log what its queue had to do.

    See `pool_log.pool_log` for the parameters that are not told here.

    Parameters
    ----------
    roster : frame, optional
        from_at, to_at (times with a zone) and agents; several rows at the same time add up. Without it those on duty
        are told from who was busy while others waited, see `staffing.on_duty`.

    Notes
    -----
    An agent is taken up from the end of the wait to the end of the service: time after it, such as writing up, shows in
    fewer agents than were paid for. Where the tiers of contacts that queued and that did not are too different (total
    variation above .5), those of the latter are not believed and are drawn as among those that queued in that hour.

    Raises
    ------
    CxError
        ``no_service_times``, ``no_staff``, and those of `pool_log`.
    """
    log = (
        contacts
        if isinstance(contacts, PoolLog)
        else pool_log(contacts, where=where, from_at=from_at, until_at=until_at, by=by, ranks=ranks, zone=zone)
    )
    timed = log.served & ~np.isnan(log.done_s)
    if not timed.any():
        raise CxError(
            "no_service_times",
            N_("Nothing tells how long service took."),
            hint=N_("Bring a column for the end of the service (ended_at)."),
        )
    believed, cautions = _believed(log)
    edges = _edges(log)
    middle = log.local_s(edges[:-1] + INTERVAL_S / 2)
    day, slot = (middle // DAY_S).astype(np.int64), (middle % DAY_S // QUARTER_S).astype(np.int64)
    ended = np.where(np.isfinite(log.ended_s), log.ended_s, edges[-1])
    waits = log.queued & (ended > log.arrived_s)
    seen = observe(
        log.ended_s[timed], np.maximum(log.done_s, log.ended_s)[timed], (log.arrived_s[waits], ended[waits]), edges
    )
    if roster is None:
        done = np.maximum(log.done_s, log.ended_s)[timed]
        present = presence(log.agent[timed], log.ended_s[timed], done, edges) if log.has_agents else None
        agents = on_duty(seen, day=day, slot=slot, present=present)
    else:
        agents = _from_roster(roster, edges, log.origin_us)
    if not agents.any():
        raise CxError(
            "no_staff", N_("Nobody is on duty in this period."), hint=N_("Check the roster, or choose another period.")
        )
    chances = _chances(log, believed)
    services = _services(log, _with_classes(log, believed, chances, np.random.default_rng(0)))
    patience, more = _patience(log, believed)
    found = Calibration(
        log=log,
        edges_s=edges,
        day=day,
        slot=slot,
        agents=agents,
        waiting_s=seen.waiting_s,
        from_roster=roster is not None,
        patience=patience,
        services_s=services,
        chances=chances,
        believed=believed,
        cautions=(*cautions, *more),
    )
    return replace(found, cautions=(*found.cautions, *_of_length(found), *_of_load(found)))


def _believed(log: PoolLog) -> tuple[NDArray[np.bool_], list[Caution]]:
    """Return whose class is believed, and what is to be said of the others."""
    known = log.classes != UNKNOWN
    if log.labels_follow_queue and (log.queued & known).any():
        return known & log.queued, [Caution("label_trap")]
    return known, [] if known.all() else [Caution("no_tier", share=float((~known).mean()))]


def _chances(log: PoolLog, believed: NDArray[np.bool_]) -> Floats:
    k = len(log.class_order)
    like = believed & log.queued if (believed & log.queued).any() else believed
    hour = (log.local_s(log.arrived_s[like]) % DAY_S // 3600).astype(np.int64)
    counts = np.zeros((24, k))
    np.add.at(counts, (hour, log.classes[like]), 1.0)
    counts += 5 * counts.sum(axis=0) / counts.sum()  # an hour with few is like the whole day
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _with_classes(log: PoolLog, believed: NDArray[np.bool_], chances: Floats, random: np.random.Generator) -> Int64s:
    """Return a class for everybody, drawn for those whose own is not believed."""
    out = log.classes.copy()
    unknown = np.flatnonzero(~believed)
    if unknown.size:
        hour = (log.local_s(log.arrived_s[unknown]) % DAY_S // 3600).astype(np.int64)
        limits = np.cumsum(chances, axis=1)[hour]
        out[unknown] = (random.random(unknown.size)[:, None] > limits[:, :-1]).sum(axis=1)
    return out


def _edges(log: PoolLog) -> Floats:
    last = max(float(log.arrived_s.max()), np.nanmax(np.where(np.isnan(log.done_s), 0.0, log.done_s)))
    return np.arange(np.floor(log.arrived_s[0] / INTERVAL_S), np.ceil(last / INTERVAL_S) + 1) * INTERVAL_S


def _services(log: PoolLog, classes: Int64s) -> tuple[Floats, ...]:
    taken = np.where(log.served, log.done_s - log.ended_s, np.nan)
    known = ~np.isnan(taken)
    of_all = np.maximum(taken[known], 0.0)
    out = []
    for k in range(len(log.class_order)):
        mine = known & (classes == k)
        out.append(np.maximum(taken[mine], 0.0) if mine.sum() >= LEAST_SERVICES else of_all)
    return tuple(out)


def _patience(log: PoolLog, believed: NDArray[np.bool_]) -> tuple[tuple[Patience, ...], list[Caution]]:
    last = float(np.nanmax(np.where(np.isfinite(log.ended_s), log.ended_s, np.nan)))
    waited = np.where(np.isfinite(log.ended_s), log.ended_s, np.maximum(last, log.arrived_s)) - log.arrived_s
    who = log.queued & (waited > 0)
    of_all = Patience.of(waited[who], log.left[who])
    out, borrowed = [], []
    for k, name in enumerate(log.class_order):
        mine = who & believed & (log.classes == k)
        own = int(log.left[mine].sum()) >= LEAST_LEFT
        out.append(Patience.of(waited[mine], log.left[mine]) if own else of_all)
        if not own:
            borrowed.append(name)
    if of_all.n_left == 0:
        return tuple(out), [Caution("nobody_left")]
    alone = len(log.class_order) == 1
    return tuple(out), [Caution("patience_of_all", classes=tuple(borrowed))] if borrowed and not alone else []


def _of_length(found: Calibration) -> list[Caution]:
    log, out = found.log, []
    if log.counts["end_unknown"]:
        out.append(Caution("end_unknown", n=log.counts["end_unknown"]))
    unknown = float(np.isnan(log.done_s[log.served]).mean()) if log.served.any() else 0.0
    if unknown:
        out.append(Caution("no_service", share=unknown))
    if found.n_days < LEAST_DAYS:
        out.append(Caution("few_days", n=found.n_days))
    return out


def _of_load(found: Calibration) -> list[Caution]:
    overloaded = found.load >= 1 and any(each.n_left == 0 for each in found.patience)
    return [Caution("overload", share=found.load)] if overloaded else []


def _from_roster(roster: Any, edges_s: Floats, origin_us: int) -> Floats:
    """Return how many a roster has on duty in each interval, on average over it."""
    missing(("from_at", "to_at", "agents"), names(roster), table="roster")
    table = pandas(standard(roster, {"from_at": "time", "to_at": "time", "agents": "number"}))
    begin, end = ((table[name].to_numpy(np.float64) - origin_us) / MICROSECONDS for name in ("from_at", "to_at"))
    many = table["agents"].to_numpy(np.float64)
    bad = ~(np.isfinite(begin) & np.isfinite(end) & (end > begin) & (many >= 0))
    if bad.any():
        raise CxError(
            "bad_roster",
            N_("Row {row} of the roster cannot be used."),
            hint=N_("Give a beginning, a later end, and a number of agents of 0 or more."),
            row=int(np.argmax(bad)) + 1,
        )
    times = np.concatenate([begin, end])
    order = np.argsort(times, kind="stable")
    times, level = times[order], np.cumsum(np.concatenate([many, -many])[order])
    worked = np.concatenate([[0.0], np.cumsum(np.diff(times) * level[:-1])])
    at = np.interp(edges_s, times, worked)
    on: Floats = np.maximum(np.diff(at) / np.diff(edges_s), 0.0)
    return np.where(on < 1e-9, 0.0, on)
