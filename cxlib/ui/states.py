"""How a page looks when there is nothing, too little, or something wrong to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cxlib.exports.page_report import Words
from cxlib.texts import _
from cxlib.ui import record
from cxlib.ui.safe import safe

if TYPE_CHECKING:
    from cxlib.errors import CxError


def empty(title: str, body: str, *, to_import: bool = True) -> None:
    """Say that there is nothing yet, and which file would bring it."""
    record.add(Words("text", f"{title}. {body}"))
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown(f"#### {title}", text_alignment="center")
        st.markdown(body, text_alignment="center")
        if to_import:
            from cxlib.ui.sitemap import link_to  # noqa: PLC0415 - the map knows the frame's pages at run time

            link_to("import", label=_("Import a file"))


def too_few(n: int, least: int) -> None:
    """Say that there are too few contacts or customers for a figure."""
    st.caption(_("Too few to show: {n}, where at least {least} are needed.", n=n, least=least))


def refused(error: CxError) -> None:
    """Show an error in the reader's language: what is wrong, where, and what to do."""
    where = []
    if error.row is not None:
        where.append(_("row {row}", row=error.row))
    if error.column:
        where.append(_("column {column}", column=safe(error.column)))
    place = f" ({', '.join(where)})" if where else ""
    st.error(
        f"**{safe(error.said)}**{place}" + (f"\n\n{safe(error.hint)}" if error.hint else ""), icon=":material/error:"
    )


def note(text: str) -> None:
    """Show a warning about how far a figure can be trusted."""
    st.warning(text, icon=":material/info:")
    record.add(Words("warning", text))
