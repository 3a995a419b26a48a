"""The pages: where each one's file is, its address, and its name in the navigation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from cxlib.texts import N_

PAGES_ROOT: Final = Path(__file__).parent.parent.parent / "pages"


@dataclass(frozen=True)
class Entry:
    """One page; `section`, `title` and `question` are English texts of the catalogues."""

    url_path: str
    file: str
    section: str
    title: str
    question: str
    icon: str

    @property
    def path(self) -> Path:
        """The page's file."""
        return PAGES_ROOT / self.file


BALANCE: Final = N_("Balance")
MATCHING: Final = N_("Matching")
DATA: Final = N_("Data")

PAGES: Final = (
    Entry(
        "overview",
        "overview/overview.py",
        "",
        N_("Overview"),
        N_("What needs a decision now?"),
        ":material/dashboard:",
    ),
    Entry(
        "allocation",
        "balance/allocation.py",
        BALANCE,
        N_("Allocation"),
        N_("Who gets how much service?"),
        ":material/balance:",
    ),
    Entry(
        "queues",
        "balance/queues.py",
        BALANCE,
        N_("Queues"),
        N_("Who is passed by whom, and what does priority cost?"),
        ":material/swap_vert:",
    ),
    Entry(
        "policies",
        "balance/policies.py",
        BALANCE,
        N_("Policies"),
        N_("Which rule keeps the promise and hurts least?"),
        ":material/alt_route:",
    ),
    Entry(
        "tiers",
        "balance/tiers.py",
        BALANCE,
        N_("Tiers"),
        N_("Do tiers differ in substance, or only in name?"),
        ":material/layers:",
    ),
    Entry(
        "plan_fit",
        "matching/plan_fit.py",
        MATCHING,
        N_("Plan fit"),
        N_("Who has been on the wrong plan for three months, and what would suit them?"),
        ":material/rule:",
    ),
    Entry(
        "customer",
        "matching/customer.py",
        MATCHING,
        N_("Customer"),
        N_("This customer: what was used, what every plan would cost, and why?"),
        ":material/person_search:",
    ),
    Entry(
        "backtest",
        "matching/back_test.py",
        MATCHING,
        N_("Back-test"),
        N_("Should I believe the recommendations?"),
        ":material/history:",
    ),
    Entry(
        "import",
        "data/import_files.py",
        DATA,
        N_("Import"),
        N_("Is my file right, and what is wrong with it?"),
        ":material/upload_file:",
    ),
    Entry(
        "data_sets",
        "data/data_sets.py",
        DATA,
        N_("Data sets"),
        N_("What is loaded, from where, by whom?"),
        ":material/database:",
    ),
)


def entry(url_path: str) -> Entry:
    """Return the page with that address."""
    return next(page for page in PAGES if page.url_path == url_path)


def link_to(url_path: str, *, label: str, **parameters: str) -> None:
    """Put a link to a page; the reader's language and data set go with it."""
    carried = {name: st.query_params[name] for name in ("lang", "data") if name in st.query_params}
    pages = st.session_state.get("pages", {})
    if url_path in pages:
        st.page_link(
            pages[url_path], label=label, icon=":material/arrow_forward:", query_params={**carried, **parameters}
        )
