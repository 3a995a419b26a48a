"""Notes of readers on charts along time: an upright line with a number at each one's day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cxlib.charts.look import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import plotly.graph_objects as go

MONTH: Final = timedelta(days=28), timedelta(days=31)
"""Marks that lie the first of these or more apart are months, and the last of them lasts up to the second."""


def pin(drawn: go.Figure, days: Mapping[str, date]) -> list[str]:
    """Draw an upright line at each day, `days` by the label at its head; return the labels that were drawn.

    Only a chart whose x axis is time takes any, and only days within what it shows: a line elsewhere would stretch it.
    A chart of hours within one day takes none.
    """
    span = _span(drawn)
    if span is None:
        return []
    first, last = span
    within = {label: day for label, day in days.items() if first <= day <= last}
    for label, day in within.items():
        drawn.add_shape(
            type="line", x0=day, x1=day, y0=0, y1=1, yref="paper", line={"color": MISSING, "width": 1, "dash": "dash"}
        )
        drawn.add_annotation(
            x=day, y=1, yref="paper", text=f"<b>{label}</b>", showarrow=False, xanchor="left", yanchor="top", xshift=3
        )
    return list(within)


def last_day(drawn: go.Figure) -> date | None:
    """Return the last day that a chart along time has a mark at; None for any other chart."""
    return max(map(max, _days(drawn)), default=None)


def _span(drawn: go.Figure) -> tuple[date, date] | None:
    """Return the first and the last day that a chart shows; None where its x axis is not time, or within one day.

    What its last mark stands for, such as a week, is as long as what lies between it and the one before.
    """
    days = [sorted(set(each)) for each in _days(drawn)]
    steps = [each[-1] - each[-2] for each in days if len(each) > 1]
    if not steps:
        return None
    every = [day for each in days for day in each]
    step = MONTH[1] if max(steps) >= MONTH[0] else max(steps)
    return min(every), max(every) + step - timedelta(days=1)


def _days(drawn: go.Figure) -> list[list[date]]:
    """Return the days of each trace's marks."""
    xs = [trace.x for trace in drawn.data if "x" in trace and trace.x is not None]
    return [days for each in xs if (days := [day for x in each if (day := _day(x)) is not None])]


def _day(x: Any) -> date | None:
    if isinstance(x, np.datetime64):
        x = x.astype("datetime64[D]").item()
    if isinstance(x, datetime):
        return x.date()
    return x if isinstance(x, date) else None
