"""Theory over a grid of servers, loads and class mixes, against whole numbers, fractions and 50 decimal digits.

The references take the very floats that theory is given, so nothing is lost before the comparison. No absolute
tolerance is allowed: a blocking of 1e-176 must be right in its first ten digits too.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from cxlib.queueing import (
    accumulating_waits,
    erlang_a,
    erlang_b,
    erlang_c,
    fcfs_wait,
    priority_waits,
    smallest_staff,
)

ALL_SERVERS = range(1, 201)
SOME_SERVERS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 200)
LOADS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99)
SERVICE_RATES = (1.0, 1 / 300, 7.3)
# Parts of the arrivals, and what each part's priority grows by; weights tie, come unsorted, and lie far apart.
MIXES = (
    ((1, 1), (2.0, 1.0)),
    ((3, 11), (1.0, 3.0)),
    ((99, 1), (1.5, 1.5)),
    ((1, 0, 2), (5.0, 3.0, 1.0)),
    ((1, 2, 3), (0.3, 0.7, 0.1)),
    ((5, 1, 4), (1.0, 1e4, 1.0)),
    ((1, 2, 3, 4), (4.0, 3.0, 2.0, 1.0)),
    ((7, 1, 1, 7), (2.5, 9.0, 2.5, 1e-3)),
    ((1, 1, 1, 1, 1), (16.0, 8.0, 4.0, 2.0, 1.0)),
    ((2, 9, 4, 1, 6), (1.0, 1.0, 6.0, 0.25, 6.0)),
)
MIX_NAMES = ["-".join(map(str, parts)) for parts, _ in MIXES]


def near(exact: Any) -> Any:
    """Equal in ten digits, however small."""
    return pytest.approx(exact, rel=1e-10, abs=0)


def exact_blocking(arrival_rate: float, service_rate: float, servers: int) -> Fraction:
    """Erlang B of the load p/q: B_n = a B_(n-1) / (n + a B_(n-1)) turned over, 1/B_n = (p^n + n q N_(n-1)) / p^n."""
    p, q = (Fraction(arrival_rate) / Fraction(service_rate)).as_integer_ratio()
    above, below = 1, 1
    for n in range(1, servers + 1):
        below *= p
        above = below + n * q * above
    return Fraction(below, above)


@cache
def exact_delay(arrival_rate: float, service_rate: float, servers: int) -> Fraction:
    """Erlang C."""
    blocked = exact_blocking(arrival_rate, service_rate, servers)
    return servers * blocked / (servers - Fraction(arrival_rate) / Fraction(service_rate) * (1 - blocked))


def exact_first_wait(rates: list[float], service_rate: float, servers: int) -> Fraction:
    """Mean wait W0 for the first server to come free, those who find one free included."""
    total = float(sum(map(Fraction, rates)))
    return exact_delay(total, service_rate, servers) / (servers * Fraction(service_rate))


def exact_shares(rates: list[float], service_rate: float, servers: int) -> list[Fraction]:
    """Load of each class per server."""
    return [Fraction(rate) / (servers * Fraction(service_rate)) for rate in rates]


def exact_cobham(rates: list[float], service_rate: float, servers: int) -> list[float]:
    """W_k = W0 / ((1 - sigma_(k-1)) (1 - sigma_k))."""
    first, before = exact_first_wait(rates, service_rate, servers), Fraction(0)
    waits = []
    for share in exact_shares(rates, service_rate, servers):
        waits.append(float(first / ((1 - before) * (1 - before - share))))
        before += share
    return waits


def exact_kleinrock(rates: list[float], weights: tuple[float, ...], service_rate: float, servers: int) -> list[float]:
    """Kleinrock's recursion from the smallest weight upwards, in units of the wait first come first served."""
    rho, b = exact_shares(rates, service_rate, servers), [Fraction(weight) for weight in weights]
    ratio: dict[int, Fraction] = {}
    for p in sorted(range(len(b)), key=b.__getitem__):
        gained = sum(rho[i] * ratio[i] * (1 - b[i] / b[p]) for i in range(len(b)) if b[i] < b[p])
        lost = sum(rho[i] * (1 - b[p] / b[i]) for i in range(len(b)) if b[i] > b[p])
        ratio[p] = (Fraction(1) - gained) / (1 - lost)
    fcfs = exact_first_wait(rates, service_rate, servers) / (1 - sum(rho))
    return [float(fcfs * ratio[p]) for p in range(len(b))]


def exact_abandonment(arrival_rate: float, service_rate: float, servers: int, patience_rate: float) -> dict[str, float]:
    """Erlang A from the stationary chain, state by state from the empty system, at 50 digits.

    Nothing is taken from Little's law: who arrives with k before him in line stays for (k + 1) / (c mu + (k + 1) theta)
    on average, and leaves unserved with theta times that as his chance.
    """
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 50, 10**9, -(10**9)
        born, mu, theta = Decimal(arrival_rate), Decimal(service_rate), Decimal(patience_rate)
        term = total = Decimal(1)
        busy = delayed = in_line = wait = Decimal(0)
        n = 0
        while True:
            if n >= servers:
                k = n - servers
                delayed += term
                in_line += k * term
                stay = (k + 1) / (servers * mu + (k + 1) * theta)
                wait += stay * term
                if stay * term < wait * Decimal("1e-25") and born < servers * mu + k * theta:
                    break
            busy += min(n, servers) * term
            n += 1
            term *= born / (min(n, servers) * mu + max(0, n - servers) * theta)
            total += term
        return {
            "abandon_share": float(theta * wait / total),
            "delayed_share": float(delayed / total),
            "mean_wait": float(wait / total),
            "mean_queue": float(in_line / total),
            "served_share": float(mu * busy / total / born),
        }


def known_abandonment(arrival_rate: float, service_rate: float, servers: int, patience_rate: float) -> dict[str, float]:
    known = erlang_a(arrival_rate=arrival_rate, service_rate=service_rate, servers=servers, patience_rate=patience_rate)
    return {**vars(known), "served_share": 1 - known.abandon_share}


def mixed_rates(parts: tuple[int, ...], load: float, service_rate: float, servers: int) -> list[float]:
    """Arrival rates of the classes that together load the servers so much."""
    return [load * service_rate * servers * part / sum(parts) for part in parts]


@pytest.mark.parametrize("load", LOADS)
def test_erlang_b_of_one_to_two_hundred_servers(load: float) -> None:
    found, exact = {}, {}
    for servers in ALL_SERVERS:
        service_rate = SERVICE_RATES[servers % 3]
        rates = load * service_rate * servers, service_rate, servers
        found[servers] = erlang_b(arrival_rate=rates[0], service_rate=rates[1], servers=servers)
        exact[servers] = float(exact_blocking(*rates))
    assert found == near(exact)


@pytest.mark.parametrize("load", [1.0, 1.2, 3.0, 50.0])
def test_erlang_b_of_more_load_than_the_servers_can_carry(load: float) -> None:
    found = {c: erlang_b(arrival_rate=load * c, service_rate=1, servers=c) for c in SOME_SERVERS}
    assert found == near({c: float(exact_blocking(load * c, 1, c)) for c in SOME_SERVERS})


@pytest.mark.parametrize("load", LOADS)
def test_erlang_c_and_first_come_waits_of_one_to_two_hundred_servers(load: float) -> None:
    found, exact = {}, {}
    for servers in ALL_SERVERS:
        service_rate = SERVICE_RATES[servers % 3]
        given: dict[str, Any] = {
            "arrival_rate": load * service_rate * servers,
            "service_rate": service_rate,
            "servers": servers,
        }
        delay = exact_delay(**given)
        spare = 1 - Fraction(given["arrival_rate"]) / (servers * Fraction(service_rate))
        found[servers, "delayed"] = erlang_c(**given)
        exact[servers, "delayed"] = float(delay)
        found[servers, "wait"] = fcfs_wait(**given)
        exact[servers, "wait"] = float(delay / (servers * Fraction(service_rate) * spare))
    assert found == near(exact)


@pytest.mark.parametrize("patience_rate", [0.01, 0.2, 1.0, 4.0, 100.0])
@pytest.mark.parametrize("load", [*LOADS, 1.0, 1.1, 1.5])
def test_erlang_a_equals_the_sum_over_its_states(load: float, patience_rate: float) -> None:
    found, exact = {}, {}
    for position, servers in enumerate(SOME_SERVERS):
        service_rate = SERVICE_RATES[position % 3]
        rates = load * service_rate * servers, service_rate, servers, patience_rate * service_rate
        for name, value in exact_abandonment(*rates).items():
            exact[servers, name] = value
        for name, value in known_abandonment(*rates).items():
            found[servers, name] = value
    assert found == near(exact)


@pytest.mark.parametrize("load", [1.0, 1.01, 1.1])
def test_erlang_a_of_great_patience_at_the_edge_of_capacity(load: float) -> None:
    for servers in (1, 8, 55):
        rates = load * servers, 1.0, servers, 1e-3
        assert known_abandonment(*rates) == near(exact_abandonment(*rates))


@pytest.mark.parametrize(
    ("arrival_rate", "servers", "patience_rate"),
    [
        (400.0, 200, 0.1),
        (400.0, 200, 0.09587939698492462),
        (400.0, 200, 0.095),
        (400.0, 200, 0.08),
        (400.0, 200, 0.0473),
        (130.0, 100, 0.0058869346733668336),
        (26.0, 20, 0.001177889447236181),
        (12.0, 8, 0.0011825125628140705),
    ],
)
def test_erlang_a_where_the_line_outweighs_the_rest_by_more_than_floats_hold(
    arrival_rate: float, servers: int, patience_rate: float
) -> None:
    # The states with a line weigh from 1e260 to beyond 1e560 times the one where all are busy and nobody waits.
    rates = arrival_rate, 1.0, servers, patience_rate
    assert known_abandonment(*rates) == near(exact_abandonment(*rates))


@pytest.mark.parametrize(("parts", "weights"), MIXES, ids=MIX_NAMES)
def test_strict_priority_equals_cobham_in_fractions(parts: tuple[int, ...], weights: tuple[float, ...]) -> None:
    del weights
    for position, servers in enumerate(SOME_SERVERS):
        for load in LOADS:
            service_rate = SERVICE_RATES[position % 3]
            rates = mixed_rates(parts, load, service_rate, servers)
            found = priority_waits(arrival_rates=rates, service_rate=service_rate, servers=servers)
            assert list(found) == near(exact_cobham(rates, service_rate, servers)), (servers, load)


@pytest.mark.parametrize(("parts", "weights"), MIXES, ids=MIX_NAMES)
def test_accumulating_priority_equals_kleinrock_in_fractions(
    parts: tuple[int, ...], weights: tuple[float, ...]
) -> None:
    for position, servers in enumerate(SOME_SERVERS):
        for load in LOADS:
            service_rate = SERVICE_RATES[position % 3]
            rates = mixed_rates(parts, load, service_rate, servers)
            found = accumulating_waits(arrival_rates=rates, weights=weights, service_rate=service_rate, servers=servers)
            assert list(found) == near(exact_kleinrock(rates, weights, service_rate, servers)), (servers, load)


@pytest.mark.parametrize(("parts", "weights"), MIXES, ids=MIX_NAMES)
def test_no_order_of_service_saves_or_makes_work(parts: tuple[int, ...], weights: tuple[float, ...]) -> None:
    for servers in SOME_SERVERS:
        for load in LOADS:
            rates = mixed_rates(parts, load, 1.0, servers)
            given: dict[str, Any] = {"arrival_rates": rates, "service_rate": 1.0, "servers": servers}
            shares = exact_shares(rates, 1.0, servers)
            fcfs = exact_first_wait(rates, 1.0, servers) / (1 - sum(shares))
            for waits in (priority_waits(**given), accumulating_waits(weights=weights, **given)):
                work = sum(share * Fraction(wait) for share, wait in zip(shares, waits.tolist(), strict=True))
                assert float(work) == near(float(sum(shares) * fcfs)), (servers, load)


@pytest.mark.parametrize("abandon_share", [0.001, 0.01, 0.05, 0.2])
@pytest.mark.parametrize("offered", [0.3, 2.0, 9.5, 42.0, 150.0])
def test_smallest_staff_is_where_the_summed_states_first_lose_few_enough(offered: float, abandon_share: float) -> None:
    for service_rate, patience_rate in ((1.0, 0.4), (1 / 300, 1 / 90)):
        arrival_rate = offered * service_rate
        servers = smallest_staff(
            arrival_rate=arrival_rate,
            service_rate=service_rate,
            patience_rate=patience_rate,
            abandon_share=abandon_share,
        )
        enough = exact_abandonment(arrival_rate, service_rate, servers, patience_rate)
        assert enough["abandon_share"] <= abandon_share
        if servers > 1:
            short = exact_abandonment(arrival_rate, service_rate, servers - 1, patience_rate)
            assert short["abandon_share"] > abandon_share
