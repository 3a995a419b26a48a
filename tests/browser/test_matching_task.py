"""A manager's task: find who loses most, see why for one, leave out its odd month, and export a campaign."""

from __future__ import annotations

import csv
import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from cxlib.texts import _, speaking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashboard import Dashboard
    from playwright.sync_api import Locator, Page

HEADER_PX, ROW_PX = 36, 35
MOST_S = 120


def downloaded(page: Page, button: Locator, path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the lines of scope and the rows of a downloaded file."""
    with page.expect_download() as waiting:
        button.click()
    waiting.value.save_as(path)
    lines = path.read_bytes().decode("utf-8-sig").splitlines()
    return [line for line in lines if line.startswith("#")], list(
        csv.DictReader(line for line in lines if not line.startswith("#"))
    )


def cents(rows: list[dict[str, str]], word: str) -> int:
    """Return the exact sum of the first column whose header holds a word."""
    column = next(name for name in rows[0] if word in name)
    return sum(round(float(row[column]) * 100) for row in rows)


def amounts(text: str) -> set[int]:
    """Return the amounts of money in a text, in cents."""
    return {round(float(each.replace(",", "")) * 100) for each in re.findall(r"[\d,]+\.\d\d", text)}


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_manager_exports_a_campaign_in_two_minutes(
    language: str,
    server: Dashboard,
    page: Page,
    visit: Callable[..., Page],
    wait: Callable[[Page], Page],
    tmp_path: Path,
) -> None:
    begun = time.monotonic()
    main = page.get_by_test_id("stMain")
    with speaking(language):
        visit(page, server, f"/plan_fit?lang={language}&data=demo")

        # Who loses most: the list has them on top, and its rows sum to the headline.
        button = page.locator(".st-key-download-flagged button")
        scope, flagged = downloaded(page, button, tmp_path / "flagged.csv")
        savings = [float(next(iter(row.values()))) for row in flagged]
        assert savings == sorted(savings, reverse=True)
        assert cents(flagged, "CNY") in amounts(main.inner_text())
        customer, gone = _("Customer"), _("Has left")
        left = {row[customer] for row in flagged if row[gone] == "True"}
        assert left

        # Why, for one: its row leads to both bills and to its page.
        first = flagged[0][customer]
        grid = page.get_by_test_id("stDataFrame").filter(has=page.locator("canvas")).first
        grid.scroll_into_view_if_needed()
        grid.click(position={"x": 18, "y": HEADER_PX + ROW_PX // 2})
        wait(page)
        expect(page.get_by_role("heading", name=_("Customer {id}", id=first))).to_be_visible()
        page.get_by_role("link", name=_("All about this customer")).click()
        expect(page).to_have_url(re.compile(rf"/customer\?.*customer={first}"))
        wait(page)
        reason = page.get_by_role("heading", level=2).inner_text()
        assert reason.startswith(first)
        assert amounts(reason) >= {round(savings[0] * 100)} or len(amounts(reason)) >= 2

        # Its odd month is left out, and flag and advice follow at once.
        box = page.locator("[data-testid=stMultiSelect]").first
        box.locator("input").click()
        page.get_by_role("option").first.click()
        page.keyboard.press("Escape")
        wait(page)
        expect(page.get_by_role("heading", level=2)).not_to_have_text(reason)
        expect(page).to_have_url(re.compile(r"out=\d{4}-\d\d"))

        # Back to plan fit, where the customer is off the list, and on to the campaign.
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=_("Plan fit"), exact=True).click()
        wait(page)
        expect(main).to_contain_text(first)  # said to be judged without a month
        page.get_by_role("radio", name=_("Campaign"), exact=True).or_(
            page.get_by_role("button", name=_("Campaign"), exact=True)
        ).first.click()
        wait(page)
        page.locator(".st-key-campaign-keep button").click()
        wait(page)
        download = page.locator(".st-key-campaign-download button")
        expect(download).to_be_visible()
        scope, rows = downloaded(page, download, tmp_path / "campaign.csv")

    assert time.monotonic() - begun < MOST_S
    ids = {row[customer] for row in rows}
    assert first not in ids
    assert not ids & left
    groups = [list(row.values())[3] for row in rows]
    assert set(groups) == {"offer", "hold_out"}
    assert abs(groups.count("hold_out") - 0.1 * len(rows)) < 1
    assert cents(rows, "CNY") in amounts(main.inner_text())
    assert any(first in line for line in scope)
    assert any("10%" in line for line in scope)


@pytest.mark.parametrize(
    ("view", "language"),
    [({"scheme": "light"}, "en"), ({"phone": True, "scheme": "dark", "locale": "zh-CN"}, "zh_CN")],
    ids=["wide-light-en", "phone-dark-zh"],
)
def test_each_part_of_plan_fit_stands_by_itself(
    view: dict[str, object],
    language: str,
    server: Dashboard,
    new_page: Callable[..., Page],
    visit: Callable[..., Page],
    violations: Callable[[Page], list[object]],
) -> None:
    tab = new_page(**view)
    for part in ("groups", "cost", "campaign", "outcome", "bills"):
        visit(tab, server, f"/plan_fit?lang={language}&data=demo&part={part}")
        assert tab.get_by_test_id("stException").count() == 0, server.log
        assert tab.get_by_test_id("stAlert").count() == 0, part
        found = violations(tab)
        assert not found, part + "\n" + "\n".join(map(str, found))
        sideways = tab.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert sideways <= 0, part
