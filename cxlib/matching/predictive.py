# ruff: noqa: PLR0917 - compiled functions take arrays by position
"""What customers may use next: their own level, moved as the nearest other customers' usage really moved.

A *window* is a customer at the end of a month, with the months before it and the `horizon` months after it. At an
origin only windows whose last month is not after the origin are known; each one is a possible future of everyone
else: its months after, relative to its level before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numba import njit
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from cxlib.matching.history import MONTHS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.history import History

OFFSET_SHARE: Final = 0.2
"""What is added to usage before logarithms and ratios, as a share of the meter's median: little use is all alike."""
FEWEST_WINDOWS: Final = 30
"""With fewer windows that are as long as asked for, shorter ones are let in."""
RESOLUTION: Final = 1000
"""A forecast is written in units of at most the median over this."""


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
    priority = _scattered(history.key[stop - 1], seed)
    return Windows(first, stop, history.month[stop + horizon - 1], owner, priority)


def chosen_windows(windows: Windows, chosen: NDArray[np.intp]) -> Windows:
    """Return some of the windows."""
    return Windows._make(each[chosen] for each in windows)


@njit(cache=True, nogil=True)
def describe(
    used: Any, month: Any, first: Any, stop: Any, offset: Any, decay: float, level: Any, features: Any
) -> None:
    """Describe the past of each of n windows by level, trend and variability per meter.

    Writes `level`, float64 [n, M]: the mean that forgets by `decay` a month; and `features`, float64 [n, 3 M]: its
    logarithm, how far the last month is above the mean logarithm, and the spread of the logarithms.
    """
    meters = used.shape[1]
    for i in range(len(first)):
        n, last = stop[i] - first[i], stop[i] - 1
        for m in range(meters):
            weight, sum_, logs, squares = 0.0, 0.0, 0.0, 0.0
            for row in range(first[i], stop[i]):
                w = decay ** (month[last] - month[row])
                weight += w
                sum_ += w * used[row, m]
                log = np.log(used[row, m] + offset[m])
                logs += log
                squares += log * log
            level[i, m] = sum_ / weight
            features[i, m] = np.log(level[i, m] + offset[m])
            features[i, meters + m] = np.log(used[last, m] + offset[m]) - logs / n
            features[i, 2 * meters + m] = np.sqrt(max(0.0, squares / n - (logs / n) ** 2))


@njit(cache=True, nogil=True)
def _changes(used: Any, stop: Any, horizon: int, level: Any, offset: Any, change: Any) -> None:
    for i in range(len(stop)):
        for h in range(horizon):
            for m in range(used.shape[1]):
                change[i, h, m] = (used[stop[i] + h, m] + offset[m]) / (level[i, m] + offset[m])


@njit(cache=True, nogil=True)
def _keep_others(nearest: Any, window_owner: Any, own: Any, wanted: int, kept: Any, count: Any) -> None:
    """Keep of each row's nearest windows the first `wanted` that are not of the same customer."""
    for i in range(len(nearest)):
        n = 0
        for j in nearest[i]:
            if window_owner[j] != own[i] and n < wanted:
                kept[i, n] = j
                n += 1
        count[i] = n
        kept[i, n:] = kept[i, 0] if n else 0


@njit(cache=True, nogil=True)
def _move(level: Any, offset: Any, change: Any, kept: Any, scale: Any, out: Any) -> None:
    """Write the level of each customer, moved by each kept change, in whole units of ``1 / scale``."""
    at = 0
    for i in range(len(level)):
        for k in kept[i]:
            for h in range(change.shape[1]):
                for m in range(level.shape[1]):
                    moved = (level[i, m] + offset[m]) * change[k, h, m] - offset[m]
                    out[m, at] = np.int64(np.rint(max(0.0, moved) * scale[m]))
                at += 1


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is known at one origin: the windows that have ended, and how to find those nearest to a customer.

    D windows, M meters. Made by `outlook_at`.
    """

    origin: int
    offset: NDArray[np.float64]
    """Added before logarithms and ratios, float64 [M]."""
    decay: float
    owner: NDArray[np.int64]
    """Whose window it is, int64 [D]."""
    change: NDArray[np.float64]
    """Usage after over level before, float64 [D, horizon, M]."""
    search: Pipeline | None
    """StandardScaler and NearestNeighbors over the windows; None where there is no window."""
    most_own: int
    """The most windows that one customer has."""

    def describe(self, used: Any, month: Any, first: Any, stop: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return level [n, M] and features [n, 3 M] of the pasts ``first..stop``."""
        level = np.empty((len(first), len(self.offset)))
        features = np.empty((len(first), 3 * len(self.offset)))
        describe(used, month, first, stop, self.offset, self.decay, level, features)
        return level, features

    def neighbors(
        self, features: NDArray[np.float64], own: NDArray[np.int64], wanted: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the nearest windows of other customers, int64 [n, wanted], and how many of them there are [n].

        `own` is each customer's position among the owners, -1 where it has no window.
        """
        kept, count = np.zeros((len(features), wanted), dtype=np.int64), np.zeros(len(features), dtype=np.int64)
        if self.search is not None and len(features):
            asked = min(wanted + self.most_own, len(self.owner))
            nearest = self.search[-1].kneighbors(self.search[:-1].transform(features), asked, return_distance=False)
            _keep_others(nearest, self.owner, own, wanted, kept, count)
        return kept, count

    def futures(self, level: NDArray[np.float64], kept: NDArray[np.int64], decimals: Any) -> NDArray[np.int64]:
        """Return possible usage as whole numbers of ``10 ** -decimals``, int64 [M, n * wanted * horizon]."""
        out = np.empty((len(self.offset), kept.size * self.change.shape[1]), dtype=np.int64)
        _move(level, self.offset, self.change, kept, 10.0 ** np.asarray(decimals), out)
        return out


def outlook_at(
    origin: int, *, history: History, windows: Windows, horizon: int, least_past: int, half_life: float, most: int
) -> Outlook:
    """Gather what is known at the end of the month `origin`.

    Parameters
    ----------
    least_past : int
        Months that a window's past should have.
    half_life : float
        Months after which a month counts half in the level.
    most : int
        Windows to keep at most.
    """
    decay = float(0.5 ** (1 / half_life))
    offset = _offset(history.used[history.month <= origin])
    ended = np.flatnonzero(windows.end <= origin)
    long = ended[windows.stop[ended] - windows.first[ended] >= least_past]
    kept = long if len(long) >= FEWEST_WINDOWS else ended
    if len(kept) > most:
        kept = np.sort(kept[np.argpartition(windows.priority[kept], most)[:most]])
    outlook = Outlook(
        origin=origin,
        offset=offset,
        decay=decay,
        owner=windows.owner[kept],
        change=np.empty((len(kept), horizon, len(offset))),
        search=Pipeline(
            [("scale", StandardScaler()), ("nearest", NearestNeighbors(algorithm="kd_tree", leaf_size=100))]
        )
        if len(kept)
        else None,
        most_own=int(np.bincount(windows.owner[kept]).max()) if len(kept) else 0,
    )
    if outlook.search is not None:
        stop = windows.stop[kept]
        level, features = outlook.describe(history.used, history.month, windows.first[kept], stop)
        _changes(history.used, stop, horizon, level, offset, outlook.change)
        outlook.search.fit(features)
    return outlook


def own_futures(
    used: NDArray[np.float64], first: Any, stop: Any, *, draws: int, horizon: int, decimals: Any, origin: int, seed: int
) -> NDArray[np.int64]:
    """Return usage drawn from each customer's own past months, int64 [M, n * draws * horizon].

    The last resort where nobody else's changes are known; it is overconfident.
    """
    random = np.random.default_rng([seed, origin])
    share = random.random((len(first), draws * horizon))
    rows = (first[:, None] + np.floor(share * (stop - first)[:, None]).astype(np.int64)).ravel()
    scaled: NDArray[np.int64] = np.rint(used[rows].T * 10.0 ** np.asarray(decimals)[:, None]).astype(np.int64)
    return np.ascontiguousarray(scaled)


def resolution(offset: NDArray[np.float64], least: list[int]) -> list[int]:
    """Return per meter the decimals in which forecasts are written, at least those that the catalogue needs."""
    typical = offset / OFFSET_SHARE / RESOLUTION
    return [max(few, min(6, int(np.ceil(-np.log10(each))))) for few, each in zip(least, typical, strict=True)]


def _scattered(key: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Return a number per key that looks random (splitmix64, Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        z = (key.astype(np.uint64) + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _offset(used: NDArray[np.float64]) -> NDArray[np.float64]:
    offset = np.ones(used.shape[1])
    for m in range(used.shape[1]):
        positive = used[used[:, m] > 0, m]
        if len(positive):
            offset[m] = OFFSET_SHARE * np.median(positive)
    return offset
