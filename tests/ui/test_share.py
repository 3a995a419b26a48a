"""A page goes out as a file with the numbers that it shows, and a view is kept by name."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from cxlib.exports.page_report import Field, Listed, plain
from cxlib.store import Store
from cxlib.texts import speaking
from cxlib.ui.reporting import write_reports
from cxlib.ui.share import chart_of, page_bytes, rows_bytes
from cxlib.ui.sitemap import entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    Holding = Callable[[dict[str, str]], AppTest]
    Go = Callable[[AppTest, str], str]

ARRIVALS = [(f"{8 + i // 60:02d}:{i % 60:02d}:00", "regular" if i % 2 == 0 else "priority") for i in range(24)]
CONTACTS = "contact_id,tier,queue,arrived_at,wait_s,outcome,queued\n" + "".join(
    f"{i},{tier},q<b>,2026-03-02 {at},{100 if tier == 'regular' else 10},served,yes\n"
    for i, (at, tier) in enumerate(ARRIVALS)
)
TABLES = {"contacts": CONTACTS, "tiers": "tier,rank,display_name_en\npriority,1,Gentle\nregular,2,<i>Usual</i>\n"}


def own_dataset() -> str:
    with Store() as store:
        return next(each.id for each in store.datasets() if not each.demo)


def words_of(html: str) -> str:
    body = re.sub(r"<(script|style)[^>]*>.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_report_says_what_the_page_says(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    go(app, "queues")
    with Store() as store:
        dataset = store.dataset(own_dataset())
    html = page_bytes(entry("queues"), app.session_state["record"], dataset).decode()
    words = words_of(html)
    finding = next(each.value for each in app.markdown if each.value.startswith("## "))
    assert plain(finding.removeprefix("## ")) in words
    assert "10.00 times as long as Gentle" in words
    # every number of the page's first table is in the file
    shown = app.dataframe[0].value
    for column in shown.select_dtypes("number"):
        for value in shown[column].dropna():
            text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
            assert text in words, (column, value)
    assert html.count("data-chart=") >= 2
    assert "<i>Usual" not in html
    assert "&lt;i&gt;Usual" in html
    assert not re.search(r"""(src|href)=["']http""", re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL))


def test_the_workbook_has_the_rows_that_the_page_shows(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    go(app, "queues")
    with Store() as store:
        dataset = store.dataset(own_dataset())
    made = rows_bytes(entry("queues"), app.session_state["record"], dataset)
    book = CalamineWorkbook.from_filelike(io.BytesIO(made))
    assert len(book.sheet_names) > len(app.dataframe)  # with the cover
    shown = app.dataframe[0].value
    cells = book.get_sheet_by_index(1).to_python()[1:]
    assert len(cells) == len(shown)
    numbers = [place for place, column in enumerate(shown.columns) if shown[column].dtype.kind in "if"]
    assert numbers
    for place in numbers:
        for value, row in zip(shown.iloc[:, place], cells, strict=True):
            wanted = (value, value / 100) if pd.notna(value) else ("",)  # shares are shown in percent
            assert any(row[place] == pytest.approx(each) for each in wanted), (shown.columns[place], value)


def listed(frame: pd.DataFrame, kinds: dict[str, str], n: int | None = None) -> Listed:
    fields = {name: Field(name, kind) for name, kind in kinds.items()}
    return Listed("Waits", "waits", frame, fields, len(frame) if n is None else n)


TWO = pd.DataFrame({"tier": ["a", "b"], "n": [4, 5], "mean": [1.5, 2.5], "p90": [3.0, 4.0], "empty": [None, None]})


@pytest.mark.parametrize(
    ("part", "chart"),
    [
        (
            listed(TWO, {"tier": "text", "empty": "share", "mean": "seconds", "n": "count", "p90": "seconds"}),
            ("bar", "tier", ["mean", "p90"]),
        ),
        (listed(TWO.assign(tier=["2026-01", "2026-02"]), {"tier": "month", "n": "count"}), ("line", "tier", ["n"])),
        (listed(TWO.assign(tier="a"), {"tier": "text", "n": "count"}), None),  # not told apart
        (listed(TWO, {"tier": "text", "n": "count"}, n=900), None),  # the first of many
        (listed(TWO.head(1), {"tier": "text", "n": "count"}), None),
        (listed(TWO, {"n": "count", "mean": "seconds"}), None),
        (listed(TWO, {"tier": "text"}), None),
        (listed(TWO, {}), None),
    ],
)
def test_a_sheet_has_a_chart_where_its_rows_make_one(part: Listed, chart: tuple[str, str, list[str]] | None) -> None:
    found = chart_of(part)
    assert (found and (found.kind, found.x, list(found.y))) == chart


def test_the_workbook_of_a_page_has_charts_of_its_own_cells(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    go(app, "queues")
    with Store() as store:
        dataset = store.dataset(own_dataset())
    made = rows_bytes(entry("queues"), app.session_state["record"], dataset)
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        charts = [name for name in parts.namelist() if re.fullmatch(r"xl/charts/chart\d+\.xml", name)]
        assert charts
        names = CalamineWorkbook.from_filelike(io.BytesIO(made)).sheet_names[1:]
        for each in charts:
            cells = re.findall(r"<c:f>'?([^'!]+)'?!", parts.read(each).decode())
            assert cells
            assert set(cells) <= set(names)


def test_the_same_report_without_a_browser(holding: Holding, go: Go, tmp_path: Path) -> None:
    app = holding(TABLES)
    go(app, "queues")
    finding = next(each.value for each in app.markdown if each.value.startswith("## "))
    (told,) = write_reports(tmp_path / "out", data=own_dataset(), lang="en", pages=["queues"])
    assert told["error"] == ""
    assert plain(finding.removeprefix("## ")) in words_of((tmp_path / "out" / "queues.html").read_text("utf-8"))
    (told,) = write_reports(tmp_path / "zh", data=own_dataset(), lang="zh_CN", pages=["queues"])
    html = (tmp_path / "zh" / "queues.html").read_text("utf-8")
    assert '<html lang="zh-CN">' in html
    with speaking("zh_CN"):
        assert "times as long" not in words_of(html)


def test_a_view_is_kept_listed_and_removed(holding: Holding, go: Go) -> None:
    app = holding(TABLES)
    app.query_params["part"] = "waits"
    go(app, "queues")
    app.text_input(key="view:name").set_value("Monday").run()
    app.button(key="view:keep").click().run()
    assert not app.exception
    with Store() as store:
        (kept,) = store.saved(own_dataset(), "view")
    assert (kept.name, kept.record["page"]) == ("Monday", "queues")
    assert kept.record["query"]["part"] in ("waits", ["waits"])
    assert not {"lang", "data"} & set(kept.record["query"])
    app.button(key="view:keep").click().run()
    assert "already" in app.error[0].value
    app.button(key=f"view:remove:{kept.number}").click().run()
    assert not app.exception
    with Store() as store:
        assert store.saved(own_dataset(), "view") == []


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("## A **bold** finding\\.", "A bold finding."),
        (":green[:material/check:] 5\\*3 `x`", "5*3 x"),
        ("two\nlines", "two lines"),
        ("\\*\\*not bold\\*\\*", "**not bold**"),
    ],
)
def test_marks_of_a_page_are_no_words(markdown: str, text: str) -> None:
    assert plain(markdown) == text
