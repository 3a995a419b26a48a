"""Result frame in, figure and its description out. Nothing here draws on a page."""

from cxlib.charts.comparisons import bars, dumbbells, matrix
from cxlib.charts.courses import courses, stacks
from cxlib.charts.look import DIRECTION_COLOURS, MISSING, Chart, tier_colours

__all__ = [
    "DIRECTION_COLOURS",
    "MISSING",
    "Chart",
    "bars",
    "courses",
    "dumbbells",
    "matrix",
    "stacks",
    "tier_colours",
]
