"""What conditions add to a gap."""

from __future__ import annotations

import pandas as pd
import pytest

from cxlib.fairness import gap_drivers, gap_strata

# Two queues; in q the priority tier waits 10 s and the regular one 30, in r both wait 20: all of the gap is in q.
ROWS = [
    (queue, hour, tier, wait)
    for queue, waits in (("q", {"priority": 10, "regular": 30}), ("r", {"priority": 20, "regular": 20}))
    for hour in (9, 10)
    for tier, wait in waits.items()
    for _ in range(3)
]
CONTACTS = pd.DataFrame(
    {
        "contact_id": [str(i) for i in range(len(ROWS))],
        "queue": [row[0] for row in ROWS],
        "tier": [row[2] for row in ROWS],
        "arrived_at": pd.to_datetime([f"2026-03-02 {row[1]:02d}:{i:02d}:00" for i, row in enumerate(ROWS)], utc=True),
        "wait_s": [float(row[3]) for row in ROWS],
        "outcome": "served",
    }
)


def strata() -> pd.DataFrame:
    return gap_strata(CONTACTS, outcome="wait", ranks={"priority": 1, "regular": 2}, min_group=1)


def test_each_condition_adds_up_to_the_gap() -> None:
    # half of the regular contacts are in q, where they wait 20 s longer: the gap is 10 s
    table = gap_drivers(strata(), min_group=1)
    by = table.groupby("condition")[["contribution", "share_of_gap"]].sum()
    assert by["contribution"].to_dict() == pytest.approx({"queue": 10, "weekday": 10, "hour": 10})
    assert by["share_of_gap"].to_dict() == pytest.approx({"queue": 1, "weekday": 1, "hour": 1})
    queues = table[table["condition"] == "queue"].set_index("value")
    assert queues["contribution"].to_dict() == pytest.approx({"q": 10, "r": 0})
    assert queues.loc["q", ["n_reference", "n_other"]].tolist() == [6, 6]
    assert list(queues.index) == ["q", "r"]  # the strongest first


def test_small_parts_are_marked_and_kept() -> None:
    table = gap_drivers(strata(), min_group=7)
    assert table.loc[table["condition"] == "queue", "too_few"].all()
    assert not table.loc[table["condition"] == "weekday", "too_few"].any()
    assert table["contribution"].notna().all()


def test_without_strata_there_are_no_drivers() -> None:
    assert gap_drivers(strata().iloc[:0]).empty
