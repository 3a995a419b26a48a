"""The steps of an import, as several tests take them."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from dashboard import settled
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

PATIENCE_S = 180.0
BUSY = "[class*='st-key-working-']"


def at_rest(page: Page) -> Page:
    """Wait until no job is under way any more and the page stands still."""
    end, quiet = time.monotonic() + PATIENCE_S, 0
    while quiet < 3:
        assert time.monotonic() < end, page.get_by_test_id("stMain").inner_text()
        settled(page, quiet_ms=150, timeout_ms=PATIENCE_S * 1000)
        quiet = 0 if page.locator(BUSY).count() else quiet + 1
        page.wait_for_timeout(150)
    return page


def bring(page: Page, *files: Path) -> Page:
    """Put files on the page and wait until each one was read."""
    before = {file.name: page.locator("summary", has_text=file.name.partition(".")[0]).count() for file in files}
    page.get_by_test_id("stFileUploader").first.locator("input[type=file]").set_input_files(list(files))
    for file in files:
        found = page.locator("summary", has_text=file.name.partition(".")[0])
        found.nth(before[file.name]).wait_for(timeout=PATIENCE_S * 1000)
    return at_rest(page)


def line(page: Page, name: str) -> Locator:
    """Return the line that says how a file stands."""
    return page.locator("summary", has_text=name).first


def confirm(page: Page) -> None:
    """Take everything as it was read."""
    every = page.get_by_role("button", name="Take all as they were read")
    single = page.get_by_role("button", name=re.compile("That is right|as it was read|Take this"))
    texts = page.get_by_role("button", name="These texts are right")
    for _i in range(8):
        for each in (every, single, texts):
            if each.count():
                click(each.first)
                at_rest(page)
                break
        else:
            return
    message = "questions without end"
    raise AssertionError(message)


def click(button: Locator) -> None:
    """Click; the first one after a run may find the button not yet alive."""
    button.scroll_into_view_if_needed()
    button.click()


def choose(box: Locator, option: str) -> None:
    """Choose an option of a box; a run that ends just then shuts its list, and a reader opens it again."""
    wanted = box.page.get_by_role("option", name=option)
    for _attempt in range(5):
        box.click()
        try:
            wanted.click(timeout=5000)
        except PlaywrightTimeoutError:
            box.press("Escape")
        else:
            return
    wanted.click(timeout=5000)


def named(page: Page, name: str) -> None:
    """Give the new data set a name."""
    label = page.get_by_label("Name of the data set")
    label.fill(name)
    label.press("Enter")
    at_rest(page)


def commit(page: Page) -> None:
    """Press Import and see that it is done."""
    click(page.get_by_role("button", name="Import", exact=True))
    page.get_by_test_id("stAlertContentSuccess").wait_for(timeout=PATIENCE_S * 1000)
    at_rest(page)


def go(page: Page, name: str) -> str:
    """Go to another page by the navigation and return what it says."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    at_rest(page)
    assert page.get_by_test_id("stException").count() == 0
    return said(page)


def said(page: Page) -> str:
    """Return the text of the page."""
    return page.get_by_test_id("stMain").inner_text()


def tables(page: Page) -> Iterable[str]:
    """Return the texts of the tables on the page."""
    return page.get_by_test_id("stTable").all_inner_texts()
