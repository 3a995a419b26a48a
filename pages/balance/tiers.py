"""Tiers: what each one is called, which comes first, and what it was promised."""

import pandas as pd
import pyarrow as pa
import streamlit as st

from cxlib.errors import CxError
from cxlib.store import Incoming
from cxlib.tables import TIERS
from cxlib.texts import _
from cxlib.ui import results, states
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.session import store, who
from cxlib.ui.show import finding
from cxlib.ui.tiers import tier_names

KINDS = {"rank": pa.int64(), "courtesy": pa.bool_(), "promise_share": pa.float64(), "promise_wait_s": pa.float64()}


def editable(scope: Scope, tiers: list[str]) -> pd.DataFrame:
    """Return one row per tier met in the data, with what is known of it."""
    known = results.table(scope, "tiers")
    frame = known.to_pandas() if known is not None else pd.DataFrame({"tier": pd.Series([], dtype="str")})
    met = pd.DataFrame({"tier": [tier for tier in tiers if tier not in set(frame["tier"])]}, dtype="str")
    return pd.concat([frame, met], ignore_index=True).reindex(columns=list(TIERS.names))


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
    ranked = edited.dropna(subset=["rank"])
    kinds = [(name, KINDS.get(name, pa.string())) for name in TIERS.names]
    data = pa.Table.from_pandas(ranked.astype({"rank": "int64"}), schema=pa.schema(kinds), preserve_index=False)
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
        editable(scope, tiers),
        column_config=columns(),
        hide_index=True,
        disabled=frozen,
        key=f"tiers:{scope.dataset.id}:{scope.version.number}",
        alt=_("The tiers and what is known of them"),
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
