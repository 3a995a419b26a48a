"""Plan fit: who has been on the wrong plan for months running, and what would suit them."""

import streamlit as st

from cxlib.errors import CxError
from cxlib.texts import _
from cxlib.ui import fit_filters, fit_list, fit_parts, fit_rows, link, matching, reconciled, states
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.show import finding

PEOPLE, BILLS = "people", "bills"


def page(scope: Scope) -> None:
    """Choose, state the finding, show the evidence."""
    chosen, scope = fit_filters.choose(scope)
    text, more = matching.said_matching(scope, chosen)
    finding(text, more=f"{more} {reconciled.said(scope, chosen.month)}")
    fit_filters.said_left_out(scope)
    flagged = fit_rows.flagged(scope, chosen)
    if flagged.empty:
        st.caption(_("Nobody is flagged here."))
    else:
        left, right = st.columns([3, 2], gap="large")
        with left:
            fit_parts.flow(scope, flagged)
        with right:
            fit_parts.course(scope, chosen)
    parts = {PEOPLE: _("The customers"), BILLS: _("Bills and calculation")}
    part = link.choice(
        "part", list(parts), label=_("Look at"), say=lambda name: parts[name], look="segments", page="fit"
    )
    if part == PEOPLE:
        fit_list.listing(scope, chosen)
    else:
        reconciled.part(scope, chosen.month)


here = current_scope()
if here is None or not (here.has("usage") and here.has("plans")):
    states.empty(
        _("No usage here") if here is None or not here.has("usage") else _("No plans here"),
        _("Usage by month and the catalogue of plans bring this page; a file of customers adds tier and contract."),
    )
else:
    try:
        page(here)
    except CxError as error:
        states.refused(error)
