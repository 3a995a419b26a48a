"""Data sets: what is loaded, from where, by whom; undo; settings."""

import pandas as pd
import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.store import SETTING_FIELDS, Settings
from cxlib.tables import TABLES
from cxlib.texts import _, ngettext
from cxlib.ui import states
from cxlib.ui.safe import safe
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.session import store, who
from cxlib.ui.show import Shown, finding, heading, rows
from cxlib.ui.versions import deletion, tombstones, undo, versions


def loaded(scope: Scope) -> None:
    """Show the tables of the current version."""
    files = scope.version.tables
    finding(
        ngettext(
            "{name} holds {n} table, {rows} rows in all.",
            "{name} holds {n} tables, {rows} rows in all.",
            len(files),
            name=_("The demo") if scope.dataset.demo else safe(scope.dataset.name),
            rows=formats.number(sum(file.rows for file in files.values())),
        ),
        more=_(
            "Version {n}, {when} UTC, by {who}.",
            n=scope.version.number,
            when=formats.instant(scope.version.created_at),
            who=safe(scope.version.who),
        ),
    )
    frame = pd.DataFrame(
        {
            "table": [_(TABLES[name].title) if name in TABLES else name for name in files],
            "rows": [file.rows for file in files.values()],
            "columns": [", ".join(file.columns) for file in files.values()],
            "size": [formats.size(file.bytes) for file in files.values()],
        }
    )
    shown = {
        "table": Shown(_("Table")),
        "rows": Shown(_("Rows"), "count"),
        "size": Shown(_("Size")),
        "columns": Shown(_("Columns")),
    }
    rows(frame, shown, name="tables", scope=scope, key="tables", folded=False)


def history(scope: Scope) -> None:
    """Show every version with what came in, and offer to undo the last change."""
    heading(_("History"))
    if not scope.dataset.demo:
        undo(scope.dataset, scope.version)
    versions(scope.dataset)


def settings(scope: Scope) -> None:
    """Let the reader change the settings that change a number."""
    heading(_("Settings that change a number"))
    numbers = [field for field in SETTING_FIELDS if field.name != "status_words"]
    values = {field.name: getattr(scope.settings, field.name) for field in numbers}
    with st.form("settings", border=True):
        with st.grid(4, min_column_width=200):
            for field in numbers:
                kind = int if field.whole else float
                values[field.name] = st.number_input(
                    _("{label}, seconds", label=_(field.label)) if field.unit == "s" else _(field.label),
                    min_value=kind(field.minimum),
                    max_value=kind(field.maximum) if field.maximum != float("inf") else None,
                    value=kind(values[field.name]),
                    step=kind(1) if field.whole or field.maximum > 1 else 0.01,
                    help=_(field.about),
                    key=f"setting:{field.name}",
                )
        words = st.text_area(
            _("Words that sound like status"),
            ", ".join(scope.settings.status_words),
            help=_("Tiers, queues and plans with such a word in their name get a suggestion for a neutral one."),
        )
        saved = st.form_submit_button(_("Save settings"), icon=":material/save:", disabled=scope.dataset.demo)
    if scope.dataset.demo:
        st.caption(_("The demo cannot be changed; import a file to have a data set of your own."))
    if saved:
        listed = tuple(word.strip() for word in words.replace("，", ",").replace("、", ",").split(",") if word.strip())
        store().save_settings(scope.dataset.id, Settings(**values, status_words=listed), who=who())
        st.rerun()


def manage(scope: Scope) -> None:
    """Rename, delete, and the name under which changes are recorded."""
    heading(_("Manage"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = _("Your name, recorded with your changes")
        st.text_input(label, key="who", placeholder="local", width=280, persist_state="session")
        if scope.dataset.demo:
            return
        name = st.text_input(_("Name of the data set"), scope.dataset.name, width=280)
        if st.button(_("Rename")) and name.strip():
            store().rename(scope.dataset.id, name.strip(), who=who())
            st.rerun()
        deletion(scope.dataset)


here = current_scope()
if here is None:
    states.empty(_("Nothing is loaded yet"), _("Import a file to begin."))
else:
    try:
        loaded(here)
        history(here)
        settings(here)
        manage(here)
        tombstones()
    except CxError as error:
        states.refused(error)
