"""The charts about plans draw the numbers that they were given."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from cxlib import charts, formats
from cxlib.charts.flows import COLOURED

MONTHS = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]


def height_at_start(trace: object) -> float:
    ys = np.asarray(trace.y, dtype=float)  # type: ignore[attr-defined]
    return float(ys[0] - ys[-1])


def test_ribbons_are_as_wide_as_there_are_customers() -> None:
    moves = [
        charts.Flow("A", "B", 30, "under_provisioned", "€9"),
        charts.Flow("A", "C", 10, "over_provisioned", ""),
        charts.Flow("D", "C", 20, "sideways", ""),
    ]
    drawn = charts.flows(moves, say=formats.number, left="Held", right="Better")
    ribbons = {trace.text: height_at_start(trace) for trace in drawn.figure.data if trace.fill == "toself"}
    assert list(ribbons) == ["A → B: 30, €9", "A → C: 10", "D → C: 20"]
    widths = np.array(list(ribbons.values()))
    assert widths / widths.sum() == pytest.approx([0.5, 1 / 6, 1 / 3])
    assert drawn.alt == "Held → Better. A → B: 30; D → C: 20; A → C: 10"
    texts = [each.text for each in drawn.figure.layout.annotations]
    assert "A  <b>40</b>" in texts
    assert "<b>30</b>  C" in texts


def test_ribbons_of_one_plan_do_not_lie_over_each_other() -> None:
    moves = [charts.Flow(a, b, 1 + i, None, "") for i, (a, b) in enumerate((a, b) for a in "PQR" for b in "XYZ")]
    drawn = charts.flows(moves, say=formats.number, left="Held", right="Better")
    n = [trace for trace in drawn.figure.data if trace.fill == "toself"]
    for end in (0, len(n[0].y) // 2 - 1):
        spans = sorted((trace.y[-1 - end], trace.y[end]) for trace in n)
        assert all(b[0] >= a[1] - 1e-9 for a, b in pairwise(spans))


def test_only_the_widest_ribbons_are_coloured() -> None:
    moves = [charts.Flow("A", f"B{i:02d}", 100 - i, "under_provisioned", "") for i in range(20)]
    drawn = charts.flows(moves, say=formats.number, left="Held", right="Better")
    colours = [trace.fillcolor for trace in drawn.figure.data if trace.fill == "toself"]
    assert sum(colour.startswith("rgba(204,99,24") for colour in colours) == COLOURED


def test_turnover_shows_who_went_below_the_line() -> None:
    drawn = charts.turnover(
        MONTHS, stayed=[0, 5, 6], new=[5, 3, 1], resolved=[0, 0, 2], say=formats.number, y_title="Flagged"
    )
    stayed, new, resolved = drawn.figure.data[:3]
    assert (list(stayed.y), list(new.y), list(resolved.y)) == ([0, 5, 6], [5, 3, 1], [0, 0, -2])
    assert drawn.alt.endswith("2026-03: 7 (new 1, resolved 2)")


def test_usage_is_parted_at_the_allowance_and_left_out_months_are_hatched() -> None:
    course = charts.MeterCourse(MONTHS, [80, 150, 120], [100, 100, None], [True, False, True])
    drawn = charts.allowances({"Minutes": course}, say=formats.number)
    within, above, allowance = drawn.figure.data[:3]
    assert (list(within.y), list(above.y)) == ([80, 100, 120], [0, 50, 0])
    assert list(within.marker.pattern.shape) == ["", "/", ""]
    assert list(allowance.y) == [100, 100, None]
    assert drawn.alt == "Minutes: above the allowance in 1 of 3 months"


def test_cost_lines_carry_their_names_apart_from_each_other() -> None:
    lines = {"S": [10.0, 20.0, 40.0], "L": [30.0, 30.0, 40.1], "M": [15.0, None, 39.9]}
    drawn = charts.cost_lines(lines, factors=[0.5, 1.0, 2.0], held="S", say=formats.number, y_title="Cost")
    names = {each.text: each.y for each in drawn.figure.layout.annotations if each.xref == "paper"}
    assert set(names) == {"S (held)", "L", "M"}
    ends = sorted(names.values())
    assert min(b - a for a, b in pairwise(ends)) >= 2.9
    assert "S: 10 – 20 – 40" in drawn.alt
