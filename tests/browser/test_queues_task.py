"""A manager's task: see which hour hurts the others most, replay it, read the rule in force, export the finding."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from cxlib.texts import _, speaking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashboard import Dashboard
    from playwright.sync_api import Page

PARTS = ("passing", "hours", "rule", "cost", "waits")


def choose(page: Page, name: str) -> None:
    """Turn to a part of the page."""
    page.get_by_role("radio", name=name, exact=True).or_(
        page.get_by_role("button", name=name, exact=True)
    ).first.click()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_manager_finds_the_hour_the_rule_and_the_rows(
    language: str,
    server: Dashboard,
    page: Page,
    visit: Callable[..., Page],
    wait: Callable[[Page], Page],
    tmp_path: Path,
) -> None:
    main = page.get_by_test_id("stMain")
    with speaking(language):
        visit(page, server, f"/queues?lang={language}&data=demo")
        finding = page.get_by_role("heading", level=2).inner_text()
        assert len(re.findall(r"1\.\d\d", finding)) == 4  # crude, like for like, and its interval

        # The hour that hurts the others most is told, and it is the one replayed.
        choose(page, _("Which hour, replayed"))
        wait(page)
        expect(page).to_have_url(re.compile(r"part=hours"))
        worst = re.search(r"\d\d:00–\d\d:00", page.get_by_role("heading", level=4).first.inner_text())
        assert worst is not None
        expect(page.get_by_role("heading", name=_("The hour as the customers lived it"))).to_be_visible()
        replay = page.locator(".st-key-chart-replay")
        expect(replay.locator(".barlayer .point").first).to_be_attached()
        assert replay.locator(".barlayer .point").count() > 20

        # One contact and whoever passed it.
        page.locator(".st-key-replay-look").get_by_text(_("Around the contact")).click()
        wait(page)
        assert 1 < replay.locator(".barlayer .point").count() < 150

        # The rule in force, beside the one that is declared.
        choose(page, _("The rule in force"))
        wait(page)
        told = page.get_by_role("heading", level=4).first.inner_text()
        assert "billing" in told
        assert "119" in told
        assert "60" in told

        # The finding goes out with its rows and its scope.
        choose(page, _("Who is passed"))
        wait(page)
        with page.expect_download() as waiting:
            main.locator(".st-key-download-passed button").click()
        waiting.value.save_as(tmp_path / "passed.csv")
        lines = (tmp_path / "passed.csv").read_bytes().decode("utf-8-sig").splitlines()
        assert any(finding in line for line in lines if line.startswith("#"))
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
        assert len(rows) == 4
        assert {row[_("Tier")] for row in rows}.isdisjoint({"贵宾", "金卡", "银卡", "普卡"})


@pytest.mark.parametrize(
    ("view", "language"),
    [({"scheme": "light"}, "en"), ({"phone": True, "scheme": "dark", "locale": "zh-CN"}, "zh_CN")],
    ids=["wide-light-en", "phone-dark-zh"],
)
def test_each_part_of_queues_stands_by_itself(
    view: dict[str, object],
    language: str,
    server: Dashboard,
    new_page: Callable[..., Page],
    visit: Callable[..., Page],
    violations: Callable[[Page], list[object]],
) -> None:
    tab = new_page(**view)
    for part in PARTS:
        visit(tab, server, f"/queues?lang={language}&data=demo&part={part}")
        assert tab.get_by_test_id("stException").count() == 0, server.log
        found = violations(tab)
        assert not found, part + "\n" + "\n".join(map(str, found))
