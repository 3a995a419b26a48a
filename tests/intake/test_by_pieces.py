# ruff: noqa: E501 - lists of cells
"""What is read straight from the bytes is what SQL over all texts reads: values, problems, mapping, questions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.engine.duck import locked
from cxlib.intake import ColumnMap, Mapping, read, read_text_table
from cxlib.intake.by_pieces import by_pieces
from cxlib.intake.by_sql import by_sql
from cxlib.intake.cells import MemoryCells
from cxlib.intake.mapping import FORMATS

NUMBERS = ["0", "-0", "7", "+7", "007", "1.5", "-1.25", "1.234", "12.345", "1.", ".5", "123456789", "1234567890", "1.1234567",
           "0.000001", "999999999.999999", "1,5", "1,234", "1.234,5", "1,234.5", "1 234", "1e3", "12%", "$5", "5€", "(3)", "4-",
           "１２", "1_0", "inf", "unlimited", "NULL", "-", "--1", "+-1", "1.2.3", "2.0", "2.50", "-5", "1000000", "0.1", "x"]  # fmt: skip
DAYS = ["2026-03", "2026-03-01", "2026-03-14", "2026-3-1", "202603", "20260314", "2026/03/14", "14/03/2026", "3/14/26", "03/04/2026",
        "2026-13", "2026-02-30", "2024-02-29", "2023-02-29", "1899-12-31", "2200-01-01", "9999-12-31", "2999-12-31", "990228",
        "2026年3月", "Mar 2026", "46095", "2026-03-01 00:00:00", "2026-03-14T09:05", "2026-00-10", "2026-03-00", "1900-01-01",
        "2199-12-31", "NULL", "2026-0x"]  # fmt: skip
TIMES = ["2026-03-14 09:05:40", "2026-03-14T09:05", "2026-03-14 09:05:40.25", "2026-03-14T09:05:40Z", "2026-03-14 09:05:40+08:00",
         "2026-03-14 09:05:40-03:30", "2026-03-14 24:00:00", "2026-03-14 9:05", "2026-03-14", "3/14/26 9:05 PM", "2026-03-29 02:30:00",
         "2026-03-14 09:05:40.1234567", "2026-03-14 09:61", "2026-03-14  09:05", "2026-02-30 10:00", "2026-03-14 09:05:60",
         "2026-03-14 09:05Z", "2026-03-14 09:05:40+14:00", "2026-03-14 09:05:40+15:00", "9999-12-31 00:00:00",
         "2026-03-14 09:05:40.", "2026-03-14 09:05:40 Z", "2026-10-25 02:30:00"]  # fmt: skip
NAMES = ["A1", "00123", "1.23E+15", "1,2E5", "5E10", "C-0001", "total", "Total:", "合计", "n/a", "NULL", "x", "金卡1", "12.0", "7.00", "'9",
         '="9"', "1234567890123450", "1234567890123456", "1234567890123456789", "id_1", "a b1", "é1", "S", "-", "1234567890123456.0",
         "#1"]  # fmt: skip
CODES = ["yes", "no", "1", "0", "是", "TRUE", "maybe", "served", "abandoned", "AGENT", "f"]
PADS = ["", "", "", " ", "\t", "\u3000", "\u00a0", "  "]

COLUMNS = {
    "number": ("contacts", "csat", NUMBERS), "money": ("customers", "monthly_value", NUMBERS), "share": ("tiers", "promise_share", NUMBERS),
    "integer": ("tiers", "rank", NUMBERS), "duration": ("contacts", "wait_s", NUMBERS), "quantity": ("usage", "data_mb", NUMBERS),
    "allowance": ("plans", "included_sms", NUMBERS), "month": ("usage", "month", DAYS), "date": ("customers", "joined_on", DAYS),
    "time": ("contacts", "arrived_at", TIMES), "id": ("customers", "plan_id", NAMES), "key": ("customers", "customer_id", NAMES),
    "text": ("customers", "region", NAMES), "boolean": ("customers", "consent", CODES), "category": ("contacts", "outcome", CODES),
}  # fmt: skip
NEEDED = {
    "contacts": {"contact_id": "#row", "arrived_at": "2026-03-14 09:00:00"}, "customers": {"customer_id": "#row"},
    "tiers": {"tier": "#row", "rank": "1"}, "usage": {"customer_id": "#row", "month": "2026-03"},
    "plans": {"plan_id": "#row", "monthly_fee": "1"},
}  # fmt: skip


def both(data: bytes, mapping: Mapping, *, zone: str | None = "UTC", piece_rows: int = 3) -> tuple:
    text = read_text_table(data, delimiter="|", quote="")
    text = type(text)(**{**text.__dict__, "cells": MemoryCells(text.table, piece_rows=piece_rows)})
    text.__dict__.pop("table", None)
    found = []
    for way in (by_pieces, by_sql):
        with locked() as connection:
            found.append(way(connection, text, mapping, zone))
    return tuple(found)


def assert_same(quick, slow) -> None:
    assert quick is not None
    assert quick.mapping == slow.mapping
    assert quick.mapping.to_json() == slow.mapping.to_json()
    assert quick.problems.to_dict("records") == slow.problems.to_dict("records")
    assert quick.table.schema == slow.table.schema
    for name in quick.table.column_names:
        assert list(map(repr, quick.table[name].to_pylist())) == list(map(repr, slow.table[name].to_pylist()))
    assert quick.rows.to_pylist() == slow.rows.to_pylist()


def cells_of(pool: list[str]):
    return st.tuples(st.sampled_from(PADS), st.sampled_from([*pool, "", ""]), st.sampled_from(PADS)).map("".join)


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_columns_of_every_kind(data):
    table, name, pool = COLUMNS[data.draw(st.sampled_from(sorted(COLUMNS)), label="kind")]
    some = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=12, unique=True))
    values = data.draw(st.lists(cells_of(some), min_size=1, max_size=40))
    options: dict = {}
    if pool is NUMBERS:
        options = data.draw(st.fixed_dictionaries({}, optional={
            "decimal": st.sampled_from([".", ","]), "thousands": st.sampled_from(["", ",", ".", " ", "'"]), "unit": st.sampled_from([1.0, 60.0]),
            "strip": st.sampled_from([(), ("$",), ("1",)]), "rounded": st.booleans(), "blank": st.sampled_from([(), ("-",), ("0",), ("7",)]),
        }))  # fmt: skip
    if pool in (DAYS, TIMES):
        options = data.draw(st.fixed_dictionaries({}, optional={
            "format": st.sampled_from(FORMATS), "blank": st.sampled_from([(), ("2026-03-14",), ("2026-03", "NULL")])}))  # fmt: skip
    if pool is NAMES:
        options = data.draw(st.fixed_dictionaries({}, optional={
            "blank": st.sampled_from([(), ("A1",)]), "strip": st.sampled_from([(), (".0",)])}))  # fmt: skip
    if pool is CODES:
        options = data.draw(
            st.fixed_dictionaries({}, optional={"codes": st.sampled_from([{"AGENT": "served"}, {"maybe": "yes"}])})
        )
    columns = {key: ColumnMap(constant=constant) for key, constant in NEEDED[table].items()}
    columns[name] = ColumnMap.of("x", **options)
    text = "y|x|z\n" + "".join(f"k|{value}|\n" for value in values)
    zone = data.draw(st.sampled_from([None, "UTC", "Europe/Berlin"]))
    assert_same(*both(text.encode(), Mapping(table=table, columns=columns), zone=zone))


usage_row = st.tuples(
    st.sampled_from(["A1", "A2", "B1", "a1", "", "C-9", "金卡"]), st.sampled_from(["2026-01", "2026-02", "2026-03-01", "2026-13", ""]),
    st.sampled_from(["S", "M", ""]), st.sampled_from(["1", "2.5", "x", "", "1,5"]),
)  # fmt: skip


@given(st.lists(usage_row, max_size=30), st.booleans(), st.integers(1, 7))
@settings(deadline=None, max_examples=15)
def test_usage_with_repeated_keys_in_any_order(rows, in_order, piece_rows):
    rows = sorted(rows) if in_order else rows
    text = "customer_id|month|plan_id|minutes\n" + "".join("|".join(row) + "\n" for row in rows)
    columns = {name: ColumnMap.of(name) for name in ("customer_id", "month", "plan_id", "minutes")}
    assert_same(*both(text.encode(), Mapping(table="usage", columns=columns), piece_rows=piece_rows))


@given(st.lists(st.tuples(st.sampled_from(["1", "2", "3", "", "total"]), st.sampled_from(["S", "M"])), max_size=15))
@settings(deadline=None, max_examples=8)
def test_customers_with_repeated_keys_keep_the_order_of_the_file(rows):
    text = "customer_id|plan_id\n" + "".join("|".join(row) + "\n" for row in rows)
    columns = {name: ColumnMap.of(name) for name in ("customer_id", "plan_id")}
    assert_same(*both(text.encode(), Mapping(table="customers", columns=columns)))


def test_a_large_file_is_read_from_where_it_lies(tmp_path, monkeypatch):
    rows = [
        f"C{c:05d},2026-{m:02d},{'SML'[c % 3]},{(c * m) % 500},{c}.{m:02d}" for c in range(800) for m in range(1, 13)
    ]
    rows[100] = rows[100].replace("2026", "26")
    rows[200] += ",1"
    rows[300] = rows[299]
    rows[5000] = rows[5000].replace(",S,", ',"S",').replace(",M,", ',"M",').replace(",L,", ',"L",')
    data = ("customer_id,month,plan_id,minutes,data_mb\n" + "\n".join(rows) + "\n").encode()
    path = tmp_path / "usage.csv"
    path.write_bytes(data)
    whole = read(data)
    monkeypatch.setattr("cxlib.intake.sources.LARGE_BYTES", 1000)
    monkeypatch.setattr("cxlib.intake.text_table.find_records.__kwdefaults__", {"block_bytes": 5000})
    parts = read(path)
    assert "table" not in parts.text.__dict__
    assert parts.table.equals(whole.table)
    assert parts.rows.to_pylist() == whole.rows.to_pylist()
    assert parts.problems.to_dict("records") == whole.problems.to_dict("records")
    assert parts.quarantined.equals(whole.quarantined)
    assert parts.counts == whole.counts
    assert parts.counts["rows_in_file"] == 9600
    errors = parts.problems[parts.problems["severity"] == "error"]
    assert errors["row"].tolist() == parts.quarantined["row"].tolist() == [102, 202, 302]


@pytest.mark.parametrize("n", [1, 50])
def test_pieces_of_one_row_and_of_many(n):
    text = "customer_id|month|minutes\n" + "".join(f"C{i}|2026-01|{i}\n" for i in range(40))
    columns = {name: ColumnMap.of(name) for name in ("customer_id", "month", "minutes")}
    assert_same(*both(text.encode(), Mapping(table="usage", columns=columns), piece_rows=n))
