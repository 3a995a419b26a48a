"""Result frame in, figure and its description out. Nothing here draws on a page."""

from cxlib.charts.comparisons import bars, dumbbells, matrix
from cxlib.charts.courses import courses, stacks
from cxlib.charts.look import DIRECTION_COLOURS, MISSING, Chart, tier_colours
from cxlib.charts.usage import ABOVE, WITHIN, MeterCourse, allowances, cost_lines

__all__ = [
    "ABOVE",
    "DIRECTION_COLOURS",
    "MISSING",
    "WITHIN",
    "Chart",
    "MeterCourse",
    "allowances",
    "bars",
    "cost_lines",
    "courses",
    "dumbbells",
    "matrix",
    "stacks",
    "tier_colours",
]
