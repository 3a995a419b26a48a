"""What better matching costs the operator, as the page about plan fit shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cxlib import charts, formats
from cxlib.matching.operator_view import operator_view
from cxlib.matching.power import hold_out_power, past_leaving
from cxlib.texts import _, sentences
from cxlib.ui import customers, definitions, fit_rows, matching, results
from cxlib.ui.safe import safe
from cxlib.ui.show import Shown, chart, finding, heading, rows

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.scope import Scope


def part(scope: Scope, month: str) -> None:
    """State what is given up if the advice is followed, by whom, and at which churn that pays or does not."""
    found = view(scope, month)
    if found is None:
        return
    whole = found[found["by"] == "all"].iloc[0]
    if not whole["customers"]:
        st.caption(_("Nobody is advised to change plan."))
        return
    money, n = matching.money_of(scope), scope.settings.horizon
    finding(
        _(
            "If all {customers} followed the advice, {given_up} of revenue would be given up in {n} months, {share} of "
            "their bills.",
            customers=formats.people(int(whole["customers"])),
            given_up=money(float(whole["given_up"])),
            n=n,
            share=formats.share(float(whole["share_of_bill"])),
        ),
        more=_break_even(whole),
    )
    left, right = st.columns(2, gap="large")
    with left:
        _by_direction(scope, found)
    with right:
        _hold_out(scope, month, whole)
    _by_plans(scope, found)


def view(scope: Scope, month: str) -> pd.DataFrame | None:
    """Return `cxlib.matching.operator_view` of the advice, or None while that is worked out."""
    advice = fit_rows.advice_now(scope, month)
    if advice is None:
        return None

    def compute() -> pd.DataFrame:
        return operator_view(
            advice,
            results.catalogue(scope),
            horizon=scope.settings.horizon,
            customers=results.table(scope, "customers"),
        )

    if customers.all_left_out(scope):
        return compute()
    return results.kept(scope, "operator", compute, month=month, **results.advice_options(scope))


def _break_even(whole: pd.Series) -> str:
    said = []
    if whole["break_even_prevented_churn"] == whole["break_even_prevented_churn"]:
        said.append(
            _(
                "It pays for itself only if {share} of them would else have left and are kept by it.",
                share=formats.share(float(whole["break_even_prevented_churn"])),
            )
        )
    if whole["break_even_extra_churn"] == whole["break_even_extra_churn"]:
        said.append(
            _(
                "If {share} of them left because of the offer, that would cost as much again.",
                share=formats.share(float(whole["break_even_extra_churn"])),
            )
        )
    basis = {
        "monthly_value": _("Customers are valued at their monthly value."),
        "margin": _("Customers are valued at their bill less unit cost."),
        "bill": _("Customers are valued at their bill; no unit cost is known."),
        "mixed": _("Customers are valued at what is known of each: monthly value, margin or bill."),
    }
    said.append(basis.get(str(whole["value_basis"]), ""))
    return sentences(*said)


def _by_direction(scope: Scope, found: pd.DataFrame) -> None:
    mine = found[found["by"] == "direction"]
    names = [matching.say_direction(way) for way in mine["direction"]]
    chart(
        charts.bars(
            dict(zip(names, mine["given_up"], strict=True)),
            say=matching.money_of(scope),
            axis=_(
                "Revenue given up in {n} months ({currency})",
                n=scope.settings.horizon,
                currency=matching.currency_of(scope),
            ),
            colours={
                name: charts.DIRECTION_COLOURS.get(way, charts.MISSING)
                for name, way in zip(names, mine["direction"], strict=True)
            },
            notes={name: formats.people(int(n)) for name, n in zip(names, mine["customers"], strict=True)},
        ),
        title=_("Revenue given up, by direction"),
        definition=_(definitions.OPERATOR),
        key="operator",
    )


def _hold_out(scope: Scope, month: str, whole: pd.Series) -> None:
    heading(_("What a hold-out would measure"), 4)
    table = results.table(scope, "customers")
    leaving = None if table is None else past_leaving(table, until=month, months=scope.settings.horizon).value
    if leaving is None or leaving != leaving:  # noqa: PLR0124 - NaN
        st.caption(_("How many leave without an offer is not known: a column left_on in the customers brings this."))
        return
    st.markdown(
        _(
            "{share} left in the {n} months before. Of {customers}, changes from this size on would be noticed four "
            "times in five:",
            share=formats.share(leaving),
            n=scope.settings.horizon,
            customers=formats.people(int(whole["customers"])),
        )
    )
    columns = {
        "share": Shown(_("Held out"), "share"),
        "hold_out": Shown(_("Customers held out"), "count"),
        "leaving_fall": Shown(_("Fall in leaving that is noticed"), "share"),
        "leaving_rise": Shown(_("Rise that is noticed"), "share"),
    }
    found = hold_out_power(int(whole["customers"]), leaving=leaving)
    rows(found, columns, name="hold_out", scope=scope, key="hold_out", folded=False)


def _by_plans(scope: Scope, found: pd.DataFrame) -> None:
    currency = matching.currency_of(scope)
    mine = found[found["by"] == "plans"].assign(
        plan_id=lambda f: f["plan_id"].map(str), new_plan_id=lambda f: f["new_plan_id"].map(str)
    )
    columns = {
        "given_up": Shown(_("Given up ({currency})", currency=currency), "money"),
        "plan_id": Shown(_("Plan held")),
        "new_plan_id": Shown(_("Advised plan")),
        "customers": Shown(_("Customers"), "count"),
        "customers_left": Shown(_("of these, have left"), "count"),
        "bill": Shown(_("Bills now ({currency})", currency=currency), "money"),
        "new_bill": Shown(_("Bills then ({currency})", currency=currency), "money"),
        "margin_given_up": Shown(_("Margin given up ({currency})", currency=currency), "money"),
        "break_even_prevented_churn": Shown(_("Pays if it keeps"), "share"),
    }
    rows(mine, columns, name="revenue_given_up", scope=scope, key="operator", title=_("Revenue given up, by plans"))


def said_total(scope: Scope, found: pd.DataFrame) -> str:
    """Return the headline, the sum of the rows of any grouping."""
    return safe(matching.money_of(scope)(float(found.loc[found["by"] == "all", "given_up"].iloc[0])))
