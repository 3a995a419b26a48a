"""Advice on catalogues with every feature: who is advised, and to which plans."""

from __future__ import annotations

import numpy as np
import pytest
from naive_bills import FIRST, Naive
from random_company import METERS, MONTHS, frames, random_company

from cxlib.matching import Catalogue, PlanRecommender


@pytest.mark.parametrize("seed", range(3))
def test_advice_keeps_pooled_plans_apart_and_binds_who_is_bound(seed):
    rng = np.random.default_rng(seed)
    plans, usage, people = random_company(rng, customers=30)
    naive, (wide, rows, customers) = Naive(plans, usage, people, METERS), frames(plans, usage, people)
    advice = PlanRecommender(Catalogue(wide), n_neighbors=5).fit(rows, customers=customers).recommend(rows)
    assert advice["customer_id"].tolist() == sorted(naive.units)
    month = FIRST + MONTHS - 1
    for row in advice[advice["state"] == "switch"].itertuples():
        rows_of = naive.units[row.customer_id]
        held = rows_of[max(m for m in rows_of if m <= month)]["held"]
        assert row.plan_id == held
        assert naive.pooled[row.advised_plan_id] == naive.pooled[held]
        if month in rows_of:
            assert naive.may_take(row.customer_id, month, row.advised_plan_id)
    assert advice["state"].isin(["switch", "stay"]).any()
