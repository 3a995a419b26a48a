"""Notes that readers pin to a chart and a day; whoever opens the chart of that data set sees them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import streamlit as st

from cxlib import formats
from cxlib.charts.pins import pin
from cxlib.errors import CxError
from cxlib.exports.page_report import Words
from cxlib.texts import _
from cxlib.ui import record, states
from cxlib.ui.fragments import speak_and_ink
from cxlib.ui.safe import safe
from cxlib.ui.session import store, who

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from cxlib.store import Saved

KIND: Final = "note"
MOST_LETTERS: Final = 500


def of_chart(key: str) -> list[Saved]:
    """Return the notes of a chart of the page that is drawn, by their day."""
    found = [each for each in _of_page() if each.record.get("chart") == key]
    return sorted(found, key=lambda each: (each.record.get("day", ""), each.number))


def pinned(drawn: go.Figure, found: list[Saved]) -> None:
    """Mark the days of notes on a chart along time, by the numbers that they have in the list below it."""
    pin(drawn, {str(i): _day(each) for i, each in enumerate(found, 1)})


def listed(found: list[Saved]) -> None:
    """List notes below their chart."""
    for i, each in enumerate(found, 1):
        line = _("Note {i}, {day}: {text}", i=i, day=formats.day(_day(each)), text=safe(each.record["text"]))
        st.caption(f":material/push_pin: {line}")
        record.add(Words("text", line))


def button(key: str, title: str) -> None:
    """Offer to pin a note to a chart; without a data set there is nothing to keep it in."""
    if _here() is None:
        return
    st.button(
        _("Pin a note"),
        key=f"note:{key}",
        type="tertiary",
        icon=":material/push_pin:",
        on_click=_ask,
        args=(key, title),
    )


def form(key: str) -> None:
    """Open the form of a chart's notes where it was asked for, outside of what the button stands in."""
    noted: record.Record | None = st.session_state.get("record")
    if noted is not None and noted.asked is not None and noted.asked[0] == key:
        st.dialog(_("Notes on this chart"), on_dismiss=_close)(_form)(*noted.asked)


def _ask(key: str, title: str) -> None:
    st.session_state["record"].asked = (key, title)


def _close() -> None:
    st.session_state["record"].asked = None


def _form(key: str, title: str) -> None:
    speak_and_ink()
    here = _here()
    if here is None:
        return
    dataset, page = here
    st.markdown(f"**{title}**")
    for each in of_chart(key):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            said = f"{formats.day(_day(each))}, {each.who}: {each.record['text']}"
            st.markdown(safe(said), width="stretch")
            if st.button(_("Remove"), key=f"note:remove:{each.number}", type="tertiary", icon=":material/delete:"):
                store().remove_saved(dataset, KIND, each.number)
                st.session_state["record"].notes = None
                st.rerun()
    day = st.date_input(_("Day"), key="note:day", format="YYYY-MM-DD")
    text = st.text_area(_("Note"), key="note:text", max_chars=MOST_LETTERS, height=90)
    st.caption(_("Everybody who opens this data set sees it, and its report has it."))
    if st.button(_("Pin it"), key="note:keep", type="primary", disabled=not text.strip()):
        words = " ".join(text.split())
        kept = {"page": page, "chart": key, "day": day.isoformat(), "text": words}
        try:
            store().save_as(dataset, KIND, words[:80], record=kept, who=who())
        except CxError as error:
            states.refused(error)
        else:
            st.session_state["record"].notes = None
            _close()
            st.rerun()


def _here() -> tuple[str, str] | None:
    """Return the data set and the page that is drawn; None where a page stands alone."""
    noted: record.Record | None = st.session_state.get("record")
    return (noted.dataset, noted.page) if noted is not None and noted.dataset else None


def _of_page() -> list[Saved]:
    """Return the notes of the page that is drawn, read once for all its charts."""
    here, noted = _here(), st.session_state.get("record")
    if here is None or noted is None:
        return []
    if noted.notes is None:
        dataset, page = here
        noted.notes = [each for each in store().saved(dataset, KIND) if each.record.get("page") == page]
    return list(noted.notes)


def _day(saved: Saved) -> date:
    return date.fromisoformat(saved.record["day"])
