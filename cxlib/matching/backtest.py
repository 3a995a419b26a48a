"""Would the advice have been right? Choose at the end of a month, pay the months after it, beside simple rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats
from sklearn.base import clone

from cxlib.matching.advised import STRONG
from cxlib.matching.bills import bill_all
from cxlib.matching.months import month_starts
from cxlib.matching.predictive import Windows, chosen_windows, find_windows
from cxlib.matching.texts import coded, strings
from cxlib.matching.walk_forward import WalkForwardSplit, regret_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cxlib.matching.advised import Advised
    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.history import History
    from cxlib.matching.recommender import PlanRecommender

__all__ = ["RULES", "WalkForwardSplit", "backtest", "regret_score", "summarise_backtest"]

RULES: Final = ("stay", "last_month", "mean_3", "mean_all", "flag", "recommended")
_FORBIDDEN: Final = np.iinfo(np.int64).max // 4


def backtest(recommender: PlanRecommender, usage: Any, *, customers: Any = None) -> pd.DataFrame:
    """Walk forward through the usage with a recommender and with simple rules.

    An origin of a customer is a month with at least `months` complete active months up to it and `horizon`
    consecutive ones after it. Nothing after an origin informs the choices made there.

    Parameters
    ----------
    recommender : PlanRecommender
        Is cloned and fitted to the usage; each origin uses what had ended by then.
    usage, customers : frame
        As for `PlanRecommender.fit`.

    Returns
    -------
    pandas frame, one row per customer and origin
        customer_id; month (the origin); plan_id (held); best_plan_id (least cost in hindsight); cost_held and
        cost_best over the horizon; per rule of `RULES` plan_{rule} and regret_{rule}, the cost of the rule's plan less
        that of the best, switching costs on both sides; p_saves; strong; interval_low, interval_high and difference:
        the 80 % interval and the cost of the plan held less that of the best other plan in hindsight; covered.
        No rows where no customer has enough months.
    """
    fitted = clone(recommender).fit(usage, customers=customers)
    history = fitted.history_
    windows = find_windows(history, horizon=fitted.horizon, seed=0)
    long = np.flatnonzero(windows.stop - windows.first >= fitted.months)
    return judge(fitted, history, chosen_windows(windows, long))


def summarise_backtest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a back-test says of each rule.

    Returns
    -------
    pandas frame, one row per rule
        rule; customer_origins; customers; mean_regret with regret_low and regret_high (95 %, customers as clusters);
        hit_rate (share of choices that cost no more than the best); saved_share of what perfect foresight saves, losses
        deducted. Of the recommender alone: coverage of its 80 % intervals; strong_share, strong_precision (share of
        strong switches that saved) and strong_saved_share.
    """
    found = [_rule_summary(rows, rule) for rule in RULES]
    return pd.DataFrame(found).astype({"rule": "str"})


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What was paid and would have been paid, Q customer-origins, P plans, minor units."""

    cost: NDArray[np.int64]
    """Over the horizon, switching cost included, int64 [Q, P]; `_FORBIDDEN` where the plan may not be taken."""
    bills: NDArray[np.int64]
    """Of each good row, int64 [G, P], -1 where unpriced."""

    def regret(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        taken = np.take_along_axis(self.cost, chosen[:, None], axis=1)[:, 0]
        over: NDArray[np.int64] = taken - self.cost.min(axis=1)
        return over


def judge(recommender: PlanRecommender, history: History, windows: Windows, *, customers: Any = None) -> pd.DataFrame:
    """Advise customers at the end of each window's past and bill what came after: rows as those of `backtest`."""
    origin = history.month[windows.stop - 1]
    advised = recommender.advise_at(history, windows.owner, origin, customers=customers)
    bills = bill_all(history.exact, recommender.catalogue_, history.month, decimals=history.decimals)
    rows, held = np.arange(len(origin)), advised.held.astype(np.int64)
    future = windows.stop[:, None] + np.arange(recommender.horizon)
    paid = bills[future]
    allowed = advised.may.copy()
    allowed[rows, held] = True
    allowed &= (paid >= 0).all(axis=1)
    cost = np.where(allowed, paid.sum(axis=1) + advised.switching, _FORBIDDEN)
    outcome = _Outcome(cost=cost, bills=bills)
    chosen = {
        **_simple_rules(outcome, windows, advised, recommender.horizon),
        "flag": _flagged(outcome, windows, advised, history, recommender),
        "recommended": advised.advice.advised.astype(np.int64),
    }
    return _frame(recommender.catalogue_, history, advised, outcome, chosen)


def _simple_rules(outcome: _Outcome, windows: Windows, advised: Advised, horizon: int) -> dict[str, NDArray[np.int64]]:
    """Choose the plan that was cheapest on average over the last months, ties to catalogue order."""
    chosen = {"stay": advised.held.astype(np.int64)}
    total = np.vstack([np.zeros((1, outcome.bills.shape[1]), np.int64), np.cumsum(outcome.bills, axis=0)])
    for rule, months in (("last_month", 1), ("mean_3", 3), ("mean_all", None)):
        first = windows.first if months is None else np.maximum(windows.stop - months, windows.first)
        n = (windows.stop - first)[:, None]
        expected = (total[windows.stop] - total[first]) * horizon + advised.switching * n
        chosen[rule] = np.where(outcome.cost < _FORBIDDEN, expected, _FORBIDDEN).argmin(axis=1)
    return chosen


def _flagged(
    outcome: _Outcome, windows: Windows, advised: Advised, history: History, recommender: PlanRecommender
) -> NDArray[np.int64]:
    """Choose the plan that was cheaper in each of the last consecutive months and saved most, else stay."""
    months, rows = recommender.months, np.arange(len(windows.stop))
    least = recommender.min_saving * 10**recommender.catalogue_.minor_digits
    past = outcome.bills[windows.stop[:, None] - np.arange(1, months + 1)]
    saved = past[rows, :, advised.held][:, :, None] - past
    run = history.key[windows.stop - 1] - history.key[windows.stop - months] == months - 1
    better = (saved > least).all(axis=1) & (past >= 0).all(axis=1) & run[:, None] & (outcome.cost < _FORBIDDEN)
    best = np.where(better, saved.sum(axis=1), 0)
    return np.where(best.max(axis=1) > 0, best.argmax(axis=1), advised.held)


def _frame(
    catalogue: Catalogue,
    history: History,
    advised: Advised,
    outcome: _Outcome,
    chosen: dict[str, NDArray[np.int64]],
) -> pd.DataFrame:
    plans, money = catalogue.plan_ids, 10.0**catalogue.minor_digits
    rows, held, advice = np.arange(len(advised.who)), advised.held, advised.advice
    bills = np.where(outcome.cost < _FORBIDDEN, outcome.cost - advised.switching, _FORBIDDEN)
    others = bills.copy()
    others[rows, held] = _FORBIDDEN
    best_other = others.min(axis=1, initial=_FORBIDDEN)
    difference = np.where(best_other < _FORBIDDEN, (bills[rows, held] - best_other) / money, np.nan)
    low, high = advice.low / money, advice.high / money
    slack = 1e-9 * np.maximum(1, np.abs(difference))
    p_saves = np.where(chosen["recommended"] != held, advice.p_saves, np.nan)
    columns: dict[str, Any] = {
        "customer_id": strings(history.customer_ids.take(pa.array(advised.who))),
        "month": month_starts(advised.origin),
        "plan_id": coded(held, plans),
        "best_plan_id": coded(outcome.cost.argmin(axis=1), plans),
        "cost_held": outcome.cost[rows, held] / money,
        "cost_best": outcome.cost.min(axis=1, initial=_FORBIDDEN) / money,
    }
    for rule in RULES:
        columns[f"plan_{rule}"] = coded(chosen[rule], plans)
        columns[f"regret_{rule}"] = outcome.regret(chosen[rule]) / money
    columns |= {
        "p_saves": p_saves,
        "strong": p_saves >= STRONG,
        "interval_low": low,
        "interval_high": high,
        "difference": difference,
        "covered": (low - slack <= difference) & (difference <= high + slack),
    }
    return pd.DataFrame(columns)


def _rule_summary(rows: pd.DataFrame, rule: str) -> dict[str, Any]:
    regret = rows[f"regret_{rule}"]
    low, high = _clustered(regret.to_numpy(), rows["customer_id"].to_numpy())
    perfect = rows["regret_stay"].sum()
    out = {
        "rule": rule,
        "customer_origins": len(rows),
        "customers": rows["customer_id"].nunique(),
        "mean_regret": regret.mean(),
        "regret_low": low,
        "regret_high": high,
        "hit_rate": (regret == 0).mean(),
        "saved_share": (rows["regret_stay"] - regret).sum() / perfect if perfect else np.nan,
        "coverage": np.nan,
        "strong_share": np.nan,
        "strong_precision": np.nan,
        "strong_saved_share": np.nan,
    }
    if rule == "recommended":
        saved = (rows["regret_stay"] - regret)[rows["strong"]]
        out["coverage"] = rows.loc[rows["difference"].notna(), "covered"].mean()
        out["strong_share"] = rows["strong"].mean()
        out["strong_precision"] = (saved > 0).mean()
        out["strong_saved_share"] = saved.sum() / perfect if perfect else np.nan
    return out


def _clustered(values: NDArray[Any], cluster: NDArray[Any]) -> tuple[float, float]:
    """Return a 95 % interval of the mean whose error is that of sums over clusters."""
    _, code = np.unique(cluster.astype(object), return_inverse=True)
    n = int(code.max(initial=-1)) + 1
    if n < 2:
        return np.nan, np.nan
    mean = values.mean()
    error = np.sqrt(n / (n - 1) * (np.bincount(code, weights=values - mean) ** 2).sum()) / len(values)
    away = stats.t.ppf(0.975, n - 1) * error
    return float(mean - away), float(mean + away)
