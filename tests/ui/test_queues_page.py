"""The Queues page says who is passed, which hour hurts, which rule is in force and what it costs, of any log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cxlib.ui import queue_tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    from cxlib.runner import Job

    Holding = Callable[[dict[str, str]], AppTest]
    Go = Callable[[AppTest, str], str]
    Said = Callable[[AppTest], str]
    Opened = Callable[[dict[str, str], str], tuple[AppTest, str]]

TIERS = (
    "tier,rank,display_name_en,display_name_zh,declared_rule\n"
    "gold,1,Gentle,温和,head start 90 s\nplain,2,Usual,寻常,first come\n"
)
HEAD = "contact_id,tier,queue,arrived_at,wait_s,outcome,queued\n"


def headed(days: int = 8, per_day: int = 40) -> str:
    """Return a log of one agent who takes 50 s for each, and serves gold as if it had come 60 s earlier.

    Every day between 9:00 and 10:00, gold and plain arrive in turn, about 30 s apart.
    """
    lines = []
    for day in range(days):
        waiting = [
            (9 * 3600 + 30 * i + (13 * day + 7 * i * i) % 29, "gold" if i % 2 else "plain", f"{day}-{i}")
            for i in range(per_day)
        ]
        clock = 9 * 3600
        while waiting:
            there = [each for each in waiting if each[0] <= clock] or waiting[:1]
            chosen = min(there, key=lambda each: (each[0] - (60 if each[1] == "gold" else 0), each[0]))
            waiting.remove(chosen)
            start = max(clock, chosen[0])
            at = f"2026-03-{2 + day:02d} {chosen[0] // 3600:02d}:{chosen[0] // 60 % 60:02d}:{chosen[0] % 60:02d}"
            lines.append(f"{chosen[2]},{chosen[1]},calls,{at},{start - chosen[0]},served,yes\n")
            clock = start + 50
    return HEAD + "".join(lines)


@pytest.fixture
def opened(holding: Holding, go: Go, said: Said) -> Opened:
    """Return a function that opens a part of the page and returns what it says."""

    def open_part(tables: dict[str, str], part: str) -> tuple[AppTest, str]:
        app = holding(tables)
        go(app, "queues")
        next(each for each in app.segmented_control if each.label == "Look at").set_value(part).run()
        return app, said(app)

    return open_part


def test_a_rule_that_cannot_be_told_says_why(opened: Opened) -> None:
    _app, found = opened({"contacts": headed(days=1, per_day=8), "tiers": TIERS}, "rule")
    assert "The rule for Gentle cannot be told in “calls”. Fewer than 100 pairs waited at the same time" in found


def test_the_rule_in_force_stands_beside_the_one_declared(
    opened: Opened,
) -> None:
    _app, found = opened({"contacts": headed(), "tiers": TIERS}, "rule")
    # Whatever head start from 57 to 62 s explains every pair; the least is told.
    assert "In “calls” Gentle is served as if it had come 57 s earlier than Usual. Declared: 90 s." in found
    assert "0 of " in found  # no pair goes against it
    assert "A rule explains every one of" in found


def test_the_rule_of_each_month_is_drawn_where_there_are_several(opened: Opened) -> None:
    again = headed().replace("2026-03-", "2026-04-").removeprefix(HEAD)
    april = "".join(f"b{line}\n" for line in again.splitlines())
    app, found = opened({"contacts": headed() + april, "tiers": TIERS}, "rule")
    assert "Head start in force, month by month" in found
    drawn = [json.loads(each.proto.spec) for each in app.get("plotly_chart")]
    (months,) = [each for each in drawn if each["layout"].get("xaxis", {}).get("title", {}).get("text") == "Month"]
    assert [(line["name"], line["x"], line["text"]) for line in months["data"]] == [
        ("Gentle", ["Mar 2026", "Apr 2026"], ["57 s", "57 s"])
    ]


def test_the_worst_hour_is_found_and_replayed(opened: Opened) -> None:
    app, found = opened({"contacts": headed(), "tiers": TIERS}, "hours")
    assert "09:00–10:00 hurts the others most" in found
    assert "of them are passed by somebody with priority" in found
    assert "40 of 40 who stood in line are shown." in found
    contact = next(each for each in app.selectbox if each.label == "Contact to mark")
    assert "passes 0" in contact.options[0]  # the one passed most often is chosen first
    assert "Usual" in contact.options[0]
    charts = app.get("plotly_chart")
    assert len(charts) == 2


def test_what_priority_costs_and_what_being_passed_does(
    opened: Opened,
) -> None:
    _app, found = opened({"contacts": headed(), "tiers": TIERS}, "cost")
    assert "Each contact of Gentle costs the others" in found
    assert "An association, not a proof" in found
    assert "Gave up, per minute in line" in found


def lines(rows: list[str]) -> str:
    return HEAD + "".join(f"{i},{row}\n" for i, row in enumerate(rows))


ONE_TIER = lines([f"plain,calls,2026-03-0{2 + i % 8} 09:00:{i % 60:02d},{60 - i % 60},served,yes" for i in range(80)])
BAD: dict[str, tuple[dict[str, str], str]] = {
    "no tier column": (
        {
            "contacts": "\n".join(
                ",".join(c for i, c in enumerate(r.split(",")) if i != 1) for r in headed().split("\n")
            )
        },
        "No tiers here: contacts or customers with a column for the tier bring them",
    ),
    "one tier only": ({"contacts": ONE_TIER, "tiers": TIERS}, "There is only one tier here"),
    "no ranks yet": ({"contacts": headed()}, "Which tier comes first is not known yet."),
    "nobody gave up": (
        {"contacts": headed(), "tiers": TIERS},
        "Nobody gave up: perhaps the log keeps only those who were served",
    ),
    "all waits zero": (
        {
            "contacts": lines(
                [f"{'gold' if i % 2 else 'plain'},calls,2026-03-02 09:{i:02d}:00,0,served,no" for i in range(40)]
            ),
            "tiers": TIERS,
        },
        "Nobody had to wait in line.",
    ),
    "a log of one day": ({"contacts": headed(days=1), "tiers": TIERS}, "Fewer than 7 days: no interval can be told"),
    "started before arrived": (
        {
            "contacts": "contact_id,tier,queue,arrived_at,started_at,outcome\n"
            + "".join(
                f"{i},{'gold' if i % 2 else 'plain'},calls,2026-03-0{2 + i % 8} 09:{i:02d}:30,"
                f"2026-03-0{2 + i % 8} 09:{i:02d}:{'10' if i < 10 else '50'},served\n"
                for i in range(50)
            ),
            "tiers": TIERS,
        },
        "Gentle",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_the_page_stays_useful(name: str, holding: Holding, go: Go, said: Said) -> None:
    tables, told = BAD[name]
    app = holding(tables)
    assert told in go(app, "queues")
    assert not app.error
    for part in ("hours", "rule", "cost", "waits"):
        next(each for each in app.segmented_control if each.label == "Look at").set_value(part).run()
        assert said(app)
        assert not app.error, (part, [each.value for each in app.error])


def test_tiers_go_by_their_display_names(holding: Holding, go: Go) -> None:
    found = go(holding({"contacts": headed(), "tiers": TIERS}), "queues")
    assert "gold" not in found
    assert "times as long as Gentle, like for like" in found


def test_the_rule_of_a_long_log_is_worked_out_in_a_process_of_its_own(
    opened: Opened, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_tasks, "AT_ONCE", 0)
    started: list[Job] = []
    start = queue_tasks.start
    monkeypatch.setattr(queue_tasks, "start", lambda *given: started.append(start(*given)) or started[-1])
    app, found = opened({"contacts": headed(), "tiers": TIERS}, "rule")
    assert "Worked out once for these 320 contacts, then kept." in found
    assert started[0].wait(120)
    assert "had come 57 s earlier than Usual. Declared: 90 s." in said(app.run())
