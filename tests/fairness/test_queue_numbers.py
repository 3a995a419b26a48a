"""All numbers at once are those of each measure by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.fairness import (
    cost_to_others,
    hours_that_hurt,
    overtakes,
    overtakes_over_time,
    passed_distribution,
    passed_summary,
    queue_numbers,
    routing_and_rank,
    waits_re_served,
)

RANKS = {"a": 1, "b": 2}


@pytest.fixture
def contacts(log):
    chance = np.random.default_rng(4)
    arrived = chance.integers(0, 9 * 86_400, 800)
    rows = [
        (str(t), int(a), int(a + w), str(o))
        for t, a, w, o in zip(
            chance.choice(["a", "b"], 800),
            arrived,
            chance.integers(0, 9000, 800),
            chance.choice(["served", "abandoned"], 800, p=[0.9, 0.1]),
            strict=True,
        )
    ]
    return log(rows, queue=pd.Series(chance.choice(["x", "y"], 800), dtype="str"))


def test_they_are_the_measures(contacts):
    zone = "Asia/Shanghai"
    found = queue_numbers(contacts, ranks=RANKS, zone=zone)
    expected = {
        "pairs": overtakes(contacts, ranks=RANKS),
        "summary": passed_summary(contacts, ranks=RANKS),
        "pairs_one_line": overtakes(contacts, ranks=RANKS, pool=None),
        "summary_one_line": passed_summary(contacts, ranks=RANKS, pool=None),
        "routing": routing_and_rank(contacts, ranks=RANKS),
        "by_queue": passed_summary(contacts, ranks=RANKS, each=("queue",)),
        "by_hour_of_day": overtakes_over_time(contacts, ranks=RANKS, every="hour_of_day", zone=zone),
        "by_hour_of_week": overtakes_over_time(contacts, ranks=RANKS, every="hour_of_week", zone=zone),
        "by_day": overtakes_over_time(contacts, ranks=RANKS, every="day", zone=zone),
        "times_passed": passed_distribution(contacts, ranks=RANKS),
        "times_passing": passed_distribution(contacts, ranks=RANKS, of="passes"),
        "re_served": waits_re_served(contacts, ranks=RANKS),
        "cost": cost_to_others(contacts, ranks=RANKS, zone=zone),
        "cost_by_queue": cost_to_others(contacts, ranks=RANKS, zone=zone, each=("queue",)),
        "worst_hours": hours_that_hurt(contacts, ranks=RANKS, zone=zone),
        "worst_hours_of_week": hours_that_hurt(contacts, ranks=RANKS, zone=zone, every="hour_of_week"),
    }
    assert set(found.frames) == set(expected)
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(found.frames[name], frame, obj=name)


def test_without_ranks_and_queues_there_is_what_there_is(contacts):
    found = queue_numbers(contacts.drop(columns="queue"))
    missing = {"by_queue", "cost", "cost_by_queue", "worst_hours", "worst_hours_of_week"}
    assert missing.isdisjoint(found.frames)
    assert found.routing["one_line"].all()
    named = queue_numbers(contacts, priority=["a"])
    assert named.cost is not None
    assert named.cost["n_priority"].iloc[0] > 0
