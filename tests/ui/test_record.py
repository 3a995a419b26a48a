"""What a page shows is noted in its order, and a fragment that runs again takes the place of what it said before."""

# ruff: noqa: PLC0415 - a page of its own is made of one function

from __future__ import annotations

import streamlit as st
from streamlit.testing.v1 import AppTest

from cxlib.exports.page_report import Words
from cxlib.ui import record


def page() -> None:
    import streamlit as st

    from cxlib.exports.page_report import Words
    from cxlib.ui import record
    from cxlib.ui.fragments import fragment

    def say(text: str) -> None:
        record.add(Words("text", text))

    @fragment
    def inner(name: str) -> None:
        times = st.session_state[name] = st.session_state.get(name, 0) + 1
        st.button(name, key=f"button {name}")
        say(f"{name} {times}")

    @fragment
    def outer() -> None:
        say("outer begins")
        inner("a")
        inner("b")
        say("outer ends")

    record.begin()
    say("first")
    outer()
    say("last")


def noted(app: AppTest) -> list[str]:
    assert not app.exception
    return [part.text for part in app.session_state["record"].parts]


def test_parts_are_noted_in_order_and_replaced_in_place() -> None:
    app = AppTest.from_function(page).run()
    assert noted(app) == ["first", "outer begins", "a 1", "b 1", "outer ends", "last"]
    app.run()
    assert noted(app) == ["first", "outer begins", "a 2", "b 2", "outer ends", "last"]


def test_a_fragment_that_runs_alone_takes_its_own_place() -> None:
    app = AppTest.from_function(page).run()
    noted(app)
    held = app.session_state["record"]
    names = {part.text: fragments for fragments, part in held.entries}
    (outer, second) = names["b 1"]
    assert names["outer ends"] == (outer,)
    st.session_state["record"] = held
    try:
        with record.fragment_runs(second):
            record.add(Words("text", "b 7"))
            record.add(Words("text", "b 8"))
        assert [part.text for part in held.parts] == [
            *("first", "outer begins", "a 1", "b 7", "b 8", "outer ends", "last")
        ]
        with record.fragment_runs(outer):
            record.add(Words("text", "anew"))
        assert [part.text for part in held.parts] == ["first", "anew", "last"]
    finally:
        del st.session_state["record"]
