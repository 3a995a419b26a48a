"""Rules beyond head starts: against a naive simulation, by their promises, at their limits, and against theory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cxlib.errors import CxError
from cxlib.queueing import (
    Accumulating,
    Fcfs,
    MaxPasses,
    Reserved,
    Strict,
    WaitCap,
    accumulating_waits,
    draw_poisson,
    poisson_workload,
    replicate,
    simulate,
)

PEOPLE = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 9), st.integers(0, 2), st.integers(0, 20)), min_size=1, max_size=25
)


def line_of(people):
    arrived, service, classes, patience = zip(*sorted(people, key=lambda p: p[0]), strict=True)
    return {
        "arrived_s": np.array(arrived, float),
        "service_s": np.array(service, float),
        "classes": np.array(classes),
        "class_order": range(3),
        "patience_s": np.array(patience, float),
    }


def naive(line, servers, choose, kept=(), *, overflow=True):
    """Second by second: idle servers in a line, those kept for a class first; `choose` picks from who waits.

    `choose(now, waiting, passed)` gets places in the log, and how often each was passed so far.
    """
    arrived, service, classes = line["arrived_s"], line["service_s"], line["classes"]
    gone = arrived + line["patience_s"]
    start, busy, idle, passed = {}, {}, list(range(servers)), {}
    kept_for = [k for k, count in enumerate(kept) for _ in range(count)][:servers]
    kept_for += [None] * (servers - len(kept_for))
    for now in range(400):
        idle += [s for s in sorted(busy, key=lambda s: (busy[s], s)) if busy[s] <= now]
        busy = {s: until for s, until in busy.items() if until > now}
        while True:
            waiting = [j for j in range(len(arrived)) if arrived[j] <= now and j not in start and gone[j] >= now]
            of_class = [(s, [j for j in waiting if classes[j] == kept_for[s]]) for s in idle if kept_for[s] is not None]
            turns = [(s, mine) for s, mine in of_class if mine]
            turns += [(s, waiting) for s in idle if kept_for[s] is None]
            turns += [(s, waiting) for s in idle if kept_for[s] is not None] if overflow else []
            if not waiting or not turns:
                break
            server, those = turns[0]
            j = choose(now, those, passed)
            for other in waiting:
                if arrived[other] < arrived[j]:
                    passed[other] = passed.get(other, 0) + 1
            start[j] = now
            idle.remove(server)
            if service[j]:
                busy[server] = now + service[j]
            else:
                idle.append(server)
    return [start.get(j, np.nan) for j in range(len(arrived))]


def passes(served):
    """How often each was passed, by the definition of an overtake."""
    arrived, ends = served["arrived_s"].to_numpy(), served["wait_end_s"].to_numpy()
    done = served["start_s"].notna().to_numpy()
    later, sooner = arrived[:, None] > arrived, ends[:, None] < ends
    return (done[:, None] & later & sooner).sum(axis=0)


@settings(max_examples=60, deadline=None)
@given(people=PEOPLE, servers=st.integers(1, 3), rates=st.sampled_from([(3, 1, 1), (5, 2, 1), (1, 1, 1), (1, 4, 2)]))
def test_accumulating_priority_is_the_largest_of_rate_and_wait(people, servers, rates):
    line = line_of(people)

    def choose(now, waiting, _passed):
        return min(waiting, key=lambda j: (-rates[line["classes"][j]] * (now - line["arrived_s"][j]), j))

    found = simulate(policy=Accumulating(rates), servers=servers, **line)
    np.testing.assert_array_equal(found["start_s"], naive(line, servers, choose))


@settings(max_examples=60, deadline=None)
@given(people=PEOPLE, servers=st.integers(1, 3), cap=st.integers(0, 20))
def test_a_wait_cap_joins_the_first_class_and_never_passes_it(people, servers, cap):
    line = line_of(people)

    def choose(now, waiting, _passed):
        def key(j):
            capped = now - line["arrived_s"][j] >= cap
            return (0 if capped else line["classes"][j], line["arrived_s"][j], j)

        return min(waiting, key=key)

    found = simulate(policy=WaitCap(cap), servers=servers, **line)
    np.testing.assert_array_equal(found["start_s"], naive(line, servers, choose))
    first = found[found["class"] == 0]
    for row in found[found["class"] > 0].itertuples():
        before = first[(first["arrived_s"] < row.arrived_s) & first["start_s"].notna()]
        assert not (before["start_s"] > row.start_s).any()


@settings(max_examples=80, deadline=None)
@given(people=PEOPLE, servers=st.integers(1, 3), most=st.integers(0, 4))
def test_nobody_is_passed_more_often_than_the_bound(people, servers, most):
    line = line_of(people)

    def choose(_now, waiting, passed):
        def may(j):
            return not any(
                line["arrived_s"][g] < line["arrived_s"][j] and passed.get(g, 0) >= most
                for g in waiting
                if line["classes"][g] != line["classes"][j]
            )

        by_rank = sorted(waiting, key=lambda j: (line["classes"][j], line["arrived_s"][j], j))
        heads = [
            j for i, j in enumerate(by_rank) if line["classes"][j] not in {line["classes"][g] for g in by_rank[:i]}
        ]
        return next(j for j in heads if may(j))

    found = simulate(policy=MaxPasses(most), servers=servers, **line)
    assert passes(found).max(initial=0) <= most
    np.testing.assert_array_equal(found["start_s"], naive(line, servers, choose))


@settings(max_examples=80, deadline=None)
@given(people=PEOPLE, servers=st.integers(1, 4), kept=st.tuples(*[st.integers(0, 2)] * 3), overflow=st.booleans())
def test_reserved_servers_serve_their_own(people, servers, kept, overflow):
    line = line_of(people)

    def choose(_now, waiting, _passed):
        return min(waiting, key=lambda j: (line["arrived_s"][j], j))

    found = simulate(policy=Reserved(kept, overflow=overflow), servers=servers, **line)
    np.testing.assert_array_equal(found["start_s"], naive(line, servers, choose, kept, overflow=overflow))
    if not overflow:
        owners = [k for k, count in enumerate(kept) for _ in range(count)][:servers]
        for server, its_class in zip(found["server"], found["class"], strict=True):
            assert not 0 <= server < len(owners) or owners[server] == its_class


def test_limits_are_the_plain_rules_customer_by_customer():
    drawn = draw_poisson(arrival_rates=[1, 2, 4.5], service_rate=1, customers=60_000, random_state=11)
    line = {
        "arrived_s": drawn.arrived_s,
        "service_s": drawn.service_s,
        "classes": drawn.classes,
        "patience_s": np.random.default_rng(1).exponential(20, 60_000),
        "servers": 8,
    }
    first, strict = simulate(policy=Fcfs(), **line), simulate(policy=Strict(), **line)
    assert not first.equals(strict)
    for policy in (MaxPasses(0), WaitCap(0), Accumulating((1, 1, 1)), Accumulating((7, 7, 7)), Reserved((0, 0, 0))):
        pd.testing.assert_frame_equal(simulate(policy=policy, **line), first)
    for policy in (MaxPasses(10**9), WaitCap(np.inf), WaitCap(1e9)):
        pd.testing.assert_frame_equal(simulate(policy=policy, **line), strict)
    all_kept = simulate(policy=Reserved({0: 8}, overflow=False), **line)
    assert all_kept.loc[all_kept["class"] > 0, "start_s"].isna().all()


@pytest.mark.parametrize(("rates", "weights"), [([1.5, 5.5], [3, 1]), ([1.0, 2.0, 3.5], [6, 2, 1])])
def test_waits_under_accumulating_priority_are_those_of_kleinrock(rates, weights):
    queue = poisson_workload(arrival_rates=rates, service_rate=1, servers=8, customers=150_000)
    runs = replicate(queue, {"grows": Accumulating(weights)}, replications=16, random_state=3)
    rows = runs.by_class[runs.by_class["class"] != "*"]
    waits = rows["mean_wait_s"] * rows["n_queued"] / rows["n"]
    known = accumulating_waits(arrival_rates=rates, weights=weights, service_rate=1, servers=8)
    found = waits.groupby(rows["class"]).agg(["mean", "sem"])
    half = stats.t.ppf(0.9995, 15) * found["sem"]
    assert (np.abs(found["mean"] - known) < half).all()
    assert (half < 0.1 * known).all()  # the interval says something


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Accumulating((0, 1)), "bad_rate"),
        (lambda: Accumulating({"a": np.inf}), "bad_rate"),
        (lambda: MaxPasses(-1), "bad_count"),
        (lambda: MaxPasses(1.5), "bad_count"),
        (lambda: WaitCap(-1), "bad_wait_cap"),
        (lambda: WaitCap(np.nan), "bad_wait_cap"),
        (lambda: Reserved({"a": -2}), "bad_count"),
        (lambda: simulate(arrived_s=[0], service_s=[1], servers=1, policy=Accumulating((1, 2))), "unequal_length"),
        (lambda: simulate(arrived_s=[0], service_s=[1], servers=1, policy=Reserved({"x": 1})), "unknown_class"),
    ],
)
def test_rules_that_cannot_be_are_refused(make, code):
    with pytest.raises(CxError) as refused:
        make()
    assert refused.value.code == code
    assert str(refused.value)
