"""Plan fit: who has been on the wrong plan for months running, and what would suit them."""

import streamlit as st

from cxlib.errors import CxError
from cxlib.texts import N_, _, sentences
from cxlib.ui import (
    campaign_parts,
    fit_filters,
    fit_list,
    fit_parts,
    fit_rows,
    group_parts,
    link,
    matching,
    operator_parts,
    outcome_parts,
    reconciled,
    states,
    views,
)
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.show import finding

PARTS = {
    "people": N_("The customers"),
    "groups": N_("Groups"),
    "cost": N_("What it costs us"),
    "campaign": N_("Campaign"),
    "outcome": N_("Last campaign"),
    "bills": N_("Bills"),
}


def part(scope: Scope, chosen: fit_rows.Chosen) -> None:
    """Show the part that is asked for: the list, groups, the operator's view, a campaign, its results, or bills."""
    asked = link.choice(
        "part", list(PARTS), label=_("Look at"), say=lambda name: _(PARTS[name]), look="segments", page="fit"
    )
    if asked == "people":
        fit_list.listing(scope, chosen)
    elif asked == "groups":
        group_parts.part(scope, chosen.month, chosen.absent)
    elif asked == "cost":
        operator_parts.part(scope, chosen.month)
    elif asked == "campaign":
        campaign_parts.part(scope, chosen)
    elif asked == "outcome":
        outcome_parts.part(scope)
    else:
        reconciled.part(scope, chosen.month)


def page(scope: Scope) -> None:
    """Choose, state the finding, show the evidence."""
    chosen, scope = fit_filters.choose(scope)
    if not views.at_hand(scope, "plan_fit", month=chosen.month, absent=chosen.absent):
        return
    text, more = matching.said_matching(scope, chosen)
    finding(text, more=sentences(more, reconciled.said(scope, chosen.month)))
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
    part(scope, chosen)


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
