"""What a page shows when nothing is loaded, nothing fits, or something is opened is accessible, too."""

from __future__ import annotations

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


@pytest.fixture(params=VIEWS)
def view(request: pytest.FixtureRequest) -> tuple[dict[str, object], str]:
    return VIEWS[request.param]


@pytest.fixture(scope="module")
def empty_server(start_dashboard: Callable[..., Dashboard]) -> Dashboard:
    """Return a dashboard over a store with nothing in it."""
    return start_dashboard(demo=False)


def stands(tab: Page, violations: Callable[[Page], list[object]], where: str) -> None:
    """Check a state of a page."""
    assert tab.get_by_test_id("stException").count() == 0, where
    found = violations(tab)
    assert not found, where + "\n" + "\n".join(map(str, found))
    sideways = tab.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert sideways <= 0, f"{where} scrolls sideways"


def test_with_nothing_loaded(
    view: tuple[dict[str, object], str],
    empty_server: Dashboard,
    new_page: Callable[..., Page],
    visit: Callable[..., Page],
    violations: Callable[[Page], list[object]],
) -> None:
    options, language = view
    tab = new_page(**options)
    for entry in PAGES:
        place = "" if entry is PAGES[0] else entry.url_path
        visit(tab, empty_server, f"/{place}?lang={language}")
        with speaking(language):
            assert tab.get_by_role("heading", level=1).all_inner_texts() == [_(entry.title)], empty_server.log
        stands(tab, violations, entry.url_path)


def test_with_something_chosen(
    view: tuple[dict[str, object], str],
    server: Dashboard,
    new_page: Callable[..., Page],
    visit: Callable[..., Page],
    violations: Callable[[Page], list[object]],
) -> None:
    options, language = view
    tab = new_page(**options)
    for address in CHOSEN:
        visit(tab, server, f"/{address}&lang={language}&data=demo")
        stands(tab, violations, address)


def test_with_something_opened(
    view: tuple[dict[str, object], str],
    server: Dashboard,
    new_page: Callable[..., Page],
    visit: Callable[..., Page],
    wait: Callable[[Page], Page],
    violations: Callable[[Page], list[object]],
) -> None:
    options, language = view
    tab = new_page(**options)
    visit(tab, server, f"/queues?lang={language}&data=demo")
    with speaking(language):
        for button in (_("Definition"), _("Share and keep")):
            tab.get_by_role("button", name=button).first.click()
            wait(tab)
            stands(tab, violations, button)
            tab.keyboard.press("Escape")
            wait(tab)
    tab.locator("summary").first.click()
    wait(tab)
    stands(tab, violations, "the first fold")
