"""The Overview says what changed and what waits for a decision, from files whose answers are worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from cxlib.demo import install_demo

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    Holding = Callable[[dict[str, str]], AppTest]
    Go = Callable[[AppTest, str], str]

PLANS = "plan_id,monthly_fee,currency,included_minutes,overage_price_minutes\nS,10,EUR,100,0.10\nL,30,EUR,1000,0.10\n"
TIERS = 'tier,rank,display_name_en,declared_rule\nA,1,First,{rule}\nB,2,Second,"first come, first served"\n'


def contacts(months: tuple[str, ...] = ("2026-03",)) -> str:
    """Return a log of 60 pairs a month that wait at once.

    In the even pairs A comes 60 s after B and is served 60 s later, before it; in the odd ones it comes 70 s after it
    and is served 170 s later, after it: head starts from 60 to 70 s, and no other, explain all of them. B waits 240 s
    in the even pairs and 120 s in the odd ones.
    """
    rows = ["contact_id,tier,queue,arrived_at,wait_ended_at,outcome"]
    for month in months:
        for i in range(60):
            start = pd.Timestamp(f"{month}-{1 + i // 3:02d} 09:00") + pd.Timedelta(minutes=20 * (i % 3))
            later, a_ends, b_ends = (60, 120, 240) if i % 2 == 0 else (70, 240, 120)
            for tier, arrives, ends in (("B", 0, b_ends), ("A", later, a_ends)):
                at, end = (start + pd.Timedelta(seconds=s) for s in (arrives, ends))
                rows.append(f"{tier}{month}{i},{tier},help,{at},{end},served")
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("head start 20 s", "In queue help, First is served as if it had come 60 s earlier. Declared: 20 s."),
        ("strict", "In queue help, First is served as if it had come 60 s earlier. Declared: always first."),
        ("head start 65 s", None),
        ("as we like", None),
    ],
)
def test_a_rule_in_force_that_is_not_the_declared_one_waits_for_a_decision(
    holding: Holding, go: Go, rule: str, said: str | None
) -> None:
    app = holding({"contacts": contacts(("2026-03", "2026-04")), "tiers": TIERS.format(rule=rule)})
    assert "is served as if" not in go(app, "overview")  # nobody has asked for the rule yet
    go(app, "queues")
    next(each for each in app.segmented_control if each.label == "Look at").set_value("rule").run()
    found = go(app, "overview")
    assert (said in found) if said else ("is served as if" not in found), found
    links = [str(each.proto) for each in app.get("page_link")]
    assert any("queue=help" in each and "part=rule" in each for each in links) == bool(said)


def test_what_changed_since_the_month_before_is_said(holding: Holding, go: Go) -> None:
    april = contacts(("2026-04",)).splitlines()[1:]
    # of April only the even pairs: B is passed each time and waits 240 s where A waits 60 s
    even = [row for row in april if int(row.split(",")[0].split("-04")[1]) % 2 == 0]
    log = contacts() + "\n".join(even) + "\n"
    usage = "customer_id,month,plan_id,minutes\n" + "".join(
        f"c{i},2026-0{month},S,{(400 if month < 5 else 50) if i == 0 else 400 if i == 1 and month > 1 else 50}\n"
        for i in range(12)
        for month in range(1, 6)
    )
    app = holding({"contacts": log, "tiers": TIERS.format(rule="strict"), "usage": usage, "plans": PLANS})
    found = go(app, "overview")
    # March: A waits (60 + 170) / 2 = 115 s and B 180 s on average, half of B are passed
    assert "In Apr 2026 4.00 times as long and 100% passed; the month before 1.57 times and 50%." in found
    # c0 paid 40 instead of 30 until April and fits in May; c1 has paid 40 since February, three months at April's end
    assert "In May 2026 0 came in and 1 are resolved." in found
    assert "Contacts: 180 up to Apr 2026" in found
    assert "Usage: 60 up to May 2026" in found


def test_an_empty_store_offers_the_demo(
    holding: Callable[[dict[str, str]], AppTest], said: Callable[[AppTest], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cxlib.ui.demo.install_demo", lambda store, who: install_demo(store, customers=300, who=who))
    monkeypatch.setattr("cxlib.ui.demo.prepare_in_background", lambda: None)
    app = holding({})
    assert "look at the demo first" in said(app)
    app.button(key="demo:load").click().run()
    assert "Balance: are we fair to every tier?" in said(app)
    assert not [each for each in app.button if each.key == "demo:load"]
