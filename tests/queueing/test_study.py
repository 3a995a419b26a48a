"""A queue under several rules, kept as frames and read back."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from cxlib.queueing import HeadStart
from cxlib.queueing.naming import rule_text
from cxlib.queueing.study import FRAMES, IN_FORCE, study, study_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxlib.queueing.policies import Policy

RANKS = {"vip": 1, "general": 2}


@pytest.fixture(scope="module")
def done(planted):
    log = planted(HeadStart([40, 0]), seed=5, contacts=5000)
    return study(log, ranks=RANKS, rules=["fcfs", "courtesy+strict", "reserved=1"], replications=2)


def through_parquet(frame: pd.DataFrame) -> pd.DataFrame:
    file = io.BytesIO()
    frame.to_parquet(file)
    return pd.read_parquet(file)


def test_it_is_read_back_as_it_was_kept(done):
    frames = {name: through_parquet(frame) for name, frame in done.frames().items()}
    assert tuple(frames) == FRAMES
    back, order = study_of(frames), done.class_order
    for name in ("class_order", "contacts", "days", "load", "cautions", "from_roster"):
        assert getattr(back, name) == getattr(done, name), name

    def written(rules: Iterable[Policy]) -> list[str]:
        return [rule_text(each, order) for each in rules]

    assert written([back.taken, back.fit.rule]) == written([done.taken, done.fit.rule])
    assert list(back.policies) == list(done.policies)
    assert written(back.policies.values()) == written(done.policies.values())
    assert back.fit.alike == done.fit.alike
    assert written(back.fit.candidates["rule"]) == written(done.fit.candidates["rule"])
    assert back.beside.verdict == done.beside.verdict
    pd.testing.assert_frame_equal(back.runs.summary(), done.runs.summary())
    pd.testing.assert_frame_equal(back.runs.differences(IN_FORCE), done.runs.differences(IN_FORCE))


def test_what_sizing_asks_is_that_of_the_busiest_hour():
    # Two days; at 10 o'clock UTC 4 and 2 arrive, at 9 one each: 3 in the busiest hour. Services of 60 s.
    day = datetime(2026, 3, 2, tzinfo=UTC)
    at = [
        *(day + timedelta(hours=10, minutes=10 * i) for i in range(4)),
        *(day + timedelta(days=1, hours=10, minutes=10 * i) for i in range(2)),
        *(day + timedelta(days=i, hours=9) for i in range(2)),
    ]
    waits = [0.0] * 7 + [100.0]
    log = pd.DataFrame(
        {
            "contact_id": [str(i) for i in range(8)],
            "tier": ["vip", "general"] * 4,
            "arrived_at": pd.to_datetime(at),
            "wait_s": waits,
            "outcome": ["served"] * 7 + ["abandoned"],
        }
    )
    ended = log["arrived_at"] + pd.to_timedelta(log["wait_s"] + 60, unit="s")
    log["ended_at"] = ended.where(log["outcome"] == "served")
    found = study(log, ranks=RANKS, rules=["fcfs"], replications=2)
    assert (found.arrivals_per_h, found.service_s, found.patience_s) == (3.0, 60.0, 100.0)
    assert (found.contacts, found.days) == (8, 2)
