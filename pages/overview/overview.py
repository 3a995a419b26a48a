"""Overview: what needs a decision now."""

import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.tables import TABLES
from cxlib.texts import _
from cxlib.ui import balance, demo, fit_rows, matching, results, states
from cxlib.ui.decisions import decisions
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.show import heading
from cxlib.ui.sitemap import link_to


def answer(text: str, more: str, *, change: str | None) -> None:
    """State the answer, what has changed since the month before, and what it rests on."""
    st.markdown(f"### {text}")
    if change:
        st.markdown(f":material/update: {change}")
    st.caption(more)


def balance_card(scope: Scope) -> None:
    """Answer whether every tier is treated fairly."""
    with st.container(border=True, height="stretch"):
        st.caption(_("Balance: are we fair to every tier?"))
        if not scope.has("contacts"):
            st.markdown(_("A file of contacts brings the answer."))
            link_to("import", label=_("Import contacts"))
            return
        tiers = balance.tiers_here(scope)
        where = {"month": results.ALL}
        if tiers.ranked:
            text, more = balance.said_balance(scope, tiers, results.WITHIN, where)
            answer(text, more, change=balance.said_change(scope, tiers, results.WITHIN))
        else:
            heading(_("Which tier comes first is not known yet."))
        link_to("queues", label=_("Who is passed by whom"))


def matching_card(scope: Scope) -> None:
    """Answer whether every customer is on the right plan."""
    with st.container(border=True, height="stretch"):
        st.caption(_("Matching: is every customer on the right plan?"))
        if not (scope.has("usage") and scope.has("plans")):
            st.markdown(_("Usage by month and the catalogue of plans bring the answer."))
            link_to("import", label=_("Import usage and plans"))
            return
        text, more = matching.said_matching(scope, fit_rows.Chosen(month=results.usage_months(scope)[-1]))
        answer(text, more, change=matching.said_change(scope))
        link_to("plan_fit", label=_("Whom, and what would suit them"))


def waiting(scope: Scope) -> None:
    """List what waits for a decision."""
    heading(_("Waiting for a decision"))
    found = decisions(scope)
    if not found:
        st.caption(_("Nothing stands out in this data set."))
    for each in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(each.text, width="stretch")
            link_to(each.page, label=each.label, **each.parameters)


def loaded(scope: Scope) -> None:
    """Say what is loaded and how fresh it is."""
    until = {}
    if scope.has("contacts") and (months := results.contact_months(scope)):
        until["contacts"] = months[-1]
    if scope.has("usage") and (months := results.usage_months(scope)):
        until["usage"] = months[-1]
    parts = []
    for name, file in scope.version.tables.items():
        if name in TABLES:
            said = f"{_(TABLES[name].title)}: {formats.number(file.rows)}"
            if name in until:
                said = _("{table} up to {month}", table=said, month=formats.month(until[name]))
            parts.append(said)
    when = formats.instant(scope.version.created_at)
    st.caption(
        _(
            "Loaded: {tables}. Version {n} of {when} UTC.",
            tables=formats.listed(parts),
            n=scope.version.number,
            when=when,
        )
    )


def page(scope: Scope) -> None:
    """State both answers, then what to do about them."""
    left, right = st.columns(2, gap="medium")
    with left:
        balance_card(scope)
    with right:
        matching_card(scope)
    waiting(scope)
    loaded(scope)


here = current_scope()
if here is None or not here.version.tables:
    states.empty(_("Nothing is loaded yet"), _("Import a file to begin, or look at the demo first."))
    demo.offered()
else:
    try:
        page(here)
    except CxError as error:
        states.refused(error)
