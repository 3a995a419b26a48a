"""Charts of estimates with their intervals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from cxlib.charts.look import (
    MISSING,
    ROW_HEIGHT,
    Chart,
    annotate,
    figure,
    legend_above,
    month_axis,
    noted,
    plain_label,
    text_width,
)
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Say = Callable[[float | None], str]
    Interval = tuple[float | None, float | None, float | None]
    """A value with the lower and the upper end of its interval."""

BLUE: Final = "#1f7fb8"
SQUARE: Final = 380
"""Height of charts that stand beside a reliability curve, in pixels."""
ASIDE_DAYS: Final = 3
FAINT: Final = 0.32
WHISKER: Final = {"thickness": 1.6, "width": 5}


def intervals(
    values: Mapping[str, Interval],
    *,
    say: Say,
    axis: str,
    bars: bool = False,
    colours: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
    mark: tuple[str, float] | None = None,
    ends: tuple[float, float] | None = None,
    tickformat: str = ",",
    height: int | None = None,
    unknown: Mapping[str, str] | None = None,
    words: Mapping[str, str] | None = None,
    band: tuple[float, float] | None = None,
) -> Chart:
    """Draw a dot with its interval per row, in the order given, each with its value beside it.

    Parameters
    ----------
    values : mapping of label to (value, low, high)
        A value of None is said to be too few; an interval with an end of None is not drawn.
    say : callable
        How a value is written.
    axis : str
        What is measured, with its unit.
    bars : bool
        Draw a bar from zero to each dot.
    colours, notes : mapping by label, optional
        Colour of a row; words under its label, such as its n.
    mark : (words, value), optional
        An upright line, such as what was promised.
    ends : (low, high), optional
        Ends of the axis; without them it starts at zero, or below where something does.
    height : int, optional
        In pixels; without it by the number of rows.
    unknown : mapping by label, optional
        What is said where a value is None for another reason than that there are too few.
    words : mapping by label, optional
        What stands beside a row in the place of its value.
    band : (low, high), optional
        Values without practical weight, shaded.
    """
    order = list(reversed(list(values)))
    names = [noted(label, notes) for label in order]
    tint = [(colours or {}).get(label, BLUE) for label in order]
    x = [values[label][0] for label in order]
    said = [(words or {}).get(label) or _said(label, values[label][0], say, unknown) for label in order]
    drawn = figure(height=height or (74 if bars else 94) + (ROW_HEIGHT + (8 if notes else 0)) * len(order))
    if bars:
        drawn.add_trace(
            go.Bar(orientation="h", x=[v or 0 for v in x], y=names, marker_color=tint, opacity=FAINT, hoverinfo="skip")
        )
    whiskers = [_arms(values[label]) for label in order]
    dots = []
    for name, at, colour, (low, high), text in zip(names, x, tint, whiskers, said, strict=True):
        arms = {"type": "data", "symmetric": False, "array": [high], "arrayminus": [low], "color": colour, **WHISKER}
        dots.append(
            {
                "type": "scatter",
                "x": [at],
                "y": [name],
                "mode": "markers",
                "marker": {"size": 10, "color": colour},
                "error_x": arms,
                "customdata": [text],
                "hovertemplate": "%{y}: %{customdata}<extra></extra>",
                "cliponaxis": False,
            }
        )
    drawn.add_traces(dots)
    drawn.update_yaxes(type="category")
    longest = max(map(len, said), default=0)
    low_end, high_end = ends or _ends(values)
    wide = high_end - low_end
    if bars:
        _behind_whiskers(drawn, names, said, [(v or 0) + high for v, (_low, high) in zip(x, whiskers, strict=True)])
    else:
        _in_a_column(drawn, names, said)
    if mark:
        _marked(drawn, *mark)
    if band:
        drawn.add_vrect(x0=band[0], x1=band[1], fillcolor=MISSING, opacity=0.16, line_width=0, layer="below")
    drawn.update_xaxes(
        title_text=axis,
        range=[
            low_end - (0 if bars and low_end == 0 else 0.04 * wide),
            high_end + (0.1 + 0.032 * longest if bars else 0.04) * wide,
        ],
        tickformat=tickformat,
        tickangle=0,
        nticks=6 if bars else 4,
    )
    told = {
        label: f"{(words or {})[label]}, {notes[label]}" if notes else (words or {})[label] for label in words or {}
    }
    return Chart(drawn, f"{axis}. {_spoken(values, say, None if words else notes, {**(unknown or {}), **told})}")


def reliability(
    points: Sequence[tuple[float, Interval, int]], *, say: Say, say_n: Callable[[int], str], said: str, happened: str
) -> Chart:
    """Draw how often something happened against how likely it was said to be; on the slope it is as said.

    Parameters
    ----------
    points : sequence of (predicted, (observed, low, high), n)
        Points without an observed share are left out.
    say_n : callable
        How a number of cases is written.
    said, happened : str
        Titles of the axes.
    """
    shown = [(x, each, n) for x, each, n in points if each[0] is not None]
    drawn = figure(height=SQUARE)
    drawn.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": MISSING, "dash": "dot"}, hoverinfo="skip")
    )
    arms = [_arms(each) for _x, each, _n in shown]
    texts = [f"{say(x)} → {say(each[0])}, {say_n(n)}" for x, each, n in shown]
    drawn.add_trace(
        go.Scatter(
            x=[x for x, _each, _n in shown],
            y=[each[0] for _x, each, _n in shown],
            mode="lines+markers",
            line={"color": BLUE, "width": 1.5},
            marker={"size": 9, "color": BLUE},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [high for _low, high in arms],
                "arrayminus": [low for low, _high in arms],
                "color": BLUE,
                **WHISKER,
            },
            text=texts,
            hovertemplate="%{text}<extra></extra>",
            cliponaxis=False,
        )
    )
    drawn.add_annotation(x=0.5, y=0.5, text=_("as said"), showarrow=False, xanchor="right", xshift=-10, yshift=8)
    drawn.update_xaxes(title_text=said, range=[0, 1.02], tickformat=".0%", dtick=0.2)
    drawn.update_yaxes(title_text=happened, range=[0, 1.02], tickformat=".0%", dtick=0.2)
    return Chart(drawn, f"{said} / {happened}. " + "; ".join(texts))


def interval_courses(
    series: Mapping[str, tuple[Sequence[date], Sequence[Interval]]],
    *,
    say: Say,
    x_title: str,
    y_title: str,
    colours: Mapping[str, str],
    tickformat: str = ",",
) -> Chart:
    """Draw one line per name month by month (dates), from zero, with the interval of each point."""
    drawn = figure(height=340)
    for i, (name, (months, values)) in enumerate(series.items()):
        colour = colours.get(name, MISSING)
        arms = [_arms(each) for each in values]
        drawn.add_trace(
            go.Scatter(
                x=[_aside(month, i - (len(series) - 1) / 2) for month in months],
                y=[each[0] for each in values],
                name=name,
                mode="lines+markers",
                line={"color": colour, "width": 2.5},
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [high for _low, high in arms],
                    "arrayminus": [low for low, _high in arms],
                    "color": colour,
                    **WHISKER,
                },
                text=[_with_ends(each, say) for each in values],
                customdata=[f"{month:%Y-%m}" for month in months],
                hovertemplate=f"{plain_label(name)}, %{{customdata}}: %{{text}}<extra></extra>",
            )
        )
    legend_above(drawn, shown=len(series) > 1)
    drawn.update_xaxes(title_text=x_title, **month_axis(month for months, _v in series.values() for month in months))
    drawn.update_yaxes(title_text=y_title, tickformat=tickformat, rangemode="tozero")
    told = "; ".join(
        f"{name}: " + ", ".join(f"{month:%Y-%m} {say(each[0])}" for month, each in zip(months, values, strict=True))
        for name, (months, values) in series.items()
    )
    return Chart(drawn, f"{y_title} / {x_title}. {told}")


def _arms(interval: Interval) -> tuple[float, float]:
    """Return how far the interval reaches to either side, 0 where it is not known."""
    value, low, high = interval
    if value is None or low is None or high is None:
        return 0.0, 0.0
    return max(0.0, value - low), max(0.0, high - value)


def _aside(month: date, steps: float) -> datetime:
    """Return a place beside the month, so that whiskers of several lines do not lie on one another."""
    return datetime(month.year, month.month, 1, tzinfo=UTC) + timedelta(days=ASIDE_DAYS * steps)


def _ends(values: Mapping[str, Interval]) -> tuple[float, float]:
    known = [v for each in values.values() if each[0] is not None for v in each if v is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    return (low * 1.08, high) if high > low else (low, low + 1.0)


def _behind_whiskers(drawn: go.Figure, names: Sequence[str], said: Sequence[str], ends: Sequence[float]) -> None:
    drawn.add_trace(
        go.Scatter(
            x=list(ends),
            y=list(names),
            mode="text",
            text=[f"  {each}" for each in said],
            textposition="middle right",
            hoverinfo="skip",
            cliponaxis=False,
        )
    )


def _in_a_column(drawn: go.Figure, names: Sequence[str], said: Sequence[str]) -> None:
    """Write what each row comes to at the right edge, where no line crosses it."""
    drawn.update_layout(margin_t=28, margin_r=16 + max(map(text_width, said), default=0))
    drawn.update_yaxes(range=[-0.6, len(names) - 0.4])
    place = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 8, "align": "left"}
    annotate(drawn, [{**place, "y": name, "text": plain_label(each)} for name, each in zip(names, said, strict=True)])


def _marked(drawn: go.Figure, words: str, at: float) -> None:
    line: dict[str, Any] = {"color": MISSING, "width": 1.2, "dash": "dot"}
    drawn.add_vline(x=at, line=line, layer="below")
    drawn.add_annotation(
        x=at, y=1, yref="paper", text=plain_label(words), showarrow=False, xanchor="center", yanchor="bottom"
    )


def _said(label: str, value: float | None, say: Say, unknown: Mapping[str, str] | None) -> str:
    return say(value) if value is not None else (unknown or {}).get(label, _("too few"))


def _with_ends(interval: Interval, say: Say) -> str:
    value, low, high = interval
    if value is None:
        return _("too few")
    return say(value) if low is None or high is None else f"{say(value)} ({say(low)} – {say(high)})"


def _spoken(
    values: Mapping[str, Interval], say: Say, notes: Mapping[str, str] | None, unknown: Mapping[str, str] | None
) -> str:
    return "; ".join(
        f"{label}: {(unknown or {}).get(label, _with_ends(each, say))}"
        + (f", {notes[label]}" if notes and label in notes else "")
        for label, each in values.items()
    )
