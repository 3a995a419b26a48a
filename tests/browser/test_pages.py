"""Every page stands by itself, wide and on a phone, in both languages, and breaks no rule of accessibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cxlib.texts import _, speaking
from cxlib.ui.sitemap import PAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard import Dashboard
    from playwright.sync_api import Page

    from cxlib.ui.sitemap import Entry

VIEWS = {
    "wide-light-en": ({"scheme": "light"}, "en"),
    "phone-dark-zh": ({"phone": True, "scheme": "dark", "locale": "zh-CN"}, "zh_CN"),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.url_path)
def test_a_page_stands_by_itself(
    entry: Entry,
    view: str,
    server: Dashboard,
    new_page: Callable[..., Page],
    visit: Callable[..., Page],
    violations: Callable[[Page], list[object]],
) -> None:
    options, language = VIEWS[view]
    place = "" if entry is PAGES[0] else entry.url_path
    page = visit(new_page(**options), server, f"/{place}?lang={language}")
    with speaking(language):
        assert page.get_by_role("heading", level=1).all_inner_texts() == [_(entry.title)], server.log
    assert page.get_by_test_id("stException").count() == 0, server.log
    found = violations(page)
    assert not found, "\n".join(map(str, found))
    sideways = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert sideways <= 0, "the page scrolls sideways"
