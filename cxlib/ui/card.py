"""One file on its way in: a line that says how it stands, and behind it what was read, its columns and its problems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st

from cxlib import formats
from cxlib.importing import FileDigest
from cxlib.tables import TABLES
from cxlib.texts import N_, _, ngettext
from cxlib.ui import states
from cxlib.ui.batch import keep_batch
from cxlib.ui.columns import codes_form, columns_form, fine_points, saved_mappings
from cxlib.ui.jobs import again
from cxlib.ui.problems import problems
from cxlib.ui.questions import ask, given_answers, open_questions
from cxlib.ui.read_form import bytes_form, read_form, said_mark
from cxlib.ui.safe import safe

if TYPE_CHECKING:
    from cxlib.errors import CxError
    from cxlib.ui.batch import Batch, Waiting

STEPS: Final = {"read": N_("What was read"), "columns": N_("Columns"), "problems": N_("Problems")}
BYTES_CODES: Final = frozenset({"wrong_encoding", "unknown_encoding", "no_table", "no_header", "no_sheet"})
PASSING_CODES: Final = frozenset(
    {"reader_crashed", "out_of_memory", "took_too_long", "file_changed", "no_file", "disk_full", "store_busy"}
)
COLUMN_CODES: Final = frozenset({"no_such_header", "missing_column", "bad_format", "bad_mapping", "unknown_column"})


@st.cache_resource(show_spinner=False, max_entries=200)
def opened(folder: str) -> FileDigest:
    """Return what was found in a file; the folder of a job never changes."""
    return FileDigest.open(Path(folder))


def card(batch: Batch, file: Waiting, digest: FileDigest, error: CxError | None = None) -> None:
    """Show one file: open where something is to be done, else folded to one line.

    With an `error`, its text could be read, but its columns do not make a table yet.
    """
    questions = open_questions(file, digest)
    twin = batch.twin(file)
    todo = bool(questions) or error is not None or twin is not None
    icon = ":material/error:" if error else ":material/help:" if todo else ":material/check_circle:"
    label = f"**{safe(batch.label(file))}** · {state_line(digest, len(questions), lacking=error is not None)}"
    with st.expander(label, expanded=todo, icon=icon, key=f"file:{file.key}:{todo}"):
        _about(batch, file, digest)
        if twin is not None:
            states.note(_("This is the same file as {other}: take one of them away.", other=safe(batch.label(twin))))
        if error is not None:
            states.refused(error)
        ask(batch, file, digest)
        _steps(batch, file, digest, lacking=error is not None)


def refused_card(batch: Batch, file: Waiting, error: CxError, *, job_key: str) -> None:
    """Show one file that cannot be read: why, where, and what can be tried."""
    label = _("**{file}** · cannot be read", file=safe(batch.label(file)))
    with st.expander(label, expanded=True, icon=":material/error:", key=f"refused:{file.key}"):
        states.refused(error)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if error.code in BYTES_CODES:
                bytes_form(batch, file)
            if error.code in PASSING_CODES and st.button(
                _("Try again"), key=f"again:{file.key}", icon=":material/refresh:"
            ):
                again(job_key)
                st.rerun()
            _take_away(batch, file)


def stopped_card(batch: Batch, file: Waiting, *, job_key: str) -> None:
    """Show one file whose reading was cancelled."""
    label = _("**{file}** · reading was cancelled", file=safe(batch.label(file)))
    with (
        st.expander(label, expanded=True, icon=":material/block:", key=f"stopped:{file.key}"),
        st.container(horizontal=True),
    ):
        if st.button(_("Read it after all"), key=f"resume:{file.key}", icon=":material/refresh:"):
            file.stopped = False
            keep_batch(batch)
            again(job_key)
            st.rerun()
        _take_away(batch, file)


def state_line(digest: FileDigest, questions: int, *, lacking: bool = False) -> str:
    """Return in one line what the file is and how it stands."""
    counts = digest.counts
    parts = [safe(_(TABLES[digest.table].title))]
    if lacking:
        parts.append(_("{rows}, something is missing", rows=formats.rows(counts["rows_in_file"])))
    elif counts["rows_quarantined"]:
        good, aside = formats.number(counts["rows_loaded"]), formats.number(counts["rows_quarantined"])
        rows = formats.rows(counts["rows_in_file"])
        parts.append(_("{rows}: {good} good, {aside} set aside", rows=rows, good=good, aside=aside))
    else:
        parts.append(_("{rows}, all good", rows=formats.rows(counts["rows_in_file"])))
    if questions:
        parts.append(ngettext("**{n} question**", "**{n} questions**", questions))
    return " · ".join(parts)


def _about(batch: Batch, file: Waiting, digest: FileDigest) -> None:
    said = [formats.size(digest.size_bytes)]
    if digest.encoding:
        said.append(digest.encoding.upper())
    if digest.dialect:
        said.append(_("separated by {mark}", mark=said_mark(str(digest.dialect["delimiter"]))))
    if digest.remembered:
        said.append(_("columns as you mapped them before"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(safe(part) for part in said))
        given_answers(batch, file, digest)
        _take_away(batch, file)
    if digest.returned:
        st.info(
            _(
                "These are rows that were set aside, corrected: the columns that were added to them "
                "(row, reasons, text) are left out."
            ),
            icon=":material/healing:",
        )


def _steps(batch: Batch, file: Waiting, digest: FileDigest, *, lacking: bool) -> None:
    found = int(digest.groups["count"].sum()) if len(digest.groups) else 0
    usual = "columns" if lacking else "problems" if digest.counts["rows_quarantined"] else "read"

    def said(step: str) -> str:
        return f"{_(STEPS[step])} · {formats.number(found)}" if step == "problems" and found else _(STEPS[step])

    step = st.segmented_control(
        _("Look at"),
        list(STEPS),
        format_func=said,
        default=usual,
        required=True,
        key=f"step:{file.key}:{usual}",
        label_visibility="collapsed",
        persist_state="session",
    )
    if step == "read":
        read_form(batch, file, digest)
    elif step == "columns":
        columns_form(batch, file, digest)
        codes_form(batch, file, digest)
        with st.container(horizontal=True):
            with st.popover(_("Fine points of a column"), icon=":material/tune:", type="tertiary"):
                fine_points(batch, file, digest)
            with st.popover(_("Saved mappings"), icon=":material/bookmark:", type="tertiary"):
                saved_mappings(batch, file, digest)
    else:
        problems(digest, key=file.key)


def _take_away(batch: Batch, file: Waiting) -> None:
    if st.button(_("Take away"), key=f"drop:{file.key}", icon=":material/close:", type="tertiary"):
        batch.drop(file)
        st.rerun()
