"""What is downloaded carries its scope, in the reader's language, and its rows add up to the headline."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashboard import Dashboard
    from playwright.sync_api import Page


@pytest.mark.parametrize(
    ("language", "button", "scope"),
    [("en", "Download", "# Data set: Demo"), ("zh_CN", "下载", "# 数据集: 演示")],
)
def test_the_flagged_customers(  # the headline is the sum of the rows
    language: str, button: str, scope: str, server: Dashboard, page: Page, visit: Callable[..., Page], tmp_path: Path
) -> None:
    visit(page, server, f"/plan_fit?lang={language}&data=demo")
    said = page.get_by_test_id("stMain").inner_text()
    with page.expect_download() as waiting:
        page.locator(".st-key-download-flagged").filter(has_text=button).locator("button").click()
    path = tmp_path / "rows.csv"
    waiting.value.save_as(path)
    lines = path.read_text("utf-8-sig").splitlines()
    assert lines[0] == scope
    table = list(csv.reader(line for line in lines if not line.startswith("#")))
    saving = sum(round(float(row[table[0].index(_saving(table[0]))]) * 100) for row in table[1:])
    amounts = {round(float(each.replace(",", "")) * 100) for each in re.findall(r"[\d,]+\.\d\d", said)}
    counts = {int(each.replace(",", "")) for each in re.findall(r"\d[\d,]*", said)}
    assert saving in amounts
    assert len(table) - 1 in counts


def _saving(header: list[str]) -> str:
    return next(name for name in header if "CNY" in name)
