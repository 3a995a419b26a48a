"""A two-class M/M/8 simulated: ours beside SimPy and Ciw, each drawing its own random numbers, in one run.

    python bench/simulating.py [--customers 1000000] [--fewer 200000] [--only ours,simpy,ciw,policies,servers]

SimPy and Ciw are not among what the product installs: `pip install simpy ciw` first, or leave them out. They are run
over `--fewer` customers and their time is scaled to `--customers`: it is linear in the customers. Strict priority,
arrival rates 1.5 and 5.5, service rate 1; the mean waits of all are set beside those of theory.
policies: twenty rules over the same customers, overtakes and indicators included. servers: the cost of 64 and 256.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from cxlib.queueing import (  # noqa: E402
    Accumulating,
    Fcfs,
    HeadStart,
    MaxPasses,
    Reserved,
    Strict,
    WaitCap,
    poisson_workload,
    priority_waits,
    replicate,
    simulate_mmc,
)

RATES, SERVERS = (1.5, 5.5), 8


def main() -> None:
    arguments = parse()
    known = priority_waits(arrival_rates=RATES, service_rate=1, servers=SERVERS)
    print(f"theory: {known[0]:.4f} and {known[1]:.4f} of waiting on average")
    seconds = {}
    for name, run in (("ours", ours), ("simpy", in_simpy), ("ciw", in_ciw)):
        if name not in arguments.only:
            continue
        customers = arguments.customers if name == "ours" else arguments.fewer
        took, waits = run(customers)
        seconds[name] = took * arguments.customers / customers
        ratio = f"{seconds[name] / seconds['ours']:8.0f} times ours" if "ours" in seconds and name != "ours" else ""
        print(f"{name:12}{customers:>12,}{took:9.3f} s{waits[0]:9.4f}{waits[1]:9.4f}{ratio}")
    if "policies" in arguments.only:
        show_policies(arguments.customers)
    if "servers" in arguments.only:
        show_servers(arguments.customers)


def ours(customers: int) -> tuple[float, list[float]]:
    def run(n: int) -> tuple[float, list[float]]:
        start = time.perf_counter()
        served = simulate_mmc(
            arrival_rates=RATES, service_rate=1, servers=SERVERS, customers=n, policy=Strict(), random_state=1
        )
        took = time.perf_counter() - start
        return took, [served.loc[served["class"] == k, "wait_s"].mean() for k in (0, 1)]

    run(1000)  # loads what is compiled
    return min((run(customers) for _ in range(9)), key=lambda each: each[0])


def in_simpy(customers: int) -> tuple[float, list[float]]:
    import simpy  # noqa: PLC0415

    random = np.random.default_rng(2)
    waits: list[list[float]] = [[], []]

    def customer(world: simpy.Environment, agents: simpy.PriorityResource, k: int) -> object:
        arrived = world.now
        with agents.request(priority=k) as asked:
            yield asked
            waits[k].append(world.now - arrived)
            yield world.timeout(random.exponential())

    def arrivals(world: simpy.Environment, agents: simpy.PriorityResource) -> object:
        for _ in range(customers):
            yield world.timeout(random.exponential(1 / sum(RATES)))
            world.process(customer(world, agents, int(random.random() >= RATES[0] / sum(RATES))))

    start = time.perf_counter()
    world = simpy.Environment()
    world.process(arrivals(world, simpy.PriorityResource(world, capacity=SERVERS)))
    world.run()
    return time.perf_counter() - start, [float(np.mean(each)) for each in waits]


def in_ciw(customers: int) -> tuple[float, list[float]]:
    import ciw  # noqa: PLC0415

    network = ciw.create_network(
        arrival_distributions={f"c{k}": [ciw.dists.Exponential(rate)] for k, rate in enumerate(RATES)},
        service_distributions={f"c{k}": [ciw.dists.Exponential(1)] for k in range(2)},
        priority_classes={"c0": 0, "c1": 1},
        number_of_servers=[SERVERS],
    )
    ciw.seed(3)
    start = time.perf_counter()
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(customers / sum(RATES))
    records = simulation.get_all_records()
    took = time.perf_counter() - start
    return took, [
        float(np.mean([each.waiting_time for each in records if each.customer_class == name])) for name in ("c0", "c1")
    ]


def show_policies(customers: int) -> None:
    rules = {"first come": Fcfs(), "strict": Strict()} | {f"head start {h}": HeadStart((h / 2, 0)) for h in range(1, 9)}
    rules |= {f"at most {m}": MaxPasses(m) for m in (1, 2, 3, 5)} | {f"cap {t}": WaitCap(t) for t in (1, 2, 4)}
    rules |= {"reserved": Reserved((2, 0)), "grows 3:1": Accumulating((3, 1)), "grows 9:1": Accumulating((9, 1))}
    queue = poisson_workload(arrival_rates=RATES, service_rate=1, servers=SERVERS, customers=customers // 2)
    replicate(queue, rules, replications=2)
    start, used = time.perf_counter(), time.process_time()
    replicate(queue, rules, replications=2, random_state=1)
    took, used = time.perf_counter() - start, time.process_time() - used
    said = f"{len(rules)} policies x {customers:,} customers in two replications"
    print(f"{said}: {took:.2f} s, {used:.2f} CPU s (limit: 10)")


def show_servers(customers: int) -> None:
    base = 0.0
    for servers in (8, 64, 256):
        options = {"arrival_rates": [r * servers / SERVERS for r in RATES], "service_rate": 1, "customers": customers}
        took = []
        for _ in range(3):
            start = time.process_time()
            simulate_mmc(**options, servers=servers, policy=Strict(), random_state=1)
            took.append(time.process_time() - start)
        base = base or min(took)
        print(f"{servers:4} servers: {min(took):.3f} CPU s, {min(took) / base:.2f} times the cost of 8 (limit: 2.5)")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--fewer", type=int, default=200_000)
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=["ours", "simpy", "ciw", "policies", "servers"]
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
