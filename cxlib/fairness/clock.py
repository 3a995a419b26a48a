"""The local clock of arrivals held as an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit

from cxlib.engine import threads
from cxlib.engine.frames import MICROSECONDS, utc_offsets
from cxlib.errors import CxError
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int64s = NDArray[np.int64]

EVERY: Final = ("hour", "hour_of_day", "weekday", "hour_of_week", "day", "week", "month")

_HOUR: Final = 3600 * MICROSECONDS


def local_hours(arrived: Int64s, *, zone: str) -> Int64s:
    """Return the hour of the local clock in which each instant falls, in hours since 1970-01-01T00 local time.

    Parameters
    ----------
    arrived : int64 array, length n
        Microseconds since 1970 (UTC).
    zone : str
    """
    if not arrived.size:
        return np.zeros(0, np.int64)
    offsets = utc_offsets(zone, int(arrived.min()), int(arrived.max()))
    since, away = (np.array(each, np.int64) for each in zip(*offsets, strict=True))
    parts = threads.run(lambda a, b: _hours(arrived[a:b], since, away), threads.blocks(arrived.size))
    return np.concatenate(parts)


def period_numbers(hours: Int64s, every: str) -> Int64s:
    """Return the number of the period that each local hour falls in, numbered as by `periods.with_period`."""
    if every not in EVERY:
        raise CxError(
            "unknown_choice",
            N_("“{value}” is no choice."),
            hint=N_("Choose one of: {known}."),
            value=every,
            known=", ".join(EVERY),
        )
    if not hours.size or every == "hour":
        return hours
    first = int(hours.min())
    each = np.arange(first, int(hours.max()) + 1)
    return _numbers(each, every)[hours - first]


def _numbers(hours: Int64s, every: str) -> Int64s:
    day = hours // 24
    weekday = (day + 3) % 7
    if every == "month":
        return day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    numbers: dict[str, Any] = {
        "hour_of_day": hours % 24,
        "weekday": weekday,
        "hour_of_week": weekday * 24 + hours % 24,
        "day": day,
        "week": day - weekday,
    }
    found: Int64s = numbers[every]
    return found


@njit(cache=True, nogil=True)
def _hours(arrived: Int64s, since: Int64s, away: Int64s) -> Int64s:
    out = np.empty(arrived.shape[0], np.int64)
    at = 0
    for row, when in enumerate(arrived):
        while at + 1 < since.shape[0] and when >= since[at + 1]:
            at += 1
        while at > 0 and when < since[at]:
            at -= 1
        out[row] = (when + away[at]) // _HOUR
    return out
