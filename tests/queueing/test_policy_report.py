"""A queue under several rules in one go."""

from __future__ import annotations

import json

import pytest

from cxlib.demo import operator as op
from cxlib.errors import CxError
from cxlib.queueing import HeadStart, Strict
from cxlib.queueing.report import policy_report
from cxlib.queueing.study import IN_FORCE, USUAL
from cxlib.texts import speaking

RANKS = {"vip": 1, "general": 2}


@pytest.fixture(scope="module")
def report(operator, operator_ranks):
    return policy_report(
        operator.tables["contacts"],
        where={"queue": "billing"},
        ranks=operator_ranks,
        zone=op.ZONE,
        replications=3,
        rules=["fcfs", "strict", "head_start=120,60"],
    )


def test_the_rule_in_force_is_found_and_simulated_first(report):
    assert report.study.fit.kind == "head_start"
    assert report.study.beside.verdict == "good"
    assert list(report.study.policies) == [IN_FORCE, "fcfs", "strict", "head_start=120,60"]
    # the rule that is in force, written down, is what was found
    table = report.frontier.set_index("policy")
    assert table.loc["head_start=120,60", ["gain", "loss"]].tolist() == pytest.approx([0, 0], abs=0.5)
    assert table.loc["strict", "gain"] > 10
    assert table.loc["fcfs", "gain"] < 0
    assert table.loc["strict", "loss"] > 0 > table.loc["fcfs", "loss"]


def test_it_is_said_in_both_languages_and_as_json(report):
    said = report.said
    assert "The order of service is that of: Head start" in said
    with speaking("zh_CN"):
        assert "The order" not in report.said
    found = json.loads(json.dumps(report.as_dict()))
    assert found["fit"]["kind"] == "head_start"
    assert {row["policy"] for row in found["summary"]} == set(report.study.policies)


def test_more_agents_under_the_rules_tried_only(planted):
    log = planted(HeadStart([40, 0]), seed=3, contacts=4000)
    options = {"ranks": RANKS, "rules": ["head_start=40"], "replications": 2}
    as_is, more = policy_report(log, **options), policy_report(log, agents=1, **options)
    for group in ("vip", "general"):
        wait = [each.study.runs.values(IN_FORCE, group, "mean_wait_s").mean() for each in (as_is, more)]
        assert wait[0] == wait[1]
        wait = [each.study.runs.values("head_start=40", group, "mean_wait_s").mean() for each in (as_is, more)]
        assert wait[1] < 0.9 * wait[0]


def test_strict_is_said_with_what_it_cannot_be_told_from(planted):
    found = policy_report(planted(Strict(), seed=3, contacts=4000), ranks=RANKS, replications=2)
    assert list(found.study.policies) == [IN_FORCE, *USUAL]
    assert "It cannot be told from a head start of" in found.said


def test_a_rule_that_is_none_is_refused(planted):
    with pytest.raises(CxError):
        policy_report(planted(Strict(), seed=3, contacts=2000), ranks=RANKS, rules=["first"])


def test_it_can_be_stopped(planted):
    class StoppedError(Exception):
        pass

    def stop(share):
        if share > 0.6:
            raise StoppedError

    with pytest.raises(StoppedError):
        policy_report(planted(Strict(), seed=3, contacts=2000), ranks=RANKS, report=stop)
