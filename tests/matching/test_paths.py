"""Bills of paths of usage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from naive_bills import FIRST, Naive, exact
from random_company import METERS, frames, random_company

from cxlib.matching import Catalogue, bill_all
from cxlib.matching.history import read_history
from cxlib.matching.months import month_number
from cxlib.matching.paths import bill_paths

PLANS = pd.DataFrame({
    "plan_id": ["S", "L", "later"],
    "monthly_fee": [10.0, 20.0, 5.0],
    "included_minutes": [100.0, 300.0, 0.0],
    "overage_price_minutes": [0.1, 0.05, 0.3],
    "valid_from": [None, None, "2027-01-01"],
})  # fmt: skip


def test_bills_of_paths_are_those_of_single_months_where_no_plan_remembers() -> None:
    catalogue = Catalogue(PLANS)
    futures = np.array([[0, 1500, 20000, 9999, 10001, 30000]], dtype=np.int64)
    found = bill_paths(catalogue, futures, [2], month=month_number("2026-12"), horizon=3)
    assert found.bills.tolist() == bill_all(futures.T, catalogue, "2026-12", decimals=[2]).T.tolist()
    assert found.fees.tolist() == [1000, 2000, -1]
    assert found.within is None


def test_paths_are_whole() -> None:
    with pytest.raises(ValueError, match="paths of 4 months"):
        bill_paths(Catalogue(PLANS), np.zeros((1, 6), np.int64), [0], month=24000, horizon=4)


@pytest.mark.parametrize("seed", range(12))
def test_paths_go_on_from_where_each_customer_stands(seed):
    """Rollover, promotions, lines and caps along the horizon, against the naive bills month by month."""
    rng = np.random.default_rng(seed)
    plans, usage, people = random_company(rng)
    naive, (wide, rows, customers) = Naive(plans, usage, people, METERS), frames(plans, usage, people)
    catalogue = Catalogue(wide)
    history = read_history(rows, catalogue, customers=customers)
    origin, horizon, each = FIRST + int(rng.integers(2, 12)), 4, 3
    names = history.customer_ids.to_pylist()
    assert sorted(naive.units) == names
    who = np.array([k for k, name in enumerate(names) if min(naive.units[name]) <= origin])
    futures = rng.integers(0, 20000, (len(METERS), len(who) * each * horizon))
    standing = history.ledger.at(origin)[who]
    held = history.plan_at(origin)[who]
    found = bill_paths(catalogue, futures, [2, 2], month=origin, horizon=horizon, held=held, standing=standing)
    checked = 0
    for b, k in enumerate(who):
        for path in range(each):
            at = (b * each + path) * horizon
            future = [
                {meter: exact(int(futures[m, at + h])) / 100 for m, meter in enumerate(METERS)} for h in range(horizon)
            ]
            for p, plan_id in enumerate(catalogue.plan_ids):
                for h, expected in enumerate(naive.path(names[k], plan_id, origin, future)):
                    if expected is None:
                        assert found.bills[p, at + h] == -1
                        continue
                    lines, within = expected
                    checked += 1
                    assert found.bills[p, at + h] == sum(lines.values())
                    assert found.within is None or found.within[p, at + h] == within
                    more = sum(v for item, v in lines.items() if item.startswith(("overage", "packs")))
                    assert found.over[p, at + h] == (more > 0)
    assert checked > 100
