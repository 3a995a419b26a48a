"""What an analyst does with files that are not quite right, from choosing them to seeing their customers."""

from __future__ import annotations

import csv
import gzip
import os
import re
import time
from typing import TYPE_CHECKING

import pytest
from import_steps import PATIENCE_S, at_rest, bring, choose, click, commit, confirm, go, line, said, tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashboard import Dashboard
    from playwright.sync_api import Page

PLANS = "plan_id,monthly_fee,included_minutes,overage_price_minutes\nS,10,100,0.10\nL,30,1000,0.10\n"
CHINESE_PLANS = "套餐编号,月费,包含_通话分钟,超出单价_通话分钟\n标准,10,100,0.10\n畅享,30,1000,0.10\n"


@pytest.fixture(scope="module")
def dashboard(start_dashboard: Callable[..., Dashboard]) -> Dashboard:
    """Return one dashboard for all tests here; each brings its files into a data set of its own."""
    return start_dashboard(demo=False)


@pytest.fixture
def importing(
    dashboard: Dashboard, page: Page, visit: Callable[..., Page], page_faults: list[str]
) -> Callable[..., Page]:
    """Return a function that puts files on the Import page of a new session."""

    def put(*files: Path) -> Page:
        visit(page, dashboard, "/import?lang=en")
        page_faults.clear()  # a first deep link asks for two addresses that are not there
        return bring(page, *files)

    return put


def into_new(page: Page, name: str) -> None:
    """Choose a new data set of that name for the files."""
    into = page.get_by_role("combobox", name="Into")
    if not page.get_by_label("Name of the data set").count():
        choose(into, "a new data set")
        at_rest(page)
    label = page.get_by_label("Name of the data set")
    label.fill(name)
    label.press("Enter")
    at_rest(page)


def chinese_usage(path: Path, bad: int) -> Path:
    """Write usage of 40 customers over 3 months as GBK, with some rows that are wrong."""
    rows = [f"C{c:03d},2026-{m:02d},标准,400" for c in range(40) for m in (1, 2, 3)]
    for i in range(bad):
        rows.insert(4 * i, [f"X{i},2026-13,标准,1", f"X{i},2026-01,标准,很多", f"X{i},2026-01"][i % 3])
    path.write_bytes(("客户编号,月份,套餐编号,通话分钟\n" + "\n".join(rows) + "\n").encode("gbk"))
    return path


def test_a_chinese_file_with_thirty_bad_rows_to_its_customers_on_plan_fit(
    importing: Callable[..., Page], tmp_path: Path
) -> None:
    plans = tmp_path / "套餐.csv"
    plans.write_text(CHINESE_PLANS, "utf-8")
    page = importing(chinese_usage(tmp_path / "用量.csv", 30), plans)
    assert "150 rows: 120 good, 30 set aside · 1 question" in line(page, "用量.csv").inner_text()
    assert "2 rows, all good" in line(page, "套餐.csv").inner_text()
    text = said(page)
    assert "A month that does not exist" in text
    assert "客户编号" not in text  # the rows under both encodings are drawn on canvas
    click(page.get_by_role("button", name="These texts are right").first)
    at_rest(page)
    into_new(page, "Chinese")
    shown = "\n".join(tables(page))
    assert "120 rows of Usage" in shown
    assert "40 customers, Jan 2026 – Mar 2026" in shown
    commit(page)
    assert "2 files are in: 122 rows of Chinese." in said(page)
    assert "30 rows set aside" in said(page)
    # 400 minutes: S costs 10 + 300 x .10 = 40, L costs 30, in each of three months
    page.get_by_test_id("stMainBlockContainer").get_by_role("link", name="Plan fit").click()
    at_rest(page)
    assert "40 of 40 customers paid more than one other plan would have cost" in said(page)


def test_rejects_are_downloaded_corrected_brought_back_and_undone(
    importing: Callable[..., Page], tmp_path: Path
) -> None:
    plans, usage = tmp_path / "plans.csv", tmp_path / "usage.csv"
    plans.write_text(PLANS)
    rows = [f"007,2026-{m:02d},S,400" for m in (1, 2)] + ["007,2026-13,S,400", "008,2026-03,XXL,1"]
    usage.write_text("customer_id,month,plan_id,minutes\n" + "\n".join(rows) + "\n")
    page = importing(plans, usage)
    confirm(page)
    into_new(page, "Rejects")
    assert "1 row set aside for a plan that the catalogue lacks: XXL" in said(page)
    with page.expect_download() as waiting:
        click(page.get_by_role("button", name=re.compile("Download 2 rows with their reasons")))
    commit(page)
    assert "Nobody has 3 complete months in a row yet." in go(page, "Plan fit")
    go(page, "Import")
    bring(page, corrected(waiting.value.path(), tmp_path / "corrected.csv"))
    confirm(page)
    assert "These are rows that were set aside, corrected" in page.get_by_test_id("stMain").text_content()
    assert "2 rows, all good" in line(page, "corrected.csv").inner_text()
    commit(page)
    assert "1 of 1 customers" in go(page, "Plan fit")
    go(page, "Import")
    click(page.get_by_role("button", name="Undo this import"))
    at_rest(page)
    assert "Nobody has 3 complete months in a row yet." in go(page, "Plan fit")


def corrected(downloaded: Path, path: Path) -> Path:
    """Write the rows that were set aside again, put right."""
    with downloaded.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.reader(source))
    assert rows[0] == ["row", "reasons", "text", "customer_id", "month", "plan_id", "minutes"]
    assert [row[1] for row in rows[1:]] == ["A month that does not exist", "A plan that the catalogue lacks"]
    mended = [[each.replace("2026-13", "2026-03").replace("XXL", "S") for each in row] for row in rows]
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(mended)
    return path


def test_a_wrong_encoding_is_chosen_and_put_right(importing: Callable[..., Page], tmp_path: Path) -> None:
    page = importing(chinese_usage(tmp_path / "用量.csv", 0))
    buttons = page.get_by_role("button", name="These texts are right")
    assert buttons.count() >= 2
    click(buttons.nth(1))
    page.get_by_text("BIG5 · separated by comma").wait_for(timeout=PATIENCE_S * 1000)
    at_rest(page)
    assert "1 answer given" in said(page)
    choice = page.get_by_role("combobox", name="Encoding")
    choice.focus()  # a list that is open while the page scrolls closes again
    at_rest(page)
    choice.press("ArrowDown")
    page.get_by_role("option", name="GB18030").click()
    settled = page.locator("summary", has_text="120 rows, all good").filter(has_not_text="question")
    settled.wait_for(timeout=PATIENCE_S * 1000)
    at_rest(page)
    page.get_by_text("GB18030 · separated by comma").wait_for(state="attached")


def test_a_hostile_file_is_refused_while_the_others_go_on(importing: Callable[..., Page], tmp_path: Path) -> None:
    bomb, plans = tmp_path / "bomb.csv.gz", tmp_path / "plans.csv"
    with gzip.open(bomb, "wb") as out:
        for _i in range(600):
            out.write(b"0" * (1 << 20))
    plans.write_text(PLANS)
    page = importing(bomb, plans)
    assert "cannot be read" in line(page, "bomb.csv.gz").inner_text()
    assert "2 rows, all good" in line(page, "plans.csv").inner_text()
    assert not page.get_by_role("button", name="Import", exact=True).count()
    click(page.get_by_role("button", name="Take away").first)
    at_rest(page)
    into_new(page, "Without the bomb")
    commit(page)


def test_a_file_of_the_inbox_is_brought_in(dashboard: Dashboard, importing: Callable[..., Page]) -> None:
    page = importing()
    inbox = dashboard.home / "inbox"
    for name in ("plans_of_inbox.csv", "growing.csv"):
        (inbox / name).write_text(PLANS)
    before = time.time() - 60
    os.utime(inbox / "plans_of_inbox.csv", (before, before))
    click(page.locator("summary", has_text="Inbox"))
    click(page.get_by_role("button", name="Look again"))
    at_rest(page)
    text = said(page)
    assert str(inbox) in text
    assert "still being written" in text
    click(page.locator("[class*='st-key-bring-plans_of_inbox'] button"))
    line(page, "plans_of_inbox.csv").wait_for()
    at_rest(page)
    into_new(page, "From the inbox")
    commit(page)
    assert (inbox / "plans_of_inbox.csv").read_text() == PLANS


def test_the_same_file_twice_and_two_files_of_one_name(importing: Callable[..., Page], tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "plans.csv", tmp_path / "b" / "plans.csv"
    for path, text in ((one, PLANS), (other, PLANS.replace("S,10", "XS,5"))):
        path.parent.mkdir()
        path.write_text(text)
    page = importing(one)
    bring(page, other)
    assert line(page, "plans.csv (2)").is_visible()
    bring(page, one)
    assert "This is the same file as plans.csv (1)" in page.get_by_test_id("stMain").text_content()
    page.reload()
    at_rest(page)
    assert line(page, "plans.csv (3)").is_visible()  # the batch has an address


def test_reading_can_be_cancelled_and_begun_again(importing: Callable[..., Page], tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("w") as out:
        out.write("customer_id,month,minutes\n")
        out.writelines(f"{i},2026-{i % 12 + 1:02d},{i % 977}.5\n" for i in range(1_500_000))
    page = importing()
    page.get_by_test_id("stFileUploader").first.locator("input[type=file]").set_input_files(large)
    cancel = page.locator("[class*='st-key-cancel-reading'] button")
    cancel.wait_for(timeout=60_000)
    click(cancel)
    page.get_by_text("reading was cancelled").wait_for(timeout=60_000)
    at_rest(page)
    click(page.get_by_role("button", name="Read it after all"))
    line(page, "1,500,000 rows").wait_for(timeout=PATIENCE_S * 1000)
