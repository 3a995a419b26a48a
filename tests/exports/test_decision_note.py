"""The decision note: the numbers of the simulation, in words, on one page that needs nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from cxlib.exports.decision_note import (
    Decision,
    between_said,
    change_said,
    change_sentence,
    decision_note,
    promise_said,
)
from cxlib.queueing import HeadStart
from cxlib.queueing.promises import Promise, kept
from cxlib.queueing.study import IN_FORCE, study
from cxlib.texts import speaking

RANKS = {"vip": 1, "general": 2}


@pytest.fixture(scope="module")
def done(planted):
    log = planted(HeadStart([40, 0]), seed=5, contacts=6000)
    return study(log, ranks=RANKS, rules=["fcfs", "strict"], replications=4)


def decided(done, rule="fcfs", **more):
    return Decision(study=done, runs=done.runs, rule=rule, place="calls", **more)


class Seen(HTMLParser):
    """Texts of a page, and what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.fetched += [f"{tag} {name}={value}" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.texts.append(data.strip())


def seen(html: bytes) -> Seen:
    found = Seen()
    found.feed(html.decode())
    return found


def test_it_says_the_means_and_the_changes_of_the_runs(done):
    found = seen(decision_note(decided(done), scope=[("Data set", "Mine")]))
    for group in ("vip", "general"):
        mean = done.runs.values("fcfs", group, "mean_wait_s").mean()
        change = (
            done.runs.values("fcfs", group, "mean_wait_s") - done.runs.values(IN_FORCE, group, "mean_wait_s")
        ).mean()
        assert f"{mean:.0f} s" in found.texts
        assert change_said("mean_wait_s")(change) in found.texts  # the bar
        assert any(text.startswith(between_said("mean_wait_s", change, change, change)[:3]) for text in found.texts)
    assert not found.fetched
    assert {"Data set", "Mine", "Decision note", "Taken for granted"} <= set(found.texts)


def test_the_first_class_waits_longer_and_the_others_less_without_their_head_start(done):
    said = change_sentence(decided(done))
    assert re.match(r"First come, first served: vip waits .* longer.*, general waits .* less.*, compared", said)
    assert "1 agent more than today" in change_sentence(decided(done, staff="1 agent more than today"))


def test_today_against_itself_changes_nothing(done):
    assert change_sentence(decided(done, rule=IN_FORCE)).endswith("compared with today.")


def test_promises_say_whether_they_are_kept(done):
    wait = float(done.runs.values("strict", "vip", "mean_wait_s").mean())
    table = kept(
        done.runs, "strict", [Promise("vip", "mean_wait_s", 2 * wait), Promise("vip", "mean_wait_s", wait / 2)]
    )
    good, bad = (promise_said(row, str, 20.0) for row in table.to_dict("records"))
    assert "Kept: " in good
    assert "Not kept: " in bad
    html = decision_note(decided(done, rule="strict", promised=table), scope=[]).decode()
    assert "Not kept: " in html


def test_names_from_a_file_are_no_markup(done):
    html = decision_note(
        decided(done, say=lambda name: f"<b onclick=x>{name}</b>"), scope=[("<i>", "<script>")]
    ).decode()
    assert "<b onclick" not in html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_it_is_written_in_the_readers_language(done):
    with speaking("zh_CN"):
        html = decision_note(decided(done), scope=[]).decode()
    assert '<html lang="zh-CN">' in html
    assert "决策说明" in html
    assert not re.search(r"waits|today|Mean wait|Taken", html)


@pytest.mark.parametrize(
    ("name", "value", "ends", "said", "between"),
    [
        ("mean_wait_s", 5.66, (5.4, 5.9), "+5.7 s", "+5.7 [+5.4, +5.9]"),
        ("mean_wait_s", -31.2, (-32.0, -30.6), "−31 s", "−31 [−32, −31]"),
        ("p90_wait_s", 200.0, (190.0, 210.0), "+3 min 20 s", "+200 [+190, +210]"),
        ("sla", -0.035, (-0.0361, 0.0002), "−3.5 points", "−3.5 [−3.6, 0.0]"),
        ("abandonment", -0.0001, (-0.0002, 0.0001), "0.0 points", "0.0 [0.0, 0.0]"),
        ("mean_wait_s", float("nan"), (float("nan"), float("nan")), "–", "– [–, –]"),
    ],
)
def test_changes_are_signed_and_in_their_unit(name, value, ends, said, between):
    assert change_said(name)(value) == said
    assert between_said(name, value, *ends) == between
