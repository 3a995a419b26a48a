"""Errors say what is wrong, where, and what to do."""

from __future__ import annotations

from cxlib.errors import CxError
from cxlib.texts import speaking


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


def test_chinese_sentences_follow_without_a_space() -> None:
    error = CxError("no_usage", "There is no usage.", hint="Bring usage of at least one customer.")
    with speaking("zh_CN"):
        assert str(error) == error.said + error.hint
        assert " " not in str(error)
