"""Figures show the values that they were given, and say them in words."""

from __future__ import annotations

import pytest

from cxlib import charts, formats
from cxlib.charts.look import TIER_COLOURS


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [*TIER_COLOURS, *charts.DIRECTION_COLOURS.values(), charts.MISSING])
@pytest.mark.parametrize("background", ["#ffffff", "#12161b"])
def test_marks_stand_out_on_both_backgrounds(colour: str, background: str) -> None:
    assert contrast(colour, background) >= 3


def test_bars_are_sorted_and_too_few_is_said() -> None:
    drawn = charts.bars(
        {"a": 0.2, "b": 0.5, "c": None}, say=formats.share, axis="Share", notes={"a": "n = 20", "c": "n = 3"}
    )
    bar = drawn.figure.data[0]
    assert list(bar.x) == [0, 0.2, 0.5]
    assert list(bar.text) == ["too few", "20.0%", "50.0%"]
    assert drawn.alt == "Share. b: 50.0%; a: 20.0% (n = 20); c: too few (n = 3)"


def test_a_matrix_shows_every_pair_and_reads_from_the_top() -> None:
    cells = {("p", "r"): 4902, ("p", "p"): 1008}
    drawn = charts.matrix(
        cells, rows=["p", "r"], columns=["p", "r"], say=formats.number, row_title="Passer", column_title="Passed"
    )
    assert [list(line) for line in drawn.figure.data[0].z] == [[None, None], [1008, 4902]]
    assert "p / r: 4,902" in drawn.alt
    assert "r / p: –" in drawn.alt


def test_dumbbells_show_both_ends() -> None:
    drawn = charts.dumbbells({"a": (0.1, 0.2)}, names=("Customers", "Time"), say=formats.share, axis="Share")
    assert drawn.alt == "Share. a: Customers 10.0%, Time 20.0%"


def test_courses_are_thinned_to_what_a_page_can_carry() -> None:
    n = 100_000
    drawn = charts.courses({"a": (range(n), [0.5] * n)}, say=formats.share, x_title="s", y_title="Share")
    assert len(drawn.figure.data[0].x) <= 1500


def test_markup_from_a_file_is_no_markup_in_a_figure() -> None:
    drawn = charts.bars({"<a href='http://x'>v</a>": 1.0}, say=formats.ratio, axis="x")
    assert "<a" not in str(drawn.figure.data[0].y)
