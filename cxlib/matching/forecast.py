"""Bills of possible futures on every plan, and what they advise: by blocks of customers on the shared threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cxlib.engine.threads import run
from cxlib.matching.advice import Advice, advise
from cxlib.matching.paths import bill_paths
from cxlib.matching.predictive import Pasts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.history import History
    from cxlib.matching.ledger import Standing
    from cxlib.matching.predictive import Futures, Predictive

_BLOCK: Final = 256
"""Customers whose futures are in memory at a time, per thread."""
_NOTHING: Final = np.ones((0, 0), dtype=np.bool_)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Q customers at one origin, what is known of them and what they may choose."""

    pasts: Pasts
    held: NDArray[np.int32]
    may: NDArray[np.bool_]
    """Plans that may be taken, bool [Q, P]."""
    switching: NDArray[np.int64]
    """Minor units, int64 [Q, P]."""
    at: NDArray[np.int64]
    """Where in the advice each one stands."""
    standing: Standing | None = None
    """What bills to come depend on, where it is known."""

    def __getitem__(self, chosen: Any) -> Asked:
        """Return some of the customers."""
        return Asked(
            pasts=Pasts._make(each[chosen] for each in self.pasts),
            held=self.held[chosen],
            may=self.may[chosen],
            switching=self.switching[chosen],
            at=self.at[chosen],
            standing=None if self.standing is None else self.standing[chosen],
        )


@dataclass(frozen=True, kw_only=True)
class Forecaster:
    """Bills the futures of a distribution at the prices of one month, and advises."""

    catalogue: Catalogue
    month: int
    horizon: int
    by_others: Predictive
    alone: Predictive
    """For customers of whom `by_others` says nothing."""
    least: int
    """Minor units that the expected saving must be above."""

    def advise(self, history: History, asked: Asked, out: Advice, by_others: NDArray[np.bool_]) -> None:
        """Write the advice into `out`, and whether it rests on other customers' changes into `by_others`."""
        run(
            self._advise_block,
            [(history, asked[lo : lo + _BLOCK], out, by_others) for lo in range(0, len(asked.at), _BLOCK)],
        )

    def _advise_block(self, history: History, asked: Asked, out: Advice, by_others: NDArray[np.bool_]) -> None:
        futures = self.by_others.futures(history, asked.pasts)
        known = futures.known > 0
        by_others[asked.at] = known
        if known.all():
            self._choose(futures, self.by_others.decimals, asked, out)
            return
        if known.any():
            self._choose(_some(futures, known), self.by_others.decimals, asked[known], out)
        rest = asked[~known]
        self._choose(self.alone.futures(history, rest.pasts), self.alone.decimals, rest, out)

    def _choose(self, futures: Futures, decimals: list[int], asked: Asked, out: Advice) -> None:
        each = futures.used.shape[1] // self.horizon // len(asked.at)
        paths = bill_paths(
            self.catalogue,
            futures.used,
            decimals,
            month=self.month,
            horizon=self.horizon,
            held=asked.held,
            standing=asked.standing,
        )
        may = asked.may & (paths.bills[:, :: each * self.horizon] >= 0).T
        within = _NOTHING if paths.within is None else paths.within
        advise(
            paths.bills,
            paths.fees,
            within,
            _NOTHING if paths.over is None else paths.over,
            futures.known,
            self.horizon,
            asked.held,
            may,
            asked.switching,
            self.least,
            asked.at,
            out,
        )


def _some(futures: Futures, chosen: NDArray[np.bool_]) -> Futures:
    """Return the futures of some of the customers."""
    meters = len(futures.used)
    used = futures.used.reshape(meters, len(chosen), -1)[:, chosen].reshape(meters, -1)
    return futures._replace(used=np.ascontiguousarray(used), known=futures.known[chosen])
