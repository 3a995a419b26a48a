"""Overtakes by queue, by times, by hour, and as one line against many: each against a plain count over all pairs."""

from __future__ import annotations

from collections import Counter

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from cxlib.engine.frames import pandas
from cxlib.errors import CxError
from cxlib.fairness.clock import EVERY, local_hours, period_numbers
from cxlib.fairness.overtakes import (
    count_overtakes,
    overtakes,
    overtakes_by_contact,
    overtakes_over_time,
    passed_distribution,
    passed_summary,
    routing_and_rank,
)
from cxlib.fairness.periods import with_period


def drawn(log, seed, n=300):
    chance = np.random.default_rng(seed)
    arrived = chance.integers(0, 1500, n)
    ended = arrived + chance.integers(0, 90, n)
    outcome = chance.choice(["served", "abandoned"], n, p=[0.8, 0.2])
    tier = chance.choice(["a", "b"], n)
    rows = [(t, int(a), int(e), o) for t, a, e, o in zip(tier, arrived, ended, outcome, strict=True)]
    return log(rows, queue=pd.Series(chance.choice(["x", "y", "z"], n), dtype="str"))


@pytest.fixture
def contacts(log):
    return drawn(log, 5)


@pytest.fixture
def people(contacts):
    return overtakes_by_contact(contacts).assign(queue=contacts["queue"])


def test_by_queue_sums_up_those_in_it(contacts, people):
    table = passed_summary(contacts, each=("queue",), min_group=1).set_index(["queue", "tier"])
    queued = people[people["queued"]]
    assert len(table) == 6
    for key, mine in queued.groupby(["queue", "tier"]):
        row, was = table.loc[key], mine["passed"] > 0
        assert (row["n"], row["passed"], row["most_passed"]) == (len(mine), mine["passed"].sum(), mine["passed"].max())
        assert (row["n_passed"], row["n_passed_3"]) == (was.sum(), (mine["passed"] >= 3).sum())
        gone = mine["outcome"] == "abandoned"
        assert (row["n_passed_abandoned"], row["n_unpassed_abandoned"]) == ((was & gone).sum(), (~was & gone).sum())
        assert row["share_passed_abandoned"] == pytest.approx(gone[was].mean())
        assert row["share_unpassed_abandoned"] == pytest.approx(gone[~was].mean())


def test_groups_of_fewer_than_the_least_have_no_share(contacts):
    table = passed_summary(contacts, each=("queue",), min_group=1000)
    assert table["too_few"].all()
    assert table["share_passed"].isna().all()
    assert table["n"].sum() > 0


def test_two_columns_make_their_combinations(contacts):
    both = passed_summary(contacts.assign(channel=contacts["queue"].str.upper()), each=("queue", "channel"))
    one = passed_summary(contacts, each=("queue",))
    assert (both["channel"] == both["queue"].str.upper()).all()
    pd.testing.assert_frame_equal(both.drop(columns="channel"), one)


@pytest.mark.parametrize("of", ["passed", "passes"])
def test_the_distribution_counts_contacts_by_times(contacts, people, of):
    table = passed_distribution(contacts, of=of, most=4, min_group=1)
    may = people[people["queued"]] if of == "passed" else people[people["outcome"] == "served"]
    for tier, mine in may.groupby("tier"):
        rows = table[table["tier"] == tier]
        found = Counter(mine[of].clip(upper=4))
        assert list(rows["n"]) == [found[k] for k in range(5)]
        assert list(rows["or_more"]) == [False] * 4 + [True]
        assert list(rows["share_at_least"]) == pytest.approx([(mine[of] >= k).mean() for k in range(5)])
        assert rows["share"].sum() == pytest.approx(1)
    if of == "passes":
        assert (table["n_abandoned"] == 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_passes_of_one_line_are_those_within_and_those_between(log, seed):
    contacts = drawn(log, seed)
    table = routing_and_rank(contacts)
    assert list(table["passes"]) == list(overtakes(contacts, pool=None)["passes"])
    assert list(table["passes_within"]) == list(overtakes(contacts)["passes"])
    assert (table["passes_within"] + table["passes_between"] == table["passes"]).all()
    assert (table["passes_between"] > 0).all()
    assert not table["one_line"].any()
    one = routing_and_rank(contacts.drop(columns="queue"))
    assert (one["passes_between"] == 0).all()
    assert one["one_line"].all()


def test_first_come_first_served_in_each_line_leaves_routing_alone(log):
    chance = np.random.default_rng(11)
    parts = []
    for queue, slow in (("quick", 20), ("slow", 200)):
        arrived = np.sort(chance.integers(0, 4000, 150))
        ended = np.maximum.accumulate(arrived + chance.integers(1, slow, 150))
        part = log([("a", int(a), int(e), "served") for a, e in zip(arrived, ended, strict=True)])
        parts.append(part.assign(queue=queue))
    table = routing_and_rank(pd.concat(parts, ignore_index=True))
    assert table["passes_within"].sum() == 0
    assert table["share_between"].tolist() == [1]


def test_one_count_serves_all_measures(contacts):
    counts = count_overtakes(contacts, passers="queued")
    pd.testing.assert_frame_equal(overtakes(counts), overtakes(contacts, passers="queued"))
    pd.testing.assert_frame_equal(overtakes_by_contact(counts), overtakes_by_contact(contacts, passers="queued"))
    pd.testing.assert_frame_equal(routing_and_rank(counts), routing_and_rank(contacts, passers="queued"))
    for every in ("hour", "hour_of_week", "month"):
        pd.testing.assert_frame_equal(
            overtakes_over_time(counts, every=every), overtakes_over_time(contacts, every=every, passers="queued")
        )


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"])
def test_the_clock_of_arrays_is_that_of_frames(zone):
    chance = np.random.default_rng(2)
    first = pd.Timestamp("2025-09-01").value // 1000
    arrived = first + chance.integers(0, 300 * 86_400 * 10**6, 2000)
    frame = nw.from_native(pd.DataFrame({"arrived_us": arrived}))
    for every in EVERY:
        expected = pandas(with_period(frame, every, zone=zone, first=first, last=int(arrived.max())))["period"]
        assert (period_numbers(local_hours(arrived, zone=zone), every) == expected.to_numpy()).all()


def test_nothing_at_all(log):
    empty = log([]).assign(queue=pd.Series([], dtype="str"))
    assert len(passed_summary(empty, each=("queue",))) == 0
    assert len(passed_distribution(empty)) == 0
    assert len(routing_and_rank(empty)) == 0


def test_what_cannot_be_is_named(contacts):
    with pytest.raises(CxError) as error:
        passed_distribution(contacts, of="both")
    assert error.value.code == "unknown_choice"
    with pytest.raises(CxError) as error:
        overtakes_over_time(contacts, every="century")
    assert error.value.code == "unknown_choice"
    with pytest.raises(CxError) as error:
        passed_summary(contacts, each=("channel",))
    assert error.value.code == "missing_column"
