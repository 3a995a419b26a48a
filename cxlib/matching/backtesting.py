"""Would the advice have been right? Choose at the end of a month, pay the months after it, beside simple rules.

What the rows of a back-test add up to is in `reliability`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.base import clone

from cxlib import formats
from cxlib.matching.advised import STRONG
from cxlib.matching.months import month_starts, month_text
from cxlib.matching.predictive import Windows, chosen_windows, find_windows
from cxlib.matching.reconcile import withheld_at
from cxlib.matching.rules import DIRECTIONS, FORBIDDEN, RULES, Outcome, Past, cheapest, flagged
from cxlib.matching.texts import coded, strings
from cxlib.matching.usage import as_texts, columns_of
from cxlib.matching.walk_forward import WalkForwardSplit, regret_score
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cxlib.matching.advised import Advised
    from cxlib.matching.catalogue import Catalogue
    from cxlib.matching.history import History
    from cxlib.matching.recommender import PlanRecommender

    Report = Callable[[float | None, str], None]

__all__ = ["DIRECTIONS", "RULES", "WalkForwardSplit", "backtest", "judge", "regret_score"]

SEGMENTS: Final = ("tier", "need", "region")
WITHHELD: Final = "withheld"
"""Attribute of the rows of `backtest`: customers who would be judged, had they not been advised at no time because
their bills do not reconcile."""


def backtest(
    recommender: PlanRecommender,
    usage: Any,
    *,
    customers: Any = None,
    max_customers: int | None = None,
    report: Report = lambda _share, _said: None,
) -> pd.DataFrame:
    """Walk forward through the usage with a recommender and with simple rules.

    An origin of a customer is a month with at least `months` complete active months up to it and `horizon`
    consecutive ones after it. Nothing after an origin informs the choices made there.

    Parameters
    ----------
    recommender : PlanRecommender
        Is cloned and fitted to the usage; each origin uses what had ended by then.
    usage, customers : frame
        As for `PlanRecommender.fit`.
    max_customers : int, optional
        Judge a random choice of so many customers; all of them are learned from. Without it everybody is judged.
    report : callable
        Is told the share that is done, 0 to 1, and what is being done, origin by origin.

    Returns
    -------
    pandas frame, one row per customer and origin
        customer_id; month (the origin); plan_id (held); best_plan_id (least cost in hindsight); cost_held and
        cost_best over the horizon; per rule of `RULES` plan_{rule} and regret_{rule}, the cost of the rule's plan less
        that of the best, switching costs on both sides. Of the recommender: p_saves and strong; direction of the
        switch advised (null for none); other_plan_id, the best other plan also where the advice is to stay, with
        p_other, the probability that it saves, and saved_other, what it did save, switching costs deducted;
        interval_low, interval_high and difference: the 80 % interval and the cost of the plan held less that of the
        best other plan in hindsight; covered. tier, need and region where the customers have them.
        No rows where no customer has enough months. Where advice would have been withheld because bills did not
        reconcile by then, there is no row; ``attrs["withheld"]`` counts the customers left out altogether.

    Notes
    -----
    The months after an origin are billed at their own prices, and at those of the origin where a plan has none any
    more; where plans have terms that go from month to month (promotions, rollover, accounts) all are billed as by
    `paths.bill_paths`, at the prices of the origin. The simple rules bill the past at the prices of the origin, each
    month by itself, the flag each month at its own. Usage beyond a cap is billed as within it.
    """
    fitted = clone(recommender).fit(usage, customers=customers)
    history = fitted.history_
    windows = find_windows(history, horizon=fitted.horizon, seed=0)
    chosen = np.flatnonzero(windows.stop - windows.first >= fitted.months)
    everybody = np.unique(windows.owner[chosen])
    if fitted.reconcile:
        ids = history.customer_ids.take(pa.array(windows.owner[chosen]))
        origin = history.month[windows.stop[chosen] - 1]
        doubtful = withheld_at(usage, fitted.catalogue_, ids, origin, customers=customers, months=fitted.months)
        chosen = chosen[~doubtful]
    people = np.unique(windows.owner[chosen])
    withheld = len(everybody) - len(people)
    if max_customers is not None and len(people) > max_customers:
        some = np.random.default_rng(0).choice(people, max_customers, replace=False)
        chosen = chosen[np.isin(windows.owner[chosen], some)]
    rows = judge(fitted, history, chosen_windows(windows, chosen), report=report)
    rows = _with_segments(rows, customers)
    rows.attrs[WITHHELD] = withheld
    return rows


def judge(
    recommender: PlanRecommender,
    history: History,
    windows: Windows,
    *,
    customers: Any = None,
    report: Report = lambda _share, _said: None,
) -> pd.DataFrame:
    """Advise customers at the end of each window's past and bill what came after: rows as those of `backtest`."""
    origin = history.month[windows.stop - 1]
    months = np.unique(origin)
    parts, places = [], []
    for done, month in enumerate(months):
        report(done / len(months), _("the advice of {month}", month=formats.month(month_text(int(month)))))
        at = np.flatnonzero(origin == month)
        here = chosen_windows(windows, at)
        advised = recommender.advise_at(history, here.owner, origin[at], customers=customers)
        parts.append(_at_origin(recommender, history, here, advised, int(month)))
        places.append(at)
    if not parts:
        nobody = np.zeros(0, np.int64)
        advised = recommender.advise_at(history, nobody, nobody, customers=customers)
        return _at_origin(recommender, history, windows, advised, history.last_month)
    rows = pd.concat(parts, ignore_index=True)
    return rows.iloc[np.argsort(np.concatenate(places))].reset_index(drop=True)


def _at_origin(
    recommender: PlanRecommender, history: History, windows: Windows, advised: Advised, month: int
) -> pd.DataFrame:
    """Judge the advice given at the end of one month."""
    catalogue = recommender.catalogue_
    rows, held = np.arange(len(windows.stop)), advised.held.astype(np.int64)
    past = Past(catalogue, history, windows, month, held)
    paid = past.later(recommender.horizon)
    allowed = advised.may.copy()
    allowed[rows, held] = True
    allowed &= paid >= 0
    outcome = Outcome(cost=np.where(allowed, paid + advised.switching, FORBIDDEN), switching=advised.switching)
    least = recommender.min_saving * 10**catalogue.minor_digits
    chosen = {
        "stay": held,
        "last_month": cheapest(past, outcome, months=1, horizon=recommender.horizon),
        "mean_3": cheapest(past, outcome, months=3, horizon=recommender.horizon),
        "mean_all": cheapest(past, outcome, months=None, horizon=recommender.horizon),
        "flag": flagged(past, outcome, held, months=recommender.months, least=least),
        "recommended": np.where(advised.enough, advised.advice.advised, held).astype(np.int64),
    }
    direction = _directions(catalogue, month, held, chosen["recommended"])
    return _frame(catalogue, history, advised, outcome, chosen).assign(direction=direction)


def _frame(
    catalogue: Catalogue, history: History, advised: Advised, outcome: Outcome, chosen: dict[str, NDArray[np.int64]]
) -> pd.DataFrame:
    plans, money = catalogue.plan_ids, 10.0**catalogue.minor_digits
    rows, held, advice = np.arange(len(advised.who)), advised.held.astype(np.int64), advised.advice
    bills = np.where(outcome.cost < FORBIDDEN, outcome.cost - outcome.switching, FORBIDDEN)
    others = bills.copy()
    others[rows, held] = FORBIDDEN
    best_other = others.min(axis=1, initial=FORBIDDEN)
    difference = np.where(best_other < FORBIDDEN, (bills[rows, held] - best_other) / money, np.nan)
    low, high = advice.low / money, advice.high / money
    slack = 1e-9 * np.maximum(1, np.abs(difference))
    switch = chosen["recommended"] != held
    p_saves = np.where(switch, advice.p_saves, np.nan)
    other = np.where(advised.enough, advice.other, -1).astype(np.int64)
    cost_other = outcome.cost[rows, np.where(other < 0, held, other)]
    known = (other >= 0) & (cost_other < FORBIDDEN)
    columns: dict[str, Any] = {
        "customer_id": strings(history.customer_ids.take(pa.array(advised.who))),
        "month": month_starts(advised.origin),
        "plan_id": coded(held, plans),
        "best_plan_id": coded(outcome.cost.argmin(axis=1), plans),
        "cost_held": outcome.cost[rows, held] / money,
        "cost_best": outcome.cost.min(axis=1, initial=FORBIDDEN) / money,
    }
    for rule in RULES:
        columns[f"plan_{rule}"] = coded(chosen[rule], plans)
        columns[f"regret_{rule}"] = outcome.regret(chosen[rule]) / money
    columns |= {
        "p_saves": p_saves,
        "strong": p_saves >= STRONG,
        "other_plan_id": coded(np.where(known, other, -1), plans),
        "p_other": np.where(known, advice.p_saves, np.nan),
        "saved_other": np.where(known, (outcome.cost[rows, held] - cost_other) / money, np.nan),
        "interval_low": low,
        "interval_high": high,
        "difference": difference,
        "covered": (low - slack <= difference) & (difference <= high + slack),
    }
    return pd.DataFrame(columns)


def _directions(catalogue: Catalogue, month: int, held: NDArray[np.int64], chosen: NDArray[np.int64]) -> pd.Series[str]:
    """Return whether the plan chosen has the higher fee in `month`, the lower or the same; null where it is held."""
    versions = [catalogue.version(plan_id, month) for plan_id in catalogue.plan_ids]
    fee = np.array([np.nan if version is None else float(version.monthly_fee) for version in versions])
    more, less = fee[chosen] > fee[held], fee[chosen] < fee[held]
    return coded(np.where(chosen == held, -1, np.select([more, less], [0, 1], 2)), DIRECTIONS)


def _with_segments(rows: pd.DataFrame, customers: Any) -> pd.DataFrame:
    """Add what the table of customers says of tier, need and region."""
    if customers is None:
        return rows
    table = columns_of(customers, ["customer_id", *SEGMENTS])
    found = [name for name in SEGMENTS if name in table.column_names]
    at = pc.index_in(
        pa.array(rows["customer_id"], pa.large_string()),
        value_set=as_texts(table["customer_id"]).cast(pa.large_string()),
    )
    segments = {name: strings(_plain(as_texts(table[name])).take(at)) for name in found}
    return rows.assign(**segments)


def _plain(texts: Any) -> pa.LargeStringArray:
    chunked = texts.cast(pa.large_string())
    return chunked.combine_chunks() if isinstance(chunked, pa.ChunkedArray) else chunked
