from __future__ import annotations

import itertools
import random
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.fairness.contacts import prepare
from cxlib.fairness.overtakes import overtakes, overtakes_by_contact, overtakes_over_time, passed_summary

MODULE = "cxlib.fairness.overtakes"
NAMES = {"0": "regular", "1": "regular", "2": "VIP"}


def pair(table, passer, passed, column="passes"):
    return table.set_index(["passer", "passed"])[column][passer, passed]


@pytest.mark.real_data
def test_the_bank_as_one_pool(bank_calls):
    table = overtakes(bank_calls, by=NAMES, pool=None, passers="queued")
    assert pair(table, "VIP", "regular") == 4902
    assert pair(table, "VIP", "regular", "passed_abandoned") == 1024
    assert pair(table, "VIP", "regular", "n_passed_abandoned") == 601
    assert pair(table, "VIP", "VIP") == 1008
    assert pair(table, "regular", "regular") == 1276
    assert pair(table, "regular", "VIP") == 185
    assert table["passes"].sum() == 7371


@pytest.mark.real_data
def test_the_bank_within_a_type(bank_calls):
    table = overtakes(bank_calls, by=NAMES, pool=("queue",), passers="queued")
    assert list(table["passes"]) == [433, 1442, 17, 40]
    assert list(table["passer"] + ">" + table["passed"]) == ["VIP>VIP", "VIP>regular", "regular>VIP", "regular>regular"]


@pytest.mark.real_data
def test_the_bank_how_many_were_passed(bank_calls):
    table = passed_summary(bank_calls, by=NAMES, pool=None, passers="queued").set_index("tier")
    assert list(table.loc["regular", ["share_passed", "mean_passed", "most_passed"]].astype(float).round(5)) == [
        0.33323,
        0.66710,
        13,
    ]
    assert list(table.loc["VIP", ["share_passed", "mean_passed", "most_passed"]].astype(float).round(5)) == [
        0.08989,
        0.13609,
        10,
    ]


def test_a_log_worked_by_hand(log):
    rows = [
        ("low", 0, 100, "served"),  # 0: passed by 1, 2, 4, 6 (6 did not queue)
        ("high", 10, 20, "served"),  # 1: passes 0
        ("high", 20, 30, "served"),  # 2: passes 0; its arrival is the end of 1: no pass
        ("low", 30, 40, "abandoned"),  # 3: left early, passes nobody, passed by 4
        ("high", 31, 39, "served"),  # 4: passes 0 and 3
        ("low", 50, None, None),  # 5: waits still, passed by 6
        ("high", 60, 60, "served"),  # 6: served at once
        ("low", 70, 100, "served"),  # 7: the same end as 0: no pass of 0; passes 5
        ("high", 0, 5, "served"),  # 8: the same arrival as 0: no pass
    ]
    contacts = log(rows)
    people = overtakes_by_contact(contacts, ranks={"high": 1, "low": 2})
    assert list(people["passed"]) == [4, 0, 0, 1, 0, 2, 0, 0, 0]
    assert list(people["passes"]) == [0, 1, 1, 0, 2, 0, 2, 1, 0]
    assert list(people["passed_by_higher"]) == [4, 0, 0, 1, 0, 1, 0, 0, 0]
    assert list(people["passed_by_same"]) == [0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert list(people["passes_lower"]) == [0, 1, 1, 0, 2, 0, 2, 0, 0]
    assert list(people["contact_id"]) == [f"C{i}" for i in range(9)]
    queued_only = overtakes_by_contact(contacts, passers="queued")
    assert list(queued_only["passed"]) == [3, 0, 0, 1, 0, 1, 0, 0, 0]
    table = overtakes(contacts, ranks={"high": 1, "low": 2})
    assert list(table["passer"]) == ["high", "high", "low", "low"]
    assert list(table["passes"]) == [0, 6, 0, 1]
    assert list(table["n_passed"]) == [0, 3, 0, 1]
    assert list(table["n_passers"]) == [0, 4, 0, 1]
    assert list(table["passed_abandoned"]) == [0, 1, 0, 0]
    assert list(table["n_of_passed"]) == [4, 4, 4, 4]
    low = passed_summary(contacts, min_group=1).set_index("tier").loc["low"]
    assert (low["n"], low["share_passed"], low["share_passed_3"], low["mean_passed"], low["most_passed"]) == (
        4,
        0.75,
        0.25,
        1.75,
        4,
    )


def brute_force(rows, *, passers, pools):
    """Count by the definition, every pair of contacts."""
    tiers = [row[0] for row in rows]
    arrived = np.array([row[1] for row in rows], float)
    ended = np.array([np.inf if row[2] is None else row[2] for row in rows], float)
    queued = np.array([row[4] for row in rows], bool)
    may_pass = np.array([row[3] == "served" for row in rows], bool) & (queued | (passers == "all"))
    same_pool = np.array([[one == other for other in pools] for one in pools], bool).reshape(len(rows), len(rows))
    later = arrived[:, None] > arrived[None, :]
    sooner = ended[:, None] < ended[None, :]
    pairs = may_pass[:, None] & queued[None, :] & same_pool & later & sooner
    count = Counter((tiers[i], tiers[j]) for i, j in np.argwhere(pairs))
    return pairs.sum(axis=0).tolist(), pairs.sum(axis=1).tolist(), count


def random_log(seed):
    chance = random.Random(seed)  # noqa: S311 - no secret
    n = chance.choice([0, 1, 2, 5, 30, 120, 200])
    span, longest = chance.choice([5, 60, 1000]), chance.choice([1, 10, 300])
    tiers = chance.choice([["a"], ["a", "b"], ["a", "b", "c", None]])
    rows = []
    for _ in range(n):
        arrived, wait = chance.randint(0, span), chance.randint(0, longest)
        outcome = chance.choices(["served", "abandoned", "waiting"], [6, 2, 1])[0]
        queued = wait > 0 or outcome == "waiting"
        if chance.random() < 0.05:
            queued = not queued
        ended = None if outcome == "waiting" else arrived + wait
        rows.append((chance.choice(tiers), arrived, ended, outcome, queued))
    pools = [(chance.choice("xy"), chance.choice(["n", "s", None])) for _ in rows]
    return rows, pools


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_random_logs_equal_brute_force(log, monkeypatch, first):
    monkeypatch.setattr(sys.modules[MODULE], "_CHUNK", 32)
    monkeypatch.setattr(sys.modules[MODULE], "_BLOCK", 64)
    for seed in range(first, first + 50):
        rows, places = random_log(seed)
        contacts = log(
            [row[:4] for row in rows],
            queued=pd.array([row[4] for row in rows], dtype="boolean"),
            queue=pd.Series([place[0] for place in places], dtype="str"),
            location=pd.Series([place[1] for place in places], dtype="str"),
        )
        contacts = prepare(contacts)
        ways = itertools.product(("all", "queued"), ((None, [0] * len(rows)), (("queue", "location"), places)))
        for passers, (pool, pools) in ways:
            passed, passes, pairs = brute_force(rows, passers=passers, pools=pools)
            people = overtakes_by_contact(contacts, pool=pool, passers=passers)
            assert list(people["passed"]) == passed
            assert list(people["passes"]) == passes
            table = overtakes(contacts, pool=pool, passers=passers)
            found = {
                tuple(None if pd.isna(t) else t for t in (row.passer, row.passed)): row.passes
                for row in table.itertuples()
                if row.passes
            }
            assert found == pairs


def test_first_come_first_served_passes_nobody(log):
    chance = np.random.default_rng(3)
    arrived = np.sort(chance.integers(0, 5000, 500))
    ended = np.maximum.accumulate(arrived + chance.integers(0, 300, 500))
    rows = [("a", int(a), int(e), "served") for a, e in zip(arrived, ended, strict=True)]
    assert overtakes(log(rows))["passes"].sum() == 0


def test_last_come_first_served_passes_everybody_whatever_the_order_of_rows(log):
    # all wait together and the last is served first: n (n - 1) / 2 passes, through every merge of the kernel
    n = 3000
    rows = [("a", i, 2 * n - i, "served") for i in range(n)]
    contacts = log(rows).sample(frac=1, random_state=1)
    people = overtakes_by_contact(contacts).set_index("contact_id")
    assert people["passed"].sum() == n * (n - 1) // 2
    assert list(people["passed"][[f"C{i}" for i in range(n)]]) == list(range(n - 1, -1, -1))


def test_many_equal_arrivals_pass_nobody_among_themselves(log):
    rows = [("a", 0, 500 - i, "served") for i in range(400)] + [("a", 1, 50, "served")]
    people = overtakes_by_contact(log(rows))
    assert people["passes"].tolist() == [0] * 400 + [400]


def test_all_engines_agree(log, on_engines):
    rows, places = random_log(12)
    contacts = log([row[:4] for row in rows], queue=pd.Series([place[0] for place in places], dtype="str"))
    tables = [overtakes(frame) for frame in on_engines(contacts).values()]
    people = [
        overtakes_by_contact(frame).sort_values("contact_id", ignore_index=True)
        for frame in on_engines(contacts).values()
    ]
    for other, persons in zip(tables[1:], people[1:], strict=True):
        pd.testing.assert_frame_equal(tables[0], other)
        pd.testing.assert_frame_equal(people[0], persons)


def test_by_hour_of_the_local_day(log):
    rows = [("a", 0, 100, "served"), ("b", 5, 10, "served"), ("a", 3600, 3700, "served"), ("b", 3601, 3602, "served")]
    rows += [("b", 3603, 3604, "served")]
    table = overtakes_over_time(log(rows), every="hour_of_day", zone="Asia/Shanghai", min_group=1)
    a = table[table["tier"] == "a"]
    assert list(a["period"]) == [17, 18]
    assert list(a["passed"]) == [1, 2]
    daily = overtakes_over_time(log(rows), min_group=1)
    assert list(daily["period"].unique()) == [pd.Timestamp("2026-03-02")]
    assert list(daily["passed"]) == [3, 0]
    hourly = overtakes_over_time(log(rows), every="hour", zone="Asia/Shanghai", min_group=1)
    assert list(hourly["period"].unique()) == [pd.Timestamp("2026-03-02 17:00"), pd.Timestamp("2026-03-02 18:00")]


def test_one_tier_only(log):
    table = overtakes(log([("a", 0, 10, "served"), ("a", 1, 2, "served")]))
    assert list(table["passes"]) == [1]


def test_all_waits_zero(log):
    contacts = log([("a", i, i, "served") for i in range(20)])
    assert overtakes(contacts)["passes"].sum() == 0
    assert passed_summary(contacts)["too_few"].all()


def test_empty(log):
    assert len(overtakes(log([]))) == 0
    assert len(overtakes_by_contact(log([]))) == 0
    assert len(passed_summary(log([]))) == 0
    assert len(overtakes_over_time(log([]))) == 0


@pytest.mark.parametrize(
    ("change", "arguments", "code"),
    [
        ({"columns": "tier"}, {}, "missing_column"),
        ({}, {"passers": "some"}, "unknown_choice"),
        ({}, {"by": "contact_id"}, "too_many_tiers"),
    ],
)
def test_what_cannot_be_is_named(log, change, arguments, code):
    contacts = log([("a", i, i + 1, "served") for i in range(100)])
    with pytest.raises(CxError) as error:
        overtakes(contacts.drop(**change) if change else contacts, **arguments)
    assert error.value.code == code
