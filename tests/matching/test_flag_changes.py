"""New, standing and resolved flags with their customers, against the counts of flag_history."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_cases import catalogue

from cxlib.matching import count_changes, flag_changes, flag_history

MONTHS = [f"2026-{month:02}" for month in range(1, 7)]


def usage(**used):
    """Usage on plan S; None leaves a month out, a text changes the plan."""
    rows = []
    for who, minutes in used.items():
        plan = "S"
        for month, value in zip(MONTHS, minutes, strict=True):
            plan = "L" if value == "L" else plan
            if value is not None:
                rows.append((who, month, plan, 300.0 if value == "L" else float(value)))
    return pd.DataFrame(rows, columns=["customer_id", "month", "plan_id", "minutes"])


def test_what_became_of_each_flag():
    rows = flag_changes(
        usage(
            still=[300] * 6, fresh=[50, 50, 50, 300, 300, 300], cured=[300] * 5 + [50], moved=[300] * 5 + ["L"],
            silent=[300] * 5 + [None], never=[50] * 6,
        ),
        catalogue(),
        month="2026-06",
        customers=pd.DataFrame({"customer_id": ["cured", "still"], "tier": ["T1", "T2"]}),
    ).set_index("customer_id")  # fmt: skip
    assert rows[["change", "now"]].to_dict("index") == {
        "cured": {"change": "resolved", "now": "fits"},
        "fresh": {"change": "new", "now": "flagged"},
        "moved": {"change": "resolved", "now": "changed"},
        "silent": {"change": "resolved", "now": "short"},
        "still": {"change": "standing", "now": "flagged"},
    }
    assert set(rows["direction"]) == {"under_provisioned"}
    assert set(rows["saving_minor"]) == {3000}
    assert rows["tier"].dropna().to_dict() == {"cured": "T1", "still": "T2"}
    counted = count_changes(rows.reset_index())
    assert counted.to_dict("records") == [
        {"direction": "under_provisioned", "new": 1, "standing": 1, "resolved": 3, "saving_minor": 6000,
         "resolved_minor": 9000}
    ]  # fmt: skip
    by_tier = count_changes(rows.reset_index(), by=["tier"])
    assert by_tier[["new", "standing", "resolved"]].to_numpy().tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 2]]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.sampled_from([None, 50, 300, 400, "L"]), min_size=6, max_size=6), min_size=1, max_size=6))
def test_counts_are_those_of_the_history(months):
    found = usage(**{f"c{i}": each for i, each in enumerate(months)})
    if found.empty or found["month"].max() < MONTHS[-1]:
        return
    counted = count_changes(flag_changes(found, catalogue(), month=MONTHS[-1])).set_index("direction")
    history = flag_history(found, catalogue())
    here = history[history["month"] == pd.Timestamp("2026-06-01")].set_index("direction")
    for direction, row in here.iterrows():
        mine = counted.loc[direction] if direction in counted.index else dict.fromkeys(counted.columns, 0)
        assert mine["new"] == row["new"]
        assert mine["resolved"] == row["resolved"]
        assert mine["new"] + mine["standing"] == row["standing"]
        assert mine["saving_minor"] == row["saving_minor"]


@pytest.mark.parametrize("month", ["2026-01", "2025-01", "2027-01"])
def test_months_without_flags(month):
    rows = flag_changes(usage(a=[300] * 6), catalogue(), month=month)
    assert rows.empty
    assert count_changes(rows).empty
