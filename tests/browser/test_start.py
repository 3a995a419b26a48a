"""The dashboard starts, answers as it should, and stands in a browser."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard import Dashboard
    from playwright.sync_api import Page

FIRST_SIGHT_S = 10


@pytest.fixture(params=["streamlit", "uvicorn"])
def either_server(request: pytest.FixtureRequest) -> Dashboard:
    return request.getfixturevalue("server" if request.param == "streamlit" else "uvicorn_server")


def test_a_cold_server_shows_the_overview_in_time(
    start_dashboard: Callable[..., Dashboard], page: Page, visit: Callable[..., Page]
) -> None:
    took = []
    for _attempt in range(3):  # other work on the machine may hold one of them up
        cold = start_dashboard()
        start = time.monotonic()
        visit(page, cold)
        took.append(time.monotonic() - start)
        assert page.get_by_role("heading", level=1).count() == 1, cold.log
        assert page.get_by_test_id("stException").count() == 0, cold.log
        page.goto("about:blank")
        cold.stop()
        if took[-1] < FIRST_SIGHT_S:
            return
    pytest.fail(f"{took} s")


@pytest.mark.parametrize("launcher", ["streamlit", "uvicorn"])
def test_a_cold_server_shows_a_page_that_is_asked_for_first(
    launcher: str, start_dashboard: Callable[..., Dashboard], page: Page, visit: Callable[..., Page]
) -> None:
    cold = start_dashboard(launcher=launcher)
    visit(page, cold, "/queues?lang=en")
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["Queues"], cold.log
    assert page.get_by_test_id("stSidebarNav").count() == 1
    assert page.get_by_text("Page not found").count() == 0
    assert page.get_by_role("dialog").count() == 0


def test_every_answer_carries_the_security_headers(either_server: Dashboard) -> None:
    for address in ("/", "/queues", "/_stcore/health", "/no-such-page"):
        headers, _body = _answer(either_server.url + address)
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'self'", address
        assert re.fullmatch(r"'self'( 'sha256-[A-Za-z0-9+/]{43}=')*", policy["script-src"]), address
        assert policy["connect-src"] == "'self'", address
        assert policy["object-src"] == "'none'", address
        assert policy["frame-ancestors"] == "'none'", address
        assert headers["x-content-type-options"] == "nosniff", address
        assert headers["referrer-policy"] == "same-origin", address


@pytest.mark.parametrize("name", ["queues.py", "balance/queues.py", "app.py", "../app.py", "pyproject.toml"])
def test_source_files_are_not_served(either_server: Dashboard, name: str) -> None:
    for address in (f"/{name}", f"/pages/{name}", f"/app/static/{name}"):
        _headers, body = _answer(either_server.url + address)
        assert b"import streamlit" not in body, address


def _answer(url: str) -> tuple[dict[str, str], bytes]:
    try:
        answer = urllib.request.urlopen(url, timeout=30)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        return {name.lower(): value for name, value in answer.headers.items()}, answer.read()
