from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from cxlib.fairness.overtakes import overtakes
from cxlib.fairness.unexplained import unexplained_passes


def drawn(log, seed, n=250):
    chance = np.random.default_rng(seed)
    arrived = chance.integers(0, 1200, n)
    ended = arrived + chance.integers(0, 90, n)
    outcome, tier = chance.choice(["served", "abandoned"], n, p=[0.8, 0.2]), chance.choice(["a", "b"], n)
    rows = [(t, int(a), int(e), o) for t, a, e, o in zip(tier, arrived, ended, outcome, strict=True)]
    return log(rows, queue=pd.Series(chance.choice(["x", "y"], n), dtype="str"))


def rule(queue, seconds):
    return pd.DataFrame({"queue": queue, "tier": ["a", "b"], "theta_s": [seconds, 0.0], "identified": True})


def literal(contacts, allowed, passers):
    """Every pass beyond all rules, by the definition; `allowed` has per queue the head starts of a."""
    columns = ["contact_id", "queue", "tier", "outcome"]
    a, e = (contacts[c].astype("int64").to_numpy() / 1e6 for c in ("arrived_at", "wait_ended_at"))
    people = list(zip(*(contacts[c].tolist() for c in columns), a.tolist(), e.tolist(), strict=True))
    found = {}
    for (i, queue, tier, outcome, arrived, ended), (j, other, of, _, came, left) in itertools.permutations(people, 2):
        if queue != other or outcome != "served" or left <= came or (ended <= arrived and passers == "queued"):
            continue
        if arrived > came and ended < left:
            more = {"a": 1, "b": 0}[tier] - {"a": 1, "b": 0}[of]
            least = min(arrived - came - head * more for head in (0, *allowed[queue]))
            if least > 0:
                found[i, j] = least
    return found


@pytest.mark.parametrize("passers", ["all", "queued"])
def test_the_list_is_that_of_the_definition(log, passers):
    contacts = drawn(log, 3)
    starts = pd.concat([rule("x", 20.0), rule("y", 5.0).assign(identified=False)], ignore_index=True)
    found = unexplained_passes(
        contacts, passers=passers, head_starts=starts, declared={"a": "head start 10 s", "b": 0}, most=10_000
    )
    expected = literal(contacts, {"x": (20, 10), "y": (10,)}, passers)
    assert found.n == len(expected) == len(found.passes)
    for row in found.passes.itertuples():
        assert row.beyond_s == expected[row.passer_id, row.passed_id]
    assert found.passes["beyond_s"].is_monotonic_decreasing
    assert found.counts["unexplained"].sum() == found.n
    assert found.counts["passes"].sum() == overtakes(contacts, passers=passers)["passes"].sum()
    y = found.counts[found.counts["queue"] == "y"]
    assert y["beyond_recovered"].isna().all()
    assert (y["beyond_declared"] == y["unexplained"]).all()
    within = found.counts[found.counts["passer"] == found.counts["passed"]]
    assert (within["unexplained"] == within["passes"]).all()


def test_the_list_is_bounded_and_begins_with_the_farthest(log):
    contacts = drawn(log, 7)
    whole = unexplained_passes(contacts, most=10_000)
    some = unexplained_passes(contacts, most=12)
    assert (some.n, len(some.passes)) == (whole.n, 12)
    pd.testing.assert_frame_equal(some.passes, whole.passes.head(12))
    assert list(some.passes["passed_at"] - some.passes["passer_arrived_at"] >= pd.Timedelta(0)) == [True] * 12


def test_strict_priority_explains_all_that_the_higher_tier_does(log):
    contacts = drawn(log, 9)
    found = unexplained_passes(contacts, declared={"a": "strict", "b": "first come first served"}).counts
    down = found[(found["passer"] == "a") & (found["passed"] == "b")]
    assert (down["beyond_declared"] == 0).all()
    assert (down["unexplained"] == 0).all()


def test_nobody_and_those_without_a_tier(log):
    assert unexplained_passes(log([])).n == 0
    found = unexplained_passes(log([(None, 0, 20, "served"), ("a", 1, 5, "served"), ("b", 2, 4, "served")]))
    assert found.counts[["passer", "passed", "passes"]].to_numpy().tolist() == [["b", "a", 1]]


def test_the_table_of_tiers_tells_what_is_declared(log):
    contacts = drawn(log, 9)
    tiers = pd.DataFrame({"tier": ["a", "b"], "rank": [1, 2], "declared_rule": ["strict", "first come, first served"]})
    by_table = unexplained_passes(contacts, ranks=tiers)
    by_name = unexplained_passes(contacts, ranks={"a": 1, "b": 2}, declared={"a": "strict", "b": 0})
    pd.testing.assert_frame_equal(by_table.counts, by_name.counts)
    assert by_table.counts["beyond_declared"].notna().all()
