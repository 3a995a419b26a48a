"""How many agents: against the formulas evaluated independently, numeric integration, and simulation."""

from __future__ import annotations

from math import exp, factorial

import numpy as np
import pytest
from scipy import integrate

from cxlib.errors import CxError
from cxlib.queueing import erlang_a, simulate_mmc, sized, sizing


def chain(arrival_rate, service_rate, servers, patience_rate, states=400):
    """Stationary probabilities of the number in the system, by the balance of births and deaths."""
    weights = [1.0]
    for n in range(1, states):
        weights.append(
            weights[-1] * arrival_rate / (min(n, servers) * service_rate + max(0, n - servers) * patience_rate)
        )
    return np.array(weights) / sum(weights)


def test_erlang_c_worked_out_by_its_textbook_form():
    load, servers, within = 7.0, 8, 0.5
    top = load**servers / factorial(servers) * servers / (servers - load)
    delayed = top / (sum(load**n / factorial(n) for n in range(servers)) + top)
    found = sized(arrival_rate=7, service_rate=1, servers=8, within=within)
    assert found.served_within == pytest.approx(1 - delayed * exp(-(servers - load) * within), abs=1e-12)
    assert found.mean_wait == pytest.approx(delayed / (servers - load), abs=1e-12)
    assert (found.abandon_share, found.occupancy) == (0, 7 / 8)


@pytest.mark.parametrize(
    ("arrival_rate", "servers", "patience_rate"), [(8, 8, 0.4), (12, 8, 0.4), (5, 8, 2.0), (3, 2, 0.1)]
)
@pytest.mark.parametrize("within", [0.0, 0.3, 2.0])
def test_erlang_a_by_numeric_integration(arrival_rate, servers, patience_rate, within):
    # Who finds k in line waits the sum of exponential times with rates servers + j x patience, j = k .. 0.
    states = chain(arrival_rate, 1.0, servers, patience_rate)
    served = states[:servers].sum()
    for k, weight in enumerate(states[servers : servers + 120]):
        rates = servers + patience_rate * np.arange(k + 1)
        # the density of that sum, written with its binomial coefficients
        shape = servers / patience_rate

        def density(w, k=k, shape=shape):
            u = exp(-patience_rate * w)
            grown = np.prod(np.arange(1, k + 1) + shape) / factorial(k) if k < 60 else 0.0
            return patience_rate * shape * grown * u**shape * (1 - u) ** k

        if k >= 60:
            assert weight < 1e-6
            break
        value, _error = integrate.quad(lambda w: density(w) * exp(-patience_rate * w), 0, within)
        assert integrate.quad(density, 0, np.inf)[0] == pytest.approx(1, abs=1e-6)
        assert sum(1 / rates) == pytest.approx(integrate.quad(lambda w: w * density(w), 0, np.inf)[0], rel=1e-5)
        served += weight * value
    found = sized(
        arrival_rate=arrival_rate, service_rate=1, servers=servers, patience_rate=patience_rate, within=within
    )
    assert found.served_within == pytest.approx(served, abs=2e-6)
    assert (
        found.abandon_share
        == erlang_a(
            arrival_rate=arrival_rate, service_rate=1, servers=servers, patience_rate=patience_rate
        ).abandon_share
    )


def test_with_all_the_time_everybody_who_does_not_leave_is_served():
    found = sized(arrival_rate=8, service_rate=1, servers=8, patience_rate=0.4, within=1e6)
    assert found.served_within == pytest.approx(1 - found.abandon_share, abs=1e-10)
    patient = sized(arrival_rate=7, service_rate=1, servers=8, patience_rate=1e-6, within=0.5)
    assert patient.served_within == pytest.approx(
        sized(arrival_rate=7, service_rate=1, servers=8, within=0.5).served_within, abs=1e-4
    )


def test_a_simulated_queue_serves_as_many_in_time():
    served = simulate_mmc(
        arrival_rates=[8], service_rate=1, servers=8, patience_rate=0.4, customers=1_000_000, random_state=4
    )
    in_time = served["start_s"].notna() & (served["wait_s"] <= 0.3)
    found = sized(arrival_rate=8, service_rate=1, servers=8, patience_rate=0.4, within=0.3)
    batches = [part.mean() for part in np.array_split(in_time.to_numpy(float)[100_000:], 40)]
    assert found.served_within == pytest.approx(np.mean(batches), abs=3.55 * np.std(batches, ddof=1) / np.sqrt(40))


@pytest.mark.parametrize("patience_rate", [0.0, 0.02])
def test_the_fewest_agents_that_keep_the_promise(patience_rate):
    options = {"arrival_rate": 2.3, "service_rate": 0.2, "patience_rate": patience_rate, "within": 1.0}
    found = sizing(share=0.8, **options)
    assert found == sized(servers=found.servers, **options)
    assert found.served_within >= 0.8
    assert sized(servers=found.servers - 1, **options).served_within < 0.8
    every = [sized(servers=n, **options).served_within for n in range(1, 40)]
    assert every == sorted(every)


def test_what_cannot_be_is_said():
    overloaded = sized(arrival_rate=9, service_rate=1, servers=8, within=20)
    assert (overloaded.served_within, overloaded.mean_wait, overloaded.occupancy) == (0, np.inf, 1)
    balanced = sized(arrival_rate=8, service_rate=1, servers=8, within=20)
    assert (balanced.served_within, balanced.mean_wait) == (0, np.inf)
    with pytest.raises(CxError) as refused:
        sizing(arrival_rate=100, service_rate=1, share=0.8, within=1, most=50)
    assert refused.value.code == "no_staff_enough"
    for share in (0, 1, 1.2, np.nan):
        with pytest.raises(CxError) as refused:
            sizing(arrival_rate=1, service_rate=1, share=share, within=1)
        assert refused.value.code == "bad_share"
    with pytest.raises(CxError) as refused:
        sized(arrival_rate=1, service_rate=1, servers=2, within=-1)
    assert refused.value.code == "bad_threshold"
