"""The pages of allocation and tiers over good logs and poor ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

TIERS = "tier,rank,display_name_en,display_name_zh\nVIP,1,Gentle,温和\nplain,2,Usual,平常\n"
COLUMNS = "contact_id,tier,queue,channel,arrived_at,wait_s,outcome"


def log(
    days: int = 10,
    *,
    columns: str = COLUMNS,
    tiers: tuple[str, ...] = ("VIP", "plain"),
    waits: tuple[int, ...] = (20, 50),
) -> str:
    """Return a log: each day four contacts of each tier in each of two hours, who wait as said, give or take a day."""
    rows = []
    for day in range(days):
        for hour in (9, 10):
            for i in range(4):
                for k, (tier, wait) in enumerate(zip(tiers, waits, strict=False)):
                    known = {
                        "contact_id": f"{day}-{hour}-{i}-{k}",
                        "tier": tier,
                        "queue": "q",
                        "channel": "phone" if i % 2 else "chat",
                        "arrived_at": f"2026-03-{day + 2:02d} {hour:02d}:{4 * i + k:02d}:00",
                        "wait_s": str(wait + (day % 3 if wait else 0)),
                        "outcome": "served",
                    }
                    rows.append(",".join(known[name] for name in columns.split(",")))
    return columns + "\n" + "\n".join(rows) + "\n"


@pytest.fixture
def go_to(go: Callable[[AppTest, str], str]) -> Callable[[AppTest, str], str]:
    """Return a function that turns to a page, which must show no error."""

    def turn(app: AppTest, page: str) -> str:
        said = go(app, page)
        assert not app.error, [each.value for each in app.error]
        return said

    return turn


def test_the_finding_says_how_long_the_others_wait(
    holding: Callable[[dict[str, str]], AppTest], go_to: Callable[[AppTest, str], str]
) -> None:
    # day k adds k % 3 seconds to both: means are 20.9 and 50.9, whose ratio is 2.44; all conditions are alike
    said = go_to(holding({"contacts": log(), "tiers": TIERS}), "allocation")
    assert "Usual wait 2.44 times as long as Gentle; like for like 2.44 (" in said
    assert "100% of them have a counterpart under like conditions." in said
    assert "VIP" not in said


def test_tiers_have_substance_and_names_are_checked(
    holding: Callable[[dict[str, str]], AppTest], go_to: Callable[[AppTest, str], str]
) -> None:
    app = holding({"contacts": log(), "tiers": TIERS})
    said = go_to(app, "tiers")
    assert "Gentle gets more than Usual." in said
    assert "1 name holds a status word; seen on charts: 0." in said


def test_neutral_names_are_taken_at_a_click(
    holding: Callable[[dict[str, str]], AppTest], go_to: Callable[[AppTest, str], str]
) -> None:
    app = holding({"contacts": log(), "tiers": "tier,rank\nVIP,1\nplain,2\n"})
    assert "VIP gets more than plain." in go_to(app, "tiers")
    app.button(key="take-names").click().run()
    said = go_to(app, "tiers")
    assert "Priority gets more than plain." in said
    assert "Priority" in go_to(app, "allocation")


POOR = {
    "no tier column": (
        {"contacts": log(columns="contact_id,queue,channel,arrived_at,wait_s,outcome")},
        "All contacts are of one group, q: there is nothing to compare.",
        "No tiers here",
    ),
    "one tier only": (
        {"contacts": log(tiers=("VIP",)), "tiers": "tier,rank\nVIP,1\n"},
        "All contacts are of one group, VIP: there is nothing to compare.",
        "There is one tier only: there is nothing to compare.",
    ),
    "no ranks yet": (
        {"contacts": log()},
        "Which tier comes first is not known yet",
        "2 of 2 tiers have no rank yet.",
    ),
    "nobody left": (
        {"contacts": log(columns="contact_id,tier,queue,arrived_at,wait_s"), "tiers": TIERS},
        "Nobody is known to have given up",
        "Gentle gets more than Usual.",
    ),
    "all zero waits": (
        {"contacts": log(waits=(0, 0)), "tiers": TIERS},
        "Nobody queued: all waits are 0, so there are none to compare.",
        "Nothing tells yet whether the tiers differ",
    ),
    "one day": (
        {"contacts": log(days=1, waits=(20, 50, 50), tiers=("VIP", "plain", "plain")), "tiers": TIERS},
        "Nobody is known to have given up",
        "Gentle beside Usual: cannot tell yet.",
    ),
    "few days": (
        {"contacts": log(days=3), "tiers": TIERS},
        "Fewer than 7 days: no interval can be told.",
        "Gentle beside Usual: cannot tell yet.",
    ),
    "too few": (
        {"contacts": "\n".join(log(days=1).splitlines()[:8]) + "\n", "tiers": TIERS},
        "Too few to show: 7, where at least 10 are needed.",
        "Gentle beside Usual: cannot tell yet.",
    ),
}


@pytest.mark.parametrize("name", POOR)
def test_poor_logs_are_answered(
    name: str, holding: Callable[[dict[str, str]], AppTest], go_to: Callable[[AppTest, str], str]
) -> None:
    tables, of_allocation, of_tiers = POOR[name]
    app = holding(tables)
    assert of_allocation in go_to(app, "allocation")
    assert of_tiers in go_to(app, "tiers")


def test_any_segment_may_be_set_side_by_side(
    holding: Callable[[dict[str, str]], AppTest], go_to: Callable[[AppTest, str], str]
) -> None:
    app = holding({"contacts": log(), "tiers": TIERS})
    go_to(app, "allocation")
    app.selectbox(key="choice:allocation:by").select("channel").run()
    assert not app.exception
    said = "\n".join(each.value for each in app.markdown)
    assert "phone wait" in said or "chat wait" in said
