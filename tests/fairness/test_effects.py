"""What goes with being passed: each comparison against a plain calculation, and what is planted is found."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from cxlib.engine.frames import pandas
from cxlib.errors import CxError
from cxlib.fairness.effects import OUTCOMES, _repeats, passed_effects
from cxlib.fairness.lines import lines_of
from cxlib.fairness.outcomes import with_repeats
from cxlib.fairness.overtakes import overtakes_by_contact

EDGES = (30, 60, 120)


def drawn(log, seed, n=900, days=9):
    chance = np.random.default_rng(seed)
    arrived = chance.integers(0, days, n) * 86_400 + chance.integers(0, 3000, n)
    outcome = chance.choice(["served", "abandoned"], n, p=[0.8, 0.2])
    ended = arrived + chance.integers(0, 300, n)
    tier = chance.choice(["high", "low"], n, p=[0.3, 0.7])
    rows = [(t, int(a), int(e), o) for t, a, e, o in zip(tier, arrived, ended, outcome, strict=True)]
    return log(
        rows,
        queue=pd.Series(chance.choice(["x", "y"], n), dtype="str"),
        customer_id=pd.Series(chance.choice([f"P{i}" for i in range(150)], n), dtype="str"),
        csat=chance.integers(1, 6, n).astype(float),
    )


def compared(frame, value, weight, keys, times):
    """Return the mean of a level less that of level 0, standardised to the level, over strata that have both."""
    sums = frame.assign(top=value, base=weight).groupby([*keys, "times"])[["top", "base"]].sum()
    mine, none = (sums.xs(k, level="times") for k in (times, 0))
    both = mine.join(none.add_suffix("_0"), how="inner")
    both = both[(both["base"] > 0) & (both["base_0"] > 0)]
    away = both["top"] - both["base"] * both["top_0"] / both["base_0"]
    return both["base"].sum(), away.sum() / both["base"].sum()


def people_of(contacts, of):
    people = overtakes_by_contact(contacts).assign(queue=contacts["queue"], csat=contacts["csat"])
    people["wait"] = (contacts["wait_ended_at"] - contacts["arrived_at"]).dt.total_seconds()
    people["hour"] = contacts["arrived_at"].dt.hour
    people["band"] = np.searchsorted(EDGES, people["wait"], side="right")
    people["times"] = people[of].clip(upper=3)
    return people[people["queued"]]


@pytest.mark.parametrize("of", ["passed", "passes"])
@pytest.mark.parametrize("same_tier", [True, False])
def test_satisfaction_is_compared_within_strata(log, of, same_tier):
    contacts = drawn(log, 3)
    found = passed_effects(
        contacts, of=of, outcomes=["csat"], same_tier=same_tier, bands_s=EDGES, min_group=1, priority=["high", "low"]
    ).set_index("times")
    people = people_of(contacts, of).query("outcome == 'served'")
    keys = ["queue", "hour", "band", *(["tier"] if same_tier else [])]
    for times in (1, 2, 3):
        n, away = compared(people, people["csat"], 1, keys, times)
        row = found.loc[times]
        assert row["n"] == (people["times"] == times).sum()
        assert row["n_compared"] == n
        assert row["difference"] == pytest.approx(away)
        assert row["mean_compared"] - row["mean_unexposed"] == pytest.approx(away)
        assert row["low"] < row["difference"] < row["high"]
        assert row["method"] == "jackknife"
    assert np.isnan(found.loc[0, "difference"])


def test_giving_up_is_compared_by_minutes_in_line(log):
    contacts = drawn(log, 5, n=500, days=8)
    found = passed_effects(contacts, outcomes=["abandonment"], bands_s=EDGES, min_group=1).set_index("times")
    people = people_of(contacts, "passed").assign(arrived=contacts["arrived_at"].astype("int64") // 10**6)
    people["ended"] = people["arrived"] + people["wait"].astype(int)
    everyone = overtakes_by_contact(contacts).assign(queue=contacts["queue"])
    everyone["arrived"] = contacts["arrived_at"].astype("int64") // 10**6
    everyone["ended"] = contacts["wait_ended_at"].astype("int64") // 10**6
    served = everyone[everyone["outcome"] == "served"]
    pieces = []
    for row in people.itertuples():
        line = served[
            (served["queue"] == row.queue) & (served["arrived"] > row.arrived) & (served["ended"] < row.ended)
        ]
        passes = sorted(line["ended"])
        for second in range(row.arrived, row.ended):  # second by second, by the definition
            band = int(np.searchsorted(EDGES, second - row.arrived, side="right"))
            times = min(sum(p <= second for p in passes), 3)
            gave_up = row.outcome == "abandoned" and second == row.ended - 1
            pieces.append((row.tier, row.queue, row.hour, band, times, gave_up, 1 / 60))
    frame = pd.DataFrame(pieces, columns=["tier", "queue", "hour", "band", "times", "gave_up", "minutes"])
    for times in (1, 2, 3):
        minutes, away = compared(frame, frame["gave_up"], frame["minutes"], ["tier", "queue", "hour", "band"], times)
        assert found.loc[times, "n"] == pytest.approx(frame.loc[frame["times"] == times, "minutes"].sum())
        assert found.loc[times, "n_compared"] == pytest.approx(minutes)
        assert found.loc[times, "difference"] == pytest.approx(away)


def patient_line(seed, n=6000, ahead=90.0):
    """Serve a line by a head start; everybody gives up at the same rate, however often passed."""
    chance = np.random.default_rng(seed)
    per_day = n // 30
    rows = []
    for day in range(30):
        arrived = np.cumsum(chance.exponential(10, per_day))
        patience, tier = chance.exponential(240, per_day), chance.choice(["high", "low"], per_day, p=[0.3, 0.7])
        key = arrived - np.where(tier == "high", ahead, 0)
        line, clock, at = set(), 0.0, 0
        while at < per_day or line:
            if not line:
                clock = max(clock, arrived[at])
            while at < per_day and arrived[at] <= clock:
                line.add(at)
                at += 1
            gone = {i for i in line if arrived[i] + patience[i] <= clock}
            rows += [(tier[i], arrived[i], arrived[i] + patience[i], "abandoned", day) for i in gone]
            line -= gone
            if line:
                who = min(line, key=lambda i: key[i])
                line.remove(who)
                rows.append((tier[who], arrived[who], clock, "served", day))
                clock += chance.exponential(11)
    return [(str(t), a + 86_400 * d, e + 86_400 * d, o) for t, a, e, o, d in rows]


def test_being_passed_is_not_blamed_for_longer_waits(log):
    contacts = log(patient_line(1))
    found = passed_effects(contacts, outcomes=["abandonment"]).set_index("times")
    people = people_of(contacts.assign(queue="x", csat=1.0), "passed").query("tier == 'low'")
    left = (people["outcome"] == "abandoned").groupby(people["times"]).mean()
    assert left[3] < left[0] - 0.1  # who gives up soon is passed less: the share who gave up would mislead
    for times in (1, 2, 3):
        assert found.loc[times, "low"] < 0 < found.loc[times, "high"]


def test_who_came_again_and_who_left(log):
    day = 86_400
    rows = [("a", 0, 10, "served"), ("a", 5 * day, 5 * day + 9, "served"), ("a", 13 * day, 13 * day + 9, "served")]
    rows += [
        ("a", 1 * day, 1 * day + 5, "served"),
        ("a", 2 * day, 2 * day + 5, "abandoned"),
        ("a", 200 * day, None, None),
    ]
    contacts = log(rows, customer_id=pd.Series(["P", "P", "P", "Q", "Q", "R"], dtype="str"))
    customers = pd.DataFrame(
        {"customer_id": ["P", "Q", "R"], "left_on": pd.to_datetime(["2026-06-01", None, "2026-12-31"])}
    )
    found = passed_effects(contacts, customers=customers, min_group=1).set_index(["outcome", "times"])
    assert found.loc[("repeat", 0), ["n", "mean"]].tolist() == [4, 0.5]  # P came again once, Q once
    # 2 March to 1 June are 91 days; 7 and 15 March are within 90; Q stays
    assert found.loc[("leaving", 0), ["n", "mean"]].tolist() == [5, 0.4]
    topics = contacts.assign(topic=["bill", "bill", "bill", "bill", "device", "bill"])
    found = passed_effects(topics, outcomes=["repeat"], min_group=1).set_index("times")
    assert found.loc[0, "mean"] == 0.25


def test_only_what_the_files_tell_is_compared(log):
    contacts = drawn(log, 3).drop(columns=["csat", "customer_id"])
    assert set(passed_effects(contacts)["outcome"]) == {"abandonment"}
    for name in ("csat", "repeat", "leaving"):
        with pytest.raises(CxError) as error:
            passed_effects(contacts, outcomes=[name])
        assert error.value.code == "missing_column"
    for wrong in ({"of": "both"}, {"outcomes": ["anger"]}):
        with pytest.raises(CxError) as error:
            passed_effects(contacts, **wrong)
        assert error.value.code == "unknown_choice"
    with pytest.raises(CxError) as error:
        passed_effects(contacts, of="passes")
    assert error.value.code == "no_priority"


def test_few_days_and_few_contacts_are_said(log):
    short = passed_effects(drawn(log, 3, days=5), outcomes=["csat"])
    assert set(short.loc[short["times"] > 0, "reason"]) == {"too_few_days"}
    few = passed_effects(drawn(log, 3, n=40), outcomes=["csat"])
    assert few.loc[few["times"] > 0, "too_few"].all()
    assert few["difference"].isna().all()
    assert len(passed_effects(log([]).assign(csat=pd.Series([], dtype=float)))) == 8
    assert set(itertools.chain(OUTCOMES)) == {"csat", "repeat", "leaving", "abandonment"}


@pytest.mark.parametrize("topics", [True, False])
def test_coming_again_is_what_comparisons_of_groups_take_it_for(log, topics):
    chance = np.random.default_rng(6)
    n, names = 500, np.array(["a", "b", "c", None], dtype=object)
    arrived = np.sort(chance.integers(0, 40, n)) * 43_200  # twelve hours apart: seven days are met exactly
    outcomes = chance.choice(["served", "abandoned"], n, p=[0.8, 0.2])
    rows = [("x", a, a + 5, outcome) for a, outcome in zip(arrived.tolist(), outcomes, strict=True)]
    frame = log(rows, customer_id=pd.Series(chance.choice(names, n), dtype="str"))
    if topics:
        frame["topic"] = pd.Series(chance.choice(np.array(["bill", "fault", None], dtype=object), n), dtype="str")
    lines = lines_of(frame)
    prepared = lines.prepared
    slow = pandas(with_repeats(prepared.frame, prepared).select("contact_id", "repeated"))
    quick = pd.Series(_repeats(lines), lines.columns("contact_id")["contact_id"].to_pandas())
    expected = slow.set_index("contact_id")["repeated"].astype("Float64").astype("float64").reindex(quick.index)
    assert 0 < expected.notna().sum() < n
    np.testing.assert_array_equal(quick, expected)
