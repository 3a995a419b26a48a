"""Replications against a line worked by hand and against theory."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.errors import CxError
from cxlib.queueing import (
    Accumulating,
    Fcfs,
    HeadStart,
    MaxPasses,
    Strict,
    Workload,
    accumulating_waits,
    erlang_a,
    fcfs_wait,
    poisson_workload,
    priority_waits,
    replicate,
    simulate,
)
from cxlib.queueing.runs import ALL
from cxlib.queueing.simulate import Arrivals

# One server, busy with R1 until 10. R2, R3 and then V wait; R4 leaves at 9.
LINE = Workload(
    class_order=("priority", "regular"),
    draw=lambda _random: Arrivals(
        np.array([0.0, 1, 2, 3, 5]),
        np.array([10.0, 4, 4, 4, 4]),
        np.array([1, 1, 1, 1, 0]),
        np.array([np.inf, np.inf, np.inf, 6, np.inf]),
    ),
)


def test_a_line_worked_by_hand():
    runs = replicate(LINE, {"first": Fcfs(), "strict": Strict()}, replications=2, sla_s=12)
    rows = runs.by_class[runs.by_class["replication"] == 0].set_index(["policy", "class"]).sort_index()
    # V is served at 10, R2 at 14, R3 at 18: V passed these two, R4 had left
    first = rows.loc[("strict", "priority")]
    assert [first[name] for name in ("n", "n_queued", "mean_wait_s", "sla", "abandonment", "passed_once")] == [
        1,
        1,
        5,
        1,
        0,
        0,
    ]
    rest = rows.loc[("strict", "regular")]
    assert [rest[name] for name in ("n", "n_queued", "n_served", "mean_wait_s", "sla")] == [4, 3, 3, 14.5, 0]
    assert [rest[name] for name in ("abandonment", "mean_passed", "passed_once")] == pytest.approx(
        [1 / 3, 2 / 3, 2 / 3]
    )
    assert rows.loc[("first", ALL), "mean_passed"] == 0
    pairs = runs.pairs[
        (runs.pairs["policy"] == "strict") & (runs.pairs["replication"] == 0) & (runs.pairs["passes"] > 0)
    ]
    assert pairs[["passing", "passed", "passes"]].to_numpy().tolist() == [["priority", "regular", 2]]


def test_means_are_those_of_theory_and_differences_cancel_what_is_shared():
    queue = poisson_workload(arrival_rates=[1.5, 5.5], service_rate=1, servers=8, customers=60_000)
    runs = replicate(queue, {"first": Fcfs(), "strict": Strict(), "ahead": HeadStart((1.5, 0))}, replications=12)
    offered = runs.by_class[(runs.by_class["policy"] == "strict") & (runs.by_class["class"] != ALL)]
    share = offered["n_queued"] / offered["n"]
    waits = (offered["mean_wait_s"] * share).groupby(offered["class"]).agg(["mean", "sem"])
    known = priority_waits(arrival_rates=[1.5, 5.5], service_rate=1, servers=8)
    assert (np.abs(waits["mean"] - known) < 4.4 * waits["sem"]).all()  # t of 11 degrees at 99.9 %
    alone = runs.summary().query("`class` == 1 and indicator == 'mean_wait_s'").set_index("policy")
    apart = runs.differences("first").query("`class` == 1 and indicator == 'mean_wait_s'").set_index("policy")
    for policy in ("strict", "ahead"):
        assert apart.loc[policy, "value"] == pytest.approx(alone.loc[policy, "value"] - alone.loc["first", "value"])
        assert (
            apart.loc[policy, "high"] - apart.loc[policy, "low"] < alone.loc[policy, "high"] - alone.loc[policy, "low"]
        )


def test_the_same_seed_gives_the_same_runs():
    queue = poisson_workload(arrival_rates=[1, 5], service_rate=1, servers=8, customers=2000)
    one, two = (replicate(queue, {"first": Fcfs()}, replications=3, random_state=7) for _ in range(2))
    pd.testing.assert_frame_equal(one.by_class, two.by_class)
    other = replicate(queue, {"first": Fcfs()}, replications=3, random_state=8)
    assert not one.by_class.equals(other.by_class)


def test_a_run_can_be_ended():
    def report(_share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replicate(LINE, {"first": Fcfs()}, report=report)


@pytest.mark.parametrize(
    ("arguments", "code"), [({"policies": {}}, "no_policies"), ({"replications": 1}, "few_replications")]
)
def test_what_cannot_be_run_is_refused(arguments, code):
    with pytest.raises(CxError) as refused:
        replicate(LINE, **{"policies": {"first": Fcfs()}, **arguments})
    assert refused.value.code == code


def ties(random):
    """Customers in whole seconds, many at the same one, of three classes and little patience."""
    arrived = np.sort(random.integers(0, 600, 400)).astype(float)
    service, patience = random.exponential([[18], [60]], (2, 400)).round()
    return Arrivals(arrived, service, random.integers(0, 3, 400), patience)


def test_indicators_by_their_definitions():
    queue = Workload(
        class_order=("a", "b", "c"),
        draw=ties,
        shift_at=np.array([0.0, 200, 400, 640]),
        shift_servers=np.array([12, 9, 13, 0]),
        begin_s=50,
        until_s=580,
    )
    rules = {"strict": Strict(), "two": MaxPasses(2), "ahead": HeadStart({"a": 30, "b": 10}), "first": Fcfs()}
    runs = replicate(queue, rules, replications=3, sla_s=12, random_state=5)
    rows = runs.by_class.set_index(["policy", "replication", "class"]).sort_index()
    seeds = np.random.SeedSequence(5).spawn(3)
    for (name, policy), (number, seed) in itertools.product(rules.items(), enumerate(seeds)):
        drawn = ties(np.random.default_rng(seed))
        frame = simulate(
            arrived_s=drawn.arrived_s,
            service_s=drawn.service_s,
            patience_s=drawn.patience_s,
            classes=np.array(["a", "b", "c"])[drawn.classes],
            class_order=["a", "b", "c"],
            servers=queue.schedule,
            policy=policy,
        )
        arrived, ends = frame["arrived_s"].to_numpy(), frame["wait_end_s"].to_numpy()
        passing = frame["start_s"].notna().to_numpy()[:, None] & (arrived[:, None] > arrived) & (ends[:, None] < ends)
        frame["passed"] = passing.sum(axis=0)
        frame = frame[frame["arrived_s"].between(50, 579)]
        for group, mine in [*frame.groupby("class"), (ALL, frame)]:
            found, queued = rows.loc[(name, number, group)], mine[mine["wait_s"] > 0]
            waits = queued.loc[queued["start_s"].notna(), "wait_s"]
            expected = {
                "n": len(mine),
                "n_queued": len(queued),
                "n_served": mine["start_s"].notna().sum(),
                "mean_wait_s": waits.mean(),
                "median_wait_s": waits.median(),
                "p90_wait_s": waits.quantile(0.9),
                "sla": (waits <= 12).sum() / len(queued),
                "sla_offered": ((waits <= 12).sum() + len(mine) - len(queued)) / len(mine),
                "abandonment": queued["abandoned"].mean(),
                "passed_once": (queued["passed"] >= 1).mean(),
                "passed_thrice": (queued["passed"] >= 3).mean(),
                "mean_passed": queued["passed"].mean(),
                "most_passed": queued["passed"].max(),
            }
            assert found[list(expected)].astype(float).to_dict() == pytest.approx(expected), (name, number, group)
    assert rows.loc["two", "most_passed"].max() == 2
    assert rows.loc["strict", "most_passed"].max() > 2


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_forty_million_customers_wait_as_theory_says():
    eight = {"service_rate": 1, "servers": 8}
    two, three = [1.5, 5.5], [1.0, 2.0, 3.5]
    rules = {"first": Fcfs(), "strict": Strict(), "grows": Accumulating((3, 1))}
    known = {
        "first": [fcfs_wait(arrival_rate=7, **eight)] * 2,
        "strict": priority_waits(arrival_rates=two, **eight),
        "grows": accumulating_waits(arrival_rates=two, weights=[3, 1], **eight),
    }
    queue = poisson_workload(arrival_rates=two, customers=500_000, **eight)
    runs = replicate(queue, rules, replications=16, random_state=17)
    more = {"strict": Strict(), "grows": Accumulating((6, 2, 1))}
    of_three = replicate(
        poisson_workload(arrival_rates=three, customers=300_000, **eight), more, replications=16, random_state=18
    )
    leaving = poisson_workload(arrival_rates=[8], customers=500_000, patience_rate=0.4, **eight)
    left = replicate(leaving, {"first": Fcfs()}, replications=16, random_state=19)
    known_three = {
        "strict": priority_waits(arrival_rates=three, **eight),
        "grows": accumulating_waits(arrival_rates=three, weights=[6, 2, 1], **eight),
    }
    assert 16 * (3 * 500_000 + 2 * 300_000 + 500_000) >= 40_000_000

    def agrees(values, value):
        mean, error = values.mean(), values.std(ddof=1) / np.sqrt(len(values))
        half = stats.t.ppf(0.9995, len(values) - 1) * error
        assert abs(mean - value) <= half
        assert half < 0.05 * value  # the interval says something

    for found, expected in ((runs, known), (of_three, known_three)):
        rows = found.by_class
        waits = rows["mean_wait_s"] * rows["n_queued"] / rows["n"]
        for policy, values in expected.items():
            for k, value in enumerate(values):
                agrees(waits[(rows["policy"] == policy) & (rows["class"] == k)].to_numpy(), value)
        # whatever the rule, the wait of all together is that of first come, first served (Kleinrock)
        for policy in expected:
            agrees(waits[(rows["policy"] == policy) & (rows["class"] == ALL)].to_numpy(), known_all(found))
    rows = left.by_class[left.by_class["class"] == 0]
    erlang = erlang_a(arrival_rate=8, patience_rate=0.4, **eight)
    agrees((rows["abandonment"] * rows["n_queued"] / rows["n"]).to_numpy(), erlang.abandon_share)
    agrees((rows["n_queued"] / rows["n"]).to_numpy(), erlang.delayed_share)


@pytest.mark.slow
def test_a_head_start_of_one_and_a_half_lies_where_two_hundred_million_customers_have_put_it():
    queue = poisson_workload(arrival_rates=[1.5, 5.5], service_rate=1, servers=8, customers=1_000_000)
    runs = replicate(queue, {"first": Fcfs(), "ahead": HeadStart((1.5, 0))}, replications=24, random_state=23)
    rows = runs.by_class.assign(wait=runs.by_class["mean_wait_s"] * runs.by_class["n_queued"] / runs.by_class["n"])
    known = fcfs_wait(arrival_rate=7, service_rate=1, servers=8)
    for k, (value, half) in enumerate([(0.2622, 0.0004), (0.7371, 0.0002)]):
        of_class = rows[rows["class"] == k].pivot_table(index="replication", columns="policy", values="wait")
        control, ahead = of_class["first"], of_class["ahead"]
        slope = np.cov(control, ahead)[0, 1] / control.var()
        told = ahead - slope * (control - known)  # first come, first served as the control
        error = told.std(ddof=2) / np.sqrt(len(told))
        assert abs(told.mean() - value) <= half + stats.t.ppf(0.9995, len(told) - 2) * error
        assert error < 0.003 * value  # it says something


def known_all(found):
    return fcfs_wait(arrival_rate=7 if len(found.class_order) == 2 else 6.5, service_rate=1, servers=8)
