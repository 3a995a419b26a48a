"""Files brought in through the Import page: real ones give their figures, wrong ones are named."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from import_steps import at_rest, bring, click, commit, confirm, go, line, named, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard import Dashboard
    from playwright.sync_api import Page

MAPPINGS = Path(__file__).parent.parent / "mappings"
PLANS = "plan_id,monthly_fee,included_minutes,overage_price_minutes\nS,10,100,0.10\nL,30,1000,0.10\n"
MEGALINE = ("users", "plans", "calls", "internet", "messages")


@pytest.fixture
def importing(
    start_dashboard: Callable[..., Dashboard], page: Page, visit: Callable[..., Page], page_faults: list[str]
) -> Callable[..., Page]:
    """Return a function that opens a dashboard without data and puts files on its Import page."""
    dashboard = start_dashboard(demo=False)

    def put(*files: Path) -> Page:
        visit(page, dashboard, "/import?lang=en")
        page_faults.clear()  # a first deep link asks for two addresses that are not there
        return bring(page, *files)

    return put


def population_a(page: Page) -> None:
    text = go(page, "Plan fit")
    assert "76 of 330 customers" in text
    assert "$12,226.86 less in the 3 months to Dec 2018" in text


@pytest.mark.real_data
def test_megaline_from_its_five_files(real_data: Path, importing: Callable[..., Page]) -> None:
    page = importing(*[real_data / "megaline" / f"megaline_{name}.csv" for name in MEGALINE])
    confirm(page)
    named(page, "Mine")
    commit(page)
    population_a(page)
    page.goto(page.url + "&absent=zero")
    at_rest(page)
    assert "95 of " in said(page)
    assert "$14,762.83 less in the 3 months to Dec 2018" in said(page)
    history = go(page, "Data sets")
    assert "Mine holds 3 tables, 2,795 rows in all." in history  # 2,293 customer-months, 500 customers, 2 plans


@pytest.mark.real_data
def test_megaline_written_otherwise(real_data: Path, importing: Callable[..., Page], tmp_path: Path) -> None:
    """Other orders of dates, other headers, a damaged row: the figures are the same."""
    headers = {
        "calls": {"user_id": "Subscriber", "call_date": "Day", "duration": "Minutes"},
        "internet": {"user_id": "Subscriber", "session_date": "Day", "mb_used": "MB"},
        "messages": {"user_id": "Subscriber", "message_date": "Day"},
        "users": {"user_id": "Subscriber"},
        "plans": {},
    }
    files = [_rewritten(real_data, name, headers[name], tmp_path) for name in MEGALINE]
    page = importing(*files)
    confirm(page)
    calls = line(page, "calls.csv").inner_text()
    assert "137,736 rows: 137,735 good, 1 set aside" in calls
    commit(page)
    population_a(page)


def _rewritten(real_data: Path, name: str, headers: dict[str, str], folder: Path) -> Path:
    path = folder / f"{name}.csv"
    with (
        (real_data / "megaline" / f"megaline_{name}.csv").open(newline="") as source,
        path.open("w", newline="") as out,
    ):
        rows = csv.DictReader(source)
        written = csv.writer(out, lineterminator="\n")
        names = list(rows.fieldnames or ())
        written.writerow([headers.get(each, each) for each in names])
        for i, row in enumerate(rows):
            for each in ("call_date", "session_date", "message_date", "reg_date", "churn_date"):
                if row.get(each):
                    day = date.fromisoformat(row[each])
                    american = f"{day.month}/{day.day}/{day:%y}"
                    row[each] = american if name in ("calls", "users") else f"{day:%d/%m/%Y}"
            written.writerow(row.values())
            if name == "calls" and i == 100:
                out.write("1000_x,1000\n")
    return path


@pytest.mark.real_data
def test_the_bank_s_calls_by_a_saved_mapping(real_data: Path, importing: Callable[..., Page]) -> None:
    page = importing(real_data / "anonymous_bank" / "calls_1999_02.txt")
    page.get_by_role("radio", name="Columns").click(force=True)
    at_rest(page)
    saved = page.get_by_role("button", name="Saved mappings")
    mapping = page.get_by_test_id("stPopoverBody").locator("input[type=file]")
    for _attempt in range(3):
        click(saved)
        at_rest(page)
        if mapping.count():
            break
    mapping.set_input_files(MAPPINGS / "bank_calls.json")
    at_rest(page)
    click(page.get_by_role("button", name="Use this mapping"))
    at_rest(page)
    commit(page)
    text = go(page, "Queues")
    assert "Which tier comes first is not known yet." in text
    assert "differ by 69%" in text  # the label trap, total variation .687
    assert "18,027" not in text  # no sentence about who comes first without ranks


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        (
            "plans.csv",
            b"plan_id,activation_fee,currency\nS,1,EUR\n",
            ["No column of the file brings monthly_fee", "Monthly fee *"],
        ),
        ("report.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", ["PDF"]),
        ("empty.csv", b"", ["empty"]),
        ("usage.csv", b"customer_id,month,minutes\n1,2026-13,4\n2,2026-01,5\n", ["2 rows: 1 good, 1 set aside"]),
    ],
    ids=["missing column", "another kind", "empty", "month 13"],
)
def test_a_wrong_file_is_named_and_nothing_is_lost(
    name: str, content: bytes, texts: list[str], importing: Callable[..., Page], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    page = importing(path)
    assert page.get_by_test_id("stException").count() == 0
    text = said(page)
    assert all(each in text for each in texts), text


def test_after_a_restart_everything_is_there(
    start_dashboard: Callable[..., Dashboard], page: Page, visit: Callable[..., Page], page_faults: list[str],
    tmp_path: Path,
) -> None:  # fmt: skip
    dashboard = start_dashboard(demo=False)
    plans = tmp_path / "plans.csv"
    plans.write_text(PLANS)
    visit(page, dashboard, "/import?lang=en")
    bring(page, plans)
    named(page, "Mine")
    commit(page)
    page.goto("about:blank")
    dashboard.kill()
    dashboard.start()
    visit(page, dashboard, "/data_sets?lang=en")
    page_faults.clear()
    assert "Mine holds 1 table, 2 rows in all." in said(page)
