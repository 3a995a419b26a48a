"""Bills of paths of usage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.matching import Catalogue, bill_all
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
