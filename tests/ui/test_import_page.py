"""The Import page and the page of data sets, without a browser."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cxlib.store import Store
from cxlib.ui.sitemap import entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FRAME = Path(__file__).parent.parent.parent / "cxlib" / "ui" / "frame.py"
PLANS = b"plan_id,monthly_fee,included_minutes,overage_price_minutes\nS,10,100,0.10\nL,30,1000,0.10\n"
USAGE = b"customer_id,month,plan_id,minutes\na,2026-01,S,400\na,2026-13,S,400\n"
DATES = b"customer_id,day,minutes\n" + b"".join(f"a,0{i % 9 + 1}/04/26,1\n".encode() for i in range(12))
PATIENCE_S = 120


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CXLIB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("cxlib.ui.session.FIRST_PAGE_S", 600)
    monkeypatch.setattr("cxlib.ui.commit.prepare_in_background", lambda: None)
    st.cache_resource.clear()
    yield tmp_path / "home"
    st.cache_resource.clear()


@pytest.fixture
def page(home: Path) -> Callable[..., AppTest]:
    """Return a function that opens the Import page and puts files on it, by name and content."""
    assert home

    def put(**files: bytes) -> AppTest:
        app = AppTest.from_file(str(FRAME), default_timeout=120).run()
        app.switch_page(str(entry("import").path)).run()
        for name, content in files.items():
            app.file_uploader[0].upload(f"{name}.csv", content)
        return at_rest(app.run())

    return put


def at_rest(app: AppTest) -> AppTest:
    """Run the page until no job is under way."""
    end = time.monotonic() + PATIENCE_S
    while any(button.label == "Cancel" for button in app.button):
        assert time.monotonic() < end
        time.sleep(0.2)
        app.run()
    assert not app.exception, app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if label in button.label).click()
    return at_rest(app.run())


def labels(app: AppTest) -> list[str]:
    return [each.label for each in app.expander]


def said(app: AppTest) -> str:
    every = (app.markdown, app.caption, app.success, app.error, app.warning, app.info)
    return "\n".join(each.value for kind in every for each in kind)


def test_a_newcomer_sees_what_to_bring(page: Callable[..., AppTest]) -> None:
    app = page()
    assert "Who is on the wrong plan?" in said(app)
    assert not any(button.label == "Import" for button in app.button)


def test_files_are_read_imported_and_undone(page: Callable[..., AppTest], home: Path) -> None:
    app = page(plans=PLANS, usage=USAGE)
    assert "**plans\\.csv** · Plans · 2 rows, all good" in labels(app)
    assert "**usage\\.csv** · Usage · 2 rows: 1 good, 1 set aside" in labels(app)
    app = press(app, "Import")
    assert "2 files are in: 3 rows of My company." in said(app)
    with Store(home) as store:
        own = store.datasets()[0]
        assert (own.name, own.number) == ("My company", 1)
        assert {name: file.rows for name, file in store.version(own.id).tables.items()} == {"plans": 2, "usage": 1}
        press(app, "Undo this import")
        assert store.version(own.id).tables == {}


def test_what_was_chosen_stays_when_the_page_is_left(page: Callable[..., AppTest]) -> None:
    app = page(plans=PLANS)
    app.text_input[0].set_value("Elsewhere").run()
    app.switch_page(str(entry("data_sets").path)).run()
    app.switch_page(str(entry("import").path)).run()
    at_rest(app)
    assert "**plans\\.csv** · Plans · 2 rows, all good" in labels(app)
    assert app.text_input[0].value == "Elsewhere"


def test_the_order_of_dates_is_asked_with_what_each_makes_of_a_cell(page: Callable[..., AppTest]) -> None:
    app = page(events=DATES)
    answers = [button.label for button in app.button]
    assert any("Apr 1, 2026" in each and "day, month, year" in each for each in answers), answers
    assert any("Jan 4, 2026" in each and "month, day, year" in each for each in answers), answers
    app = press(app, "month, day, year")
    assert not any("Jan 4, 2026" in button.label for button in app.button)


def test_a_column_that_is_missing_can_be_chosen(page: Callable[..., AppTest]) -> None:
    app = page(plans=b"plan_id,activation_fee,currency\nS,1,EUR\n")
    assert "No column of the file brings monthly" in said(app)
    fee = next(box for box in app.selectbox if box.label.startswith("Monthly fee"))
    fee.set_value("activation_fee")
    app = press(app, "Read it with these columns")
    assert any("1 row, all good" in label for label in labels(app)), labels(app)


def test_a_file_can_be_taken_away_and_an_error_names_it(page: Callable[..., AppTest]) -> None:
    app = page(plans=PLANS, empty=b"")
    assert "**empty\\.csv** · cannot be read" in labels(app)
    assert not any(button.label == "Import" for button in app.button)
    app.button(key=next(b.key for b in app.button if b.label == "Take away" and b.key)).click().run()
    at_rest(app)
    assert len([label for label in labels(app) if "csv" in label]) == 1


def test_data_sets_show_each_version_and_what_an_undo_changes(page: Callable[..., AppTest]) -> None:
    app = press(page(plans=PLANS), "Import")
    app.switch_page(str(entry("data_sets").path)).run()
    assert not app.exception
    assert any(label.startswith("**Version 1**") and "plans\\.csv" in label for label in labels(app))
    assert "- Plans: 2 rows → nothing" in said(app)
    assert "1 file as they came" in said(app)
