"""The store, and the data set that the reader looks at."""

from __future__ import annotations

import gc
import threading
from typing import Final

import streamlit as st

from cxlib.store import DataSet, Store, default_root
from cxlib.texts import _
from cxlib.ui import link


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """Return the one store of this server."""
    return Store(default_root())


def who() -> str:
    """Return the name under which this browser's changes are recorded."""
    return str(st.session_state.get("who") or "local")


def choose_dataset() -> DataSet | None:
    """Let the reader choose a data set, in the sidebar; the address carries it as ``data``.

    Without a choice it is the own data set that was changed last, else the demo.
    """
    sets = {each.id: each for each in store().datasets()}
    if not sets:
        return None
    own = [each.id for each in sets.values() if not each.demo]
    usual = own[-1] if own else next(iter(sets))
    linked, kept = link.parameter("data"), st.session_state.get("dataset")
    if linked is not None and linked not in sets:
        st.warning(_("The link names a data set that is not here; another one is shown."))
    current = next(name for name in (linked, kept, usual) if name in sets)
    st.session_state["dataset"] = current
    st.session_state["dataset_switch"] = current
    st.selectbox(
        _("Data set"),
        list(sets),
        format_func=lambda name: _("Demo") if sets[name].demo else sets[name].name,
        key="dataset_switch",
        on_change=_switched,
    )
    link.keep("data", current)
    chosen: DataSet = sets[current]
    return chosen


def show_dataset(dataset_id: str) -> None:
    """Turn all pages to another data set from the next run on."""
    st.session_state["dataset"] = dataset_id
    link.keep("data", dataset_id)


def _switched() -> None:
    show_dataset(st.session_state["dataset_switch"])


FIRST_PAGE_S: Final = 6
"""The first page is drawn before anything else takes the processor."""


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Load kernels and prepare results in the background, once per server, so that no reader waits for them."""
    stay()
    thread = threading.Timer(FIRST_PAGE_S, _warm)
    thread.daemon = True
    thread.start()
    return thread


def _warm() -> None:
    from cxlib.ui.prepare import prepare_all  # noqa: PLC0415 - what these import is what they load in the background
    from cxlib.warm import warm  # noqa: PLC0415

    warm()
    stay()
    prepare_all()
    stay()


def stay() -> None:
    """Take what is loaded by now for something that stays as long as the server.

    Streamlit collects garbage after every run of a page, and looking through all that libraries hold would take two
    thirds of a click.
    """
    gc.collect()
    gc.freeze()
