"""Logs that lack what a measure rests on: each measure answers with what there is, or says what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import CxError
from cxlib.fairness import (
    implied_head_start,
    passed_effects,
    queue_numbers,
    replay,
    traps,
    unexplained_passes,
    violation_curves,
)

T0 = pd.Timestamp("2026-03-02 09:00:00", tz="UTC")
RANKS = {"a": 1, "b": 2}


@pytest.fixture
def sound(log):
    chance = np.random.default_rng(1)
    arrived = np.sort(chance.integers(0, 3600, 200))
    rows = [
        ("ab"[i % 2], int(a), int(a) + int(w), "served")
        for i, (a, w) in enumerate(zip(arrived, chance.integers(1, 300, 200), strict=True))
    ]
    return log(rows, queue="x")


MEASURES = {
    "numbers": lambda contacts: queue_numbers(contacts, ranks=RANKS).summary,
    "head start": lambda contacts: implied_head_start(contacts, ranks=RANKS),
    "curves": lambda contacts: violation_curves(contacts, ranks=RANKS),
    "unexplained": lambda contacts: unexplained_passes(contacts, ranks=RANKS).counts,
    "effects": lambda contacts: passed_effects(contacts, ranks=RANKS),
    "replay": lambda contacts: replay(contacts, from_at=T0, to_at=T0 + pd.Timedelta(hours=1)).contacts,
    "traps": lambda contacts: traps(contacts, ranks=RANKS),
}


def one_tier(frame):
    return frame.assign(tier="a")


def all_zero(frame):
    return frame.assign(wait_ended_at=frame["arrived_at"])


def without_zone(frame):
    times = ["arrived_at", "wait_ended_at"]
    return frame.assign(**{name: frame[name].dt.tz_localize(None) for name in times})


def no_outcomes(frame):
    return frame.drop(columns="outcome")


def impossible(frame):
    ended = frame["wait_ended_at"].where(frame.index % 3 > 0, frame["arrived_at"] - pd.Timedelta(seconds=9))
    return frame.assign(wait_ended_at=ended, started_at=frame["arrived_at"] - pd.Timedelta(seconds=1))


def nobody_known(frame):
    return frame.assign(tier=pd.Series(None, index=frame.index, dtype="str"))


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize(
    "spoil", [one_tier, all_zero, without_zone, no_outcomes, impossible, nobody_known], ids=lambda each: each.__name__
)
def test_what_is_there_is_told(sound, spoil, name):
    assert isinstance(MEASURES[name](spoil(sound)), pd.DataFrame)


@pytest.mark.parametrize("name", MEASURES)
def test_times_without_a_zone_are_read_as_utc(sound, name):
    pd.testing.assert_frame_equal(MEASURES[name](without_zone(sound)), MEASURES[name](sound))


@pytest.mark.parametrize("name", [name for name in MEASURES if name != "traps"])
@pytest.mark.parametrize("column", ["tier", "arrived_at"])
def test_what_is_missing_is_named(sound, name, column):
    with pytest.raises(CxError) as error:
        MEASURES[name](sound.drop(columns=column))
    assert error.value.code == "missing_column"
    assert error.value.column == column
