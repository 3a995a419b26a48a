"""Thousands of damaged files of known content: nothing is read wrongly in silence, what is harmless is just read."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.damaged import Case, Figures, Seen, clean_rows, damaged_rows, every_case, judged, truncated_files
from cxlib.errors import CxError
from cxlib.intake import read_text_table


def ours(data: bytes) -> Seen:
    try:
        text = read_text_table(data)
    except CxError as error:
        return Seen(None, None, frozenset([error.row] if error.row else []), said=True, asked=True)
    rows = [list(row) for row in zip(*(text.table.column(name).to_pylist() for name in text.columns), strict=True)]
    asked = bool(text.needs_confirmation) or len(text.rejected) > 0
    lines = frozenset(text.rejected["row"].tolist())
    return Seen(text.columns, rows, lines, said=asked or len(text.problems) > 0, asked=asked)


def figures_of(cases: list[Case]) -> Figures:
    figures, failures = judged(ours, cases)
    examples = Counter((wrong, case.kind) for wrong, case in failures)
    assert figures.silent == 0, examples
    assert figures.harmless_exact == figures.harmless, examples
    assert figures.named >= 0.99 * figures.damaged_rows, examples
    assert figures.others_right == figures.damaged_rows, examples
    return figures


def test_two_thousand_damaged_files():
    figures = figures_of(list(every_case(step=5)))
    assert figures.files >= 2000
    assert figures.harmless > 250
    assert figures.damaged_rows > 1000


@pytest.mark.slow
def test_every_row_damaged_in_every_way():
    figures = figures_of([*damaged_rows(clean_rows()), *truncated_files(clean_rows(), last=20)])
    assert figures.files > 8000


def test_the_clean_table_is_what_was_asked_for():
    rows = clean_rows()
    assert len(rows) >= 80
    assert {len(row) for row in rows} == {10}
    assert any("," in cell for row in rows for cell in row)


def test_a_reader_that_says_nothing_is_found_out():
    case = Case("glued", b"a,b\n1,2\n", [["1", "2"]], header=("a", "b"), line=2, index=0)
    figures = Figures()
    assert figures.add(case, Seen(("a", "b"), [["1", "3"]])) == "silent"
    assert figures.add(case, Seen(("a", "b"), [], frozenset([2]), said=True)) == ""
    assert figures.add(case, Seen(("a", "b"), [["1", "2"]], frozenset([3]), said=True)) == "named"
    assert (figures.silent, figures.named, figures.others_right) == (1, 1, 1)
