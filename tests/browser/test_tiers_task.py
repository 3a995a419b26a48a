"""A manager's task: rename a tier to a neutral name, see it on every chart, and export the finding with its rows."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from cxlib.importing import Arrival, incoming
from cxlib.intake import read
from cxlib.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashboard import Dashboard
    from playwright.sync_api import Locator, Page

TIERS = "tier,rank,display_name_en,display_name_zh\nVIP,1,,\nplain,2,Usual,平常\n"
CONTACTS = "contact_id,tier,queue,arrived_at,wait_s,outcome\n" + "".join(
    f"{day}-{i}-{tier},{tier},q,2026-03-{day + 2:02d} 09:{2 * i + (tier == 'VIP'):02d}:00,{wait + day % 3},served\n"
    for day in range(10)
    for i in range(8)
    for tier, wait in (("VIP", 20), ("plain", 50))
)
HEADER_PX, ROW_PX = 36, 35


@pytest.fixture
def own(start_dashboard: Callable[..., Dashboard]) -> tuple[Dashboard, str]:
    """Return a dashboard over a data set of one's own, and its id."""
    dashboard = start_dashboard(demo=False)
    with Store(dashboard.home) as store:
        files = [
            Arrival(f"{name}.csv", text.encode(), read(text.encode(), table=name, zone="UTC"))
            for name, text in (("tiers", TIERS), ("contacts", CONTACTS))
        ]
        dataset = store.create(name="Mine").id
        store.commit(dataset, incoming(files))
    return dashboard, dataset


def write(page: Page, grid: Locator, row: int, text: str) -> None:
    """Write into the cell of the English name, two to the right of the tier's own, and leave it open."""
    grid.click(position={"x": 18, "y": HEADER_PX + ROW_PX * row + ROW_PX // 2})
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    editor = page.locator("#portal textarea, #portal input").first
    expect(editor).to_be_visible()
    editor.fill(text)


def test_a_tier_is_renamed_and_the_finding_exported(
    own: tuple[Dashboard, str],
    page: Page,
    visit: Callable[..., Page],
    wait: Callable[[Page], Page],
    tmp_path: Path,
) -> None:
    server, dataset = own
    visit(page, server, f"/tiers?lang=en&data={dataset}")
    main = page.get_by_test_id("stMain")
    expect(page.get_by_role("heading", level=2)).to_have_text("VIP gets more than Usual.")

    grid = page.get_by_test_id("stDataFrame").filter(has=page.locator("canvas")).last
    grid.scroll_into_view_if_needed()
    wait(page)
    write(page, grid, 0, "Gentle")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save tiers").click()
    wait(page)
    expect(page.get_by_role("heading", level=2)).to_have_text("Gentle gets more than Usual.")
    expect(main).to_contain_text("Gentle beside Usual")

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Allocation", exact=True).click()
    wait(page)
    expect(page.get_by_role("heading", level=2)).to_contain_text("Usual wait 2.4")
    expect(page.get_by_role("heading", level=2)).to_contain_text("as long as Gentle")
    chart = page.locator(".st-key-chart-outcome")
    expect(chart).to_contain_text("Gentle")
    expect(chart).not_to_contain_text("VIP")

    page.get_by_text("Rows behind this: Mean wait").click()
    wait(page)
    with page.expect_download() as waiting:
        page.locator(".st-key-download-outcome button").click()
    waiting.value.save_as(tmp_path / "rows.csv")
    lines = (tmp_path / "rows.csv").read_bytes().decode("utf-8-sig").splitlines()
    scope = "\n".join(line for line in lines if line.startswith("#"))
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [row["Tier"] for row in rows] == ["Gentle", "Usual"]
    assert [row["n"] for row in rows] == ["80", "80"]
    assert "Mine" in scope
    assert "20 s" in scope


def test_two_cells_and_a_quick_click_are_both_kept(
    own: tuple[Dashboard, str], page: Page, visit: Callable[..., Page], wait: Callable[[Page], Page]
) -> None:
    server, dataset = own
    visit(page, server, f"/tiers?lang=en&data={dataset}")
    grid = page.get_by_test_id("stDataFrame").filter(has=page.locator("canvas")).last
    grid.scroll_into_view_if_needed()
    wait(page)
    write(page, grid, 0, "Gentle")
    page.keyboard.press("Enter")
    write(page, grid, 1, "Plain")
    page.get_by_role("button", name="Save tiers").click()  # the second cell is open still
    expect(page.get_by_role("heading", level=2)).to_have_text("Gentle gets more than Plain.")
    wait(page)
    with Store(server.home) as store:
        kept = store.load(dataset, "tiers")
        assert kept["display_name_en"].to_pylist() == ["Gentle", "Plain"]
        assert store.version(dataset).number == 2  # one more, with both
