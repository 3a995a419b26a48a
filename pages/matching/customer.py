"""Customer: what one customer used and paid, what every plan would have cost, and why."""

import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.matching import customer_view
from cxlib.texts import _
from cxlib.ui import customer_parts as parts
from cxlib.ui import customers, definitions, link, matching, pick_customer, reconciled, results, states, views
from cxlib.ui import said_customer as said
from cxlib.ui.safe import safe
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.show import finding, rows

WINDOW, ALL = "window", "all"


def verdict(scope: Scope, customer_id: str, month: str, absent: str) -> list[str]:
    """State why this customer is flagged or not and what is advised; return the plans to set side by side."""
    fit = customers.fit_of(scope, customer_id, month, absent)
    advice = customers.advice_to(scope, customer_id, month)
    held = customer_view.plan_held(
        customers.usage_of(scope, customer_id),
        results.catalogue(scope),
        month=month,
        customers=customers.row_of(scope, customer_id),
    )
    st.caption(said.said_who(scope, customer_id, held))
    finding(f"{safe(customer_id)}: {said.said_fit(scope, fit, month)}", more=said.said_flag(scope, fit))
    short, more = said.said_advice(scope, advice, bound=parts.bound(scope, customer_id, month))
    with st.container(border=True):
        st.markdown(_("**{short}.** {more}", short=short, more=more))
        difference = said.said_difference(fit, advice)
        if difference:
            st.markdown(difference)
        parts.options(scope, advice)
        with st.popover(_("Definition"), type="tertiary", icon=":material/menu_book:"):
            st.markdown(_(definitions.ADVICE))
    return parts.side_by_side(held, fit, advice)


def page(scope: Scope) -> None:
    """Choose a customer, say why, show the evidence."""
    absent = results.MISSING
    with st.container(horizontal=True, vertical_alignment="bottom"):
        months = results.usage_months(scope)
        month = link.choice(
            "month", list(reversed(months)), label=_("At the end of"), say=formats.month, page="matching"
        )
        told = not views.is_large(scope, "usage") or results.flagged_there(scope, month, absent)
        usual = matching.who_loses_most(scope, month if told else months[-1], absent)
        customer_id = pick_customer.pick(scope, usual)
        known = customer_id is not None and customers.is_known(scope, customer_id)
        line, customer_id = customer_id, customers.unit_of(scope, customer_id) if known else customer_id
        own = customer_view.counted_months(customers.usage_of(scope, customer_id), until=month) if known else []
        excluded = pick_customer.months_left_out(scope, customer_id, own) if known else ()
    pick_customer.offer_matches(scope)
    if not known:
        states.empty(
            _("No customer {id} here", id=safe(customer_id or formats.NOTHING)),
            _("The usage of this data set has no such number; search for another one above."),
            to_import=False,
        )
        return
    if line != customer_id:
        st.caption(
            _(
                "{line} is a line of account {account}; its lines are billed together.",
                line=safe(line),
                account=safe(customer_id),
            )
        )
    plans = verdict(scope, customer_id, month, absent)
    evidence(scope, customer_id, month, [each for each in own if each not in excluded], plans)


def evidence(scope: Scope, customer_id: str, month: str, counted: list[str], plans: list[str]) -> None:
    """Show usage, bills on every plan, cost as usage varies, and the bills line by line."""
    excluded = customers.months_left_out(scope, customer_id)
    scope = scope.narrowed(_("Customer"), customer_id).narrowed(_("At the end of"), formats.month(month))
    if excluded:
        scope = scope.narrowed(_("Months left out"), formats.listed(map(formats.month, excluded)))
    left, right = st.columns(2, gap="large")
    with left:
        parts.usage_chart(scope, customer_id, excluded)
    if not counted:
        states.note(_("No complete month is left: there is nothing to bill."))
        return
    with right:
        spans = {WINDOW: _("Last {n}", n=scope.settings.months), ALL: _("All months")}
        span = link.choice("over", list(spans), label=_("Months"), say=spans.get, look="segments", page="customer")
        months = counted[-scope.settings.months :] if span == WINDOW else counted
        bills = parts.bills_of(scope, customer_id, month, months)
        parts.bills_chart(scope, bills, months)
    left, right = st.columns(2, gap="large")
    with left:
        parts.curve_chart(scope, customer_id, bills, months)
    with right:
        parts.sliders(scope, customer_id, bills, months)
    parts.items_table(scope, customer_id, plans, months)
    reconciled.of_customer(scope, customer_id)
    rows(
        bills,
        parts.bill_columns(scope),
        name="bills",
        scope=scope,
        key="bills",
        title=_("The same months on every plan"),
    )


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
