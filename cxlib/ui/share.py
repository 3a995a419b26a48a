"""What every page offers at its head: its report as a file, its rows as a workbook, and keeping the view by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import streamlit as st
from pandas.api.types import is_datetime64_any_dtype

from cxlib import formats
from cxlib.errors import CxError
from cxlib.exports import workbook
from cxlib.exports.page_report import Drawn, Listed, page_report, plain
from cxlib.exports.workbook import Column, Sheet, workbook_bytes
from cxlib.texts import _, language, speaking
from cxlib.ui import states
from cxlib.ui.safe import safe
from cxlib.ui.scope import scope_of
from cxlib.ui.session import store, who

if TYPE_CHECKING:
    from cxlib.exports.workbook import Kind
    from cxlib.store import DataSet, Saved
    from cxlib.ui.record import Record
    from cxlib.ui.sitemap import Entry

KIND = "view"
NOT_OF_A_VIEW = ("lang", "data")
MEASURES: Final = ("share", "seconds", "money", "number", "count")
MOST_MARKS: Final = {True: 400, False: 40}
"""Rows that a chart can show, by whether they stand along time."""
MOST_SERIES: Final = 5


def menu(page: Entry, record: Record, dataset: DataSet) -> None:
    """Offer the page as files, and keep its view; `record` is filled while the page is drawn."""
    said = language()

    def report() -> bytes:
        with speaking(said):  # made outside the page's run
            return page_bytes(page, record, dataset)

    def book() -> bytes:
        with speaking(said):
            return rows_bytes(page, record, dataset)

    with st.popover(_("Share and keep"), icon=":material/ios_share:", type="tertiary"):
        st.download_button(
            _("This page as a report (HTML)"),
            data=report,
            file_name=f"{page.url_path}.html",
            mime="text/html",
            icon=":material/print:",
            key="share:report",
            on_click="ignore",
            width="stretch",
        )
        st.download_button(
            _("Its rows as a workbook (Excel)"),
            data=book,
            file_name=f"{page.url_path}.xlsx",
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            icon=":material/table_view:",
            key="share:workbook",
            on_click="ignore",
            width="stretch",
        )
        name = st.text_input(_("Name of this view"), key="view:name", max_chars=80)
        if st.button(_("Keep this view"), icon=":material/bookmark_add:", key="view:keep", disabled=not name.strip()):
            query = {key: value for key, value in st.query_params.items() if key not in NOT_OF_A_VIEW}
            try:
                kept = store().save_as(
                    dataset.id, KIND, name, record={"page": page.url_path, "query": query}, who=who()
                )
            except CxError as error:
                states.refused(error)
            else:
                st.success(_("Kept as {name}.", name=safe(kept.name)))


def views(dataset: DataSet) -> None:
    """List the views that were kept, each a link; they stand in the sidebar."""
    found = store().saved(dataset.id, KIND)
    if not found:
        return
    with st.expander(_("Saved views ({n})", n=len(found)), icon=":material/bookmarks:", key="views"):
        for each in found:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _link(each)
                st.button(
                    _("Remove"),
                    key=f"view:remove:{each.number}",
                    type="tertiary",
                    icon=":material/delete:",
                    on_click=store().remove_saved,
                    args=(dataset.id, KIND, each.number),
                )


def page_bytes(page: Entry, record: Record, dataset: DataSet) -> bytes:
    """Return a page as a report in the language in force."""
    scope = record.scope or scope_of(dataset)
    return page_report(record.parts, title=_(page.title), question=_(page.question), scope=scope.lines())


def rows_bytes(page: Entry, record: Record, dataset: DataSet) -> bytes:
    """Return all rows of a page as a workbook, a sheet for each table, in the language in force."""
    listed = [part for part in record.parts if isinstance(part, Listed)]
    drawn = [part for part in record.parts if isinstance(part, Drawn)]
    sheets = [
        Sheet(
            name=plain(part.title or part.name),
            title=plain(part.title or part.name),
            frame=part.whole() if part.whole is not None else part.frame,
            columns={
                name: Column(each.label, cast("Kind", each.kind), each.decimals) for name, each in part.fields.items()
            },
            chart=chart_of(part),
        )
        for part in listed
    ]
    scope = record.scope or scope_of(dataset)
    definitions = [(plain(part.title), plain(part.definition)) for part in drawn]
    return workbook_bytes(sheets, scope=[(_("Page"), _(page.title)), *scope.lines()], definitions=definitions)


def chart_of(part: Listed) -> workbook.Drawn | None:
    """Return the chart that a spreadsheet can draw of rows: what their first column names, by its first measure.

    Columns of that measure's kind stand beside it. Rows that the first column does not tell apart, a single row, and
    more than a chart can name take none.
    """
    names = list(part.fields)
    if not names or not 2 <= len(part.frame) == part.n:
        return None
    first, kind = names[0], part.fields[names[0]].kind
    along_time = kind == "month" or is_datetime64_any_dtype(part.frame[first])
    if (
        not (along_time or kind == "text")
        or not part.frame[first].is_unique
        or len(part.frame) > MOST_MARKS[along_time]
    ):
        return None
    measures = [name for name in names if part.fields[name].kind in MEASURES and part.frame[name].notna().any()]
    if not measures:
        return None
    alike = [name for name in measures if part.fields[name].kind == part.fields[measures[0]].kind]
    return workbook.Drawn("line" if along_time else "bar", first, alike[:MOST_SERIES])


def _link(saved: Saved) -> None:
    pages = st.session_state.get("pages", {})
    page = pages.get(saved.record.get("page"))
    if page is None:
        return
    carried = {name: st.query_params[name] for name in NOT_OF_A_VIEW if name in st.query_params}
    st.page_link(
        page,
        label=safe(saved.name),
        query_params={**carried, **saved.record.get("query", {})},
        help=safe(f"{formats.instant(saved.created_at)}, {saved.who}"),
        width="stretch",
    )
