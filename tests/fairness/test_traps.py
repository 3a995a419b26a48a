from __future__ import annotations

import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.fairness.traps import label_trap


@pytest.mark.real_data
def test_the_bank_labels_who_queued(bank_calls):
    trap = label_trap(bank_calls)
    assert round(trap.total_variation, 3) == 0.687
    assert trap.warned


@pytest.mark.real_data
def test_the_bank_on_queued_calls_only_raises_nothing(bank_calls):
    trap = label_trap(bank_calls[bank_calls["queued"]])
    assert trap.total_variation is None
    assert not trap.warned


def test_a_missing_label_is_a_share(log, on_engines):
    # queued: all "a"; not queued: "a" once, missing three times: half of (1 - 1/4) + 3/4
    rows = [("a", 0, 5, "served")] * 4 + [("a", 0, 0, "served")] + [(None, 0, 0, "served")] * 3
    for frame in on_engines(log(rows)).values():
        trap = label_trap(frame)
        assert trap.total_variation == 0.75
        assert trap.warned
        assert trap.shares["n_not_queued"].tolist() == [1, 3]
        assert pd.isna(trap.shares["tier"][1])


def test_exactly_one_half_is_not_above_it(log):
    rows = [("a", 0, 5, "served"), ("b", 0, 5, "served"), ("a", 0, 0, "served")]
    trap = label_trap(log(rows))
    assert trap.total_variation == 0.5
    assert not trap.warned


def test_empty(log):
    assert label_trap(log([])).total_variation is None


def test_without_the_column(log):
    with pytest.raises(CxError, match="no column"):
        label_trap(log([]), label="region")
