# ruff: noqa: PLR0917 - compiled functions take arrays by position
"""The nearest windows of other customers: a scan of all of them, kept in the processor's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TILE: Final = 8
_CHUNK: Final = 1024


class Nearest:
    """Finds the nearest of D windows by the Euclidean distance of F standardised features.

    Parameters
    ----------
    features : float64 [D, F]
    owner : int64 [D]
        Whose window each one is.

    Notes
    -----
    Distances are float32. Of windows at the same distance the one that comes first is nearer, so the answer depends
    neither on how the questions are grouped nor on how many threads ask.
    """

    def __init__(self, features: NDArray[np.float64], owner: NDArray[np.int64]) -> None:
        self.owner = owner
        self._center = features.mean(axis=0) if len(features) else np.zeros(features.shape[1])
        spread = features.std(axis=0) if len(features) else np.ones(features.shape[1])
        self._scale = np.where(spread > 0, spread, 1.0)
        self._windows = np.ascontiguousarray(self._standard(features).T)

    def others(
        self, features: NDArray[np.float64], own: NDArray[np.int64], wanted: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the nearest windows of other customers, int32 [n, wanted], and how many of them there are, [n].

        Parameters
        ----------
        features : float64 [n, F]
        own : int64 [n]
            Each customer's position among the owners, -1 where it has none.
        """
        kept, count = np.zeros((len(features), wanted), dtype=np.int32), np.zeros(len(features), dtype=np.int64)
        _scan(self._standard(features), self._windows, self.owner, own, kept, count)
        return kept, count

    def _standard(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        return ((features - self._center) / self._scale).astype(np.float32)


@njit(cache=True, nogil=True)
def _scan(asked: Any, windows: Any, owner: Any, own: Any, kept: Any, count: Any) -> None:
    n, wanted, all_ = len(asked), kept.shape[1], windows.shape[1]
    far = np.empty((_TILE, wanted), np.float32)
    away = np.empty(_CHUNK, np.float32)
    for lo in range(0, n, _TILE):
        hi = min(lo + _TILE, n)
        far[:] = np.inf
        for start in range(0, all_, _CHUNK):
            size = min(_CHUNK, all_ - start)
            for i in range(lo, hi):
                _distances(asked[i], windows, start, size, away)
                count[i] = _keep(away, start, size, owner, own[i], kept[i], far[i - lo], count[i])


@njit(cache=True, nogil=True)
def _distances(asked: Any, windows: Any, start: int, size: int, away: Any) -> None:
    away[:size] = np.float32(0)
    for f in range(len(asked)):
        value = asked[f]
        row = windows[f, start : start + size]
        for j in range(size):
            difference = row[j] - value
            away[j] += difference * difference


@njit(cache=True, nogil=True)
def _keep(away: Any, start: int, size: int, owner: Any, own: int, kept: Any, far: Any, n: int) -> int:
    """Put those of a chunk that are nearer than the farthest kept into order among them; return how many there are."""
    last = len(far) - 1
    limit = far[last]
    for j in range(size):
        distance = away[j]
        if distance < limit and owner[start + j] != own:
            at = min(n, last)
            while at > 0 and far[at - 1] > distance:
                far[at] = far[at - 1]
                kept[at] = kept[at - 1]
                at -= 1
            far[at], kept[at] = distance, start + j
            n = min(n + 1, last + 1)
            limit = far[last]
    return n
