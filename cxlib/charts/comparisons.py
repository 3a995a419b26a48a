"""Charts that set segments side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from cxlib.charts.look import (
    MISSING,
    ROW_HEIGHT,
    TOOLS_HEIGHT,
    Chart,
    figure,
    legend_above,
    noted,
    plain_label,
    text_width,
    wrapped,
)
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOM_BESIDE: Final = 28
"""Pixels between the outermost dot and the edge of the narrowest chart."""


def bars(
    values: Mapping[str, float | None],
    *,
    say: Callable[[float | None], str],
    axis: str,
    colours: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
    sort: bool = True,
    tickformat: str = ",",
) -> Chart:
    """Draw horizontal bars from zero, the longest on top, each with its value beside it.

    Parameters
    ----------
    values : mapping of label to value
        None where there are too few to show, which is said in the place of the bar.
    say : callable
        How a value is written.
    axis : str
        What the length means, with its unit.
    colours, notes : mapping by label, optional
        Colour of a bar; words under its label, such as its n.
    """
    order = sorted(values, key=lambda label: values[label] or 0) if sort else list(reversed(list(values)))
    marks = [_("too few") if values[label] is None else say(values[label]) for label in order]
    said = [
        f"{mark} ({notes[label]})" if notes and label in notes else mark
        for label, mark in zip(order, marks, strict=True)
    ]
    drawn = figure(height=62 + TOOLS_HEIGHT + (ROW_HEIGHT + (8 if notes else 0)) * len(order))
    drawn.update_layout(margin_t=TOOLS_HEIGHT)
    drawn.add_trace(
        go.Bar(
            orientation="h",
            x=[values[label] or 0 for label in order],
            y=[noted(label, notes) for label in order],
            text=marks,
            textposition="outside",
            cliponaxis=False,
            marker_color=[(colours or {}).get(label, "#1f7fb8") for label in order],
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    top = max((v for v in values.values() if v is not None), default=1) or 1
    drawn.update_xaxes(
        title_text=axis,
        range=[0, top * (1.2 + 0.03 * max(map(len, marks), default=0))],
        tickformat=tickformat,
        rangemode="tozero",
    )
    spoken = "; ".join(f"{label}: {mark}" for label, mark in zip(reversed(order), reversed(said), strict=True))
    return Chart(drawn, f"{axis}. {spoken}")


def dumbbells(
    pairs: Mapping[str, tuple[float | None, float | None]],
    *,
    names: tuple[str, str],
    say: Callable[[float | None], str],
    axis: str,
    colours: Mapping[str, str] | None = None,
    tickformat: str = ".0%",
    missing: str = "",
) -> Chart:
    """Draw two dots a row with a line between them: what should be alike, and how far apart it lies.

    `names` say what the hollow and the filled dot are, `missing` what stands in a row that has neither.
    """
    order = list(reversed(list(pairs)))
    labels = [wrapped(label) for label in order]
    drawn = figure(height=96 + (ROW_HEIGHT + 8) * len(order))
    for label, shown in zip(order, labels, strict=True):
        left, right = pairs[label]
        if left is not None and right is not None:
            line = {"color": (colours or {}).get(label, "#1f7fb8"), "width": 3}
            drawn.add_trace(
                go.Scatter(
                    x=[left, right], y=[shown, shown], mode="lines", line=line, hoverinfo="skip", showlegend=False
                )
            )
    for i, name in enumerate(names):
        drawn.add_trace(
            go.Scatter(
                x=[pairs[label][i] for label in order],
                y=labels,
                name=name,
                mode="markers+text",
                text=[_beside(pairs[label], i, say) for label in order],
                textposition=[_side(pairs[label], i) for label in order],
                marker={
                    "size": 13,
                    "symbol": "circle-open" if i == 0 else "circle",
                    "line": {"width": 2.5, "color": [(colours or {}).get(label, "#1f7fb8") for label in order]},
                    "color": [(colours or {}).get(label, "#1f7fb8") for label in order],
                },
                hovertemplate="%{y}, " + plain_label(name) + ": %{text}<extra></extra>",
                cliponaxis=False,
                showlegend=False,
            )
        )
        drawn.add_trace(
            go.Scatter(
                x=[None],
                y=[None],
                name=name,
                mode="markers",
                showlegend=True,
                marker={
                    "size": 11,
                    "color": MISSING,
                    "symbol": "circle-open" if i == 0 else "circle",
                    "line": {"width": 2},
                },
            )
        )
    top = max((v for pair in pairs.values() for v in pair if v is not None), default=1) or 1
    legend_above(drawn)
    widest = max((text_width(say(v)) for pair in pairs.values() for v in pair if v is not None), default=0)
    drawn.update_layout(margin_r=16 + max(0, widest - ROOM_BESIDE))
    drawn.update_xaxes(title_text=axis, range=[-0.17 * top, top * 1.18], tickformat=tickformat, tick0=0)
    drawn.update_yaxes(type="category", categoryorder="array", categoryarray=labels)
    for label, shown in zip(order, labels, strict=True):
        if missing and pairs[label] == (None, None):
            drawn.add_annotation(x=0, y=shown, text=missing, showarrow=False, xanchor="left")
    said = "; ".join(f"{label}: {names[0]} {say(a)}, {names[1]} {say(b)}" for label, (a, b) in pairs.items())
    return Chart(drawn, f"{axis}. {said}")


def matrix(
    cells: Mapping[tuple[str, str], float],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    say: Callable[[float | None], str],
    row_title: str,
    column_title: str,
) -> Chart:
    """Draw a table of numbers, darker where they are larger; the diagonal is framed by its place alone."""
    values = [[cells.get((row, column)) for column in columns] for row in reversed(rows)]
    top = max((v for line in values for v in line if v is not None), default=1) or 1
    drawn = figure(height=96 + 52 * len(rows))
    drawn.add_trace(
        go.Heatmap(
            z=values,
            x=[wrapped(column, 14) for column in columns],
            y=[wrapped(row, 14) for row in reversed(rows)],
            zmin=0,
            zmax=top,
            colorscale=[[0, "rgba(31,127,184,0.06)"], [1, "rgba(31,127,184,0.62)"]],
            showscale=False,
            xgap=3,
            ygap=3,
            customdata=[[say(v) for v in line] for line in values],
            hovertemplate=f"{plain_label(row_title)} %{{y}}, {plain_label(column_title)} %{{x}}: %{{customdata}}<extra></extra>",  # noqa: E501
        )
    )
    places = [(row, column) for row in reversed(rows) for column in columns]
    drawn.add_trace(
        go.Scatter(
            x=[wrapped(column, 14) for _row, column in places],
            y=[wrapped(row, 14) for row, _column in places],
            text=[say(cells.get(place)) for place in places],
            mode="text",
            textfont={"size": 15},
            hoverinfo="skip",
        )
    )
    drawn.update_xaxes(title_text=column_title, side="top", showgrid=False, tickangle=0)
    drawn.update_yaxes(title_text=row_title, showgrid=False)
    said = "; ".join(f"{row} / {column}: {say(cells.get((row, column)))}" for row in rows for column in columns)
    return Chart(drawn, _("{rows} by {columns}. {values}", rows=row_title, columns=column_title, values=said))


def _side(pair: tuple[float | None, float | None], i: int) -> str:
    left, right = pair
    if left is None or right is None:
        return "middle right"
    is_right = (right >= left) == (i == 1)
    return "middle right" if is_right else "middle left"


def _beside(pair: tuple[float | None, float | None], i: int, say: Callable[[float | None], str]) -> str:
    return f" {say(pair[i])} " if pair[i] is not None else ""
