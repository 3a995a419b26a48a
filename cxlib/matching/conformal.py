"""Intervals that held on what is known already: stretched until they cover the share they promise.

The same distribution forecasts pasts whose outcome is known at the origin, as if they were asked about today. How far
each outcome fell from the middle of its interval, in half widths, is its score; the intervals are stretched by the
quantile of the scores that belongs to their level. That is split conformal prediction with normalised scores
(Papadopoulos, Proedrou, Vovk and Gammerman 2002; Romano, Patterson and Candes 2019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cxlib.matching.advice import INTERVAL, Advice, new_advice
from cxlib.matching.paths import bill_paths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.forecast import Asked, Forecaster
    from cxlib.matching.history import History

FEWEST: Final = 30
"""With fewer outcomes than this intervals are left as they are."""
MOST: Final = 1_000
BOUNDS: Final = (0.5, 3.0)
_FORBIDDEN: Final = np.iinfo(np.int64).max // 4


def stretch_of(forecaster: Forecaster, history: History, asked: Asked) -> float:
    """Return by how much the intervals of a forecaster are to be stretched.

    Parameters
    ----------
    history : History
        The one that was learned from.
    asked : Asked
        Pasts whose `horizon` months after are in the history and had ended by the origin.
    """
    advice = new_advice(len(asked.at))
    if len(asked.at) < FEWEST:
        return 1.0
    forecaster.advise(history, asked, advice, np.zeros(len(asked.at), dtype=bool))
    difference = outcomes(forecaster, history, asked)
    judged = (advice.other >= 0) & ~np.isnan(difference)
    if judged.sum() < FEWEST:
        return 1.0
    scores = np.sort(_scores(advice, difference)[judged])
    level = INTERVAL[1] - INTERVAL[0]
    at = min(len(scores), int(np.ceil(level * (len(scores) + 1)))) - 1
    return float(np.clip(scores[at], *BOUNDS))


def stretch(advice: Advice, at: NDArray[np.int64], by: float) -> None:
    """Move the ends of the intervals of some customers away from their middle, in place."""
    middle = advice.middle[at]
    advice.low[at] = middle - by * (middle - advice.low[at])
    advice.high[at] = middle + by * (advice.high[at] - middle)


def outcomes(forecaster: Forecaster, history: History, asked: Asked) -> NDArray[np.float64]:
    """Return the bill of the plan held less that of the best other plan over the months that came, minor units."""
    horizon, n = forecaster.horizon, len(asked.at)
    rows = (asked.pasts.stop[:, None] + np.arange(horizon)).ravel()
    used = np.ascontiguousarray(history.exact[rows].T.astype(np.int64))
    paths = bill_paths(
        forecaster.catalogue, used, history.decimals, month=forecaster.month, horizon=horizon, held=asked.held
    )
    bills = paths.bills.reshape(-1, n, horizon)
    allowed = asked.may & (bills >= 0).all(axis=2).T
    if paths.within is not None:
        allowed &= paths.within.reshape(bills.shape).all(axis=2).T
    cost, each = bills.sum(axis=2).T, np.arange(n)
    held, billed = cost[each, asked.held], (bills[asked.held, each] >= 0).all(axis=1)
    cost = np.where(allowed, cost, _FORBIDDEN)
    cost[each, asked.held] = _FORBIDDEN
    best = cost.min(axis=1, initial=_FORBIDDEN)
    return np.where((best < _FORBIDDEN) & billed, (held - best).astype(np.float64), np.nan)


def _scores(advice: Advice, difference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many half widths each outcome is away from the middle; infinite where there is no width."""
    away = difference - advice.middle
    width = np.where(away > 0, advice.high - advice.middle, advice.middle - advice.low)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(away == 0, 0.0, np.abs(away) / width)
