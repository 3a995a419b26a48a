"""The frame around every page: language, data set and navigation. Run as a script by the launcher, once per run."""

from pathlib import Path

import streamlit as st

from cxlib.texts import LANGUAGES, _, match_language
from cxlib.ui import hints, link, record, share
from cxlib.ui.fragments import speak_and_ink
from cxlib.ui.safe import safe
from cxlib.ui.session import choose_dataset, warm_up
from cxlib.ui.sitemap import PAGES, entry

FINE_POINTS = """<style>
@media (hover: none) { [data-testid="stElementContainer"]:has([data-testid="stDataFrame"]) { margin-top: 2rem; } }
:is([data-testid="stPopoverButton"], [data-testid="stBaseButton-tertiary"], [data-testid="stBaseButton-secondary"]):is(
  :hover, :focus, :active):not(:disabled) { color: inherit; p { text-decoration: underline; } }
</style>"""
"""Where there is a touch screen the buttons of a table stand above it all the time. A button under the pointer keeps
the colour of its words: the shade that Streamlit gives it is too dark to be read on a dark ground."""


def choose_language() -> str:
    """Return the language: the link's, else the session's, else the browser's."""
    linked, kept = link.parameter("lang"), st.session_state.get("language")
    usual = kept or match_language(st.context.locale)
    return linked if linked in LANGUAGES else usual


def say_language() -> None:
    """Let the reader switch the language; the switch stands in the sidebar in both languages."""

    def switched() -> None:
        st.session_state["language"] = st.session_state["language_switch"]
        st.query_params["lang"] = st.session_state["language"]

    st.session_state["language_switch"] = st.session_state["language"]
    st.segmented_control(
        "Language / 语言",
        list(LANGUAGES),
        format_func=lambda name: LANGUAGES[name],
        key="language_switch",
        required=True,
        on_change=switched,
    )


st.session_state["language"] = choose_language()
speak_and_ink()
st.set_page_config(
    page_title=_("Fair service, fitting plans"),
    page_icon=str(Path(__file__).parent / "static" / "icon.png"),
    layout="wide",
)
st.html(FINE_POINTS)
link.keep("lang", st.session_state["language"])
warm_up()

pages = {
    page.url_path: st.Page(
        page.path,
        title=_(page.title),
        icon=page.icon,
        url_path=page.url_path,
        default=page.url_path == "overview",
        help=_(page.question),
    )
    for page in PAGES
}
st.session_state["pages"] = pages
sections: dict[str, list[st.Page]] = {}
for page in PAGES:
    sections.setdefault(_(page.section) if page.section else "", []).append(pages[page.url_path])
current = st.navigation(sections)

with st.sidebar:
    dataset = choose_dataset()
    say_language()
    if dataset is not None:
        share.views(dataset)

here = next((page for page in PAGES if pages[page.url_path] is current), entry("overview"))
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    st.title(_(here.title), anchor=False, width="content")
    if dataset is not None:
        kind = _("Demo data: a made-up company") if dataset.demo else safe(dataset.name)
        st.badge(kind, color="orange" if dataset.demo else "blue", icon=":material/science:" if dataset.demo else None)
        share.menu(here, record.begin(here.url_path, dataset.id), dataset)
st.caption(_(here.question))
hints.show(here)
current.run()
