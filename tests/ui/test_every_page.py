"""Every page opens over whatever a data set holds, says what it lacks, and states what was planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cxlib.ui.sitemap import PAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

PLANS = "plan_id,monthly_fee,included_minutes,overage_price_minutes,currency\nS,10,100,0.10,EUR\nL,30,1000,0.10,EUR\n"
USAGE = "customer_id,month,plan_id,minutes\n" + "".join(
    f"{c},2026-{m:02d},S,{used}\n" for c, used in (("a", 400), ("b", 50)) for m in (1, 2, 3)
)
# Twelve of each tier arrive in turn; each of the regular ones is passed by the priority one that comes next.
ARRIVALS = [
    (f"{8 + i // 60:02d}:{i % 60:02d}:00", tier)
    for i in range(24)
    for tier in ("regular" if i % 2 == 0 else "priority",)
]
CONTACTS = "contact_id,tier,queue,arrived_at,wait_s,outcome,queued\n" + "".join(
    f"{i},{tier},q,2026-03-02 {at},{100 if tier == 'regular' else 10},served,yes\n"
    for i, (at, tier) in enumerate(ARRIVALS)
)
TIERS = "tier,rank,display_name_en\npriority,1,Gentle\nregular,2,Usual\n"
WITHOUT_TIER = "contact_id,queue,arrived_at,wait_s,outcome\n1,q,2026-03-02 09:00:00,5,served\n"
HOLDINGS: dict[str, dict[str, str]] = {
    "nothing": {},
    "plans only": {"plans": PLANS},
    "usage only": {"usage": USAGE},
    "matching": {"plans": PLANS, "usage": USAGE},
    "one month": {"plans": PLANS, "usage": "customer_id,month,plan_id,minutes\na,2026-01,S,400\n"},
    "a plan unknown": {"plans": PLANS, "customers": "customer_id,plan_id\na,S\n", "usage": USAGE},
    "contacts": {"contacts": CONTACTS},
    "contacts and tiers": {"contacts": CONTACTS, "tiers": TIERS},
    "contacts without tier": {"contacts": WITHOUT_TIER},
    "no tier, but customers": {
        "contacts": "contact_id,customer_id,arrived_at,wait_s,outcome\n1,a,2026-03-02 09:00:00,5,served\n",
        "customers": "customer_id,tier\na,x\n",
    },
}


def go(app: AppTest, url_path: str) -> str:
    page = next(each for each in PAGES if each.url_path == url_path)
    app.switch_page(str(page.path)).run()
    assert not app.exception, app.exception
    return "\n".join([*(each.value for each in app.markdown), *(each.value for each in app.caption)])


@pytest.mark.parametrize("name", HOLDINGS)
def test_every_page_opens(name: str, holding: Callable[[dict[str, str]], AppTest]) -> None:
    app = holding(HOLDINGS[name])
    assert not app.exception
    for page in PAGES:
        assert go(app, page.url_path)
        assert not app.error, (page.url_path, [each.value for each in app.error])


def test_plan_fit_says_who_paid_too_much(holding: Callable[[dict[str, str]], AppTest]) -> None:
    # a on S pays 10 + 300 x .10 = 40 a month, on L 30; b pays 10 and has nothing better.
    said = go(holding(HOLDINGS["matching"]), "plan_fit")
    assert "1 of 2 customers paid more than one other plan would have cost, 3 months running." in said
    assert "would have paid €30.00 less in the 3 months to Mar 2026" in said


def test_queues_says_who_is_passed(holding: Callable[[dict[str, str]], AppTest]) -> None:
    # Every regular contact (100 s) is passed by the priority one a minute later (10 s); waits are 100 s and 10 s.
    said = go(holding(HOLDINGS["contacts and tiers"]), "queues")
    assert "The others wait 10.00 times as long as Gentle, and 100% of them are passed in line." in said


def test_ranks_are_asked_for_and_not_guessed(holding: Callable[[dict[str, str]], AppTest]) -> None:
    app = holding(HOLDINGS["contacts"])
    assert "Which tier comes first is not known yet." in go(app, "queues")
    assert "2 of 2 tiers have no rank yet." in go(app, "tiers")


def test_what_a_page_lacks_is_said(holding: Callable[[dict[str, str]], AppTest]) -> None:
    app = holding(HOLDINGS["plans only"])
    assert "No usage here" in go(app, "plan_fit")
    assert "No contacts here" in go(app, "queues")
    assert "No contacts here" in go(app, "allocation")


def test_too_few_contacts_are_not_made_into_rates(holding: Callable[[dict[str, str]], AppTest]) -> None:
    few = "\n".join(CONTACTS.splitlines()[:7]) + "\n"
    said = go(holding({"contacts": few, "tiers": TIERS}), "queues")
    assert "Too few contacts to set Gentle beside the others." in said
