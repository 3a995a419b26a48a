"""What a page shows when nothing is loaded, nothing fits, or something is opened is accessible, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cxlib.texts import _, speaking
from cxlib.ui.sitemap import PAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard import Dashboard
    from playwright.sync_api import Page

VIEWS = {
    "wide-light-en": ({"scheme": "light"}, "en"),
    "phone-dark-zh": ({"phone": True, "scheme": "dark", "locale": "zh-CN"}, "zh_CN"),
}
CHOSEN = (
    "allocation?by=region",
    "allocation?by=need&month=2026-06&alike=queue",
    "queues?pool=one",
    "tiers?per=queue",
    "plan_fit?way=sideways&tier=none",
    "customer?customer=nobody-of-this-name",
    "backtest?by=tier&way=stay",
    "policies?part=promises&promises=贵宾:sla=0.5",
)
"""Addresses of choices that a reader comes to: another segment, few rows, nobody at all, an unknown name."""


@pytest.fixture(scope="module")
def empty_server(start_dashboard: Callable[..., Dashboard]) -> Dashboard:
    """Return a dashboard over a store with nothing in it."""
    return start_dashboard(demo=False)


@dataclass
class Looked:
    """A tab in one of the views, and what looks at the state that it shows."""

    tab: Page
    language: str
    stands: Callable[[str], None]


@pytest.fixture(params=VIEWS)
def looked(
    request: pytest.FixtureRequest, new_page: Callable[..., Page], violations: Callable[[Page], list[object]]
) -> Looked:
    options, language = VIEWS[request.param]
    tab = new_page(**options)

    def stands(where: str) -> None:
        assert tab.get_by_test_id("stException").count() == 0, where
        found = violations(tab)
        assert not found, where + "\n" + "\n".join(map(str, found))
        sideways = tab.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert sideways <= 0, f"{where} scrolls sideways"

    return Looked(tab, language, stands)


def test_with_nothing_loaded(looked: Looked, empty_server: Dashboard, visit: Callable[..., Page]) -> None:
    for entry in PAGES:
        place = "" if entry is PAGES[0] else entry.url_path
        visit(looked.tab, empty_server, f"/{place}?lang={looked.language}")
        with speaking(looked.language):
            titles = looked.tab.get_by_role("heading", level=1).all_inner_texts()
            assert titles == [_(entry.title)], empty_server.log
        looked.stands(entry.url_path)


def test_with_something_chosen(looked: Looked, server: Dashboard, visit: Callable[..., Page]) -> None:
    for address in CHOSEN:
        visit(looked.tab, server, f"/{address}&lang={looked.language}&data=demo")
        looked.stands(address)


def test_with_something_opened(
    looked: Looked, server: Dashboard, visit: Callable[..., Page], wait: Callable[[Page], Page]
) -> None:
    tab = looked.tab
    visit(tab, server, f"/queues?lang={looked.language}&data=demo")
    with speaking(looked.language):
        for button in (_("Definition"), _("Share and keep")):
            tab.get_by_role("button", name=button).first.click()
            wait(tab)
            looked.stands(button)
            tab.keyboard.press("Escape")
            wait(tab)
    tab.locator("summary").first.click()
    wait(tab)
    looked.stands("the first fold")
