"""Text from files shows as it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.ui.safe import safe


@pytest.mark.parametrize(
    "text", ["![x](http://a/b)", "<b>x</b>", ":material/home:", "$x^2$", "# head", "`code`", "[a](b)"]
)
def test_markup_is_disarmed(text: str) -> None:
    assert re.sub(r"\\(.)", r"\1", safe(text)) == text
    assert not re.search(r"(?<!\\)[\[\]<>$`:#!*_]", safe(text))


@given(st.text(alphabet=st.characters(whitelist_categories=("L", "N"))))
def test_plain_words_are_left_alone(text: str) -> None:
    assert safe(text) == text
