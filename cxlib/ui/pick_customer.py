"""Finding one customer among very many: typed, linked, or the one who loses most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from cxlib import formats
from cxlib.matching import customer_view
from cxlib.texts import _
from cxlib.ui import customers, link, states
from cxlib.ui.safe import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxlib.ui.scope import Scope

SHOWN: Final = 12
"""Matches of a search that are offered at once."""
CUSTOMER: Final = "customer"
LEFT_OUT: Final = "out"


def pick(scope: Scope, usual: str | None) -> str | None:
    """Let the reader find a customer by typing, and return its id; the address carries it as ``customer``.

    Without a choice it is `usual`. Only the first matches are offered, however many customers there are.
    """
    st.text_input(
        _("Find a customer"),
        key="customer_search",
        placeholder=_("number, or a part of it"),
        icon=":material/search:",
        width=260,
        on_change=_searched,
        args=(scope,),
    )
    kept = st.session_state.get("customer_of") == scope.dataset.id and st.session_state.get(CUSTOMER)
    current = link.parameter(CUSTOMER) or kept or usual
    _turn_to(scope, current)
    return current


def offer_matches(scope: Scope) -> None:
    """Show what a search found where it found not just one."""
    typed = (st.session_state.get("customer_search") or "").strip()
    if not typed:
        return
    found, n = customer_view.find_customers(customers.customer_ids(scope), typed, most=SHOWN)
    if not found:
        states.note(_("No customer has {text} in its number.", text=safe(typed)))
        return
    label = _("The first {shown} of {n} that match", shown=len(found), n=formats.number(n))
    st.pills(
        label if n > len(found) else _("{n} that match", n=n),
        found,
        key="customer_match",
        on_change=_matched,
        args=(scope,),
    )


def months_left_out(scope: Scope, customer_id: str, months: Sequence[str]) -> tuple[str, ...]:
    """Let the reader leave months out of what is said of this customer; the address carries them as ``out``."""
    state, key = st.session_state, f"left_out:{scope.dataset.id}:{customer_id}"
    linked = link.parameter(LEFT_OUT)
    if linked is not None and (customer_id, linked) != state.get("seen_out"):
        customers.leave_out(scope, customer_id, [month for month in linked.split(".") if month in months])
        state.pop(key, None)
    chosen = [month for month in customers.months_left_out(scope, customer_id) if month in months]
    if key not in state:
        state[key] = chosen
    st.multiselect(
        _("Months to leave out"),
        list(reversed(months)),
        format_func=formats.month,
        key=key,
        placeholder=_("none"),
        help=_("Flag, advice and bills of this customer are then reckoned without them, here and in exports."),
        on_change=_left_out,
        args=(scope, customer_id, key),
        width=320,
    )
    written = ".".join(chosen) or None
    state["seen_out"] = (customer_id, written)
    link.keep(LEFT_OUT, written)
    return tuple(chosen)


def _left_out(scope: Scope, customer_id: str, key: str) -> None:
    customers.leave_out(scope, customer_id, st.session_state[key])
    written = ".".join(customers.months_left_out(scope, customer_id)) or None
    st.session_state["seen_out"] = (customer_id, written)
    link.keep(LEFT_OUT, written)


def _searched(scope: Scope) -> None:
    typed = (st.session_state.get("customer_search") or "").strip()
    if typed:
        found, n = customer_view.find_customers(customers.customer_ids(scope), typed, most=SHOWN)
        if n == 1 or typed in found:
            _choose(scope, found[0])


def _matched(scope: Scope) -> None:
    if st.session_state.get("customer_match"):
        _choose(scope, st.session_state["customer_match"])


def _choose(scope: Scope, customer_id: str) -> None:
    link.keep(CUSTOMER, customer_id)
    link.keep(LEFT_OUT, None)
    _turn_to(scope, customer_id)
    st.session_state["customer_search"] = ""
    st.session_state.pop("customer_match", None)


def _turn_to(scope: Scope, customer_id: str | None) -> None:
    st.session_state[CUSTOMER], st.session_state["customer_of"] = customer_id, scope.dataset.id
    link.keep(CUSTOMER, customer_id)
