"""Common random numbers make differences between rules sharper, never less sharp."""

from __future__ import annotations

import numpy as np
import pytest

from cxlib.queueing import (
    Accumulating,
    Fcfs,
    HeadStart,
    MaxPasses,
    Reserved,
    Strict,
    WaitCap,
    common_numbers_gain,
    poisson_workload,
    replicate,
)

EIGHT = {"arrival_rates": [1.5, 5.5], "service_rate": 1, "servers": 8}


def test_widths_are_those_of_the_runs():
    queue = poisson_workload(customers=5000, **EIGHT)
    rules = {"first": Fcfs(), "ahead": HeadStart((1, 0)), "strict": Strict()}
    table = common_numbers_gain(queue, rules, group=1, replications=6, random_state=3).set_index(["first", "second"])
    assert list(table.index) == [("first", "ahead"), ("first", "strict"), ("ahead", "strict")]
    apart = replicate(queue, rules, replications=6, random_state=3).differences("strict")
    row = apart[(apart["policy"] == "first") & (apart["class"] == 1) & (apart["indicator"] == "mean_wait_s")].iloc[0]
    assert table.loc[("first", "strict"), "width_common"] == pytest.approx(row["high"] - row["low"])
    assert table.loc[("first", "strict"), "difference"] == pytest.approx(row["value"])
    one, other = (
        replicate(queue, {"x": rule}, replications=6, random_state=seed).values("x", 1, "mean_wait_s")
        for rule, seed in ((Fcfs(), 4), (Strict(), 6))
    )
    half = 2.5705818 * (one - other).std(ddof=1) / np.sqrt(6)  # t of five degrees at 97.5 %
    assert table.loc[("first", "strict"), "width_independent"] == pytest.approx(2 * half)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_eighteen_rules_differ_ten_times_sharper_at_least():
    rules = {"first": Fcfs(), "strict": Strict(), "reserved": Reserved((1, 0))}
    rules |= {f"ahead {h}": HeadStart((h, 0)) for h in (0.25, 0.5, 1, 1.5, 2, 3)}
    rules |= {f"grows {r}": Accumulating((r, 1)) for r in (1.5, 2, 3, 5)}
    rules |= {f"at most {m}": MaxPasses(m) for m in (1, 2, 4)} | {f"cap {t}": WaitCap(t) for t in (1, 3)}
    assert len(rules) >= 18
    queue = poisson_workload(customers=60_000, **EIGHT)
    table = common_numbers_gain(queue, rules, group=1, replications=20, random_state=1)
    assert len(table) == len(rules) * (len(rules) - 1) / 2
    assert (table["width_common"] <= table["width_independent"]).all()
    assert table["ratio"].median() >= 10
