"""What the page's address carries: language, data set, period and filters, as ids and never as labels.

A parameter that the address brings wins over what the widget showed before; a change of the widget is written
into the address. So a link that is sent on shows its reader the same page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def parameter(name: str) -> str | None:
    """Return a parameter of the address."""
    value: str | None = st.query_params.get(name)
    return value


def keep(name: str, value: str | None) -> None:
    """Write a parameter into the address, or take it out."""
    if value is None:
        if name in st.query_params:
            del st.query_params[name]
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def choice(
    name: str,
    options: Sequence[str],
    *,
    label: str,
    say: Callable[[str], str] = str,
    default: str | None = None,
    look: Literal["select", "segments"] = "select",
    page: str = "",
    help: str | None = None,  # noqa: A002 - the widget's own word
) -> str:
    """Let the reader choose one of `options` (ids) and return it; the address carries it as `name`.

    `say` gives the label of an id, `default` (else the first) is not written into the address, `page` sets the
    choices of one page apart from those of another.
    """
    if not options:
        raise ValueError(name)
    usual = default if default is not None and default in options else options[0]
    widget, seen = f"choice:{page}:{name}", f"seen:{page}:{name}"
    _follow_link(name, widget, seen, options, usual)
    ask: Any = st.segmented_control if look == "segments" else st.selectbox
    more: dict[str, Any] = {"required": True} if look == "segments" else {"width": 240}
    ask(label, options, format_func=say, key=widget, help=help, **more)
    value: str = st.session_state.get(widget) or usual
    linked = None if value == usual else value
    st.session_state[seen] = linked
    st.session_state[f"kept:{page}:{name}"] = linked
    st.session_state[f"usual:{page}:{name}"] = usual
    keep(name, linked)
    return value


def _follow_link(name: str, widget: str, seen: str, options: Sequence[str], usual: str) -> None:
    state = st.session_state
    linked = parameter(name)
    arrived_anew = widget not in state
    if linked in options and (arrived_anew or linked != state.get(seen)):
        state[widget] = linked
    elif arrived_anew:
        before = state.get(widget.replace("choice:", "kept:", 1))
        state[widget] = before if before in options else usual
    elif linked is None and state.get(seen) is not None:
        state[widget] = usual
    unchosen = state[widget] == state.get(widget.replace("choice:", "usual:", 1))
    if unchosen or state[widget] not in options:
        state[widget] = usual


def text(name: str, *, page: str, default: str = "", known: Callable[[str], bool] = lambda _text: True) -> str:
    """Return a parameter that several widgets make together, as the address brings it, else as it was left.

    What `set_text` was given last counts, unless the address has another since.
    """
    state, linked = st.session_state, parameter(name)
    if linked is not None and linked != state.get(f"seen:{page}:{name}") and known(linked):
        return linked
    kept: str = state.get(f"kept:{page}:{name}", default)
    return kept if known(kept) else default


def set_text(name: str, value: str, *, page: str, default: str = "") -> None:
    """Write what the widgets say now into the address; the default is not written."""
    linked = None if value == default else value
    st.session_state[f"kept:{page}:{name}"] = value
    st.session_state[f"seen:{page}:{name}"] = linked
    keep(name, linked)
