"""Plan fit: who has been on the wrong plan for months running, and what would suit them."""

import pandas as pd
import streamlit as st

from cxlib import charts, formats
from cxlib.errors import CxError
from cxlib.texts import _
from cxlib.ui import definitions, link, matching, results, states
from cxlib.ui.fragments import fragment
from cxlib.ui.safe import safe
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.show import Shown, chart, finding, heading, rows


def moves(scope: Scope, flagged: pd.DataFrame, absent: str) -> None:
    """Show from which plan to which, and how the number of flags went."""
    left, right = st.columns(2, gap="large")
    with left:
        pairs = flagged.groupby(["plan_id", "better_plan_id", "direction"], as_index=False).agg(
            saving=("saving", "sum"), n=("customer_id", "size")
        )
        top = pairs.nlargest(8, "saving")
        names = [f"{row.plan_id} → {row.better_plan_id}" for row in top.itertuples()]
        chart(
            charts.bars(
                dict(zip(names, top["saving"], strict=True)),
                say=matching.money_of(scope, decimals=0),
                axis=_("Would have been saved in {n} months", n=scope.settings.months),
                colours={
                    name: charts.DIRECTION_COLOURS[way] for name, way in zip(names, top["direction"], strict=True)
                },
                notes={name: formats.people(n) for name, n in zip(names, top["n"], strict=True)},
            ),
            title=_("From which plan to which"),
            definition=_(definitions.DIRECTION),
            key="moves",
        )
    with right:
        history = results.flag_course(scope, absent)
        ever = history.groupby("direction")["standing"].sum()
        ways = [way for way in charts.DIRECTION_COLOURS if ever.get(way, 0) > 0]
        parts = {way: history[history["direction"] == way] for way in ways}
        chart(
            charts.stacks(
                {
                    matching.say_direction(way): (list(part["month"]), list(part["standing"]))
                    for way, part in parts.items()
                },
                say=formats.number,
                x_title=_("Month"),
                y_title=_("Customers flagged"),
                colours={matching.say_direction(way): charts.DIRECTION_COLOURS[way] for way in ways},
            ),
            title=_("Flags month by month"),
            definition=_(definitions.FLAG),
            key="course",
        )


@fragment
def listing(scope: Scope, flagged: pd.DataFrame, month: str, absent: str) -> None:
    """Show the flagged customers, dearest first, and the one chosen in detail."""
    heading(_("The customers"))
    shown = matching.flagged_with_advice(scope, flagged, month, absent)
    money = matching.currency_of(scope)
    columns = {
        "saving": Shown(_("Saving, {n} months ({currency})", n=scope.settings.months, currency=money), "money"),
        "customer_id": Shown(_("Customer")),
        "tier": Shown(_("Tier")),
        "plan_id": Shown(_("Plan held")),
        "better_plan_id": Shown(_("Better plan")),
        "advice": Shown(_("Advice"), help=_("What the recommender expects to cost least in the months ahead.")),
        "p_saves": Shown(_("P(saves)"), "share"),
        "reason": Shown(_("Reason")),
        "direction": Shown(_("Direction")),
        "since": Shown(_("Months flagged"), "count", help=_("Month ends in a row at which the flag stood.")),
        "left": Shown(_("Has left"), "boolean"),
    }
    picked = rows(shown, columns, name="plan_fit", scope=scope, key="flagged", folded=False, on_select=True, height=420)
    with st.popover(_("Definition"), type="tertiary", icon=":material/menu_book:"):
        st.markdown(_(definitions.ADVICE))
    if picked is not None:
        one(scope, shown.iloc[picked], month)
    else:
        st.caption(_("Choose a row to see both bills line by line."))


def one(scope: Scope, customer: pd.Series, month: str) -> None:
    """Show one customer's two bills line by line."""
    heading(_("Customer {id}", id=safe(customer["customer_id"])), 4)
    st.markdown(safe(customer["reason"]))
    items = results.line_items_of(
        scope, customer["customer_id"], customer["plan_id"], customer["better_plan_id"], month
    )
    wide = matching.line_items_shown(items)
    columns = {"month": Shown(_("Month")), "item": Shown(_("Item"))} | {
        plan: Shown(plan, "money") for plan in wide.columns if plan not in ("month", "item")
    }
    rows(wide, columns, name="line_items", scope=scope, key="items", folded=False)


def page(scope: Scope) -> None:
    """Choose, state the finding, show the evidence."""
    months = results.usage_months(scope)
    ways = {
        results.ALL: _("All"),
        "under_provisioned": matching.say_direction("under_provisioned"),
        "over_provisioned": matching.say_direction("over_provisioned"),
    }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        month = link.choice(
            "month", list(reversed(months)), label=_("At the end of"), say=formats.month, page="matching"
        )
        way = link.choice(
            "way", list(ways), label=_("Direction"), say=lambda name: ways[name], look="segments", page="matching"
        )
        counts = {results.MISSING: _("Break the run"), "zero": _("Count as no usage")}
        absent = link.choice(
            "absent",
            list(counts),
            label=_("Months without usage"),
            say=lambda name: counts[name],
            page="matching",
            help=_("Counting as no usage bills the fee for every month from joining to leaving."),
        )
    fit = results.fit(scope, month, absent)
    flagged = matching.flagged_of(fit, way)
    scope = scope.narrowed(_("At the end of"), formats.month(month)).narrowed(_("Direction"), ways[way])
    scope = scope.narrowed(_("Months without usage"), counts[absent])
    text, more = matching.said_matching(scope, month, way, absent)
    finding(text, more=more)
    if flagged.empty:
        st.caption(_("Nobody is flagged here."))
    else:
        moves(scope, flagged, absent)
        listing(scope, flagged, month, absent)


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
