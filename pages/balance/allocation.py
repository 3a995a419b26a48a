"""Allocation: who gets how much service, like for like, by tier or any other segment."""

import streamlit as st

from cxlib.errors import CxError
from cxlib.texts import _
from cxlib.ui import allocation_parts as parts
from cxlib.ui import balance, gap_parts, link, states, views
from cxlib.ui.allocation_said import headline, not_told
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.segments import SEGMENTS, Segments, segments_of
from cxlib.ui.show import finding
from cxlib.ui.sitemap import link_to


def choose(scope: Scope, segments: list[str]) -> Segments:
    """Let the reader choose the segment and the period."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = link.choice("by", segments, label=_("By"), say=lambda name: _(SEGMENTS[name]), page="allocation")
        scope, where = balance.filters(scope)
    scope = scope.narrowed(_("By"), _(SEGMENTS[by]))
    return Segments(scope=balance.with_settings(scope), by=by, tiers=balance.tiers_here(scope), where=where)


def page(scope: Scope) -> None:
    """Choose, state the finding, show the evidence."""
    segments = segments_of(scope)
    if not segments:
        states.empty(_("No segments here"), _("A column for tier, need, region, queue or channel would bring them."))
        return
    chosen = choose(scope, segments)
    if not views.at_hand(scope, "allocation", by=chosen.by, **chosen.where):
        return
    text, more = headline(chosen)
    finding(text, more=more)
    if chosen.by == "tier":
        balance.warn_of_trap(scope, dict(chosen.where))
        if not chosen.tiers.ranked:
            st.caption(_("Which tier comes first is not known yet; the largest one is the one compared with."))
            link_to("tiers", label=_("Rank the tiers"))
    lacking = not_told(chosen)
    if lacking:
        st.caption(lacking)
    if parts.too_few(chosen):
        return
    parts.outcomes(chosen)
    gap_parts.gaps(chosen)
    parts.listed(chosen)
    gap_parts.courtesy(chosen)


here = current_scope()
if here is None or not here.has("contacts"):
    states.empty(
        _("No contacts here"),
        _("A file of contacts brings this page: when each joined the queue, when the wait ended, and how."),
    )
else:
    try:
        page(here)
    except CxError as error:
        states.refused(error)
