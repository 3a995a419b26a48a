"""The Back-test page says whether to believe the advice, what it lacks, and how far it is where it takes long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cxlib.matching import tasks
from cxlib.runner import Job
from cxlib.runner.job import cancelled
from cxlib.ui import long

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    Holding = Callable[[dict[str, str]], AppTest]
    Go = Callable[[AppTest, str], str]
    Said = Callable[[AppTest], str]

PLANS = "plan_id,monthly_fee,currency,included_minutes,overage_price_minutes\nS,10,EUR,100,0.10\nL,30,EUR,1000,0.10\n"


def usage(customers: int, months: int, used: tuple[int, int] = (400, 50)) -> str:
    """Return usage on S that never changes, of `used[0]` or `used[1]` minutes a month in turn."""
    return "customer_id,month,plan_id,minutes\n" + "".join(
        f"c{i:02d},2026-{month:02d},S,{used[i % 2]}\n" for i in range(customers) for month in range(1, months + 1)
    )


def customers(n: int) -> str:
    return "customer_id,tier\n" + "".join(f"c{i:02d},{'x' if i % 3 else 'y'}\n" for i in range(n))


def test_the_finding_is_that_of_the_cases(holding: Holding, go: Go) -> None:
    # Every second customer pays 10 + 300 x .10 = 40 on S and 30 on L: staying costs 3 x 10 in half of the cases.
    app = holding({"plans": PLANS, "usage": usage(24, 9), "customers": customers(24)})
    found = go(app, "backtest")
    assert (
        "Following the recommendation would have cost €0.00 more over 3 months than perfect hindsight, "
        "staying €15.00. The 80 % interval held in 100 of 100 cases." in found
    )
    assert "Judged on 72 cases: 24 customers at 3 month ends, Apr 2026 – Jun 2026" in found
    assert "As good as the best simple rule" in found
    assert "drawn at random" not in found
    assert "Of 36 strong ones (" in found
    assert "They keep 100% of what hindsight saves" in found
    assert {each.label: each.value for each in app.metric} == {
        "Regret": "€0.00",
        "Intervals held": "100.0%",
        "Strong held": "100.0%",
    }


def test_a_random_choice_is_said_to_be_one(holding: Holding, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MOST_JUDGED", 14)
    found = go(holding({"plans": PLANS, "usage": usage(24, 9)}), "backtest")
    assert "Judged on 42 cases: 14 customers at 3 month ends" in found
    assert "They were drawn at random" in found


def test_a_part_is_chosen_by_direction_and_tier(holding: Holding, go: Go, said: Said) -> None:
    app = holding({"plans": PLANS, "usage": usage(48, 9), "customers": customers(48)})
    go(app, "backtest")
    choose = {each.label: each for each in app.selectbox}
    assert choose["Advice"].options == ["All", "Under-provisioned", "Stay"]
    assert choose["Side by side"].options == ["Advice", "Tier", "Plan held"]
    found = said(choose["Advice"].set_value("under_provisioned").run())
    assert "staying €30.00" in found
    assert "Judged on 72 cases: 24 customers" in found
    found = said(next(each for each in app.selectbox if each.label == "Tier").set_value("y").run())
    assert "Too few to show: 8, where at least 10 are needed." in found
    assert not app.metric


@pytest.mark.parametrize(
    ("months", "title", "body"),
    [
        (6, "Too few months to judge the advice", "There are 6 months of usage, 7 are needed"),
        (7, "Judged on 12 cases", "12 customers at 1 month end, Apr 2026, each"),
    ],
)
def test_it_takes_seven_months(months: int, title: str, body: str, holding: Holding, go: Go) -> None:
    found = go(holding({"plans": PLANS, "usage": usage(12, months)}), "backtest")
    assert title in found
    assert body in found


def test_nobody_was_here_long_enough(holding: Holding, go: Go) -> None:
    short = "customer_id,month,plan_id,minutes\n" + "".join(
        f"c{first}{i},2026-{first + i:02d},S,{300 + i}\n" for first in (1, 5) for i in range(4)
    )
    found = go(holding({"plans": PLANS, "usage": short}), "backtest")
    assert "No customer was here long enough to judge the advice" in found


def test_one_plan_alone_leaves_nothing_to_advise(holding: Holding, go: Go) -> None:
    only = "\n".join(PLANS.splitlines()[:2]) + "\n"
    found = go(holding({"plans": only, "usage": usage(12, 9)}), "backtest")
    assert "There is no other plan to advise" in found


def test_too_narrow_intervals_and_worse_advice_are_said(holding: Holding, go: Go) -> None:
    # Usage jumps after the only origin, in a way that nobody's past has shown.
    random = np.random.default_rng(2)
    table = "customer_id,month,plan_id,minutes\n" + "".join(
        f"c{i:02d},2026-{m:02d},S,{(50 if m <= 4 else 900) + random.integers(0, 20)}\n"
        for i in range(20)
        for m in range(1, 8)
    )
    app = holding({"plans": PLANS, "usage": table})
    found = go(app, "backtest")
    assert "The 80 % interval held in 0 of 100 cases" in found
    assert "Too narrow: 80 % should hold" in found
    assert "Too few to tell: 0 customers, where at least 10 are needed." in found
    said = go(app, "overview")
    assert "Past advice would not have held, so do not rely on it yet. Too narrow" in said


def test_nothing_waits_where_the_advice_held(holding: Holding, go: Go) -> None:
    app = holding({"plans": PLANS, "usage": usage(24, 9)})
    assert "Past advice" not in go(app, "overview")
    go(app, "backtest")
    assert "Past advice" not in go(app, "overview")


def test_a_large_data_set_is_judged_in_a_process_of_its_own(
    holding: Holding, go: Go, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long, "AT_ONCE", {"advise": 0, "backtest": 0})
    started: list[Job] = []
    start = long.start
    monkeypatch.setattr(long, "start", lambda *given, **named: started.append(start(*given, **named)) or started[-1])
    app = holding({"plans": PLANS, "usage": usage(12, 9)})
    found = go(app, "backtest")
    assert "then kept. It goes on if you leave the page." in found
    of_every_page = ("Keep this view", "Got it")
    assert [each.label for each in app.button if each.label not in of_every_page] == ["Cancel"]
    assert started[0].wait(120)
    assert "Judged on 36 cases: 12 customers" in said(app.run())


def test_what_was_cancelled_is_asked_for_again(
    holding: Holding, go: Go, said: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(long, "AT_ONCE", {"advise": 0, "backtest": 0})
    ended = Job("cxlib.matching.tasks:backtest", tmp_path, cancel=lambda _job: None)
    ended.fail(cancelled())
    start = long.start
    monkeypatch.setattr(long, "start", lambda *_given, **_named: ended)
    app = holding({"plans": PLANS, "usage": usage(12, 9)})
    found = go(app, "backtest")
    assert "It was cancelled before its end." in found
    monkeypatch.setattr(long, "start", start)
    again = next(each for each in app.button if each.label == "Try again")
    assert "then kept. It goes on if you leave the page." in said(again.click().run())
