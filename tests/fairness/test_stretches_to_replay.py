"""The hours worth replaying are those with most passes of the others, line by line."""

from __future__ import annotations

import pandas as pd
import pytest

from cxlib.fairness.overtakes import overtakes_by_contact
from cxlib.fairness.stretches_to_replay import hours_to_replay

RANKS = {"p": 1, "r": 2}


def log(rows):
    frame = pd.DataFrame(rows, columns=["contact_id", "tier", "queue", "arrived_at", "wait_s", "outcome"])
    return frame.assign(arrived_at=pd.to_datetime(frame["arrived_at"], utc=True), queued=True)


def test_by_hand():
    # In a, 1 is passed by 2 and 3; in b, 4 is passed by 5, half an hour later by the clock of another hour.
    found = hours_to_replay(
        log(
            [
                ("1", "r", "a", "2026-03-02 09:10:00", 600, "served"),
                ("2", "p", "a", "2026-03-02 09:11:00", 60, "served"),
                ("3", "p", "a", "2026-03-02 09:12:00", 60, "served"),
                ("4", "r", "b", "2026-03-02 10:10:00", 600, "abandoned"),
                ("5", "p", "b", "2026-03-02 10:11:00", 60, "served"),
                ("6", "r", "b", "2026-03-02 10:55:00", 5, "served"),
                ("7", "r", "a", "2026-03-02 11:10:00", 600, "served"),
                ("8", "r", "a", "2026-03-02 11:11:00", 60, "served"),
            ]
        ),
        ranks=RANKS,
    )
    assert found[["queue", "hour_of_day", "n", "n_passed", "passed"]].to_numpy().tolist() == [
        ["a", 9, 1, 1, 2],
        ["b", 10, 2, 1, 1],
    ]
    assert [str(at) for at in found["from_at"]] == ["2026-03-02 09:00:00+00:00", "2026-03-02 10:00:00+00:00"]
    assert (found["to_at"] - found["from_at"] == pd.Timedelta(hours=1)).all()


def test_without_ranks_everybody_counts():
    rows = [("1", "r", "a", "2026-03-02 11:10:00", 600, "served"), ("2", "r", "a", "2026-03-02 11:11:00", 60, "served")]
    found = hours_to_replay(log(rows))
    assert found[["hour_of_day", "n", "passed"]].to_numpy().tolist() == [[11, 2, 1]]


@pytest.mark.parametrize(
    ("zone", "hour", "from_at"),
    [
        ("Asia/Kolkata", 14, "2026-03-02 08:30:00+00:00"),  # half an hour beside the hours of UTC
        ("Asia/Shanghai", 17, "2026-03-02 09:00:00+00:00"),
    ],
)
def test_hours_are_those_of_the_zone(zone, hour, from_at):
    rows = [("1", "r", "a", "2026-03-02 09:10:00", 600, "served"), ("2", "p", "a", "2026-03-02 09:11:00", 60, "served")]
    found = hours_to_replay(log(rows), ranks=RANKS, zone=zone).iloc[0]
    assert (found["hour_of_day"], str(found["from_at"])) == (hour, from_at)


def test_an_hour_that_is_there_twice_is_two_hours():
    # On 25 October 2026 clocks in Berlin went back at 01:00 UTC: 02:00 to 03:00 was there at 00:00 and at 01:00 UTC.
    rows = [
        (f"{hour}{i}", tier, "a", f"2026-10-25 {hour:02d}:1{i}:00", wait, "served")
        for hour in (0, 1)
        for i, (tier, wait) in enumerate((("r", 600), ("p", 60)))
    ]
    found = hours_to_replay(log(rows), ranks=RANKS, zone="Europe/Berlin")
    assert found["hour_of_day"].tolist() == [2, 2]
    assert [str(at) for at in found["from_at"]] == ["2026-10-25 00:00:00+00:00", "2026-10-25 01:00:00+00:00"]


def test_the_hours_hold_every_pass_of_the_others(small_contacts):
    found = hours_to_replay(small_contacts, ranks=RANKS, most=10_000)
    every = overtakes_by_contact(small_contacts, ranks=RANKS)
    others = every[(every["tier"] != "p") & every["queued"]]
    assert found["passed"].sum() == others["passed_by_higher"].sum()
    assert found["n_passed"].sum() == (others["passed_by_higher"] > 0).sum()


@pytest.fixture
def small_contacts():
    generator = pd.Series(range(400))
    return log(
        [
            (
                str(i),
                "p" if i % 3 == 0 else "r",
                "ab"[i % 2],
                f"2026-03-{2 + i % 5:02d} {8 + i % 7:02d}:{i % 60:02d}:00",
                (i * 37) % 900,
                "served",
            )
            for i in generator
        ]
    )
