"""Compiled passes over rows that are sorted by customer and month: nothing is grouped, hashed or copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAR: Final = 1000.0
"""A month beyond this factor of the customer's median smells of another unit."""
ALIKE: Final = 10.0
LEAST_MONTHS: Final = 3


def run_starts(names: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return where each run of equal texts begins.

    Parameters
    ----------
    names : pyarrow.ChunkedArray
        Strings without nulls.
    """
    changed = np.zeros(len(names), np.bool_)
    at, last = 0, ""
    for chunk in names.chunks:
        if not len(chunk):
            continue
        width = np.int64 if pa.types.is_large_string(chunk.type) else np.int32
        offsets = np.frombuffer(chunk.buffers()[1], width)[chunk.offset : chunk.offset + len(chunk) + 1]
        data = np.frombuffer(chunk.buffers()[2] or b"\0", np.uint8)
        _changes(offsets, data, changed[at : at + len(chunk)])
        changed[at] = at == 0 or chunk[0].as_py() != last
        at, last = at + len(chunk), chunk[len(chunk) - 1].as_py()
    return np.flatnonzero(changed)


def far_from_usual(values: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of values that are `FAR` times the median of their run, or that part of it.

    Only values above 0 count, in runs of at least `LEAST_MONTHS` of them. A small month is common; it is odd only
    where all others are alike, that is where the second smallest is within a factor of `ALIKE` of the median.
    """
    found = np.empty(len(values), np.int64) if len(values) < 1 << 16 else np.empty(1 << 16, np.int64)
    n = _far(values, starts, found)
    if n > len(found):
        found = np.empty(n, np.int64)
        _far(values, starts, found)
    return found[:n]


def holes(days: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the months (year * 12 + month - 1) that are missing in runs, once for each; None where days go back."""
    first = np.zeros(len(days), np.bool_)
    first[starts] = True
    places = np.empty(1 << 16, np.int64)
    n = _jumps(days, first, places)
    if n < 0:
        return None
    if n > len(places):
        places = np.empty(n, np.int64)
        _jumps(days, first, places)
    at = places[:n]
    before, after = _months(days[at - 1]), _months(days[at])
    counts = after - before - 1
    firsts = np.repeat(before + 1, counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    missing: NDArray[np.int64] = firsts + within
    return missing


def _months(days: NDArray[Any]) -> NDArray[np.int64]:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12


@njit(cache=True, nogil=True)
def _changes(offsets: np.ndarray, data: np.ndarray, changed: np.ndarray) -> None:
    for i in range(1, len(changed)):
        a, b, c = offsets[i - 1], offsets[i], offsets[i + 1]
        if b - a != c - b:
            changed[i] = True
            continue
        # the ends differ first
        for k in range(b - a - 1, -1, -1):
            if data[a + k] != data[b + k]:
                changed[i] = True
                break


@njit(cache=True, nogil=True)
def _jumps(days: np.ndarray, first: np.ndarray, places: np.ndarray) -> int:
    n = 0
    for i in range(1, len(days)):
        if first[i]:
            continue
        apart = days[i] - days[i - 1]
        if apart < 0:
            return -1
        if apart > 31:
            if n < len(places):
                places[n] = i
            n += 1
    return n


@njit(cache=True, nogil=True)
def _far(values: np.ndarray, starts: np.ndarray, found: np.ndarray) -> int:
    n = 0
    for r in range(len(starts)):
        begin = starts[r]
        end = starts[r + 1] if r + 1 < len(starts) else len(values)
        least, most, filled = np.inf, 0.0, 0
        for i in range(begin, end):
            if values[i] > 0:
                filled += 1
                least = min(least, values[i])
                most = max(most, values[i])
        if filled < LEAST_MONTHS or most < FAR * least:
            continue
        positive = np.empty(filled)
        at = 0
        for i in range(begin, end):
            if values[i] > 0:
                positive[at] = values[i]
                at += 1
        positive.sort()
        usual = (positive[(filled - 1) // 2] + positive[filled // 2]) / 2
        alike = positive[1] * ALIKE >= usual
        for i in range(begin, end):
            if values[i] > 0 and (values[i] >= FAR * usual or (alike and values[i] * FAR <= usual)):
                if n < len(found):
                    found[n] = i
                n += 1
    return n
