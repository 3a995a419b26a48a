"""Everything about a log in one report: findings where they can be told, else why not."""

from __future__ import annotations

import pandas as pd
import pytest
from small_logs import small_log

from cxlib.fairness import cost_to_others, fairness_report, gaps, tier_substance
from cxlib.texts import LANGUAGES, set_language

TIERS = pd.DataFrame({"tier": ["A", "B"], "rank": [1, 2], "declared_rule": ["head start 90 s", "first come"]})
NAMES = ["gaps", "substance", "head_starts", "cost", "hours", "traps", "labels"]


@pytest.fixture(scope="module")
def log():
    return small_log(4)


def test_findings_are_those_of_the_functions(log):
    report = fairness_report(log, ranks=TIERS, zone="Asia/Shanghai")
    tables = {each.name: each.table for each in report.findings}
    assert list(tables) == NAMES
    assert not any(each.refused for each in report.findings)
    options = {"ranks": TIERS, "zone": "Asia/Shanghai"}
    pd.testing.assert_frame_equal(tables["gaps"], gaps(log, **options))
    pd.testing.assert_frame_equal(tables["substance"], tier_substance(log, **options))
    pd.testing.assert_frame_equal(tables["cost"], cost_to_others(log, **options))
    first = tables["head_starts"].query("tier == 'A'")
    assert list(first["declared_s"]) == [90, 90]
    assert set(tables["hours"]["period"]) == {17, 18, 19, 20}  # 9 to 12 in UTC


def test_without_ranks_it_says_what_is_missing(log):
    report = fairness_report(log)
    found = report.as_dict()
    assert found["substance"]["rows"] == []
    assert found["substance"]["refused"]["code"] == "no_ranks"
    assert found["substance"]["refused"]["text"] in report.said
    assert found["gaps"]["refused"] is None
    assert len(found["gaps"]["rows"]) >= 5


def test_names_with_a_status_word_are_told(log):
    report = fairness_report(log.assign(tier=log["tier"].replace({"A": "VIP"})), ranks={"VIP": 1, "B": 2})
    (row,) = report.as_dict()["labels"]["rows"]
    assert (row["kind"], row["name"]) == ("tier", "VIP")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_has_every_finding(log, language):
    set_language(language)
    try:
        report = fairness_report(log, ranks=TIERS)
        said = report.said
        assert all(each.said in said for each in report.findings)
        assert ("like for like" in said.lower()) == (language == "en")
        assert "nan" not in said.lower()
    finally:
        set_language("en")
