"""A roster is read as real exports are, and its first bad row is named."""

from __future__ import annotations

import pytest

from cxlib.errors import CxError
from cxlib.queueing.roster import MOST_ROWS, read_roster

PLAIN = b"from_at,to_at,agents\n2026-03-02 09:00,2026-03-02 12:00,5\n2026-03-02 10:00,2026-03-02 11:00,1.5\n"


def test_times_without_a_zone_are_local():
    rows = read_roster(PLAIN, zone="Europe/Berlin")
    assert rows == [
        ["2026-03-02T08:00:00+00:00", "2026-03-02T11:00:00+00:00", 5.0],
        ["2026-03-02T09:00:00+00:00", "2026-03-02T10:00:00+00:00", 1.5],
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Shift_Start;Shift_End;Staff\n2026-03-02 09:00;2026-03-02 12:00;5\n2026-03-02 10:00;2026-03-02 11:00;1,5\n",
        "开始\t结束\t坐席\n2026-03-02T09:00Z\t2026-03-02T12:00Z\t5\n2026-03-02T10:00Z\t2026-03-02T11:00Z\t1.5\n",
    ],
)
def test_other_headers_marks_and_zones(text):
    assert read_roster(text.encode()) == read_roster(PLAIN)


def test_without_a_count_each_row_is_one_agent():
    rows = read_roster(b"start,end\n2026-03-02 09:00,2026-03-02 12:00\n2026-03-02 09:00,2026-03-02 12:00\n")
    assert [row[2] for row in rows] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("2026-03-02 12:00,2026-03-02 09:00,5", 3),
        ("2026-03-02 12:00,later,5", 3),
        ("2026-03-02 09:00,2026-03-02 12:00,-1", 3),
        ("2026-03-02 09:00,2026-03-02 12:00,many", 3),
        ("2026-03-02 09:00,2026-03-02 12:00", 3),
    ],
)
def test_a_bad_row_is_named(row, line):
    text = f"from_at,to_at,agents\n2026-03-02 09:00,2026-03-02 12:00,5\n{row}\n2026-03-03 09:00,2026-03-03 12:00,5\n"
    with pytest.raises(CxError) as error:
        read_roster(text.encode())
    assert (error.value.code, error.value.row) == ("bad_roster_row", line)


def test_what_is_no_roster_is_refused():
    with pytest.raises(CxError) as error:
        read_roster(b"name,agents\nAnn,1\n")
    assert error.value.code == "no_roster_columns"
    lines = "2026-03-02 09:00,2026-03-02 12:00\n" * (MOST_ROWS + 1)
    with pytest.raises(CxError) as error:
        read_roster(f"from,to\n{lines}".encode())
    assert error.value.code == "long_roster"
