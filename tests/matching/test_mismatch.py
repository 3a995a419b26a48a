"""Whom the recommender would move is whom the law of the synthetic operator calls mismatched, all but for luck."""

from __future__ import annotations

import pandas as pd
import pytest

from bench.oracle import mismatch_scores
from cxlib.matching import PlanRecommender


def check(seeds: range, *, customers: int, of_oracle: float) -> None:
    found = pd.DataFrame([mismatch_scores(PlanRecommender, seed=seed, customers=customers) for seed in seeds])
    mean = found.mean()
    assert mean["recommended"] >= 0.80
    assert mean["recommended"] >= of_oracle * mean["oracle"]
    assert (found["recommended"] > found["flag"]).all()
    assert (found["flag"] > found["allowance"]).all()
    assert (found["oracle"] > found["recommended"]).all()


def test_a_small_operator():
    check(range(11, 12), customers=1_500, of_oracle=0.92)  # so few customers leave .01 to luck


@pytest.mark.slow
def test_five_operators():
    check(range(1, 6), customers=4_000, of_oracle=0.95)
