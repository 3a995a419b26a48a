"""Advice to many customers as a frame that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.matching.months import month_starts
from cxlib.matching.texts import coded, strings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.advice import Advice
    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.history import History

STRONG: Final = 0.95
"""From this P(saves) on, a recommendation is called strong."""
_STATES: Final = ("not_enough_data", "stay", "switch", "not_reconciled")
_BASES: Final = ("own", "others")


class Advised(NamedTuple):
    """The advice to Q customers, each at the end of a month."""

    who: NDArray[np.int64]
    """Position of the customer in the history."""
    origin: NDArray[np.int64]
    held: NDArray[np.int32]
    may: NDArray[np.bool_]
    """Plans that may be taken, bool [Q, P]."""
    switching: NDArray[np.int64]
    """Minor units, int64 [Q, P]."""
    known: NDArray[np.int64]
    """Complete active months up to the origin."""
    enough: NDArray[np.bool_]
    by_others: NDArray[np.bool_]
    left: NDArray[np.bool_]
    advice: Advice


class Withheld(NamedTuple):
    """Customers who get no advice, because their bills are not what the catalogue says."""

    at: NDArray[np.int64]
    """Position of each in the history."""
    cause: pd.Series[str]


def as_frame(
    advised: Advised, history: History, catalogue: Catalogue, *, horizon: int, withheld: Withheld | None = None
) -> pd.DataFrame:
    """Return the advice as `PlanRecommender.recommend` describes it, one row per question.

    Each customer is asked about once where some are withheld.
    """
    cause = np.full(len(advised.who), -1)
    if withheld is not None:
        cause[withheld.at] = np.arange(len(withheld.at))
    kept_back = advised.enough & (cause >= 0)
    advised = _without(advised, kept_back)
    advice, rows = advised.advice, np.arange(len(advised.who))
    money = 10.0**catalogue.minor_digits
    switch = advised.enough & (advice.advised != advised.held)
    cost = np.where(switch, advice.cost_other, advice.cost_held)
    fees = np.where(switch, advised.switching[rows, np.where(switch, advice.other, advised.held)], 0)
    p_saves = np.where(switch, advice.p_saves, np.nan)
    plans = catalogue.plan_ids
    p_within = np.where(advised.enough, advice.p_within, np.nan)
    return pd.DataFrame(
        {
            "customer_id": strings(history.customer_ids.take(pa.array(advised.who))),
            "month": month_starts(advised.origin),
            "plan_id": coded(advised.held, plans),
            "advised_plan_id": coded(np.where(switch, advice.advised, advised.held), plans),
            "state": coded(np.where(kept_back, 3, advised.enough.astype(int) + switch), _STATES),
            "withheld_cause": coded(cause, [] if withheld is None else list(withheld.cause)),
            "expected_saving": np.where(switch, advice.cost_held - cost - fees, np.where(advised.enough, 0.0, np.nan))
            / money,
            "p_saves": p_saves,
            "other_plan_id": coded(advice.other, plans),
            "interval_low": advice.low / money,
            "interval_high": advice.high / money,
            "strong": p_saves >= STRONG,
            "cheapest_plan_id": coded(advice.cheapest, plans),
            "safest_plan_id": coded(advice.safest, plans),
            "headroom_plan_id": coded(advice.headroom, plans),
            "expected_cost_held": advice.cost_held / money,
            "expected_cost_advised": cost / money,
            "switching_cost": np.where(advised.enough, fees, np.nan) / money,
            "payback_months": _payback(advised, horizon),
            "p_within": p_within,
            "months_known": advised.known,
            "left": advised.left,
            "basis": coded(np.where(advised.enough, advised.by_others, -1), _BASES),
        }
    )


def _payback(advised: Advised, horizon: int) -> NDArray[np.float64]:
    """Return after how many months the expected saving on the best other plan has made up for the switch."""
    advice, rows = advised.advice, np.arange(len(advised.who))
    cost = np.where(advice.other >= 0, advised.switching[rows, np.maximum(advice.other, 0)], 0)
    a_month = (advice.cost_held - advice.cost_other) / horizon
    pays = advised.enough & (cost > 0) & (a_month > 0)
    return np.where(pays, np.ceil(cost / np.where(pays, a_month, 1.0) - 1e-9), np.nan)


def _without(advised: Advised, chosen: NDArray[np.bool_]) -> Advised:
    """Return the advice with nothing said to those chosen."""
    if not chosen.any():
        return advised
    blank = [
        np.where(chosen, -1, each) if each.dtype.kind == "i" else np.where(chosen, np.nan, each)
        for each in advised.advice
    ]
    return advised._replace(enough=advised.enough & ~chosen, advice=type(advised.advice)._make(blank))
