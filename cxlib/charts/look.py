"""How charts look: colours, sizes, axes. One place for all of them."""

from __future__ import annotations

import textwrap
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from cxlib.texts import language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TIER_COLOURS: Final = ("#1f7fb8", "#1a9070", "#b5629a", "#cc6318", "#8c7a1c")
"""By rank, first to last: Okabe-Ito hues set to at least 3:1 against both the light and the dark background."""

MISSING: Final = "#7d8590"
"""For rows without a tier, and for the period before."""

DIRECTION_COLOURS: Final = {"under_provisioned": "#cc6318", "over_provisioned": "#1f7fb8", "sideways": "#1a9070"}

LIGHT_INK: Final = "#46515c"
DARK_INK: Final = "#b9c3cc"
"""What words and numbers of charts are written in, on a light and on a dark ground."""

_ink: ContextVar[str] = ContextVar("ink", default=LIGHT_INK)

ROW_HEIGHT: Final = 38
LABEL_WIDTH: Final = 18
NOTE_SIZE: Final = 10.5
TOOLS_HEIGHT: Final = 24
"""What the buttons of a chart take above it; where there is a touch screen they are always there."""
LEGEND_HEIGHT: Final = 26
MOST_MONTHS: Final = 8
"""Months that each have a tick."""


@dataclass(frozen=True)
class Chart:
    """A figure and its description for readers who do not see it."""

    figure: go.Figure
    alt: str


def tier_colours(tiers: Sequence[str]) -> dict[str, str]:
    """Return a colour for each tier, given in the order of rank; the same on every chart."""
    return {tier: TIER_COLOURS[i % len(TIER_COLOURS)] for i, tier in enumerate(tiers)}


def figure(*, height: int, **layout: Any) -> go.Figure:
    """Return an empty figure in the house style, `height` in pixels.

    All is given at once: each later update of a figure costs some milliseconds.
    """
    ink = _ink.get()
    axis = {"automargin": True, "zeroline": False, "fixedrange": True, **_axis_ink(ink)}
    whole = {
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "showlegend": False,
        "hoverlabel": {"align": "left"},
        "bargap": 0.35,
        "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": axis,
        "yaxis": {**axis, "ticklabelstandoff": 6},
        **_layout_ink(ink),
    }
    drawn = go.Figure(layout=whole)
    if layout:
        drawn.update_layout(**layout)
    return drawn


def annotate(drawn: go.Figure, notes: Sequence[dict[str, Any]], shapes: Sequence[dict[str, Any]] = ()) -> None:
    """Write notes on a figure and draw shapes, all at once: each by itself would have all before it checked again."""
    if shapes:
        drawn.layout.shapes = [*drawn.layout.shapes, *shapes]
    if notes:
        drawn.layout.annotations = [*drawn.layout.annotations, *({"showarrow": False, **note} for note in notes)]


def set_ink(*, dark: bool) -> None:
    """Have the figures that are drawn from now on in this context written on a dark or a light ground."""
    _ink.set(DARK_INK if dark else LIGHT_INK)


def inked(drawn: go.Figure, *, dark: bool) -> None:
    """Write a figure in the ink of the ground that it stands on, where it was not drawn so; every axis has it then."""
    ink = DARK_INK if dark else LIGHT_INK
    if drawn.layout.font.color != ink:
        drawn.layout.update(_layout_ink(ink))
    for axis in (*drawn.select_xaxes(), *drawn.select_yaxes()):
        if axis.tickfont.color != ink:
            axis.update(_axis_ink(ink))


def _layout_ink(ink: str) -> dict[str, Any]:
    return {
        "font": {"color": ink},
        "legend": {"font": {"color": ink}},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": ink, "activecolor": ink},
    }


def _axis_ink(ink: str) -> dict[str, Any]:
    return {"tickfont": {"color": ink}, "title": {"font": {"color": ink}}}


def legend_above(drawn: go.Figure, *, shown: bool = True) -> None:
    """Put the legend in a row right above what is drawn, below the buttons of the chart."""
    drawn.update_layout(
        showlegend=shown,
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal"},
        **({"margin_t": TOOLS_HEIGHT + LEGEND_HEIGHT, "height": drawn.layout.height + TOOLS_HEIGHT} if shown else {}),
    )


def day_ticks() -> str:
    """Return how a day stands on an axis."""
    return "%-m月%-d日" if language() == "zh_CN" else "%b %-d"


def month_ticks() -> str:
    """Return how a month stands on an axis."""
    return "%-m月<br>%Y" if language() == "zh_CN" else "%b<br>%Y"


def month_axis(months: Iterable[date]) -> dict[str, Any]:
    """Return what makes an axis one of months (dates): each has its tick where they are few, none stands twice."""
    known = sorted({date(each.year, each.month, 1) for each in months})
    axis: dict[str, Any] = {"type": "date", "tickformat": month_ticks(), "showgrid": False}
    if len(known) > MOST_MONTHS:
        return {**axis, "nticks": MOST_MONTHS}
    axis |= {"tickmode": "array", "tickvals": known}
    if len(known) == 1:
        axis["range"] = [known[0] - timedelta(days=45), known[0] + timedelta(days=45)]
    return axis


def wrapped(text: str, width: int = LABEL_WIDTH) -> str:
    """Break a label into lines; Chinese counts double."""
    text = plain_label(text)
    if any("一" <= c <= "鿿" for c in text):
        return "<br>".join(text[i : i + width // 2 + 1] for i in range(0, len(text), width // 2 + 1))
    return "<br>".join(textwrap.wrap(text, width) or [""])


def noted(label: str, notes: Mapping[str, str] | None) -> str:
    """Return a label with its words of `notes` in small letters below it."""
    note = notes.get(label) if notes else None
    return wrapped(label) + (f'<br><span style="font-size:{NOTE_SIZE}px">{plain_label(note)}</span>' if note else "")


def text_width(text: str) -> int:
    """Return about how many pixels a text of a chart is wide; a Chinese character is wider than a letter."""
    return sum(13 if "⺀" <= c <= "￦" else 8 for c in text)


def plain_label(text: Any) -> str:
    """Return text from a file so that Plotly reads no markup in it."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
