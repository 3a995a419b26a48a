"""Rows that go to files while they are read are those that come back in memory, with all that is said of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxlib.intake import ColumnMap, Mapping, read, read_text_table
from cxlib.intake.cells import MemoryCells

COLUMNS = ("customer_id", "month", "plan_id", "minutes", "sms")
usage_row = st.tuples(
    st.sampled_from(["A1", "A2", "B1", "a1", "", "C-9", "金卡", " A1"]),
    st.sampled_from(["2026-01", "2026-02", "2026-03-01", "2026-07", "2026-13", ""]),
    st.sampled_from(["S", "M", ""]),
    st.sampled_from(["1", "2.5", "x", "", "1,5", "5000"]),
    st.sampled_from(["1", "3", "12000"]),
)
customer_row = st.tuples(
    st.sampled_from(["1", "2", "3", "", "total"]), st.sampled_from(["S", "M"]), st.sampled_from(["2026-01-05", "x", ""])
)
contact_row = st.tuples(
    st.sampled_from(["1", "2", "3", "4", "5", ""]),
    st.sampled_from(["2026-10-25 02:30:00", "2026-03-14 09:00", "9:00", ""]),
    st.sampled_from(["2026-10-25 02:31:00", "2026-03-14 08:00", "2026-03-14 10:00", ""]),
)


def in_pieces(names: tuple[str, ...], rows: list[tuple[str, ...]], piece_rows: int):
    text = "|".join(names) + "\n" + "".join("|".join(row) + "\n" for row in rows)
    table = read_text_table(text.encode(), delimiter="|", quote="")
    held = MemoryCells(table.table, piece_rows=piece_rows)
    return type(table)(**{name: table.__dict__[name] for name in table.__dataclass_fields__} | {"cells": held})


def assert_same(filed, held) -> None:
    assert filed.table.schema == held.table.schema
    for name in held.table.column_names:
        assert list(map(repr, filed.table[name].to_pylist())) == list(map(repr, held.table[name].to_pylist()))
    assert filed.rows.to_pylist() == held.rows.to_pylist()
    assert filed.problems.to_dict("records") == held.problems.to_dict("records")
    assert filed.quarantined.equals(held.quarantined)
    assert filed.counts == held.counts
    assert filed.mapping == held.mapping
    assert filed.needs_confirmation == held.needs_confirmation


def both(text, table, folder_of, monkeypatch, *, room: float, group: int, zone: str = "UTC"):
    mapping = Mapping(table=table, columns={name: ColumnMap.of(name) for name in text.columns})
    held = read(text, mapping=mapping, zone=zone)
    out = folder_of.mktemp("filed")
    with monkeypatch.context() as patch:
        patch.setitem(read.__globals__["by_pieces"].__kwdefaults__, "room", room)
        patch.setattr("cxlib.engine.row_groups.ROW_GROUP_ROWS", group)
        filed = read(text, mapping=mapping, zone=zone, out=out)
    assert sorted(path.name for path in out.iterdir()) == ["rows.parquet", "typed.parquet"]
    assert filed.typed == out / "typed.parquet"
    assert "table" not in filed.__dict__
    assert_same(filed, held)
    return filed


# the context of the patch is left before an example ends
once_for_all = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(
    st.lists(usage_row, max_size=30),
    st.sampled_from(["any", "sorted", "once"]),
    st.integers(1, 7),
    st.integers(1, 9),
    st.sampled_from([0, 1000, 1e9]),
)
@once_for_all
def test_usage_in_any_order(tmp_path_factory, monkeypatch, rows, order, piece_rows, group, room):
    if order != "any":
        rows = sorted(rows)
    if order == "once":
        rows = [row for i, row in enumerate(rows) if not i or row[:2] != rows[i - 1][:2]]
    text = in_pieces(COLUMNS, rows, piece_rows)
    both(text, "usage", tmp_path_factory, monkeypatch, room=room, group=group)


@given(st.lists(customer_row, max_size=20), st.integers(1, 5), st.integers(1, 6))
@once_for_all
def test_customers_keep_the_order_of_the_file(tmp_path_factory, monkeypatch, rows, piece_rows, group):
    text = in_pieces(("customer_id", "plan_id", "joined_on"), rows, piece_rows)
    both(text, "customers", tmp_path_factory, monkeypatch, room=0, group=group)


@given(st.lists(contact_row, max_size=20), st.integers(1, 5), st.sampled_from(["UTC", "Europe/Berlin"]))
@settings(once_for_all, max_examples=10)
def test_contacts_with_times_of_a_zone(tmp_path_factory, monkeypatch, rows, piece_rows, zone):
    text = in_pieces(("contact_id", "arrived_at", "started_at"), rows, piece_rows)
    both(text, "contacts", tmp_path_factory, monkeypatch, room=0, group=4, zone=zone)


def test_what_takes_more_than_one_cell_goes_to_files_too(tmp_path):
    text = b"customer_id,month,minutes\n1,2026-02,1\n1,2026-01,2\n1,2026-05,2\n,2026-01,3\n"
    columns = {name: ColumnMap.of(name) for name in ("customer_id", "month")}
    columns["minutes"] = ColumnMap(sources=(("minutes",), ("customer_id",)))
    mapping = Mapping(table="usage", columns=columns)
    filed = read(text, mapping=mapping, out=tmp_path)
    assert_same(filed, read(text, mapping=mapping))
    assert filed.rows.to_pylist() == [3, 2, 4]


def test_progress_goes_up_to_the_end(tmp_path):
    text = in_pieces(COLUMNS, [(f"C{i}", "2026-01", "S", "1", "2") for i in range(50)], 7)
    told: list[float | None] = []
    read(text, table="usage", out=tmp_path, report=lambda share, _said: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 8


@pytest.mark.parametrize("piece_rows", [7, 100, 5000])
@pytest.mark.parametrize("coded", [True, False])
def test_groups_longer_than_a_piece_are_read_in_parts(tmp_path, monkeypatch, piece_rows, coded):
    rows = 1000
    names = pa.array([None if i % 97 == 5 else f"C{i // 12:05d}" for i in range(rows)])
    table = pa.table({
        "customer_id": names.dictionary_encode() if coded else names,
        "month": pa.array(np.array([f"2026-{i % 12 + 1:02d}" for i in range(rows)], "datetime64[D]")),
        "plan_id": pa.array([f"{'SML'[i % 3]}" for i in range(rows)]),
        "minutes": pa.array(np.arange(rows) % 300 / 4),
    })  # fmt: skip
    path = tmp_path / "usage.parquet"
    pq.write_table(table, path, row_group_size=400, use_dictionary=coded)
    whole = read(path)
    monkeypatch.setattr("cxlib.intake.parquet.MANY_ROWS", 10)
    monkeypatch.setattr("cxlib.intake.parquet.PIECE_ROWS", piece_rows)
    monkeypatch.setattr("cxlib.intake.parquet.BATCH_ROWS", 30)
    monkeypatch.setitem(read.__globals__["by_pieces"].__kwdefaults__, "room", 3000)
    out = tmp_path / "out"
    out.mkdir()
    assert_same(read(path, out=out), whole)
    assert_same(read(path), whole)
    assert whole.counts["rows_quarantined"] == len(range(5, rows, 97))
