"""Workbooks hold values, typed and as they are, and nothing that a spreadsheet would run."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from cxlib.errors import CxError
from cxlib.exports.workbook import MOST_TEXT, Column, Drawn, Sheet, workbook_bytes
from cxlib.texts import speaking

if TYPE_CHECKING:
    from pathlib import Path

SCOPE = [("Data set", "Mine"), ("Period", "All")]
NASTY = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "<r>x</r>", "http://there.example", "00123", "贵宾"]


def book_of(made: bytes) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(io.BytesIO(made))


def cells(made: bytes, sheet: int = 1) -> list[list[Any]]:
    return book_of(made).get_sheet_by_index(sheet).to_python()


def parts(made: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


def test_values_come_back_with_their_kinds() -> None:
    frame = pd.DataFrame(
        {
            "tier": ["Gold", None, "贵宾"],
            "n": pd.array([1234567, None, 0], dtype="Int64"),
            "share": [0.125, np.nan, np.inf],
            "wait": [12.34, 0.0, np.nan],
            "ok": pd.array([True, None, False], dtype="boolean"),
            "at": pd.to_datetime(["2026-03-02 09:00:00+00:00", None, "2026-07-01 00:00:00+00:00"]),
            "day": [dt.date(2026, 3, 2), None, dt.date(1999, 2, 28)],
            "month": ["2026-05", "2026-06", None],
        }
    )
    columns = {
        "tier": Column("Tier"),
        "n": Column("Contacts", "count"),
        "share": Column("Share", "share"),
        "wait": Column("Wait (s)", "seconds"),
        "ok": Column("Kept", "boolean"),
        "at": Column("At", "instant"),
        "day": Column("Day", "day"),
        "month": Column("Month", "month"),
    }
    made = workbook_bytes([Sheet("waits", "Waits", frame, columns)], scope=SCOPE, zone="Europe/Berlin")
    header, first, second, third = cells(made)
    assert header == [column.header for column in columns.values()]
    assert first[:5] == ["Gold", 1234567, 0.125, 12.34, True]
    assert first[5:] == [pd.Timestamp("2026-03-02 10:00").to_pydatetime(), dt.date(2026, 3, 2), dt.date(2026, 5, 1)]
    assert second[:7] == ["", "", "", 0, "", "", ""]
    assert third[:5] == ["贵宾", 0, "", "", False]
    assert third[5] == pd.Timestamp("2026-07-01 02:00").to_pydatetime()
    styles = parts(made)["xl/styles.xml"]
    assert "0.0%" in styles
    assert "#,##0" in styles


def test_the_cover_says_what_it_is_about() -> None:
    frame = pd.DataFrame({"x": range(3)})
    made = workbook_bytes(
        [Sheet("a", "The first", frame), Sheet("A", "The second", frame.head(0))],
        scope=SCOPE,
        definitions=[("Passed", "Somebody who came later was served before.")],
        made=dt.datetime(2026, 11, 27, 8, 30, tzinfo=dt.UTC),
    )
    assert book_of(made).sheet_names == ["Cover", "a", "A (2)"]
    told = [[str(cell) for cell in row if cell != ""] for row in cells(made, 0)]
    for line in (["Data set", "Mine"], ["Period", "All"], ["Passed", "Somebody who came later was served before."]):
        assert line in told
    assert any(row[:2] == ["a", "The first"] and float(row[2]) == 3 for row in told if len(row) == 3)
    assert any(row[:2] == ["A (2)", "The second"] and float(row[2]) == 0 for row in told if len(row) == 3)
    assert any("2026" in row[1] or "26" in row[1] for row in told if row and row[0] == "Exported")


def test_nothing_of_the_data_is_run_or_linked() -> None:
    made = workbook_bytes([Sheet("=1", "=2", pd.DataFrame({"=3": NASTY}))], scope=[("=4", "=5")])
    found = parts(made)
    assert not any("<f>" in text or "<f " in text for text in found.values())
    assert not any("there.example" in text for name, text in found.items() if name.endswith(".rels"))
    back = [row[0] for row in cells(made)]
    assert back[0] == "=3"
    assert [re.sub(r"^[\t\r\n]", "", text) for text in back[1:]] == [text.lstrip("\t\r") for text in NASTY]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a/b:c*d?e[f]g\\h", "a-b-c-d-e-f-g-h"], ["a-b-c-d-e-f-g-h", "a-b-c-d-e-f-g-h (2)"]),
        (["", "'"], ["Sheet", "Sheet (2)"]),
        (["x" * 40, "X" * 40], ["x" * 31, "X" * 27 + " (2)"]),
        (["history", "cover"], ["history (2)", "cover (2)"]),
        (["规则" * 20], ["规则" * 15 + "规"]),
    ],
)
def test_names_of_sheets_are_such_as_excel_takes(names: list[str], found: list[str]) -> None:
    made = workbook_bytes([Sheet(name, "t", pd.DataFrame({"x": [1]})) for name in names], scope=[])
    assert book_of(made).sheet_names[1:] == found


def test_what_no_cell_can_hold_is_cut_and_said() -> None:
    frame = pd.DataFrame({"text": ["x" * (MOST_TEXT + 5), "a\x00\x0bb"], "n": [10**17, 3]})
    made = workbook_bytes([Sheet("a", "t", frame)], scope=[])
    rows = cells(made)[1:]
    assert rows[0][0] == "x" * (MOST_TEXT - 1) + "…"
    assert rows[1][0] == "ab"
    assert rows[0][1] == str(10**17)  # as text: a number would lose digits
    assert any("was cut" in str(cell) for row in cells(made, 0) for cell in row)


def test_more_rows_than_a_sheet_holds_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxlib.exports.workbook.MOST_ROWS", 10)
    made = workbook_bytes([Sheet("long", "t", pd.DataFrame({"x": range(25)}))], scope=[])
    assert book_of(made).sheet_names == ["Cover", "long", "long (2)", "long (3)"]
    found = [row[0] for sheet in (1, 2, 3) for row in cells(made, sheet)[1:]]
    assert found == list(range(25))


def test_a_chart_is_drawn_from_the_cells() -> None:
    frame = pd.DataFrame({"hour": range(5), "wait": [5.0, 4, 3, 2, 1]})
    sheet = Sheet("a", "Waits", frame, chart=Drawn("line", "hour", ["wait"]))
    found = parts(workbook_bytes([sheet], scope=[]))
    (chart,) = [text for name, text in found.items() if name.startswith("xl/charts/chart")]
    assert "$B$2:$B$6" in chart
    assert "$A$2:$A$6" in chart


def test_too_many_columns_are_refused() -> None:
    wide = pd.DataFrame(np.zeros((1, 16_385)))
    with pytest.raises(CxError) as error:
        workbook_bytes([Sheet("a", "t", wide)], scope=[])
    assert error.value.code == "too_many_columns"


def test_it_speaks_the_readers_language() -> None:
    with speaking("zh_CN"):
        made = workbook_bytes([Sheet("a", "t", pd.DataFrame({"x": [1]}))], scope=[])
    assert book_of(made).sheet_names[0] == "封面"


def test_an_office_program_reads_the_same_numbers(tmp_path: Path) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("no LibreOffice here")
    frame = pd.DataFrame({"text": NASTY, "n": np.arange(len(NASTY)) * 1.5})
    (tmp_path / "book.xlsx").write_bytes(workbook_bytes([Sheet("a", "t", frame)], scope=SCOPE))
    every = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    command = [office, "--headless", "--convert-to", every, "--outdir", str(tmp_path), str(tmp_path / "book.xlsx")]
    subprocess.run(
        command, check=True, capture_output=True, timeout=180, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    )
    (path,) = tmp_path.glob("*-a.csv")
    back = pd.read_csv(path)
    assert back["n"].tolist() == frame["n"].tolist()
    assert "2" not in back["text"].tolist()  # no formula was reckoned
