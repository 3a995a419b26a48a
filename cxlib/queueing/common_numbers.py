"""How much sharper differences between rules are because all of them serve the same customers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.queueing.runs import LEVEL, REPLICATIONS, replicate, summed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxlib.queueing.policies import Policy
    from cxlib.queueing.workload import Workload


def common_numbers_gain(
    workload: Workload,
    policies: Mapping[str, Policy],
    *,
    group: Any,
    indicator: str = "mean_wait_s",
    replications: int = REPLICATIONS,
    level: float = LEVEL,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return the intervals of differences between rules with common and with independent random numbers.

    Parameters
    ----------
    group : a class of the workload, or ``runs.ALL``
    indicator : str
        Of `runs.INDICATORS`.

    Returns
    -------
    pandas frame, one row per pair of policies
        first, second; difference (first - second, common numbers); width_common and width_independent of the interval
        of the mean difference; ratio, how many times wider the second is.

    See `replicate` for the other parameters.
    """
    common = replicate(workload, policies, replications=replications, random_state=random_state)
    apart = {
        name: replicate(workload, {name: policy}, replications=replications, random_state=random_state + 1 + number)
        for number, (name, policy) in enumerate(policies.items())
    }
    rows = []
    for first, second in itertools.combinations(policies, 2):
        together = common.values(first, group, indicator) - common.values(second, group, indicator)
        alone = apart[first].values(first, group, indicator) - apart[second].values(second, group, indicator)
        rows += [(first, second, "common", value) for value in together]
        rows += [(first, second, "independent", value) for value in alone]
    long = pd.DataFrame(rows, columns=["first", "second", "numbers", "value"])
    found = summed(long, ["first", "second", "numbers"], level)
    found["width"] = found["high"] - found["low"]
    wide = found.pivot_table(index=["first", "second"], columns="numbers", values=["value", "width"], dropna=False)
    order = pd.MultiIndex.from_tuples(itertools.combinations(policies, 2))
    wide = wide.loc[order]
    widths = [wide["width", name].to_numpy(np.float64) for name in ("common", "independent")]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = widths[1] / widths[0]
    return pd.DataFrame(
        {
            "first": order.get_level_values(0),
            "second": order.get_level_values(1),
            "difference": wide["value", "common"].to_numpy(np.float64),
            "width_common": widths[0],
            "width_independent": widths[1],
            "ratio": ratio,
        }
    )
