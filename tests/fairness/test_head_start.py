"""The head start that a log shows, against the definition taken literally."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.fairness.declared import declared_head_start, declared_head_starts, not_as_declared
from cxlib.fairness.head_start import head_start_thresholds, implied_head_start, violation_curves
from cxlib.fairness.joint_minimum import joint_minimum
from cxlib.fairness.sampling import sample_days

NAMES = {"0": "regular", "1": "regular", "2": "VIP"}
RANKS = {"VIP": 1, "regular": 2}


@pytest.mark.real_data
def test_the_bank(bank_calls):
    calls = bank_calls[bank_calls["queue"] == "PS"]
    table = implied_head_start(calls, by=NAMES, ranks=RANKS, declared={"VIP": 90, "regular": 0}).set_index("tier")
    vip = table.loc["VIP"]
    assert (vip["theta_s"], vip["violations"], vip["pairs"], vip["violations_declared"]) == (89, 371, 4366, 373)
    assert (vip["low_s"], vip["high_s"], vip["identified"]) == (89, 89, True)
    assert table.loc["regular", "theta_s"] == 0
    curve = violation_curves(calls, by=NAMES, ranks=RANKS).set_index("theta_s")
    assert (curve.loc[89, "violations"], curve.loc[90, "violations"]) == (371, 373)
    assert curve["violations"].min() == 371
    assert list(curve.index[curve["is_best"]]) == [89]


def literal(rows, tiers, reach):
    """Count the violations of every vector of head starts by the definition; smallest first."""
    pairs = []
    for one, other in itertools.combinations([row for row in rows if row[4]], 2):
        (t, a, e, _, _), (u, b, f, _, _) = one, other
        ends = [np.inf if end is None else end for end in (e, f)]
        if t == u or not (a < ends[1] and b < ends[0]) or ends[0] == ends[1]:
            continue
        first, second = (one, other) if ends[0] < ends[1] else (other, one)
        if first[3] == "served":
            pairs.append((first[0], first[1], second[0], second[1]))
    found = {}
    for head in itertools.product(range(-reach, reach + 1), repeat=len(tiers) - 1):
        ahead = dict(zip(tiers, (*head, 0), strict=True))
        found[*head, 0] = sum(a - ahead[t] > b - ahead[u] for t, a, u, b in pairs)
    return pairs, found


def small_log(seed, tiers):
    chance = random.Random(seed)  # noqa: S311 - no secret
    rows = []
    for _ in range(chance.choice([8, 25])):
        arrived, wait = chance.randint(0, 40), chance.randint(0, 5)
        outcome = chance.choices(["served", "abandoned"], [5, 1])[0]
        rows.append((chance.choice(tiers), arrived, arrived + wait, outcome, wait > 0))
    return rows


@pytest.mark.parametrize("tiers", ["ab", "abc"])
def test_small_logs_equal_the_definition(log, tiers):
    for seed in range(40 if len(tiers) == 2 else 25):
        rows = small_log(seed, tiers)
        contacts = log([row[:4] for row in rows])
        table = implied_head_start(contacts, each=()).set_index("tier")
        pairs, found = literal(rows, tiers, 8)
        if {tier for pair in pairs for tier in pair[::2]} != set(tiers):
            continue
        least = min(found.values())
        assert table["all_pairs"].tolist() == [len(pairs)] * len(tiers)
        assert table["all_violations"].tolist() == [least] * len(tiers)
        assert table["all_violations_fcfs"].iloc[0] == found[(0,) * len(tiers)]
        best = [head for head, n in found.items() if n == least]
        for k, tier in enumerate(tiers):
            row, values = table.loc[tier], [head[k] for head in best]
            own = sum(tier in pair[::2] for pair in pairs)
            assert row["pairs"] == own
            assert row["why"] == "few_pairs"
            assert np.isnan(row["theta_s"])
            if np.isfinite(row["low_s"]) and np.isfinite(row["high_s"]):
                assert (row["low_s"], row["high_s"]) == (min(values), max(values))
            else:
                assert max(values) - min(values) > 5


def test_the_joint_minimum_is_that_of_all_vectors():
    chance = np.random.default_rng(4)
    for tiers, reach in [(2, 6), (3, 4), (3, 1), (4, 2)] * 8:
        tables = chance.integers(0, 12, (tiers, tiers, 2 * reach + 1))
        bound = (tiers - 1) * (reach + 1)
        found = {}
        for x in itertools.product(range(-bound, bound + 1), repeat=tiers - 1):
            at = (*x, 0)
            found[at] = sum(
                tables[a, b, min(max(at[a] - at[b], -reach), reach) + reach]
                for a in range(tiers)
                for b in range(a + 1, tiers)
            )
        least = min(found.values())
        best = [x for x, n in found.items() if n == least]
        result = joint_minimum(tables.astype(np.int64))
        assert result.proven
        assert result.value == least
        assert tuple(result.at) == min(best)
        assert result.low.tolist() == np.min(best, axis=0).tolist()
        assert result.high.tolist() == np.max(best, axis=0).tolist()


def test_a_search_that_is_stopped_says_so():
    chance = np.random.default_rng(1)
    result = joint_minimum(chance.integers(0, 1000, (5, 5, 201)).astype(np.int64), most_boxes=50)
    assert not result.proven


def by_rule(n, ahead, seed, gap=4.0):
    """Serve contacts one by one, each time the one in line with the smallest key."""
    chance = np.random.default_rng(seed)
    arrived = np.cumsum(chance.exponential(gap, n)).round(3)
    tier = chance.choice(list(ahead), n)
    line, rows, clock, at = [], [], 0.0, 0
    while at < n or line:
        if not line:
            clock = max(clock, arrived[at])
        while at < n and arrived[at] <= clock:
            line.append(at)
            at += 1
        who = min(line, key=lambda i: (arrived[i] - ahead[tier[i]], i))
        line.remove(who)
        rows.append((str(tier[who]), float(arrived[who]), clock, "served"))
        clock += float(chance.exponential(gap * 0.97))
    return rows


@pytest.mark.parametrize("ahead", [{"a": 25, "b": 0}, {"a": -15, "b": 0}, {"a": 40, "b": 12, "c": 0}])
def test_a_rule_is_found_again_without_any_violation(log, ahead):
    contacts = log(by_rule(3000, ahead, 8))
    table = implied_head_start(contacts, each=(), ranks={tier: k for k, tier in enumerate(ahead)}).set_index("tier")
    assert (table["all_violations"] == 0).all()
    assert table["identified"].all()
    for tier, seconds in ahead.items():
        assert table.loc[tier, "low_s"] <= seconds <= table.loc[tier, "high_s"]
        assert table.loc[tier, "theta_s"] == table.loc[tier, "low_s"]


def test_strict_priority_has_no_bound(log):
    contacts = log(by_rule(1500, {"a": 1e6, "b": 0}, 2))
    row = implied_head_start(contacts, each=(), declared={"a": "strict", "b": "first come, first served"}).iloc[0]
    assert row["why"] == "wide"
    assert np.isnan(row["theta_s"])
    assert row["high_s"] == np.inf
    assert row["declared_s"] == np.inf
    assert row["violations_declared"] == 0


def test_queues_and_months_have_rules_of_their_own(log):
    parts = []
    for queue, month, head in (("x", 0, 20), ("x", 31, 30), ("y", 0, 0)):
        part = log(by_rule(1200, {"a": head, "b": 0}, head))
        for name in ("arrived_at", "wait_ended_at"):
            part[name] += pd.Timedelta(days=month)
        parts.append(part.assign(queue=queue))
    contacts = pd.concat(parts, ignore_index=True)
    thresholds = head_start_thresholds(contacts, every="month")
    found = implied_head_start(thresholds)
    found = found[found["tier"] == "a"]
    assert list(found["queue"]) == ["x", "x", "y"]
    assert list(found["period"]) == [pd.Timestamp("2026-03-01"), pd.Timestamp("2026-04-01"), pd.Timestamp("2026-03-01")]
    for row, head in zip(found.itertuples(), (20, 30, 0), strict=True):
        assert row.low_s <= head <= row.high_s
    by_queue = implied_head_start(thresholds.over("queue"))
    pd.testing.assert_frame_equal(by_queue, implied_head_start(contacts))
    whole = implied_head_start(thresholds.over())
    assert whole["all_pairs"].iloc[0] == found["all_pairs"].sum()
    curves = violation_curves(thresholds.over("queue"), head_starts=by_queue)
    assert list(curves["queue"].unique()) == ["x", "y"]
    best = curves[curves["is_best"]].merge(by_queue, on=["queue", "tier"], suffixes=("", "_found"))
    assert (best["violations"] == best["violations_found"]).all()


def test_a_long_log_is_represented_by_whole_days(log):
    rows = []
    for day in range(12):
        rows += [(t, a + 86_400 * day, e + 86_400 * day, o) for t, a, e, o in by_rule(300, {"a": 15, "b": 0}, day)]
    contacts = log(rows)
    whole = implied_head_start(contacts, each=()).iloc[0]
    some = implied_head_start(contacts, each=(), most_pairs=2000, seed=5).iloc[0]
    assert (whole["n_days"], whole["n_days_used"]) == (12, 12)
    assert 1 <= some["n_days_used"] < 12
    assert some["pairs"] < whole["pairs"]
    pd.testing.assert_series_equal(some, implied_head_start(contacts, each=(), most_pairs=2000, seed=5).iloc[0])


def test_days_are_drawn_while_their_work_fits():
    days = np.repeat(np.arange(100, 110), 5)
    sample = sample_days(days, np.full(50, 2), most=35)
    assert (sample.n_days, sample.n_used) == (10, 3)
    assert sample.holds(days).sum() == 15
    assert sample_days(days, np.full(50, 2), most=1).n_used == 1
    assert sample_days(days, np.full(50, 2), most=100).n_used == 10
    assert sample_days(days[:0], days[:0], most=1).n_used == 0


def test_contacts_without_a_tier_are_in_no_pair(log):
    rows = by_rule(1200, {"a": 20, "b": 0}, 3)
    contacts = log(rows + [(None, row[1], row[2], row[3]) for row in rows[::2]])
    table = implied_head_start(contacts, each=())
    assert list(table["tier"]) == ["a", "b"]
    assert (table["all_violations"] == 0).all()


def test_one_tier_or_nobody_shows_no_rule(log):
    assert len(implied_head_start(log([("a", i, i + 5, "served") for i in range(20)]), each=())) == 0
    assert len(implied_head_start(log([]), each=())) == 0
    assert len(violation_curves(log([]), each=())) == 0


def test_too_many_tiers_are_refused(log):
    contacts = log([(f"T{i}", i, i + 20, "served") for i in range(20)])
    with pytest.raises(CxError) as error:
        implied_head_start(contacts, each=())
    assert error.value.code == "too_many_tiers"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("head start 90 s", 90),
        ("Head start: 1.5 minutes", 90),
        ("2 min ahead", 120),
        ("提前90秒", 90),
        ("提前量90秒", 90),
        ("优先 2 分钟", 120),
        ("head start 45", 45),
        ("first come, first served", 0),
        ("先到先得", 0),
        ("FCFS", 0),
        ("strict priority", np.inf),
        ("绝对优先", np.inf),
        ("as the manager says", None),
        ("head start 3 bananas", None),
        ("", None),
        (None, None),
    ],
)
def test_declared_rules_are_read(said, seconds):
    assert declared_head_start(said) == seconds


def test_declared_rules_come_from_a_mapping_or_the_table_of_tiers():
    tiers = pd.DataFrame(
        {"tier": ["a", "b", "c"], "rank": [1, 2, 3], "declared_rule": ["head start 9 s", None, "FCFS"]}
    )
    assert declared_head_starts(tiers) == {"a": 9, "c": 0}
    assert declared_head_starts({"a": 30, "b": "提前 5 秒", "c": None}) == {"a": 30, "b": 5}


def test_rules_that_are_not_the_declared_ones_come_farthest_first():
    rows = [
        ("a", "A", 60.0, 60.0, 70.0, True, 20.0, False),  # 40 s off
        ("b", "A", 60.0, 60.0, 70.0, True, 65.0, False),  # within all that fits
        ("c", "A", 60.0, 55.0, 62.0, True, 51.0, False),  # 9 s off: close enough
        ("d", "A", -120.0, -125.0, -119.0, True, 60.0, False),  # 180 s off
        ("e", "A", 60.0, -10.0, 300.0, False, 0.0, False),  # cannot be told
        ("f", "A", 60.0, 60.0, 61.0, True, np.nan, False),  # nothing declared
        ("g", "A", 600.0, 600.0, np.inf, True, np.inf, False),  # always first, as declared
        ("h", "A", 30.0, 28.0, 31.0, True, np.inf, False),  # declared to go first always, and does not
        ("a", "B", 0.0, 0.0, 0.0, True, 0.0, True),
    ]
    names = ["queue", "tier", "theta_s", "low_s", "high_s", "identified", "declared_s", "is_reference"]
    found = not_as_declared(pd.DataFrame(rows, columns=names))
    assert found["queue"].tolist() == ["h", "d", "a"]
