"""Files brought in through the Import page: real ones give their figures, wrong ones are named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard import Dashboard
    from playwright.sync_api import Locator, Page

MAPPINGS = Path(__file__).parent.parent / "mappings"
PLANS = "plan_id,monthly_fee,included_minutes,overage_price_minutes\nS,10,100,0.10\nL,30,1000,0.10\n"


@pytest.fixture
def importing(
    start_dashboard: Callable[..., Dashboard],
    page: Page,
    visit: Callable[..., Page],
    wait: Callable[[Page], Page],
    page_faults: list[str],
) -> Callable[..., Page]:
    """Return a function that opens a dashboard without data and puts files on its Import page."""
    dashboard = start_dashboard(demo=False)

    def put(*files: Path, name: str = "Mine") -> Page:
        visit(page, dashboard, "/import?lang=en")
        page_faults.clear()  # a first deep link asks for two addresses that are not there
        page.get_by_label("Name of the data set").fill(name)
        page.get_by_label("Name of the data set").press("Enter")
        wait(page)
        return bring(page, wait, *files)

    return put


@pytest.fixture
def confirm(wait: Callable[[Page], Page]) -> Callable[[Page], None]:
    def all_of_it(page: Page) -> None:
        answers: Locator = page.get_by_role("button", name="That is right")
        for _i in range(10):
            if not answers.count():
                return
            answers.first.click()
            wait(page)
        pytest.fail("questions without end")

    return all_of_it


def bring(page: Page, wait: Callable[[Page], Page], *files: Path) -> Page:
    """Put files on the page and wait until each one was read."""
    page.get_by_test_id("stFileUploader").first.locator("input[type=file]").set_input_files(list(files))
    for file in files:
        page.get_by_role("heading", name=file.name).wait_for()
    return wait(page)


def commit(page: Page, wait: Callable[[Page], Page]) -> None:
    page.get_by_role("button", name="Import", exact=True).click()
    wait(page)
    assert page.get_by_test_id("stAlertContentSuccess").count() == 1


def go(page: Page, wait: Callable[[Page], Page], name: str) -> str:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    wait(page)
    assert page.get_by_test_id("stException").count() == 0
    return page.get_by_test_id("stMain").inner_text()


@pytest.mark.real_data
def test_megaline_from_its_five_files(
    real_data: Path, importing: Callable[..., Page], confirm: Callable[[Page], None], wait: Callable[[Page], Page]
) -> None:
    names = ("users", "plans", "calls", "internet", "messages")
    page = importing(*[real_data / "megaline" / f"megaline_{name}.csv" for name in names])
    confirm(page)
    commit(page, wait)
    said = go(page, wait, "Plan fit")
    assert "76 of 330 customers" in said
    assert "$12,226.86 less in the 3 months to Dec 2018" in said
    page.goto(page.url + "&absent=zero")
    wait(page)
    with_zeros = page.get_by_test_id("stMain").inner_text()
    assert "95 of " in with_zeros
    assert "$14,762.83 less in the 3 months to Dec 2018" in with_zeros
    history = go(page, wait, "Data sets")
    assert "Mine holds 3 tables, 2,795 rows in all." in history  # 2,293 customer-months, 500 customers, 2 plans


@pytest.mark.real_data
def test_the_bank_s_calls_by_a_saved_mapping(
    real_data: Path, importing: Callable[..., Page], wait: Callable[[Page], Page]
) -> None:
    page = importing(real_data / "anonymous_bank" / "calls_1999_02.txt")
    saved = page.get_by_role("button", name="Saved mappings")
    if not saved.is_visible():
        page.locator("summary", has_text="Columns").first.click()
    mapping = page.get_by_test_id("stPopoverBody").locator("input[type=file]")
    for _attempt in range(3):  # the first click after a run may find the button not yet alive
        saved.click()
        wait(page)
        if mapping.count():
            break
    mapping.set_input_files(MAPPINGS / "bank_calls.json")
    wait(page)
    page.get_by_role("button", name="Use this mapping").click()
    wait(page)
    commit(page, wait)
    said = go(page, wait, "Queues")
    assert "Which tier comes first is not known yet." in said
    assert "differ by 69%" in said  # the label trap, total variation .687
    assert "18,027" not in said  # no sentence about who comes first without ranks


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "plans.csv",
            b"plan_id,activation_fee,currency\nS,1,EUR\n",
            ["No column of the file brings monthly_fee", "Monthly fee *"],
        ),
        ("report.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", ["PDF"]),
        ("empty.csv", b"", ["empty"]),
        ("usage.csv", b"customer_id,month,minutes\n1,2026-13,4\n2,2026-01,5\n", ["Set aside"]),
    ],
    ids=["missing column", "another kind", "empty", "month 13"],
)
def test_a_wrong_file_is_named_and_nothing_is_lost(
    name: str, content: bytes, said: list[str], importing: Callable[..., Page], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    page = importing(path)
    assert page.get_by_test_id("stException").count() == 0
    text = page.get_by_test_id("stMain").inner_text()
    assert all(each in text for each in said), text


def test_rows_that_are_set_aside_can_be_downloaded_corrected_and_brought_back(
    importing: Callable[..., Page], confirm: Callable[[Page], None], wait: Callable[[Page], Page], tmp_path: Path
) -> None:
    plans, usage = tmp_path / "plans.csv", tmp_path / "usage.csv"
    plans.write_text(PLANS)
    rows = [f"007,2026-{m:02d},S,400" for m in (1, 2)] + ["007,2026-03,XXL,400", "007,2026-13,S,1"]
    usage.write_text("customer_id,month,plan_id,minutes\n" + "\n".join(rows) + "\n")
    page = importing(plans, usage)
    confirm(page)
    text = page.get_by_test_id("stMain").inner_text()
    assert "1 row set aside for a plan that the catalogue lacks: XXL (rows 4)" in text
    commit(page, wait)
    assert "Nobody has 3 complete months in a row yet." in go(page, wait, "Plan fit")
    mended = tmp_path / "mended.csv"
    mended.write_text("customer_id,month,plan_id,minutes\n007,2026-03,S,400\n")
    go(page, wait, "Import")
    bring(page, wait, mended)
    confirm(page)
    commit(page, wait)
    assert "1 of 1 customers" in go(page, wait, "Plan fit")
    go(page, wait, "Data sets")
    page.get_by_role("button", name="Undo the last change").click()
    wait(page)
    assert "Nobody has 3 complete months in a row yet." in go(page, wait, "Plan fit")


def test_after_a_restart_everything_is_there(
    start_dashboard: Callable[..., Dashboard], page: Page, visit: Callable[..., Page], wait: Callable[[Page], Page],
    page_faults: list[str], tmp_path: Path,
) -> None:  # fmt: skip
    dashboard = start_dashboard(demo=False)
    plans = tmp_path / "plans.csv"
    plans.write_text(PLANS)
    visit(page, dashboard, "/import?lang=en")
    page.get_by_label("Name of the data set").fill("Mine")
    page.get_by_label("Name of the data set").press("Enter")
    wait(page)
    bring(page, wait, plans)
    commit(page, wait)
    page.goto("about:blank")
    dashboard.kill()
    dashboard.start()
    visit(page, dashboard, "/data_sets?lang=en")
    page_faults.clear()
    assert "Mine holds 1 table, 2 rows in all." in page.get_by_test_id("stMain").inner_text()
