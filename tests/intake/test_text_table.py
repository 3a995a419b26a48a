from __future__ import annotations

import csv
import gzip
import io
import pickle
import zipfile
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.errors import CxError
from cxlib.intake import ROW, read_text_table
from cxlib.intake.bytes_at import HeldBytes
from cxlib.intake.delimited import DelimitedCells, find_records
from cxlib.intake.dialect import find_layout

if TYPE_CHECKING:
    import random
    from pathlib import Path

CLEAN = 'id,name,city,fee\n1,Ann,"Paris, FR",1.5\n2,Bob,"Bonn, DE",2.5\n3,Cy,"Rome, IT",3.5\n'
ROWS = [["1", "Ann", "Paris, FR", "1.5"], ["2", "Bob", "Bonn, DE", "2.5"], ["3", "Cy", "Rome, IT", "3.5"]]


def rows_of(text) -> list[list[str]]:
    return [list(row) for row in zip(*(text.table.column(name).to_pylist() for name in text.columns), strict=True)]


def written(delimiter=",", quote='"', end="\n", *, last=True, backslash=False) -> bytes:
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=delimiter, quotechar=quote, lineterminator=end, quoting=csv.QUOTE_NONNUMERIC,
        doublequote=not backslash, escapechar="\\" if backslash else None,
    )  # fmt: skip
    writer.writerows([["id", "name", "city", "fee"], *ROWS])
    data = out.getvalue()
    return (data if last else data.removesuffix(end)).encode()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("last", [True, False])
def test_harmless_dialects_are_read_exactly_without_asking(delimiter, quote, end, last):
    text = read_text_table(written(delimiter, quote, end, last=last))
    assert rows_of(text) == ROWS
    assert text.needs_confirmation == []
    assert text.table.column(ROW).to_pylist() == [2, 3, 4]
    assert (text.dialect.delimiter, text.dialect.quote) == (delimiter, quote)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (CLEAN.replace(",", ", ").replace('"Paris,  FR"', '"Paris, FR"').encode(), 3),
        (CLEAN.encode() + b"\n\n", 3),
        (b"id,name\n", 0),
        (b"id,name\n1,x\n", 1),
        (b"id;fee\n1;1,5\n2;2,5\n", 2),
    ],
)
def test_other_harmless_files(data, expected):
    text = read_text_table(data)
    assert (text.rows, text.rows_in_file, text.needs_confirmation) == (expected, expected, [])


def test_backslash_escapes():
    text = read_text_table(b'a,b\n1,"say \\"hi\\", then"\n2,"x"\n')
    assert rows_of(text) == [["1", 'say "hi", then'], ["2", "x"]]
    assert text.dialect.escape == "backslash"


def test_rows_carry_the_line_on_which_they_begin():
    data = b'a,b,c\r\n1,"x\r\ny",3\r\n\r\n4,5,6\r\n10,"1""1",12\r\n'
    text = read_text_table(data)
    assert rows_of(text) == [["1", "x\r\ny", "3"], ["4", "5", "6"], ["10", '1"1', "12"]]
    assert text.table.column(ROW).to_pylist() == [2, 5, 6]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("2,Bob,Bonn", "too_few_fields"),
        ("2,Bob,Bonn,2.5,9", "too_many_fields"),
        ('2,B"ob,Bonn,2.5', "stray_quote"),
        ('2,"B"ob,Bonn,2.5', "text_after_quote"),
        ('2,"Bob,Bonn,2.5', "text_after_quote"),
        ("2;Bob;Bonn;2.5", "too_few_fields"),
        ("2,Bo\rb,Bonn,2.5", "stray_return"),
        ("2,Bo\x00b,Bonn,2.5", "nul"),
        ("id,name,city,fee", "repeated_header"),
    ],
)
def test_a_damaged_row_is_named_and_costs_no_other(line, rule):
    lines = CLEAN.split("\n")
    text = read_text_table("\n".join([*lines[:2], line, *lines[3:]]).encode())
    assert rows_of(text) == [ROWS[0], ROWS[2]]
    assert text.rejected[["row", "rule"]].to_numpy().tolist() == [[3, rule]]
    assert text.rejected["text"][0].split(",")[0] in line
    assert text.problems[["row", "rule", "severity"]].to_numpy().tolist() == [[3, rule, "error"]]
    assert text.rows_in_file == 3


def test_a_quote_that_is_never_closed_costs_one_row():
    text = read_text_table(b'a,b\n1,"x\n2,y\n3,z\n')
    assert rows_of(text) == [["2", "y"], ["3", "z"]]
    assert text.rejected[["row", "rule"]].to_numpy().tolist() == [[2, "open_quote"]]


def test_the_second_half_of_a_torn_value_is_never_a_row():
    data = b'a,b\n0,"p\nq"\n1,"x\n2,y\n3,z"w\n4,v\n'
    text = read_text_table(data)
    assert rows_of(text) == [["0", "p\nq"], ["4", "v"]]
    assert text.rejected["row"].tolist() == [4]
    assert "2,y" in text.rejected["text"][0]


def test_a_last_line_without_end_is_said():
    text = read_text_table(b"a,b\n1,2\n3,4")
    assert text.problems[["row", "rule", "severity"]].to_numpy().tolist() == [[3, "no_line_end", "warning"]]


def test_a_character_cut_at_the_end_sets_its_row_aside():
    text = read_text_table("a,b\n1,甲\n2,乙".encode()[:-1])
    assert rows_of(text) == [["1", "甲"]]
    assert text.rejected["rule"].tolist() == ["undecodable"]


def test_lines_above_the_header_are_asked():
    text = read_text_table(b"Report of March\n\nid,fee\n1,2\n3,4\n5,6\n")
    assert text.columns == ["id", "fee"]
    assert [each.code for each in text.needs_confirmation] == ["header"]
    assert "above_header" in set(text.problems["rule"])
    assert text.table.column(ROW).to_pylist() == [4, 5, 6]


def test_headers_without_a_name_or_with_the_same_one_are_renamed_and_asked():
    text = read_text_table(b"id,fee,,fee\n1,2,3,4\n5,6,7,8\n")
    assert text.columns == ["id", "fee", "column 3", "fee (2)"]
    assert [each.code for each in text.needs_confirmation] == ["header_names"]


def test_two_separators_that_both_fit_are_asked():
    text = read_text_table(b"a,b;c,d\n1,2;3,4\n5,6;7,8\n")
    assert [each.code for each in text.needs_confirmation] == ["delimiter"]
    assert read_text_table(b"a,b;c,d\n1,2;3,4\n", delimiter=";").needs_confirmation == []


SIMPLIFIED_WORDS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自"
    "二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变"
    "条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指"
    "几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安"
)
TRADITIONAL_WORDS = (
    "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主發年動同工也能下過子說產種面而方後多定行學法所民得經十三之進著等部度家電力裡如水化高自"
    "二理起小物現實加量都兩體制機當使點從業本去把性好應開它合還因由其些然前外天政四日那社義事平形相全表間樣與關各重新線內數正心反你明看原又麼利比或但質氣第向道命此變"
    "條只沒結解問意建月公無系軍很情者最立代想已通並提直題黨程展五果料象員革位入常文總次品式活設及管特件長求老頭基資邊流路級少圖山統接知較將組見計別她手角期根論運農指"
    "幾九區強放決西被幹做必戰先回則任取據處隊南給色光門即保治北造百規熱領七海口東導器壓志世金增爭濟階油思術極交受聯什認六共權收證改清己美再採轉更單風切打白教速花帶安"
)
CHINESE = "客户编号,月份,套餐,备注\n000123,2026-03,标准套餐,按时缴费的客户\n000124,2026-03,高级套餐,需要关注\n"
TRADITIONAL = "客戶編號,月份,方案,備註\n000123,2026-03,標準方案,按時繳費的客戶\n000124,2026-03,進階方案,需要關注\n"


@pytest.mark.parametrize(
    ("text", "encoding", "asked"),
    [
        (CHINESE, "utf-8", False),
        (CHINESE, "utf-8-sig", False),
        (CHINESE, "utf-16", False),
        (CHINESE, "utf-16-le", True),
        (CHINESE, "utf-16-be", True),
        (CHINESE, "gb18030", True),
        (CHINESE, "gbk", True),
        (TRADITIONAL, "big5", True),
        ("id,name\n1,x\n", "utf-16-le", True),
    ],
)
def test_encodings_are_found_or_asked(text, encoding, asked):
    found = read_text_table(text.encode(encoding))
    assert [",".join(found.columns), *[",".join(row) for row in rows_of(found)]] == text.splitlines()
    assert [each.code for each in found.needs_confirmation] == (["encoding"] if asked else [])


@given(st.randoms(use_true_random=False), st.sampled_from(["gb18030", "big5"]))
@settings(deadline=None, max_examples=40)
def test_generated_chinese_files_are_decoded_right(rng: random.Random, encoding: str):
    common = {"gb18030": SIMPLIFIED_WORDS, "big5": TRADITIONAL_WORDS}[encoding]

    def word() -> str:
        return "".join(rng.choice(common) for _ in range(rng.randint(2, 6)))

    header = [f"{word()}{i}" for i in range(rng.randint(2, 5))]
    body = [
        [word() if rng.random() < 0.5 else str(rng.randint(0, 9999)) for _ in header] for _ in range(rng.randint(0, 20))
    ]
    data = "\n".join(",".join(row) for row in [header, *body]) + "\n"
    found = read_text_table(data.encode(encoding))
    if "header_lines" in {each.code for each in found.needs_confirmation}:  # a first row of words may be a header too
        found = read_text_table(data.encode(encoding), header="data")
    assert found.columns == header
    assert rows_of(found) == body


def pickle_bytes() -> bytes:
    return pickle.dumps({"a": list(range(50))})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b" \r\n \n", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"\x00" * 5000, "nul_file"),
        (b"%PDF-1.7\n%\xe2\xe3", "other_kind"),
        (b"\x7fELF\x02\x01\x01" + b"\x00" * 60, "other_kind"),
        (b"MZ\x90\x00\x03\x00\x00", "other_kind"),
        (pickle_bytes(), "other_kind"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "other_kind"),
        (b'{"a": [1, 2]}', "other_kind"),
        (b'[{"a": 1}]', "other_kind"),
        (b"\x1f\x8bnot really", "damaged_gzip"),
        (gzip.compress(CLEAN.encode(), mtime=0)[:-12], "damaged_gzip"),
        (b"PAR1" + b"x" * 40 + b"PAR1", "damaged_parquet"),
        (b"1,Ann,2.5\n2,Bob,3.5\n", "no_header"),
        (b"\x81\xff\x00\xfe\x02\xff,\xff\n\xff\xff", "unknown_encoding"),
    ],
)
def test_what_is_no_table_is_refused_by_name(data, code):
    with pytest.raises(CxError) as caught:
        read_text_table(data)
    assert caught.value.code == code
    assert caught.value.hint


def test_bombs_are_refused_before_they_are_opened():
    zeros = gzip.compress(b"a,b\n" + b"0,0\n" * 80_000_000, compresslevel=1)
    with pytest.raises(CxError) as caught:
        read_text_table(zeros)
    assert caught.value.code == "too_large"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", "")
        parts.writestr("xl/worksheets/sheet1.xml", b"\x00" * (400 << 20))
    with pytest.raises(CxError) as caught:
        read_text_table(out.getvalue())
    assert caught.value.code == "too_large"


def test_a_parquet_file_that_expands_to_gigabytes_is_refused():
    out = io.BytesIO()
    column = pa.array([0]).take(pa.array([0] * 1_000_000))
    with pq.ParquetWriter(out, pa.schema([("a", pa.int64()), ("b", pa.int64())])) as writer:
        for _ in range(30):
            writer.write_table(pa.table({"a": column, "b": column}))
    with pytest.raises(CxError) as caught:
        read_text_table(out.getvalue())
    assert caught.value.code == "too_large"


def test_gzip_holds_the_same_table():
    assert rows_of(read_text_table(gzip.compress(CLEAN.encode()))) == ROWS


def test_parquet_is_read_as_text():
    out = io.BytesIO()
    pq.write_table(pa.table({"id": ["007", None], "fee": [1.5, 2.0], "n": [1, None]}), out)
    text = read_text_table(out.getvalue())
    assert rows_of(text) == [["007", "1.5", "1"], ["", "2", ""]]
    assert text.table.column(ROW).to_pylist() == [1, 2]


def test_workbooks_are_read_as_people_see_them(tmp_path: Path):
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet, other = book.add_worksheet("Usage"), book.add_worksheet("Else")
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, ["id", "day", "fee"])
    sheet.write_string(1, 0, "007")
    sheet.write_number(1, 1, 46095, date)
    sheet.write_number(1, 2, 0.1)
    sheet.write_number(3, 0, 1230000000000000)
    sheet.write_row(3, 1, ["x", 12])
    sheet.write_row(4, 0, ["1", "2", "3", "4"])
    other.write_row(0, 0, ["a", "b"])
    book.close()
    text = read_text_table(path)
    assert rows_of(text) == [["007", "2026-03-14", "0.1"], ["1.230000E+15", "x", "12"]]
    assert text.table.column(ROW).to_pylist() == [2, 4]
    assert text.rejected[["row", "rule"]].to_numpy().tolist() == [[5, "too_many_fields"]]
    assert [each.code for each in text.needs_confirmation] == ["sheet"]
    assert read_text_table(path, sheet="Else").columns == ["a", "b"]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=30), st.integers(40, 400))
@settings(deadline=None, max_examples=80)
def test_what_the_csv_module_writes_is_read_back_whatever_the_block_size(rows, block_bytes):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])
    data = out.getvalue().encode()
    layout = find_layout(data, delimiter=",", quote='"')
    records = find_records(HeldBytes(data), layout, block_bytes=block_bytes)
    names = {str(i): i for i in range(len(layout.header))}
    table = DelimitedCells(HeldBytes(data), layout, records, names).table()
    columns = [table.column(name).to_pylist() for name in names]
    assert [list(row) for row in zip(*columns, strict=True)] == rows
    assert records.rejected == []
