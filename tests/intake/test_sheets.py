"""Workbooks as people fill them: titles, totals, hidden sheets, error cells, durations."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import xlsxwriter

from cxlib.errors import CxError
from cxlib.intake import read_text_table

HEADER = ["customer", "month", "plan", "minutes", "fee"]
ROWS = [[f"c{i}", "2026-03", "A", i * 3, i * 1.5] for i in range(1, 9)]
EXPECTED = [[f"c{i}", "2026-03", "A", str(i * 3), f"{i * 1.5:g}"] for i in range(1, 9)]


def book_of(**sheets) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for name, fill in sheets.items():
        sheet = book.add_worksheet(name)
        if callable(fill):
            fill(book, sheet)
        else:
            for i, row in enumerate(fill):
                for j, cell in enumerate(row):
                    if cell != "":
                        sheet.write(i, j, cell)
    book.close()
    return out.getvalue()


def rows_of(text) -> list[list[str]]:
    return [list(row) for row in zip(*(text.table.column(name).to_pylist() for name in text.columns), strict=True)]


@pytest.mark.parametrize(
    ("above", "indent"), [([], 0), ([["Report"], []], 0), ([], 2), ([["Report"]], 2), ([["Report", "", 2026]], 1)]
)
def test_titles_and_empty_leading_columns_are_passed_over(above, indent):
    cells = [*above, *[[*[""] * indent, *row] for row in [HEADER, *ROWS]]]
    text = read_text_table(book_of(A=cells))
    assert text.columns == HEADER
    assert rows_of(text) == EXPECTED
    assert [each.code for each in text.needs_confirmation] == (["header"] if above else [])
    if above:
        assert text.needs_confirmation[0].chosen == str(len(above) + 1)


def test_totals_and_notes_of_a_sheet_are_set_aside():
    cells = [HEADER, *ROWS[:3], ["小计", "", "", 9, 9], *ROWS[3:], [], ["合计", "", "", 9, 9], ["Source: billing"]]
    text = read_text_table(book_of(A=cells))
    assert rows_of(text) == EXPECTED
    assert text.rejected[["row", "rule"]].to_numpy().tolist() == [
        [5, "totals_row"], [12, "totals_row"], [13, "footnote"],
    ]  # fmt: skip


@pytest.mark.parametrize("extra", [["", "", "", "min", "EUR"], ["", "", "Usage", "", "Money"]])
def test_two_lines_of_names_are_asked(extra):
    lines = [HEADER, extra] if extra[3] else [extra, HEADER]
    text = read_text_table(book_of(A=[*lines, *ROWS]))
    assert (text.columns, rows_of(text)) == (HEADER, EXPECTED)
    assert "header_lines" in [each.code for each in text.needs_confirmation]
    assert read_text_table(book_of(A=[*lines, *ROWS]), header="joined").columns[4] in ("fee EUR", "Money fee")


@pytest.mark.parametrize(
    "second", [[["plan", "price"], ["A", 1]], [["plan", "price", "a", "b", "c"], ["A", 1, 2, 3, 4]]]
)
def test_a_second_table_on_a_sheet_is_refused_by_its_row(second):
    with pytest.raises(CxError) as caught:
        read_text_table(book_of(A=[HEADER, *ROWS, [], *second]))
    assert (caught.value.code, caught.value.row) == ("several_tables", 11)


def test_only_sheets_that_can_be_seen_and_hold_something_are_asked_about():
    def hidden(_, sheet):
        sheet.write_row(0, 0, ["x", "y"])
        sheet.hide()

    assert read_text_table(book_of(A=[HEADER, *ROWS], B=hidden, C=[])).needs_confirmation == []
    assert read_text_table(book_of(A=[HEADER, *ROWS], B=hidden), sheet="B").columns == ["x", "y"]
    (asked,) = read_text_table(book_of(E=[], A=[HEADER, *ROWS], B=[["x", "y"]])).needs_confirmation
    assert (asked.code, asked.chosen, asked.options) == ("sheet", "A", ("A", "B"))
    with pytest.raises(CxError) as caught:
        read_text_table(book_of(A=[HEADER, *ROWS]), sheet="Z")
    assert caught.value.code == "no_sheet"


def test_cells_that_show_errors_are_named_and_not_read_as_empty():
    def faulty(_, sheet):
        for i, row in enumerate([HEADER, *ROWS]):
            sheet.write_row(i, 0, row)
        sheet.write_formula(3, 3, "=NA()", None, "#N/A")
        sheet.write_formula(4, 4, "=1/0", None, "#DIV/0!")

    text = read_text_table(book_of(A=faulty))
    assert text.table.column("minutes")[2].as_py() == "#N/A"
    assert text.table.column("fee")[3].as_py() == "#DIV/0!"
    assert text.problems[["row", "rule", "value"]].to_numpy().tolist() == [
        [4, "error_cell", "#N/A"], [5, "error_cell", "#DIV/0!"],
    ]  # fmt: skip


def test_cells_are_written_as_people_would_type_them():
    def fill(book, sheet):
        sheet.write_row(0, 0, ["time", "clock", "duration", "yes", "number", "long", "text"])
        for place, (value, shape) in enumerate([
            (dt.datetime(2026, 3, 14, 9, 5, 40), "yyyy-mm-dd hh:mm:ss"),  # noqa: DTZ001 - sheets know no zones
            (dt.time(9, 5, 40), "hh:mm:ss"),
            (dt.timedelta(hours=26, minutes=3, seconds=4), "[h]:mm:ss"),
        ]):  # fmt: skip
            sheet.write_datetime(1, place, value, book.add_format({"num_format": shape}))
        sheet.write_boolean(1, 3, True)
        sheet.write_number(1, 4, 0.1 + 0.2)
        sheet.write_number(1, 5, 1234567890123456789)
        sheet.write_string(1, 6, "00123")

    (row,) = rows_of(read_text_table(book_of(A=fill)))
    assert row[:5] == ["2026-03-14 09:05:40", "09:05:40", "26:03:04", "true", "0.3"]
    assert "E+18" in row[5]
    assert row[6] == "00123"
