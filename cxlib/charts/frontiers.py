"""A chart of what rules give to some against what they take from others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from cxlib.charts.intervals import BLUE, WHISKER
from cxlib.charts.look import MISSING, Chart, figure, plain_label, text_width
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cxlib.charts.intervals import Interval

ORANGE: Final = "#cc6318"
HEIGHT: Final = 420
PLOT_PX: Final = (440.0, 330.0)
"""About what a chart of half a page has for its marks, to tell which names would lie over each other."""
NAME_PX: Final = 15.0
SIDES: Final = (
    ("middle right", 8, 0),
    ("middle left", -8, 0),
    ("top center", 0, -14),
    ("bottom center", 0, 14),
    ("top right", 8, -12),
    ("bottom right", 8, 12),
    ("top left", -8, -12),
    ("bottom left", -8, 12),
)


@dataclass(frozen=True, kw_only=True)
class Traded:
    """A rule on the chart: `brief` stands at its mark, `name` in the words that come up over it.

    `look` is ``"plain"``, ``"dominated"``, ``"today"`` or ``"mine"``.
    """

    name: str
    brief: str
    gain: Interval
    loss: Interval
    look: str = "plain"


def frontier_marks(
    rules: Sequence[Traded],
    *,
    say_gain: Callable[[float | None], str],
    say_loss: Callable[[float | None], str],
    x_title: str,
    y_title: str,
    ticks: tuple[str, str] = (",", ","),
) -> Chart:
    """Draw what each rule gives (upwards) against what it takes (to the right), with its intervals.

    Rules that another is better than are faint, the one in force is a diamond, the reader's own is orange. Names stand
    where they find room; on a narrow chart the plotting library leaves them as they are.
    """
    drawn = figure(height=HEIGHT)
    shown = [each for each in rules if each.gain[0] is not None and each.loss[0] is not None]
    places = _sides(shown)
    for each, side in zip(shown, places, strict=True):
        colour = {"mine": ORANGE, "dominated": MISSING}.get(each.look, BLUE)
        drawn.add_trace(
            go.Scatter(
                x=[each.loss[0]],
                y=[each.gain[0]],
                mode="markers+text",
                text=[_apart(plain_label(each.brief), side)],
                textposition=side,
                textfont={"color": colour, "size": 12},
                marker={
                    "size": 13 if each.look in ("today", "mine") else 9,
                    "color": colour,
                    "symbol": "diamond" if each.look == "today" else "circle",
                    "opacity": 0.6 if each.look == "dominated" else 1,
                },
                error_x={"type": "data", "symmetric": False, **_arms(each.loss), "color": colour, **WHISKER},
                error_y={"type": "data", "symmetric": False, **_arms(each.gain), "color": colour, **WHISKER},
                customdata=[f"{plain_label(each.name)}<br>{_said(each, say_gain, say_loss)}"],
                hovertemplate="%{customdata}<extra></extra>",
                cliponaxis=False,
            )
        )
    for axis in ("x", "y"):
        drawn.add_shape(
            type="line",
            **{
                f"{axis}0": 0,
                f"{axis}1": 0,
                f"{'y' if axis == 'x' else 'x'}0": 0,
                f"{'y' if axis == 'x' else 'x'}1": 1,
            },
            **{f"{'y' if axis == 'x' else 'x'}ref": "paper"},
            line={"color": MISSING, "width": 1, "dash": "dot"},
            layer="below",
        )
    drawn.update_xaxes(title_text=x_title, tickformat=ticks[1], range=_range([each.loss for each in shown]), nticks=7)
    drawn.update_yaxes(title_text=y_title, tickformat=ticks[0], range=_range([each.gain for each in shown]), nticks=7)
    told = "; ".join(f"{each.name}: {_said(each, say_gain, say_loss)}" for each in shown)
    return Chart(drawn, f"{y_title} / {x_title}. {told}")


def _apart(name: str, side: str) -> str:
    """Keep a name off the whiskers of its mark."""
    return f"\u00a0\u00a0{name}" if side.endswith("right") else f"{name}\u00a0\u00a0" if side.endswith("left") else name


def _said(each: Traded, say_gain: Callable[[float | None], str], say_loss: Callable[[float | None], str]) -> str:
    told = _("gain {gain}, loss {loss}", gain=say_gain(each.gain[0]), loss=say_loss(each.loss[0]))
    return _("{told} (another is better)", told=told) if each.look == "dominated" else told


def _arms(interval: Interval) -> dict[str, list[float]]:
    value, low, high = interval
    if value is None or low is None or high is None:
        return {"array": [0.0], "arrayminus": [0.0]}
    return {"array": [high - value], "arrayminus": [value - low]}


def _range(intervals: Sequence[Interval]) -> list[float]:
    ends = [0.0, *(float(end) for each in intervals for end in each if end is not None)]
    low, high = min(ends), max(ends)
    room = 0.16 * (high - low or 1.0)
    return [low - room, high + room]


def _sides(rules: Sequence[Traded]) -> list[str]:
    """Return where the name of each rule stands: at the first side at which it lies over nothing."""
    (left, right), (low, high) = (_range([each.loss for each in rules]), _range([each.gain for each in rules]))
    wide_px, tall_px = PLOT_PX[0] / (right - left), PLOT_PX[1] / (high - low)

    def spot(loss: float, gain: float) -> tuple[float, float]:
        return (loss - left) * wide_px, (high - gain) * tall_px

    points = [spot(each.loss[0] or 0.0, each.gain[0] or 0.0) for each in rules]
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in points]
    for each, (x, y) in zip(rules, points, strict=True):  # whiskers, its own too
        first, last = (spot(end or 0.0, 0.0)[0] for end in each.loss[1:])
        top, bottom = (spot(0.0, end or 0.0)[1] for end in (each.gain[2], each.gain[1]))
        if each.loss[1] is not None and each.loss[2] is not None:
            taken.append((first, y - 3, last, y + 3))
        if each.gain[1] is not None and each.gain[2] is not None:
            taken.append((x - 3, top, x + 3, bottom))
    out = ["middle right"] * len(rules)
    for i in sorted(range(len(rules)), key=lambda i: rules[i].look not in ("today", "mine")):
        (x, y), wide = points[i], text_width(rules[i].brief)
        best, least = SIDES[0][0], float("inf")
        for side, dx, dy in SIDES:
            middle = x + dx + (wide / 2 if dx > 0 else -wide / 2 if dx < 0 else 0)
            box = (middle - wide / 2, y + dy - NAME_PX / 2, middle + wide / 2, y + dy + NAME_PX / 2)
            over = sum(_over(box, other) for k, other in enumerate(taken) if k != i)
            over += 1e3 * (box[0] < 0 or box[2] > PLOT_PX[0])
            if over < least:
                best, least, here = side, over, box
        out[i] = best
        taken.append(here)
    return out


def _over(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(wide, 0.0) * max(tall, 0.0)
