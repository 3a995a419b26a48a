"""Rules written as short texts, and said in words."""

from __future__ import annotations

import pytest

from cxlib.errors import CxError
from cxlib.queueing import (
    Accumulating,
    Courtesy,
    Fcfs,
    HeadStart,
    MaxPasses,
    Reserved,
    Strict,
    WaitCap,
)
from cxlib.queueing.naming import KNOWN, rule_brief, rule_of, rule_said, rule_text
from cxlib.texts import speaking

ORDER = ["first", "second", "rest"]


@pytest.mark.parametrize(
    ("text", "rule", "said"),
    [
        ("fcfs", Fcfs(), "First come, first served"),
        (" STRICT ", Strict(), "Strict priority"),
        ("head_start=60", HeadStart({"first": 60}), "Head start: first 60 s"),
        ("head_start=90.5,20", HeadStart({"first": 90.5, "second": 20}), None),
        ("head_start=0", HeadStart({"first": 0}), "First come, first served"),
        ("accumulating=3", Accumulating({"first": 3}), None),
        ("max_passes=2", MaxPasses(2), "Strict priority, nobody passed more than 2 times"),
        ("wait_cap=50", WaitCap(50), "Strict priority up to a wait of 50 s"),
        ("reserved=2", Reserved({"first": 2}), "Agents kept for first 2, who help others when idle"),
        ("reserved_only=2", Reserved({"first": 2}, overflow=False), "Agents kept for first 2 alone"),
        ("courtesy+strict", Courtesy(Strict()), "Strict priority, those with a need as the first tier"),
    ],
)
def test_a_text_is_a_rule(text, rule, said):
    assert rule_of(text, ORDER) == rule
    if said is not None:
        assert rule_said(rule, ORDER) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vip",
        "fcfs=1",
        "head_start",
        "head_start=",
        "head_start=x",
        "head_start=1,2,3,4",
        "max_passes=1.5",
        "max_passes=1,2",
        "reserved=nan",
        "courtesy+courtesy+strict",
    ],
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(CxError) as error:
        rule_of(text, ORDER)
    assert error.value.code == "bad_rule"


@pytest.mark.parametrize(("text", "code"), [("head_start=-1", "bad_head_start"), ("max_passes=-1", "bad_count")])
def test_numbers_that_no_rule_can_have(text, code):
    with pytest.raises(CxError) as error:
        rule_of(text, ORDER)
    assert error.value.code == code


def test_examples_are_rules_and_are_said_in_both_languages():
    for text in KNOWN:
        rule = rule_of(text, ORDER)
        english = rule_said(rule, ORDER)
        with speaking("zh_CN"):
            assert rule_said(rule, ORDER) != english


@pytest.mark.parametrize(
    "text", [*KNOWN, "courtesy+strict", "courtesy+head_start=30.5", "accumulating=1,4", "reserved=0,2"]
)
def test_a_rule_is_written_as_it_is_read(text):
    rule = rule_of(text, ORDER)
    written = rule_text(rule, ORDER)
    assert rule_of(written, ORDER).ranking(ORDER) is not None
    assert rule_text(rule_of(written, ORDER), ORDER) == written == text


def test_a_rule_given_by_place_is_written_the_same():
    assert rule_text(HeadStart([60.0, 0.0, 0.0]), ORDER) == "head_start=60"
    assert rule_text(HeadStart([0.0, 0.0, 0.0]), ORDER) == "head_start=0"


def test_marks_of_charts_are_short():
    assert [rule_brief(rule_of(text, ORDER), ORDER) for text in KNOWN] == [
        "in order",
        "strict",
        "+60 s",
        "+120/60 s",
        "×3",
        "≤ 2 passes",
        "cap 120 s",
        "2 kept",
        "2 kept",
    ]
    assert rule_brief(rule_of("courtesy+strict", ORDER), ORDER) == "strict + need"
    assert rule_said(rule_of("head_start=60", ORDER), ORDER, str.upper).startswith("Head start: " + ORDER[0].upper())
