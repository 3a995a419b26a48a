"""What somebody who sees a page for the first time should know, until it is dismissed for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from cxlib.texts import N_, _
from cxlib.ui.session import store, who

if TYPE_CHECKING:
    from cxlib.ui.sitemap import Entry

HINTS: Final = {
    "overview": N_(
        "Start here each Monday: the two headlines say how tiers and plans stand, the list below what waits for you, "
        "each with a link to the place where it can be settled."
    ),
    "allocation": N_(
        "Choose what sets customers apart, such as tier or region, then read the gaps: crude first, then like for like."
    ),
    "queues": N_(
        "The first sentence says how the first tier and the others fare. The parts below tell who passes whom, in "
        "which hour it hurts, and which rule is really in force."
    ),
    "policies": N_(
        "Make a rule of your own in the box: all else follows it. Read first whether the simulation of today is met, "
        "then take the decision note with you."
    ),
    "tiers": N_(
        "Give each tier a rank, 1 is served first, and a name that nobody feels stared at; then see whether tiers "
        "differ in more than the name."
    ),
    "plan_fit": N_(
        "Flagged are customers whom one and the same other plan would have served cheaper for three months running. "
        "Choose a row to see why, or turn to Campaign to draw one up."
    ),
    "customer": N_(
        "One customer at a time: usage beside what is included, the same months on every plan, and how sure the advice "
        "is."
    ),
    "backtest": N_(
        "Advice of the past is set beside what came after. Believe the recommendations as far as this page does."
    ),
    "import": N_(
        "Bring files as they are. What is certain is read; what is not is asked; rows that cannot be read are set "
        "aside, never lost."
    ),
    "data_sets": N_(
        "Everything that was imported, by whom and when: undo it, bring it back, and set what counts as in time or as "
        "too few."
    ),
}
"""By the page's address."""


def show(page: Entry) -> None:
    """Show the hint of a page to who has not dismissed it."""
    if page.url_path not in HINTS or page.url_path in store().dismissed(who()):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="hint"):
        st.markdown(f":material/lightbulb: {_(HINTS[page.url_path])}", width="stretch")
        st.button(
            _("Got it"),
            key=f"hint:{page.url_path}",
            type="tertiary",
            on_click=store().dismiss,
            args=(page.url_path, who()),
        )
