"""How files come to the page: through the browser, from the inbox, and what to bring for a start."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib import formats
from cxlib.importing import inbox, inbox_path, listed, source_of
from cxlib.intake.templates import template
from cxlib.tables import TABLES
from cxlib.texts import _, language
from cxlib.ui.batch import keep_batch
from cxlib.ui.jobs import runner
from cxlib.ui.safe import safe
from cxlib.ui.uploads import arrived, limit_bytes, root

if TYPE_CHECKING:
    from pathlib import Path

    from cxlib.ui.batch import Batch

SHOWN: Final = 40


def upload(batch: Batch) -> None:
    """Take files from the browser into the batch."""
    runner().ready()
    turn = st.session_state.setdefault("upload_turn", 0)
    limit = formats.number(limit_bytes() >> 20)
    uploads = st.file_uploader(
        _("Files as your systems export them"),
        accept_multiple_files=True,
        key=f"upload:{turn}",
        help=_("CSV, TSV or TXT, plain or gzip, Excel, Parquet. Encoding, separator and columns are found."),
    )
    st.caption(
        _(
            "Up to {limit} MB each; they go to the server's disk, hardly to its memory. Larger files: inbox, below. "
            "Nothing is kept before you press Import.",
            limit=limit,
        )
    )
    if not uploads:
        return
    for each in uploads:
        path = arrived(each)
        batch.add(source_of(path, name=each.name, sha256=path.name))
    keep_batch(batch)
    st.session_state.pop("imported", None)
    st.session_state["upload_turn"] = turn + 1  # a new uploader: the old one would hold on to what it took
    st.rerun()


def from_inbox(batch: Batch) -> None:
    """List the files of the inbox and let the reader bring some in, without passing through the browser."""
    folder = inbox(root())
    files = listed(folder)
    opened = st.expander(
        _("Inbox for large files · {n}", n=len(files)) if len(files) else _("Inbox for large files"),
        icon=":material/inbox:",
        key="inbox",
    )
    with opened:
        st.markdown(_("Copy files into this folder on the server; they are read from there."))
        st.code(str(folder), language=None)
        now = time.time()
        for each in files.head(SHOWN).to_dict("records"):
            _offered(batch, folder, {str(name): value for name, value in each.items()}, now)
        if files.empty:
            st.caption(_("It is empty."))
        st.button(_("Look again"), icon=":material/refresh:", type="tertiary", key="inbox-again")


def _offered(batch: Batch, folder: Path, file: dict[str, Any], now: float) -> None:
    """Show one file of the inbox with a button that brings it in."""
    name = str(file["name"])
    with st.container(horizontal=True, vertical_alignment="center"):
        age = formats.seconds(max(0.0, now - file["modified"].timestamp()))
        about = _("{size}, changed {age} ago", size=formats.size(file["bytes"]), age=age)
        st.markdown(f"**{safe(name)}** · {about}", width="stretch")
        if file["being_written"]:
            st.badge(_("still being written"), color="orange", icon=":material/hourglass_top:")
        there = any(each.path == str(folder / name) for each in batch.files)
        label = _("chosen") if there else _("Bring it in")
        if st.button(label, key=f"bring:{name}", disabled=there or bool(file["being_written"])):
            batch.add(source_of(inbox_path(folder, name)))
            keep_batch(batch)
            st.session_state.pop("imported", None)
            st.rerun()


def what_to_bring() -> None:
    """Tell a newcomer in one look what to bring for which question."""
    with st.grid(2, min_column_width=320):
        with st.container(border=True, height="stretch"):
            st.markdown(
                _(
                    "**Who is on the wrong plan?** Bring the plans, and usage by month "
                    "or one file of events for each meter."
                )
            )
            _templates(("usage", "plans", "customers", "events"))
        with st.container(border=True, height="stretch"):
            st.markdown(
                _(
                    "**Who waits, and who is passed?** Bring contacts, such as calls or visits, with their times; "
                    "tiers if you have any."
                )
            )
            _templates(("contacts", "tiers", "customers"))


def _templates(names: tuple[str, ...]) -> None:
    st.caption(_("Templates with example rows:"))
    short = "zh" if language() == "zh_CN" else "en"
    with st.container(horizontal=True, gap="small"):
        for name in names:
            st.download_button(
                _(TABLES[name].title),
                lambda each=name: template(each, language=short),
                f"{name}.csv" if short == "en" else f"{name}_zh.csv",
                "text/csv",
                key=f"template:{names[0]}:{name}",
                on_click="ignore",
                icon=":material/download:",
                type="tertiary",
                help=_(TABLES[name].about),
            )
