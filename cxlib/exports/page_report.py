"""A page of the dashboard as one file: its findings, charts and rows, for readers who do not open the dashboard."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final, Literal

from plotly.offline import get_plotlyjs
from plotly.utils import PlotlyJSONEncoder

from cxlib import formats
from cxlib.charts.look import inked
from cxlib.exports.paper import Paper
from cxlib.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go

MOST_ROWS: Final = 25
"""Rows of a table that are printed; the workbook has all of them."""
MOST_COLUMNS: Final = 9
CHART_PX: Final = 660
"""Width of a chart: what A4 leaves between its margins."""
SCRIPT: Final = """
for (const place of document.querySelectorAll("figure div[data-chart]")) {
  const drawn = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  Plotly.newPlot(place, drawn.data, drawn.layout, {staticPlot: true, displayModeBar: false});
}
"""


@dataclass(frozen=True)
class Words:
    """A sentence of a page: what it has found, a heading, a text, figures in a row, or a warning."""

    kind: Literal["finding", "heading", "text", "warning"]
    text: str


@dataclass(frozen=True)
class Drawn:
    """A chart with its title, its description and the definition of what it shows, as Markdown."""

    title: str
    figure: go.Figure
    alt: str
    definition: str


@dataclass(frozen=True)
class Field:
    """How a column is headed and written: `kind` as in `cxlib.ui.show.Shown`."""

    label: str
    kind: str = "text"
    decimals: int = 2


@dataclass(frozen=True)
class Listed:
    """Rows of a page, with the fields that it shows; `n` is how many there are in all, `whole` makes those."""

    title: str
    name: str
    frame: pd.DataFrame
    fields: Mapping[str, Field]
    n: int
    whole: Callable[[], pd.DataFrame] | None = None


Part = Words | Drawn | Listed


def page_report(
    parts: Sequence[Part], *, title: str, question: str = "", scope: Sequence[tuple[str, str]] = ()
) -> bytes:
    """Return a page as a self-contained HTML file that asks nothing of a network and prints uncut on A4.

    Parameters
    ----------
    parts : sequence of Words, Drawn or Listed
        In the order of the page.
    title, question : str
        Of the page.
    scope : sequence of (label, value)
        What the page is about; printed at its foot.
    """
    paper = Paper(title=title, kind=question)
    charts = 0
    for part in parts:
        if isinstance(part, Words):
            _put_words(paper, part)
        elif isinstance(part, Drawn):
            charts += 1
            paper.figure(plain(part.title), _chart(part, f"chart-{charts}"))
        elif len(part.frame):
            _put_rows(paper, part)
    definitions = {plain(each.title): plain(each.definition) for each in parts if isinstance(each, Drawn)}
    if definitions:
        paper.heading(_("Definitions"))
        paper.points(
            _("{title}: {text}", title=title, text=text)
            for text, title in {text: title for title, text in reversed(definitions.items())}.items()
        )
    script = f"<script>{get_plotlyjs()}</script>\n" if charts else ""
    return paper.html(scope, head=script, tail=f"<script>{SCRIPT}</script>\n" if charts else "")


def plain(markdown: str) -> str:
    """Return a text of a page without the marks that Markdown and icons put into it."""
    text = re.sub(r":material/\w+:", "", markdown)
    text = re.sub(r":\w+\[([^\]]*)\]", r"\1", text)
    text = re.sub(r"(?<!\\)\*\*|(?<!\\)`|^#+ ", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\([\\`*_{}\[\]()#+\-.!|~:$<>&])", r"\1", text)
    return " ".join(text.split())


def written(value: Any, field: Field) -> str:
    """Return a value of a column as the page writes it."""
    if isinstance(value, bool) or field.kind == "boolean":
        return "" if value is None or value != value else _("yes") if value else _("no")  # noqa: PLR0124 - NaN
    if field.kind in ("count", "number", "money", "share", "seconds"):
        number = formats.known(value)
        if number is None:
            return formats.NOTHING
        if field.kind == "share":
            return formats.share(number)
        return formats.number(number, decimals={"count": 0, "seconds": 1}.get(field.kind, field.decimals))
    return formats.NOTHING if value is None or value != value else str(value)  # noqa: PLR0124 - NaN


def _put_words(paper: Paper, part: Words) -> None:
    text = plain(part.text)
    if text:
        {"finding": paper.lead, "heading": paper.heading, "text": paper.text, "warning": paper.warning}[part.kind](text)


def _put_rows(paper: Paper, part: Listed) -> None:
    names = [name for name in part.fields if name in part.frame][:MOST_COLUMNS]
    shown = part.frame[names].head(MOST_ROWS)
    if part.title:
        paper.heading(plain(part.title))
    figures = {"count", "number", "money", "share", "seconds"}
    header = [part.fields[name].label + (" (s)" if part.fields[name].kind == "seconds" else "") for name in names]
    paper.table(
        header,
        ([written(row[name], part.fields[name]) for name in names] for row in shown.to_dict("records")),
        right=[part.fields[name].kind in figures for name in names],
    )
    if len(shown) < part.n:
        paper.text(_("The first {n} of {all}.", n=formats.number(len(shown)), all=formats.rows(part.n)))


def _chart(part: Drawn, name: str) -> str:
    """Return a chart as the drawing library takes it, in the ink of paper, and its description for who cannot see."""
    figure = part.figure.__class__(part.figure)
    inked(figure, dark=False)
    height = figure.layout.height or 340
    figure.update_layout(width=CHART_PX, height=height, paper_bgcolor="#ffffff", plot_bgcolor="#ffffff")
    held = json.dumps(figure.to_plotly_json(), cls=PlotlyJSONEncoder).replace("</", "<\\/")
    return (
        f'<div role="img" aria-label="{escape(part.alt)}" data-chart="{name}" '
        f'style="width:{CHART_PX}px;max-width:100%;height:{height}px"></div>'
        f'<script type="application/json" id="{name}">{held}</script>'
    )
