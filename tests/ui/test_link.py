"""The address and the widgets say the same thing."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def script() -> None:
    import streamlit as st  # noqa: PLC0415 - the script stands alone

    from cxlib.ui import link  # noqa: PLC0415

    chosen = link.choice("by", ["tier", "need"], label="By", say=str.upper, page="p")
    st.markdown(chosen)


def app(**linked: str) -> AppTest:
    at = AppTest.from_function(script)
    for name, value in linked.items():
        at.query_params[name] = value
    return at.run()


def shown(at: AppTest) -> str:
    assert not at.exception
    return at.markdown[0].value


def test_without_a_link_the_first_is_shown_and_the_address_stays_bare() -> None:
    at = app()
    assert shown(at) == "tier"
    assert "by" not in at.query_params


def test_a_link_is_followed() -> None:
    assert shown(app(by="need")) == "need"


def test_what_the_link_does_not_know_is_ignored() -> None:
    assert shown(app(by="<script>")) == "tier"


def test_a_choice_is_written_as_its_id_and_not_as_its_label() -> None:
    at = app()
    at.selectbox[0].set_value("need").run()
    assert shown(at) == "need"
    assert at.query_params["by"] == "need"


def test_a_choice_back_to_the_usual_leaves_the_address() -> None:
    at = app(by="need")
    at.selectbox[0].set_value("tier").run()
    assert shown(at) == "tier"
    assert "by" not in at.query_params


def test_a_link_that_changes_later_wins() -> None:
    at = app()
    at.query_params["by"] = "need"
    assert shown(at.run()) == "need"


def growing() -> None:
    import streamlit as st  # noqa: PLC0415 - the script stands alone

    from cxlib.ui import link  # noqa: PLC0415

    months = ["feb", "jan"] if "more" not in st.query_params else ["mar", "feb", "jan"]
    st.markdown(link.choice("month", months, label="Month", page="p"))


def test_what_nobody_chose_follows_the_data() -> None:
    at = AppTest.from_function(growing).run()
    assert shown(at) == "feb"
    at.query_params["more"] = "1"
    assert shown(at.run()) == "mar"


def test_what_somebody_chose_stays_when_there_is_more() -> None:
    at = AppTest.from_function(growing).run()
    at.selectbox[0].set_value("jan").run()
    at.query_params["more"] = "1"
    assert shown(at.run()) == "jan"
    assert at.query_params["month"] == "jan"
