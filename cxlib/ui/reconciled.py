"""Whether the bills are what the catalogue says, as the pages say and show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from cxlib import charts, formats
from cxlib.matching.gap_causes import CAUSE_NAMES, CAUSE_TEXTS
from cxlib.matching.reconcile import reconcile, reconcile_summary
from cxlib.texts import _, sentences
from cxlib.ui import customers, definitions, matching, results
from cxlib.ui.show import Shown, chart, heading, rows

if TYPE_CHECKING:
    from cxlib.ui.scope import Scope


def counts(scope: Scope, month: str) -> dict[str, Any]:
    """Return the counts of `cxlib.matching.reconcile.ReconcileSummary` at the end of a month."""
    return dict(_kept(scope, month, "counts").iloc[0])


def said(scope: Scope, month: str) -> str:
    """Return in a sentence how far the bills agree, or that nothing was billed to compare."""
    if "billed_amount" not in results.columns_of(scope, "usage"):
        return _("Not reconciled: the usage has no billed amounts.")
    found = counts(scope, month)
    if not found["compared"]:
        return _("Not reconciled: no complete month has a billed amount.")
    if found["reconciled"] == found["compared"] and not found["withheld"]:
        return _("Reconciled with what was billed: all {n}.", n=formats.people(int(found["compared"])))
    return _(
        "Reconciled with what was billed: {share} of {n}; advice to the other {withheld} is withheld.",
        share=formats.share(found["reconciled"] / found["compared"]),
        n=formats.people(int(found["compared"])),
        withheld=formats.number(int(found["withheld"])),
    )


def part(scope: Scope, month: str) -> None:
    """Show how far the bills agree: the distribution of the gap, and its likely causes."""
    heading(_("Are the bills what the catalogue says?"))
    st.markdown(said(scope, month))
    if "billed_amount" not in results.columns_of(scope, "usage") or not counts(scope, month)["compared"]:
        st.caption(_("A column billed_amount in the usage brings this; until then nothing is withheld."))
        return
    left, right = st.columns(2, gap="large")
    with left:
        _gaps(scope, month)
    with right:
        _causes(scope, month)


def of_customer(scope: Scope, customer_id: str) -> None:
    """Show one customer's bills beside what the plan held comes to; nothing where no amounts were billed."""
    heading(_("What was billed"), 4)
    if "billed_amount" not in results.columns_of(scope, "usage"):
        st.caption(_("Not reconciled: the usage has no billed amounts."))
        return
    found = reconcile(
        customers.usage_of(scope, customer_id),
        results.catalogue(scope),
        customers=customers.row_of(scope, customer_id),
    )
    if found.empty:
        st.caption(_("Not reconciled: no amount was billed to this customer."))
        return
    outside = found[~found["within"]]
    if outside.empty:
        st.markdown(_("All {n} bills agree with the catalogue.", n=len(found)))
    else:
        st.markdown(
            sentences(
                _("{n} of {all} bills do not agree with the catalogue.", n=len(outside), all=len(found)),
                *(_(CAUSE_TEXTS[cause]) for cause in outside["cause"].dropna().unique()),
            )
        )
    money = matching.currency_of(scope)
    columns = {
        "month": Shown(_("Month")),
        "plan_id": Shown(_("Plan")),
        "billed": Shown(_("Billed ({currency})", currency=money), "money"),
        "calculated": Shown(_("Calculated ({currency})", currency=money), "money"),
        "gap": Shown(_("Gap ({currency})", currency=money), "money"),
        "cause": Shown(_("Likely cause")),
        "within": Shown(_("Agrees"), "boolean"),
    }
    shown = found.assign(
        month=[formats.month(month) for month in found["month"]],
        cause=[_(CAUSE_NAMES[cause]) if isinstance(cause, str) else "" for cause in found["cause"]],
    )
    rows(shown, columns, name="billed", scope=scope, key="billed", folded=False)


def _gaps(scope: Scope, month: str) -> None:
    found = _kept(scope, month, "gaps")
    found = found[found["customer_months"] > 0] if len(found) else found
    total = int(found["customer_months"].sum())
    labels = [_range(low, high) for low, high in zip(found["from_share"], found["to_share"], strict=True)]
    chart(
        charts.bars(
            {label: n / total for label, n in zip(labels, found["customer_months"], strict=True)},
            say=formats.share,
            axis=_("Share of {n} bills", n=formats.number(total)),
            notes={
                label: matching.money_of(scope, decimals=0)(gap)
                for label, gap in zip(labels, found["gap"], strict=True)
            },
            sort=False,
            tickformat=".0%",
        ),
        title=_("How far bills lie from the calculation"),
        definition=_(definitions.RECONCILED),
        key="gaps",
    )


def _causes(scope: Scope, month: str) -> None:
    found = _kept(scope, month, "causes")
    found = found[found["customer_months"] > 0]
    if found.empty:
        st.caption(_("No bill lies outside the tolerance."))
        return
    names = [_(CAUSE_NAMES[cause]) for cause in found["cause"]]
    chart(
        charts.bars(
            {name: float(n) for name, n in zip(names, found["customer_months"], strict=True)},
            say=formats.number,
            axis=_("Bills outside the tolerance"),
            notes={
                name: _("{n} withheld", n=formats.people(int(n)))
                for name, n in zip(names, found["customers"], strict=True)
            },
        ),
        title=_("Likely causes"),
        definition="\n\n".join(f"**{_(CAUSE_NAMES[c])}**: {_(CAUSE_TEXTS[c])}" for c in found["cause"]),
        key="causes",
    )


def _kept(scope: Scope, month: str, what: str) -> pd.DataFrame:
    months = scope.settings.months

    def compute() -> pd.DataFrame:
        found = reconcile_summary(
            results.table(scope, "usage"),
            results.catalogue(scope),
            customers=results.table(scope, "customers"),
            months=months,
            until=month,
        )
        tables = {
            "counts": pd.DataFrame(
                {
                    name: [getattr(found, name)]
                    for name in ("customers", "compared", "reconciled", "withheld", "customer_months", "within")
                }
            ),
            "gaps": found.gaps,
            "causes": found.causes,
        }
        return pd.concat(tables, names=["part"]).reset_index(level="part")

    every = results.kept(scope, "reconciled", compute, month=month, months=months)
    return every[every["part"] == what]


def _range(low: float, high: float) -> str:
    if low == high == 0:
        return _("no gap")
    if low != low:  # noqa: PLR0124 - NaN
        return _("under {high}", high=formats.share(high, decimals=0))
    if high != high:  # noqa: PLR0124 - NaN
        return _("over {low}", low=formats.share(low, decimals=0))
    return _("{low} to {high}", low=formats.share(low, decimals=0), high=formats.share(high, decimals=0))
