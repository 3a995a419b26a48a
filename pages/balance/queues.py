"""Queues: who is passed by whom, what priority costs and does, and which rule is really in force."""

import streamlit as st

from cxlib.errors import CxError
from cxlib.texts import _
from cxlib.ui import (
    balance,
    link,
    queue_effects,
    queue_hours,
    queue_passes,
    queue_rule,
    queue_traps,
    queue_waits,
    results,
    states,
    views,
)
from cxlib.ui.queue_results import Queues
from cxlib.ui.scope import Scope, current_scope
from cxlib.ui.tiers import TierNames


def cost_and_effects(queues: Queues, tiers: TierNames) -> None:
    """Show what priority costs the others, and what goes with being passed."""
    queue_effects.cost(queues, tiers)
    queue_effects.effects(queues)


PARTS = {
    "passing": queue_passes.part,
    "hours": queue_hours.part,
    "rule": queue_rule.part,
    "cost": cost_and_effects,
    "waits": queue_waits.part,
}


def page(scope: Scope) -> None:
    """Choose, state the finding, show the evidence."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scope, where = balance.filters(scope, queues=True)
        says = {results.WITHIN: _("Each queue by itself"), results.ONE_LINE: _("All as one line")}
        pool = link.choice(
            "pool", list(says), label=_("Compare"), say=lambda name: says[name], look="segments", page="queues"
        )
    if not views.at_hand(scope, "queues", pool=pool, **where):
        return
    tiers = balance.tiers_here(scope)
    found = balance.headline(scope, tiers, pool, where)
    told = scope.narrowed(_("Compared"), says[pool]).narrowed(_("Finding"), found.replace("\\", ""))
    queues = Queues(told, where, one_line=pool != results.WITHIN)
    queue_traps.say(queues, tiers)
    titles = {
        "passing": _("Who is passed"),
        "hours": _("Which hour, replayed"),
        "rule": _("The rule in force"),
        "cost": _("What priority costs and does"),
        "waits": _("How long they wait"),
    }
    part = link.choice(
        "part", list(PARTS), label=_("Look at"), say=lambda name: titles[name], look="segments", page="queues"
    )
    PARTS[part](queues, tiers)
    queue_traps.listed(queues, tiers)


here = current_scope()
if here is None or not here.has("contacts"):
    states.empty(
        _("No contacts here"),
        _("A file of contacts brings this page: when each joined the queue, when the wait ended, and how."),
    )
else:
    try:
        page(here)
    except CxError as error:
        states.refused(error)
