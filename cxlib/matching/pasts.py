# ruff: noqa: PLR0917 - compiled functions take arrays by position
"""Pasts and what followed them: the examples from which a forecast learns.

A *window* is a customer at the end of a month, with the good months before it and the `horizon` months after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numba import njit

from cxlib.matching.history import MONTHS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.history import History

OFFSET_SHARE: Final = 0.2
"""What is added to usage before logarithms and ratios, as a share of the meter's median: little use is all alike."""


class Windows(NamedTuple):
    """W windows over the good rows of a history."""

    first: NDArray[np.int64]  # first row of the past
    stop: NDArray[np.int64]  # row after the past, the first of the future
    end: NDArray[np.int64]  # month of the last row of the future
    owner: NDArray[np.int64]  # position of the customer
    priority: NDArray[np.uint64]  # the lowest are taken where there are too many; later months do not change it


def find_windows(history: History, *, horizon: int, seed: int) -> Windows:
    """Return all windows of a history: a past of any length and `horizon` consecutive months."""
    n = len(history.key)
    stop = np.arange(1, max(1, n - horizon + 1), dtype=np.int64)
    stop = stop[history.key[stop + horizon - 1] - history.key[stop - 1] == horizon] if n > horizon else stop[:0]
    owner = history.owner[stop]
    first = np.searchsorted(history.key, owner * MONTHS)
    priority = scattered(history.key[stop - 1], seed)
    return Windows(first, stop, history.month[stop + horizon - 1], owner, priority)


def chosen_windows(windows: Windows, chosen: NDArray[np.intp]) -> Windows:
    """Return some of the windows."""
    return Windows._make(each[chosen] for each in windows)


def ended_windows(windows: Windows, origin: int, *, least_past: int, enough: int, most: int) -> NDArray[np.intp]:
    """Return the windows that had ended by a month, at most `most` of them, in order.

    Those with a past of at least `least_past` months are taken, all of them where there are fewer than `enough`.
    """
    ended = np.flatnonzero(windows.end <= origin)
    long = ended[windows.stop[ended] - windows.first[ended] >= least_past]
    kept = long if len(long) >= enough else ended
    if len(kept) > most:
        kept = np.sort(kept[np.argpartition(windows.priority[kept], most)[:most]])
    return kept


def offset_of(used: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is added to the usage of each meter, float64 [M], of rows [G, M]."""
    offset = np.ones(used.shape[1])
    for m in range(used.shape[1]):
        positive = used[used[:, m] > 0, m]
        if len(positive):
            offset[m] = OFFSET_SHARE * np.median(positive)
    return offset


@njit(cache=True, nogil=True)
def describe(
    used: Any, month: Any, first: Any, stop: Any, offset: Any, season: Any, decay: float, level: Any, features: Any
) -> None:
    """Describe the past of each of n windows by level, trend and variability per meter, offset added, season taken out.

    Writes `level`, float64 [n, M]: the mean that forgets by `decay` a month; and `features`, float64 [n, 3 M]: its
    logarithm, how far the last month is above the mean logarithm, and the spread of the logarithms.
    """
    meters = used.shape[1]
    for i in range(len(first)):
        n, last = stop[i] - first[i], stop[i] - 1
        for m in range(meters):
            weight, sum_, logs, squares, log = 0.0, 0.0, 0.0, 0.0, 0.0
            for row in range(first[i], stop[i]):
                w = decay ** (month[last] - month[row])
                plain = (used[row, m] + offset[m]) / season[month[row] % 12, m]
                weight += w
                sum_ += w * plain
                log = np.log(plain)
                logs += log
                squares += log * log
            level[i, m] = sum_ / weight
            features[i, m] = np.log(level[i, m])
            features[i, meters + m] = log - logs / n
            features[i, 2 * meters + m] = np.sqrt(max(0.0, squares / n - (logs / n) ** 2))


@njit(cache=True, nogil=True)
def changes(used: Any, month: Any, stop: Any, offset: Any, season: Any, level: Any, change: Any) -> None:
    """Write usage after over level before, season taken out, float64 [n, horizon, M]."""
    for i in range(len(stop)):
        for h in range(change.shape[1]):
            row = stop[i] + h
            for m in range(used.shape[1]):
                change[i, h, m] = (used[row, m] + offset[m]) / season[month[row] % 12, m] / level[i, m]


def scattered(key: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Return a number per key that looks random (splitmix64, Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        z = (key.astype(np.uint64) + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
