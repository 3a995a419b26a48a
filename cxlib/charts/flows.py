"""From which plan to which: ribbons between what is held and what would suit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import plotly.graph_objects as go

from cxlib.charts.look import DIRECTION_COLOURS, MISSING, Chart, annotate, figure, plain_label
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEPS: Final = 24
GAP: Final = 0.035
"""Space between two plans of one side, as a part of the height."""
NODE: Final = 0.012
ROW: Final = 40
FEWEST_PIXELS: Final = 240
COLOURED: Final = 12
"""Ribbons that are coloured, the widest; the others are grey, so that the picture can be read."""
LONGEST: Final = 16
"""Characters of a plan's name for which there is room."""


class Flow(NamedTuple):
    """Customers who would go from one plan to another; `direction` is a key of `DIRECTION_COLOURS`."""

    source: str
    target: str
    n: int
    direction: str | None
    note: str


def flows(moves: Sequence[Flow], *, say: Callable[[int], str], left: str, right: str) -> Chart:
    """Draw ribbons from the plans held (left) to the better ones (right), as wide as there are customers.

    Parameters
    ----------
    say : callable
        How a number of customers is written.
    left, right : str
        What stands on either side.

    Notes
    -----
    Only the widest ribbons are coloured. Plans stand by size, ribbons of one plan in the order of the plans they come
    from or go to, so that few cross.
    """
    sources = _sizes([(move.source, move.n) for move in moves])
    targets = _sizes([(move.target, move.n) for move in moves])
    total = sum(move.n for move in moves) or 1
    most = max(len(sources), len(targets), 1)
    scale = 1 - GAP * (most - 1)
    starts, ends = _places(sources, total, scale), _places(targets, total, scale)
    drawn = figure(height=max(FEWEST_PIXELS, 60 + ROW * most))
    used_left, used_right = dict(starts), dict(ends)
    order_left, order_right = list(sources), list(targets)
    large = set(sorted(moves, key=lambda m: -m.n)[:COLOURED])
    ribbons = []
    for move in sorted(moves, key=lambda m: (order_left.index(m.source), order_right.index(m.target))):
        height = scale * move.n / total
        a = used_left[move.source]
        used_left[move.source] = a - height
        b = used_right[move.target] - _before(moves, move, order_left) * scale / total
        colour = DIRECTION_COLOURS.get(move.direction or "", MISSING) if move in large else MISSING
        words = _("{source} → {target}: {n}", source=move.source, target=move.target, n=say(move.n))
        words = f"{words}, {move.note}" if move.note else words
        ribbons.append(_ribbon(a, b, height, colour, words, opacity=0.5 if move in large else 0.16))
    drawn.add_traces(ribbons)
    nodes = [
        _node(name, say(n), (places[name] - scale * n / total, places[name]), at_left=at_left)
        for sizes, places, at_left in ((sources, starts, True), (targets, ends, False))
        for name, n in sizes.items()
    ]
    place = {"xref": "paper", "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": 4}
    heads = [
        {**place, "x": 0.0, "xanchor": "right", "xshift": -6, "text": plain_label(left)},
        {**place, "x": 1.0, "xanchor": "left", "xshift": 6, "text": plain_label(right)},
    ]
    annotate(drawn, [*(note for _box, note in nodes), *heads], [box for box, _note in nodes])
    _legend(drawn, moves)
    labels = [f"{name[:LONGEST]}  {say(n)}" for name, n in (*sources.items(), *targets.items())]
    side = 16 + 7.5 * max(map(_width, labels), default=0)
    drawn.update_xaxes(visible=False, range=[0, 1])
    drawn.update_yaxes(visible=False, range=[-0.02, 1.02])
    drawn.update_layout(margin={"t": 56, "b": 8, "l": side, "r": side}, hovermode="closest")
    said = "; ".join(
        _("{source} → {target}: {n}", source=m.source, target=m.target, n=say(m.n))
        for m in sorted(moves, key=lambda m: -m.n)
    )
    return Chart(drawn, f"{left} → {right}. {said}")


def _sizes(counts: Sequence[tuple[str, int]]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for name, n in counts:
        sizes[name] = sizes.get(name, 0) + n
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def _places(sizes: dict[str, int], total: int, scale: float) -> dict[str, float]:
    """Return the upper edge of each plan, the largest on top, centred in the height."""
    used = scale * sum(sizes.values()) / total + GAP * (len(sizes) - 1)
    top = 0.5 + used / 2
    places = {}
    for name, n in sizes.items():
        places[name] = top
        top -= scale * n / total + GAP
    return places


def _before(moves: Sequence[Flow], move: Flow, order: Sequence[str]) -> int:
    """Return how many customers reach the target above a ribbon."""
    here = order.index(move.source)
    return sum(other.n for other in moves if other.target == move.target and order.index(other.source) < here)


def _ribbon(a: float, b: float, height: float, colour: str, words: str, *, opacity: float) -> dict[str, Any]:
    t = np.linspace(0, 1, STEPS)
    bend = t * t * (3 - 2 * t)
    x = NODE + (1 - 2 * NODE) * t
    upper = a + (b - a) * bend
    return {
        "type": "scatter",
        "x": [*x, *x[::-1]],
        "y": [*upper, *(upper - height)[::-1]],
        "mode": "lines",
        "line": {"width": 0.5, "color": _faint(colour, opacity)},
        "fill": "toself",
        "fillcolor": _faint(colour, opacity),
        "hoveron": "fills",
        "name": plain_label(words),
        "text": plain_label(words),
        "hoverinfo": "text",
        "showlegend": False,
    }


def _faint(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _node(name: str, n: str, span: tuple[float, float], *, at_left: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the box of a plan and what stands beside it."""
    x = (0.0, NODE) if at_left else (1 - NODE, 1.0)
    box = {"type": "rect", "x0": x[0], "x1": x[1], "y0": span[0], "y1": span[1], "fillcolor": MISSING}
    name = plain_label(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…")
    note = {
        "x": x[0] if at_left else x[1],
        "y": sum(span) / 2,
        "text": f"{name}  <b>{n}</b>" if at_left else f"<b>{n}</b>  {name}",
        "xanchor": "right" if at_left else "left",
        "xshift": -6 if at_left else 6,
    }
    return {**box, "line": {"width": 0}}, note


def _width(text: str) -> int:
    """Return how many Latin letters a text is wide; Chinese counts double."""
    return sum(2 if "\u2e80" <= letter <= "\uffef" else 1 for letter in text)


def _legend(drawn: go.Figure, moves: Sequence[Flow]) -> None:
    words = {
        "under_provisioned": _("to a higher fee"),
        "over_provisioned": _("to a lower fee"),
        "sideways": _("to the same fee"),
    }
    for way in dict.fromkeys(m.direction for m in moves if m.direction in words):
        drawn.add_trace(
            go.Scatter(
                x=[None], y=[None], mode="markers", name=words[way or ""], showlegend=True,
                marker={"symbol": "square", "size": 11, "color": DIRECTION_COLOURS[way or ""]},
            )
        )  # fmt: skip
    drawn.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": 1.0, "yanchor": "bottom"},
        legend_itemclick=False,
        legend_itemdoubleclick=False,
    )
