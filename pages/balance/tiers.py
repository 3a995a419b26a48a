"""Tiers: what each one is called, which comes first, and what it was promised."""

import pandas as pd
import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.store import Incoming
from cxlib.tables import TIERS
from cxlib.texts import _
from cxlib.ui import results, states
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.session import store, who
from cxlib.ui.show import finding
from cxlib.ui.tiers import tier_names, tier_rows, tier_table


def columns() -> dict[str, object]:
    """Return how each column of the table is edited."""
    made = {}
    for column in TIERS.columns:
        label, about = _(column.label), _(column.about)
        if column.kind == "integer":
            made[column.name] = st.column_config.NumberColumn(label, help=about, min_value=1, step=1, format="%d")
        elif column.kind == "boolean":
            made[column.name] = st.column_config.CheckboxColumn(label, help=about)
        elif column.kind in ("share", "duration"):
            top = 1.0 if column.kind == "share" else None
            made[column.name] = st.column_config.NumberColumn(label, help=about, min_value=0.0, max_value=top)
        else:
            made[column.name] = st.column_config.TextColumn(label, help=about, disabled=column.name == "tier")
    return made


def save(scope: Scope, edited: pd.DataFrame) -> None:
    """Keep the table as a new version."""
    data = tier_table(edited)
    store().commit(scope.dataset.id, [Incoming(table="tiers", data=data)], who=who(), note=_("Tiers filled in"))


def page(scope: Scope) -> None:
    """Show the tiers and let the reader fill in what only a person knows."""
    tiers = sorted({*results.values_of(scope, "contacts", "tier"), *results.values_of(scope, "customers", "tier")})
    names = tier_names(scope, tiers)
    if not tiers and not names.ranks:
        states.empty(
            _("No tiers here"),
            _("Contacts or customers with a column for the tier bring them; a file of tiers can be imported too."),
        )
        return
    missing = [tier for tier in tiers if tier not in names.ranks]
    if missing:
        finding(
            _("{n} of {all} tiers have no rank yet.", n=len(missing), all=len(tiers)),
            more=_("Ranks are asked for and never guessed from a name: give 1 to the tier that is served first."),
        )
    else:
        finding(_("{first} comes first.", first=", ".join(names.say(tier) for tier in names.first)))
    frozen = scope.dataset.demo
    edited = st.data_editor(
        tier_rows(results.table(scope, "tiers"), tiers),
        column_config=columns(),
        hide_index=True,
        disabled=frozen,
        key=f"tiers:{scope.dataset.id}:{scope.version.number}",
        alt=_("The tiers and what is known of them"),
        placeholder=formats.NOTHING,
    )
    if frozen:
        st.caption(_("The demo cannot be changed; import a file to have a data set of your own."))
    elif st.button(_("Save tiers"), type="primary", icon=":material/save:"):
        save(scope, edited)
        st.rerun()


here = current_scope()
if here is None:
    states.empty(_("Nothing is loaded yet"), _("Import a file to begin."))
else:
    try:
        page(here)
    except CxError as error:
        states.refused(error)
