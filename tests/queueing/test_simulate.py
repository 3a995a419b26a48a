"""The simulator against hand-worked lines, a naive simulation, and theory within its own intervals."""

from __future__ import annotations

import importlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from cxlib.engine import threads
from cxlib.errors import CxError
from cxlib.queueing import (
    Fcfs,
    HeadStart,
    Strict,
    draw_poisson,
    erlang_a,
    fcfs_wait,
    priority_waits,
    simulate,
    simulate_mmc,
)

simulate_module = importlib.import_module("cxlib.queueing.simulate")  # the package gives its function that name
EIGHT = {"service_rate": 1, "servers": 8}

# One server is busy with A until 10. B, C (regular) and V (priority, arrived last) wait; D would wait until 9 only.
LINE = {
    "arrived_s": [0, 1, 2, 3, 5],
    "service_s": [10, 4, 4, 4, 4],
    "classes": ["regular", "regular", "regular", "regular", "priority"],
    "class_order": ["priority", "regular"],
    "patience_s": [np.inf, np.inf, np.inf, 6, np.inf],
    "servers": 1,
}


@pytest.mark.parametrize(
    ("policy", "start"),
    [
        (Fcfs(), [0, 10, 14, np.nan, 18]),
        (Strict(), [0, 14, 18, np.nan, 10]),
        (HeadStart({"priority": 3.5}), [0, 10, 18, np.nan, 14]),  # V counts as arrived at 1.5: after B, before C
        (HeadStart((4, 0)), [0, 10, 18, np.nan, 14]),  # counts as arrived at 1, like B: who came first goes first
        (HeadStart((4.5, 0)), [0, 14, 18, np.nan, 10]),
    ],
)
def test_a_line_worked_by_hand(policy, start):
    served = simulate(policy=policy, **LINE)
    np.testing.assert_array_equal(served["start_s"], start)
    assert served["abandoned"].tolist() == [False, False, False, True, False]
    assert served["wait_end_s"][3] == 9
    assert served["wait_s"][3] == 6
    assert served["server"].tolist() == [0, 0, 0, -1, 0]
    np.testing.assert_array_equal(served["end_s"] - served["start_s"], [10, 4, 4, np.nan, 4])


def test_who_is_reached_at_the_last_moment_of_patience_is_served():
    served = simulate(arrived_s=[0, 1], service_s=[10, 1], patience_s=[0, 9], servers=1)
    assert served["start_s"].tolist() == [0, 10]


def test_all_who_arrive_at_one_moment_are_in_line_before_the_choice():
    line = {"arrived_s": [0, 0], "service_s": [5, 5], "classes": ["regular", "priority"], "servers": 1}
    order = ["priority", "regular"]
    assert simulate(policy=Strict(), class_order=order, **line)["start_s"].tolist() == [5, 0]
    assert simulate(policy=Fcfs(), class_order=order, **line)["start_s"].tolist() == [0, 5]


def test_servers_come_and_go():
    # Two servers until 10, one from 10 to 20, none until 30, then two.
    served = simulate(
        arrived_s=[0, 0, 11, 12, 13, 22],
        service_s=[12, 12, 8, 15, 1, 1],
        servers=([0, 10, 20, 30], [2, 1, 0, 2]),
    )
    assert served["start_s"].tolist() == [0, 0, 12, 30, 30, 31]
    assert served["server"].tolist()[:3] == [0, 1, 0]  # server 1 finished at 12 and had gone home at 10


def test_the_server_idle_longest_is_next():
    served = simulate(arrived_s=[0, 0, 10, 11], service_s=[3, 2, 1, 1], servers=3)
    assert served["server"].tolist() == [0, 1, 2, 1]


def test_without_servers_all_with_patience_leave_and_the_others_still_wait():
    served = simulate(arrived_s=[0, 1], service_s=[1, 1], patience_s=[5, np.inf], servers=0)
    assert served["abandoned"].tolist() == [True, False]
    assert served["wait_end_s"].tolist() == [5, np.inf]
    assert len(simulate(arrived_s=[], service_s=[], servers=1)) == 0


def test_service_that_takes_no_time_ends():
    served = simulate(arrived_s=[0, 0, 0], service_s=[0, 0, 0], servers=1, policy=Strict())
    assert served["start_s"].tolist() == [0, 0, 0]


def naive(*, arrived, service, classes, patience, shifts, key):
    """Second by second, with lists: whole seconds only. Idle servers stand in a line, the one idle longest first."""
    n, start = len(arrived), {}
    busy_until, idle, duty = {}, [], 0
    for now in range(400):
        idle += [s for s in sorted(busy_until, key=lambda s: (busy_until[s], s)) if busy_until[s] <= now and s < duty]
        busy_until = {s: until for s, until in busy_until.items() if until > now}
        before, duty = duty, ([0] + [m for t, m in shifts if t <= now])[-1]
        idle = [s for s in idle if s < duty] + [s for s in range(before, duty) if s not in busy_until]
        while True:
            waiting = [j for j in range(n) if arrived[j] <= now and j not in start and arrived[j] + patience[j] >= now]
            if not idle or not waiting:
                break
            j = min(waiting, key=lambda j: (*key(arrived[j], classes[j]), j))
            start[j], server = now, idle.pop(0)
            if service[j]:
                busy_until[server] = now + service[j]
            else:
                idle.append(server)
    return [start.get(j, np.nan) for j in range(n)]


RULES = [
    (Fcfs(), lambda a, _: (a,)),
    (Strict(), lambda a, k: (k, a)),
    (HeadStart((7, 3, 0)), lambda a, k: (a - (7, 3, 0)[k],)),
]


@settings(max_examples=60, deadline=None)
@example(people=[(0, 0, 0, 0), (8, 9, 0, 0), (16, 0, 0, 0)], counts=[2, 2, 1], rule=RULES[0])
@given(
    people=st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 9), st.integers(0, 2), st.integers(0, 20)), min_size=1, max_size=25
    ),
    counts=st.lists(st.integers(0, 3), min_size=1, max_size=5),
    rule=st.sampled_from(RULES),
)
def test_equals_a_naive_simulation(people, counts, rule):
    arrived, service, classes, patience = zip(*sorted(people, key=lambda p: p[0]), strict=True)
    shifts = [(8 * i, m) for i, m in enumerate([*counts, 2])]
    served = simulate(
        arrived_s=arrived,
        service_s=service,
        classes=classes,
        class_order=range(3),
        patience_s=patience,
        servers=([t for t, _ in shifts], [m for _, m in shifts]),
        policy=rule[0],
    )
    np.testing.assert_array_equal(
        served["start_s"],
        naive(arrived=arrived, service=service, classes=classes, patience=patience, shifts=shifts, key=rule[1]),
    )


def interval(values, *, batches=40, confidence=0.999):
    """Mean of an autocorrelated series and its interval by batch means, the first tenth left out."""
    kept = np.asarray(values, dtype=float)[len(values) // 10 :]
    means = np.array([batch.mean() for batch in np.array_split(kept, batches)])
    half = stats.t.ppf((1 + confidence) / 2, batches - 1) * means.std(ddof=1) / np.sqrt(batches)
    return means.mean() - half, means.mean() + half


def within(value, values):
    low, high = interval(values)
    assert low <= value <= high
    assert high - low < 0.2 * value  # the interval says something


@pytest.mark.parametrize("policy", [Fcfs(), Strict()])
def test_waits_of_two_classes_are_those_of_theory(policy):
    served = simulate_mmc(arrival_rates=[1.5, 5.5], customers=3_000_000, policy=policy, random_state=7, **EIGHT)
    known = (
        [fcfs_wait(arrival_rate=7, **EIGHT)] * 2
        if policy == Fcfs()
        else priority_waits(arrival_rates=[1.5, 5.5], **EIGHT)
    )
    for k in (0, 1):
        within(known[k], served.loc[served["class"] == k, "wait_s"])


def test_waits_of_three_strict_classes_are_those_of_theory():
    rates = [1.0, 2.0, 3.5]
    served = simulate_mmc(arrival_rates=rates, customers=2_000_000, policy=Strict(), random_state=3, **EIGHT)
    for k, known in enumerate(priority_waits(arrival_rates=rates, **EIGHT)):
        within(known, served.loc[served["class"] == k, "wait_s"])


def test_abandonment_and_wait_are_those_of_erlang_a():
    served = simulate_mmc(arrival_rates=[8], patience_rate=0.4, customers=2_000_000, random_state=5, **EIGHT)
    known = erlang_a(arrival_rate=8, patience_rate=0.4, **EIGHT)
    within(known.abandon_share, served["abandoned"])
    within(known.mean_wait, served["wait_s"])


def test_head_start_has_first_come_and_strict_as_its_limits_customer_by_customer():
    drawn = draw_poisson(arrival_rates=[1, 2, 4.5], service_rate=1, customers=200_000, random_state=11)
    line = {
        "arrived_s": drawn.arrived_s,
        "service_s": drawn.service_s,
        "classes": drawn.classes,
        "patience_s": np.random.default_rng(1).exponential(20, 200_000),
        "servers": 8,
    }
    pd.testing.assert_frame_equal(simulate(policy=HeadStart((0, 0, 0)), **line), simulate(policy=Fcfs(), **line))
    pd.testing.assert_frame_equal(simulate(policy=HeadStart((2e6, 1e6, 0)), **line), simulate(policy=Strict(), **line))


def test_head_start_lies_where_long_runs_have_put_it():
    drawn = draw_poisson(arrival_rates=[1.5, 5.5], service_rate=1, customers=3_000_000, random_state=2)
    line = {"arrived_s": drawn.arrived_s, "service_s": drawn.service_s, "classes": drawn.classes, "servers": 8}
    first_come, ahead = simulate(**line), simulate(policy=HeadStart((1.5, 0)), **line)
    # First come first served as control: its mean is known exactly.
    known = fcfs_wait(arrival_rate=7, **EIGHT)
    for k, value in ((0, 0.2622), (1, 0.7371)):
        of_class = first_come["class"] == k
        ratio = ahead.loc[of_class, "wait_s"].mean() / first_come.loc[of_class, "wait_s"].mean()
        assert ratio * known == pytest.approx(value, rel=0.02)


def test_work_is_conserved_whatever_the_rule():
    drawn = draw_poisson(arrival_rates=[1.5, 5.5], service_rate=1, customers=100_000, random_state=4)
    # With equal service times the same moments of service are handed out, only to others.
    line = {
        "arrived_s": drawn.arrived_s,
        "service_s": np.ones(100_000),
        "classes": drawn.classes,
        "servers": 8,
    }
    starts = [np.sort(simulate(policy=p, **line)["start_s"]) for p in (Fcfs(), Strict(), HeadStart((2, 0)))]
    np.testing.assert_array_equal(starts[0], starts[1])
    np.testing.assert_array_equal(starts[0], starts[2])


def test_nobody_waits_while_a_server_is_idle_and_no_server_serves_two():
    served = simulate_mmc(
        arrival_rates=[3, 5], customers=20_000, patience_rate=0.3, policy=HeadStart((1, 0)), random_state=9, **EIGHT
    )
    done = served[served["start_s"].notna()].sort_values(["server", "start_s"], kind="stable")
    same = done["server"].to_numpy()[1:] == done["server"].to_numpy()[:-1]
    assert (done["start_s"].to_numpy()[1:] >= done["end_s"].to_numpy()[:-1])[same].all()
    moments = served["arrived_s"].to_numpy() + 1e-9
    in_service = np.searchsorted(np.sort(done["start_s"]), moments, side="right") - np.searchsorted(
        np.sort(done["end_s"]), moments, side="right"
    )
    assert (in_service[served["wait_s"].to_numpy() > 1e-6] == 8).all()


def test_customers_are_the_same_whoever_draws_them(monkeypatch):
    options = {"arrival_rates": (1.0, 2.0, 3.0), "service_rate": 2.0, "patience_rate": 0.5, "random_state": 4}
    beside = draw_poisson(**options, customers=simulate_module.MANY)  # by two threads
    (in_the_pool,) = threads.run(lambda: draw_poisson(**options, customers=simulate_module.MANY), [()])
    monkeypatch.setattr(simulate_module, "MANY", np.inf)
    alone = draw_poisson(**options, customers=beside.arrived_s.size)
    for other in (in_the_pool, alone):
        for name in ("arrived_s", "service_s", "classes", "patience_s"):
            np.testing.assert_array_equal(getattr(beside, name), getattr(other, name))
    shares = np.bincount(beside.classes) / beside.classes.size
    assert shares == pytest.approx([1 / 6, 2 / 6, 3 / 6], abs=0.01)
    assert beside.service_s.mean() == pytest.approx(0.5, rel=0.03)
    assert beside.patience_s.mean() == pytest.approx(2.0, rel=0.03)
    assert abs(np.corrcoef(beside.service_s, beside.patience_s)[0, 1]) < 0.02


def test_columns_of_the_frame_are_apart():
    served = simulate_mmc(arrival_rates=(1.0,), service_rate=1, servers=4, customers=5, random_state=1)
    before = served["wait_end_s"].tolist()
    served.loc[0, "start_s"] = -1.0
    assert served["wait_end_s"].tolist() == before


def test_the_same_seed_gives_the_same_customers():
    runs = [simulate_mmc(arrival_rates=[1, 2], customers=1000, random_state=1, service_rate=1, servers=4)] * 2
    pd.testing.assert_frame_equal(*runs)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"arrived_s": [0, 2, 1, 3, 5]}, "arrivals_unsorted"),
        ({"arrived_s": [0, np.nan, 2, 3, 5]}, "bad_number"),
        ({"service_s": [1, 1, -1, 1, 1]}, "bad_number"),
        ({"service_s": [1, 1]}, "unequal_length"),
        ({"patience_s": [1, 1, np.nan, 1, 1]}, "bad_number"),
        ({"classes": ["a"] * 5}, "unknown_class"),
        ({"classes": ["regular"]}, "unequal_length"),
        ({"servers": -1}, "bad_schedule"),
        ({"servers": ([0, 0], [1, 2])}, "bad_schedule"),
        ({"policy": HeadStart({"nobody": 5})}, "unknown_class"),
        ({"policy": HeadStart((1, 2, 3))}, "head_start_length"),
    ],
)
def test_wrong_input_is_refused_by_name(change, code):
    with pytest.raises(CxError) as refused:
        simulate(**{**LINE, **change})
    assert refused.value.code == code
    assert str(refused.value)


def test_a_head_start_is_a_number_of_seconds():
    with pytest.raises(CxError, match="head start of -1"):
        HeadStart((-1, 0))
    with pytest.raises(CxError, match="head start of inf"):
        HeadStart({"priority": np.inf})
