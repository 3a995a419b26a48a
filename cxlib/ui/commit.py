"""The last step of an import: where the files go, the button, and what can be done afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.importing import start_commit
from cxlib.texts import _, ngettext
from cxlib.ui import states
from cxlib.ui.batch import end_batch, keep_batch
from cxlib.ui.jobs import runner, watch
from cxlib.ui.prepare import prepare_in_background
from cxlib.ui.safe import safe
from cxlib.ui.session import show_dataset, store, who
from cxlib.ui.sitemap import link_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxlib.importing import FileDigest
    from cxlib.runner import Job
    from cxlib.ui.batch import Batch, Waiting

NEW: Final = ""
MOST_COMMITS: Final = 100


@st.cache_resource(show_spinner=False)
def _commits() -> dict[str, Job]:
    """Return the imports of this server by the id of their job, so that a page loaded anew finds its own."""
    return {}


def target(batch: Batch, files: Sequence[tuple[Waiting, FileDigest]]) -> bool:
    """Let the reader choose where the files go and what happens to rows that are there; return whether that is said."""
    own = {each.id: each.name for each in store().datasets() if not each.demo}
    shown = st.session_state.get("dataset")
    usual = batch.into if batch.into in own else shown if not batch.name and shown in own else NEW
    with st.container(horizontal=True, vertical_alignment="bottom"):
        into = st.selectbox(
            _("Into"),
            [*own, NEW],
            [*own, NEW].index(usual),
            format_func=lambda each: own.get(each, _("a new data set")),
            key=f"into:{batch.id}",
            width=260,
        )
        name = batch.name
        if into == NEW:
            name = st.text_input(
                _("Name of the data set"), batch.name or _free_name(own), key=f"name:{batch.id}", width=260
            )
        kinds = [(digest.table, digest.mapping.meter) for _file, digest in files]
        if into in own or len(set(kinds)) < len(kinds):
            _rule(batch)
    if (into or None, name) != (batch.into, batch.name):
        batch.into, batch.name = into or None, name
        keep_batch(batch)
    if into == NEW and not name.strip():
        st.caption(_("Give the new data set a name."))
        return False
    return True


def _rule(batch: Batch) -> None:
    """Let the reader choose what happens to a row whose key is there already."""
    rules = {
        "replace": _("take the new row"),
        "keep": _("keep the old row"),
        "add": _("add up events that come in parts"),
    }
    rule: Any = st.selectbox(
        _("Where a row is there already"),
        list(rules),
        list(rules).index(batch.rule),
        format_func=lambda each: rules[each],
        key=f"rule:{batch.id}",
        width=260,
    )
    if rule != batch.rule:
        batch.rule = rule
        keep_batch(batch)


def import_button(batch: Batch, prepared: Job | None) -> None:
    """Offer to bring the files in."""
    if st.button(_("Import"), type="primary", disabled=prepared is None, icon=":material/check:", key="import"):
        if prepared is None:
            return
        new = None if batch.into else batch.name.strip()
        job = start_commit(runner(), prepared.folder, store=store(), dataset=batch.into, new=new, who=who())
        commits = _commits()
        for old in list(commits)[: max(0, len(commits) - MOST_COMMITS)]:
            commits.pop(old, None)
        commits[job.id] = job
        batch.committing = job.id
        keep_batch(batch)
        st.rerun()


def committing(batch: Batch) -> bool:
    """Show the import while it is under way, or end it; return whether there is nothing else to show."""
    if batch.committing is None:
        return False
    job = _commits().get(batch.committing)
    if job is not None and not job.over:
        names = ngettext("{n} file", "{n} files", len(batch.files))
        watch({_("Importing {files}", files=names): job}, key="committing")
        return True
    landed = _landed(batch) if job is None else job.result() if job.state == "done" else None
    batch.committing = None
    keep_batch(batch)
    if landed is not None:
        _finish(batch, landed)
    elif job is not None and job.error is not None:
        states.refused(job.error)
    else:
        states.note(_("The import was interrupted; nothing was changed, and your choices are still here."))
    return False


def done() -> None:
    """Say what the last import did, where to go from here, and offer to undo it."""
    report = st.session_state.get("imported")
    if report is None:
        return
    with st.container(border=True):
        st.success(
            ngettext(
                "{n} file is in: {rows} of {name}.",
                "{n} files are in: {rows} of {name}.",
                report["files"],
                rows=formats.rows(report["rows"]),
                name=safe(report["name"]),
            ),
            icon=":material/check_circle:",
        )
        if report["aside"]:
            st.caption(_("{rows} set aside; Data sets has them.", rows=formats.rows(report["aside"])))
        with st.container(horizontal=True, vertical_alignment="center"):
            for page, label in report["pages"]:
                link_to(page, label=_(label))
            _undo(report)


def _undo(report: dict[str, Any]) -> None:
    current = store().version(report["dataset"]).number if _is_there(report["dataset"]) else None
    if current == report["version"] and st.button(_("Undo this import"), icon=":material/undo:", key="undo-import"):
        store().undo(report["dataset"], who=who())
        st.session_state.pop("imported")
        st.toast(_("The import was undone."), icon=":material/undo:")
        st.rerun()


def _finish(batch: Batch, landed: dict[str, Any]) -> None:
    dataset = landed["dataset"]
    tables = {name for name, file in store().version(dataset).tables.items() if file.rows}
    st.session_state["imported"] = {
        "dataset": dataset,
        "version": landed["version"],
        "name": store().dataset(dataset).name,
        "files": len(batch.files),
        "rows": sum(each["loaded"] for each in landed["imports"]),
        "aside": sum(each["set_aside"] for each in landed["imports"]),
        "pages": _pages(tables),
    }
    end_batch(batch)
    show_dataset(dataset)
    prepare_in_background()
    st.rerun()


def _pages(tables: set[str]) -> list[tuple[str, str]]:
    from cxlib.ui.sitemap import entry  # noqa: PLC0415 - beside link_to

    wanted = [("overview", True), ("plan_fit", {"usage", "plans"} <= tables), ("queues", "contacts" in tables)]
    return [(name, entry(name).title) for name, there in [*wanted, ("data_sets", True)] if there]


def _landed(batch: Batch) -> dict[str, Any] | None:
    """Return what an import did that ended while nobody looked, as the server was started anew."""
    brought = {each.sha256 for each in batch.files}
    for dataset in store().datasets():
        version = store().version(dataset.id)
        if None not in brought and brought == {each.raw_sha256 for each in version.imports if each.raw_sha256}:
            imports = [{"loaded": each.loaded, "set_aside": each.quarantined} for each in version.imports]
            return {"dataset": dataset.id, "version": version.number, "imports": imports}
    return None


def _is_there(dataset: str) -> bool:
    try:
        store().dataset(dataset)
    except CxError:
        return False
    return True


def _free_name(own: dict[str, str]) -> str:
    usual = _("My company")
    taken = {name.casefold() for name in own.values()}
    names = [usual, *(f"{usual} {i}" for i in range(2, len(taken) + 3))]
    return next(name for name in names if name.casefold() not in taken)
