# ruff: noqa: PLR0917 - compiled functions take arrays by position
"""What customers may use next: the predictive distributions among which the recommender's was chosen.

A distribution is anything with `decimals` and `futures`, see `Predictive`. `Mixed` is the one that is shipped: what
the nearest other customers' usage really did afterwards, and the customer's own months. How it was chosen is written
in ``bench/README.md`` and repeated by ``bench/models.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np
from numba import njit

from cxlib.matching.nearest import Nearest
from cxlib.matching.pasts import (
    OFFSET_SHARE,
    Windows,
    changes,
    chosen_windows,
    describe,
    ended_windows,
    find_windows,
    offset_of,
)
from cxlib.matching.seasons import no_seasons, seasons_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.history import History

__all__ = ["Futures", "Mixed", "OwnMonths", "Predictive", "Windows", "chosen_windows", "find_windows", "outlook_at"]

FEWEST_WINDOWS: Final = 30
"""With fewer windows that are as long as asked for, shorter ones are let in."""
FEWEST_OTHERS: Final = 10
"""With fewer changes of other customers than this the customer's own months are all that is drawn from."""
RESOLUTION: Final = 1000
"""A forecast is written in units of at most the median over this."""


class Pasts(NamedTuple):
    """The pasts of n customers: rows ``first..stop`` of a history."""

    first: NDArray[np.int64]
    stop: NDArray[np.int64]
    origin: NDArray[np.int64]
    """The month before the first one that is forecast."""
    own: NDArray[np.int64]
    """The customer's position among those whose windows are learned from, -1 for none."""


class Futures(NamedTuple):
    """Possible usage of n customers, up to K futures each."""

    used: NDArray[np.int64]
    """Whole numbers of ``10 ** -decimals``, int64 [M, n * K * horizon]; customer by customer, months adjacent."""
    known: NDArray[np.int64]
    """How many of a customer's K futures are there, the first ones, int64 [n]; 0 where nothing can be said."""


class Predictive(Protocol):
    """A distribution of what customers use in the `horizon` months after an origin."""

    @property
    def decimals(self) -> list[int]:
        """Of the futures, per meter."""

    def futures(self, history: History, pasts: Pasts) -> Futures:
        """Return futures that are equally likely, the same for the same past whoever else is asked about."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is known at an origin of usage as such. M meters."""

    origin: int
    horizon: int
    offset: NDArray[np.float64]
    """Added before logarithms and ratios, float64 [M]."""
    season: NDArray[np.float64]
    """Factors by month of the year, float64 [12, M]."""
    decimals: list[int]


@dataclass(frozen=True, kw_only=True)
class OwnMonths:
    """Futures made of a customer's own months.

    The months of a future are drawn as from Polya's urn, each one put back twice: the predictive distribution of the
    Bayesian bootstrap (Rubin 1981), which knows that few months say little about the mean. Logarithms are spread
    around their mean by ``sqrt(n / (n - 1))``, as the spread of n months falls short by that.
    """

    outlook: Outlook
    share: NDArray[np.float64]
    """Where in the urn each draw falls, 0 to 1, float64 [K, horizon]: the same for everybody."""
    urn: bool = True
    """False: draw each month with the same chance and take it as it was, which is overconfident."""

    @property
    def decimals(self) -> list[int]:
        """Of the futures, per meter."""
        return self.outlook.decimals

    def futures(self, history: History, pasts: Pasts) -> Futures:
        """Return `K` futures of each customer."""
        draws, n = len(self.share), len(pasts.first)
        out = np.empty((len(self.outlook.offset), n * draws * self.outlook.horizon), dtype=np.int64)
        self.write(history, pasts, draws, out)
        return Futures(out, np.full(n, draws))

    def write(self, history: History, pasts: Pasts, slots: int, out: NDArray[np.int64]) -> None:
        """Write the futures into the first of each customer's `slots` places."""
        outlook = self.outlook
        scale = 10.0 ** np.array(outlook.decimals)
        past = (history.used, history.month, pasts.first, pasts.stop, pasts.origin)
        _draw_own(*past, outlook.offset, outlook.season, self.share, self.urn, scale, slots, out)


@dataclass(frozen=True, kw_only=True)
class Mixed:
    """The customer's level, moved as the nearest other customers' really moved, and the customer's own months.

    D windows had ended by the origin. Nearest are those most alike in level, trend and variability of each meter.
    """

    outlook: Outlook
    decay: float
    n_neighbors: int
    own: OwnMonths | None
    features: NDArray[np.float64]
    """What the windows look like, float64 [D, F], see `pasts.describe`."""
    change: NDArray[np.float64]
    """Usage after over level before, float64 [D, horizon, M]."""
    nearest: Nearest

    @property
    def decimals(self) -> list[int]:
        """Of the futures, per meter."""
        return self.outlook.decimals

    def futures(self, history: History, pasts: Pasts) -> Futures:
        """Return the own futures and then those by others; none for customers of whose like too few are known."""
        outlook, n = self.outlook, len(pasts.first)
        meters, own = len(outlook.offset), 0 if self.own is None else len(self.own.share)
        level, features = np.empty((n, meters)), np.empty((n, 3 * meters))
        describe(
            history.used,
            history.month,
            pasts.first,
            pasts.stop,
            outlook.offset,
            outlook.season,
            self.decay,
            level,
            features,
        )
        kept, count = self.nearest.others(features, pasts.own, self.n_neighbors)
        slots = own + self.n_neighbors
        out = np.zeros((meters, n * slots * outlook.horizon), dtype=np.int64)
        if self.own is not None:
            self.own.write(history, pasts, slots, out)
        scale = 10.0 ** np.array(outlook.decimals)
        _move(level, pasts.origin, outlook.offset, outlook.season, self.change, kept, count, scale, own, out)
        enough = count >= min(FEWEST_OTHERS, self.n_neighbors)
        return Futures(out, np.where(enough, count + own, 0))


def outlook_at(
    origin: int,
    *,
    history: History,
    windows: Windows,
    horizon: int,
    least_past: int,
    half_life: float,
    most: int,
    n_neighbors: int,
    n_own: int,
    draws: int,
    seasonal: bool,
    least_decimals: list[int],
    seed: int,
) -> tuple[Mixed, OwnMonths]:
    """Gather what is known at the end of the month `origin`.

    Parameters
    ----------
    least_past : int
        Months that a window's past should have.
    half_life : float
        Months after which a month counts half in the level.
    most : int
        Windows to keep at most.
    n_neighbors, n_own : int
        Futures by others and by own months.
    draws : int
        Futures by own months where they stand alone.
    least_decimals : list of int
        What the catalogue needs, per meter.

    Returns
    -------
    (Mixed, OwnMonths)
        The distribution, and the one for whom it has none.
    """
    offset = offset_of(history.used[history.month <= origin])
    outlook = Outlook(
        origin=origin,
        horizon=horizon,
        offset=offset,
        season=seasons_at(origin, history, offset) if seasonal else no_seasons(len(offset)),
        decimals=resolution(offset, least_decimals),
    )
    kept = ended_windows(windows, origin, least_past=least_past, enough=FEWEST_WINDOWS, most=most)
    decay = float(0.5 ** (1 / half_life))
    level, features = np.empty((len(kept), len(offset))), np.empty((len(kept), 3 * len(offset)))
    change = np.empty((len(kept), horizon, len(offset)))
    first, stop = windows.first[kept], windows.stop[kept]
    describe(history.used, history.month, first, stop, offset, outlook.season, decay, level, features)
    changes(history.used, history.month, stop, offset, outlook.season, level, change)
    mixed = Mixed(
        outlook=outlook,
        decay=decay,
        n_neighbors=n_neighbors,
        own=OwnMonths(outlook=outlook, share=_shares(n_own, horizon, seed)) if n_own else None,
        features=features,
        change=change,
        nearest=Nearest(features, windows.owner[kept]),
    )
    return mixed, OwnMonths(outlook=outlook, share=_shares(draws, horizon, seed))


def resolution(offset: NDArray[np.float64], least: list[int]) -> list[int]:
    """Return per meter the decimals in which forecasts are written, at least those that the catalogue needs."""
    typical = offset / OFFSET_SHARE / RESOLUTION
    return [max(few, min(6, int(np.ceil(-np.log10(each))))) for few, each in zip(least, typical, strict=True)]


def _shares(draws: int, horizon: int, seed: int) -> NDArray[np.float64]:
    """Return numbers between 0 and 1, [draws, horizon], one in each of `draws` equal parts of every column.

    A Latin hypercube (McKay, Beckman and Conover 1979): the draws are spread out evenly, and few of them suffice.
    """
    random = np.random.default_rng(seed)
    place = np.argsort(random.random((draws, horizon)), axis=0)
    return (place + random.random((draws, horizon))) / draws


@njit(cache=True, nogil=True)
def _draw_own(
    used: Any,
    month: Any,
    first: Any,
    stop: Any,
    origin: Any,
    offset: Any,
    season: Any,
    share: Any,
    urn: bool,
    scale: Any,
    slots: int,
    out: Any,
) -> None:
    draws, horizon = share.shape
    meters = used.shape[1]
    picked = np.empty(horizon, np.int64)
    longest = 0
    for i in range(len(first)):
        longest = max(longest, stop[i] - first[i])
    log = np.empty((longest, meters))
    for i in range(len(first)):
        n = stop[i] - first[i]
        wide = np.sqrt(n / (n - 1)) if urn and n > 1 else 1.0
        for m in range(meters):
            mean = 0.0
            for j in range(n):
                row = first[i] + j
                log[j, m] = np.log((used[row, m] + offset[m]) / season[month[row] % 12, m])
                mean += log[j, m]
            mean /= n
            for j in range(n):
                log[j, m] = np.exp(mean + wide * (log[j, m] - mean))
        at = i * slots * horizon
        for k in range(draws):
            for h in range(horizon):
                place = int(share[k, h] * (n + h if urn else n))
                picked[h] = place if place < n else picked[place - n]
                for m in range(meters):
                    moved = log[picked[h], m] * season[(origin[i] + 1 + h) % 12, m] - offset[m]
                    out[m, at] = np.int64(np.rint(max(0.0, moved) * scale[m]))
                at += 1


@njit(cache=True, nogil=True)
def _move(
    level: Any,
    origin: Any,
    offset: Any,
    season: Any,
    change: Any,
    kept: Any,
    count: Any,
    scale: Any,
    before: int,
    out: Any,
) -> None:
    """Write the level of each customer, moved by each kept change, after `before` other futures of the customer's."""
    horizon, slots = change.shape[1], before + kept.shape[1]
    for i in range(len(level)):
        at = (i * slots + before) * horizon
        for k in range(count[i]):
            for h in range(horizon):
                for m in range(level.shape[1]):
                    moved = level[i, m] * change[kept[i, k], h, m] * season[(origin[i] + 1 + h) % 12, m] - offset[m]
                    out[m, at] = np.int64(np.rint(max(0.0, moved) * scale[m]))
                at += 1
