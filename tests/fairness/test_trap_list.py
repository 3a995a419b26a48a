from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.fairness.trap_list import TRAPS, traps

T0 = pd.Timestamp("2026-03-02 09:00:00", tz="UTC")
RANKS = {"a": 1, "b": 2}


def sound(log, n_days=10):
    """A log without any trap."""
    rows = [
        ("ab"[i % 2], day * 86_400 + 60 * i, day * 86_400 + 60 * i + 30 * (i % 3), "abandoned" if i == 7 else "served")
        for day in range(n_days)
        for i in range(60)
    ]
    return log(rows)


def found(contacts, **options):
    table = traps(contacts, **{"ranks": RANKS, **options})
    assert set(table["code"]) <= set(TRAPS)
    return table.set_index("code")


def test_a_sound_log_has_none(log):
    assert len(traps(sound(log), ranks=RANKS)) == 0


def test_tiers(log):
    contacts = sound(log)
    assert found(contacts.drop(columns="tier")).index.tolist() == ["no_tier_column"]
    assert found(contacts.assign(tier="a")).loc["one_tier", "examples"] == ["a"]
    assert found(contacts, ranks=None).loc["no_ranks", "warned"]
    few = contacts.copy()
    few.loc[[1, 3, 5], "tier"] = "c"
    row = found(few).loc["few_in_tier"]
    assert (row["n"], row["of"], row["examples"]) == (1, 3, ["c"])
    lacking = contacts.copy()
    lacking.loc[:99, "tier"] = None
    row = found(lacking).loc["no_tier"]
    assert (row["n"], row["of"], row["warned"]) == (100, 600, True)
    assert row["examples"] == ["C0", "C1", "C2", "C3", "C4"]


def test_labels_that_depend_on_having_queued(log):
    contacts = sound(log)
    at_once = contacts["wait_ended_at"] == contacts["arrived_at"]
    hidden = contacts.assign(tier=contacts["tier"].mask(at_once))
    assert found(hidden).loc["label_trap", "share"] == 1
    two = pd.concat([contacts.assign(queue="x"), contacts.assign(queue="x"), hidden.assign(queue="y")])
    two["contact_id"] = [f"C{i}" for i in range(len(two))]
    rows = found(two)
    assert "label_trap" not in rows.index
    row = rows.loc["label_trap_in_queue"]
    assert (row["examples"], row["share"], row["n"], row["warned"]) == (["y"], 1, at_once.sum(), True)


@pytest.mark.real_data
def test_the_bank(bank_calls):
    rows = found(bank_calls, ranks={"2": 1, "1": 2, "0": 3})
    assert rows.index[0] == "label_trap"
    assert round(rows.loc["label_trap", "share"], 3) == 0.687
    queued = found(bank_calls[bank_calls["queued"].astype(bool)], ranks={"2": 1, "1": 2, "0": 3})
    assert not {"label_trap", "label_trap_in_queue"} & set(queued.index)


def test_days(log):
    assert found(sound(log, n_days=5)).loc["few_days", ["n", "of"]].tolist() == [5, 7]
    contacts = sound(log)
    late = contacts[contacts["arrived_at"] >= T0 + pd.Timedelta(minutes=10)].copy()
    assert "first_day_cut" not in found(late).index
    times = [s + 86_400 * day for day in range(9) for s in range(0, 36_000, 600)]
    rows = [(tier, s, s + 40, "served") for s in times for tier in "ab"]
    whole = log(rows)
    begun = whole[whole["arrived_at"] >= T0 + pd.Timedelta(hours=4)]
    assert found(begun).loc["first_day_cut", "examples"] == ["2026-03-02"]
    ended = whole[whole["arrived_at"] < T0 + pd.Timedelta(days=8, hours=5)]
    row = found(ended).loc["last_day_cut"]
    assert (row["examples"], row["n"]) == (["2026-03-10"], 60)


def test_times_that_cannot_be(log):
    contacts = sound(log).assign(started_at=lambda frame: frame["wait_ended_at"])
    contacts["ended_at"] = contacts["started_at"] + pd.Timedelta(seconds=20)
    contacts.loc[3, "wait_ended_at"] = contacts.loc[3, "arrived_at"] - pd.Timedelta(seconds=1)
    contacts.loc[4, "ended_at"] = contacts.loc[4, "started_at"] - pd.Timedelta(seconds=1)
    contacts.loc[5, "started_at"] = contacts.loc[5, "arrived_at"] - pd.Timedelta(seconds=1)
    contacts.loc[8, "wait_ended_at"] = contacts.loc[8, "arrived_at"] + pd.Timedelta(days=2)
    contacts.loc[10, ["wait_ended_at", "started_at"]] = pd.NaT
    contacts.loc[11, "arrived_at"] = pd.NaT
    contacts.loc[12, ["wait_ended_at", "started_at", "ended_at"]] = pd.NaT
    contacts.loc[12, "outcome"] = "waiting"
    rows = found(contacts)
    for code, contact in (
        ("end_before_arrival", "C3"),
        ("service_end_before_start", "C4"),
        ("start_before_arrival", "C5"),
        ("wait_over_a_day", "C8"),
        ("wait_unknown", "C10"),
        ("no_arrival", "C11"),
        ("still_waiting", "C12"),
    ):
        assert (rows.loc[code, "n"], rows.loc[code, "examples"]) == (1, [contact])
    assert rows.index[0] == "wait_over_a_day"


def test_two_at_once(log):
    contacts = sound(log)
    contacts["agent_id"] = [f"A{i % 3}" for i in range(len(contacts))]
    contacts["ended_at"] = contacts["wait_ended_at"] + pd.Timedelta(seconds=100)
    assert "agent_overlap" not in found(contacts).index
    contacts.loc[[30, 33, 36], "ended_at"] += pd.Timedelta(seconds=400)
    begin, end = contacts["wait_ended_at"], contacts["ended_at"]
    over = [
        name
        for i, name in enumerate(contacts["contact_id"])
        if contacts["outcome"][i] == "served"
        and any(
            j != i and contacts["agent_id"][j] == contacts["agent_id"][i] and begin[j] < begin[i] < end[j]
            for j in range(max(0, i - 20), min(i + 20, len(contacts)))
        )
    ]
    row = found(contacts).loc["agent_overlap"]
    assert (row["n"], row["examples"]) == (len(over), over[:5])
    contacts["customer_id"] = [f"P{i}" for i in range(len(contacts))]
    contacts.loc[[8, 9], "customer_id"] = "Q"
    contacts.loc[8, "wait_ended_at"] = contacts.loc[9, "arrived_at"] + pd.Timedelta(seconds=1)
    contacts.loc[9, "wait_ended_at"] = contacts.loc[9, "arrived_at"] + pd.Timedelta(seconds=50)
    assert found(contacts).loc["customer_overlap", "examples"] == ["C9"]


def test_changes_of_the_clock(log):
    spring = found(sound(log, n_days=40), zone="Europe/Berlin").loc["hour_missing"]
    assert (spring["n"], spring["examples"], spring["warned"]) == (0, ["2026-03-29 02:00"], False)
    autumn = sound(log, n_days=20)
    for name in ("arrived_at", "wait_ended_at"):
        autumn[name] += pd.Timestamp("2026-10-15 00:30", tz="UTC") - T0
    row = found(autumn, zone="Europe/Berlin").loc["hour_doubled"]
    assert (row["examples"], row["warned"]) == (["2026-10-25 02:00"], True)
    local = autumn["arrived_at"].dt.tz_convert("Europe/Berlin")
    doubled = (local.dt.date == pd.Timestamp("2026-10-25").date()) & (local.dt.hour == 2)
    assert row["n"] == doubled.sum() > 0
    assert not {"hour_missing", "hour_doubled"} & set(found(autumn, zone="Asia/Shanghai").index)


def test_nobody_queued_and_nobody_left(log):
    contacts = sound(log)
    waits = contacts.assign(wait_ended_at=contacts["arrived_at"])
    assert found(waits).loc["nobody_queued", "n"] == 600
    assert found(contacts.assign(outcome="served")).loc["nobody_left", "warned"]


def test_what_is_known_can_be_left_out_and_all_engines_say_the_same(log, on_engines):
    contacts = sound(log).assign(outcome="served")
    assert "nobody_left" not in found(contacts, passes_over={"nobody_left"}).index
    contacts.loc[:99, "tier"] = None
    tables = [traps(frame, ranks=RANKS) for frame in on_engines(contacts).values()]
    for other in tables[1:]:
        pd.testing.assert_frame_equal(tables[0], other)


def test_an_empty_log(log):
    assert np.isfinite(traps(log([]), ranks=RANKS)["n"]).all()
