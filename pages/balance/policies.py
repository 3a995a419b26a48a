"""Policies: which rule keeps the promise and hurts least, told from the queue's own log."""

import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.exports.decision_note import change_sentence
from cxlib.queueing.beside import REASONS, VERDICTS
from cxlib.queueing.report import caution_said, fit_said
from cxlib.texts import _, sentences
from cxlib.ui import (
    balance,
    link,
    policy_controls,
    policy_fit,
    policy_keep,
    policy_pair,
    policy_promises,
    policy_rules,
    policy_sizing,
    policy_tasks,
    results,
    states,
)
from cxlib.ui.fragments import fragment
from cxlib.ui.policy_controls import PAGE, Mine
from cxlib.ui.policy_look import Look
from cxlib.ui.policy_tasks import Pool
from cxlib.ui.safe import safe
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.show import finding
from cxlib.ui.sitemap import link_to

PARTS = {
    "rules": policy_rules.part,
    "pair": policy_pair.part,
    "promises": policy_promises.part,
    "fit": policy_fit.part,
    "sizing": policy_sizing.part,
}

LACKING = ("no_service_times", "no_contacts_there", "no_classes")
"""Errors that only say that the file has too little for this page."""


def page(scope: Scope) -> None:
    """Choose a queue, and show what other rules would do to it."""
    where = filters(scope)
    tiers = balance.tiers_here(scope)
    if not tiers.ranked:
        states.empty(
            _("Which tier comes first is not known yet."),
            _("Rules tell tiers apart: give each tier a rank, then they can be tried here."),
            to_import=False,
        )
        link_to("tiers", label=_("Rank the tiers"))
        return
    for label, name in ((_("Queue"), "queue"), (_("Location"), "location"), (_("Period"), "month")):
        value = where.get(name, results.ALL)
        said = formats.month(value) if name == "month" and value != results.ALL else value
        if name in where:
            scope = scope.narrowed(label, _("All") if value == results.ALL else said)
    n = policy_tasks.contacts_there(scope, where)
    if not n:
        states.empty(_("No contacts here"), _("Choose another queue or another period."), to_import=False)
        return
    body(Pool(scope=balance.with_settings(scope), tiers=tiers, where=where, contacts=n))


def filters(scope: Scope) -> dict[str, str]:
    """Let the reader choose the queue, its location where there are several, and the period."""
    months = results.contact_months(scope)
    where: dict[str, str] = {}

    def said(value: str) -> str:
        return _("All as one line") if value == results.ALL else value

    with st.container(horizontal=True, vertical_alignment="bottom"):
        queues = results.values_of(scope, "contacts", "queue")
        if queues:
            usual = policy_tasks.busiest(scope)
            where["queue"] = link.choice(
                "queue", [results.ALL, *queues], label=_("Queue"), say=said, default=usual, page=PAGE
            )
        places = policy_tasks.locations(scope, where)
        if len(places) > 1:
            where["location"] = link.choice(
                "location", [results.ALL, *places], label=_("Location"), say=said, default=places[0], page=PAGE
            )
        where["month"] = link.choice(
            "month",
            [results.ALL, *reversed(months)],
            label=_("Period"),
            say=lambda month: _("All") if month == results.ALL else formats.month(month),
            page="balance",
        )
    return where


@fragment
def body(pool: Pool) -> None:
    """Show what was found, the reader's rule, and the part chosen."""
    if st.session_state.pop("policies:whole", False):
        st.rerun()  # a scenario was opened: the filters above follow it
    try:
        shown(pool)
    except CxError as error:
        if error.code in LACKING:
            states.empty(safe(error.said), safe(error.hint))
        else:
            states.refused(error)


def shown(pool: Pool) -> None:
    """Work out the study, then draw."""
    agents, hours = policy_controls.staff_asked()
    roster = st.session_state.get("policies:rosters", {}).get(pool.scope.dataset.id)
    pool = Pool(scope=pool.scope, tiers=pool.tiers, where=pool.where, contacts=pool.contacts, roster=roster)
    pool = pool.with_staff(agents, hours)
    study = pool.study()
    if study is None:
        return
    head = st.container()
    with st.container(border=True, key="own-rule"):
        rule = policy_controls.own_rule(study, pool.tiers)
        runs = pool.tried(study, rule)
        if runs is None:
            return
        look = Look(pool=pool, study=study, runs=runs, mine=Mine(rule, agents, hours))
        policy_keep.bar(look)
    with head:
        headline(look)
    titles = {
        "rules": _("Which rule hurts least"),
        "pair": _("Two rules side by side"),
        "promises": _("Promises"),
        "fit": _("Fit and staff"),
        "sizing": _("How many agents"),
    }
    part = link.choice(
        "part", list(PARTS), label=_("Look at"), say=lambda name: titles[name], look="segments", page=PAGE
    )
    PARTS[part](look)


def headline(look: Look) -> None:
    """Say first where the simulation is not to be believed, then what the reader's rule would change."""
    study, say = look.study, look.pool.tiers.say
    verdict = _("{said}.", said=_(VERDICTS[study.beside.verdict]))
    reasons = [_(REASONS[each]) for each in study.beside.reasons]
    if study.beside.verdict == "poor":
        st.error(sentences(verdict, *reasons), icon=":material/error:")
    elif study.beside.verdict == "fair":
        states.note(sentences(verdict, *reasons))
    text = change_sentence(look.decision(policy_keep.place_said(look), None))
    basis = _(
        "{contacts} contacts on {days} days, load {load}.",
        contacts=formats.number(study.contacts),
        days=study.days,
        load=formats.share(study.load, decimals=0),
    )
    good = verdict if study.beside.verdict == "good" else ""
    finding(safe(text), more=sentences(safe(fit_said(study.fit, look.order, say)), safe(good), safe(basis)))
    if study.cautions:
        with st.popover(_("Mind when reading"), type="tertiary", icon=":material/info:"):
            st.markdown("\n".join(f"- {safe(caution_said(each, say))}" for each in study.cautions))


here = current_scope()
if here is None or not here.has("contacts"):
    states.empty(
        _("No contacts here"),
        _(
            "A file of contacts brings this page: when each joined the queue, when the wait ended, how, and when the "
            "service ended."
        ),
    )
else:
    try:
        page(here)
    except CxError as error:
        states.refused(error)
