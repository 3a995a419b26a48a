"""Charts of something along time or along a wait."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal, cast

import plotly.graph_objects as go

from cxlib.charts.look import MISSING, Chart, day_ticks, figure, legend_above, month_axis, plain_label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Course = tuple[Sequence[object], Sequence[float | None]]

MOST_POINTS = 1500
"""A trace has no more points than this, so that a page stays light."""


def courses(
    series: Mapping[str, Course],
    *,
    say: Callable[[float | None], str],
    x_title: str,
    y_title: str,
    colours: Mapping[str, str] | None = None,
    shape: Literal["linear", "hv"] = "linear",
    tickformat: str = ",",
    x_tickformat: str | None = None,
    marks: Mapping[str, float] | None = None,
    y_top: float | None = None,
    names_wanted: bool = True,
) -> Chart:
    """Draw one line per name, from zero, its name at its end.

    Parameters
    ----------
    series : mapping of name to (x, y)
        A y of None leaves a gap.
    shape : {"linear", "hv"}
        Straight lines, or steps that hold until the next point.
    marks : mapping of label to x, optional
        Upright lines, such as a promise.
    y_top : float, optional
        Upper end of the axis, for shares 1.
    """
    drawn = figure(height=340)
    for name, (xs, ys) in series.items():
        colour = (colours or {}).get(name, MISSING)
        every = max(1, -(-len(xs) // MOST_POINTS))
        x, y = list(xs)[::every], list(ys)[::every]
        drawn.add_trace(
            go.Scatter(
                x=x,
                y=y,
                name=name,
                mode="lines" if shape == "hv" or len(x) > 40 else "lines+markers",
                line={"color": colour, "width": 2.5, "shape": shape},
                text=[say(v) for v in y],
                hovertemplate=f"{plain_label(name)}, %{{x}}: %{{text}}<extra></extra>",
            )
        )
    for label, at in (marks or {}).items():
        drawn.add_vline(x=at, line={"color": MISSING, "width": 1, "dash": "dot"})
        drawn.add_annotation(
            x=at, y=1, yref="paper", text=plain_label(label), showarrow=False, xanchor="left", yanchor="top", xshift=4
        )
    drawn.update_layout(hovermode="closest")
    legend_above(drawn, shown=names_wanted and len(series) > 1)
    drawn.update_xaxes(title_text=x_title, showgrid=False, tickformat=x_tickformat)
    if any(isinstance(x, date) for xs, _ys in series.values() for x in xs):
        drawn.update_xaxes(type="date", tickformat=day_ticks(), nticks=8)
    drawn.update_yaxes(title_text=y_title, tickformat=tickformat, rangemode="tozero")
    if y_top is not None:
        drawn.update_yaxes(range=[0, y_top])
    said = "; ".join(f"{name}: {_ends(xs, ys, say)}" for name, (xs, ys) in series.items())
    return Chart(drawn, f"{y_title} / {x_title}. {said}")


def stacks(
    series: Mapping[str, Course],
    *,
    say: Callable[[float | None], str],
    x_title: str,
    y_title: str,
    colours: Mapping[str, str],
) -> Chart:
    """Draw upright bars month by month (dates), one colour per name, stacked."""
    drawn = figure(height=300, barmode="stack")
    for name, (xs, ys) in series.items():
        drawn.add_trace(
            go.Bar(
                x=list(xs),
                y=list(ys),
                name=name,
                marker_color=colours.get(name, MISSING),
                text=[say(v) for v in ys],
                textposition="none",
                hovertemplate=f"{plain_label(name)}, %{{x}}: %{{text}}<extra></extra>",
            )
        )
    legend_above(drawn)
    drawn.update_xaxes(
        title_text=x_title, **month_axis(cast("date", month) for xs, _ys in series.values() for month in xs)
    )
    drawn.update_yaxes(title_text=y_title, tickformat=",", rangemode="tozero")
    said = "; ".join(f"{name}: {_ends(xs, ys, say)}" for name, (xs, ys) in series.items())
    return Chart(drawn, f"{y_title} / {x_title}. {said}")


def _ends(xs: Sequence[object], ys: Sequence[float | None], say: Callable[[float | None], str]) -> str:
    seen = [(x, y) for x, y in zip(xs, ys, strict=True) if y is not None]
    if not seen:
        return "–"
    (first, a), (last, b) = seen[0], seen[-1]
    return f"{_at(first)}: {say(a)} → {_at(last)}: {say(b)}"


def _at(x: object) -> str:
    return f"{x:%Y-%m-%d}" if isinstance(x, date) else str(x)
