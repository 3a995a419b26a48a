"""The course of a wait, against a worked example and a naive calculation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.fairness.curves import wait_curves


def contacts(waits: list[float], served: list[bool]) -> pd.DataFrame:
    arrived = pd.Timestamp("2026-03-02 09:00", tz="UTC") + pd.to_timedelta(np.arange(len(waits)), unit="min")
    return pd.DataFrame(
        {
            "contact_id": [str(i) for i in range(len(waits))],
            "tier": "a",
            "arrived_at": arrived,
            "wait_s": waits,
            "queued": True,
            "outcome": ["served" if each else "abandoned" for each in served],
        }
    )


def test_a_worked_example() -> None:
    # Four wait: served at 10, gone at 20, served at 30, served at 40.
    curve = wait_curves(contacts([10, 20, 30, 40], [True, False, True, True]), step_s=10, min_group=1)
    assert curve["t_s"].tolist() == [0, 10, 20, 30, 40]
    assert curve["unserved"].tolist() == pytest.approx([1, 3 / 4, 3 / 4, 3 / 8, 0])
    assert curve["n_at_risk"].tolist() == [4, 4, 3, 2, 1]


def test_a_group_with_too_few_is_left_out() -> None:
    assert wait_curves(contacts([10, 20], [True, True]), min_group=3).empty


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=40))
def test_it_equals_the_product_over_persons(rows: list[tuple[int, bool]]) -> None:
    curve = wait_curves(contacts([w for w, _ in rows], [s for _, s in rows]), step_s=1, until_s=100, min_group=1)
    for t, unserved in zip(curve["t_s"], curve["unserved"], strict=True):
        naive = 1.0
        for moment in sorted({w for w, s in rows if s and w <= t}):
            naive *= 1 - sum(s and w == moment for w, s in rows) / sum(w >= moment for w, s in rows)
        assert unserved == pytest.approx(naive)
