"""The frame over a data set that a test brings, as an app without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cxlib.importing import Arrival, incoming
from cxlib.intake import read
from cxlib.store import Store
from cxlib.ui.sitemap import PAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FRAME = Path(__file__).parent.parent.parent / "cxlib" / "ui" / "frame.py"


@pytest.fixture
def holding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, str]], AppTest]]:
    """Return a function that opens the frame over a data set that holds some tables, as CSV."""
    monkeypatch.setenv("CXLIB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("cxlib.ui.session.FIRST_PAGE_S", 600)
    st.cache_resource.clear()

    def open_frame(tables: dict[str, str]) -> AppTest:
        if tables:
            with Store() as store:
                files = [
                    Arrival(f"{name}.csv", text.encode(), read(text.encode(), table=name, zone="UTC"))
                    for name, text in tables.items()
                ]
                store.commit(store.create(name="Mine").id, incoming(files))
        return AppTest.from_file(str(FRAME), default_timeout=120).run()

    yield open_frame
    st.cache_resource.clear()


@pytest.fixture
def go() -> Callable[[AppTest, str], str]:
    """Return a function that turns to a page and returns what it says."""

    def turn(app: AppTest, url_path: str) -> str:
        page = next(each for each in PAGES if each.url_path == url_path)
        app.switch_page(str(page.path)).run()
        return said(app)

    return turn


@pytest.fixture(name="said")
def said_fixture() -> Callable[[AppTest], str]:
    """Return a function that returns what the page says."""
    return said


def said(app: AppTest) -> str:
    """Return the texts of a page, which must have come to its end."""
    assert not app.exception, app.exception
    return "\n".join(each.value for kind in (app.markdown, app.caption, app.warning, app.error) for each in kind)
