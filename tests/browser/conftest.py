"""The dashboard in a real browser.

`page` stands on nothing yet: ``visit(page, server, "/queues?lang=zh_CN")`` opens an address and waits for its end.
A test fails when the page wrote an error to its console or asked any other host for something; a test that
expects this empties ``page_faults``.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dashboard import BROWSER_OPTIONS, NO_BROWSER, ROOT, Dashboard, build_demo, find_browser, settled, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# What no user of Streamlit can put right: the sparkline of a metric is an image that takes no name, and the sections
# of the navigation stand between its list and the items.
AXE_EXEMPT = {("svg-img-alt", "stMetric"), ("list", "stSidebarNav"), ("listitem", "stSidebarNav")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Violation:
    """One rule of accessibility that the page breaks, and where."""

    rule: str
    impact: str
    target: str
    html: str


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the demo data set in it, built once for all; copy it before changing anything in it.

    ``CXLIB_TEST_HOME`` names one that exists already.
    """
    if "CXLIB_TEST_HOME" in os.environ:
        return Path(os.environ["CXLIB_TEST_HOME"])
    if not (ROOT / "cxlib" / "cli.py").exists():
        return tmp_path_factory.mktemp("empty-home")
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    home, done = shared / "demo-home", shared / "demo-home.done"
    with (shared / "demo-home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            build_demo(home)
            done.touch()
    return home


@pytest.fixture(scope="session")
def start_dashboard(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Dashboard]]:
    """Return a function that starts one more dashboard, cold, over a copy of the demo or over an empty home.

    ``start_dashboard(launcher="uvicorn", demo=False, environment={...})``; it is stopped at the end, or earlier by
    its own ``stop``.
    """
    started: list[Dashboard] = []

    def start(*, demo: bool = True, **options: Any) -> Dashboard:
        home = tmp_path_factory.mktemp("dashboard") / "home"
        if demo:
            shutil.copytree(demo_home, home)
        started.append(Dashboard(home, **options))
        return started[-1].start()

    yield start
    for dashboard in started:
        dashboard.stop()


@pytest.fixture(scope="session")
def server(start_dashboard: Callable[..., Dashboard]) -> Dashboard:
    """Return the dashboard that most tests look at: ``streamlit run app.py`` over the demo."""
    return start_dashboard()


@pytest.fixture(scope="session")
def uvicorn_server(start_dashboard: Callable[..., Dashboard]) -> Dashboard:
    """Return the dashboard as ``uvicorn app:app`` serves it."""
    return start_dashboard(launcher="uvicorn")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a browser for the tests of one file; its driver's event loop ends with it."""
    path = find_browser()
    if path is None:
        pytest.skip(NO_BROWSER)
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and not needed by those that skip

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(BROWSER_OPTIONS))
        yield chromium
        chromium.close()


@pytest.fixture
def page_faults() -> list[str]:
    """Return what went wrong inside the pages so far: console errors, exceptions, requests to other hosts."""
    return []


@pytest.fixture
def new_page(browser: Browser, page_faults: list[str]) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a tab of its own session.

    ``new_page(phone=True, scheme="dark", locale="zh-CN")``; further names go to the browser's context.
    """
    contexts: list[BrowserContext] = []

    def open_tab(*, phone: bool = False, scheme: str = "light", locale: str = "en-US", **options: Any) -> Page:
        settings = {
            "viewport": PHONE if phone else WIDE,
            "has_touch": phone,
            "is_mobile": phone,
            "color_scheme": scheme,
            "locale": locale,
            "timezone_id": "Europe/Berlin",
            "accept_downloads": True,
            **options,
        }
        contexts.append(browser.new_context(**settings))
        tab = watch(contexts[-1].new_page(), page_faults)
        tab.set_default_timeout(30_000)
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert not page_faults, "\n".join(page_faults)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """Return a wide, light, English tab."""
    return new_page()


@pytest.fixture(scope="session")
def visit() -> Callable[[Page, Dashboard, str], Page]:
    """Return a function that opens an address of a dashboard and waits until it stands."""

    def go(page: Page, dashboard: Dashboard, address: str = "/") -> Page:
        page.goto(dashboard.url + address)
        return settled(page)

    return go


@pytest.fixture(scope="session")
def wait() -> Callable[[Page], Page]:
    """Return a function that waits for the end of the run that a click began."""
    return settled


@pytest.fixture(scope="session")
def violations() -> Callable[[Page], list[Violation]]:
    """Return a function that lists where a page breaks WCAG 2.1 A and AA, as far as a program can see it."""
    # Evaluated rather than added as a script, so that the page's own security policy stays in force.
    axe = (Path(pytest.importorskip("axe_playwright_python").__file__).parent / "axe.min.js").read_text("utf-8")

    def check(page: Page) -> list[Violation]:
        page.evaluate(f"() => {{ {axe} }}")
        rules = json.dumps(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"])
        result = page.evaluate(f"() => axe.run({{runOnly: {rules}, resultTypes: ['violations']}})")
        found = [
            Violation(rule["id"], rule["impact"], " ".join(map(str, node["target"])), node["html"][:300])
            for rule in result["violations"]
            for node in rule["nodes"]
        ]
        return [one for one in found if not _exempt(page, one)]

    return check


def _exempt(page: Page, violation: Violation) -> bool:
    parts = [f"[data-testid='{part}']" for rule, part in AXE_EXEMPT if rule == violation.rule]
    inside = "([target, part]) => Boolean(document.querySelector(target)?.closest(part))"
    return any(page.evaluate(inside, [violation.target, part]) for part in parts)
