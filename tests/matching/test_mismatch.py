"""Whom the recommender would move is whom the law of the synthetic operator calls mismatched, all but for luck."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from bench.oracle import least_saving, oracle_mismatched
from cxlib.demo import Demo, build_demo
from cxlib.demo import operator as op
from cxlib.matching import Catalogue, PlanRecommender

if TYPE_CHECKING:
    import numpy as np


def f1(told: np.ndarray, true: np.ndarray) -> float:
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


def scores(seed: int, *, customers: int) -> dict[str, float]:
    demo = build_demo(seed=seed, customers=customers)
    usage, people, fit = demo.tables["usage"], demo.tables["customers"], demo.truth.fit
    recommender = PlanRecommender(Catalogue(demo.tables["plans"])).fit(usage, customers=people)
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


def check(found: pd.DataFrame) -> None:
    mean = found.mean()
    assert mean["recommended"] >= 0.80
    assert mean["recommended"] >= 0.95 * mean["oracle"]
    assert (found["recommended"] > found["flag"]).all()
    assert (found["flag"] > found["allowance"]).all()
    assert (found["oracle"] > found["recommended"]).all()


def test_a_small_operator():
    check(pd.DataFrame([scores(11, customers=1_500)]))


@pytest.mark.slow
def test_five_operators():
    check(pd.DataFrame([scores(seed, customers=4_000) for seed in range(1, 6)]))
