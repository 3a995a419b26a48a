"""The filters of the page about plan fit: three in sight, the others at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cxlib import formats
from cxlib.texts import _, ngettext
from cxlib.ui import customers, link, results
from cxlib.ui.fit_rows import NO_TIER, Chosen
from cxlib.ui.matching import say_direction
from cxlib.ui.safe import safe
from cxlib.ui.tiers import tier_names

if TYPE_CHECKING:
    from cxlib.ui.scope import Scope


def choose(scope: Scope) -> tuple[Chosen, Scope]:
    """Let the reader choose; return the choice, and the scope narrowed by it."""
    months = results.usage_months(scope)
    every = {results.ALL: _("All")}
    ways = every | {way: say_direction(way) for way in ("under_provisioned", "over_provisioned", "sideways")}
    tiers = every | _tiers(scope)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        month = link.choice(
            "month", list(reversed(months)), label=_("At the end of"), say=formats.month, page="matching"
        )
        way = link.choice("way", list(ways), label=_("Direction"), say=lambda each: ways[each], page="matching")
        tier = results.ALL
        if len(tiers) > 1:
            tier = link.choice("tier", list(tiers), label=_("Tier"), say=lambda each: tiers[each], page="matching")
        with st.popover(_("More filters"), icon=":material/tune:"):
            more = _more()
    chosen = Chosen(month=month, way=way, tier=tier, **{name: value for name, (value, _said) in more.items()})
    narrowed = scope.narrowed(_("At the end of"), formats.month(month)).narrowed(_("Direction"), ways[way])
    if len(tiers) > 1:
        narrowed = narrowed.narrowed(_("Tier"), tiers[tier])
    for _value, said in more.values():
        narrowed = narrowed.narrowed(*said)
    return chosen, _with_left_out(narrowed)


def said_left_out(scope: Scope) -> None:
    """Say for how many customers months are left out, so that nobody wonders at the numbers."""
    out = customers.all_left_out(scope)
    if out:
        st.caption(
            ngettext(
                "Months are left out for {count} customer: {who}.",
                "Months are left out for {count} customers: {who}.",
                len(out),
                count=formats.number(len(out)),
                who=safe(_who(out)),
            )
        )


def _more() -> dict[str, tuple[str, tuple[str, str]]]:
    """Return the choices of the popover: by name, the id and what the scope says of it."""
    every = {results.ALL: _("All")}
    asked = {
        "absent": (
            _("Months without usage"),
            {results.MISSING: _("Break the run"), "zero": _("Count as no usage")},
            _("Counting as no usage bills the fee for every month of the file from joining to leaving."),
        ),
        "status": (_("Flag"), every | {"new": _("new"), "standing": _("stood before")}, None),
        "sure": (
            _("How sure"),
            every | {"strong": _("strong"), "likely": _("likely"), "unsure": _("unsure")},
            _("How probable it is that the advised plan saves; filters the list."),
        ),
    }
    found = {}
    for name, (label, options, about) in asked.items():
        value = link.choice(name, list(options), label=label, say=options.__getitem__, page="matching", help=about)
        found[name] = (value, (label, options[value]))
    return found


def _tiers(scope: Scope) -> dict[str, str]:
    tiers = results.values_of(scope, "customers", "tier")
    names = tier_names(scope, tiers)
    found = {str(tier): names.say(tier) for tier in names.sorted(tiers)}
    return found | {NO_TIER: names.say(None)} if found else {}


def _with_left_out(scope: Scope) -> Scope:
    out = customers.all_left_out(scope)
    return scope.narrowed(_("Months left out"), _who(out)) if out else scope


def _who(out: dict[str, tuple[str, ...]]) -> str:
    return "; ".join(f"{who}: {formats.listed(map(formats.month, months))}" for who, months in sorted(out.items()))
