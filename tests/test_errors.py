"""Errors say what is wrong, where, and what to do."""

from __future__ import annotations

from cxlib.errors import CxError


def test_an_error_fills_in_where_it_happened() -> None:
    error = CxError(
        "bad_month",
        "{value} is no month.",
        hint="Write it as {example}.",
        row=7,
        column="month",
        value="2018-13",
        example="2018-12",
    )
    assert error.said == "2018-13 is no month."
    assert error.hint == "Write it as 2018-12."
    assert str(error) == "2018-13 is no month. Write it as 2018-12."
    assert error.as_dict() == {
        "code": "bad_month",
        "message": "2018-13 is no month.",
        "hint": "Write it as 2018-12.",
        "row": 7,
        "column": "month",
        "value": "2018-13",
    }


def test_an_error_without_a_hint_has_none() -> None:
    assert CxError("empty", "The file is empty.").hint == ""
