"""How something goes through the week, hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from cxlib.charts.look import Chart, figure, plain_label
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Say = Callable[[float | None], str]

_SCALE: Final = [[0.0, "rgba(31,127,184,0.07)"], [1.0, "rgba(31,127,184,1)"]]
_CELL, _TITLE, _FOOT, _GAP = 19, 26, 138, 14
"""Heights in pixels: of a day, of the name above a panel, of what stands under the last, and between panels."""


def hours_of_week(
    panels: Mapping[str, Mapping[int, float | None]],
    *,
    say: Say,
    axis: str,
    measured: str,
    days: Sequence[str],
    notes: Mapping[str, Mapping[int, str]] | None = None,
    tickformat: str = ",",
) -> Chart:
    """Draw a panel per name, a row per day and a column per hour, all on one scale of colour.

    A name of which every hour has too few has no panel.

    Parameters
    ----------
    panels : mapping of name to values by hour of the week
        0 to 167, from Monday midnight; None or absent where there are too few, which stays blank.
    say : callable
        How a value is written.
    axis : str
        What the columns are, with the time zone.
    measured : str
        What the colour means, with its unit.
    days : sequence of str
        Seven short names, from Monday.
    notes : mapping of name to words by hour of the week, optional
        What stands beside the value of a cell under the pointer, such as its n.
    """
    panels = {name: values for name, values in panels.items() if any(each is not None for each in values.values())}
    hours = _hours_met(panels)
    inner = 7 * _CELL
    height = len(panels) * (inner + _TITLE + _GAP) + _FOOT
    drawn = figure(height=height)
    # the margins of the figure are 8 pixels each, and domains are parts of what lies between them
    whole = height - 16
    for i, (name, values) in enumerate(panels.items()):
        top = 1 - (i * (inner + _TITLE + _GAP) + _TITLE) / whole
        place = "" if i == 0 else str(i + 1)
        known = [[values.get(day * 24 + hour) for hour in hours] for day in range(7)]
        words = [[_cell(name, day * 24 + hour, values, say, notes) for hour in hours] for day in range(7)]
        drawn.add_trace(
            go.Heatmap(
                x=hours,
                y=list(days),
                z=known,
                text=words,
                coloraxis="coloraxis",
                xaxis=f"x{place}",
                yaxis=f"y{place}",
                xgap=1,
                ygap=1,
                hoverongaps=True,
                hovertemplate=f"{plain_label(name)}, %{{y}} %{{x}}:00: %{{text}}<extra></extra>",
            )
        )
        last = i == len(panels) - 1
        drawn.update_layout(
            {
                f"xaxis{place}": {
                    "anchor": f"y{place}",
                    "showgrid": False,
                    "fixedrange": True,
                    "showticklabels": last,
                    "dtick": 3,
                    "tick0": 0,
                    "title": {"text": axis if last else ""},
                },
                f"yaxis{place}": {
                    "anchor": f"x{place}",
                    "domain": [max(0.0, top - inner / whole), top],
                    "autorange": "reversed",
                    "showgrid": False,
                    "fixedrange": True,
                    "automargin": True,
                    "tickmode": "array",
                    "tickvals": list(days),
                    "tickfont": {"size": 11},
                },
            }
        )
        drawn.add_annotation(
            x=0, xref="paper", y=top, yref="paper", yshift=_TITLE - 6, text=f"<b>{plain_label(name)}</b>",
            showarrow=False, xanchor="left", yanchor="top",
        )  # fmt: skip
    drawn.update_layout(
        coloraxis={
            "colorscale": _SCALE,
            "colorbar": {
                "orientation": "h",
                "title": {"text": measured, "side": "top"},
                "thickness": 8,
                "len": 0.6,
                "x": 0,
                "xanchor": "left",
                "y": 0,
                "yanchor": "bottom",
                "tickformat": tickformat,
                "nticks": 5,
            },
        }
    )
    return Chart(drawn, f"{measured} / {axis}. " + "; ".join(_spoken(name, panels[name], say, days) for name in panels))


def _hours_met(panels: Mapping[str, Mapping[int, float | None]]) -> list[int]:
    met = {hour % 24 for values in panels.values() for hour in values}
    return list(range(min(met), max(met) + 1)) if met else list(range(24))


def _cell(
    name: str, hour: int, values: Mapping[int, float | None], say: Say, notes: Mapping[str, Mapping[int, str]] | None
) -> str:
    value = values.get(hour)
    note = (notes or {}).get(name, {}).get(hour)
    said = _("too few") if value is None else say(value)
    return f"{said} ({note})" if note else said


def _spoken(name: str, values: Mapping[int, float | None], say: Say, days: Sequence[str]) -> str:
    known = {hour: value for hour, value in values.items() if value is not None}
    if not known:
        return f"{name}: {_('too few')}"
    low, high = min(known, key=lambda h: known[h]), max(known, key=lambda h: known[h])
    return f"{name}: " + ", ".join(f"{days[h // 24]} {h % 24}:00 {say(known[h])}" for h in dict.fromkeys((low, high)))
