"""The back-test of the demo is worked out while the reader watches, and what it comes to is there for everybody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashboard import Dashboard
    from playwright.sync_api import Page

WORKED_OUT_MS = 180_000


@pytest.mark.parametrize(
    ("options", "language", "finding"),
    [
        ({}, "en", r"Following the recommendation would have cost .+ in \d+ of 100 cases"),
        ({"phone": True, "scheme": "dark", "locale": "zh-CN"}, "zh_CN", r"按建议办理，.+说中了\d+例"),
    ],
)
def test_the_advice_is_judged(
    options: dict[str, object],
    language: str,
    finding: str,
    server: Dashboard,
    new_page: Callable[..., Page],
    visit: Callable[..., Page],
    wait: Callable[[Page], Page],
    violations: Callable[[Page], list[object]],
) -> None:
    page = visit(new_page(**options), server, f"/backtest?lang={language}&data=demo")
    expect(page.get_by_role("heading", level=2)).to_have_text(re.compile(finding), timeout=WORKED_OUT_MS)
    expect(page.locator(".js-plotly-plot")).to_have_count(6)
    wait(page)
    found = violations(page)
    assert not found, "\n".join(map(str, found))
    sideways = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert sideways <= 0


def test_a_part_is_in_the_link_and_in_the_download(
    server: Dashboard, page: Page, visit: Callable[..., Page], wait: Callable[[Page], Page], tmp_path: Path
) -> None:
    visit(page, server, "/backtest?lang=en&data=demo&way=under_provisioned&by=region")
    expect(page.get_by_role("heading", level=2)).to_contain_text("perfect hindsight", timeout=WORKED_OUT_MS)
    page.get_by_text("Rows behind this: Region").click()
    wait(page)
    with page.expect_download() as waiting:
        page.locator(".st-key-download-groups button").click()
    waiting.value.save_as(tmp_path / "rows.csv")
    lines = (tmp_path / "rows.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "# Data set: Demo"
    assert "# Advice: Under-provisioned" in lines
    assert sum("," in line and not line.startswith("#") for line in lines) == 1 + 5  # the demo has five regions
