"""Patience told from waits that mostly ended in service."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from cxlib.queueing.patience import Patience


def test_the_curve_is_that_of_kaplan_and_meier():
    random = np.random.default_rng(3)
    waited, left = np.round(random.exponential(80, 900)) + 1, random.random(900) < 0.3
    ours, known = Patience.of(waited, left), SurvfuncRight(waited, left)
    inside = ours.at_s <= ours.tail_from_s
    at = ours.at_s[inside]
    theirs = dict(zip(known.surv_times, known.surv_prob, strict=True))
    assert len(at) > 50
    assert ours.survival(at) == pytest.approx([theirs[t] for t in at])


def test_exponential_patience_behind_service_is_found_again():
    random = np.random.default_rng(8)
    patience, offered = random.exponential(400, 40_000), random.exponential(90, 40_000)
    found = Patience.of(np.minimum(patience, offered), patience < offered)
    drawn = found.draw(random, np.zeros(100_000))
    assert drawn.mean() == pytest.approx(400, rel=0.05)
    assert np.quantile(drawn, [0.1, 0.5, 0.9]) == pytest.approx(400 * np.log([10 / 9, 2, 10]), rel=0.06)


def test_who_was_served_is_drawn_more_patience_than_the_wait():
    random = np.random.default_rng(2)
    patience = random.exponential(300, 20_000)
    found = Patience.of(np.minimum(patience, 200), patience < 200)
    survived = np.full(50_000, 120.0)
    drawn = found.draw(random, survived)
    assert (drawn >= survived).all()
    assert (drawn > 180).mean() == pytest.approx(np.exp(-60 / 300), abs=0.02)


def test_nobody_left_waits_for_ever():
    found = Patience.of(np.array([3.0, 5.0]), np.array([False, False]))
    assert np.isinf(found.draw(np.random.default_rng(0), np.zeros(3))).all()
    assert found.survival(np.array([1e6])).tolist() == [1.0]


def test_everybody_left():
    found = Patience.of(np.array([10.0, 20.0, 30.0]), np.array([True, True, True]))
    assert found.survival(np.array([0.0, 10.0, 20.0])) == pytest.approx([1, 2 / 3, 1 / 3])
    assert np.isfinite(found.draw(np.random.default_rng(1), np.zeros(100))).all()
