"""Import: files in, what is wrong with them, and what the import would do."""

from typing import Any

import pandas as pd
import streamlit as st

from cxlib import formats
from cxlib.errors import CxError
from cxlib.importing import checked, incoming
from cxlib.intake import summarise_problems
from cxlib.intake.templates import template
from cxlib.tables import TABLES
from cxlib.texts import _, language, ngettext
from cxlib.ui import states
from cxlib.ui.arrivals import OnItsWay, arrived, open_upload, remember
from cxlib.ui.asking import ask
from cxlib.ui.columns_form import columns_form, fine_points, mapping_of
from cxlib.ui.prepare import prepare_in_background
from cxlib.ui.safe import safe
from cxlib.ui.session import show_dataset, store, who
from cxlib.ui.show import facts, heading, plain_download
from cxlib.ui.sitemap import link_to

NEW = ""


def target() -> tuple[str, str]:
    """Let the reader choose where the files go; return the data set's id (empty for a new one) and the new name."""
    own = {each.id: each.name for each in store().datasets() if not each.demo}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        usual = [*own].index(st.session_state["dataset"]) if st.session_state.get("dataset") in own else len(own)
        into = st.selectbox(
            _("Into"), [*own, NEW], usual, format_func=lambda each: own.get(each, _("a new data set")), width=280
        )
        name = (
            st.text_input(_("Name of the data set"), placeholder=_("My company"), width=280)
            if into == NEW
            else own[into]
        )
    return into, name


def card(upload: Any) -> OnItsWay | None:
    """Show one file: what was read, what is asked, its problems, its columns. Return it if it can be read."""
    key = upload.file_id
    with st.container(border=True):
        st.markdown(f"#### {safe(upload.name)}")
        try:
            file = open_upload(upload)
        except CxError as error:
            states.refused(error)
            return None
        about(file, key)
        readable = True
        try:
            ask(file, key)
            problems(file, key)
        except CxError as error:
            states.refused(error)
            readable = False
        with st.expander(_("Columns"), expanded=not readable, key=f"columns:{key}"):
            columns_form(file, key)
            more(file, key)
    return file if readable else None


def more(file: OnItsWay, key: str) -> None:
    """Offer what few need: fine points of a column, and mappings from a file."""
    with st.container(horizontal=True):
        with st.popover(_("Fine points of a column"), icon=":material/tune:"):
            fine_points(file, key)
        with st.popover(_("Saved mappings"), icon=":material/bookmark:"):
            saved = st.file_uploader(
                _("Read the file by a mapping that was saved (JSON)"), key=f"mapping:{key}", type="json"
            )
            if saved and st.button(_("Use this mapping"), key=f"use:{key}"):
                file.take(mapping_of(saved.getvalue().decode()))
                st.rerun()
            st.download_button(
                _("Save this mapping (JSON)"),
                file.mapping.to_json(),
                f"{file.name}.mapping.json",
                key=f"save:{key}",
                on_click="ignore",
            )


def about(file: OnItsWay, key: str) -> None:
    """Say what was read and show its first rows."""
    tables = list(TABLES)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        table = st.selectbox(
            _("Is a table of"),
            tables,
            tables.index(file.table),
            format_func=lambda each: _(TABLES[each].title),
            key=f"table:{key}:{file.revision}",
            width=240,
            help=_(TABLES[file.table].about),
        )
        if table != file.table:
            file.read_as(table)
            st.rerun()
        said = [formats.size(len(file.raw)), formats.rows(file.text.rows_in_file)]
        if file.text.encoding:
            said.append(file.text.encoding.upper())
        if file.text.dialect:
            said.append(
                _("separator {mark}", mark={"\t": "TAB"}.get(file.text.dialect.delimiter, file.text.dialect.delimiter))
            )
        if file.remembered:
            said.append(_("columns as you mapped them before"))
        st.caption(" · ".join(safe(part) for part in said))
    doubtful = any(question.code == "encoding" for question in file.text.needs_confirmation)
    with st.expander(_("First rows"), expanded=doubtful, key=f"preview:{key}"):
        st.dataframe(file.text.head(8), alt=_("The first rows of the file as text"))


def problems(file: OnItsWay, key: str) -> None:
    """Show what was loaded, what was set aside and why."""
    reading = file.reading
    counts = reading.counts
    facts(
        {
            _("Rows in file"): formats.number(counts["rows_in_file"]),
            _("Good"): formats.number(counts["rows_loaded"]),
            _("Set aside"): formats.number(counts["rows_quarantined"]),
        }
    )
    if reading.problems.empty:
        st.caption(_("Nothing is wrong with it."))
        return
    grouped = summarise_problems(reading.problems)
    shown = pd.DataFrame(
        {
            _("Rows"): grouped["count"],
            _("What"): grouped["title"],
            _("Column"): grouped["column"],
            _("First rows"): grouped["rows"],
            _("Examples"): grouped["examples"],
            _("What to do"): grouped["hint"],
            _("Set aside"): grouped["severity"] == "error",
        }
    )
    st.dataframe(shown, hide_index=True, key=f"problems:{key}", alt=_("What is wrong with the file, grouped by reason"))
    if len(reading.quarantined):
        plain_download(reading.quarantined, name=f"set_aside_{file.name}", key=f"set-aside:{key}")


def commit(files: list[OnItsWay], into: str, name: str) -> None:
    """Show what the import would do, and do it."""
    heading(_("What the import does"))
    arrivals = checked([file.arrival for file in files], store=store(), dataset_id=into or None)
    unknown_plans(arrivals)
    open_questions = [file.name for file in files if file.reading.needs_confirmation]
    rules = {
        "replace": _("take the new row"),
        "keep": _("keep the old row"),
        "add": _("add up events that come in parts"),
    }
    rule = "replace"
    if into != NEW:
        rule = st.segmented_control(
            _("Where a row is there already"),
            list(rules),
            format_func=lambda each: rules[each],
            default="replace",
            required=True,
        )
        if not open_questions:
            consequences(into, arrivals, rule)
    if open_questions:
        st.caption(_("Something is still asked about: {files}.", files=safe(", ".join(open_questions))))
    if into == NEW and not name.strip():
        st.caption(_("Give the new data set a name."))
    ready = not open_questions and (into != NEW or bool(name.strip()))
    if st.button(_("Import"), type="primary", disabled=not ready, icon=":material/check:"):
        opened = into or store().create(name=name.strip(), who=who()).id
        try:
            prepared = incoming(arrivals, store=store(), dataset_id=opened)
            store().commit(opened, prepared, who=who(), on_conflict=rule)
        except CxError:
            if into == NEW:
                store().delete(opened, who=who())
            raise
        for file in files:
            remember(file)
        show_dataset(opened)
        prepare_in_background()
        st.session_state["imported"] = {
            "rows": sum(each.reading.counts["rows_loaded"] for each in arrivals),
            "files": len(files),
        }
        st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1
        st.rerun()


def unknown_plans(arrivals: list[Any]) -> None:
    """Name the rows that are set aside because the catalogue lacks their plan."""
    for each in arrivals:
        named = each.reading.problems[each.reading.problems["rule"] == "unknown_plan"]
        if len(named):
            states.note(
                _(
                    "{file}: {n} set aside for a plan that the catalogue lacks: {plans} (rows {rows}). Add the plan to "
                    "the catalogue, or correct its name.",
                    file=safe(each.name),
                    n=formats.rows(len(named)),
                    plans=safe(", ".join(sorted(named["value"].unique())[:5])),
                    rows=", ".join(map(str, named["row"][:5])) + (" …" if len(named) > 5 else ""),
                )
            )
            plain_download(each.reading.quarantined, name=f"set_aside_{each.name}", key=f"unknown-plans:{each.name}")


def consequences(into: str, arrivals: list[Any], rule: str) -> None:
    """Show what would be new, replaced, kept."""
    preview = store().preview(into, incoming(arrivals, store=store(), dataset_id=into), on_conflict=rule)
    frame = pd.DataFrame(
        [
            {
                _("File"): each.file_name or _("zeros of the other meters"),
                _("Table"): _(TABLES[each.table].title),
                _("New"): each.new,
                _("Replaced"): each.replaced,
                _("Kept"): each.kept,
                _("Same as before"): each.identical,
                _("Set aside"): each.quarantined,
                _("Months"): f"{each.months[0]} – {each.months[-1]}" if each.months else "",
            }
            for each in preview.files
        ]
    )
    st.dataframe(frame, hide_index=True, alt=_("What each file would change"))
    for each in preview.files:
        if each.already_imported is not None:
            states.note(
                _(
                    "{file} was imported before, on {when} UTC.",
                    file=safe(each.file_name),
                    when=formats.instant(each.already_imported.created_at),
                )
            )


def done() -> None:
    """Say what the last import did and where to go from here."""
    report = st.session_state.pop("imported", None)
    if report:
        st.success(
            ngettext(
                "{n} file is in: {rows} rows.",
                "{n} files are in: {rows} rows.",
                report["files"],
                rows=formats.number(report["rows"]),
            ),
            icon=":material/check_circle:",
        )
        with st.container(horizontal=True):
            for page, label in (("overview", _("Overview")), ("plan_fit", _("Plan fit")), ("queues", _("Queues"))):
                link_to(page, label=label)


def templates() -> None:
    """Offer a template to fill in for each table, in the reader's language."""
    heading(_("Templates to fill in"))
    short = "zh" if language() == "zh_CN" else "en"
    with st.grid(3, min_column_width=260):
        for name, table in TABLES.items():
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{_(table.title)}**")
                st.caption(_(table.about))
                st.download_button(
                    _("Template (CSV)"),
                    template(name, language=short),
                    f"{name}.csv",
                    "text/csv",
                    key=f"template:{name}",
                    on_click="ignore",
                    icon=":material/download:",
                )


def page() -> None:
    """File, columns, problems, consequences, commit."""
    done()
    into, name = target()
    uploads = st.file_uploader(
        _("Files as your systems export them"),
        accept_multiple_files=True,
        key=f"files:{st.session_state.get('uploads', 0)}",
        help=_(
            "CSV, TSV or TXT, plain or gzip, Excel, Parquet. Up to 500 MB each; while it is read, a file takes about "
            "four times its size of the server's memory. Larger ones go in with the command cxlib import."
        ),
    )
    arrived(uploads)
    if not uploads:
        st.caption(_("Nothing is kept before you press Import."))
        templates()
        return
    files = [card(upload) for upload in uploads]
    readable = [file for file in files if file is not None]
    if readable and len(readable) == len(files):
        commit(readable, into, name)
    elif len(readable) < len(files):
        states.note(_("Take out or mend the files that cannot be read; then the others can be imported."))


try:
    page()
except CxError as error:
    states.refused(error)
