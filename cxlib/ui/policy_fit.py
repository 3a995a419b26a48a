"""Whether the simulation may be believed, which rule the log follows, and who is on duty, which one may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from cxlib import charts, formats
from cxlib.errors import CxError
from cxlib.exports.decision_note import value_said
from cxlib.queueing.beside import COMPARED
from cxlib.queueing.roster import read_roster
from cxlib.texts import N_, _
from cxlib.ui import definitions, link, results, states
from cxlib.ui.policy_controls import PAGE, hours_text, staff_asked
from cxlib.ui.policy_look import Look, ticks_of
from cxlib.ui.show import Shown, chart, heading, rows

if TYPE_CHECKING:
    from cxlib.queueing.study import Study

SMALL_CHANGE: Final = 0.01
SHORT: Final = {
    "fcfs": N_("First come"),
    "strict": N_("Strict priority"),
    "head_start": N_("Head start"),
    "reserved": N_("Agents kept"),
}
"""Kinds of rules that a log can tell, in few words."""


def part(look: Look) -> None:
    """Show the simulation beside the log, the rules that it was told from, and those on duty."""
    left, right = st.columns(2, gap="large")
    with left:
        _beside(look)
    with right:
        _candidates(look)
    _beside_rows(look)
    _staff(look)


def _beside(look: Look) -> None:
    indicator = link.choice("compared", list(COMPARED), label=_("Set beside the log"), say=look.indicator, page=PAGE)
    table = look.study.beside.table
    mine = table[table["indicator"] == indicator]
    pairs = {
        look.group(row["class"]): (formats.known(row["observed"]), formats.known(row["simulated"]))
        for row in mine.to_dict("records")
    }
    chart(
        charts.dumbbells(
            pairs,
            names=(_("in the log"), _("simulated")),
            say=value_said(indicator),
            axis=look.with_unit(indicator),
            colours=look.pool.tiers.colours,
            tickformat=ticks_of(indicator),
        ),
        title=_("Today's rule, simulated and observed"),
        definition=_(definitions.SET_BESIDE),
        key="beside",
    )


def _candidates(look: Look) -> None:
    found = look.study.fit.candidates
    if found.empty:
        states.empty(
            _("The rule cannot be told"),
            _("Too few contacts of different tiers waited at the same time: first come, first served is simulated."),
            to_import=False,
        )
        return
    kinds, shares = (found[name].to_list() for name in ("kind", "share"))
    values = {_(SHORT[kind]): formats.known(share) for kind, share in zip(kinds, shares, strict=True)}
    chart(
        charts.bars(
            values,
            say=formats.share,
            axis=_("Pairs served in another order"),
            colours={label: charts.BLUE if i == 0 else charts.MISSING for i, label in enumerate(values)},
            sort=False,
            tickformat=".0%",
        ),
        title=_("Which rule the order of service follows"),
        definition=_(definitions.RULE_FITS),
        key="candidates",
    )


def _beside_rows(look: Look) -> None:
    table = look.study.beside.table
    words = {True: _("met"), False: _("not met")}
    frame = pd.DataFrame(
        {
            "group": [look.group(each) for each in table["class"]],
            "indicator": [look.indicator(each) for each in table["indicator"]],
            "observed": [value_said(i)(v) for i, v in zip(table["indicator"], table["observed"], strict=True)],
            "simulated": [value_said(i)(v) for i, v in zip(table["indicator"], table["simulated"], strict=True)],
            "between": [
                f"{value_said(row['indicator'])(row['low'])} … {value_said(row['indicator'])(row['high'])}"
                for row in table.to_dict("records")
            ],
            "met": [
                words[abs(off) <= 1] if judged else _("not judged")
                for off, judged in zip(table["off"], table["judged"], strict=True)
            ],
            "n": table["n_queued"],
        }
    )
    columns = {
        "group": Shown(_("Tier")),
        "indicator": Shown(_("Indicator")),
        "observed": Shown(_("in the log")),
        "simulated": Shown(_("simulated")),
        "between": Shown(_("95 % interval")),
        "met": Shown(_("Met")),
        "n": Shown(_("In line"), "count"),
    }
    rows(
        frame,
        columns,
        name="simulated_beside_log",
        scope=look.pool.scope,
        key="beside",
        title=_("Simulated beside the log"),
    )


def _staff(look: Look) -> None:
    heading(_("Who is on duty"))
    left, right = st.columns(2, gap="large")
    with left:
        _by_hour(look.study)
    with right:
        _edited(look.study)
        _roster(look)


def _by_hour(study: Study) -> None:
    staff = study.staff
    chart(
        charts.courses(
            {_("On duty"): (list(staff["hour"]), list(staff["agents"]))},
            say=lambda value: formats.number(value, decimals=1),
            x_title=_("Hour of the day"),
            y_title=_("Agents"),
            colours={_("On duty"): charts.BLUE},
            shape="hv",
        ),
        title=_("On duty by hour, from a roster") if study.from_roster else _("On duty by hour, told from the log"),
        definition=_(definitions.ON_DUTY),
        key="staff",
    )


def _edited(study: Study) -> None:
    """Let the reader change how many are on duty by hour, under the rules tried."""
    _agents, hours = staff_asked()
    table = pd.DataFrame(
        {
            "hour": [f"{hour:02d}:00" for hour in study.staff["hour"]],
            "agents": study.staff["agents"].astype(float),
            "change": [hours.get(str(hour), 0.0) for hour in study.staff["hour"]],
        }
    )
    with st.form(f"policies:hours:{hours_text(hours)}", border=False):
        edited = st.data_editor(
            table,
            hide_index=True,
            height=300,
            disabled=["hour", "agents"],
            column_config={
                "hour": st.column_config.TextColumn(_("Hour")),
                "agents": st.column_config.NumberColumn(_("On duty today"), format="%.1f"),
                "change": st.column_config.NumberColumn(_("More or fewer"), step=0.5, format="%.1f"),
            },
        )
        if st.form_submit_button(_("Try rules with these"), icon=":material/groups:"):
            changed = {
                str(hour): float(change)
                for hour, change in zip(study.staff["hour"], edited["change"], strict=True)
                if not pd.isna(change) and abs(change) >= SMALL_CHANGE
            }
            link.set_text("hours", hours_text(changed), page=PAGE)
            st.rerun()


def _roster(look: Look) -> None:
    """Let the reader bring a roster, which then counts instead of what the log tells."""
    held: dict[str, list[list[object]]] = st.session_state.setdefault("policies:rosters", {})
    key = look.pool.scope.dataset.id
    if key in held:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                _(":material/event_note: A roster of {n} counts here.", n=formats.rows(len(held[key]))), width="stretch"
            )
            if st.button(_("Without it"), icon=":material/close:", key="policies:no-roster"):
                del held[key]
                st.rerun()
        return
    with st.popover(_("Bring a roster"), icon=":material/event_note:"):
        st.markdown(
            _(
                "A CSV file or a workbook with the columns `from_at`, `to_at` and `agents`: from when to when how many "
                "were on duty for this queue. Rows of the same time add up; times without a zone are those of the data."
            )
        )
        sent = st.file_uploader(_("Roster"), type=["csv", "tsv", "txt", "xlsx"], key="policies:roster")
        if sent is not None:
            try:
                held[key] = read_roster(sent.getvalue(), zone=results.zone(look.pool.scope))
            except CxError as error:
                states.refused(error)
            else:
                st.rerun()
