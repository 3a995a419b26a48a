"""Charts of the pages about balance say what they draw."""

from __future__ import annotations

import itertools

from cxlib import charts

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def said(value: float | None) -> str:
    return f"{value:.0f} s"


def test_a_week_has_a_panel_per_name_and_leaves_too_few_blank() -> None:
    drawn = charts.hours_of_week(
        {"A": {9: 5.0, 34: 50.0, 35: None}, "B": {9: 7.0}, "nobody": {9: None}},
        say=said,
        axis="Hour",
        measured="Wait",
        days=DAYS,
        notes={"A": {35: "n = 3"}},
    )
    first, second = drawn.figure.data
    assert list(first.x) == [9, 10, 11]
    assert first.z[0][0] == 5
    assert first.z[1][1] == 50
    assert first.z[1][2] is None
    assert first.text[1][2] == "too few (n = 3)"
    assert second.z[0][0] == 7
    assert drawn.alt == "Wait / Hour. A: Mon 9:00 5 s, Tue 10:00 50 s; B: Mon 9:00 7 s"


def test_panels_do_not_overlap() -> None:
    drawn = charts.hours_of_week({name: {9: 1.0} for name in "ABCD"}, say=said, axis="Hour", measured="Wait", days=DAYS)
    ends = [drawn.figure.layout[f"yaxis{i or ''}"].domain for i in ("", 2, 3, 4)]
    assert all(0 < low < high < 1 for low, high in ends)
    assert all(upper[0] > lower[1] for upper, lower in itertools.pairwise(ends))


def test_contributions_lie_to_either_side_of_zero() -> None:
    drawn = charts.contributions({"q": 12.0, "r": -4.0}, say=said, axis="Adds")
    (bars,) = drawn.figure.data
    assert list(bars.x) == [-4, 12]
    low, high = drawn.figure.layout.xaxis.range
    assert low < -4
    assert high > 12
    assert drawn.alt == "Adds. q: 12 s; r: -4 s"


def test_words_stand_beside_a_row_in_the_place_of_its_value() -> None:
    drawn = charts.intervals(
        {"Wait": (1.4, 1.1, 1.7)},
        say=said,
        axis="Margins",
        words={"Wait": "Substantive"},
        notes={"Wait": "14 % shorter"},
        band=(-1.0, 1.0),
    )
    assert "Substantive" in [each.text for each in drawn.figure.layout.annotations]
    assert drawn.figure.layout.shapes[-1].x0 == -1
    assert drawn.alt == "Margins. Wait: Substantive, 14 % shorter"
