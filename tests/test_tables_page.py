"""The page about tables says what the product's tables say."""

from __future__ import annotations

from tables_page import PAGE, page

from cxlib.tables import TABLES, plain


def test_the_page_is_as_the_tables_are() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python scripts/tables_page.py"


def test_no_header_means_two_columns_of_one_table() -> None:
    for table in TABLES.values():
        seen: dict[str, str] = {}
        for column in table.columns:
            for alias in {plain(each) for each in (column.name, *column.aliases)}:
                assert seen.setdefault(alias, column.name) == column.name, f"{table.name}: {alias}"


def test_both_languages_have_headers_for_what_is_required() -> None:
    for table in TABLES.values():
        for column in table.columns:
            if column.required:
                assert any(alias.isascii() for alias in column.aliases), column.name
                assert any(not alias.isascii() for alias in column.aliases), column.name
