"""An hour replayed, and the hours that hurt: the same numbers as over the whole log."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.fairness.contacts import prepare
from cxlib.fairness.cost import re_served
from cxlib.fairness.hours import hours_that_hurt
from cxlib.fairness.lines import lines_of
from cxlib.fairness.overtakes import overtakes_by_contact, overtakes_over_time
from cxlib.fairness.replay import replay

T0 = pd.Timestamp("2026-03-02 09:00:00", tz="UTC")
RANKS = {"high": 1, "low": 2}


def drawn(log, seed, n=500, span=6000):
    chance = np.random.default_rng(seed)
    arrived = chance.integers(0, span, n)
    outcome = chance.choice(["served", "abandoned", "waiting"], n, p=[0.8, 0.18, 0.02])
    wait = np.where(chance.random(n) < 0.1, 0, chance.integers(0, 400, n))
    ended = [None if o == "waiting" else int(a + w) for a, w, o in zip(arrived, wait, outcome, strict=True)]
    tier = chance.choice(["high", "low"], n)
    rows = [(t, int(a), e, o) for t, a, e, o in zip(tier, arrived, ended, outcome, strict=True)]
    return log(rows, queue=pd.Series(chance.choice(["x", "y"], n), dtype="str"))


def at(seconds):
    return T0 + pd.Timedelta(seconds=seconds)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("passers", ["all", "queued"])
def test_a_stretch_counts_what_the_whole_log_counts(log, on_engines, seed, passers):
    contacts = drawn(log, seed)
    people = overtakes_by_contact(contacts, passers=passers).set_index("contact_id")
    begin, end = at(2000), at(3200)
    ended = contacts["wait_ended_at"].fillna(at(10**6))
    in_line = contacts[(contacts["queue"] == "x") & (contacts["arrived_at"] < end) & (ended >= begin)]
    frames = {**on_engines(contacts), "prepared": prepare(contacts)}
    for frame in frames.values():
        found = replay(frame, queue="x", from_at=begin, to_at=end, passers=passers, most=10**6)
        shown = found.contacts.set_index("contact_id")
        assert (found.n_shown, found.n_in_line) == (len(in_line), len(in_line))
        assert set(shown.index) == set(in_line["contact_id"])
        assert (shown["passed"] == people.loc[shown.index, "passed"]).all()
        assert (shown["passes"] == people.loc[shown.index, "passes"]).all()
        assert shown["arrived_at"].is_monotonic_increasing
        assert shown["place"].tolist() == list(range(len(shown)))


def test_the_overtakes_of_one_contact(log):
    rows = [
        ("low", 0, 100, "served"),  # C0
        ("high", 10, 20, "served"),  # C1 passes C0
        ("low", 15, 90, "abandoned"),  # C2 is passed by C3, passes nobody
        ("high", 30, 40, "served"),  # C3 passes C0 and C2
        ("low", 35, None, None),  # C4 waits still: passed by C5
        ("high", 50, 60, "served"),  # C5 passes C0, C2 and C4
    ]
    found = replay(log(rows), from_at=at(0), to_at=at(25))
    assert found.contacts["contact_id"].tolist() == ["C0", "C1", "C2"]
    first = found.passes_of("C0")
    assert first["direction"].tolist() == ["passed_by"] * 3
    assert first["contact_id"].tolist() == ["C1", "C3", "C5"]
    assert first["at"].tolist() == [at(20), at(40), at(60)]
    assert first["later_by_s"].tolist() == [10, 30, 50]
    assert first["shown"].tolist() == [True, False, False]
    whole = replay(log(rows), from_at=at(0), to_at=at(100))
    last = whole.passes_of("C5")
    assert sorted(last["contact_id"]) == ["C0", "C2", "C4"]
    assert set(last["at"]) == {at(60)}
    assert last["direction"].tolist() == ["passes"] * 3
    assert whole.contacts.set_index("contact_id").loc["C4", ["passed", "outcome"]].tolist() == [1, "waiting"]


def test_every_overtake_of_everybody_is_listed(log):
    contacts = drawn(log, 9, n=150, span=2500)
    found = replay(contacts, queue="y", from_at=at(0), to_at=at(3000), most=10**6)
    for row in found.contacts.itertuples():
        passes = found.passes_of(row.contact_id)
        assert (passes["direction"] == "passed_by").sum() == row.passed
        assert (passes["direction"] == "passes").sum() == row.passes
        assert passes["at"].is_monotonic_increasing


def test_bars_of_a_lane_do_not_overlap_and_lanes_are_few(log):
    shown = replay(drawn(log, 2), queue="x", from_at=at(1000), to_at=at(4000), most=10**6).contacts
    ended = shown["wait_ended_at"].fillna(at(10**6))
    for _, lane in shown.assign(ended=ended).groupby("lane"):
        assert (lane["arrived_at"].iloc[1:].to_numpy() >= lane["ended"].iloc[:-1].to_numpy()).all()
    at_once = max(((shown["arrived_at"] <= t) & (ended > t)).sum() for t in shown["arrived_at"])
    assert shown["lane"].max() + 1 <= at_once + 1


def test_it_shows_no_more_than_asked_and_says_of_how_many(log):
    contacts = drawn(log, 3)
    whole = replay(contacts, queue="x", from_at=at(0), to_at=at(6000), most=10**6)
    some = replay(contacts, queue="x", from_at=at(0), to_at=at(6000), most=7)
    assert (some.n_shown, some.n_in_line) == (7, whole.n_in_line)
    pd.testing.assert_frame_equal(some.contacts, whole.contacts.head(7))


def test_a_line_is_told_by_more_than_its_queue(log):
    contacts = drawn(log, 3).assign(location=pd.Series(["n", None] * 250, dtype="str"))
    north = replay(contacts, where={"queue": "x", "location": None}, from_at=at(0), to_at=at(6000), most=10**6)
    expected = contacts[(contacts["queue"] == "x") & contacts["location"].isna()]
    assert set(north.contacts["contact_id"]) == set(expected["contact_id"])


def test_an_empty_stretch_and_a_wrong_one(log):
    contacts = drawn(log, 3)
    assert replay(contacts, queue="x", from_at=at(-900), to_at=at(-800)).n_in_line == 0
    found = replay(contacts, queue="x", from_at=at(0), to_at=at(60))
    for wrong in (
        lambda: replay(contacts, queue="x", from_at=at(60), to_at=at(60)),
        lambda: replay(contacts, queue="x", from_at="noon", to_at=at(60)),
    ):
        with pytest.raises(CxError) as error:
            wrong()
        assert error.value.code == "bad_stretch"
    with pytest.raises(CxError) as error:
        found.passes_of("nobody")
    assert error.value.code == "no_contact"
    with pytest.raises(CxError) as error:
        replay(contacts, where={"channel": "x"}, from_at=at(0), to_at=at(60))
    assert error.value.code == "missing_column"


@pytest.mark.parametrize("every", ["hour", "hour_of_day", "weekday"])
def test_hours_are_ranked_by_what_they_do_to_the_others(log, every):
    contacts = drawn(log, 6, n=1500, span=10 * 86_400)
    contacts["wait_ended_at"] += (contacts["wait_ended_at"] - contacts["arrived_at"]) * 20
    found = hours_that_hurt(contacts, every=every, ranks=RANKS, zone="Asia/Shanghai", min_group=5)
    people = overtakes_by_contact(contacts, ranks=RANKS).assign(arrived_at=contacts["arrived_at"])
    lines = lines_of(contacts)
    stood, extra = re_served(lines)
    people["extra_s"] = pd.Series(extra / 1e6, index=stood.row)
    others = people[(people["tier"] == "low") & people["queued"]]
    local = others["arrived_at"].dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
    period = {"hour": local.dt.floor("h"), "hour_of_day": local.dt.hour, "weekday": local.dt.day_of_week}[every]
    expected = others.groupby(period)
    assert set(found["period"]) == set(expected.groups)
    for row in found.itertuples():
        mine = expected.get_group(row.period)
        was = mine["passed_by_higher"] > 0
        assert (row.n, row.n_passed, row.passed) == (len(mine), was.sum(), mine["passed_by_higher"].sum())
        assert row.n_passed_abandoned == (was & (mine["outcome"] == "abandoned")).sum()
        assert row.n_served == mine["extra_s"].notna().sum()
        if row.n_served >= 5:
            assert row.extra_wait_s == pytest.approx(mine["extra_s"].mean())
        assert row.too_few == (len(mine) < 5)
    sure = found[~found["too_few"]]
    assert sure["share_passed"].is_monotonic_decreasing
    assert sure["place"].tolist() == list(range(1, len(sure) + 1))
    if every == "hour_of_day":
        assert (found["n_days"] >= 7).any()
        there = sure[sure["method"] == "jackknife"]
        assert ((there["low"] <= there["share_passed"]) & (there["share_passed"] <= there["high"])).all()
        assert len(there) > 3
    if every == "hour":
        assert (found["method"] == "none").all()


def test_other_measures_rank_too(log):
    contacts = drawn(log, 6, n=1500, span=10 * 86_400)
    for measure in ("mean_passed", "extra_wait_s"):
        found = hours_that_hurt(contacts, ranks=RANKS, measure=measure)
        assert found.loc[~found["too_few"], measure].is_monotonic_decreasing
    with pytest.raises(CxError) as error:
        hours_that_hurt(contacts, ranks=RANKS, measure="anger")
    assert error.value.code == "unknown_choice"
    assert len(hours_that_hurt(log([]), ranks=RANKS)) == 0


def test_hours_are_those_of_the_counts_over_time(log):
    contacts = drawn(log, 8)
    found = hours_that_hurt(contacts, priority=["high"], every="hour").set_index("period")
    over = overtakes_over_time(contacts, every="hour")
    low = over[over["tier"] == "low"].set_index("period")
    assert (found["n"].sort_index() == low["n"].sort_index()).all()
