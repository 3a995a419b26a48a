"""Whole days drawn from a long log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED: Final = 20260302


@dataclass(frozen=True, kw_only=True)
class DaySample:
    """Days that stand for a log.

    Attributes
    ----------
    chosen : bool array
        By day from `first` on.
    first : int
        The first day, in days since 1970-01-01.
    n_days, n_used : int
        Days with any work, and those of them that were drawn.
    """

    chosen: NDArray[np.bool_]
    first: int
    n_days: int
    n_used: int

    def holds(self, days: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell of each day whether it was drawn."""
        return self.chosen[days - self.first]


def sample_days(days: NDArray[np.int64], work: NDArray[np.int64], *, most: int, seed: int = SEED) -> DaySample:
    """Draw whole days, one after the other without replacement, as long as their work stays within bounds.

    Parameters
    ----------
    days : int64 array, length n
        The day of each item.
    work : int64 array, length n
        What each item costs.
    most : int
        All days are used where their work comes to no more than this; else as many as fit, at least one.
    seed : int
    """
    if not days.size:
        return DaySample(chosen=np.zeros(0, bool), first=0, n_days=0, n_used=0)
    first = int(days.min())
    there = np.bincount(days - first) > 0
    of_day = np.zeros(there.size, np.int64)
    np.add.at(of_day, days - first, work)
    if of_day.sum() <= most:
        return DaySample(chosen=there, first=first, n_days=int(there.sum()), n_used=int(there.sum()))
    drawn = np.random.default_rng(seed).permutation(np.flatnonzero(there))
    fits = max(1, int(np.searchsorted(np.cumsum(of_day[drawn]), most, side="right")))
    chosen = np.zeros(there.size, bool)
    chosen[drawn[:fits]] = True
    return DaySample(chosen=chosen, first=first, n_days=int(there.sum()), n_used=fits)
