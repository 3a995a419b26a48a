"""What could be known of the synthetic operator's customers by somebody who knows the law that made them.

The oracle knows how levels are spread over kinds of users, season and growth, the noise of a month, and how often, when
and by how much usage changes for good; it does not know the customer's own level or change. It sees the same months
as everybody. Given kind, month and size of the change, log usage is a normal level plus normal noise, so the
posterior is a mixture of normals with known weights (Gelman et al., Bayesian Data Analysis, ch. 3), from which it
draws; sizes are on a grid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cxlib.demo import build_demo
from cxlib.demo import customers as law
from cxlib.demo import operator as op
from cxlib.demo.plans import LOG_VARIANCE, read_plans, tariff
from cxlib.matching import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cxlib.demo import Demo
    from cxlib.matching import PlanRecommender

SIZES: Final = 8
LEAST: Final = np.array([0.5, 0.5, 0.05])
"""Usage is rounded; none is taken to be half of the smallest step."""


def least_saving(expected_bill: Any) -> Any:
    """Return from which expected saving a month on a customer counts as mismatched."""
    return np.maximum(3.0, 0.1 * expected_bill)


def oracle_mismatched(demo: Demo, *, seed: int = 0, draws: int = 64) -> NDArray[np.bool_]:
    """Return whom the oracle expects to save enough, in the order of ``demo.truth.fit``."""
    plan_ids, cost = expected_costs(demo, seed=seed, draws=draws)
    fit, rows = demo.truth.fit, np.arange(len(demo.truth.fit))
    held = pd.Index(plan_ids).get_indexer(fit["held_plan_id"])
    may = demo.truth.expected_cost["may_take"].to_numpy().reshape(cost.shape).copy()
    may[rows, held] = True
    saving = cost[rows, held] - np.where(may, cost, np.inf).min(axis=1)
    enough: NDArray[np.bool_] = saving >= least_saving(cost[rows, held])
    return enough


def expected_costs(demo: Demo, *, seed: int, draws: int) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the plans and what a month over the three to come is expected to cost on each, float64 [n, P]."""
    people = demo.tables["customers"].to_pandas()
    log = _months(demo, people) - _course()[: op.MONTHS] + LOG_VARIANCE / 2
    there = ~np.isnan(log[:, :, 0])
    level, change = _posterior(np.where(there[:, :, None], log, 0.0), there, people, seed=seed, draws=draws)
    prices = tariff(read_plans(), op.FIRST_MONTH + op.MONTHS)
    cost: Any = 0.0
    for month in range(op.MONTHS, op.MONTHS + op.HORIZON):
        mean = np.exp(level + _course()[month] + change[:, :, None])
        cost = cost + prices.expected_cost(mean.reshape(-1, 3)).reshape(len(people), draws, -1).mean(axis=1)
    return prices.plan_ids, cost / op.HORIZON


def _months(demo: Demo, people: pd.DataFrame) -> NDArray[np.float64]:
    """Return log usage by customer, month and meter; not a number where the month is absent, unused or incomplete."""
    usage = demo.tables["usage"].to_pandas()
    usage = usage[usage["complete"].fillna(True) & (usage[list(op.METERS)] > 0).any(axis=1)]
    day = pd.to_datetime(usage["month"])
    first = pd.Timestamp(op.FIRST_MONTH)
    at = pd.Index(people["customer_id"]).get_indexer(usage["customer_id"])
    out = np.full((len(people), op.MONTHS, 3), np.nan)
    month = (day.dt.year - first.year) * 12 + day.dt.month - first.month
    out[at, month] = np.log(np.maximum(usage[list(op.METERS)].to_numpy(), LEAST))
    return out


def _course() -> NDArray[np.float64]:
    months = op.MONTHS + op.HORIZON
    calendar = (op.FIRST_MONTH + np.arange(months)).astype(int) % 12
    each = [np.array(op.SEASON[m])[calendar] * (1 + op.GROWTH[m]) ** np.arange(months) for m in op.METERS]
    return np.log(np.column_stack(each))


def _posterior(
    log: NDArray[np.float64], there: NDArray[np.bool_], people: pd.DataFrame, *, seed: int, draws: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw each customer's log level [n, draws, 3] and log of the change in force at the end [n, draws]."""
    noise = np.linalg.inv(LOG_VARIANCE * (op.SHARED_NOISE + (1 - op.SHARED_NOISE) * np.eye(3)))
    median = np.log(np.array(law.KIND_MEDIANS) * [1, 1, 1024])
    prior = np.array(law.KIND_SPREAD) ** -2.0
    spread = np.array([np.linalg.inv(np.diag(prior) + n * noise) for n in range(op.MONTHS + 1)])[there.sum(axis=1)]
    kinds = np.where(
        (people["need"] == "senior").to_numpy()[:, None], np.array(law.SENIOR_KIND_SHARES), np.array(law.KIND_SHARES)
    )
    changes = _changes()
    weight = np.empty((len(log), len(changes), len(median)))
    mean = np.empty((*weight.shape, 3), dtype=np.float32)
    total = log.sum(axis=1)
    for c, (month, size, share) in enumerate(changes):
        after = there & (np.arange(op.MONTHS) >= month) & (month >= 0)
        n, moved = after.sum(axis=1), (log * after[:, :, None]).sum(axis=1)
        misfit = -2 * size * (moved @ noise).sum(axis=1) + size**2 * n * noise.sum()
        for k, middle in enumerate(median):
            right = middle * prior + (total - size * n[:, None]) @ noise
            mean[:, c, k] = np.einsum("nij,nj->ni", spread, right)
            gained = (mean[:, c, k] * right).sum(axis=1) - (middle**2 * prior).sum()
            weight[:, c, k] = np.log(share * kinds[:, k]) + (gained - misfit) / 2
    weight = np.exp(weight - weight.max(axis=(1, 2), keepdims=True)).reshape(len(log), -1)
    below = np.cumsum(weight, axis=1)
    random = np.random.default_rng(seed)
    at = random.random((len(log), draws)) * below[:, -1:]
    chosen = np.stack([np.searchsorted(each, place, side="right") for each, place in zip(below, at, strict=True)])
    level = mean.reshape(len(log), -1, 3)[np.arange(len(log))[:, None], chosen].astype(np.float64)
    level += np.einsum("nij,ndj->ndi", np.linalg.cholesky(spread), random.standard_normal(level.shape))
    return level, np.array([size for _, size, _ in changes])[chosen // len(median)]


def _changes() -> list[tuple[int, float, float]]:
    """Return the changes of usage that may be: month (-1 for none), log of the factor, probability."""
    size = np.log(2.0) + (np.arange(SIZES) + 0.5) / SIZES * np.log(3.5 / 2.0)
    months = range(2, op.MONTHS - 2)
    share = law.REGIME_SHARE / len(months) / (2 * SIZES)
    some = [(month, float(by), share) for month in months for by in np.concatenate([size, -size])]
    return [(-1, 0.0, 1 - law.REGIME_SHARE), *some]


def f1(told: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """Return the harmonic mean of precision and recall."""
    return float(2 * (told & true).sum() / (told.sum() + true.sum()))


def over_allowance(demo: Demo) -> pd.Series:
    """Who was over some allowance of the plan held in each of the last three months."""
    usage = demo.tables["usage"].to_pandas()
    plans = demo.tables["plans"].to_pandas().drop_duplicates("plan_id").set_index("plan_id")
    usage["over"] = False
    for meter in op.METERS:
        usage["over"] |= usage[meter] > usage["plan_id"].map(plans[f"included_{meter}"].astype(float))
    month = pd.to_datetime(usage["month"])
    last = usage[month >= month.max() - pd.DateOffset(months=2)]
    return last.groupby("customer_id")["over"].sum() == 3


def mismatch_scores(make: Callable[..., PlanRecommender], *, seed: int, customers: int) -> dict[str, float]:
    """Return F1 of finding mismatched customers: the recommender, the oracle, the flag, and being over an allowance.

    Judged are customers who are still there and whose bills are what the catalogue says; those of whom too little is
    known count as not found.
    """
    demo = build_demo(seed=seed, customers=customers)
    usage, people, fit = demo.tables["usage"], demo.tables["customers"], demo.truth.fit
    recommender = make(Catalogue(demo.tables["plans"])).fit(usage, customers=people)
    advised = recommender.recommend(usage).set_index("customer_id").reindex(fit["customer_id"])
    saved = (advised["expected_cost_held"] - advised["expected_cost_advised"]) / recommender.horizon
    enough = saved >= least_saving(advised["expected_cost_held"] / recommender.horizon)
    flagged = recommender.flag(usage).set_index("customer_id")["state"].reindex(fit["customer_id"]) == "flagged"
    told = {
        "recommended": ((advised["state"] == "switch") & enough).to_numpy(),
        "oracle": oracle_mismatched(demo),
        "flag": flagged.to_numpy(),
        "allowance": over_allowance(demo).reindex(fit["customer_id"], fill_value=False).to_numpy(),
    }
    active = fit["active"].to_numpy() & (advised["state"] != "not_reconciled").to_numpy()
    return {rule: f1(found[active], fit["mismatched"].to_numpy()[active]) for rule, found in told.items()}
