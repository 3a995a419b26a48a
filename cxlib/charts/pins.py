"""Notes of readers on charts along time: an upright line with a number at each one's day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cxlib.charts.look import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import plotly.graph_objects as go

MONTH: Final = timedelta(days=31)
"""The last mark of a chart may stand for a month, which lasts longer than its first day."""


def pin(drawn: go.Figure, days: Mapping[str, date]) -> list[str]:
    """Draw an upright line at each day, `days` by the label at its head; return the labels that were drawn.

    Only a chart whose x axis is time takes any, and only days within what it shows.
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
    return max(_days(drawn), default=None)


def _span(drawn: go.Figure) -> tuple[date, date] | None:
    """Return the first and the last day of a chart's marks; None where its x axis is not time."""
    days = _days(drawn)
    return (min(days), max(days) + MONTH) if days else None


def _days(drawn: go.Figure) -> list[date]:
    xs = [trace.x for trace in drawn.data if "x" in trace and trace.x is not None]
    return [day for each in xs for day in map(_day, (each[0], each[-1]) if len(each) else ()) if day]


def _day(x: Any) -> date | None:
    if isinstance(x, np.datetime64):
        x = x.astype("datetime64[D]").item()
    if isinstance(x, datetime):
        return x.date()
    return x if isinstance(x, date) else None
