"""Bills of possible futures on every plan, and what they advise: by blocks of customers on the shared threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cxlib.engine.threads import run
from cxlib.matching.advice import Advice, advise
from cxlib.matching.paths import bill_paths
from cxlib.matching.predictive import own_futures, resolution
from cxlib.matching.tariffs import catalogue_decimals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.history import History
    from cxlib.matching.predictive import Outlook

FEWEST_OTHERS: Final = 10
"""With fewer changes of other customers than this the customer's own months are drawn from instead."""
_BLOCK: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Q customers at one origin, what is known of them and what they may choose."""

    who: NDArray[np.int64]
    """Position in the history."""
    own: NDArray[np.int64]
    """Position among those whose windows are known, -1 for none."""
    first: NDArray[np.int64]
    stop: NDArray[np.int64]
    held: NDArray[np.int32]
    may: NDArray[np.bool_]
    switching: NDArray[np.int64]
    at: NDArray[np.int64]
    """Where in the advice each one stands."""

    def __getitem__(self, chosen: Any) -> Asked:
        """Return some of the customers."""
        return Asked(**{name: value[chosen] for name, value in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Forecaster:
    """Forecasts usage from an `Outlook`, bills it at the prices of the origin, and advises."""

    catalogue: Catalogue
    outlook: Outlook
    history: History
    horizon: int
    n_neighbors: int
    draws: int
    least: int
    """Minor units that the expected saving must be above."""
    seed: int

    def advise(self, asked: Asked, out: Advice, by_others: NDArray[np.bool_]) -> None:
        """Write the advice into `out`, and whether it rests on other customers' changes into `by_others`."""
        used, month = self.history.used, self.history.month
        level, features = self.outlook.describe(used, month, asked.first, asked.stop)
        edges = range(0, len(asked.who), _BLOCK)
        run(
            self._by_others,
            [
                (asked[lo : lo + _BLOCK], level[lo : lo + _BLOCK], features[lo : lo + _BLOCK], out, by_others)
                for lo in edges
            ],
        )
        alone = asked[~by_others[asked.at]]
        if len(alone.who):
            self._alone(alone, out)

    def _by_others(
        self, asked: Asked, level: NDArray[Any], features: NDArray[Any], out: Advice, by_others: NDArray[np.bool_]
    ) -> None:
        kept, count = self.outlook.neighbors(features, asked.own, self.n_neighbors)
        enough = count >= min(FEWEST_OTHERS, self.n_neighbors)
        by_others[asked.at] = enough
        if enough.any():
            asked, level, kept, count = asked[enough], level[enough], kept[enough], count[enough]
            self._choose(self.outlook.futures(level, kept, self._decimals), asked, count, out)

    def _alone(self, asked: Asked, out: Advice) -> None:
        futures = own_futures(
            self.history.used,
            asked.first,
            asked.stop,
            draws=self.draws,
            horizon=self.horizon,
            decimals=self._decimals,
            origin=self.outlook.origin,
            seed=self.seed,
        )
        self._choose(futures, asked, np.full(len(asked.who), self.draws), out)

    def _choose(self, futures: NDArray[np.int64], asked: Asked, count: NDArray[np.int64], out: Advice) -> None:
        month, each = self.outlook.origin, futures.shape[1] // self.horizon // len(asked.who)
        paths = bill_paths(
            self.catalogue,
            futures,
            self._decimals,
            month=month,
            horizon=self.horizon,
            held=np.repeat(asked.held, each),
        )
        may = asked.may & (paths.bills[:, :1] >= 0).T
        advise(
            paths.bills, paths.fees, count, self.horizon, asked.held, may, asked.switching, self.least, asked.at, out
        )

    @property
    def _decimals(self) -> list[int]:
        return resolution(self.outlook.offset, catalogue_decimals(self.catalogue))
