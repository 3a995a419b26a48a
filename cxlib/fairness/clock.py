# ruff: noqa: PLR0917 - compiled loops take arrays by position
"""The local clock of arrivals held as an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
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
_DENSE: Final = 1 << 22
"""Hours up to which each has its place, whether anything falls in it or not."""


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


class Calendar:
    """The periods in which a column of instants falls, and where each instant's period stands among them.

    Parameters
    ----------
    arrived : arrow column, length n
        Timestamps in microseconds, or int64 microseconds since 1970 (UTC).
    every, zone : str
        As for `period_numbers` and `local_hours`.

    Attributes
    ----------
    numbers : int64 array
        The periods, numbered as by `period_numbers`, rising; some may be without an instant.
    """

    def __init__(self, arrived: pa.ChunkedArray, every: str, *, zone: str) -> None:
        whole = arrived if pa.types.is_int64(arrived.type) else arrived.cast("int64")
        ends = pc.min_max(whole).as_py()
        self._earliest, latest = ends["min"] or 0, ends["max"] or 0
        self._every = every
        offsets = utc_offsets(zone, self._earliest, latest)
        self._since, self._away = (np.array(each, np.int64) for each in zip(*offsets, strict=True))
        self._first = int((self._earliest + self._away.min()) // _HOUR)
        hours = int((latest + self._away.max()) // _HOUR) + 1 - self._first
        self._places: NDArray[np.int32] | None = None
        if hours <= _DENSE:
            each = period_numbers(np.arange(self._first, self._first + hours), every)
            self.numbers, places = np.unique(each, return_inverse=True)
            self._places = places.astype(np.int32)
        else:
            chunks = [chunk.drop_null().to_numpy() for chunk in whole.chunks]
            met = threads.run(lambda chunk: np.unique(self._numbers(chunk)), [(each,) for each in chunks])
            self.numbers = np.unique(np.concatenate(met))

    def places(self, arrived: Int64s) -> NDArray[np.int32]:
        """Return the place in `numbers` of each instant; whatever is before the first one is taken for it."""
        if self._places is None:
            return np.searchsorted(self.numbers, self._numbers(arrived)).astype(np.int32)
        found: NDArray[np.int32] = _looked_up(
            arrived, self._earliest, self._since, self._away, self._first, self._places
        )
        return found

    def _numbers(self, arrived: Int64s) -> Int64s:
        return period_numbers(_hours(np.maximum(arrived, self._earliest), self._since, self._away), self._every)


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


@njit(cache=True, nogil=True)
def _looked_up(arrived: Int64s, earliest: int, since: Int64s, away: Int64s, first: int, places: Any) -> Any:
    out = np.empty(arrived.shape[0], np.int32)
    at = 0
    for row in range(arrived.shape[0]):
        when = max(arrived[row], earliest)
        while at + 1 < since.shape[0] and when >= since[at + 1]:
            at += 1
        while at > 0 and when < since[at]:
            at -= 1
        out[row] = places[(when + away[at]) // _HOUR - first]
    return out
