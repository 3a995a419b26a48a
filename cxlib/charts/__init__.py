"""Result frame in, figure and its description out. Nothing here draws on a page."""

from cxlib.charts.comparisons import bars, dumbbells, matrix
from cxlib.charts.contributions import contributions
from cxlib.charts.courses import courses, stacks
from cxlib.charts.flows import Flow, flows
from cxlib.charts.frontiers import Traded, frontier_marks
from cxlib.charts.hours import hours_of_week
from cxlib.charts.intervals import BLUE, SQUARE, interval_courses, intervals, reliability
from cxlib.charts.look import DIRECTION_COLOURS, MISSING, Chart, tier_colours
from cxlib.charts.replays import hour_bars, replay_bars, split_bars
from cxlib.charts.turnover import turnover
from cxlib.charts.usage import ABOVE, WITHIN, MeterCourse, allowances, cost_lines

__all__ = [
    "ABOVE",
    "BLUE",
    "DIRECTION_COLOURS",
    "MISSING",
    "SQUARE",
    "WITHIN",
    "Chart",
    "Flow",
    "MeterCourse",
    "Traded",
    "allowances",
    "bars",
    "contributions",
    "cost_lines",
    "courses",
    "dumbbells",
    "flows",
    "frontier_marks",
    "hour_bars",
    "hours_of_week",
    "interval_courses",
    "intervals",
    "matrix",
    "reliability",
    "replay_bars",
    "split_bars",
    "stacks",
    "tier_colours",
    "turnover",
]
