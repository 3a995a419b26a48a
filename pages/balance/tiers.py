"""Tiers: whether they differ in substance, or only in name."""

import pandas as pd
import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.texts import _, sentences
from cxlib.ui import balance, results, states, substance, views
from cxlib.ui import tier_parts as parts
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.show import finding
from cxlib.ui.tiers import TierNames, tier_names


def headline(scope: Scope, table: pd.DataFrame | None, names: TierNames, tiers: list[str], period: str) -> bool:
    """State the finding, or what stands in its way; return whether the form comes first."""
    missing = [tier for tier in tiers if tier not in names.ranks]
    if missing:
        finding(
            _("{n} of {all} tiers have no rank yet.", n=len(missing), all=len(tiers)),
            more=_("Ranks are asked for and never guessed from a name: give 1 to the tier that is served first."),
        )
    elif table is not None:
        text, more = substance.tiers_said(table, names)
        finding(text, more=sentences(more, period))
    elif len(names.ranks) == 1:
        finding(_("There is one tier only: there is nothing to compare."))
    else:
        finding(_("{first} comes first.", first=formats.listed(names.say(tier) for tier in names.first)))
        st.caption(
            _("Contacts with a tier and a wait bring the comparison.")
            if not scope.has("contacts")
            else _("The contacts have no two ranked tiers to compare.")
        )
    return bool(missing)


def page(scope: Scope) -> None:
    """Show what tiers come to and what they are called, and let the reader fill in what only a person knows."""
    tiers = sorted({*results.values_of(scope, "contacts", "tier"), *results.values_of(scope, "customers", "tier")})
    names = tier_names(scope, tiers)
    if not tiers and not names.ranks:
        states.empty(
            _("No tiers here"),
            _("Contacts or customers with a column for the tier bring them; a file of tiers can be imported too."),
        )
        return
    where: dict[str, str] = {}
    if scope.has("contacts"):
        scope, where = balance.filters(scope)
        scope = balance.with_settings(scope)
        if not views.at_hand(scope, "tiers", **where):
            return
    table = substance.of_tiers(scope, **where) if scope.has("contacts") and names.ranked else None
    first = headline(scope, table, names, tiers, dict(scope.filters).get(_("Period"), ""))
    if first:
        parts.form(scope, tiers)
    if table is not None:
        balance.warn_of_trap(scope, where)
        parts.steps(scope, names, table, where)
    if scope.has("contacts"):
        parts.needs(scope, where)
    parts.names(scope)
    if not first:
        parts.form(scope, tiers)


here = current_scope()
if here is None:
    states.empty(_("Nothing is loaded yet"), _("Import a file to begin."))
else:
    try:
        page(here)
    except CxError as error:
        states.refused(error)
