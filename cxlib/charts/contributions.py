"""What parts add to a whole, for and against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from cxlib.charts.look import MISSING, ROW_HEIGHT, Chart, figure, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Say = Callable[[float | None], str]

_FOR, _AGAINST = "#1f7fb8", MISSING


def contributions(values: Mapping[str, float], *, say: Say, axis: str, tickformat: str = ",") -> Chart:
    """Draw horizontal bars to either side of zero in the order given, each with its value at its end.

    What makes the whole larger is coloured, what makes it smaller is grey.
    """
    order = list(reversed(list(values)))
    drawn = figure(height=64 + (ROW_HEIGHT - 8) * len(order))
    drawn.add_trace(
        go.Bar(
            orientation="h",
            x=[values[label] for label in order],
            y=[wrapped(label) for label in order],
            text=[say(values[label]) for label in order],
            textposition="outside",
            cliponaxis=False,
            marker_color=[_FOR if values[label] >= 0 else _AGAINST for label in order],
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    low, high = min(0.0, *values.values()) if values else 0.0, max(0.0, *values.values()) if values else 1.0
    wide = (high - low) or 1.0
    drawn.update_xaxes(
        title_text=axis,
        range=[low - (0.25 * wide if low < 0 else 0), high + 0.25 * wide],
        tickformat=tickformat,
        nticks=5,
    )
    drawn.update_yaxes(type="category")
    drawn.add_vline(x=0, line={"color": MISSING, "width": 1})
    return Chart(drawn, f"{axis}. " + "; ".join(f"{label}: {say(value)}" for label, value in values.items()))
