"""Gains and losses against runs made up by hand, and what must hold of every frontier."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.errors import CxError
from cxlib.queueing import HeadStart, Strict, frontier, poisson_workload, replicate
from cxlib.queueing.policies import Fcfs
from cxlib.queueing.runs import INDICATORS, Runs


def made(values):
    """Runs of {policy: [(wait of the first, wait of the rest) per replication]}; the SLA is 1 less a hundredth."""
    rows = [
        {"policy": policy, "replication": r, "class": name, **dict.fromkeys(INDICATORS, np.nan)}
        | {"mean_wait_s": wait, "sla": 1 - wait / 100}
        for policy, each in values.items()
        for r, pair in enumerate(each)
        for name, wait in zip(("first", "rest"), pair, strict=True)
    ]
    n = len(next(iter(values.values())))
    none = pd.DataFrame()
    return Runs(
        policies=tuple(values),
        class_order=("first", "rest"),
        sla_s=(20, 20),
        replications=n,
        by_class=pd.DataFrame(rows),
        pairs=none,
        servers=none,
        curves=none,
    )


WAITS = {"gain": ("first", "mean_wait_s"), "loss": ("rest", "mean_wait_s")}


def test_worked_by_hand():
    runs = made(
        {
            "today": [(30, 30), (32, 32), (34, 34)],
            "ahead": [(20, 33), (22, 36), (24, 36)],
            "worse": [(25, 40), (27, 43), (29, 43)],
            "alike": [(20, 33), (22, 36), (24, 36)],
        }
    )
    table = frontier(runs, base="today", **WAITS).set_index("policy")
    assert table["gain"].tolist() == [0, 10, 5, 10]
    assert table["loss"].tolist() == pytest.approx([0, 3, 10, 3])
    # losses of 3, 4 and 2: 3 with a standard error of 1 / sqrt(3), t of two degrees
    assert table.loc["ahead", ["loss_low", "loss_high"]].tolist() == pytest.approx([3 - 2.4841377, 3 + 2.4841377])
    assert table.loc["ahead", ["gain_low", "gain_high"]].tolist() == [10, 10]
    assert table["dominated"].tolist() == [False, False, True, False]
    assert table.loc["worse", "dominated_by"] in {"ahead", "alike"}
    shares = frontier(runs, base="today", gain=("first", "sla"), loss=("rest", "sla")).set_index("policy")
    assert shares["gain"].tolist() == pytest.approx([0, 0.1, 0.05, 0.1])
    assert shares["loss"].tolist() == pytest.approx([0, 0.03, 0.1, 0.03])


def test_what_differs_by_noise_alone_dominates_nobody():
    runs = made({"today": [(30, 30), (30, 32), (30, 34)], "other": [(30, 31), (30, 29), (30, 35.5)]})
    assert not frontier(runs, base="today", **WAITS)["dominated"].any()


def test_what_is_missing_neither_dominates_nor_is_dominated():
    runs = made({"today": [(30, 30), (31, 31)], "unknown": [(np.nan, 1), (np.nan, 1)], "best": [(1, 1), (1, 1)]})
    table = frontier(runs, base="today", **WAITS).set_index("policy")
    assert table["dominated"].tolist() == [True, False, False]
    assert table.loc["today", "dominated_by"] == "best"
    assert np.isnan(table.loc["unknown", "gain"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=3), min_size=1, max_size=6)
)
def test_somebody_is_always_left_and_nobody_dominates_himself(values):
    table = frontier(made({str(i): each for i, each in enumerate(values)}), base="0", **WAITS)
    assert not table["dominated"].all()
    assert (table["policy"] != table["dominated_by"]).all()
    assert (table["gain_low"] <= table["gain"]).all()


def test_more_head_start_gives_more_and_takes_more():
    queue = poisson_workload(arrival_rates=[1.5, 5.5], service_rate=1, servers=8, customers=20_000)
    rules = {"first come": Fcfs()} | {f"{h}": HeadStart((h, 0)) for h in (0.5, 1.5, 4)} | {"strict": Strict()}
    runs = replicate(queue, rules, replications=8)
    table = frontier(runs, base="first come", gain=(0, "mean_wait_s"), loss=(1, "mean_wait_s"))
    assert table["gain"].is_monotonic_increasing
    assert table["loss"].is_monotonic_increasing
    assert not table["dominated"].any()
    with pytest.raises(CxError) as refused:
        frontier(runs, base="nothing", **WAITS)
    assert refused.value.code == "unknown_choice"
