"""Seconds of others' waiting per priority contact, by hand and against a plain calculation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.fairness.cost import cost_to_others, waits_re_served

RANKS = {"high": 1, "low": 2}


def test_a_line_worked_by_hand(log):
    rows = [
        ("low", 0, 30, "served"),  # in order of arrival it would have got the start at 10: 20 s longer
        ("low", 1, 40, "served"),  # 20: 20 s longer
        ("high", 2, 10, "served"),  # 30: 20 s saved
        ("high", 3, 20, "served"),  # 40: 20 s saved
        ("low", 4, 15, "abandoned"),  # not served again
        ("high", 5, 5, "served"),  # did not queue
    ]
    row = cost_to_others(log(rows), ranks=RANKS, min_group=1).iloc[0]
    assert (row["n_priority"], row["n_others"]) == (2, 2)
    assert (row["cost_s"], row["extra_wait_s"], row["total_s"]) == (20, 20, 40)
    assert (row["n_days"], row["method"], row["reason"]) == (1, "none", "too_few_days")
    tiers = waits_re_served(log(rows), ranks=RANKS, min_group=1).set_index("tier")
    assert tiers["extra_wait_s"].to_dict() == {"high": -20, "low": 20}
    assert tiers["mean_wait_s"].to_dict() == {"high": 12.5, "low": 34.5}
    assert tiers["mean_fcfs_wait_s"].to_dict() == {"high": 32.5, "low": 14.5}


def drawn(log, seed, n=400):
    chance = np.random.default_rng(seed)
    arrived = chance.integers(0, 12 * 86_400, n)
    ended = arrived + chance.integers(0, 20_000, n)
    outcome = chance.choice(["served", "abandoned"], n, p=[0.9, 0.1])
    tier = chance.choice(["high", "low", None], n, p=[0.3, 0.6, 0.1])
    rows = [(t, int(a), int(e), o) for t, a, e, o in zip(tier, arrived, ended, outcome, strict=True)]
    return log(rows, queue=pd.Series(chance.choice(["x", "y"], n), dtype="str"))


@pytest.mark.parametrize("seed", range(8))
def test_the_cost_is_that_of_the_definition_and_the_whole_is_nothing(log, seed):
    contacts = drawn(log, seed)
    table = waits_re_served(contacts, each=("queue",), ranks=RANKS, min_group=1)
    assert (table.groupby("queue")["total_us"].sum() == 0).all()
    costs = cost_to_others(contacts, each=("queue",), ranks=RANKS, min_group=1).set_index("queue")
    served = contacts[(contacts["outcome"] == "served") & (contacts["wait_ended_at"] > contacts["arrived_at"])]
    for queue, mine in served.groupby("queue"):
        line = mine.sort_values(["arrived_at", "wait_ended_at"])
        ended = line["wait_ended_at"].astype("int64")
        extra = (ended - np.sort(ended.to_numpy())) / 1e6
        first = line["tier"] == "high"
        assert costs.loc[queue, "cost_s"] == pytest.approx(extra[~first].sum() / first.sum())
        assert costs.loc[queue, "extra_wait_s"] == pytest.approx(extra[~first].mean())
        assert (costs.loc[queue, "n_priority"], costs.loc[queue, "n_others"]) == (first.sum(), (~first).sum())
        assert costs.loc[queue, "low_s"] < costs.loc[queue, "cost_s"] < costs.loc[queue, "high_s"]
    whole = cost_to_others(contacts, ranks=RANKS, min_group=1)["total_s"].iloc[0]
    assert whole == pytest.approx(costs["total_s"].sum())


def test_in_order_of_arrival_nobody_costs_anything(log):
    chance = np.random.default_rng(5)
    arrived = np.sort(chance.integers(0, 5000, 300))
    ended = np.maximum.accumulate(arrived + chance.integers(1, 200, 300))
    tier = chance.choice(["high", "low"], 300)
    rows = [(t, int(a), int(e), "served") for t, a, e in zip(tier, arrived, ended, strict=True)]
    assert cost_to_others(log(rows), ranks=RANKS)["cost_s"].iloc[0] == 0


def test_the_reader_says_who_has_priority(log):
    contacts = drawn(log, 1)
    low = cost_to_others(contacts, priority=["low"])
    assert (
        low["n_priority"].iloc[0]
        == (
            (contacts["tier"] == "low")
            & (contacts["outcome"] == "served")
            & (contacts["wait_ended_at"] > contacts["arrived_at"])
        ).sum()
    )
    with pytest.raises(CxError) as error:
        cost_to_others(contacts)
    assert error.value.code == "no_priority"


def test_too_few_and_nobody(log):
    few = cost_to_others(log([("high", 0, 5, "served"), ("low", 1, 9, "served")]), ranks=RANKS).iloc[0]
    assert few["too_few"]
    assert few["reason"] == "too_few"
    assert np.isnan(few["cost_s"])
    nobody = cost_to_others(log([]), ranks=RANKS).iloc[0]
    assert (nobody["n_priority"], nobody["n_others"], nobody["reason"]) == (0, 0, "too_few")
    assert np.isnan(nobody["cost_s"])
    assert len(cost_to_others(log([]).assign(queue=[]), each=("queue",), ranks=RANKS)) == 0
    assert len(waits_re_served(log([]))) == 0
