"""The page about tables says what the product's tables say."""

from __future__ import annotations

from tables_page import PAGE, page

from cxlib.intake import read_text_table, suggest_mapping
from cxlib.tables import TABLES, Column, plain


def test_the_page_is_as_the_tables_are() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python scripts/tables_page.py"


def test_a_header_may_mean_two_columns_only_where_the_required_one_comes_first() -> None:
    for table in TABLES.values():
        seen: dict[str, Column] = {}
        for column in table.columns:
            for alias in {plain(each) for each in (column.name, *column.aliases)}:
                first = seen.setdefault(alias, column)
                assert first is column or (first.required and not column.required), f"{table.name}: {alias}"


def test_the_name_of_a_plan_is_its_identifier_where_it_has_no_other() -> None:
    def suggested(header: str) -> dict[str, tuple[tuple[str, ...], ...]]:
        mapping = suggest_mapping(read_text_table(f"{header}\nS,Small,9\n".encode()), table="plans")
        return {name: each.sources for name, each in mapping.columns.items()}

    assert suggested("plan_name,colour,monthly_fee") == {
        "plan_id": (("plan_name",),),
        "monthly_fee": (("monthly_fee",),),
    }
    assert suggested("plan_name,plan_code,monthly_fee") | {"monthly_fee": ()} == {
        "plan_id": (("plan_code",),),
        "name": (("plan_name",),),
        "monthly_fee": (),
    }


def test_both_languages_have_headers_for_what_is_required() -> None:
    for table in TABLES.values():
        for column in table.columns:
            if column.required:
                assert any(alias.isascii() for alias in column.aliases), column.name
                assert any(not alias.isascii() for alias in column.aliases), column.name
