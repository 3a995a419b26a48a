"""What is planted in the quarter of contacts is what the measures of balance find."""

from __future__ import annotations

import pytest

from cxlib.demo import operator as op
from cxlib.fairness import (
    cost_to_others,
    hours_that_hurt,
    implied_head_start,
    passed_effects,
    traps,
    unexplained_passes,
)


@pytest.fixture(scope="module")
def head_starts(demo):
    return implied_head_start(demo.tables["contacts"], ranks=demo.tables["tiers"], zone=op.ZONE)


@pytest.mark.parametrize(
    ("queue", "planted"),
    [("billing", op.HEAD_START_S), ("technical", op.REVERSED_S), ("sales", op.HEAD_START_S)],
)
def test_the_rule_in_force_is_found_and_explains_every_pair(head_starts, queue, planted):
    found = head_starts[head_starts["queue"] == queue].set_index("tier")
    assert (found["all_violations"] == 0).all()
    assert (found["all_violations_declared"] > 0).all()
    assert found["identified"].all()
    assert found["proven"].all()
    for tier, seconds in zip(op.TIERS, planted, strict=True):
        ahead = seconds - planted[-1]
        assert found.loc[tier, "low_s"] <= ahead <= found.loc[tier, "high_s"]
        assert abs(found.loc[tier, "theta_s"] - ahead) <= 7
    assert found.loc[list(op.TIERS[:3]), "declared_s"].tolist() == [60, 30, 20]


def test_priority_for_need_shows_in_the_lines_of_the_counters_alone(demo):
    by_need = implied_head_start(demo.tables["contacts"], by="need", zone=op.ZONE).set_index(["queue", "need"])
    named = by_need.loc[("counter", "senior")]
    assert named["theta_s"] > 60
    assert abs(by_need.loc[("billing", "senior"), "theta_s"]) < 30


def test_nothing_but_rank_within_a_tier_is_left_unexplained(demo, head_starts):
    found = unexplained_passes(
        demo.tables["contacts"], ranks=demo.tables["tiers"], head_starts=head_starts, zone=op.ZONE
    )
    by_queue = found.counts.groupby("queue")[["passes", "unexplained"]].sum()
    assert by_queue.loc[["billing", "technical"], "unexplained"].tolist() == [0, 0]
    assert by_queue.loc["counter", "unexplained"] > 0  # courtesy goes by need and not by tier
    assert found.n == len(found.passes) or len(found.passes) == 200


@pytest.fixture(scope="module")
def effects(demo):
    return passed_effects(
        demo.tables["contacts"], customers=demo.tables["customers"], ranks=demo.tables["tiers"], zone=op.ZONE
    ).set_index(["outcome", "times"])


def test_what_being_passed_three_times_does_is_found_at_its_size(effects):
    for outcome, planted in (("csat", op.CSAT_PASSED), ("leaving", op.LEAVING_PASSED)):
        often = effects.loc[outcome, op.PASSED_MUCH]
        assert often["low"] < planted < often["high"]
        assert often["low"] * often["high"] > 0
        assert often["share_compared"] > 0.9
        assert often["method"] == "bootstrap"
    once = effects.loc["csat", 1]
    assert once["low"] < 0 < once["high"]


def test_being_passed_makes_nobody_give_up_and_is_not_said_to(effects):
    often = effects.loc["abandonment", op.PASSED_MUCH]
    assert often["low"] < 0 < often["high"]
    per_minute = 60 / op.PATIENCE_MEAN_S
    assert abs(often["mean"] - per_minute) < 0.04


def test_the_cost_to_others_is_found_where_priority_is_and_reversed_where_it_is_reversed(demo):
    costs = cost_to_others(
        demo.tables["contacts"], each=("queue",), ranks=demo.tables["tiers"], zone=op.ZONE
    ).set_index("queue")
    assert costs.loc["billing", "low_s"] > 0
    assert costs.loc[op.REVERSED_QUEUE, "high_s"] < 0
    assert costs["method"].eq("bootstrap").all()


def test_busy_hours_hurt_most(demo):
    hours = hours_that_hurt(demo.tables["contacts"], ranks=demo.tables["tiers"], zone=op.ZONE)
    assert set(hours["period"].head(3)) <= {9, 10, 11, 15}
    assert (hours["low"] <= hours["share_passed"]).all()


def test_the_traps_that_are_set_are_the_traps_that_are_said(demo):
    found = traps(demo.tables["contacts"], ranks=demo.tables["tiers"], zone=op.ZONE).set_index("code")
    assert found.loc["label_trap_in_queue", "examples"] == [op.TRAP_QUEUE]
    assert "label_trap" not in found.index
    assert found.loc["no_tier", "warned"]
    warned = set(found.index[found["warned"]])
    assert warned == {"label_trap_in_queue", "no_tier"}
