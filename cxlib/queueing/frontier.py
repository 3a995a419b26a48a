"""What a rule gives to some against what it takes from others, and which rules no other is better than on both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.errors import CxError
from cxlib.queueing.runs import LEVEL, MORE_IS_BETTER
from cxlib.texts import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.queueing.runs import Runs

    Floats = NDArray[np.float64]


def frontier(
    runs: Runs, *, gain: tuple[Any, str], loss: tuple[Any, str], base: str, level: float = LEVEL
) -> pd.DataFrame:
    """Return what each policy gives and takes against one of them, and which are dominated.

    Parameters
    ----------
    runs : Runs
    gain, loss : (class, indicator)
        Who is to gain, on which of `runs.INDICATORS`, and who may lose; the class may be ``runs.ALL``.
    base : str
        The policy that the others are set against, such as the rule in force.
    level : float
        Of the intervals.

    Returns
    -------
    pandas frame, one row per policy, in their order
        policy; gain, positive where the class is better off than under `base`; loss, positive where it is worse off,
        both in the unit of the indicator, with their low and high, paired by replication; dominated, and dominated_by,
        the policy that is better on one and not worse on the other ("" if none). Missing where a replication tells
        nothing.

    Notes
    -----
    A policy is dominated where another gives no less and takes no more, and is better on one of the two beyond the
    noise of the runs: the interval of their paired difference leaves out 0. What is missing neither dominates nor is
    dominated.

    Raises
    ------
    CxError
        ``unknown_choice``.
    """
    if base not in runs.policies:
        raise CxError(
            "unknown_choice",
            N_("“{value}” was not simulated."),
            hint=N_("Choose one of: {known}."),
            value=base,
            known=", ".join(runs.policies),
        )
    given, taken = ({name: _good(runs, name, *side) for name in runs.policies} for side in (gain, loss))
    rows = []
    for name in runs.policies:
        won = _paired(given[name] - given[base], level)
        lost = _paired(taken[base] - taken[name], level)
        rows.append([name, *won, *lost, _dominator(name, given, taken, level)])
    columns = ["policy", "gain", "gain_low", "gain_high", "loss", "loss_low", "loss_high", "dominated_by"]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(7, "dominated", table["dominated_by"] != "")
    return table


def _good(runs: Runs, policy: str, group: Any, indicator: str) -> Floats:
    """Return an indicator by replication, turned so that more is better."""
    values = runs.values(policy, group, indicator)
    return values if indicator in MORE_IS_BETTER else -values


def _dominator(name: str, given: dict[str, Floats], taken: dict[str, Floats], level: float) -> str:
    """Return the policy that dominates another by most on both together, in units of the noise; "" if none."""
    best, by = 0.0, ""
    for other in given:
        if other == name:
            continue
        sides = [_paired(side[other] - side[name], level) for side in (given, taken)]
        if any(np.isnan(side[0]) or side[0] < 0 for side in sides):
            continue
        clear = sum(side[0] for side in sides if side[1] > 0)
        if clear > best:
            best, by = clear, other
    return by


def _paired(apart: Floats, level: float) -> tuple[float, float, float]:
    """Return the mean of differences by replication with Student's t interval."""
    n = apart.size
    mean = float(apart.mean())
    away = float(stats.t.ppf((1 + level) / 2, max(n - 1, 1)) * apart.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
    return mean, mean - away, mean + away
