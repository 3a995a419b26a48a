"""Theory against independent evaluations: exact sums, linear systems, stationary chains, and published figures."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from cxlib.errors import CxError
from cxlib.queueing import (
    accumulating_waits,
    erlang_a,
    erlang_b,
    erlang_c,
    fcfs_wait,
    priority_waits,
    smallest_staff,
)

LOADS = [(1, "0.3"), (2, "1.9"), (8, "7"), (30, "24.5"), (100, "99.5")]
EIGHT = {"service_rate": 1, "servers": 8}


def exact_sums(servers, load):
    """Erlang B and C from their sums in exact fractions."""
    a = Fraction(load)
    terms = [a**n / math.factorial(n) for n in range(servers + 1)]
    blocked = terms[-1] / sum(terms)
    waiting = terms[-1] * servers / (servers - a)
    return blocked, waiting / (sum(terms[:-1]) + waiting)


@pytest.mark.parametrize(("servers", "load"), LOADS)
def test_erlang_b_and_c_equal_their_sums_in_fractions(servers, load):
    blocked, waiting = exact_sums(servers, load)
    given = {"arrival_rate": float(load) * 3, "service_rate": 3, "servers": servers}
    assert erlang_b(**given) == pytest.approx(float(blocked), rel=1e-10)
    assert erlang_c(**given) == pytest.approx(float(waiting), rel=1e-10)
    assert fcfs_wait(**given) == pytest.approx(float(waiting / (3 * (servers - Fraction(load)))), rel=1e-10)


def stationary(servers, arrival_rate, service_rate, patience_rate, states):
    """Solve the balance equations of the chain as a linear system."""
    generator = np.zeros((states, states))
    for n in range(states):
        if n + 1 < states:
            generator[n, n + 1] = arrival_rate
        if n:
            generator[n, n - 1] = min(n, servers) * service_rate + max(0, n - servers) * patience_rate
    np.fill_diagonal(generator, -generator.sum(axis=1))
    equations = np.vstack([generator.T[:-1], np.ones(states)])
    return np.linalg.solve(equations, np.eye(states)[-1])


@pytest.mark.parametrize(
    ("servers", "arrival_rate", "service_rate", "patience_rate"),
    [(8, 8, 1, 0.4), (3, 2, 1, 0.05), (5, 20, 2, 1.5), (1, 0.5, 1, 3)],
)
def test_erlang_a_equals_the_stationary_chain(servers, arrival_rate, service_rate, patience_rate):
    share = stationary(servers, arrival_rate, service_rate, patience_rate, 150)
    line = np.maximum(np.arange(150) - servers, 0)
    known = erlang_a(arrival_rate=arrival_rate, service_rate=service_rate, servers=servers, patience_rate=patience_rate)
    assert known.mean_queue == pytest.approx(share @ line, rel=1e-10)
    assert known.mean_wait == pytest.approx(share @ line / arrival_rate, rel=1e-10)
    assert known.delayed_share == pytest.approx(share[servers:].sum(), rel=1e-10)
    assert known.abandon_share == pytest.approx(patience_rate * (share @ line) / arrival_rate, rel=1e-10)


def test_erlang_a_has_almost_no_patience_and_almost_endless_patience_as_its_limits():
    rates = {"arrival_rate": 7, **EIGHT}
    assert erlang_a(patience_rate=1e9, **rates).abandon_share == pytest.approx(erlang_b(**rates), rel=1e-6)
    assert erlang_a(patience_rate=1e-9, **rates).mean_wait == pytest.approx(fcfs_wait(**rates), rel=1e-6)
    # Far above capacity, all that cannot be served leaves.
    flooded = erlang_a(arrival_rate=5000, service_rate=1, servers=50, patience_rate=0.5)
    assert flooded.abandon_share == pytest.approx(0.99, rel=1e-6)


def test_published_figures():
    rates = {"arrival_rates": [1.5, 5.5], **EIGHT}
    assert fcfs_wait(arrival_rate=7, **EIGHT) == pytest.approx(0.63532, abs=5e-6)
    assert priority_waits(**rates) == pytest.approx([0.09774, 0.78193], abs=5e-6)
    assert accumulating_waits(weights=[3, 1], **rates) == pytest.approx([0.30253, 0.72608], abs=5e-6)
    known = erlang_a(arrival_rate=8, patience_rate=0.4, **EIGHT)
    assert (known.abandon_share, known.mean_wait) == pytest.approx((0.1086, 0.2715), abs=5e-5)


def test_priority_waits_follow_from_conservation_of_work():
    rates = np.array([0.9, 0.4, 2.0, 1.1])
    waits = priority_waits(arrival_rates=rates, service_rate=1.5, servers=3)
    # The classes 1..k together wait in total what they would alone, but for the first wait of all: telescoped.
    load = rates / 4.5
    first = erlang_c(arrival_rate=rates.sum(), service_rate=1.5, servers=3) / 4.5
    for k in range(1, 5):
        sigma = load[:k].sum()
        assert load[:k] @ waits[:k] == pytest.approx(sigma * first / (1 - sigma), rel=1e-10)


def mean_value_waits(rates, weights, service_rate, servers):
    """Accumulating waits from the linear system of who stands before whom (Kleinrock's own derivation)."""
    rates, weights = np.asarray(rates, float), np.asarray(weights, float)
    load = rates / (servers * service_rate)
    first = erlang_c(arrival_rate=rates.sum(), service_rate=service_rate, servers=servers) / (servers * service_rate)
    system = np.eye(rates.size)
    for p in range(rates.size):
        for i in range(rates.size):
            system[p, i] -= load[i] * min(1, weights[i] / weights[p])
            system[p, p] -= load[i] * max(0, 1 - weights[p] / weights[i])
    return np.linalg.solve(system, np.full(rates.size, first))


@pytest.mark.parametrize(
    ("rates", "weights"),
    [([1.5, 5.5], [3, 1]), ([1, 2, 3.5], [5, 2, 1]), ([1, 2, 3.5], [1, 4, 2]), ([2, 2, 3], [1, 1, 1])],
)
def test_accumulating_waits_equal_the_mean_value_equations(rates, weights):
    waits = accumulating_waits(arrival_rates=rates, weights=weights, **EIGHT)
    assert waits == pytest.approx(mean_value_waits(rates, weights, 1, 8), rel=1e-10)
    assert np.dot(rates, waits) == pytest.approx(sum(rates) * fcfs_wait(arrival_rate=sum(rates), **EIGHT), rel=1e-10)


def test_accumulating_lies_between_first_come_and_strict():
    rates = [1.5, 5.5]
    same = accumulating_waits(arrival_rates=rates, weights=[1, 1], **EIGHT)
    steep = accumulating_waits(arrival_rates=rates, weights=[1e9, 1], **EIGHT)
    assert same == pytest.approx([fcfs_wait(arrival_rate=7, **EIGHT)] * 2, rel=1e-12)
    assert steep == pytest.approx(priority_waits(arrival_rates=rates, **EIGHT), rel=1e-6)


def test_too_much_load_means_endless_waits_for_those_who_come_last():
    assert erlang_c(arrival_rate=9, **EIGHT) == 1
    assert fcfs_wait(arrival_rate=8, **EIGHT) == np.inf
    waits = priority_waits(arrival_rates=[4, 2, 5], **EIGHT)
    assert waits[:2] == pytest.approx([1 / 8 / (1 - 0.5), 1 / 8 / (0.5 * 0.25)])
    assert waits[2] == np.inf
    assert np.isinf(accumulating_waits(arrival_rates=[4, 5], weights=[2, 1], **EIGHT)).all()


def test_staff_is_the_fewest_that_keep_abandonment_low():
    rates = {"arrival_rate": 8, "service_rate": 1, "patience_rate": 0.4}
    servers = smallest_staff(abandon_share=0.05, **rates)
    assert erlang_a(servers=servers, **rates).abandon_share <= 0.05
    assert erlang_a(servers=servers - 1, **rates).abandon_share > 0.05
    with pytest.raises(CxError, match="Even 5 servers"):
        smallest_staff(abandon_share=0.05, most=5, **rates)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (erlang_b, {"arrival_rate": -1, "service_rate": 1, "servers": 1}),
        (erlang_c, {"arrival_rate": 1, "service_rate": 0, "servers": 1}),
        (fcfs_wait, {"arrival_rate": 1, "service_rate": 1, "servers": 0}),
        (erlang_a, {"arrival_rate": 1, "service_rate": 1, "servers": 1, "patience_rate": 0}),
        (priority_waits, {"arrival_rates": [1, np.nan], "service_rate": 1, "servers": 1}),
        (accumulating_waits, {"arrival_rates": [1], "weights": [0], "service_rate": 1, "servers": 2}),
        (accumulating_waits, {"arrival_rates": [1], "weights": [1, 2], "service_rate": 1, "servers": 2}),
    ],
)
def test_impossible_rates_are_refused(function, arguments):
    with pytest.raises(CxError):
        function(**arguments)
