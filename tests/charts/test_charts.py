"""Figures show the values that they were given, and say them in words."""

from __future__ import annotations

from datetime import date

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


def test_intervals_say_value_and_reach() -> None:
    drawn = charts.intervals(
        {"a": (0.8, 0.7, 0.95), "b": (None, None, None), "c": (None, None, None)},
        say=formats.share,
        axis="Share",
        notes={"a": "20 cases", "b": "3 cases"},
        mark=("80%", 0.8),
        ends=(0.5, 1.0),
        unknown={"c": "none"},
    )
    dots = {trace.y[0].split("<br>")[0]: trace for trace in drawn.figure.data if trace.mode == "markers"}
    assert list(dots) == ["c", "b", "a"]
    assert (dots["a"].x[0], dots["b"].x[0]) == (0.8, None)
    assert dots["a"].error_x.array[0] == pytest.approx(0.15)
    assert dots["a"].error_x.arrayminus[0] == pytest.approx(0.1)
    assert drawn.alt == "Share. a: 80.0% (70.0% – 95.0%), 20 cases; b: too few, 3 cases; c: none"


def test_bars_with_intervals_start_at_zero() -> None:
    drawn = charts.intervals({"a": (4.0, 3.0, 5.0), "b": (2.0, None, None)}, say=formats.ratio, axis="x", bars=True)
    assert list(drawn.figure.data[0].x) == [2.0, 4.0]
    assert drawn.figure.layout.xaxis.range[0] == 0
    assert drawn.alt == "x. a: 4.00 (3.00 – 5.00); b: 2.00"


def test_reliability_leaves_out_what_is_too_few() -> None:
    points = [(0.1, (0.05, 0.0, 0.1), 40), (0.5, (None, None, None), 3), (0.9, (0.95, 0.9, 1.0), 50)]
    drawn = charts.reliability(points, say=formats.share, say_n=lambda n: f"n = {n}", said="Said", happened="Came")
    slope, curve = drawn.figure.data
    assert list(slope.x) == list(slope.y) == [0, 1]
    assert (list(curve.x), list(curve.y)) == ([0.1, 0.9], [0.05, 0.95])
    assert drawn.alt == "Said / Came. 10.0% → 5.0%, n = 40; 90.0% → 95.0%, n = 50"


def test_courses_with_intervals_say_every_month() -> None:
    months = [date(2026, 1, 1), date(2026, 2, 1)]
    drawn = charts.interval_courses(
        {"a": (months, [(2.0, 1.0, 4.0), (None, None, None)])},
        say=formats.ratio,
        x_title="Month",
        y_title="Regret",
        colours={"a": charts.BLUE},
    )
    line = drawn.figure.data[0]
    assert list(line.y) == [2.0, None]
    assert list(line.error_y.array) == [2.0, 0.0]
    assert drawn.alt == "Regret / Month. a: 2026-01 2.00, 2026-02 –"


def test_markup_from_a_file_is_no_markup_in_a_figure() -> None:
    drawn = charts.bars({"<a href='http://x'>v</a>": 1.0}, say=formats.ratio, axis="x")
    assert "<a" not in str(drawn.figure.data[0].y)


@pytest.mark.parametrize("n", [1, 2, 8])
def test_few_months_have_a_tick_each_and_none_twice(n):
    months = [date(2026, 1 + i, 1) for i in range(n)]
    drawn = charts.turnover(months, stayed=[3] * n, new=[1] * n, resolved=[0] * n, say=str, y_title="n").figure
    assert list(drawn.layout.xaxis.tickvals) == months
    if n == 1:
        low, high = drawn.layout.xaxis.range
        assert low < months[0] < high


def test_many_months_have_no_more_ticks_than_there_is_room_for():
    months = [date(2025 + i // 12, 1 + i % 12, 1) for i in range(20)]
    drawn = charts.turnover(months, stayed=[3] * 20, new=[1] * 20, resolved=[0] * 20, say=str, y_title="n").figure
    assert drawn.layout.xaxis.tickvals is None
    assert drawn.layout.xaxis.nticks == 8
