"""The rule in force simulated, set beside what was observed: whether a calibration may be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from cxlib.queueing.passing import passed_by
from cxlib.queueing.pool_log import UNKNOWN
from cxlib.queueing.runs import ALL, INDICATORS, NEED, REPLICATIONS, SLA_S, Told, replicate, thresholds
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxlib.queueing.calibration import Calibration
    from cxlib.queueing.policies import Policy
    from cxlib.queueing.workload import Workload

COMPARED: Final = ("mean_wait_s", "p90_wait_s", "sla", "abandonment", "passed_once")
"""What a fit is judged by."""
SHARES: Final = ("sla", "sla_offered", "abandonment", "passed_once", "passed_thrice")
CLOSE_SHARE: Final = 0.02
CLOSE_RATIO: Final = 0.10
"""A share is met within 2 points, a wait within 10 %."""
POOR: Final = 2.0
"""Twice as far off is poor."""
LEAST_QUEUED: Final = 30
"""A class of which fewer queued does not judge a fit."""
VERDICTS: Final = {
    "good": N_("The simulation of today's rule meets what was observed"),
    "fair": N_("The simulation of today's rule is near what was observed, not everywhere"),
    "poor": N_("The simulation of today's rule does not meet what was observed"),
}
REASONS: Final = {
    "longer": N_(
        "Simulated waits are longer than those observed: more may have been on duty than the log shows, or agents of "
        "other queues helped."
    ),
    "shorter": N_(
        "Simulated waits are shorter than those observed: agents may have been away or skilled for some contacts only, "
        "or work came in bursts."
    ),
    "order": N_(
        "Waits are met on the whole, but not who waits: contacts may be called by another rule than the one simulated."
    ),
    "patience": N_(
        "Waits are met, but not who leaves: patience may depend on more than the tier, such as the time of day."
    ),
}
"""Likely reasons why a fit is poor."""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A simulation beside the log.

    Attributes
    ----------
    table : pandas frame
        One row per class (and ``runs.ALL``) and indicator: class, indicator, n_queued, observed, simulated, low, high
        (Student's t over replications), off (difference over what is close: 2 points or 10 %), judged.
    verdict : str
        Of `VERDICTS`: good where all that is judged is within 1, poor where a class or all together is off by more than
        2 on its mean wait or abandonment, else fair.
    reasons : tuple of str
        Of `REASONS`, empty where the verdict is good.
    """

    table: pd.DataFrame
    verdict: str
    reasons: tuple[str, ...]


def observed(calibration: Calibration, sla_s: float | Mapping[str, float] = SLA_S) -> pd.DataFrame:
    """Return what was observed, in the columns of `Runs.by_class`: class, n, n_queued, n_served and the indicators.

    Classes that are not believed count in ``runs.ALL`` only. Shares over offered contacts are missing where some are
    not believed.
    """
    log, k = calibration.log, len(calibration.class_order)
    known = np.where(calibration.believed, log.classes, UNKNOWN)
    codes = np.where(known == UNKNOWN, k, known)
    start = np.where(log.served, log.ended_s, np.nan)
    within = thresholds(sla_s, calibration.class_order)
    passed = passed_by(log.arrived_s, start, log.ended_s, codes, k + 1)
    told = Told(log.arrived_s, start, log.ended_s, codes, passed, np.array([-np.inf, np.inf]))
    rows, _pairs = told.rows(
        (*calibration.class_order, None), np.append(within, within.max()), log.needs if log.has_needs else None
    )
    table = pd.DataFrame([row for row in rows if row["class"] is not None])
    if not calibration.believed.all():
        table["sla_offered"] = np.nan
    return table


def beside_log(
    calibration: Calibration,
    policy: Policy,
    *,
    workload: Workload | None = None,
    replications: int = REPLICATIONS,
    sla_s: float | Mapping[str, float] = SLA_S,
    random_state: int = 0,
    report: Callable[[float], None] | None = None,
) -> Beside:
    """Simulate a queue under the rule that is taken to be in force and set it beside its log.

    See `replicate` for the parameters that are not told here.

    Parameters
    ----------
    workload : Workload, optional
        Default: the log as it was, ``calibration.replayed()``; ``calibration.drawn()`` is the harder test.
    """
    runs = replicate(
        workload or calibration.replayed(),
        {"in_force": policy},
        replications=replications,
        sla_s=sla_s,
        random_state=random_state,
        report=report,
    )
    return set_beside(observed(calibration, sla_s), runs.summary())


def set_beside(seen: pd.DataFrame, simulated: pd.DataFrame) -> Beside:
    """Set rows of `observed` beside ``Runs.summary()`` of one policy, and judge."""
    long = seen.melt(
        id_vars=["class", "n_queued"], value_vars=list(INDICATORS), var_name="indicator", value_name="observed"
    )
    other = simulated.rename(columns={"value": "simulated"})[["class", "indicator", "simulated", "low", "high"]]
    table = long.merge(other, on=["class", "indicator"], how="left")
    share = table["indicator"].isin(SHARES)
    close = np.where(share, CLOSE_SHARE, CLOSE_RATIO * table["observed"].abs())
    with np.errstate(divide="ignore", invalid="ignore"):
        table["off"] = (table["simulated"] - table["observed"]) / close
    table["judged"] = table["indicator"].isin(COMPARED) & (table["n_queued"] >= LEAST_QUEUED) & table["off"].notna()
    table["judged"] &= table["class"] != NEED
    judged = table[table["judged"]]
    heavy = judged[judged["indicator"].isin(["mean_wait_s", "abandonment"])]
    if (judged["off"].abs() <= 1).all():
        return Beside(table=table, verdict="good", reasons=())
    verdict = "poor" if (heavy["off"].abs() > POOR).any() else "fair"
    return Beside(table=table, verdict=verdict, reasons=_reasons(judged))


def _reasons(judged: pd.DataFrame) -> tuple[str, ...]:
    waits = judged[judged["indicator"] == "mean_wait_s"].set_index("class")["off"]
    left = judged[judged["indicator"] == "abandonment"]["off"]
    whole = float(waits.get(ALL, 0.0))
    if abs(whole) > 1:
        return ("longer",) if whole > 0 else ("shorter",)
    if (waits.drop(ALL, errors="ignore").abs() > 1).any():
        return ("order",)
    return ("patience",) if (left.abs() > 1).any() else ("order",)
