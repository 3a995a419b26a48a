"""The rule in force found from the order of service."""

from __future__ import annotations

import pytest

from cxlib.demo import operator as op
from cxlib.queueing import Fcfs, HeadStart, Reserved, Strict, fit_rule

RANKS = {"vip": 1, "general": 2}
SEEDS = range(10)


def fits(planted, rule, **options):
    return [fit_rule(planted(rule, seed=seed, **options), ranks=RANKS) for seed in SEEDS]


@pytest.mark.parametrize("load", [0.9, 0.95])
@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (Fcfs(), "fcfs"),
        (Strict(), "strict"),
        (HeadStart([30, 0]), "head_start"),
        (HeadStart([75, 0]), "head_start"),
        (Reserved([3, 0]), "reserved"),
        (Reserved([3, 0], overflow=False), "reserved"),
    ],
)
def test_the_rule_that_was_planted_is_found(planted, rule, kind, load):
    found = fits(planted, rule, load=load)
    assert sum(each.kind == kind for each in found) >= 8
    right = [each for each in found if each.kind == kind]
    if kind == "head_start":
        assert all(abs(each.rule.seconds["vip"] - rule.seconds[0]) <= 2 for each in right)
        assert all(each.distance > 0.02 and each.runner_up in {"fcfs", "strict", "reserved"} for each in right)
    if kind == "reserved":
        assert all(each.rule == Reserved({"vip": 3}, overflow=rule.overflow) for each in right)


@pytest.mark.parametrize("load", [0.9, 0.95])
@pytest.mark.parametrize("waits", [0.5, 1.0, 1.5])
def test_head_starts_of_half_to_one_and_a_half_mean_waits_are_found(planted, waits, load):
    right = 0
    for seed in SEEDS:
        plain = planted(Fcfs(), seed=seed, load=load)
        waited = (plain["wait_ended_at"] - plain["arrived_at"]).dt.total_seconds()
        ahead = float(round(waits * waited[waited > 0].mean()))
        found = fit_rule(planted(HeadStart([ahead, 0]), seed=seed, load=load), ranks=RANKS)
        right += found.kind == "head_start" and abs(found.rule.seconds["vip"] - ahead) <= 2
    assert right >= 8


def test_strict_is_not_told_from_a_head_start_longer_than_any_wait(planted):
    for each in fits(planted, HeadStart([100_000, 0]))[:3]:
        assert each.kind == "strict"
        assert "head_start" in each.alike
        assert 100 < each.at_least_s < 100_000
    assert fit_rule(planted(HeadStart([40, 0]), seed=0), ranks=RANKS).alike == ()


def test_few_pairs_tell_nothing(planted):
    found = fit_rule(planted(Strict(), seed=0, contacts=300, load=0.4), ranks=RANKS)
    assert (found.kind, found.rule, found.why) == ("cannot_tell", None, "few_pairs")


def test_an_order_by_chance_is_none_of_the_rules(planted):
    log = planted(Strict(), seed=0, load=0.95)
    log["tier"] = log["tier"].sample(frac=1, random_state=1).to_numpy()
    log = log.drop(columns="agent_id")
    found = fit_rule(log, ranks=RANKS)
    assert (found.kind, found.why) == ("cannot_tell", "no_rule")


def test_the_operator(operator, operator_ranks):
    found = fit_rule(operator.tables["contacts"], where={"queue": "billing"}, ranks=operator_ranks, zone=op.ZONE)
    assert found.kind == "head_start"
    assert found.rule.seconds == pytest.approx(dict(zip(op.TIERS, op.HEAD_START_S, strict=True)), abs=3)


def test_the_bank(bank_calls):
    calls = bank_calls[bank_calls["queue"] == "PS"]
    found = fit_rule(calls, by={"0": "regular", "1": "regular", "2": "VIP"}, ranks={"2": 1, "1": 2, "0": 2})
    assert found.kind == "head_start"
    assert found.rule.seconds["VIP"] == 89
    assert found.pairs == 4366
    assert found.candidates["violations"].iloc[0] == 371
