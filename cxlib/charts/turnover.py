"""Who came, who stayed, who went, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from cxlib.charts.look import MISSING, Chart, figure, legend_above, month_axis, plain_label
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

NEW: Final = "#cc6318"
STAYED: Final = "#1f7fb8"


def turnover(
    months: Sequence[date],
    *,
    stayed: Sequence[int],
    new: Sequence[int],
    resolved: Sequence[int],
    say: Callable[[int], str],
    y_title: str,
) -> Chart:
    """Draw upright bars: above zero those who stayed from the month before and those who are new, below those gone."""
    drawn = figure(height=320, barmode="relative")
    parts = [
        (_("stood before"), stayed, STAYED, 1),
        (_("new"), new, NEW, 1),
        (_("resolved"), resolved, MISSING, -1),
    ]
    for name, counts, colour, sign in parts:
        drawn.add_trace(
            go.Bar(
                x=list(months),
                y=[sign * n for n in counts],
                name=name,
                marker_color=colour,
                customdata=[say(n) for n in counts],
                hovertemplate=f"%{{x|%Y-%m}}, {plain_label(name)}: %{{customdata}}<extra></extra>",
            )
        )
    totals = [a + b for a, b in zip(stayed, new, strict=True)]
    drawn.add_trace(
        go.Scatter(
            x=list(months)[-1:], y=totals[-1:], mode="text", text=[say(n) for n in totals[-1:]],
            textposition="top center", hoverinfo="skip", showlegend=False, cliponaxis=False,
        )
    )  # fmt: skip
    legend_above(drawn)
    drawn.update_xaxes(**month_axis(months))
    least = -max(resolved, default=0)
    top = max(totals, default=1) or 1
    drawn.update_yaxes(title_text=y_title, tickformat=",", range=[least * 1.1, top * 1.15])
    said = "; ".join(
        f"{month:%Y-%m}: {say(total)} ({parts[1][0]} {say(n)}, {parts[2][0]} {say(gone)})"
        for month, total, n, gone in zip(months, totals, new, resolved, strict=True)
    )
    return Chart(drawn, f"{y_title}. {said}")
