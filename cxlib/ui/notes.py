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
from cxlib.ui.safe import safe
from cxlib.ui.session import store, who

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from cxlib.store import Saved

KIND: Final = "note"
MOST_LETTERS: Final = 500
ABOUT: Final = ("customer", "queue")
"""Parameters of the link that say whom or what a chart is about: a note of one is not shown at another."""


def of_chart(key: str) -> list[Saved]:
    """Return the notes of a chart of the page that is drawn, by their day."""
    about = _about()
    found = [each for each in _of_page() if each.record.get("chart") == key and each.record.get("about") == about]
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


def form(key: str, found: list[Saved], day: date) -> None:
    """Let the reader remove notes of a chart and pin one; without a data set there is nothing to keep it in.

    `day` is the one that the form begins with.
    """
    here = _here()
    if here is None:
        return
    st.markdown(f"**{_('Notes')}**")
    for each in found:
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(safe(f"{formats.day(_day(each))}, {each.who}: {each.record['text']}"), width="stretch")
            st.button(
                _("Remove"),
                key=f"note:remove:{each.number}",
                type="tertiary",
                icon=":material/delete:",
                on_click=_remove,
                args=(here[0], each.number),
            )
    with st.form(f"note:{key}", border=False):
        st.date_input(_("Day"), day, key=f"note:day:{key}", format="YYYY-MM-DD")
        st.text_area(
            _("Note"),
            key=f"note:text:{key}",
            max_chars=MOST_LETTERS,
            height=90,
            help=_("Everybody who opens this data set sees it, and its report has it."),
        )
        st.form_submit_button(_("Pin it"), icon=":material/push_pin:", on_click=_keep, args=(here, key))
    refused = st.session_state.pop(f"note:refused:{key}", None)
    if refused is not None:
        states.refused(refused)


def _keep(here: tuple[str, str], key: str) -> None:
    """Keep a note; what was written stays in the form where it is refused."""
    dataset, page = here
    day, words = st.session_state[f"note:day:{key}"], " ".join(st.session_state[f"note:text:{key}"].split())
    if day is None or not words:
        return
    kept = {"page": page, "chart": key, "about": _about(), "day": day.isoformat(), "text": words}
    try:
        store().save_as(dataset, KIND, key, record=kept, who=who())
    except CxError as error:
        st.session_state[f"note:refused:{key}"] = error
        return
    st.session_state[f"note:text:{key}"] = ""
    st.session_state["record"].notes = None


def _remove(dataset: str, number: int) -> None:
    store().remove_saved(dataset, KIND, number)
    st.session_state["record"].notes = None


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


def _about() -> dict[str, str]:
    return {name: st.query_params[name] for name in ABOUT if name in st.query_params}


def _day(saved: Saved) -> date:
    return date.fromisoformat(saved.record["day"])
