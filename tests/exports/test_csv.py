"""CSV files are safe in a spreadsheet and carry what they are about."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.exports import csv_bytes, safe_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["-5", "+8613800138000", "-1,234.5"])
def test_a_number_written_as_text_can_stay_as_it_is(text: str) -> None:
    assert safe_cell(text, numbers_in_text=True) == text
    assert safe_cell(text + "+A1", numbers_in_text=True) == "'" + text + "+A1"


@pytest.mark.parametrize("value", [-1, -1.5, 0, 12, True])
def test_numbers_stay_numbers(value: float) -> None:
    assert safe_cell(value) is value


def test_what_is_missing_is_empty() -> None:
    assert [safe_cell(value) for value in (None, float("nan"), pd.NaT)] == ["", "", ""]


def test_dates_and_times_are_written_as_iso() -> None:
    assert safe_cell(date(2026, 3, 1)) == "2026-03-01"
    assert safe_cell(datetime(2026, 3, 1, 9, 5)) == "2026-03-01 09:05:00"  # noqa: DTZ001 - no zone in the cell


def test_the_file_begins_with_its_scope_and_opens_as_utf8() -> None:
    written = csv_bytes(
        pd.DataFrame({"客户": ["0001"], "saving": [12.5]}), scope=[("Data set", "a\nb"), ("Version", "3")]
    )
    assert written.startswith(b"\xef\xbb\xbf# Data set: a b\r\n# Version: 3\r\n")
    assert written.decode("utf-8-sig").splitlines()[2:] == ["客户,saving", "0001,12.5"]


@given(
    st.lists(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0")), min_size=1, max_size=6)
)
def test_every_text_comes_back_or_is_disarmed(texts: list[str]) -> None:
    written = csv_bytes(pd.DataFrame({"a": texts, "b": "x"})).decode("utf-8-sig")
    back = [row[0] for row in csv.reader(io.StringIO(written, newline=""))][1:]
    assert [cell.removeprefix("'") if cell != text else cell for cell, text in zip(back, texts, strict=True)] == texts
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in back)
