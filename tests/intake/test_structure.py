"""What is no row of a table is recognised: titles, second lines of names, totals, notes, further tables."""

from __future__ import annotations

import pytest

from cxlib.errors import CxError
from cxlib.intake import read, read_text_table
from cxlib.intake.answers import READ_AGAIN
from cxlib.intake.structure import TOTAL_WORDS, is_note, is_total, joined_names

HEADER = "customer,month,plan,minutes,fee"
ROWS = [f"c{i},2026-0{i},A,{i * 7},{i * 1.5}" for i in range(1, 9)]


def file_of(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def rows_of(text) -> list[str]:
    columns = [text.table.column(name).to_pylist() for name in text.columns]
    return [",".join(row) for row in zip(*columns, strict=True)]


def rules_of(text) -> dict[int, str]:
    return dict(zip(text.rejected["row"].tolist(), text.rejected["rule"].tolist(), strict=True))


@pytest.mark.parametrize("word", ["Total", "GRAND TOTAL", "Sum:", "合计", "总计：", "小计"])
@pytest.mark.parametrize("at", [3, 8])
def test_totals_within_and_below_are_set_aside_by_name(word, at):
    text = read_text_table(file_of(HEADER, *ROWS[:at], f"{word},,,99,12.5", *ROWS[at:]))
    assert rows_of(text) == ROWS
    assert rules_of(text) == {at + 2: "totals_row"}
    assert text.needs_confirmation == []


def test_totals_may_stand_in_a_later_cell_and_be_narrower():
    text = read_text_table(file_of(HEADER, *ROWS, ",,Total,99,12.5", "Total of all,99"))
    assert rules_of(text) == {10: "totals_row", 11: "totals_row"}


def test_names_that_only_begin_like_a_total_stay_rows():
    rows = [*ROWS[:4], "Summer Ltd,2026-04,A,1,2", "Totally,2026-05,A,1,2", "sum4,2026-05,A,1,2", *ROWS[4:]]
    assert rows_of(read_text_table(file_of(HEADER, *rows))) == rows
    assert all(is_total(word) for word in TOTAL_WORDS)


@pytest.mark.parametrize(
    "note",
    ["Source: billing, 2026", "* preliminary", "导出时间：2026-03-01", "(c) Billing", "8 rows", "数据来源：计费"],
)
@pytest.mark.parametrize("padding", ["", ",,,,"])
@pytest.mark.parametrize("gap", [(), ("",), (",,,,",)])
def test_notes_below_the_table_are_set_aside(note, padding, gap):
    text = read_text_table(file_of(HEADER, *ROWS, *gap, note + padding))
    assert rows_of(text) == ROWS
    assert set(rules_of(text).values()) - {"empty_row"} <= {"footnote", "too_few_fields", "too_many_fields"}
    assert is_note(note)


def test_a_last_row_with_nothing_but_a_key_stays_a_row():
    rows = [*ROWS, "c9,,,,"]
    assert rows_of(read_text_table(file_of(HEADER, *rows))) == rows


def test_a_title_padded_with_separators_is_no_header():
    text = read_text_table(file_of("Report of March,,,,", ",,,,", HEADER, *ROWS))
    assert text.columns == HEADER.split(",")
    (asked,) = text.needs_confirmation
    assert (asked.code, asked.chosen, asked.options[0]) == ("header", "3", "3")
    again = read_text_table(file_of("Report of March,,,,", ",,,,", HEADER, *ROWS), header_line="3")
    assert (rows_of(again), again.needs_confirmation) == (ROWS, [])


def test_any_line_may_be_named_as_the_header():
    data = file_of("a,b,c,d,e", HEADER, *ROWS)
    assert read_text_table(data, header_line=2).columns == HEADER.split(",")
    with pytest.raises(CxError) as caught:
        read_text_table(data, header_line=99)
    assert caught.value.code == "no_header"


UNITS = ",,,min,EUR"
GROUPS = ",,Usage,,Money"


@pytest.mark.parametrize(
    ("lines", "chosen", "joined"),
    [
        ((HEADER, UNITS), "first", ["customer", "month", "plan", "minutes min", "fee EUR"]),
        ((GROUPS, HEADER), "second", ["customer", "month", "Usage plan", "Usage minutes", "Money fee"]),
    ],
)
def test_a_header_of_two_lines_is_asked_with_its_alternatives(lines, chosen, joined):
    data = file_of(*lines, *ROWS)
    text = read_text_table(data)
    (asked,) = [each for each in text.needs_confirmation if each.code == "header_lines"]
    assert (asked.chosen, asked.options) == (chosen, ("first", "second", "joined", "data"))
    assert rows_of(text) == ROWS
    assert text.columns == HEADER.split(",")
    confirmed = read_text_table(data, **{READ_AGAIN[asked.code]: "joined"})
    assert (confirmed.columns, rows_of(confirmed)) == (joined, ROWS)
    assert [each.code for each in confirmed.needs_confirmation if each.code == "header_lines"] == []


def test_the_second_line_may_be_a_row_after_all():
    assert rows_of(read_text_table(file_of(HEADER, UNITS, *ROWS), header="data")) == [UNITS, *ROWS]


def test_joined_names_carry_the_group_on():
    assert joined_names(("", "Use", "", "Pay"), ("id", "a", "b", "c")) == ("id", "Use a", "Use b", "Pay c")


@pytest.mark.parametrize(
    "second",
    [
        ["plan,price", "A,1.5", "B,2.5"],
        ["plan,price,minutes,sms,name", "A,1.5,100,5,x", "B,2.5,200,6,y"],
        ["name,tier,region,agent,note", "Ann,x,y,z,w", "Bob,5,y,z,w"],
    ],
)
@pytest.mark.parametrize("gap", [(), ("",), ("", "")])
def test_a_second_table_is_refused_by_its_line(second, gap):
    if not gap and second[0].startswith("name"):
        pytest.skip("texts only, right below: the casts name its rows")
    with pytest.raises(CxError) as caught:
        read_text_table(file_of(HEADER, *ROWS, *gap, *second))
    assert (caught.value.code, caught.value.row) == ("several_tables", 10 + len(gap))
    assert caught.value.hint


def test_texts_scattered_over_columns_of_numbers_are_no_second_header():
    rows = [f"{i},{i * 3}" if i % 9 else f"word{i},other{i}" for i in range(60, 400)]
    assert rows_of(read_text_table(file_of("first,second", *[f"{i},{i}" for i in range(60)], *rows)))[-1] == rows[-1]


def test_two_stray_quotes_do_not_join_rows():
    text = read_text_table(file_of("id,note,n", "1,a,4", '2,",4', "3,x,4", '4,",5', "5,y,6"))
    assert rows_of(text) == ["1,a,4", "5,y,6"]
    assert rules_of(text) == {3: "lines_in_value"}


def test_texts_of_several_lines_stay_values():
    text = read_text_table(b'id,address,n\n1,"12 High St, London\nUK, SW1",3\n2,"a\nb",4\n')
    assert text.table.column("address").to_pylist() == ["12 High St, London\nUK, SW1", "a\nb"]
    assert len(text.problems) == 0


def test_backslashes_in_pairs_are_asked():
    data = b'a,b\n"back\\\\",1\n"x",2\n'
    text = read_text_table(data)
    assert [(each.code, each.chosen) for each in text.needs_confirmation] == [("escape", "kept")]
    assert rows_of(read_text_table(data, escape="taken out"))[0] == "back\\,1"
    assert read_text_table(b'a,b\n"\\\\server\\share",1\n').needs_confirmation == []


def test_a_lone_pair_of_single_quotes_is_asked():
    text = read_text_table(b"a,b\n1,'q'\n")
    assert [each.code for each in text.needs_confirmation] == ["quote"]
    assert rows_of(read_text_table(b"a,b\n1,'q'\n", quote='"')) == ["1,'q'"]


def test_separators_may_be_named_and_the_fits_are_told():
    data = b"a,b;c,d\n1,2;3,4\n5,6;7,8\n"
    text = read_text_table(data)
    (asked,) = text.needs_confirmation
    assert {each.dialect.delimiter for each in text.dialects} == {",", ";"}
    named = read_text_table(data, delimiter="semicolon")
    assert (asked.code, named.columns, named.needs_confirmation) == ("delimiter", ["a,b", "c,d"], [])
    with pytest.raises(CxError) as caught:
        read_text_table(data, delimiter="nothing")
    assert caught.value.code == "unknown_delimiter"


def test_rows_set_aside_are_counted_as_rows_of_the_file():
    lines = ["customer_id,month,minutes", *[f"c{i},2026-03,{i}" for i in range(1, 9)], "Total,,36", "* preliminary"]
    reading = read(file_of(*lines), table="usage")
    assert reading.counts["rows_in_file"] == 10
    assert reading.counts["rows_loaded"] == 8
    assert reading.quarantined["reasons"].tolist() == ["totals_row", "footnote"]
