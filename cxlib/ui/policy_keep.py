"""Scenarios by name, and the decision note on the reader's rule."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.exports.decision_note import decision_note
from cxlib.queueing.promises import kept
from cxlib.texts import LANGUAGES, _, language, speaking
from cxlib.ui import link, results, states
from cxlib.ui.policy_promises import promises_asked
from cxlib.ui.safe import safe
from cxlib.ui.session import store, who
from cxlib.ui.tiers import tier_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxlib.queueing.promises import Promise
    from cxlib.store import Saved
    from cxlib.ui.policy_look import Look
    from cxlib.ui.tiers import TierNames

PAGE: Final = "policies"
KIND: Final = "scenario"
TEXTS: Final = {"rule": "", "agents": "0", "hours": "", "promises": ""}
"""What a scenario holds of the address, with what is not written there."""


def bar(look: Look) -> None:
    """Offer the note, keeping this scenario, and those that were kept."""
    with st.container(horizontal=True, vertical_alignment="center", key="policies-keep"):
        _note(look)
        _keep(look)
        _kept(look)


def place_said(look: Look) -> str:
    """Return which contacts it is about, in the reader's words."""
    where = [value for name, value in look.pool.where.items() if name != "month" and value != results.ALL]
    return formats.listed(where) if where else _("All as one line")


def note_bytes(look: Look, promises: Sequence[Promise], said: str) -> bytes:
    """Return the decision note in a language; it is made outside the page's run."""
    with speaking(said):
        tiers = tier_names(look.pool.scope, look.pool.tiers.order)
        there = _in_language(look, tiers)
        promised = kept(look.runs, look.mine.rule, promises) if promises else None
        scope = [*look.pool.scope.lines()[:2], *_chosen(look), *look.pool.scope.lines()[-2:]]
        return decision_note(there.decision(place_said(there), promised), scope=scope)


def _in_language(look: Look, tiers: TierNames) -> Look:
    return replace(look, pool=replace(look.pool, tiers=tiers))


def _chosen(look: Look) -> list[tuple[str, str]]:
    """Return the filters of the page in the language in force."""
    month = look.pool.where.get("month", results.ALL)
    return [
        (_("Period"), _("All") if month == results.ALL else formats.month(month)),
        (_("Queue"), place_said(look)),
        (_("Served in time within"), formats.seconds(look.sla_s)),
        (_("Repetitions"), formats.number(look.runs.replications)),
    ]


def _note(look: Look) -> None:
    mine, promises = language(), promises_asked(look)
    name = re.sub(r"[^\w]+", "_", f"{place_said(look)}_{look.mine.rule}").strip("_").lower()
    for said in (mine, *(each for each in LANGUAGES if each != mine)):
        with speaking(said):
            label = _("Decision note")
        st.download_button(
            label,
            data=lambda said=said: note_bytes(look, promises, said),
            file_name=f"decision_{name}_{said.split('_')[0]}.html",
            mime="text/html",
            type="primary" if said == mine else "secondary",
            icon=":material/description:",
            key=f"policies:note:{said}",
            on_click="ignore",
        )


def _keep(look: Look) -> None:
    with st.popover(_("Keep as scenario"), icon=":material/bookmark_add:"):
        name = st.text_input(_("Name of the scenario"), key="scenario:name", max_chars=80)
        if st.button(_("Keep"), key="scenario:keep", type="primary", disabled=not name.strip()):
            try:
                saved = store().save_as(look.pool.scope.dataset.id, KIND, name, record=_record(look), who=who())
            except CxError as error:
                states.refused(error)
            else:
                st.success(_("Kept as {name}.", name=safe(saved.name)))


def _record(look: Look) -> dict[str, Any]:
    texts = {name: link.text(name, page=PAGE, default=usual) for name, usual in TEXTS.items()}
    return {
        "where": dict(look.pool.where),
        **texts,
        "rule": look.mine.rule,
        "roster": look.pool.roster or [],
    }


def _kept(look: Look) -> None:
    found = store().saved(look.pool.scope.dataset.id, KIND)
    if not found:
        return
    with st.popover(_("Scenarios ({n})", n=len(found)), icon=":material/bookmarks:"):
        for each in found:
            with st.container(horizontal=True, vertical_alignment="center"):
                when = formats.instant(each.created_at, results.zone(look.pool.scope))
                st.markdown(f"**{safe(each.name)}**  \n{safe(f'{when}, {each.who}')}", width="stretch")
                st.button(
                    _("Open"),
                    key=f"scenario:open:{each.number}",
                    on_click=_open,
                    args=(look.pool.scope.dataset.id, each),
                )
                st.button(
                    _("Remove"),
                    key=f"scenario:remove:{each.number}",
                    type="tertiary",
                    icon=":material/delete:",
                    on_click=_remove,
                    args=(look.pool.scope.dataset.id, each.number),
                )


def _open(dataset_id: str, saved: Saved) -> None:
    """Have the page show a scenario: its queue and period, its rule, staff and promises."""
    record = saved.record
    for name, usual in TEXTS.items():
        link.set_text(name, str(record.get(name, usual)), page=PAGE, default=usual)
    for name, value in record.get("where", {}).items():
        link.keep(name, str(value))
    rosters = st.session_state.setdefault("policies:rosters", {})
    rosters.pop(dataset_id, None)
    if record.get("roster"):
        rosters[dataset_id] = record["roster"]
    st.session_state["policies:whole"] = True


def _remove(dataset_id: str, number: int) -> None:
    store().remove_saved(dataset_id, KIND, number)
