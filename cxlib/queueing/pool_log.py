"""One pool of a log as arrays: who came, how each wait ended, who was served for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pyarrow as pa

from cxlib.engine.frames import MICROSECONDS, names, utc_offsets
from cxlib.errors import CxError
from cxlib.fairness.contacts import prepare
from cxlib.fairness.groups import NO_NEED, By
from cxlib.fairness.lines import ABANDONED, SERVED, STILL_WAITING, Lines, lines_of
from cxlib.fairness.traps import label_trap
from cxlib.texts import N_

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Int64s = NDArray[np.int64]

UNKNOWN: Final = -1
MOST_GAP_S: Final = 60.0
"""Between the end of a wait and the beginning of the service; what is longer is not the agent's time."""
DAY_US: Final = 86_400 * MICROSECONDS


@dataclass(frozen=True, kw_only=True)
class PoolLog:
    """Contacts of one pool in order of arrival, arrays of length n; seconds since `origin_us`.

    Attributes
    ----------
    class_order : tuple of str
        By rank, the one that is served first first.
    classes : int64
        Place in `class_order`, `UNKNOWN` where the contact is of no known class.
    arrived_s, ended_s : float64
        Arrival and end of the wait (infinity: waiting still).
    done_s : float64
        When the agent was done, counted from the end of the wait; NaN where it is not known or there was no service.
    outcome : int8
        `lines.SERVED`, `lines.ABANDONED` or `lines.WAITING`.
    queued, needs : bool
        Whether it queued; whether its customer has a need (elderly, disabled, ...).
    agent : int64
        Code of who served, -1 where the file does not tell.
    agents : tuple of str
    origin_us : int
        Local midnight before the first arrival, in microseconds since 1970.
    offsets : list of (since, offset)
        Of the local clock from UTC, microseconds.
    zone : str
    counts : dict of str to int
        Contacts left out, by reason: ``left_unqueued``, ``end_unknown``.
    has_agents, has_needs : bool
    lines : Lines
        What it was taken from.
    labels_follow_queue : bool
        Whether labels depend on having queued, see `cxlib.fairness.label_trap`.
    """

    class_order: tuple[str, ...]
    classes: Int64s
    arrived_s: Floats
    ended_s: Floats
    done_s: Floats
    outcome: NDArray[np.int8]
    queued: NDArray[np.bool_]
    needs: NDArray[np.bool_]
    agent: Int64s
    agents: tuple[str, ...]
    origin_us: int
    offsets: list[tuple[int, int]]
    zone: str
    counts: dict[str, int]
    has_agents: bool
    has_needs: bool
    lines: Lines
    labels_follow_queue: bool

    def local_s(self, t_s: Floats) -> Floats:
        """Return the local clock's reading of times, in seconds since 1970-01-01T00 local time."""
        when = t_s * MICROSECONDS + self.origin_us
        since = np.array([each[0] for each in self.offsets], np.float64)
        away = np.array([each[1] for each in self.offsets], np.float64)
        place = np.maximum(np.searchsorted(since, when, side="right") - 1, 0)
        read: Floats = (when + away[place]) / MICROSECONDS
        return read

    @property
    def served(self) -> NDArray[np.bool_]:
        """Who was served."""
        flags: NDArray[np.bool_] = self.outcome == SERVED
        return flags

    @property
    def left(self) -> NDArray[np.bool_]:
        """Who left unserved."""
        flags: NDArray[np.bool_] = self.outcome == ABANDONED
        return flags


def pool_log(
    contacts: Any,
    *,
    where: Mapping[str, str | None] | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    by: By = "tier",
    ranks: Any = None,
    zone: str = "UTC",
    class_order: tuple[str, ...] | None = None,
) -> PoolLog:
    """Take one pool and period of a log.

    Parameters
    ----------
    contacts : frame
        The typed table of contacts, or what `cxlib.fairness.contacts.prepare` returned of it.
    where : mapping of column to value, optional
        What the contacts of the pool have in common, such as ``{"queue": "billing"}``; None stands for a missing value.
    from_at, until_at : datetime with a zone, optional
        Arrivals from the first on and before the second.
    by : mapping from tier to group, or the name of a column
    ranks : mapping of tier to rank, or table of tiers, optional
    class_order : tuple of str, optional
        The classes, the preferred first; default: by rank.

    Raises
    ------
    CxError
        ``no_contacts_there``, ``no_classes``, and those of `prepare`.
    """
    where = dict(where or {})
    prepared = prepare(contacts, ranks=ranks, keep=tuple(where))
    prepared.need(*where)
    frame = prepared.frame
    for name, value in where.items():
        frame = frame.filter(nw.col(name).is_null() if value is None else nw.col(name) == value)
    if from_at is not None:
        frame = frame.filter(nw.col("arrived_us") >= _microseconds(from_at))
    if until_at is not None:
        frame = frame.filter(nw.col("arrived_us") < _microseconds(until_at))
    chosen = replace(prepared, frame=frame)
    lines = lines_of(chosen, by=by, pool=None, keep=("agent_id", "need"))
    if not len(lines):
        raise _nobody()
    order = class_order or _by_rank(lines.tiers, by, prepared.ranks)
    more = lines.columns("done_us", "service_us", *(name for name in ("agent_id", "need") if name in names_of(lines)))
    row = lines.order
    use = lines.known[row] & ~((lines.outcome[row] == ABANDONED) & ~lines.queued[row])
    unknown_end = int((~lines.known).sum())
    row = row[use]
    arrived = lines.arrived[row]
    if not arrived.size:
        raise _nobody()
    ends = lines.ends[row]
    offsets = utc_offsets(zone, int(arrived.min()), int(arrived.max()) + DAY_US)
    origin = (int(arrived[0]) + offsets[0][1]) // DAY_US * DAY_US - offsets[0][1]
    codes = {name: place for place, name in enumerate(order)}
    place = np.array([codes.get(str(tier), UNKNOWN) if tier is not None else UNKNOWN for tier in lines.tiers])
    agent, agents = _coded(more, "agent_id", row)
    needs = _has_need(more, row)
    queued = lines.queued[row]
    ended = np.where(ends == STILL_WAITING, np.inf, (np.minimum(ends, 2**62) - origin) / MICROSECONDS)
    arrived_s = (arrived - origin) / MICROSECONDS
    ended_s = np.where(queued, ended, arrived_s)
    return PoolLog(
        class_order=order,
        classes=place[lines.tier[row]].astype(np.int64),
        arrived_s=arrived_s,
        ended_s=ended_s,
        done_s=ended_s + _taken_up(_seconds(more["done_us"], row, origin) - ended_s, _seconds(more["service_us"], row)),
        outcome=lines.outcome[row],
        queued=queued,
        needs=needs,
        agent=agent,
        agents=agents,
        origin_us=origin,
        offsets=offsets,
        zone=zone,
        counts={"end_unknown": unknown_end, "left_unqueued": len(lines) - unknown_end - int(row.size)},
        has_agents=bool((agent >= 0).any()),
        has_needs=bool(needs.any()),
        lines=lines,
        labels_follow_queue=label_trap(chosen, label="tier" if isinstance(by, Mapping) else lines.key).warned,
    )


def _nobody() -> CxError:
    return CxError(
        "no_contacts_there",
        N_("There are no contacts in this queue and period."),
        hint=N_("Choose another queue or a longer period."),
    )


def names_of(lines: Any) -> list[str]:
    """Return the names of the columns that the contacts of lines have."""
    return names(nw.to_native(lines.frame))


def _by_rank(tiers: list[str | None], by: By, ranks: dict[str, int] | None) -> tuple[str, ...]:
    there = [tier for tier in tiers if tier is not None]
    if ranks:
        group = by if isinstance(by, Mapping) else {}
        of_group: dict[str, int] = {}
        for tier, rank in ranks.items():
            name = str(group.get(tier, tier))
            of_group[name] = min(of_group.get(name, rank), rank)
        unranked = [tier for tier in there if tier not in of_group]
        if by == "tier" and unranked:
            raise CxError(
                "no_rank",
                N_("Tier “{value}” has no rank yet."),
                hint=N_("Give each tier a rank on the page Tiers."),
                value=unranked[0],
            )
        there = sorted(there, key=lambda tier: (of_group.get(tier, 1 << 30), tier))
    if not there:
        raise CxError(
            "no_classes",
            N_("None of these contacts has a known tier."),
            hint=N_("Bring a column for the tier, or choose another queue."),
        )
    return tuple(there)


def _microseconds(when: datetime) -> int:
    if when.tzinfo is None:
        raise CxError(
            "no_zone",
            N_("“{value}” has no time zone."),
            hint=N_("Give a time with its zone."),
            value=when.isoformat(),
        )
    return round(when.timestamp() * MICROSECONDS)


def _coded(table: pa.Table, name: str, row: NDArray[np.int32]) -> tuple[Int64s, tuple[str, ...]]:
    if name not in table.column_names:
        return np.full(row.size, UNKNOWN, np.int64), ()
    coded = table[name].cast(pa.string()).combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(UNKNOWN).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes[row], tuple(str(each) for each in coded.dictionary.to_pylist())


def _has_need(table: pa.Table, row: NDArray[np.int32]) -> NDArray[np.bool_]:
    codes, values = _coded(table, "need", row)
    real = np.array([*(bool(value.strip()) and value != NO_NEED for value in values), False])
    said: NDArray[np.bool_] = real[codes]
    return said


def _seconds(column: pa.ChunkedArray, row: NDArray[np.int32], origin: int = 0) -> Floats:
    missing = np.iinfo(np.int64).min
    whole = column.cast(pa.int64()).fill_null(missing).combine_chunks().to_numpy(zero_copy_only=False)[row]
    return np.where(whole == missing, np.nan, (whole - origin) / MICROSECONDS)


def _taken_up(since_wait_s: Floats, service_s: Floats) -> Floats:
    """Return how long an agent was taken up: from the end of the wait, unless service began much later, or before."""
    gap = since_wait_s - service_s
    with np.errstate(invalid="ignore"):
        near = (gap >= 0) & (gap <= MOST_GAP_S)
    return np.where(near, since_wait_s, service_s)
