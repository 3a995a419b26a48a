"""The parts that every page is made of: a finding, a chart with its definition, rows with a download."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import streamlit as st

from cxlib import formats
from cxlib.charts.look import inked
from cxlib.charts.pins import last_day
from cxlib.exports import csv_bytes
from cxlib.exports.page_report import Drawn, Field, Listed, Words
from cxlib.texts import _, language, speaking
from cxlib.ui import notes, record
from cxlib.ui.safe import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from cxlib.charts import Chart
    from cxlib.ui.scope import Scope

ROW_PIXELS: Final = 35
"""Height of a row of a table."""
CHART_TOOLS: Final = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "responsive": True,
}

Kind = Literal["text", "count", "number", "money", "share", "seconds", "month", "boolean"]


@dataclass(frozen=True)
class Shown:
    """How a column of rows is shown: its header in the reader's language, its kind, and its explanation."""

    label: str
    kind: Kind = "text"
    help: str | None = None
    decimals: int = 2


def finding(text: str, *, more: str = "") -> None:
    """State in one sentence what the page has found; `more` says what it rests on."""
    st.markdown(f"## {text}")
    record.add(Words("finding", text))
    if more:
        st.caption(more)
        record.add(Words("text", more))


def heading(text: str, level: int = 3) -> None:
    """Put a heading of a part of the page; 2 is the largest."""
    st.markdown(f"{'#' * level} {text}")
    record.add(Words("heading", text))


def two_a_row(n: int) -> Iterator[Any]:
    """Give `n` places, two side by side; on a phone they stand in the same order."""
    for first in range(0, n, 2):
        yield from st.columns(2, gap="large")[: n - first]


def chart(drawn: Chart, *, title: str, definition: str, key: str, picked: Callable[[str], None] | None = None) -> None:
    """Show a chart under a title that says what is seen, its definition at hand.

    `picked` is called with the first of a mark's ``customdata`` when the reader clicks on it, before the page runs.
    """
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.markdown(f"#### {title}", width="stretch")
        with st.popover(_("Definition"), type="tertiary", icon=":material/menu_book:", key=f"definition:{key}"):
            st.markdown(definition)
            pinned = notes.of_chart(key)
            notes.form(key, pinned, last_day(drawn.figure) or datetime.now(tz=UTC).date())
    notes.pinned(drawn.figure, pinned)
    inked(drawn.figure, dark=st.context.theme.type == "dark")
    record.add(Drawn(title, drawn.figure, drawn.alt, definition))
    name = f"chart:{key}"

    def clicked() -> None:
        points = st.session_state[name]["selection"]["points"]
        if points and points[0].get("customdata") and picked is not None:
            picked(str(points[0]["customdata"][0]))

    choosing: dict[str, Any] = {} if picked is None else {"on_select": clicked, "selection_mode": "points"}
    st.plotly_chart(drawn.figure, key=name, config=CHART_TOOLS, alt=drawn.alt, **choosing)
    notes.listed(pinned)


def rows(
    frame: pd.DataFrame,
    columns: Mapping[str, Shown],
    *,
    name: str,
    scope: Scope,
    key: str,
    folded: bool = True,
    on_select: bool = False,
    height: int | None = None,
    title: str = "",
    most: int | None = None,
    whole: tuple[int, Callable[[], pd.DataFrame]] | None = None,
) -> int | None:
    """Show rows as a table with a download that carries the scope; return the position of the row chosen, if any.

    Only the columns named are shown, in the order of `columns`, and of them the first `most` rows; the download has all
    of the frame. Folded rows need a `title`, the one of their chart. Where `frame` itself is only the first of many
    rows, `whole` says how many there are and makes them all when they are downloaded.
    """
    place = st.expander(_("Rows behind this: {title}", title=title), key=f"fold:{key}") if folded else st.container()
    with place:
        shown = frame[[column for column in columns if column in frame]].head(most or len(frame)).copy()
        for column, how in columns.items():
            if column in shown and how.kind == "share":
                shown[column] = shown[column].astype(float) * 100
        options: dict[str, Any] = {"on_select": "rerun", "selection_mode": "single-row"} if on_select else {}
        if height:
            options["height"] = min(height, ROW_PIXELS * (len(shown) + 1) + 3)
        state = st.dataframe(
            shown,
            hide_index=True,
            key=f"rows:{key}",
            alt=_("{name}: {n} rows", name=title or name, n=len(shown)),
            placeholder=formats.NOTHING,
            column_config={column: _config(how) for column, how in columns.items() if column in shown},
            **options,
        )
        n = whole[0] if whole is not None else len(frame)
        if len(shown) < n:
            st.caption(_("The first {n} of {all}.", n=formats.number(len(shown)), all=formats.rows(n)))
        download(frame, columns, name=name, scope=scope, key=key, whole=whole)
    fields = {column: Field(how.label, how.kind, how.decimals) for column, how in columns.items() if column in frame}
    record.add(Listed(title, name, frame, fields, n, whole[1] if whole is not None else None), scope)
    picked = state["selection"]["rows"] if on_select else []
    return int(picked[0]) if picked else None


def download(
    frame: pd.DataFrame,
    columns: Mapping[str, Shown],
    *,
    name: str,
    scope: Scope,
    key: str,
    whole: tuple[int, Callable[[], pd.DataFrame]] | None = None,
) -> None:
    """Offer the rows as a CSV that carries the scope; it is made when asked for, see `rows`."""
    headers = {column: how.label for column, how in columns.items() if column in frame}
    n, made = whole if whole is not None else (len(frame), lambda: frame)
    lines, said = scope.lines(), language()

    def made_bytes() -> bytes:
        with speaking(said):  # made outside the page's run
            return csv_bytes(made().rename(columns=headers), scope=lines)

    st.download_button(
        _("Download {n} rows (CSV)", n=formats.number(n)),
        data=made_bytes,
        file_name=f"{name}.csv".replace(" ", "_").lower(),
        mime="text/csv",
        key=f"download:{key}",
        icon=":material/download:",
        on_click="ignore",
    )


def plain_download(frame: pd.DataFrame, *, name: str, key: str) -> None:
    """Offer rows as they are, without lines above the header, so that they can be corrected and brought back."""
    st.download_button(
        _("Download {n} rows (CSV)", n=formats.number(len(frame))),
        data=lambda: csv_bytes(frame),
        file_name=name if name.endswith(".csv") else f"{name}.csv",
        mime="text/csv",
        key=f"download:{key}",
        icon=":material/download:",
        on_click="ignore",
    )


def facts(pairs: Mapping[str, str], *, helps: Mapping[str, str] | None = None) -> None:
    """Show a few figures in a row that wraps on a phone."""
    record.add(Words("text", "; ".join(f"{safe(label)}: {value}" for label, value in pairs.items())))
    with st.container(horizontal=True, gap="medium"):
        for label, value in pairs.items():
            st.metric(safe(label), value, help=(helps or {}).get(label), width="content")


def verdicts(figures: Mapping[str, tuple[str, bool | None, str]]) -> None:
    """Show a few figures side by side, each with whether it is good news (None: open) and what follows, in words."""
    icons = {True: "check_circle", False: "warning", None: "info"}
    for place, (label, (value, good, follows)) in zip(st.columns(len(figures)), figures.items(), strict=True):
        record.add(Words("text", f"{safe(label)}: {value}. {follows}"))
        with place:
            st.metric(safe(label), value, width="content")
            st.caption(f":material/{icons[good]}: {follows}")


def _config(how: Shown) -> Any:
    if how.kind in ("count", "number", "money", "share", "seconds"):
        decimals = {"count": 0, "share": 1, "seconds": 1}.get(how.kind, how.decimals)
        pattern = f"%,.{decimals}f" + (" %%" if how.kind == "share" else "")
        label = how.label + (" (s)" if how.kind == "seconds" else "")
        return st.column_config.NumberColumn(label, format=pattern, help=how.help)
    if how.kind == "boolean":
        return st.column_config.CheckboxColumn(how.label, help=how.help)
    return st.column_config.TextColumn(how.label, help=how.help)
