"""Who was on duty, told from who was busy."""

from __future__ import annotations

import numpy as np
import pytest

from cxlib.queueing.staffing import as_schedule, observe, on_duty, presence

EDGES = np.array([0.0, 900.0, 1800.0])


def test_observed_by_hand():
    # two services, one wait beside both of them, a second quarter hour with one service alone
    seen = observe(np.array([0.0, 100.0]), np.array([600.0, 1500.0]), (np.array([200.0]), np.array([600.0])), EDGES)
    assert seen.waiting_s.tolist() == [400, 0]
    assert seen.busy_waiting[0] == 2
    assert np.isnan(seen.busy_waiting[1])
    assert seen.busy_most.tolist() == [2, 1]
    assert seen.busy_mean == pytest.approx([(600 + 800) / 900, 600 / 900])


def test_while_somebody_waits_those_busy_are_counted_and_else_it_is_like_other_days():
    seen = observe(
        np.array([0.0, 0.0, 900.0]), np.array([900.0, 900.0, 1000.0]), (np.array([10.0]), np.array([500.0])), EDGES
    )
    same_time = on_duty(seen, day=np.array([0, 7]), slot=np.array([4, 4]))
    assert same_time.tolist() == [2, 2]
    other_time = on_duty(seen, day=np.array([0, 0]), slot=np.array([4, 5]))
    assert other_time.tolist() == [2, 1]


def test_nobody_busy_is_nobody_on_duty():
    seen = observe(np.array([0.0]), np.array([500.0]), (np.zeros(0), np.zeros(0)), EDGES)
    assert on_duty(seen, day=np.array([0, 0]), slot=np.array([0, 1])).tolist() == [1, 0]


def test_agents_are_there_between_two_contacts_but_not_over_a_long_break():
    agent = np.array([0, 0, 1, 1, -1])
    begin, done = np.array([0.0, 800.0, 0.0, 5000.0, 0.0]), np.array([100.0, 900.0, 450.0, 5400.0, 900.0])
    assert presence(agent, begin, done, EDGES).tolist() == [1.5, 0.0]


def test_a_fraction_of_an_agent_is_there_for_that_part():
    times, counts = as_schedule(EDGES, np.array([2.25, 3.0]))
    assert times.tolist() == [0, 225, 900, 1800]
    assert counts.tolist() == [3, 2, 3, 0]
    times, counts = as_schedule(EDGES, np.array([2.0, 2.0]))
    assert (times.tolist(), counts.tolist()) == ([0, 1800], [2, 0])
