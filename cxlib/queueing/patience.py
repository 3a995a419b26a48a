"""How long customers are willing to wait, told from a log in which most were served before they lost patience."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_AT_RISK: Final = 30
"""The curve is read from the log while so many wait still; beyond, it is extended."""
TAIL_SHARE: Final = 0.25
"""The part of those who left, the most patient, that tells how fast the rest would have left."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """The share of customers whose patience is longer than a time, Kaplan-Meier with an exponential tail.

    Attributes
    ----------
    at_s : float64 array, ascending
        Times at which somebody left.
    beyond : float64 array
        Share with more patience than that, just after; Kaplan and Meier 1958.
    tail_from_s : float
        Where the curve is extended from.
    tail_rate : float
        Per second; 0 where nobody left: then the rest would wait for ever.
    n_left, n : int
        How many left, of how many who waited.
    """

    at_s: Floats
    beyond: Floats
    tail_from_s: float
    tail_rate: float
    n_left: int
    n: int

    @classmethod
    def of(cls, waited_s: Floats, left: NDArray[np.bool_]) -> Patience:
        """Tell patience from waits (seconds) that ended by leaving, or by being served before that."""
        n, n_left = waited_s.size, int(left.sum())
        if n_left == 0:
            none = np.zeros(0)
            return cls(at_s=none, beyond=none, tail_from_s=0.0, tail_rate=0.0, n_left=0, n=n)
        order = np.argsort(waited_s, kind="stable")
        times, first = np.unique(waited_s[order], return_index=True)
        gone = np.add.reduceat(left[order].astype(np.float64), first)
        at_risk = n - first
        known: Floats = np.cumprod(1 - gone / at_risk).astype(np.float64)
        steps = (gone > 0) & (at_risk >= min(LEAST_AT_RISK, n / 10))
        if not steps.any():
            steps = gone > 0
        at, beyond = times[steps], known[steps]
        tail_from = float(np.quantile(waited_s[left], 1 - TAIL_SHARE))
        late = waited_s > tail_from
        exposure = float((waited_s[late] - tail_from).sum())
        events = int((left & late).sum())
        if not events or exposure <= 0:
            events, exposure = n_left, max(float(waited_s.sum()), 1.0)
        return cls(at_s=at, beyond=beyond, tail_from_s=float(at[-1]), tail_rate=events / exposure, n_left=n_left, n=n)

    def survival(self, t_s: Floats) -> Floats:
        """Return the share with more patience than times of 0 or more."""
        place = np.searchsorted(self.at_s, t_s, side="right")
        steps: Floats = np.concatenate([[1.0], self.beyond])[place]
        return steps * np.exp(-self.tail_rate * np.maximum(t_s - self.tail_from_s, 0.0))

    def draw(self, random: np.random.Generator, longer_than_s: Floats) -> Floats:
        """Draw one patience for each wait that was survived (0 for nothing known), in seconds; infinity: any wait."""
        if self.n_left == 0:
            return np.full(longer_than_s.shape, np.inf)
        level = random.random(longer_than_s.shape) * self.survival(longer_than_s)
        return np.maximum(self._at_level(level), longer_than_s)

    def _at_level(self, level: Floats) -> Floats:
        """Return the times at which the share with more patience falls to a level or below."""
        place = np.searchsorted(-self.beyond, -level, side="left")
        inside = place < self.at_s.size
        out = np.full(level.shape, np.inf)
        out[inside] = self.at_s[place[inside]]
        if self.tail_rate > 0:
            rest = level[~inside] / self.beyond[-1]
            with np.errstate(divide="ignore"):
                out[~inside] = self.tail_from_s - np.log(rest) / self.tail_rate
        return out
