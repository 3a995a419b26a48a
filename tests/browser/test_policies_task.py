"""A manager's task: from opening the page of policies to a decision note for the busiest queue, in two minutes."""

from __future__ import annotations

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
    from playwright.sync_api import Page

PARTS = ("rules", "pair", "promises", "fit", "sizing")
MINUTES = 2


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_manager_tries_a_rule_and_takes_the_decision_note(
    language: str,
    server: Dashboard,
    page: Page,
    visit: Callable[..., Page],
    wait: Callable[[Page], Page],
    tmp_path: Path,
) -> None:
    begun = time.monotonic()
    with speaking(language):
        visit(page, server, f"/policies?lang={language}&data=demo")
        finding = page.get_by_role("heading", level=2)
        expect(finding).to_be_visible(timeout=60_000)
        before = finding.inner_text()

        # The busiest queue is chosen, and another rule is one click away.
        page.locator(".st-key-policies-kind").get_by_role("combobox").click()
        page.get_by_role("option", name=_("Strict, nobody passed more than m times")).click()
        wait(page)
        expect(finding).not_to_have_text(before)
        expect(page).to_have_url(re.compile(r"rule=max_passes(%3D|=)2"))

        # A promise is stated, and told under every rule.
        page.get_by_role("radio", name=_("Promises"), exact=True).or_(
            page.get_by_role("button", name=_("Promises"), exact=True)
        ).first.click()
        wait(page)
        page.get_by_role("button", name=_("Add this promise")).click()
        wait(page)
        expect(page.get_by_role("heading", name=_("Which rules keep them"))).to_be_visible()

        # The note goes out.
        with page.expect_download() as waiting:
            page.locator(f".st-key-policies-note-{language} button").click()
        waiting.value.save_as(tmp_path / "note.html")
        assert time.monotonic() - begun < 60 * MINUTES

        note = page.context.new_page()
        asked: list[str] = []
        note.on("request", lambda request: asked.append(request.url))
        note.goto((tmp_path / "note.html").as_uri())
        for name in ("The rule", "Who gains, who loses", "Promises", "How sure", "Taken for granted"):
            expect(note.get_by_role("heading", name=_(name), exact=True)).to_be_visible()
        expect(note.locator("p.lead")).to_have_text(finding.inner_text())
        assert [url for url in asked if not url.startswith("file:")] == []
        note.close()


@pytest.mark.parametrize(
    ("view", "language"),
    [({"scheme": "light"}, "en"), ({"phone": True, "scheme": "dark", "locale": "zh-CN"}, "zh_CN")],
    ids=["wide-light-en", "phone-dark-zh"],
)
def test_each_part_of_policies_stands_by_itself(
    view: dict[str, object],
    language: str,
    server: Dashboard,
    new_page: Callable[..., Page],
    visit: Callable[..., Page],
    violations: Callable[[Page], list[object]],
) -> None:
    tab = new_page(**view)
    for part in PARTS:
        visit(tab, server, f"/policies?lang={language}&data=demo&part={part}&promises=*:sla%3D0.2")
        assert tab.get_by_test_id("stException").count() == 0, server.log
        found = violations(tab)
        assert not found, part + "\n" + "\n".join(map(str, found))
