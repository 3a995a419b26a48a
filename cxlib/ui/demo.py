"""The demo data set for who has nothing loaded yet."""

from __future__ import annotations

import streamlit as st

from cxlib.demo import install_demo
from cxlib.errors import CxError
from cxlib.texts import _
from cxlib.ui import states
from cxlib.ui.prepare import prepare_in_background
from cxlib.ui.session import show_dataset, store, who


def offered() -> None:
    """Offer to load the demo where the store has none."""
    if any(each.demo for each in store().datasets()):
        return
    with st.container(horizontal_alignment="center"):
        asked = st.button(_("Load the demo"), icon=":material/science:", key="demo:load")
    if not asked:
        return
    try:
        with st.spinner(_("Making up an operator …")):
            found = install_demo(store(), who=who())
    except CxError as error:
        states.refused(error)
        return
    show_dataset(found.id)
    prepare_in_background()
    st.rerun()
