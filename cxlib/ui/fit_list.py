"""The list of flagged customers: who loses most first, each with its reason, its advice, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from cxlib import formats
from cxlib.texts import _
from cxlib.ui import customers, definitions, fit_rows, matching, results
from cxlib.ui.fragments import fragment
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, heading, rows
from cxlib.ui.sitemap import link_to

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.fit_rows import Chosen
    from cxlib.ui.scope import Scope

HEIGHT: Final = 738
"""Of the table, in pixels: twenty rows and the header."""
SHOWN: Final = 200
"""Rows of the list on the page; the download has all."""


@fragment
def listing(scope: Scope, chosen: Chosen) -> None:
    """Show the flagged customers, dearest first, and the one chosen in detail."""
    heading(_("Who loses most"))
    advice = fit_rows.advice_now(scope, chosen.month)
    found = fit_rows.with_advice(fit_rows.flagged(scope, chosen), advice)
    if chosen.sure != results.ALL:
        found = found[found["strength"] == chosen.sure].reset_index(drop=True)
    if found.empty:
        st.caption(_("Nobody is flagged here."))
        return
    columns = {name: how for name, how in list_columns(scope).items() if name not in found or found[name].notna().any()}

    def listed(some: pd.DataFrame) -> pd.DataFrame:
        said = fit_rows.said(scope, some, chosen, matching.say_direction)
        return said[[column for column in columns if column in said]]

    shown = listed(found.head(SHOWN))
    place = rows(
        shown,
        columns,
        name="plan_fit",
        scope=scope,
        key="flagged",
        folded=False,
        on_select=True,
        height=HEIGHT,
        whole=(len(found), lambda: listed(found)),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover(_("Definition"), type="tertiary", icon=":material/menu_book:"):
            st.markdown(_(definitions.ADVICE))
        if place is None:
            st.caption(_("Choose a row to see why, and both bills line by line."))
    if place is not None:
        one(scope, shown.iloc[place], chosen.month)


def list_columns(scope: Scope) -> dict[str, Shown]:
    """Return how the list is shown: the column that ranks comes first."""
    money, horizon = matching.currency_of(scope), scope.settings.horizon
    return {
        "saving": Shown(_("Saving, {n} months ({currency})", n=scope.settings.months, currency=money), "money"),
        "customer_id": Shown(_("Customer")),
        "tier": Shown(_("Tier")),
        "plan_id": Shown(_("Plan held")),
        "better_plan_id": Shown(_("Better plan")),
        "advice": Shown(_("Advice"), help=_("What the recommender expects to cost least in the months ahead.")),
        "sure": Shown(_("How sure")),
        "p_saves": Shown(_("P(saves)"), "share"),
        "reason": Shown(_("Reason")),
        "expected_saving": Shown(_("Expected saving, {n} months ({currency})", n=horizon, currency=money), "money"),
        "interval_low": Shown(_("from"), "money", help=_("Lower end of the 80 % interval.")),
        "interval_high": Shown(_("to"), "money", help=_("Upper end of the 80 % interval.")),
        "options": Shown(_("Other options"), help=_("The plan with the safest bill, and the one with most headroom.")),
        "payback_months": Shown(_("Payback (months)"), "number", decimals=1),
        "direction": Shown(_("Direction")),
        "since": Shown(_("Months flagged"), "count", help=_("Month ends in a row at which the flag stood.")),
        "left": Shown(_("Has left"), "boolean"),
    }


def one(scope: Scope, customer: pd.Series, month: str) -> None:
    """Show one customer's reason and its two bills line by line, with the way to its page."""
    customer_id = str(customer["customer_id"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        heading(_("Customer {id}", id=safe(customer_id)), 4)
        link_to("customer", label=_("All about this customer"), customer=customer_id, month=month)
    st.markdown(safe(customer["reason"]))
    if customer["left"]:
        st.caption(_("Has left: in the counts, on no campaign list."))
    months = results.window(month, scope.settings.months)
    plans = [customer["plan_id"], customer["better_plan_id"]]
    wide = matching.line_items_shown(customers.line_items_of(scope, customer_id, plans, months))
    columns = {"month": Shown(_("Month")), "item": Shown(_("Item"))} | {
        plan: Shown(plan, "money") for plan in wide.columns if plan not in ("month", "item")
    }
    out = customers.months_left_out(scope, customer_id)
    narrowed = scope.narrowed(_("Months left out"), formats.listed(map(formats.month, out))) if out else scope
    rows(wide, columns, name="line_items", scope=narrowed, key="items", folded=False)
