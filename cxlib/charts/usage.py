"""Charts of one customer: usage beside what the plan includes, and what plans cost as usage varies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import plotly.graph_objects as go

from cxlib.charts.look import MISSING, Chart, figure, legend_above, month_axis, plain_label
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

WITHIN: Final = "#1f7fb8"
ABOVE: Final = "#cc6318"
LINES: Final = ("#1f7fb8", "#1a9070", "#b5629a", "#8c7a1c", "#7d8590")
PANEL: Final = 128
"""Height of one meter's part, in pixels."""
LABEL_GAP: Final = 0.075
"""Least distance of two labels at the end of lines, as a part of the height."""


class MeterCourse(NamedTuple):
    """One meter month by month; an allowance of None is unlimited or not known."""

    months: Sequence[date]
    used: Sequence[float]
    included: Sequence[float | None]
    counted: Sequence[bool]


def allowances(meters: Mapping[str, MeterCourse], *, say: Callable[[float | None], str]) -> Chart:
    """Draw the usage of each meter, one below the other: what is above the allowance apart, the allowance as a line.

    Months that are not counted are hatched.
    """
    n = len(meters)
    drawn = figure(height=60 + PANEL * n, barmode="stack")
    for k, (name, course) in enumerate(meters.items()):
        axis = "" if k == 0 else str(k + 1)
        top = 1 - k / n
        drawn.update_layout(
            {f"yaxis{axis}": {"domain": [top - 1 / n + 0.035, top - 0.085 * 3 / n], "rangemode": "tozero"}}
        )
        _bars(drawn, name, course, f"y{axis}", say)
        _allowance(drawn, course, f"y{axis}")
        drawn.add_annotation(
            x=0, y=top - 0.075 * 3 / n, xref="paper", yref="paper", xanchor="left", yanchor="bottom",
            text=f"<b>{plain_label(name)}</b>", showarrow=False,
        )  # fmt: skip
    _usage_legend(drawn, meters)
    months = month_axis(month for course in meters.values() for month in course.months)
    drawn.update_xaxes(**months, anchor=f"y{n if n > 1 else ''}")
    drawn.update_yaxes(nticks=4, tickformat=",", fixedrange=True, automargin=True, zeroline=False)
    said = "; ".join(
        _("{meter}: above the allowance in {n} of {all} months", meter=name, n=_months_above(c), all=len(c.months))
        for name, c in meters.items()
    )
    return Chart(drawn, said)


def _bars(drawn: go.Figure, name: str, course: MeterCourse, axis: str, say: Callable[[float | None], str]) -> None:
    most = [math.inf if limit is None else limit for limit in course.included]
    within = [min(used, limit) for used, limit in zip(course.used, most, strict=True)]
    above = [max(0.0, used - limit) for used, limit in zip(course.used, most, strict=True)]
    hatched = ["" if counted else "/" for counted in course.counted]
    texts = [
        f"{plain_label(name)}: {say(used)}" + ("" if limit is None else " / " + say(limit))
        for used, limit in zip(course.used, course.included, strict=True)
    ]
    for values, colour in ((within, WITHIN), (above, ABOVE)):
        drawn.add_trace(
            go.Bar(
                x=list(course.months),
                y=values,
                yaxis=axis,
                marker={
                    "color": colour,
                    "opacity": [1 if counted else 0.45 for counted in course.counted],
                    "pattern": {"shape": hatched, "fillmode": "replace", "solidity": 0.3},
                },
                customdata=texts,
                hovertemplate="%{x|%Y-%m}: %{customdata}<extra></extra>",
                showlegend=False,
            )
        )


def _allowance(drawn: go.Figure, course: MeterCourse, axis: str) -> None:
    if all(limit is None for limit in course.included):
        return
    drawn.add_trace(
        go.Scatter(
            x=list(course.months),
            y=list(course.included),
            yaxis=axis,
            mode="lines" if len(course.months) > 1 else "markers",
            marker={"symbol": "line-ew", "size": 26, "line": {"width": 2, "color": MISSING}},
            line={"color": MISSING, "width": 2, "dash": "dash", "shape": "hvh"},
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _usage_legend(drawn: go.Figure, meters: Mapping[str, MeterCourse]) -> None:
    entries = [(_("Within the allowance"), {"color": WITHIN, "symbol": "square", "size": 11})]
    if any(_months_above(course) for course in meters.values()):
        entries.append((_("Above it"), {"color": ABOVE, "symbol": "square", "size": 11}))
    if any(limit is not None for course in meters.values() for limit in course.included):
        line = {"width": 2, "color": MISSING}
        entries.append((_("Allowance"), {"symbol": "line-ew", "size": 14, "line": line, "color": MISSING}))
    if not all(counted for course in meters.values() for counted in course.counted):
        entries.append((_("Not counted (hatched)"), {"color": WITHIN, "symbol": "square", "size": 11, "opacity": 0.35}))
    for name, marker in entries:
        drawn.add_trace(go.Scatter(x=[None], y=[None], mode="markers", name=name, marker=marker, showlegend=True))
    legend_above(drawn)
    drawn.update_layout(legend_itemclick=False, legend_itemdoubleclick=False)


def _months_above(course: MeterCourse) -> int:
    return sum(limit is not None and used > limit for used, limit in zip(course.used, course.included, strict=True))


def cost_lines(
    lines: Mapping[str, Sequence[float | None]],
    *,
    factors: Sequence[float],
    held: str,
    say: Callable[[float | None], str],
    y_title: str,
) -> Chart:
    """Draw what each plan costs a month as usage varies, each plan's name at the end of its line, today marked.

    Parameters
    ----------
    lines : mapping of plan to cost at each of `factors`
        The plan held is drawn in a heavier line.
    factors : sequence of float
        Usage relative to today; 1 is today.
    """
    others = [name for name in lines if name != held]
    colours = {name: LINES[i % len(LINES)] for i, name in enumerate(others)} | {held: ABOVE}
    drawn = figure(height=380)
    for name in [held, *others] if held in lines else others:
        drawn.add_trace(
            go.Scatter(
                x=list(factors),
                y=list(lines[name]),
                name=name,
                mode="lines",
                line={"color": colours[name], "width": 4 if name == held else 2.25},
                text=[say(value) for value in lines[name]],
                hovertemplate=f"{plain_label(name)}, %{{x}}×: %{{text}}<extra></extra>",
            )
        )
    top = max((v for line in lines.values() for v in line if v is not None), default=1) or 1
    drawn.add_vline(x=1, line={"color": MISSING, "width": 1, "dash": "dot"})
    drawn.add_annotation(
        x=1, y=1, yref="paper", text=_("today"), showarrow=False, xanchor="left", yanchor="bottom", xshift=4
    )
    ends = {name: next((v for v in reversed(line) if v is not None), None) for name, line in lines.items()}
    for name, y in _spread({name: y for name, y in ends.items() if y is not None}, top * LABEL_GAP).items():
        text = plain_label(name) + (" " + _("(held)") if name == held else "")
        drawn.add_annotation(
            x=1, xref="paper", y=y, yref="y", text=text, showarrow=False, xanchor="left", xshift=6,
            font={"color": colours[name]},
        )  # fmt: skip
    longest = max((len(name) for name in lines), default=0)
    drawn.update_layout(margin={"r": 24 + min(180, 8 * (longest + 7)), "t": 26})
    drawn.update_xaxes(
        title_text=_("Usage relative to today"), ticksuffix="×", showgrid=False, range=[min(factors), max(factors)]
    )
    drawn.update_yaxes(title_text=y_title, tickformat=",", rangemode="tozero", range=[0, top * 1.06])
    at = min(range(len(factors)), key=lambda i: abs(factors[i] - 1))
    said = "; ".join(f"{name}: {say(line[0])} – {say(line[at])} – {say(line[-1])}" for name, line in lines.items())
    return Chart(drawn, _("{y} at half, all and twice of today's usage. {values}", y=y_title, values=said))


def _spread(ends: Mapping[str, float], gap: float) -> dict[str, float]:
    """Move labels apart so that none lies over another, keeping their order."""
    order = sorted(ends, key=lambda name: ends[name])
    placed: dict[str, float] = {}
    below = -math.inf
    for name in order:
        placed[name] = below = max(ends[name], below + gap)
    return placed
