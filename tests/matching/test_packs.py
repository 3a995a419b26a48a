"""The cheapest number of packs, against trying them all."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from naive_bills import packs_and_overage
from random_company import some, tiers_text

from cxlib.matching import Catalogue, bill


def random_plan(rng):
    plan = {
        "plan_id": "S", "monthly_fee": 0.0, "included_minutes": 0.0, "overage_price_minutes": None,
        "tiers_minutes": None, "tier_kind_minutes": None, "unit_size_minutes": some(rng, 1.0, 1.0, 0.5, 7.0, 3.0),
        "round_up_minutes": bool(rng.random() < 0.5), "pack_size_minutes": some(rng, 1.0, 2.5, 5.0, 7.0, 30.0),
    }  # fmt: skip
    if rng.random() < 0.6:
        plan |= {"tiers_minutes": tiers_text(rng), "tier_kind_minutes": some(rng, "graduated", "volume")}
    else:
        plan |= {"overage_price_minutes": float(np.round(rng.random() * 0.5, int(rng.integers(1, 4))))}
    worth = 0.2 if plan["overage_price_minutes"] is None else plan["overage_price_minutes"]
    price = worth * plan["pack_size_minutes"] / plan["unit_size_minutes"] * some(rng, 0.5, 0.98, 1.0, 1.02, 1.5, 0.0)
    return plan | {"pack_price_minutes": float(np.round(price, int(rng.integers(1, 5))))}


def check(seeds):
    for seed in seeds:
        rng = np.random.default_rng(seed)
        plan = random_plan(rng)
        used = np.round(rng.random(8) * some(rng, 20, 150, 600), 1)
        usage = pd.DataFrame(
            {"customer_id": [f"{k}" for k in range(8)], "month": "2026-01", "plan_id": "S", "minutes": used}
        )
        found = bill(usage, Catalogue(pd.DataFrame([plan])))
        for row, over in zip(found.itertuples(), used, strict=True):
            packs, rest = packs_and_overage(plan, "minutes", Fraction(str(over)))
            got = round(row.packs_minutes * 100), round(row.overage_minutes * 100)
            assert got == (packs, rest), (plan, over)


def test_the_cheapest_number_is_found_without_trying_all():
    check(range(150))


@pytest.mark.slow
def test_the_cheapest_number_is_found_on_many_plans():
    check(range(1_000, 1_500))


def test_a_hundred_thousand_packs_are_counted_like_few():
    plan = {
        "plan_id": "S", "monthly_fee": 0.0, "included_minutes": 0.0, "overage_price_minutes": 0.07,
        "pack_size_minutes": 10.0, "pack_price_minutes": 0.5,
    }  # fmt: skip
    usage = pd.DataFrame(
        {"customer_id": [f"{k:05d}" for k in range(20_000)], "month": "2026-01", "plan_id": "S", "minutes": 1e6 - 3}
    )
    total = bill(usage, Catalogue(pd.DataFrame([plan])))["total"]
    assert set(total) == {math.floor(1e6 / 10 - 1) * 0.5 + 7 * 0.07}
