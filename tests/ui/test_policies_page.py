"""The Policies page says whether today is met, what another rule would change, and keeps what one tries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cxlib.queueing import HeadStart
from cxlib.store import Store
from cxlib.ui import policy_tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from streamlit.testing.v1 import AppTest

    Holding = Callable[[dict[str, str]], AppTest]
    Go = Callable[[AppTest, str], str]
    Said = Callable[[AppTest], str]
    Opened = Callable[..., tuple[AppTest, str]]

TIERS = "tier,rank,display_name_en\nvip,1,Gentle\ngeneral,2,Usual\n"
PARTS = ("rules", "pair", "promises", "fit", "sizing")


@pytest.fixture(scope="module")
def log(planted: Callable[..., pd.DataFrame]) -> str:
    """Return a log under a head start of 60 s, as CSV."""
    return str(planted(HeadStart([60, 0]), seed=3, contacts=6000).to_csv(index=False))


@pytest.fixture
def opened(holding: Holding, go: Go, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Return a function that opens the page with parameters of its link."""
    monkeypatch.setattr("cxlib.queueing.tasks.REPLICATIONS", 4)
    original = policy_tasks.Asked
    monkeypatch.setattr(policy_tasks, "Asked", lambda **more: original(replications=4, **more))

    def open_page(tables: dict[str, str], **parameters: str) -> tuple[AppTest, str]:
        app = holding(tables)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app, go(app, "policies")

    return open_page


def heading(app: AppTest) -> str:
    return next(each.value for each in app.markdown if each.value.startswith("## "))


def test_the_rule_in_force_is_met_and_the_plain_one_is_tried(log: str, opened: Opened) -> None:
    app, words = opened({"contacts": log, "tiers": TIERS})
    assert not app.exception
    found = heading(app)
    assert re.search(r"First come, first served.*Gentle waits .* longer.*Usual waits .* less", found), found
    assert re.search(r"Head start: Gentle (5\d|6\d) s", words.replace("\\", ""))
    assert "meets what was observed" in words or "is near what was observed" in words
    assert "No rule tried is better than" in words or "as much or more" in words


@pytest.mark.parametrize("part", PARTS)
def test_each_part_opens(part: str, log: str, opened: Opened) -> None:
    app, _words = opened({"contacts": log, "tiers": TIERS}, part=part, promises="vip:sla=0.1;general:abandonment=0.9")
    assert not app.exception
    assert not app.error


def test_a_rule_of_the_link_is_tried_with_its_staff(log: str, opened: Opened) -> None:
    app, words = opened({"contacts": log, "tiers": TIERS}, rule="max_passes=3", agents="1", hours="9:1", part="rules")
    assert "nobody passed more than 3 times" in heading(app)
    assert "1 agent more than today" in heading(app)
    assert app.slider[0].value == 3
    # One agent more at every hour: both wait less, whatever the rule.
    assert len(re.findall(r"waits [^,]* less", heading(app))) == 2, words


@pytest.mark.parametrize("text", ["nonsense", "head_start=", "max_passes=1.5", "head_start=-3", "head_start=a"])
def test_a_rule_that_is_none_is_left_aside(text: str, log: str, opened: Opened) -> None:
    app, _words = opened({"contacts": log, "tiers": TIERS}, rule=text, agents="many", hours="99:x", promises="a=b")
    assert not app.exception
    assert "First come, first served" in heading(app)


def test_a_slider_changes_the_rule_and_the_link(log: str, opened: Opened, said: Said) -> None:
    app, _words = opened({"contacts": log, "tiers": TIERS}, rule="head_start=60")
    before = heading(app)
    app.slider[0].set_value(200).run()
    said(app)
    assert heading(app) != before
    assert "3 min 20 s" in heading(app).replace("\\", "")
    assert app.query_params["rule"] in ("head_start=200", ["head_start=200"])


def test_a_promise_is_added_told_and_removed(log: str, opened: Opened, said: Said) -> None:
    app, words = opened({"contacts": log, "tiers": TIERS}, part="promises")
    assert "No promise yet" in words
    app.button(key="promise:add").click().run()
    words = said(app)
    assert "Usual – Mean wait: at most" in words.replace("\\", "")
    assert "Kept" in words  # first come, first served is milder for the others than today's head start
    app.button(key="promise:remove:general:mean_wait_s").click().run()
    assert "No promise yet" in said(app)


def test_what_tiers_were_promised_is_taken_over(log: str, opened: Opened, said: Said) -> None:
    tiers = "tier,rank,promise_share,promise_wait_s\nvip,1,0.8,20\ngeneral,2,0.7,45\n"
    app, words = opened({"contacts": log, "tiers": tiers}, part="promises")
    assert "Promised within another wait than 20 s, so that it cannot be told here: general" in words
    taken = app.button(key="promise:declared")
    assert taken.label == "Take over what tiers were promised: vip 80%"
    taken.click().run()
    assert any("vip" in line and "at least 80" in line for line in said(app).replace("\\", "").splitlines())
    assert app.query_params["promises"] in ("vip:sla=0.8", ["vip:sla=0.8"])
    assert not [each for each in app.button if each.key == "promise:declared"]


def test_the_mildest_rule_is_found_and_taken(log: str, opened: Opened, said: Said) -> None:
    # Any head start keeps it, so the least is none at all.
    app, _words = opened(
        {"contacts": log, "tiers": TIERS}, part="promises", promises="vip:mean_wait_s=9999", solve="head_start"
    )
    assert "a head start of 0 s for Gentle" in app.success[0].value.replace("\\", "")
    app.button(key="promise:take").click().run()
    said(app)
    assert app.query_params["rule"] in ("head_start=0", ["head_start=0"])


def test_what_nobody_can_keep_is_said(log: str, opened: Opened) -> None:
    app, _words = opened(
        {"contacts": log, "tiers": TIERS}, part="promises", promises="vip:mean_wait_s=0", solve="max_passes"
    )
    assert "None of these keeps all promises" in app.warning[0].value


def test_a_scenario_is_kept_opened_and_removed(log: str, opened: Opened, said: Said) -> None:
    app, _words = opened({"contacts": log, "tiers": TIERS}, rule="head_start=45", agents="-1", promises="vip:sla=0.5")
    app.text_input(key="scenario:name").set_value("Mild").run()
    app.button(key="scenario:keep").click().run()
    said(app)
    with Store() as store:
        mine = next(each for each in store.datasets() if not each.demo)
        (saved,) = store.saved(mine.id, "scenario")
    assert saved.name == "Mild"
    assert {name: saved.record[name] for name in ("rule", "agents", "promises")} == {
        "rule": "head_start=45",
        "agents": "-1",
        "promises": "vip:sla=0.5",
    }
    app.slider[0].set_value(300).run()
    app.button(key=f"scenario:open:{saved.number}").click().run()
    said(app)
    assert "45 s" in heading(app)
    app.button(key=f"scenario:remove:{saved.number}").click().run()
    said(app)
    with Store() as store:
        assert store.saved(mine.id, "scenario") == []


def test_without_ranks_it_leads_to_the_tiers(log: str, opened: Opened) -> None:
    _app, words = opened({"contacts": log})
    assert "Which tier comes first is not known yet" in words


def test_without_service_times_it_says_what_to_bring(log: str, opened: Opened) -> None:
    lines = log.splitlines()
    drop = lines[0].split(",").index("ended_at")
    plain = "\n".join(",".join(cell for i, cell in enumerate(line.split(",")) if i != drop) for line in lines)
    _app, words = opened({"contacts": plain + "\n", "tiers": TIERS})
    assert "how long service took" in words


def test_no_contacts(opened: Opened) -> None:
    _app, words = opened({"tiers": TIERS})
    assert "No contacts here" in words


def test_a_long_log_is_worked_out_beside_the_page(log: str, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_tasks, "AT_ONCE", 10)
    app, words = opened({"contacts": log, "tiers": TIERS})
    assert "Worked out once for these" in words
    (job,) = app.session_state["jobs"].values()
    assert job.wait(120)
    assert job.state == "done", job.error
    app.run()
    assert not app.exception
    assert "compared with today" in heading(app)
