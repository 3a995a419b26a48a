"""Files in pieces are the files that the state machine reads as a whole, wherever the cuts fall."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cxlib.errors import CxError
from cxlib.intake import delimited
from cxlib.intake.bytes_at import FileBytes, HeldBytes, plain_file
from cxlib.intake.cells import ROW
from cxlib.intake.delimited import DelimitedCells, find_records
from cxlib.intake.dialect import Dialect, Layout

NAMES = {"one": 0, "zwei": 1}
HEAD = b"a,b\n"


def layout_of(dialect: Dialect) -> Layout:
    return Layout(dialect, ("a", "b"), 1, 0, len(HEAD), 2, 1.0, 1.0)


def read_in(data: bytes, dialect: Dialect, block_bytes: int) -> tuple:
    text, layout = HeldBytes(data), layout_of(dialect)
    records = find_records(text, layout, block_bytes=block_bytes)
    cells = DelimitedCells(text, layout, records, NAMES)
    table = cells.table()
    assert table.num_rows == cells.rows == records.rows
    rows = list(zip(*(table.column(name).to_pylist() for name in (*NAMES, ROW)), strict=True))
    assert cells.head(2).to_pylist() == table.slice(0, 2).to_pylist()
    some = [row[2] for row in rows[1::2]]
    assert cells.take([*some, 10**9]).to_pylist() == table.to_pylist()[1::2]
    rest = cells.without(some)
    assert rest.table().to_pylist() == table.to_pylist()[::2]
    assert cells.column("zwei").to_pylist() == [row[1] for row in rows]
    return rows, sorted(records.rejected), records.blank_lines


nasty = st.lists(
    st.sampled_from(["1,2\n", "x,y\r\n", "\n", "  \n", 'a,"q\nr"\n', '"', ",", "\n", "\r", " ", "\\", "z", "\0", "中",
                     "a,b\n", '"a",b\n', '"a""a",b\n', "3,4\n5,6\n7,8\n"]),
    max_size=40,
).map("".join)  # fmt: skip


@example(
    '"1,2\n1,2\n"1,2\n1,2\n', 1, "double", False, "\n", '"'
)  # a quote behind the cut tells that one before is stray
@given(
    nasty, st.integers(1, 40), st.sampled_from(["double", "backslash"]), st.booleans(),
    st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(['"', ""]),
)  # fmt: skip
@settings(deadline=None, max_examples=400)
def test_pieces_of_any_size_give_what_the_whole_gives(text, block_bytes, escape, space, end, quote):
    dialect = Dialect(",", quote, escape, end, space_after=space)
    data = HEAD + text.encode()
    pieces = read_in(data, dialect, block_bytes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_split", lambda *_, **__: None)  # nothing but the state machine
        assert pieces == read_in(data, dialect, 1 << 30)


def test_fields_beside_each_other_over_many_rows():
    rows = [(str(i), "x" * (i % 97), i + 2) for i in range(5000)]
    data = HEAD + "".join(f"{a},{b}\n" for a, b, _ in rows).encode()
    assert read_in(data, Dialect(","), 1000)[0] == rows


@given(st.text(st.sampled_from("a€中😀\n,"), max_size=60), st.integers(0, 3), st.booleans())
@settings(deadline=None, max_examples=100)
def test_a_file_is_text_wherever_its_parts_are_cut(tmp_path_factory, text, cut, mark):
    data = b"a" + text.encode()
    data = data[: len(data) - cut]
    path = tmp_path_factory.mktemp("text") / "x.csv"
    path.write_bytes((b"\xef\xbb\xbf" if mark else b"") + data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cxlib.intake.bytes_at._CHUNK", 5)
        found = plain_file(path)
        assert found is not None
        read, skipped, was_cut = found
        expected = data.decode(errors="ignore").encode()
        assert (read[:], skipped, was_cut) == (expected, 3 * mark, len(expected) < len(data))
        assert (b"\n" in read) == (b"\n" in expected)
        assert read.rfind(b",", 0, len(read)) == expected.rfind(b",")


@pytest.mark.parametrize(
    "data", [b"a,\xff\n1,2\n", b"a\x001,2\n", "名,字\n".encode("gb18030") * 9, b"a,\xe4\xb8\n1,2\n"]
)
def test_what_is_no_plain_text_is_told(tmp_path, data):
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    assert plain_file(path) is None


def test_a_file_that_changes_meanwhile_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n1,2\n")
    text = FileBytes(path)
    path.write_bytes(b"a,b\n1,2\n3,4\n")
    with pytest.raises(CxError) as caught:
        text[:4]
    assert caught.value.code == "file_changed"
