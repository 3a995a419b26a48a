"""The parts of the page of tiers: substance, needs, names, and the form that is filled in."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

import streamlit as st

from cxlib import charts, formats
from cxlib.fairness.substance import VERDICTS
from cxlib.store import Incoming, Settings
from cxlib.tables import TIERS
from cxlib.texts import N_, _
from cxlib.ui import balance, definitions, link, results, substance, views
from cxlib.ui.fragments import fragment
from cxlib.ui.margin_parts import margin_chart, verdict_columns, verdict_rows, with_margins
from cxlib.ui.session import store, who
from cxlib.ui.show import Shown, chart, heading, rows, two_a_row
from cxlib.ui.sitemap import link_to
from cxlib.ui.tiers import renamed, tier_rows, tier_table

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.ui.scope import Scope
    from cxlib.ui.tiers import TierNames

KINDS: Final = {"tier": N_("Tier"), "queue": N_("Queue"), "plan": N_("Plan")}
EACH_QUEUE: Final = "queue"
LATE_S: Final = 5.0
SETTLE_S: Final = 0.6
"""How long after the button was pressed the last cell may come in."""
_PRESSED: Final = "tiers:save-pressed"


def steps(scope: Scope, tiers: TierNames, table: pd.DataFrame, where: dict[str, str]) -> None:
    """Show for each pair of neighbouring tiers by how much the upper one is better off, outcome by outcome."""
    heading(_("Substance, step by step"))
    sla_s = scope.settings.sla_s
    groups = list(table.groupby(["tier", "next_tier"], sort=False))
    for i, (place, ((tier, other), part)) in enumerate(zip(two_a_row(len(groups)), groups, strict=True)):
        with place:
            chart(
                margin_chart(part, words=VERDICTS, sla_s=sla_s, colour=tiers.colours[tiers.say(tier)]),
                title=_("{group} beside {other}", group=tiers.say(tier), other=tiers.say(other)),
                definition=_(definitions.SUBSTANCE),
                key=f"step-{i}",
            )
    rows(
        verdict_rows(table, words=VERDICTS, say=lambda _by, value: tiers.say(value), sla_s=sla_s),
        verdict_columns(table),
        name="substance",
        scope=with_margins(scope),
        key="substance",
        title=_("Substance, step by step"),
    )
    if "queue" in results.columns_of(scope, "contacts"):
        by_queue(scope, tiers, where)


@fragment
def by_queue(scope: Scope, tiers: TierNames, where: dict[str, str]) -> None:
    """Show the same for each queue by itself, when asked for."""
    per = link.choice(
        "per",
        [results.ALL, EACH_QUEUE],
        label=_("Judged"),
        say=lambda each: _("each queue by itself") if each == EACH_QUEUE else _("all queues together"),
        look="segments",
        page="tiers",
    )
    if per != EACH_QUEUE or not views.at_hand(scope, "tiers_by_queue", **where):
        return
    table = substance.of_tiers(scope, per=EACH_QUEUE, **where)
    if table is None:
        st.caption(_("No queue has two ranked tiers."))
        return
    st.markdown(substance.reversed_said(table, tiers) or _("In no queue does a tier get less than the next one."))
    words = verdict_rows(table, words=VERDICTS, say=lambda _by, value: tiers.say(value), sla_s=scope.settings.sla_s)
    index = ["queue", "tier", "next_tier"]
    wide = words.pivot_table(index=index, columns="outcome", values="said", aggfunc="first", sort=False).reset_index()
    columns = {"queue": Shown(_("Queue")), "tier": Shown(_("Group")), "next_tier": Shown(_("Beside"))}
    columns |= {name: Shown(name) for name in dict.fromkeys(words["outcome"])}
    rows(wide, columns, name="substance_by_queue", scope=with_margins(scope), key="by-queue-wide", folded=False)
    rows(
        words,
        verdict_columns(table, {"queue": _("Queue")}),
        name="substance_by_queue_all",
        scope=with_margins(scope),
        key="by-queue",
        title=_("Each queue by itself, with intervals"),
    )


def needs(scope: Scope, where: dict[str, str]) -> None:
    """Show whether priority for the elderly and disabled shows in their waits."""
    heading(_("Does priority for those in need show?"))
    table = substance.of_needs(scope, **where)
    if table is None:
        st.caption(_("A column for the need of contacts or customers, with some who have none, would tell."))
        return
    st.markdown(substance.needs_said(table, balance.say_segment))
    groups = list(table.groupby("group", sort=False))
    for i, (place, (need, part)) in enumerate(zip(two_a_row(len(groups)), groups, strict=True)):
        with place:
            chart(
                margin_chart(part, words=VERDICTS, sla_s=scope.settings.sla_s, colour=charts.BLUE),
                title=_("{group} beside {other}", group=balance.say_segment(need), other=balance.say_segment("none")),
                definition=_(definitions.SUBSTANCE),
                key=f"need-{i}",
            )
    rows(
        verdict_rows(
            table, words=VERDICTS, say=lambda _by, value: balance.say_segment(value), sla_s=scope.settings.sla_s
        ),
        verdict_columns(table),
        name="needs",
        scope=with_margins(scope),
        key="needs",
        title=_("Does priority for those in need show?"),
    )


def names(scope: Scope) -> None:
    """Show which names tell customers their rank, with neutral ones instead."""
    found = substance.labels(scope)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("### " + _("Names"), width="stretch")
        with st.popover(_("Definition"), type="tertiary", icon=":material/menu_book:", key="definition:labels"):
            st.markdown(_(definitions.LABELS))
    st.markdown(substance.labels_said(found))
    if not found.empty:
        columns = {
            "name": Shown(_("Name")),
            "kind": Shown(_("Of a")),
            "word": Shown(_("Status word")),
            "shown": Shown(_("Seen on charts"), "boolean"),
            "suggestion_en": Shown(_("Neutral name (English)")),
            "suggestion_zh": Shown(_("Neutral name (Chinese)")),
        }
        listed = found.assign(kind=[_(KINDS[kind]) for kind in found["kind"]])
        rows(listed, columns, name="labels", scope=scope, key="labels", folded=False)
    _take_suggestions(scope, found)
    _words(scope)


def _take_suggestions(scope: Scope, found: pd.DataFrame) -> None:
    """Offer to give tiers whose shown name holds a status word the neutral names."""
    tiers = found[(found["kind"] == "tier") & found["shown"] & found["suggestion_en"].notna()]
    known = results.table(scope, "tiers")
    if tiers.empty or known is None or scope.dataset.demo:
        return
    if st.button(_("Take the neutral names for tiers"), icon=":material/label:", key="take-names"):
        data = tier_table(renamed(tier_rows(known, ()), tiers))
        store().commit(scope.dataset.id, [Incoming(table="tiers", data=data)], who=who(), note=_("Neutral names taken"))
        st.rerun()


def _words(scope: Scope) -> None:
    """Let the reader change the status words of the data set."""
    with st.popover(_("Status words"), icon=":material/edit:"), st.form("status-words", border=False):
        text = st.text_area(
            _("Words that sound like status"),
            ", ".join(scope.settings.status_words),
            help=_("Tiers, queues and plans with such a word in their name get a suggestion for a neutral one."),
        )
        saved = st.form_submit_button(_("Save words"), icon=":material/save:", disabled=scope.dataset.demo)
        if scope.dataset.demo:
            st.caption(_("The demo cannot be changed; import a file to have a data set of your own."))
    if saved:
        listed = tuple(word.strip() for word in text.replace("，", ",").replace("、", ",").split(",") if word.strip())
        values = {**scope.settings.as_dict(), "status_words": listed}
        store().save_settings(scope.dataset.id, Settings.from_dict(values), who=who())
        st.rerun()


def form(scope: Scope, tiers: list[str]) -> None:
    """Let the reader fill in what only a person knows; it is kept as a new version."""
    heading(_("Ranks, names and promises"))
    frozen = scope.dataset.demo
    before = tier_rows(results.table(scope, "tiers"), tiers)
    edited = st.data_editor(
        before,
        column_config=_columns(),
        hide_index=True,
        disabled=frozen,
        key=f"tiers:{scope.dataset.id}:{scope.version.number}",
        alt=_("The tiers and what is known of them"),
        placeholder=formats.NOTHING,
    )
    if frozen:
        st.caption(_("The demo cannot be changed; import a file to have a data set of your own."))
        return
    st.button(
        _("Save tiers"), type="primary", icon=":material/save:", key="save-tiers", on_click=_note_that_save_was_pressed
    )
    data = tier_table(edited)
    changed = not data.equals(tier_table(before))
    if changed and _just_pressed():
        with st.spinner(_("Saving …")):
            time.sleep(SETTLE_S)  # a cell that is still on its way begins the run anew here, and is then kept too
        del st.session_state[_PRESSED]
        store().commit(scope.dataset.id, [Incoming(table="tiers", data=data)], who=who(), note=_("Tiers filled in"))
        st.rerun()
    if changed:
        st.caption(_("Not saved yet."))
    st.caption(_("Saving makes a new version; it can be undone under Data sets."))
    link_to("data_sets", label=_("History and undo"))


def _note_that_save_was_pressed() -> None:
    st.session_state[_PRESSED] = time.monotonic()


def _just_pressed() -> bool:
    """Whether saving was asked for a moment ago.

    The browser sends the last cell a little after a quick click, which may even stop the run of the click.
    """
    return bool(time.monotonic() - st.session_state.get(_PRESSED, -math.inf) < LATE_S)


def _columns() -> dict[str, object]:
    """Return how each column of the table is edited."""
    made: dict[str, object] = {}
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
