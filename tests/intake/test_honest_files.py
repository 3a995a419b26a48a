"""Random tables in random dialects come back exactly or with a question, and random bytes do no harm."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bench.damaged import written
from cxlib.errors import CxError
from cxlib.intake import read_text_table

LETTERS = st.characters(codec="utf-8", exclude_characters="\x00\r\n", exclude_categories=["Cs", "Cc"])
NAMES = st.from_regex(r"[A-Za-z客套][A-Za-z _户餐0-9]{0,8}[a-z户]", fullmatch=True)
NUMBERS = st.one_of(st.integers(-999, 99999).map(str), st.decimals(0, 9999, places=2).map(str))
WORDS = st.sampled_from([
    "", "x", "Ann", "O'Neil", 'say "hi"', "a, b", "a; b", "a|b", "tab\there", "'q'", '"q"', "back\\", '\\"', "late,",
    "李雷", "'", '"', ",", ";", "''", '""', " x", "x ", "two\nlines", "N/A", "-", "#", "* y", "Total",
])  # fmt: skip
CELLS = st.one_of(NUMBERS, WORDS, st.text(LETTERS, max_size=6))


@st.composite
def tables(draw):
    width = draw(st.integers(2, 6))
    header = draw(st.lists(NAMES, min_size=width, max_size=width, unique_by=str.strip))
    columns = [draw(st.sampled_from([NUMBERS, WORDS, CELLS])) for _ in range(width)]
    rows = draw(st.lists(st.tuples(*columns).map(list), max_size=12))
    return header, rows


@st.composite
def dialects(draw):
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    quote = draw(st.sampled_from(['"', '"', "'"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    ways = [("double", False), ("double", True), ("backslash", True)]
    escape, every = draw(st.sampled_from(ways if quote == '"' else ways[1:]))  # single quotes are seen by the header
    return delimiter, quote, end, escape, every


def said_or_exact(data: bytes, header: list[str], rows: list[list[str]]) -> None:
    try:
        text = read_text_table(data)
    except CxError:
        return
    found = [list(row) for row in zip(*(text.table.column(name).to_pylist() for name in text.columns), strict=True)]
    exact = text.columns == [name.strip() for name in header] and found == rows
    assert exact or text.needs_confirmation or len(text.rejected) or len(text.problems), (text.columns, found)
    assert text.rows_in_file == text.rows + len(text.rejected)


@given(tables(), dialects())
@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
def test_what_is_written_in_an_honest_dialect_is_read_exactly_or_asked_about(table, dialect):
    header, rows = table
    said_or_exact(written([header, *rows], *dialect).encode(), header, rows)


@given(tables(), dialects(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_a_file_with_some_bytes_changed_raises_nothing_but_our_own_error(table, dialect, rng):
    header, rows = table
    data = bytearray(written([header, *rows], *dialect).encode())
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.choice(b"\x00\x80\xff,;\"'\\\n\r\t |a0")
    unharmed(bytes(data))


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=100)
@example(b"\xff")
@example(b"\x00")
@example(b"\xfe\xff\xd8\x00")
@example(b"\xff\xfe\x00")
@example(b'"')
@example(b"'\n'")
@example(b"\\")
@example(b",")
@example(b"a,b\n,\n")
@example(b",,\n,,\na,b,c\n")
@example(b"PK\x03\x04xl/workbook.xml")
@example(b"\x1f\x8b\x08\x00")
def test_bytes_of_any_kind_raise_nothing_but_our_own_error(data):
    unharmed(data)


@given(st.text(st.sampled_from("ab,;\t|\"'\\ \n\r1.合"), max_size=80))
@settings(deadline=None, max_examples=150)
def test_separators_and_quotes_in_any_order_raise_nothing_but_our_own_error(text):
    unharmed(text.encode())


def unharmed(data: bytes) -> None:
    try:
        text = read_text_table(data)
    except CxError:
        return
    assert text.rows == text.table.num_rows
    assert text.rows_in_file == text.rows + len(text.rejected)
    assert all(question.said for question in text.needs_confirmation)
