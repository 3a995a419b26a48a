"""Who is not reconciled gets no advice."""

from __future__ import annotations

import pandas as pd

from cxlib.matching.withhold import withhold

ADVICE = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d"],
        "plan_id": "S",
        "advised_plan_id": ["L", "S", "S", "L"],
        "state": ["switch", "stay", "not_enough_data", "switch"],
        "expected_saving": [9.0, 0.0, None, 5.0],
        "p_saves": [0.99, None, None, 0.7],
        "strong": [True, False, False, False],
        "safest_plan_id": ["L", "S", None, "M"],
    }
)


def test_advice_is_withheld_and_nothing_of_it_is_left() -> None:
    found = withhold(ADVICE, pd.DataFrame({"customer_id": ["a", "b", "c", "x"]}))
    assert found["state"].tolist() == ["not_reconciled", "not_reconciled", "not_enough_data", "switch"]
    assert found["advised_plan_id"].tolist() == ["S", "S", "S", "L"]
    assert not found["strong"].any()
    gone = found.loc[:1, ["expected_saving", "p_saves", "safest_plan_id"]]
    assert gone.isna().all(axis=None)
    assert found.iloc[3].equals(ADVICE.iloc[3])
    assert ADVICE.loc[0, "state"] == "switch"  # the advice given is not changed


def test_without_anybody_withheld_all_stays() -> None:
    assert withhold(ADVICE, pd.DataFrame({"customer_id": []})).equals(ADVICE)
