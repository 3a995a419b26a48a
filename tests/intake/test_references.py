"""A plan that the catalogue lacks is named with its row, and the row is kept aside."""

from __future__ import annotations

from cxlib.intake import Mapping, read
from cxlib.intake.mapping import ColumnMap
from cxlib.intake.references import against_catalogue

CUSTOMERS = b"customer_id,plan_id,tier\n001,S,a\n002,XXL,a\n003,,b\n004, L ,b\n,S,a\n005,XXL,\n"


def test_rows_with_an_unknown_plan_are_set_aside_by_their_row() -> None:
    reading = against_catalogue(read(CUSTOMERS, table="customers"), {"S", "L"})
    named = reading.problems[reading.problems["rule"] == "unknown_plan"]
    assert list(zip(named["row"], named["value"], strict=True)) == [(3, "XXL"), (7, "XXL")]
    assert reading.table["customer_id"].to_pylist() == ["001", "003", "004"]
    assert list(reading.quarantined["row"]) == [3, 6, 7]
    assert reading.counts["rows_in_file"] == 6
    assert reading.counts["rows_loaded"] + reading.counts["rows_quarantined"] == 6


def test_nothing_changes_where_every_plan_is_known() -> None:
    reading = read(CUSTOMERS, table="customers")
    assert against_catalogue(reading, {"S", "L", "XXL"}) is reading


def test_plans_mapped_by_code_or_from_alternatives_are_compared_as_mapped() -> None:
    source = b"id;old;new\n1;s;\n2;s;l\n3;s;q\n"
    mapping = Mapping(
        "customers",
        {"customer_id": ColumnMap.of("id"), "plan_id": ColumnMap.of("new", "old")},
    )
    reading = against_catalogue(read(source, mapping=mapping), {"s", "l"})
    assert list(reading.quarantined["row"]) == [4]


def test_a_file_with_columns_called_row_text_and_reasons_loses_none_of_them() -> None:
    source = b"customer_id,row,text,reasons,joined_on\n1,a,b,c,2026-01-01\n,d,e,f,2026-01-01\n"
    aside = read(source, table="customers").quarantined
    assert aside.to_dict("records") == [
        {"__row": 3, "__reasons": "missing", "__text": "", "customer_id": "", "row": "d", "text": "e", "reasons": "f",
         "joined_on": "2026-01-01"}
    ]  # fmt: skip
