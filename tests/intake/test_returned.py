"""Rows set aside, downloaded, corrected and brought back are read as those of the file that they came from."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from cxlib.exports import csv_bytes
from cxlib.intake import Mapping, read, read_text_table
from cxlib.intake.rules import RULES, title
from cxlib.texts import LANGUAGES, speaking

FILE = (
    "customer_id,month,plan_id,minutes\n"
    "+4901,2026-03,S,10\n"
    "+4902,2026-13,S,11\n"
    "+4903,2026-03,S\n"
    "+4904,2026-03,S,many\n"
    "-5,2026-03,S,13\n"
    '+4906,"2026-03,S,14\n'
    "+4907,2026-03,S,15\n"
)


@pytest.fixture
def first():
    return read(FILE.encode())


def corrected(reading, **changes) -> bytes:
    frame = pd.read_csv(io.BytesIO(csv_bytes(reading.quarantined)), dtype=str, keep_default_na=False)
    for place, (column, value) in changes.values():
        frame.loc[frame["row"] == str(place), column] = value
    return frame.to_csv(index=False).encode("utf-8-sig")


def test_rows_brought_back_have_their_first_numbers_and_columns(first):
    assert first.quarantined["row"].tolist() == [3, 4, 5, 7]
    again = read_text_table(csv_bytes(first.quarantined))
    assert again.columns == ["customer_id", "month", "plan_id", "minutes"]
    assert again.needs_confirmation == []
    second = read(csv_bytes(first.quarantined), mapping=first.mapping)
    assert (
        second.quarantined[["row", "reasons"]].to_numpy().tolist()
        == first.quarantined[["row", "reasons"]].to_numpy().tolist()
    )
    assert second.counts["rows_loaded"] == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_with_their_reasons_in_words_are_known_too(first, language):
    with speaking(language):
        words = {code: title(code) for code in RULES}
    frame = first.quarantined.copy()
    frame["reasons"] = [", ".join(words[code] for code in codes.split(";")) for codes in frame["reasons"]]
    assert set(frame["reasons"]) & set(RULES) == set()
    for said in (frame, frame.assign(reasons=[", ".join(words.values())] * len(frame))):
        again = read_text_table(csv_bytes(said))
        assert again.columns == ["customer_id", "month", "plan_id", "minutes"]
    second = read(csv_bytes(frame), mapping=first.mapping)
    assert second.quarantined[["row", "reasons"]].to_numpy().tolist() == (
        first.quarantined[["row", "reasons"]].to_numpy().tolist()
    )
    cleared = frame.assign(reasons=["", *frame["reasons"].tolist()[1:]])  # of a row that somebody has mended
    assert read_text_table(csv_bytes(cleared)).columns == again.columns
    other = read_text_table(csv_bytes(frame.assign(reasons="something else")))
    assert other.columns[:3] == ["row", "reasons", "text"]  # a file of somebody's own


def test_corrected_rows_are_loaded_and_what_is_still_wrong_is_named_where_it_was(first):
    data = corrected(
        first,
        a=(3, ("month", "2026-12")),
        b=(4, ("text", "'+4903,2026-03,S,12")),
        c=(7, ("text", "+4906,2026-03,S,14")),
    )
    second = read(data, mapping=Mapping.from_json(first.mapping.confirmed().to_json()))
    assert second.needs_confirmation == []
    assert second.table.to_pydict()["customer_id"] == ["+4902", "+4903", "+4906"]
    assert second.table.to_pydict()["minutes"] == [11.0, 12.0, 14.0]
    assert second.rows.to_pylist() == [3, 4, 7]
    assert second.problems[["row", "column", "rule", "value"]].to_numpy().tolist() == [
        [5, "minutes", "not_a_number", "many"]
    ]
    third = read(csv_bytes(second.quarantined), mapping=second.mapping)
    assert third.quarantined[["row", "reasons"]].to_numpy().tolist() == [[5, "not_a_number"]]


def test_a_row_filled_in_by_cells_counts_and_its_old_text_does_not(first):
    data = corrected(first, a=(4, ("customer_id", "+4903")), b=(4, ("month", "2026-03")), c=(4, ("minutes", "12")))
    second = read(data, mapping=first.mapping)
    assert "+4903" in second.table["customer_id"].to_pylist()


def test_a_file_with_a_column_called_row_keeps_it():
    data = "row,customer_id,month,minutes\n7,1,2026-03,5\n8,2,2026-13,6\n"
    first = read(data.encode())
    again = read_text_table(csv_bytes(first.quarantined))
    assert again.columns == ["row", "customer_id", "month", "minutes"]
    assert again.needs_confirmation == []
    mended = csv_bytes(first.quarantined).replace(b"2026-13", b"2026-12")
    second = read(mended, mapping=first.mapping)
    assert (second.rows.to_pylist(), second.counts["rows_loaded"]) == ([3], 1)


@pytest.mark.parametrize(
    "data",
    [
        "row,reasons,text,customer_id,month,minutes\n1,a reason,x,1,2026-03,5\n",
        "row,reasons,text,customer_id,month,minutes\nx,not_a_number,,1,2026-03,5\n",
        "row,reasons,text,customer_id,month,minutes\n1,,,1,2026-03,5\n",
        "row,text,reasons,customer_id,month,minutes\n1,,not_a_number,1,2026-03,5\n",
    ],
)
def test_columns_that_only_look_like_ours_are_the_file_s_own(data):
    assert read_text_table(data.encode()).columns == data.splitlines()[0].split(",")
