"""A line as those who stood in it lived it, and the hours that are worth looking at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from cxlib.charts.look import MISSING, Chart, figure, legend_above, plain_label
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    Say = Callable[[float | None], str]

ROW: Final = 11
LEAST, MOST = 300, 760
INK: Final = "#7d8590"
FAINT: Final = 0.38


def hour_bars(
    hours: Sequence[int],
    values: Sequence[float | None],
    ends: Sequence[tuple[float | None, float | None]],
    *,
    chosen: int | None,
    say: Say,
    x_title: str,
    y_title: str,
    notes: Sequence[str],
    colour: str,
    tickformat: str = ".0%",
) -> Chart:
    """Draw an upright bar with its interval per hour of the day, the chosen one in full colour; None is too few."""
    tops = [0.0 if v is None else v for v in values]
    arms = [
        (0.0, 0.0) if None in (v, low, high) else (max(0.0, v - low), max(0.0, high - v))  # type: ignore[operator]
        for v, (low, high) in zip(values, ends, strict=True)
    ]
    said = [_("too few") if v is None else say(v) for v in values]
    drawn = figure(height=300)
    drawn.add_trace(
        go.Bar(
            x=list(hours),
            y=tops,
            marker_color=colour,
            marker_opacity=[1.0 if hour == chosen else FAINT for hour in hours],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [high for _low, high in arms],
                "arrayminus": [low for low, _high in arms],
                "color": INK,
                "thickness": 1.4,
                "width": 3,
            },
            customdata=[
                [hour, text, note] for hour, text, note in zip(hours, map(plain_label, said), notes, strict=True)
            ],
            hovertemplate="%{x}:00, %{customdata[1]}, %{customdata[2]}<extra></extra>",
            selected_marker_opacity=1.0,
            unselected_marker_opacity=FAINT,
        )
    )
    drawn.update_xaxes(title_text=x_title, dtick=2 if len(hours) > 12 else 1, showgrid=False)
    drawn.update_yaxes(title_text=y_title, tickformat=tickformat, rangemode="tozero")
    told = "; ".join(f"{hour}: {text}, {note}" for hour, text, note in zip(hours, said, notes, strict=True))
    return Chart(drawn, f"{y_title} / {x_title}. {told}")


def replay_bars(
    contacts: pd.DataFrame,
    *,
    zone: str,
    tiers: Sequence[str],
    colours: Mapping[str, str],
    said: Sequence[str],
    x_title: str,
    stretch: tuple[pd.Timestamp, pd.Timestamp],
    passes: pd.DataFrame | None = None,
    chosen: str | None = None,
) -> Chart:
    """Draw each contact as a bar from its arrival to the end of its wait, in order of arrival, the earliest on top.

    Parameters
    ----------
    contacts : pandas frame
        Those of `cxlib.fairness.Replay`, with the tier as it is shown.
    zone : str
        In which the times are shown.
    tiers : sequence of str
        Tiers as they are shown, in the order of the legend.
    said : sequence of str
        Of each contact: what is told when it is pointed at.
    stretch : (from, to)
        What is replayed; bars reach beyond it where waits do.
    passes : pandas frame, optional
        `Replay.passes_of` the contact `chosen`.
    """
    local = contacts.assign(
        begin=contacts["arrived_at"].dt.tz_convert(zone).dt.tz_localize(None),
        end=contacts["wait_ended_at"].fillna(stretch[1]).dt.tz_convert(zone).dt.tz_localize(None),
        said=list(said),
    )
    local["length"] = (local["end"] - local["begin"]).dt.total_seconds() * 1000
    marked = set() if passes is None else set(passes["contact_id"])
    lit = local["contact_id"].isin(marked) | (local["contact_id"] == chosen)
    drawn = figure(height=max(LEAST, min(MOST, 90 + ROW * len(local))), barmode="overlay")
    for tier in tiers:
        mine = local[local["tier"] == tier]
        if mine.empty:
            continue
        drawn.add_trace(
            go.Bar(
                orientation="h",
                base=list(mine["begin"]),
                x=list(mine["length"]),
                y=list(mine["place"]),
                name=plain_label(tier),
                marker_color=colours.get(tier, MISSING),
                marker_opacity=[1.0 if chosen is None or each else FAINT for each in lit[mine.index]],
                marker_line_width=0,
                customdata=[
                    [each, plain_label(text)] for each, text in zip(mine["contact_id"], mine["said"], strict=True)
                ],
                hovertemplate="%{customdata[1]}<extra></extra>",
            )
        )
    _mark(drawn, local[local["outcome"] == "abandoned"], _("gave up"), symbol="x-thin-open", at="end", size=8)
    if passes is not None and chosen is not None:
        by = local[local["contact_id"].isin(set(passes.loc[passes["direction"] == "passed_by", "contact_id"]))]
        of = local[local["contact_id"].isin(set(passes.loc[passes["direction"] == "passes", "contact_id"]))]
        _mark(drawn, by, _("passed it"), symbol="triangle-left", at="end", size=10)
        _mark(drawn, of, _("was passed by it"), symbol="circle-open", at="begin", size=9)
        _mark(
            drawn, local[local["contact_id"] == chosen], _("the chosen contact"), symbol="diamond", at="begin", size=11
        )
    drawn.update_layout(bargap=0.18)
    legend_above(drawn)
    drawn.update_xaxes(title_text=x_title, type="date", tickformat="%H:%M", hoverformat="%H:%M:%S", showgrid=True)
    drawn.update_yaxes(autorange="reversed", showticklabels=False, showgrid=False, title_text=_("in order of arrival"))
    counted = "; ".join(f"{tier}: {int((local['tier'] == tier).sum())}" for tier in tiers)
    return Chart(drawn, f"{x_title}. {counted}")


def _mark(drawn: go.Figure, rows: pd.DataFrame, name: str, *, symbol: str, at: str, size: int) -> None:
    if rows.empty:
        return
    drawn.add_trace(
        go.Scatter(
            x=list(rows[at]),
            y=list(rows["place"]),
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": size, "color": INK, "line": {"color": INK, "width": 2}},
            hoverinfo="skip",
        )
    )


def split_bars(parts: Mapping[str, Mapping[str, float]], *, say: Say, axis: str, colours: Mapping[str, str]) -> Chart:
    """Draw a horizontal bar per label, cut into parts, each part with its value in it, in the order given."""
    order = list(reversed(list(parts)))
    names = list(dict.fromkeys(name for each in parts.values() for name in each))
    top = max((sum(each.values()) for each in parts.values()), default=0)
    drawn = figure(height=110 + 40 * len(order), barmode="stack")
    for name in names:
        values = [parts[label].get(name, 0) for label in order]
        drawn.add_trace(
            go.Bar(
                orientation="h",
                x=values,
                y=[plain_label(label) for label in order],
                name=plain_label(name),
                marker_color=colours.get(name, MISSING),
                text=[say(value) for value in values],
                texttemplate=["%{text}" if value > 0.04 * top else "" for value in values],
                textposition="inside",
                textangle=0,
                insidetextanchor="middle",
                hovertemplate="%{y}: %{text}<extra>" + plain_label(name) + "</extra>",
            )
        )
    legend_above(drawn)
    drawn.update_xaxes(title_text=axis, rangemode="tozero", tickformat=",")
    told = "; ".join(
        f"{label}: " + ", ".join(f"{name} {say(value)}" for name, value in each.items())
        for label, each in parts.items()
    )
    return Chart(drawn, f"{axis}. {told}")
